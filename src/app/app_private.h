/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module app share: the arguments of all commands, and what a command gets and
 * gives. */
#ifndef APP_PRIVATE_H
#define APP_PRIVATE_H

#include "infrabackup/app.h"
#include "infrabackup/client.h"
#include "infrabackup/config.h"
#include "infrabackup/recover.h"

#define ENVIRONMENT_TOKEN "INFRABACKUP_TOKEN"
#define ENVIRONMENT_URL "INFRABACKUP_URL"
#define ENVIRONMENT_PASSWORD "INFRABACKUP_SHARE_PASSWORD"
#define ENVIRONMENT_PFX_PASSWORD "INFRABACKUP_PFX_PASSWORD"

/* The union of every command's options; a command's table says which it takes. */
struct app_arguments {
	const char *operand;
	const char *config;
	bool json;
	/* of the clients */
	const char *url, *token_file, *ca_file, *subscription, *location;
	bool wait, all, dry_run;
	const char *retry, *confirm, *until;
	struct app_number top;
	const char *kind, *reason, *depth;
	const char *operation, *planned_end;
	const char *caller, *status, *since;
	bool backup_before, no_backup;
	const char *path, *certificate, *scheduler;
	struct app_number frequency, retention;
	/* of token and key */
	const char *name, *role_name, *out, *common_name;
	struct app_number expires_days, days;
	bool rsa, ec;
	/* of what reads a share */
	const char *from, *user, *password_file, *signer, *head, *pfx, *pfx_password_file, *backup,
		*key_file, *to, *stamp_version;
	struct app_list roles;
	struct app_number deadline, threads;
	const char *authentication;
	struct app_list unencrypted_servers;
	bool files;
	/* of share test */
	const char *share;
	struct app_number limit;
};

/* A command while it runs. */
struct app_call {
	const struct app_command *command;
	struct app_arguments arguments;
	json_t *json; /* what --json prints; set by the command, freed by who called it */
};

struct app_command {
	const char *name; /* "token create" */
	const char *summary;
	const char *description;
	const char *examples;
	struct app_option_table table;
	/* Prints its result on stdout unless arguments.json, which call->json is for. A failure is
	 * returned, not printed. */
	enum status (*run)(struct app_call *call, struct error *err);
};

/* NULL when @index is past the last command. */
const struct app_command *app_command_at(size_t index);

enum status app_init(struct app_call *call, struct error *err);
enum status app_serve(struct app_call *call, struct error *err);
enum status app_token_create(struct app_call *call, struct error *err);
enum status app_token_list(struct app_call *call, struct error *err);
enum status app_token_revoke(struct app_call *call, struct error *err);
enum status app_verify_audit(struct app_call *call, struct error *err);
enum status app_key_new_certificate(struct app_call *call, struct error *err);
enum status app_key_new_psk(struct app_call *call, struct error *err);
enum status app_key_inventory(struct app_call *call, struct error *err);
enum status app_configure(struct app_call *call, struct error *err);
enum status app_backup(struct app_call *call, struct error *err);
enum status app_status(struct app_call *call, struct error *err);
enum status app_jobs(struct app_call *call, struct error *err);
enum status app_jobs_show(struct app_call *call, struct error *err);
enum status app_activity(struct app_call *call, struct error *err);
enum status app_cancel(struct app_call *call, struct error *err);
enum status app_maintenance_begin(struct app_call *call, struct error *err);
enum status app_maintenance_end(struct app_call *call, struct error *err);
enum status app_maintenance_show(struct app_call *call, struct error *err);
enum status app_prune(struct app_call *call, struct error *err);
enum status app_pin(struct app_call *call, struct error *err);
enum status app_unpin(struct app_call *call, struct error *err);
enum status app_alerts(struct app_call *call, struct error *err);
enum status app_alerts_close(struct app_call *call, struct error *err);
enum status app_list(struct app_call *call, struct error *err);
enum status app_verify(struct app_call *call, struct error *err);
enum status app_share_test(struct app_call *call, struct error *err);
enum status app_location_test(struct app_call *call, struct error *err);
enum status app_share_release(struct app_call *call, struct error *err);
enum status app_location_verify(struct app_call *call, struct error *err);
enum status app_backups(struct app_call *call, struct error *err);
enum status app_backups_show(struct app_call *call, struct error *err);
enum status app_recover(struct app_call *call, struct error *err);
enum status app_restore(struct app_call *call, struct error *err);

/* --- app_help.c --- */
/* @command NULL: all commands. */
void app_help_print(FILE *stream, const struct app_command *command);
/* The one or two lines that follow a usage error. */
void app_help_usage(FILE *stream, const struct app_command *command);
/* A line for each command, or for each whose first word is @word when two are needed; @word NULL:
 * all. */
void app_help_commands(FILE *stream, const char *word);

/* --- app_secret.c --- */
/* Where a secret comes from, first of: @file ("-": standard input), the environment, the terminal.
 */
struct app_secret_source {
	const char *file;        /* NULL: not given */
	const char *file_option; /* "--password-file", for messages */
	const char *environment; /* NULL: none */
	const char *prompt;      /* NULL: never asked for */
	bool is_new;             /* asked for twice */
};
/* STATUS_INVALID when there is none of them, or the secret is empty. */
MUST_CHECK enum status app_secret_get(const struct app_secret_source *source, struct secret *out,
				      struct error *err);

/* --- app_state.c --- */
struct db;
/* The state database of an initialised state directory; STATUS_NOT_FOUND names `infrabackup init`.
 */
MUST_CHECK enum status app_state_open(const struct config *config, struct db **out,
				      struct error *err);

/* --- app_audit.c --- */
/* A change of the state database by a command. */
struct app_audited {
	const char *operation; /* "Token_Create" */
	const char *object;    /* what it was done to; "" when the operation says it */
	/* Does it; may be called again when the database was busy. NULL: it is done already. */
	enum status (*body)(struct db *db, void *context, struct error *err);
	void *context;
};
/* The change and its row in the audit log, both or neither. */
MUST_CHECK enum status app_audited_change(const struct config *config, struct db *db,
					  const struct app_audited *change, struct error *err);

/* --- app_harden.c --- */
/* No core dumps, no other process looks into this one, files are private, a closed pipe is an error
 * of write(). */
void app_harden(void);
/* For the service: memory of threads that come and go is shared. Before any thread starts. */
void app_harden_memory(void);
/* At the very end, when no secret is in memory any more: leak checkers may look again. */
void app_harden_end(void);

/* --- app_signals.c --- */
struct app_signals;
/* SIGINT and SIGTERM request @cancel from now on; a second one ends the process, and so does the
 * first after @grace ms when that is not 0. Before any other thread starts: they inherit the mask.
 */
MUST_CHECK enum status app_signals_start(struct cancel *cancel, long grace,
					 struct app_signals **out, struct error *err);
/* NULL is legal. */
void app_signals_stop(struct app_signals *signals);

/* --- app_client.c --- */
struct app_client {
	struct config *config; /* NULL: without -c */
	struct client *client;
	char base[512];   /* ".../backupLocations/north" */
	char health[512]; /* ".../regionHealths/north" */
	char region[96];
};
MUST_CHECK enum status app_client_open(const struct app_call *call, struct app_client *out,
				       struct error *err);
void app_client_close(struct app_client *client);
/* @path is below the location, "" the location itself. error.field of a refusal is the service's
 * target. @out may be NULL. */
MUST_CHECK enum status app_client_call(struct app_client *client, const char *method,
				       const char *path, const json_t *body,
				       struct client_answer *out, struct error *err);
/* The same below the health of the region. */
MUST_CHECK enum status app_client_call_health(struct app_client *client, const char *method,
					      const char *path, const json_t *body,
					      struct client_answer *out, struct error *err);
/* What a finished operation found, also when it failed because of that. */
MUST_CHECK enum status app_client_report(struct app_client *client, const char *id, json_t **out,
					 struct error *err);
/* An id goes into a path, so it must be one: STATUS_INVALID names @option, and @command that shows
 * the ids of @what ("a job"). */
MUST_CHECK enum status app_check_id(const char *option, const char *id, const char *what,
				    const char *command, struct error *err);
/* app_client_call() of what is answered with an operation to follow: its id. */
MUST_CHECK enum status app_client_begin(struct app_client *client, const char *method,
					const char *path, const json_t *body,
					char id[GUID_TEXT_SIZE], struct error *err);
/* The id at the end of a 202's Location. */
MUST_CHECK enum status app_client_operation(const struct client_answer *answer,
					    char id[GUID_TEXT_SIZE], struct error *err);

/* --- app_configure.c: what options say of a share, into a request; nothing when not given --- */
MUST_CHECK enum status app_put_path(const struct app_arguments *arguments, json_t *store,
				    struct error *err);
/* userName, and password from where it is. */
MUST_CHECK enum status app_put_account(const struct app_arguments *arguments, json_t *store,
				       struct error *err);

/* --- app_backups.c --- */
/* The backups that the service shows, the newest first. */
MUST_CHECK enum status app_backups_fetch(struct app_client *client, json_t **out,
					 struct error *err);
/* One line of `status` about them. */
void app_backups_summary(const json_t *list);

/* Calls "/backups/{operand}{action}" and shows the answer: by @print, or as call->json. */
MUST_CHECK enum status app_backups_call(struct app_call *call, const char *method,
					const char *action, const json_t *body,
					void (*print)(const json_t *answer), struct error *err);

/* --- app_share_report.c: schema/responses/share_test.json for people --- */
void app_share_report_heading(void);
void app_share_report_check(const json_t *check);
/* What to do about what is not as it should be, and how many checks came out how. */
void app_share_report_summary(const json_t *report);

/* --- app_wait.c --- */
/* Polls an operation until it is over, with progress; *@out is its resource. STATUS_CANCELLED after
 * Ctrl-C: the operation goes on. */
MUST_CHECK enum status app_wait(struct app_client *client, const char *id, bool is_quiet,
				json_t **out, struct error *err);
/* OK, STATUS_PARTIAL, or the failure of a finished operation. */
MUST_CHECK enum status app_wait_judge(const json_t *operation, struct error *err);

/* A job's figures, from its properties, which must stay. */
struct app_progress_view app_progress_view_of(const json_t *properties);
/* Its roles as a table (app_backup.c). */
void app_roles_print(const json_t *properties);

/* --- app_drivers.c: the drivers of shares, told how to talk to servers --- */
struct app_drivers {
	struct share_smb_policy smb;
	struct share_registry registry;
};
/* By @config, over which the options count; either may be NULL, and both are borrowed. @out must
 * stay where it is. */
void app_drivers_init(struct app_drivers *out, const struct config *config,
		      const struct app_arguments *arguments);

/* --- app_share.c: the share that the options name --- */
struct app_share {
	struct app_drivers drivers;
	struct share_address address;
	struct share_options options; /* points into this */
	struct secret password;
	struct cancel *cancel; /* requested by Ctrl-C */
	struct app_signals *signals;
};
struct app_share_request {
	const char *share;
	const char *option;          /* that it was given with, for messages */
	int64_t deadline;            /* seconds, without --deadline */
	const struct config *config; /* see app_drivers_init() */
};
/* Nothing is opened. @out must stay where it is. */
MUST_CHECK enum status app_share_prepare(const struct app_arguments *arguments,
					 const struct app_share_request *request,
					 struct app_share *out, struct error *err);
void app_share_done(struct app_share *share);

/* --- app_source.c: reading a share --- */
struct app_source {
	struct app_share share;
	struct app_progress progress;
	struct recover_source *source;
};
/* @config: how servers are talked to when no option says it; may be NULL. */
MUST_CHECK enum status app_source_open(const struct app_call *call, const struct config *config,
				       struct app_source *out, struct error *err);
void app_source_close(struct app_source *source);
/* The file in --pfx, which was given, and its password. */
MUST_CHECK enum status app_source_pfx(const struct app_call *call, struct secret *pfx,
				      struct secret *password, struct error *err);
/* The key in it; NULL and OK without that option. Before the share is opened. */
MUST_CHECK enum status app_source_key(const struct app_call *call, struct private_key **out,
				      struct error *err);
/* The key that the pre-shared key in --key-file opens on the share; *@out stays without that
 * option. */
MUST_CHECK enum status app_source_psk(const struct app_call *call, const struct app_source *source,
				      struct private_key **out, struct error *err);

/* --- app_prune.c --- */
/* How many backups of a retention plan are expired, held back or not. */
size_t app_prune_count_expired(const json_t *plan);

/* --- app_findings.c --- */
/* "FILE: text", one a line. */
void app_findings_print(FILE *stream, const struct recover_findings *findings);

/* --- app_targets.c: the services as they stand in the configuration --- */
struct app_targets {
	struct recover_target *items;
	size_t count;
	char *temporary_directory;
};
/* STATUS_CONFLICT when the service's own state would be overwritten. */
MUST_CHECK enum status app_targets_load(const struct config *config, const struct app_list *roles,
					struct app_targets *out, struct error *err);
/* Removes the intermediate files. */
void app_targets_done(struct app_targets *targets);

/* --- app_text.c --- */
/* "123 MB" or "-" */
const char *app_bytes_text(uint64_t bytes, char text[32]);
/* "2026-03-01T20:21:07Z", "-" for 0. */
const char *app_time_text(int64_t time, char text[CLOCK_TEXT_SIZE]);
/* The same of a time with fractions, as text; "-" when it is none. */
const char *app_seconds_text(const char *time, char text[CLOCK_TEXT_SIZE]);
/* A member of a JSON object as text, "-" when it is missing, null or no text. */
const char *app_json_text(const json_t *object, const char *name);

#endif
