/* SPDX-License-Identifier: Apache-2.0 */
/* What of the process itself bears on authentication: its environment and loaded mechanisms. */
#include <gssapi/gssapi.h>
#include <stdlib.h>

#include "infrabackup/share.h"

void share_smb_clear_environment(void)
{
	static const char *const names[] = {
		"LM_COMPAT_LEVEL",     "NTLM_USER_FILE",   "NETBIOS_COMPUTER_NAME",
		"NETBIOS_DOMAIN_NAME", "GSSNTLMSSP_DEBUG", "KRB5_CONFIG",
		"KRB5CCNAME",          "KRB5_KTNAME",      "KRB5_CLIENT_KTNAME",
		"KRB5_TRACE",          "GSS_MECH_CONFIG",  "OPENSSL_CONF",
		"OPENSSL_MODULES",     "OPENSSL_ENGINES",
	};
	gss_OID_set mechanisms = GSS_C_NO_OID_SET;
	OM_uint32 minor = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		(void)unsetenv(names[i]);
	if (gss_indicate_mechs(&minor, &mechanisms) == GSS_S_COMPLETE)
		(void)gss_release_oid_set(&minor, &mechanisms);
}
