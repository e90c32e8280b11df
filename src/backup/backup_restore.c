/* SPDX-License-Identifier: Apache-2.0 */
/* The job "restore": a recovery into the services, with the service's own way to the share. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/recover.h"

#include "backup_psk.h"
#include "backup_restore.h"

#define STEP "restore"
#define RESULT_MAX (4u << 20)

struct restore_job {
	struct backup_service *service;
	struct jobs_run *run;
	struct db *state;
	char backup_id[GUID_TEXT_SIZE];
	char *role;                            /* NULL: all */
	char stored_key[THUMBPRINT_TEXT_SIZE]; /* empty: a PFX was sent */
	struct private_key *key;
	struct backup_target target;
	struct share_options options;
	struct recover_source *source;
	struct recover_target *services;
	const char **roles; /* wanted; NULL-terminated */
	struct recover_result result;
};

/* --- what is asked --- */

static enum status read_parameters(struct restore_job *job, struct error *err)
{
	AUTO_JSON parameters = NULL;
	const char *text = jobs_run_job(job->run)->parameters;
	if (text == NULL)
		text = "{}";
	enum status status = json_parse(text, strlen(text), &parameters, err);
	if (status != STATUS_OK)
		return status;
	const char *backup_id =
		json_string_value(json_object_get(parameters, RESTORE_PARAMETER_BACKUP));
	const char *role = json_string_value(json_object_get(parameters, RESTORE_PARAMETER_ROLE));
	if (backup_id == NULL)
		return fail(err, STATUS_INVALID, "read job parameters", NULL, "no backup is named");
	(void)snprintf(job->backup_id, sizeof job->backup_id, "%s", backup_id);
	const char *stored =
		json_string_value(json_object_get(parameters, RESTORE_PARAMETER_STORED));
	if (stored != NULL)
		(void)snprintf(job->stored_key, sizeof job->stored_key, "%s", stored);
	if (role == NULL)
		return STATUS_OK;
	job->role = strdup(role);
	return job->role != NULL ? STATUS_OK : fail_memory(err, STEP);
}

/* From here on PFX and password are nowhere. */
static enum status open_key(struct restore_job *job, struct error *err)
{
	if (job->stored_key[0] != '\0')
		return backup_psk_open(job->service, job->state, job->stored_key, &job->key, err);
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	enum status status =
		backup_restore_take(job->service, jobs_run_job(job->run)->id, &pfx, &password, err);
	if (status == STATUS_OK)
		status = private_key_from_pfx(pfx.data, pfx.length, &password, &job->key, err);
	return status;
}

/* --- from where, into what --- */

static void show(void *context, const char *phase, uint64_t done, uint64_t total)
{
	jobs_run_progress(context, phase, done, total);
}

static enum status open_source(struct restore_job *job, struct error *err)
{
	const struct backup_service *service = job->service;
	enum status status = backup_target_load(job->service, job->state, &job->target, err);
	if (status != STATUS_OK)
		return status;
	job->options = backup_target_options(service, &job->target, jobs_run_cancel(job->run));
	const struct recover_settings settings = {
		.shares = service->shares,
		.share = &job->options,
		.signer = service->signer,
		.threads = service->config->engine.workers,
		.progress = show,
		.progress_context = job->run,
	};
	return recover_source_open(&settings, &job->source, err);
}

static enum status list_services(struct restore_job *job, struct error *err)
{
	const struct config *config = job->service->config;
	job->services = calloc(config->service_count + 1, sizeof *job->services);
	if (job->services == NULL)
		return fail_memory(err, STEP);
	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		job->services[i] = (struct recover_target) {
			.role = service->role,
			.driver = snapshot_driver_find(service->provider),
			.settings = backup_snapshot_settings(service,
							     job->service->temporary_directory),
		};
	}
	return STATUS_OK;
}

static enum status choose_roles(struct restore_job *job, const struct recover_backup *backup,
				struct error *err)
{
	const struct archive_record *record = backup->record;
	size_t available = record != NULL ? record->role_count : 0, count = 0;
	job->roles = calloc(available + 2, sizeof *job->roles);
	if (job->roles == NULL)
		return fail_memory(err, STEP);
	if (job->role != NULL) {
		job->roles[0] = job->role;
		return STATUS_OK;
	}
	for (size_t i = 0; i < available; i++)
		if (strcmp(record->roles[i].name, BACKUP_SERVICE_ROLE) != 0)
			job->roles[count++] = record->roles[i].name;
	return STATUS_OK;
}

/* --- what came of it --- */

static const char *role_state(const struct recover_role_result *role)
{
	if (role->status == STATUS_CANCELLED)
		return "Cancelled";
	if (role->status != STATUS_OK)
		return "Failed";
	return role->problems > 0 ? "PartialSucceeded" : "Succeeded";
}

/* The row's texts are borrowed for the call. */
static enum status note_role(const struct restore_job *job, size_t position, struct error *err)
{
	const struct recover_role_result *role = &job->result.roles[position];
	char state[24], fault[32], message[1200];
	struct db_job_role row = {
		.position = (int)position,
		.role = role->role,
		.state = state,
		.entries = role->entries,
		.bytes = role->bytes,
		.files_read = role->files,
		.problems = role->problems,
	};
	(void)snprintf(row.job_id, sizeof row.job_id, "%s", jobs_run_job(job->run)->id);
	(void)snprintf(state, sizeof state, "%s", role_state(role));
	if (role->status != STATUS_OK) {
		(void)snprintf(fault, sizeof fault, "%s", status_name(role->status));
		row.error_status = fault;
		row.error_message = message;
		(void)error_text(&role->error, message, sizeof message);
	}
	return db_job_role_put(job->state, &row, err);
}

static enum status note_result(const struct restore_job *job, struct error *err)
{
	struct buffer text;
	AUTO_JSON result = recover_result_json(&job->result);
	if (result == NULL ||
	    json_object_set_new(result, "backupId", json_string(job->backup_id)) != 0)
		return fail_memory(err, "write job result");
	buffer_init(&text, RESULT_MAX);
	enum status status = json_write(result, &text, err);
	if (status == STATUS_OK)
		status = jobs_run_set_result(job->run, (const char *)text.data, err);
	for (size_t i = 0; i < job->result.role_count && status == STATUS_OK; i++)
		status = note_role(job, i, err);
	buffer_done(&text);
	return status;
}

/* What is wrong with a backup that is refused, in place of the bare refusal. */
static void explain(const struct recover_findings *findings, struct error *err)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct recover_finding *finding = &findings->items[i];
		if (!finding->is_fatal)
			continue;
		(void)fail(err, STATUS_INTEGRITY, "verify before restore", finding->path,
			   "%.300s; nothing was written", finding->text);
		return;
	}
}

static enum status restore(struct restore_job *job, struct error *err)
{
	const struct config *config = job->service->config;
	struct recover_options options = {
		.key = job->key,
		.targets = job->services,
		.target_count = config->service_count,
		.stamp_version = config->deployment.stamp_version,
		.cancel = jobs_run_cancel(job->run),
	};
	enum status status = recover_find(job->source, job->backup_id, &options.backup, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, STEP, job->backup_id,
			    "this backup is not on the share that is configured: it was deleted, "
			    "or was made on another share");
	if (status == STATUS_OK)
		status = choose_roles(job, options.backup, err);
	if (status != STATUS_OK)
		return status;
	options.roles = job->roles;
	status = recover_run(job->source, &options, &job->result, err);
	if (status == STATUS_INTEGRITY)
		explain(&job->result.findings, err);
	struct error fault = { .status = STATUS_OK };
	if (note_result(job, &fault) != STATUS_OK)
		log_error("what a restore did cannot be recorded", &fault);
	return status;
}

enum status backup_restore_run(struct jobs_run *run, void *context, struct error *err)
{
	struct restore_job *job = calloc(1, sizeof *job);
	if (job == NULL) {
		backup_restore_forget(context, jobs_run_job(run)->id);
		return fail_memory(err, STEP);
	}
	job->run = run;
	job->service = context;
	enum status status = db_pool_take(job->service->state, &job->state, err);
	if (status == STATUS_OK)
		status = read_parameters(job, err);
	if (status == STATUS_OK)
		status = open_key(job, err);
	/* Also when it came to nothing. */
	backup_restore_forget(job->service, jobs_run_job(run)->id);
	jobs_run_progress(run, "checking the share", 0, 0);
	if (status == STATUS_OK)
		status = open_source(job, err);
	if (status == STATUS_OK)
		status = list_services(job, err);
	if (status == STATUS_OK)
		status = restore(job, err);
	recover_result_done(&job->result);
	recover_source_close(job->source);
	backup_target_done(&job->target);
	private_key_free(job->key);
	db_pool_give(job->service->state, job->state);
	free(job->services);
	free(job->roles);
	free(job->role);
	free(job);
	return status;
}
