/* SPDX-License-Identifier: Apache-2.0 */
/* Testing a share for a location: before it is stored, and as the job "connectionTest". */
#include <stdio.h>
#include <string.h>

#include "backup_connection.h"
#include "backup_submit.h"

#define STEP "test share"
/* ms that one call of the share may take: a test says that a share is slow, it does not wait. */
#define CALL_DEADLINE 15000L

static enum status keep_in_job(const struct backup_target *target, int64_t time,
			       const struct share_conformance *result, struct jobs_run *run,
			       struct buffer *report, struct error *err)
{
	AUTO_JSON json = backup_share_report_json(target->row.path, time, result);
	if (json == NULL)
		return fail_memory(err, STEP);
	report->max = BACKUP_CONNECTION_REPORT_MAX;
	enum status status = json_write(json, report, err);
	if (status == STATUS_OK)
		status = jobs_run_set_result(run, (const char *)report->data, err);
	return status;
}

/* What to do ends the sentence that names the check and what was found. */
static void add_remedy(const struct share_conformance *result, struct error *err)
{
	for (size_t i = 0; i < result->count; i++) {
		const struct share_check *check = &result->checks[i];
		if (check->result != SHARE_CHECK_FAILED)
			continue;
		size_t length = strlen(err->message);
		if (check->remedy != NULL)
			(void)snprintf(err->message + length, sizeof err->message - length,
				       ". To do: %s", check->remedy);
		return;
	}
}

static enum status test(struct backup_service *service, const struct backup_target *target,
			enum share_conformance_scope scope, const struct cancel *cancel,
			struct share_conformance *result, struct error *err)
{
	struct share_options options = backup_target_options(service, target, cancel);
	if (options.deadline > CALL_DEADLINE)
		options.deadline = CALL_DEADLINE;
	const struct share_conformance_settings settings = {
		.shares = service->shares,
		.share = &options,
		.scope = scope,
		.limit = SHARE_CONFORMANCE_LIMIT,
		.clock = service->clock,
	};
	return share_conformance_run(&settings, result, err);
}

enum status backup_connection_try(struct backup_service *service, struct jobs_run *run,
				  const struct backup_target *target,
				  enum share_conformance_scope scope, struct buffer *report,
				  struct error *err)
{
	struct share_conformance result;
	struct error failure = { .status = STATUS_OK };
	int64_t time = clock_now(service->clock);
	buffer_clear(report);
	jobs_run_progress(run, "testing the share", 0, 0);
	enum status tested = test(service, target, scope, jobs_run_cancel(run), &result, &failure);
	if (tested != STATUS_OK)
		add_remedy(&result, &failure);
	enum status status = STATUS_OK;
	if (result.count > 0)
		status = keep_in_job(target, time, &result, run, report, err);
	if (tested != STATUS_OK && err != NULL)
		*err = failure;
	return tested == STATUS_OK ? status : tested;
}

enum status backup_connection_keep(struct db *state, const struct buffer *report, struct error *err)
{
	return db_setting_set(state, SETTING_CONNECTION_REPORT, (const char *)report->data, err);
}

enum status backup_connection_report(struct db *state, struct buffer *out, struct error *err)
{
	enum status status = db_setting_get(state, SETTING_CONNECTION_REPORT, out, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	return fail(err, STATUS_NOT_FOUND, "read report", NULL,
		    "The share of the backup location has not been tested yet");
}

/* --- what is tested --- */

static bool is_same(const char *asked, const char *saved)
{
	return asked == NULL || (saved != NULL && strcmp(asked, saved) == 0);
}

/* Nobody who may only test a share shall be able to have the saved password sent to a server of his
 * own. */
static void forget_foreign_account(const json_t *parameters, struct db_location *row)
{
	const char *path = json_string_value(json_object_get(parameters, PARAMETER_PATH));
	const char *user = json_string_value(json_object_get(parameters, PARAMETER_USER_NAME));
	bool is_path_saved = is_same(path, row->path);
	if (!is_path_saved || !is_same(user, row->user_name))
		buffer_done(&row->password_sealed);
	if (!is_path_saved)
		free(TAKE(row->user_name));
}

static enum status check_account(const struct backup_target *target, struct error *err)
{
	if (strcmp(target->address.scheme, "smb") != 0)
		return STATUS_OK;
	if (target->row.user_name == NULL)
		return fail_field(err, "userName",
				  "missing; a server needs one, and the saved one belongs to the "
				  "saved path");
	if (secret_is_empty(&target->password))
		return fail_field(err, "password",
				  "missing; the saved one belongs to the saved path and user");
	return STATUS_OK;
}

/* The saved location with what @parameters say instead; NULL: as it is. */
static enum status load(struct backup_service *service, struct db *state, const json_t *parameters,
			struct backup_target *target, struct error *err)
{
	if (parameters == NULL)
		return backup_target_load(service, state, target, err);
	memset(target, 0, sizeof *target);
	struct db_location *row = &target->row;
	enum status status = db_location_get(state, service->config->deployment.location, row, err);
	if (status != STATUS_OK)
		return status;
	forget_foreign_account(parameters, row);
	status = backup_parameter_take_text(parameters, PARAMETER_PATH, &row->path, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_text(parameters, PARAMETER_USER_NAME,
						    &row->user_name, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_bytes(parameters, PARAMETER_PASSWORD,
						     &row->password_sealed, err);
	if (status == STATUS_OK && row->path == NULL)
		status = fail_field(err, "path", "missing, and no share is configured yet");
	if (status == STATUS_OK)
		status = backup_target_prepare(service, target, err);
	return status == STATUS_OK ? check_account(target, err) : status;
}

/* --- the request --- */

static enum status check(const struct backup_connection *connection, struct error *err)
{
	struct share_address address;
	enum status status = STATUS_OK;
	if (connection->path != NULL)
		status = share_address_parse(connection->path, "path", &address, err);
	if (status == STATUS_OK)
		status = backup_check_user_name("userName", connection->user_name, err);
	return status;
}

/* *@out stays NULL when nothing is asked for but the saved one. */
static enum status make_parameters(struct backup_service *service,
				   const struct backup_connection *connection, json_t **out,
				   struct error *err)
{
	if (connection->path == NULL && connection->user_name == NULL &&
	    connection->password == NULL)
		return STATUS_OK;
	*out = json_object();
	if (*out == NULL)
		return fail_memory(err, STEP);
	enum status status = backup_parameter_put_text(*out, PARAMETER_PATH, connection->path, err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(*out, PARAMETER_USER_NAME, connection->user_name,
						   err);
	if (status == STATUS_OK)
		status = backup_parameter_put_password(service, *out, connection->password, err);
	return status;
}

struct submission {
	struct backup_service *service;
	struct backup_job_request request;
	char *id;
};

/* The newest test is the only one that may not be over. */
static enum status refuse_second(const struct db_job *job, void *context, struct error *err)
{
	enum job_state state;
	(void)context;
	if (job_state_from_name(job->state, &state) && job_state_is_final(state))
		return STATUS_OK;
	return fail(err, STATUS_CONFLICT, STEP, job->location,
		    "the test %s of this location, requested by %s, is not over yet; wait for it "
		    "or cancel it",
		    job->id, job->requested_by);
}

static enum status add(struct db *state, void *context, struct error *err)
{
	const struct submission *submission = context;
	struct backup_service *service = submission->service;
	enum status status = db_job_list(state, service->config->deployment.location,
					 BACKUP_KIND_CONNECTION_TEST, 1, refuse_second, NULL, err);
	if (status == STATUS_OK)
		status = backup_add_job(service, state, &submission->request, submission->id, err);
	return status;
}

static enum status queue(struct backup_service *service, struct db *state, const json_t *parameters,
			 const char *caller, char id[GUID_TEXT_SIZE], struct error *err)
{
	struct buffer text;
	buffer_init(&text, 4u << 20);
	struct submission submission = {
		.service = service,
		.request = { .kind = BACKUP_KIND_CONNECTION_TEST, .caller = caller },
		.id = id,
	};
	enum status status = STATUS_OK;
	if (parameters != NULL)
		status = json_write(parameters, &text, err);
	if (status == STATUS_OK) {
		submission.request.parameters = parameters == NULL ? NULL : (const char *)text.data;
		status = db_transaction(state, add, &submission, err);
	}
	buffer_done(&text);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}

enum status backup_connection_submit(struct backup_service *service, struct db *state,
				     const struct backup_connection *connection, const char *caller,
				     char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	AUTO_JSON parameters = NULL;
	struct backup_target target = { .row = { .name = NULL } };
	enum status status = check(connection, err);
	if (status == STATUS_OK)
		status = make_parameters(service, connection, &parameters, err);
	if (status == STATUS_OK)
		status = load(service, state, parameters, &target, err);
	backup_target_done(&target);
	if (status == STATUS_OK)
		status = queue(service, state, parameters, caller, operation_id, err);
	return status;
}

/* --- the job --- */

static enum status load_for_job(struct backup_service *service, const struct db_job *job,
				struct backup_target *target, struct error *err)
{
	AUTO_JSON parameters = NULL;
	struct db *state = NULL;
	enum status status = STATUS_OK;
	if (job->parameters != NULL)
		status = json_parse(job->parameters, strlen(job->parameters), &parameters, err);
	if (status == STATUS_OK)
		status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = load(service, state, parameters, target, err);
	db_pool_give(service->state, state);
	return status;
}

struct keeping {
	const struct backup_target *target;
	const struct buffer *report;
};

/* Not when the location was changed while its share was tested. */
static enum status keep_if_unchanged(struct db *state, void *context, struct error *err)
{
	const struct keeping *keeping = context;
	const struct db_location *tested = &keeping->target->row;
	struct db_location now;
	memset(&now, 0, sizeof now);
	enum status status = db_location_get(state, tested->name, &now, err);
	if (status == STATUS_OK && now.changed_time == tested->changed_time)
		status = backup_connection_keep(state, keeping->report, err);
	db_location_done(&now);
	return status;
}

static enum status keep_report(struct backup_service *service, const struct backup_target *target,
			       const struct buffer *report, struct error *err)
{
	struct keeping keeping = { target, report };
	struct db *state = NULL;
	enum status status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = db_transaction(state, keep_if_unchanged, &keeping, err);
	db_pool_give(service->state, state);
	return status;
}

/* A report about a bad share is a good result; no report, or half of one, is none. */
enum status backup_connection_run(struct jobs_run *run, void *context, struct error *err)
{
	struct backup_service *service = context;
	const struct db_job *job = jobs_run_job(run);
	struct backup_target target = { .row = { .name = NULL } };
	struct buffer report;
	buffer_init(&report, BACKUP_CONNECTION_REPORT_MAX);
	enum status status = load_for_job(service, job, &target, err);
	if (status == STATUS_OK) {
		status = backup_connection_try(service, run, &target, SHARE_CONFORMANCE_WHOLE,
					       &report, err);
		if (cancel_is_requested(jobs_run_cancel(run)))
			status = fail(err, STATUS_CANCELLED, STEP, target.row.path,
				      "the test was cancelled");
		else if (report.length > 0)
			status = STATUS_OK;
	}
	if (status == STATUS_OK && job->parameters == NULL)
		status = keep_report(service, &target, &report, err);
	buffer_done(&report);
	backup_target_done(&target);
	return status;
}
