/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what reads a share, and needs no service. */
#include "app_commands_private.h"

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
static const struct app_option options_share_release[] = {
	OPTION_NEEDED("share", share, "SHARE",
		      "\\\\server\\share\\folder, smb://server[:port]/share/folder,\n"
		      "an absolute path or file:///path: what MASBackup stands in"),
	OPTIONS_LOGON,
	OPTION_NUMBER("deadline", deadline, "SECONDS", 1, 3600,
		      "one call of the share may take so long (15)"),
	OPTION_JSON,
};
#define OPTION_KEY_FILE                                                                            \
	OPTION_TEXT("key-file", key_file, "FILE",                                                  \
		    "pre-shared key in base64, for backups that were made with one;\n- for stdin")
static const struct app_option options_verify[] = {
	OPTION_TEXT("backup", backup, "ID", "one backup's id, folder or latest (all)"),
	OPTION_TEXT("pfx", pfx, "FILE", "private key: content is decrypted and checked too"),
	OPTIONS_PFX,
	OPTION_KEY_FILE,
	OPTION_FLAG("files", files,
		    "with a key: every file is put together and its hash compared,\n"
		    "as a recovery would"),
	OPTIONS_SOURCE,
};
static const struct app_option options_recover[] = {
	OPTION_TEXT("pfx", pfx, "FILE", "private key that opens the backup"),
	OPTIONS_PFX,
	OPTION_KEY_FILE,
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

static const struct app_command commands[] = {
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
	  .description = "Checks signatures, hashes and completeness; with a key the content as "
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
const struct app_command_group app_commands_share = { commands, ARRAY_LENGTH(commands) };
