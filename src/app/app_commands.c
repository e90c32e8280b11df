/* SPDX-License-Identifier: Apache-2.0 */
/* Every command with its options, its help and the function that runs it. */
#include <stddef.h>

#include "infrabackup/backup.h"

#include "app_private.h"

#define AT(member) offsetof(struct app_arguments, member)
#define TABLE(rows)                                                                                \
	{                                                                                          \
		.options = (rows), .count = ARRAY_LENGTH(rows)                                     \
	}

static const char *const roles_of_tokens[] = { "Reader", "Operator", "Administrator", NULL };
static const char *const on_off[] = { "on", "off", NULL };
static const char *const verify_depths[] = { "Hashes", "Content", "Files", NULL };
static const char *const maintenance_operations[] = { "Update", "HardwareReplacement",
						      "SecretRotation", NULL };

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

static const struct app_option options_init[] = { OPTION_CONFIG(true, "the configuration"),
						  OPTION_JSON };
static const struct app_option options_initialize[] = {
	OPTION_CONFIG(true, "the configuration"),
	OPTION_TEXT("from", from, "SHARE",
		    "rebuilds a lost database from this deployment's backups: what\nMASBackup "
		    "stands in"),
	OPTIONS_LOGON,
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
static const struct app_option options_configure[] = {
	OPTION_TEXT("path", path, "SHARE",
		    "where backups go: \\\\server\\share\\folder, smb://server/share or\n"
		    "an absolute path"),
	OPTION_TEXT("user", user, "NAME", "who logs on to the share"),
	OPTION_TEXT("password-file", password_file, "FILE",
		    "the user's password, - for stdin; else from\n" ENVIRONMENT_PASSWORD
		    ", or asked for when --user is given"),
	OPTION_TEXT("cert", certificate, "FILE.cer",
		    "certificate (DER or PEM) that backups are encrypted for"),
	OPTION_NUMBER("frequency", frequency, "HOURS", BACKUP_FREQUENCY_MIN, BACKUP_FREQUENCY_MAX,
		      "between scheduled backups, 4 to 12"),
	OPTION_NUMBER("retention", retention, "DAYS", BACKUP_RETENTION_MIN, BACKUP_RETENTION_MAX,
		      "that backups are kept, 2 to 14"),
	{ .name = "scheduler",
	  .type = APP_TEXT,
	  .destination = AT(scheduler),
	  .argument = "on|off",
	  .allowed = on_off,
	  .help = "whether backups run by themselves" },
	OPTIONS_CLIENT,
};
static const struct app_option options_backup[] = {
	OPTION_FLAG("wait", wait, "shows progress until the backup is over"),
	OPTION_TEXT("retry", retry, "ID",
		    "repeats only the roles that failed in this backup, the newest one;\n"
		    "the others stay as they were then"),
	OPTIONS_CLIENT,
};
static const struct app_option options_prune[] = {
	OPTION_FLAG("dry-run", dry_run, "shows what would go, and changes nothing"),
	OPTION_TEXT("confirm", confirm, "PLAN",
		    "carries out the plan of this id although something looks wrong"),
	OPTIONS_CLIENT,
};
static const struct app_option options_pin[] = {
	OPTION_TEXT("until", until, "TIME", "such as 2026-12-01T00:00:00Z (for ever)"),
	OPTIONS_CLIENT,
};
static const struct app_option options_status[] = { OPTIONS_CLIENT };
static const struct app_option options_alerts[] = {
	OPTION_FLAG("all", all, "also those that were closed in the last seven days"),
	OPTIONS_CLIENT,
};
static const struct app_option options_jobs[] = {
	OPTION_NUMBER("top", top, "N", 1, 1000, "at most so many (20)"),
	OPTION_TEXT("kind", kind, "KIND", "only of this kind: backup, locationUpdate, ..."),
	OPTIONS_CLIENT,
};
static const struct app_option options_cancel[] = {
	OPTION_TEXT("reason", reason, "TEXT", "kept with the job, beside who cancelled it"),
	OPTIONS_CLIENT,
};
static const struct app_option options_maintenance_begin[] = {
	{ .name = "operation",
	  .type = APP_TEXT,
	  .is_required = true,
	  .destination = AT(operation),
	  .argument = "WHAT",
	  .allowed = maintenance_operations,
	  .help = "Update, HardwareReplacement or SecretRotation" },
	OPTION_TEXT("planned-end", planned_end, "TIME",
		    "for people, in UTC: 2026-03-01T20:00:00Z; nothing happens then"),
	OPTION_FLAG("backup-before", backup_before,
		    "makes a backup first; maintenance begins when it has succeeded"),
	OPTIONS_CLIENT,
};
static const struct app_option options_maintenance_end[] = {
	OPTION_FLAG("no-backup", no_backup,
		    "makes none after the end, unless a scheduled one was skipped"),
	OPTIONS_CLIENT,
};
static const struct app_option options_list[] = { OPTIONS_SOURCE };
static const struct app_option options_share_test[] = {
	OPTION_NEEDED("share", share, "SHARE",
		      "\\\\server\\share\\folder, smb://server[:port]/share/folder,\n"
		      "an absolute path or file:///path"),
	OPTIONS_LOGON,
	OPTION_NUMBER("deadline", deadline, "SECONDS", 1, 3600,
		      "one call of the share may take so long (15)"),
	OPTION_NUMBER("limit", limit, "SECONDS", 1, 3600,
		      "the whole test may take so long; what is not done then is left out\n(60)"),
	OPTION_JSON,
};
static const struct app_option options_location_test[] = {
	OPTION_TEXT("path", path, "SHARE",
		    "this share instead of the location's: \\\\server\\share\\folder,\n"
		    "smb://server/share or an absolute path"),
	OPTION_TEXT("user", user, "NAME", "who logs on to it"),
	OPTION_TEXT("password-file", password_file, "FILE",
		    "the user's password, - for stdin; else from\n" ENVIRONMENT_PASSWORD
		    ", or asked for when --user is given"),
	OPTIONS_CLIENT,
};
static const struct app_option options_share_release[] = {
	OPTION_NEEDED("share", share, "SHARE",
		      "\\\\server\\share\\folder, smb://server[:port]/share/folder,\n"
		      "an absolute path or file:///path: what MASBackup stands in"),
	OPTIONS_LOGON,
	OPTION_NUMBER("deadline", deadline, "SECONDS", 1, 3600,
		      "one call of the share may take so long (15)"),
	OPTION_JSON,
};
static const struct app_option options_location_verify[] = {
	OPTION_TEXT("backup", backup, "ID", "one backup's id (all)"),
	{ .name = "depth",
	  .type = APP_TEXT,
	  .destination = AT(depth),
	  .argument = "DEPTH",
	  .allowed = verify_depths,
	  .help = "Hashes (every byte is read), Content (also decrypted) or Files\n"
		  "(also put together, as a recovery would; the default)" },
	OPTIONS_CLIENT,
};
static const struct app_option options_verify[] = {
	OPTION_TEXT("backup", backup, "ID", "one backup's id, folder or latest (all)"),
	OPTION_TEXT("pfx", pfx, "FILE", "private key: content is decrypted and checked too"),
	OPTIONS_PFX,
	OPTION_FLAG("files", files,
		    "with --pfx: every file is put together and its hash compared,\n"
		    "as a recovery would"),
	OPTIONS_SOURCE,
};
static const struct app_option options_recover[] = {
	OPTION_NEEDED("pfx", pfx, "FILE", "private key that opens the backup"),
	OPTIONS_PFX,
	OPTION_TEXT("backup", backup, "ID", "a backup's id, folder or latest (latest)"),
	{ .name = "role",
	  .type = APP_LIST,
	  .destination = AT(roles),
	  .argument = "ROLE",
	  .help = "only this role; may be repeated" },
	OPTION_TEXT("to", to, "DIR", "every role goes below DIR/<role>/; DIR must be new or empty"),
	OPTION_CONFIG(false, "into the services as this configuration names them, and into\n"
			     "its state directory"),
	OPTION_TEXT("stamp-version", stamp_version, "VERSION",
		    "of the target system, if not as in the configuration"),
	OPTIONS_SOURCE,
};

const struct app_command app_commands[] = {
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
	  .table = TABLE(options_initialize),
	  .run = app_init },
	{ .name = "serve",
	  .summary = "runs the service",
	  .description = "Runs the service in the foreground: REST API and backup engine. SIGTERM "
			 "and Ctrl-C\nstop it cleanly within ten seconds; a backup that runs then "
			 "ends as failed. Prints\none line with its address when it is ready.",
	  .examples = "  infrabackup serve -c /etc/infrabackup/config.json\n",
	  .table = TABLE(options_init),
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
	  .table = TABLE(options_init),
	  .run = app_token_list },
	{ .name = "token revoke",
	  .summary = "makes an API token useless",
	  .description = "Revokes an API token by its name or id, at once.",
	  .examples = "  infrabackup token revoke -c config.json monitoring\n",
	  .table = { .options = options_init,
		     .count = ARRAY_LENGTH(options_init),
		     .operand = "NAME|ID",
		     .operand_destination = AT(operand) },
	  .run = app_token_revoke },
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
	  .table = TABLE(options_init),
	  .run = app_key_inventory },
	{ .name = "configure",
	  .summary = "sets share, certificate, schedule and retention",
	  .description = "Changes the backup location through the REST API; what is not named "
			 "stays. The\nservice tests the share with the result before it keeps it: "
			 "when that fails, the\nold configuration stays.",
	  .examples = "  infrabackup configure -c config.json --token-file admin.token \\\n"
		      "      --path '\\\\filer\\backup' --user 'CONTOSO\\backupsvc' "
		      "--password-file share.password \\\n"
		      "      --cert backup-2026.cer\n"
		      "  infrabackup configure -c config.json --scheduler on --frequency 8 "
		      "--retention 7\n",
	  .table = TABLE(options_configure),
	  .run = app_configure },
	{ .name = "backup",
	  .summary = "starts a backup, and follows it with --wait",
	  .description = "Starts a backup through the REST API and prints its id. With --wait it "
			 "shows progress\nand ends with 0 when all of it succeeded, 3 when a role "
			 "failed, 1 when the backup\nfailed. Ctrl-C ends the waiting, not the "
			 "backup.",
	  .examples = "  infrabackup backup -c config.json --token-file admin.token --wait\n"
		      "  infrabackup backup -c config.json --token-file admin.token --wait \\\n"
		      "      --retry 2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = TABLE(options_backup),
	  .run = app_backup },
	{ .name = "status",
	  .summary = "shows the location, what runs and what failed last",
	  .description = "Shows the backup location, last and next backup, how many backups there "
			 "are and how far the\nnewest is verified, the running job and the last "
			 "failure.",
	  .examples = "  infrabackup status -c config.json --token-file admin.token\n",
	  .table = TABLE(options_status),
	  .run = app_status },
	/* Before the command that its first word is. */
	{ .name = "jobs show",
	  .summary = "shows one job with its progress and roles",
	  .description = "Shows one job: who asked for it, how far it is, what became of each "
			 "role, and why it\nfailed or was skipped.",
	  .examples = "  infrabackup jobs show -c config.json --token-file admin.token \\\n"
		      "      2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_status,
		     .count = ARRAY_LENGTH(options_status),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_jobs_show },
	{ .name = "jobs",
	  .summary = "shows jobs of every kind, the newest first",
	  .description = "Shows the jobs of the service, the newest first: backups, updates of the "
			 "location and\nthe service's own checks.",
	  .examples = "  infrabackup jobs -c config.json --token-file admin.token --kind backup "
		      "--top 5\n",
	  .table = TABLE(options_jobs),
	  .run = app_jobs },
	{ .name = "cancel",
	  .summary = "ends a job that is queued or running",
	  .description = "Asks a queued or running job to end and waits until it has, which takes "
			 "seconds.\nNothing of a cancelled backup is visible; packs that it has "
			 "completed are reused.",
	  .examples = "  infrabackup cancel -c config.json --token-file admin.token \\\n"
		      "      --reason 'the share is moved' 2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_cancel,
		     .count = ARRAY_LENGTH(options_cancel),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_cancel },
	{ .name = "maintenance begin",
	  .summary = "keeps backups from being made while the cloud is worked on",
	  .description = "While maintenance is on, scheduled backups are skipped and others "
			 "refused, until it is\nended, also over restarts of the service.",
	  .examples = "  infrabackup maintenance begin -c config.json --token-file admin.token \\\n"
		      "      --operation Update --backup-before\n",
	  .table = TABLE(options_maintenance_begin),
	  .run = app_maintenance_begin },
	{ .name = "maintenance end",
	  .summary = "ends maintenance, and makes a backup",
	  .description = "Ends maintenance. A backup follows at once unless it is declined; then a "
			 "scheduled one\nthat was skipped is made up.",
	  .examples = "  infrabackup maintenance end -c config.json --token-file admin.token\n",
	  .table = TABLE(options_maintenance_end),
	  .run = app_maintenance_end },
	{ .name = "maintenance show",
	  .summary = "shows whether maintenance is on",
	  .description = "Shows the newest maintenance: who began it, when, and the backups before "
			 "and after it.",
	  .examples = "  infrabackup maintenance show -c config.json --token-file admin.token\n",
	  .table = TABLE(options_status),
	  .run = app_maintenance_show },
	{ .name = "prune",
	  .summary = "deletes the backups that retention lets go",
	  .description =
		  "Shows every backup and why it stays or goes. What goes is moved to the trash "
		  "on the share\nand removed later, with the packs that nothing needs any more. "
		  "The newest seven verified\nbackups, the newest of every essential role and "
		  "pinned ones stay whatever their age. When\nsomething looks wrong (backups are "
		  "missing, more than half would go, the clock jumped)\nnothing goes until that "
		  "plan is confirmed. Every good backup is followed by a prune.",
	  .examples = "  infrabackup prune -c config.json --token-file admin.token --dry-run\n"
		      "  infrabackup prune -c config.json --token-file admin.token\n",
	  .table = TABLE(options_prune),
	  .run = app_prune },
	{ .name = "pin",
	  .summary = "keeps a backup from being deleted",
	  .description = "Keeps a backup whatever its age, for ever or until a time.",
	  .examples = "  infrabackup pin -c config.json --token-file operator.token \\\n"
		      "      --until 2026-12-01T00:00:00Z 2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_pin,
		     .count = ARRAY_LENGTH(options_pin),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_pin },
	{ .name = "unpin",
	  .summary = "lets retention decide about a backup again",
	  .description = "Takes the pin from a backup: the next prune may delete it.",
	  .examples = "  infrabackup unpin -c config.json --token-file admin.token \\\n"
		      "      2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_status,
		     .count = ARRAY_LENGTH(options_status),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_unpin },
	/* Before the command that its first word is. */
	{ .name = "alerts close",
	  .summary = "closes an alert",
	  .description =
		  "Closes an alert by its id. Your token's name is kept with it. A failure "
		  "that happens\nagain, or a condition that still holds a day later, is told "
		  "in a new alert.",
	  .examples = "  infrabackup alerts close -c config.json --token-file operator.token \\\n"
		      "      90b1c0de-7c2d-4f6a-9d61-3f4d0a3f0003\n",
	  .table = { .options = options_status,
		     .count = ARRAY_LENGTH(options_status),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_alerts_close },
	{ .name = "alerts",
	  .summary = "shows what is wrong and what to do about it",
	  .description =
		  "Shows the open alerts, the newest first: how severe, since when, how often "
		  "seen, what\nwas found, what to do. Most close by themselves when their cause "
		  "is gone.",
	  .examples = "  infrabackup alerts -c config.json --token-file reader.token\n"
		      "  infrabackup alerts -c config.json --all --json\n",
	  .table = TABLE(options_alerts),
	  .run = app_alerts },
	{ .name = "share test",
	  .summary = "checks that a share does what backups rely on",
	  .description = "Checks a share before or while it is used: protection, rights, names, "
			 "refusal of what\nwould overwrite, whether others see what was written, "
			 "free space, clock, speed. Works\nin a folder of its own and removes it; "
			 "touches nothing else, writes 50 MB. Says for\neverything that is not "
			 "as it should be what to do. Needs no service.",
	  .examples = "  infrabackup share test --share /mnt/backup\n"
		      "  infrabackup share test --share '\\\\filer\\backup' "
		      "--user 'CONTOSO\\backupsvc' \\\n"
		      "      --password-file share.password --json\n",
	  .table = TABLE(options_share_test),
	  .run = app_share_test },
	{ .name = "location test",
	  .summary = "lets the service check its share, or one that it shall get",
	  .description = "Asks the service for the checks of `share test` as it will use the "
			 "share: from its\nmachine, as its user, with its configuration. Without "
			 "options of the saved location,\nelse of what they name, which needs an "
			 "Administrator and is not saved; the saved\nuser and password go to "
			 "the saved share only. Ctrl-C ends the waiting, not the test.",
	  .examples = "  infrabackup location test -c config.json --token-file admin.token\n"
		      "  infrabackup location test -c config.json --token-file admin.token \\\n"
		      "      --path '\\\\filer\\new' --user 'CONTOSO\\backupsvc' "
		      "--password-file share.password\n",
	  .table = TABLE(options_location_test),
	  .run = app_location_test },
	{ .name = "share release",
	  .summary = "takes a folder from a controller that is gone",
	  .description =
		  "A folder is written by one controller, which holds it and renews its "
		  "hold while it runs.\nAnother one is refused until the hold runs out. This "
		  "takes it away at once, for a\ncontroller that is gone for good or is to be "
		  "replaced. If it is alive after all, what\nit is writing does not count, and "
		  "it says so; nothing that is committed is touched.\n",
	  .examples = "  infrabackup share release --share /mnt/backup\n",
	  .table = TABLE(options_share_release),
	  .run = app_share_release },
	{ .name = "location verify",
	  .summary = "lets the service read backups back and check them",
	  .description =
		  "Asks the service to verify one backup or all: it reads them back from "
		  "the share and\nopens them with a key of its own. What is damaged is named "
		  "with the backups that need\nit, raises an alert, and is stored again by "
		  "the next backup; the exit code is 6 then.\nCtrl-C ends the waiting, not "
		  "the verification: `infrabackup cancel` does.",
	  .examples =
		  "  infrabackup location verify -c config.json --token-file operator.token\n"
		  "  infrabackup location verify -c config.json --token-file operator.token \\\n"
		  "      --depth Hashes --backup 2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = TABLE(options_location_verify),
	  .run = app_location_verify },
	/* Before the command that its first word is. */
	{ .name = "backups show",
	  .summary = "shows one backup and what is known to be damaged of it",
	  .description = "Shows one backup of the service: its roles, how far it is verified and "
			 "when, and which\nfiles cannot be read when it is damaged.",
	  .examples = "  infrabackup backups show -c config.json --token-file reader.token \\\n"
		      "      2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_status,
		     .count = ARRAY_LENGTH(options_status),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_backups_show },
	{ .name = "backups",
	  .summary = "shows the service's backups and how far they are verified",
	  .description =
		  "Shows the backups that the service knows, the newest first, and how far "
		  "each is verified:\nCommitted, ReadBack (when it was made), HashVerified, "
		  "DeepVerified, or Damaged, which is\nnot ready for a recovery. `list` reads "
		  "a share instead and needs no service.",
	  .examples = "  infrabackup backups -c config.json --token-file reader.token\n",
	  .table = TABLE(options_status),
	  .run = app_backups },
	{ .name = "list",
	  .summary = "shows the backups on a share; needs no service and no key",
	  .description = "Shows every backup on a share after checking its signature and its place "
			 "in the\nchain. Needs no service, no database and no key.",
	  .examples =
		  "  infrabackup list --from /mnt/backup\n"
		  "  infrabackup list --from '\\\\filer\\backup' --user 'CONTOSO\\ann' --json\n",
	  .table = TABLE(options_list),
	  .run = app_list },
	{ .name = "verify",
	  .summary = "checks the backups on a share",
	  .description = "Checks signatures, hashes and completeness; with --pfx the content as "
			 "well. What is\nwrong is named one file a line, and the exit code is 6.",
	  .examples = "  infrabackup verify --from /mnt/backup --signer SHA256:...\n"
		      "  infrabackup verify --from /mnt/backup --pfx backup.pfx --files "
		      "--backup latest\n",
	  .table = TABLE(options_verify),
	  .run = app_verify },
	{ .name = "recover",
	  .summary = "brings data back from a share",
	  .description = "Checks everything that is needed, and only then writes: every role below "
			 "a directory\n(--to), or into the services (-c). Needs the share and the "
			 "PFX, nothing else. Can be\nrun again after an interruption.",
	  .examples = "  infrabackup recover --from /mnt/backup --pfx backup.pfx --to /tmp/back\n"
		      "  infrabackup recover --from '\\\\filer\\backup' --user 'CONTOSO\\ann' \\\n"
		      "      --pfx backup.pfx --signer SHA256:... -c config.json\n"
		      "  infrabackup recover --from /mnt/backup --pfx backup.pfx --to /tmp/back "
		      "--role Certificates\n",
	  .table = TABLE(options_recover),
	  .run = app_recover },
};
const size_t app_command_count = ARRAY_LENGTH(app_commands);

bool app_command_describe(size_t index, const char **name, const struct app_option_table **table)
{
	if (index >= app_command_count)
		return false;
	*name = app_commands[index].name;
	*table = &app_commands[index].table;
	return true;
}
