/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: what asks the service: settings, jobs, alerts. */
#include "infrabackup/backup.h"

#include "app_commands_private.h"

static const char *const on_off[] = { "on", "off", NULL };
static const char *const maintenance_operations[] = { "Update", "HardwareReplacement",
						      "SecretRotation", NULL };

static const char *const activity_statuses[] = { "Started", "Succeeded", "Failed", NULL };

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
static const struct app_option options_client[] = { OPTIONS_CLIENT };
static const struct app_option options_alerts[] = {
	OPTION_FLAG("all", all, "also those that were closed in the last seven days"),
	OPTIONS_CLIENT,
};
static const struct app_option options_activity[] = {
	OPTION_NUMBER("top", top, "N", 1, 1000, "at most so many (20)"),
	OPTION_TEXT("caller", caller, "NAME", "only what this caller did or wanted"),
	{ .name = "status",
	  .type = APP_TEXT,
	  .destination = AT(status),
	  .argument = "STATUS",
	  .allowed = activity_statuses,
	  .help = "Started (nothing tells how it ended), Succeeded or Failed" },
	OPTION_TEXT("since", since, "TIME", "in UTC: 2026-03-01T20:00:00Z"),
	OPTION_TEXT("until", until, "TIME", "the same"),
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

static const struct app_command commands[] = {
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
	{ .name = "status",
	  .summary = "shows the location, what runs and what failed last",
	  .description = "Shows the backup location, last and next backup, how many backups there "
			 "are and how far the\nnewest is verified, the running job and the last "
			 "failure.",
	  .examples = "  infrabackup status -c config.json --token-file admin.token\n",
	  .table = TABLE(options_client),
	  .run = app_status },
	{ .name = "jobs show",
	  .summary = "shows one job with its progress and roles",
	  .description = "Shows one job: who asked for it, how far it is, what became of each "
			 "role, and why it\nfailed or was skipped.",
	  .examples = "  infrabackup jobs show -c config.json --token-file admin.token \\\n"
		      "      2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11\n",
	  .table = { .options = options_client,
		     .count = ARRAY_LENGTH(options_client),
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
	{ .name = "activity",
	  .summary = "shows who changed what and who was refused",
	  .description =
		  "Shows the activity log, the newest first: every write, every refusal, what "
		  "the service\nqueued by itself, and commands that changed its database. "
		  "`verify-audit` tells whether\nsomebody altered it.",
	  .examples = "  infrabackup activity -c config.json --token-file reader.token\n"
		      "  infrabackup activity -c config.json --token-file reader.token \\\n"
		      "      --status Failed --since 2026-03-01T00:00:00Z --top 100\n",
	  .table = TABLE(options_activity),
	  .run = app_activity },
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
	  .table = TABLE(options_client),
	  .run = app_maintenance_show },
	{ .name = "alerts close",
	  .summary = "closes an alert",
	  .description =
		  "Closes an alert by its id. Your token's name is kept with it. A failure "
		  "that happens\nagain, or a condition that still holds a day later, is told "
		  "in a new alert.",
	  .examples = "  infrabackup alerts close -c config.json --token-file operator.token \\\n"
		      "      90b1c0de-7c2d-4f6a-9d61-3f4d0a3f0003\n",
	  .table = { .options = options_client,
		     .count = ARRAY_LENGTH(options_client),
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
};
const struct app_command_group app_commands_service = { commands, ARRAY_LENGTH(commands) };
