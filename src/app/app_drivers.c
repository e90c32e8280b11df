/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers of shares, told by configuration and options how to talk to servers. */
#include "app_private.h"

static const enum share_smb_authentication authentications[] = {
	[CONFIG_SMB_AUTOMATIC] = SHARE_SMB_AUTOMATIC,
	[CONFIG_SMB_KERBEROS] = SHARE_SMB_KERBEROS,
	[CONFIG_SMB_NTLM] = SHARE_SMB_NTLM,
};

void app_drivers_init(struct app_drivers *out, const struct config *config,
		      const struct app_arguments *arguments)
{
	enum config_smb_authentication authentication = CONFIG_SMB_AUTOMATIC;
	const char *const *servers = NULL;
	if (config != NULL) {
		authentication = config->smb.authentication;
		servers = config->smb.unencrypted_servers;
	}
	if (arguments != NULL && arguments->authentication != NULL)
		authentication = config_smb_authentication_from_name(arguments->authentication);
	if (arguments != NULL && arguments->unencrypted_servers.count > 0)
		servers = arguments->unencrypted_servers.items;
	out->smb = (struct share_smb_policy) {
		.authentication = authentications[authentication],
		.unencrypted_servers = servers,
	};
	share_registry_init(&out->registry);
	share_registry_set(&out->registry, &share_smb_driver, &out->smb);
}
