/* SPDX-License-Identifier: Apache-2.0 */
/* How shares on SMB servers are talked to. */
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

#define SERVERS_MAX 16

const char *const config_smb_authentications[] = { "automatic", "kerberos", "ntlm", NULL };

enum config_smb_authentication config_smb_authentication_from_name(const char *name)
{
	for (int i = 0; name != NULL && config_smb_authentications[i] != NULL; i++)
		if (text_equal_ignoring_case(config_smb_authentications[i], name))
			return (enum config_smb_authentication)i;
	return CONFIG_SMB_AUTOMATIC;
}

/* A name or numeric address, as in the address of a share. */
static enum status check_server(const char *field, const char *text, struct error *err)
{
	return config_check_word(field, text, 253, ".-_:", err);
}

static enum status read_authentication(const char *name, struct config *config, struct error *err)
{
	config->smb.authentication = config_smb_authentication_from_name(name);
	/* The file knows one spelling. */
	if (name == NULL ||
	    strcmp(name, config_smb_authentications[config->smb.authentication]) == 0)
		return STATUS_OK;
	return fail_field(err, "$.smb.authentication",
			  "found \"%.40s\", allowed are automatic, kerberos, ntlm", name);
}

enum status config_read_smb(const json_t *json, struct config *config, struct error *err)
{
	const char *authentication = NULL;
	json_t *servers = NULL;
	const struct json_field fields[] = {
		{ "authentication", JSON_FIELD_STRING, false, &authentication, NULL, 0, 0, NULL },
		{ "unencryptedServers", JSON_FIELD_ARRAY, false, &servers, NULL, 0, 0, NULL },
	};

	if (json == NULL)
		return STATUS_OK;
	enum status status = json_read_fields(json, "$.smb", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);
	if (status == STATUS_OK)
		status = read_authentication(authentication, config, err);
	if (status == STATUS_OK)
		status = config_read_list(servers, "$.smb.unencryptedServers", SERVERS_MAX,
					  check_server, &config->smb.unencrypted_servers, err);
	return status;
}
