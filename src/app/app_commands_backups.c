/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what asks the service: backups. */
#include "app_commands_private.h"

static const char *const verify_depths[] = { "Hashes", "Content", "Files", NULL };

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
static const struct app_option options_client[] = { OPTIONS_CLIENT };
static const struct app_option options_restore[] = {
	OPTION_NEEDED("backup", backup, "ID", "the backup's id"),
	OPTION_TEXT("role", role_name, "ROLE", "only this role (all)"),
	OPTION_NEEDED("pfx", pfx, "FILE", "private key that opens the backup"),
	OPTIONS_PFX,
	OPTION_FLAG("wait", wait, "follows it to its end"),
	OPTIONS_CLIENT,
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

static const struct app_command commands[] = {
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
	  .table = { .options = options_client,
		     .count = ARRAY_LENGTH(options_client),
		     .operand = "ID",
		     .operand_destination = AT(operand) },
	  .run = app_unpin },
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
	{ .name = "restore",
	  .summary = "brings a backup back into the services",
	  .description =
		  "Asks the service to restore one role of a backup, or all, into the services of "
		  "its\n"
		  "configuration. The PFX is sent for this one restore and never stored. "
		  "Everything "
		  "is\nverified before anything is written. With --wait it shows progress and ends "
		  "with 0 when\nall was restored, 3 when a role was not or was not whole in the "
		  "backup. The service's\nown role is left out; without a service there is "
		  "`recover`.",
	  .examples = "  infrabackup restore -c config.json --token-file admin.token --wait \\\n"
		      "      --backup 2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11 --role Certificates \\\n"
		      "      --pfx backup.pfx --pfx-password-file pfx.password\n",
	  .table = TABLE(options_restore),
	  .run = app_restore },
	{ .name = "backups show",
	  .summary = "shows one backup and what is known to be damaged of it",
	  .description = "Shows one backup of the service: its roles, how far it is verified and "
			 "when, and which\nfiles cannot be read when it is damaged.",
	  .examples = "  infrabackup backups show -c config.json --token-file reader.token \\\n"
		      "      2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_client,
		     .count = ARRAY_LENGTH(options_client),
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
	  .table = TABLE(options_client),
	  .run = app_backups },
};
const struct app_command_group app_commands_backups = { commands, ARRAY_LENGTH(commands) };
