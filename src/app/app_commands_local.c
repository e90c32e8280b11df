/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what needs no service: its making, tokens, keys, and running it. */
#include "app_commands_private.h"

static const char *const roles_of_tokens[] = { "Reader", "Operator", "Administrator", NULL };

static const struct app_option options_configuration[] = { OPTION_CONFIG(true, "the configuration"),
							   OPTION_JSON };
static const struct app_option options_init[] = {
	OPTION_CONFIG(true, "the configuration"),
	OPTION_TEXT("from", from, "SHARE",
		    "rebuilds a lost database from this deployment's backups: what\nMASBackup "
		    "stands in"),
	OPTIONS_LOGON,
	OPTION_JSON,
};
static const struct app_option options_verify_audit[] = {
	OPTION_CONFIG(true, "the configuration"),
	OPTION_TEXT("head", head, "N:HASH",
		    "a head that was written down: from an earlier check, or from a line that\n"
		    "went to the system's log; shows a log that was put back to an older state"),
	OPTION_JSON,
};
static const struct app_option options_token_create[] = {
	OPTION_CONFIG(true, "the configuration"),
	OPTION_NEEDED("name", name, "NAME", "shown in the log and beside what it did"),
	{ .name = "role",
	  .type = APP_TEXT,
	  .is_required = true,
	  .destination = AT(role_name),
	  .argument = "ROLE",
	  .allowed = roles_of_tokens,
	  .help = "Reader (looks), Operator (also makes backups) or Administrator (also\n"
		  "changes settings)" },
	OPTION_NUMBER("expires-days", expires_days, "DAYS", 1, 3650, "valid so long (for ever)"),
	OPTION_JSON,
};
static const struct app_option options_new_certificate[] = {
	OPTION_NEEDED("out", out, "BASE", "writes BASE.cer and BASE.pfx; neither may exist"),
	OPTION_TEXT("common-name", common_name, "NAME",
		    "name in the certificate (infrabackup encryption)"),
	OPTION_FLAG("rsa", rsa, "RSA with 3072 bits (the default)"),
	OPTION_FLAG("ec", ec, "elliptic curve P-256"),
	OPTION_NUMBER("days", days, "DAYS", 1, 36500, "valid so long (3650)"),
	OPTION_TEXT("password-file", password_file, "FILE",
		    "password of the PFX, - for stdin; else from\n" ENVIRONMENT_PFX_PASSWORD
		    " or asked for"),
	OPTION_JSON,
};
static const struct app_option options_new_psk[] = {
	OPTION_NEEDED("out", out, "FILE", "must not exist"),
	OPTION_JSON,
};

static const struct app_command commands[] = {
	{ .name = "init",
	  .summary = "makes the state directory, the keys and the first token",
	  .description =
		  "Makes the state directory of a new deployment: master key, identity key, "
		  "database.\nPrints the fingerprint of the identity key, which belongs in "
		  "the recovery kit beside\nthe PFX, and the first administrator token, "
		  "which is shown only once.\n\nWith --from: the master key is there, the "
		  "database is lost, also its sealed copy\nbeside it, from which serve would "
		  "have made it anew. Makes it from the share that\nholds the backups, and a "
		  "new administrator token. Jobs that made no backup are\nforgotten, what was "
		  "set and revoked after the last backup is as it was before.",
	  .examples = "  infrabackup init -c /etc/infrabackup/config.json\n"
		      "  infrabackup init -c config.json --from /mnt/backup\n",
	  .table = TABLE(options_init),
	  .run = app_init },
	{ .name = "serve",
	  .summary = "runs the service",
	  .description = "Runs the service in the foreground: REST API and backup engine. SIGTERM "
			 "and Ctrl-C\nstop it cleanly within ten seconds; a backup that runs then "
			 "ends as failed. Prints\none line with its address when it is ready.",
	  .examples = "  infrabackup serve -c /etc/infrabackup/config.json\n",
	  .table = TABLE(options_configuration),
	  .run = app_serve },
	{ .name = "token create",
	  .summary = "makes an API token",
	  .description = "Makes an API token and prints it. Only its hash is stored: it is shown "
			 "once.\nThe service may run meanwhile.",
	  .examples = "  infrabackup token create -c config.json --name monitoring --role Reader\n"
		      "  infrabackup token create -c config.json --name ann --role Operator "
		      "--expires-days 90\n",
	  .table = TABLE(options_token_create),
	  .run = app_token_create },
	{ .name = "token list",
	  .summary = "shows the API tokens",
	  .description = "Shows name, role and times of every API token, never the tokens "
			 "themselves.",
	  .examples = "  infrabackup token list -c config.json\n",
	  .table = TABLE(options_configuration),
	  .run = app_token_list },
	{ .name = "token revoke",
	  .summary = "makes an API token useless",
	  .description = "Revokes an API token by its name or id, at once.",
	  .examples = "  infrabackup token revoke -c config.json monitoring\n",
	  .table = { .options = options_configuration,
		     .count = ARRAY_LENGTH(options_configuration),
		     .operand = "NAME|ID",
		     .operand_destination = AT(operand) },
	  .run = app_token_revoke },
	{ .name = "verify-audit",
	  .summary = "checks that nobody changed the audit log",
	  .description =
		  "Checks every row of the log of writes and refusals against the service's key: "
		  "what was\nedited, deleted, added or exchanged is named with its row, and the "
		  "exit code is 6. A\ndatabase that was put back whole to an older copy of itself "
		  "shows only against a head\nfrom elsewhere (--head). The service may run "
		  "meanwhile.",
	  .examples = "  infrabackup verify-audit -c config.json\n"
		      "  infrabackup verify-audit -c config.json --json --head 1041:5f1c...\n",
	  .table = TABLE(options_verify_audit),
	  .run = app_verify_audit },
	{ .name = "key new-cert",
	  .summary = "makes a certificate and its private key (.cer, .pfx)",
	  .description = "Makes a self-signed certificate. BASE.cer is for the backup location; "
			 "BASE.pfx holds\nthe private key, is all that opens the backups, and "
			 "must not stay on this machine.",
	  .examples = "  infrabackup key new-cert --out backup-2026 --password-file pfx.password\n"
		      "  infrabackup key new-cert --out backup-2026 --ec --days 730\n",
	  .table = TABLE(options_new_certificate),
	  .run = app_key_new_certificate },
	{ .name = "key new-psk",
	  .summary = "makes a pre-shared key",
	  .description = "Writes a pre-shared key (64 random characters, base64) for clients of "
			 "api-version\n2016-05-01 into a file that only its owner may read.",
	  .examples = "  infrabackup key new-psk --out backup.psk\n",
	  .table = TABLE(options_new_psk),
	  .run = app_key_new_psk },
	{ .name = "key inventory",
	  .summary = "shows which certificate opens what",
	  .description = "Shows every certificate that backups were ever encrypted for, when it "
			 "was used first\nand last, and for how many backups: which PFX must still "
			 "be kept.",
	  .examples = "  infrabackup key inventory -c config.json\n",
	  .table = TABLE(options_configuration),
	  .run = app_key_inventory },
};
const struct app_command_group app_commands_local = { commands, ARRAY_LENGTH(commands) };
