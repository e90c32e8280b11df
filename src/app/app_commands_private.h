/* SPDX-License-Identifier: Apache-2.0 */
/* How the tables of commands are written: rows of options, and options that several commands take.
 */
#ifndef APP_COMMANDS_PRIVATE_H
#define APP_COMMANDS_PRIVATE_H

#include <stddef.h>

#include "app_private.h"

#define AT(member) offsetof(struct app_arguments, member)
#define TABLE(rows)                                                                                \
	{                                                                                          \
		.options = (rows), .count = ARRAY_LENGTH(rows)                                     \
	}

#define OPTION_JSON                                                                                \
	{                                                                                          \
		.name = "json", .type = APP_FLAG, .destination = AT(json),                         \
		.help = "one JSON document on stdout instead of text"                              \
	}
#define OPTION_CONFIG(needed, text)                                                                \
	{                                                                                          \
		.name = "config", .letter = 'c', .type = APP_TEXT, .is_required = (needed),        \
		.destination = AT(config), .argument = "FILE", .help = (text)                      \
	}
#define OPTION_TEXT(option, member, what, text)                                                    \
	{                                                                                          \
		.name = (option), .type = APP_TEXT, .destination = AT(member), .argument = (what), \
		.help = (text)                                                                     \
	}
#define OPTION_NUMBER(option, member, what, from, to, text)                                        \
	{                                                                                          \
		.name = (option), .type = APP_NUMBER, .destination = AT(member),                   \
		.argument = (what), .min = (from), .max = (to), .help = (text)                     \
	}
#define OPTION_FLAG(option, member, text)                                                          \
	{                                                                                          \
		.name = (option), .type = APP_FLAG, .destination = AT(member), .help = (text)      \
	}
#define OPTION_NEEDED(option, member, what, text)                                                  \
	{                                                                                          \
		.name = (option), .type = APP_TEXT, .is_required = true,                           \
		.destination = AT(member), .argument = (what), .help = (text)                      \
	}

#define OPTIONS_CLIENT                                                                             \
	OPTION_CONFIG(false, "the service's configuration: where it listens, its subscription\n"   \
			     "and region"),                                                        \
		OPTION_TEXT("url", url, "URL",                                                     \
			    "where the service answers, if not as in the configuration;\n"         \
			    "else from " ENVIRONMENT_URL),                                         \
		OPTION_TEXT("token-file", token_file, "FILE",                                      \
			    "file with the API token; else from " ENVIRONMENT_TOKEN),              \
		OPTION_TEXT("ca-file", ca_file, "FILE",                                            \
			    "PEM of who signed the service's TLS certificate"),                    \
		OPTION_TEXT("subscription", subscription, "GUID",                                  \
			    "of the deployment, if not as in the configuration"),                  \
		OPTION_TEXT("location", location, "NAME",                                          \
			    "of the backup location, if not as in the configuration"),             \
		OPTION_JSON

/* How a server is talked to. */
#define OPTIONS_SMB                                                                                \
	{ .name = "authentication",                                                                \
	  .type = APP_TEXT,                                                                        \
	  .destination = AT(authentication),                                                       \
	  .argument = "HOW",                                                                       \
	  .allowed = config_smb_authentications,                                                   \
	  .help = "automatic, kerberos or ntlm (automatic: Kerberos for\nuser@realm where there "  \
		  "is one, else NTLMv2)" },                                                        \
	{                                                                                          \
		.name = "unencrypted-server", .type = APP_LIST,                                    \
		.destination = AT(unencrypted_servers), .argument = "NAME",                        \
		.help = "a server that may be used although it offers no encryption;\nmay be "     \
			"repeated"                                                                 \
	}

#define OPTIONS_LOGON                                                                              \
	OPTION_TEXT("user", user, "NAME",                                                          \
		    "who logs on to the share: DOMAIN\\user, user@domain or user"),                \
		OPTION_TEXT("password-file", password_file, "FILE",                                \
			    "the user's password, - for stdin; else from\n" ENVIRONMENT_PASSWORD   \
			    " or asked for"),                                                      \
		OPTIONS_SMB

#define OPTIONS_SOURCE                                                                             \
	OPTION_NEEDED("from", from, "SHARE",                                                       \
		      "\\\\server\\share\\folder, smb://server[:port]/share/folder,\n"             \
		      "an absolute path or file:///path: what MASBackup stands in"),               \
		OPTIONS_LOGON,                                                                     \
		OPTION_TEXT("signer", signer, "SHA256:...",                                        \
			    "fingerprint of the service's identity key, from the recovery kit;\n"  \
			    "without it the share's own word is taken and origin is not proven"),  \
		OPTION_TEXT("head", head, "SHA256:...",                                            \
			    "hash of the newest backup.json: shows a rolled-back share"),          \
		OPTION_NUMBER("deadline", deadline, "SECONDS", 1, 3600,                            \
			      "one call of the share may take so long (60)"),                      \
		OPTION_NUMBER("threads", threads, "N", 1, 64,                                      \
			      "packs checked side by side (one a processor)"),                     \
		OPTION_JSON

#define OPTIONS_PFX                                                                                \
	OPTION_TEXT("pfx-password-file", pfx_password_file, "FILE",                                \
		    "password of the PFX, - for stdin; else from\n" ENVIRONMENT_PFX_PASSWORD       \
		    " or asked for")

struct app_command_group {
	const struct app_command *commands;
	size_t count;
};
/* In help's order. */
extern const struct app_command_group app_commands_local, app_commands_service,
	app_commands_backups, app_commands_share;

#endif
