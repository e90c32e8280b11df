/* SPDX-License-Identifier: Apache-2.0 */
/* What a 202's Location and Azure-AsyncOperation lead to: still running, the finished resource, or
 * the failure (CONTRACT 9). */
#include <string.h>

#include "infrabackup/jobs.h"

#include "api_private.h"

enum {
	/* Seconds between polls of Location and of Azure-AsyncOperation, as recorded. */
	API_POLL_RETRY_AFTER = 60,
	API_ASYNC_RETRY_AFTER = 30,
};

/* What the job left besides its state; NULL: nothing. */
static json_t *api_result_parse(const struct db_job *job)
{
	json_t *result = NULL;

	if (job->result != NULL)
		status_ignore(json_parse(job->result, strlen(job->result), &result, NULL));
	return result;
}

/* What the message is about is not all that was found: the checks of a share that does not do, the
 * backups that are damaged. */
static json_t *api_result_information(const struct db_job *job)
{
	static const struct {
		const char *kind, *type;
	} known[] = {
		{ "locationUpdate", "ShareTest" },
		{ "connectionTest", "ShareTest" },
		{ "verify", "Verification" },
		{ "restore", "Restore" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		if (strcmp(job->kind, known[i].kind) == 0)
			return json_pack("[{s:s, s:o}]", "type", known[i].type, "info",
					 api_result_parse(job));
	return NULL;
}

static enum status api_result_failed(struct api_call *call, const struct db_job *job,
				     struct error *err)
{
	const char *message = job->error_message;
	if (message == NULL)
		message = strcmp(job->state, "Cancelled") == 0 ? "The operation was cancelled"
							       : "The operation failed";
	AUTO_JSON error = api_error_json("BcdrOperationException", message, NULL);
	json_t *information = job->result == NULL ? NULL : api_result_information(job);

	if (error == NULL ||
	    (information != NULL && !api_set(error, "additionalInfo", information)))
		return fail_memory(err, "show the operation");
	http_response_header(call->response, "x-ms-failure-cause", "service");
	return api_answer_json(call->response, 500, API_JSON,
			       json_pack("{s:O, s:{s:s}}", "error", error, "properties",
					 "provisioningState", "Failed"),
			       err);
}

static enum status api_result_location(struct api_call *call, json_t **out, struct error *err)
{
	struct db_location location = { 0 };
	enum status status = db_location_get(
		call->state, call->api->settings.config->deployment.location, &location, err);

	if (status != STATUS_OK)
		return status;
	*out = api_location_json(call, API_CANONICAL, &location);
	db_location_done(&location);
	return STATUS_OK;
}

/* Not told any more in 2021-09-01. */
static json_t *api_wrapped_key(const struct api_call *call, const struct db_job *job)
{
	if (call->version >= API_2021_09_01)
		return json_null();

	AUTO_JSON result = api_result_parse(job);
	json_t *key = json_object_get(result, "encryptedBackupEncryptionKey");
	return json_is_string(key) ? json_incref(key) : json_null();
}

static json_t *api_kilobytes(uint64_t bytes)
{
	return json_integer((json_int_t)((bytes + 1023) / 1024));
}

static enum status api_result_backup(struct api_call *call, const struct db_job *job, json_t **out,
				     struct error *err)
{
	struct db_backup backup = { 0 };
	struct db_verification verification = { .backup_id = "" };
	enum status status = db_backup_get(call->state, job->location, job->id, &backup, err);

	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_BACKUP_TYPE, job->id, err);
	if (status == STATUS_OK)
		status = db_verification_get(call->state, job->id, &verification, err);
	if (status != STATUS_OK) {
		db_backup_done(&backup);
		return status;
	}

	struct api_backup_view view = api_backup_view_committed(&backup, &verification);
	json_t *roles = NULL;
	AUTO_JSON json = api_backup_json(call, API_CANONICAL, &view, &roles);
	json_t *info = json_object_get(json_object_get(json, "properties"), "backupInfo");
	bool complete = api_set(info, "encryptedBackupEncryptionKey", api_wrapped_key(call, job)) &&
			api_set(info, "backupSizeInKb", api_kilobytes(backup.bytes)) &&
			api_set(info, "compressedBackupSizeInKb", api_kilobytes(backup.new_bytes));

	db_verification_done(&verification);
	db_backup_done(&backup);
	status = complete ? api_backup_roles(call, job->id, roles, err)
			  : fail_memory(err, "show the operation");
	if (status == STATUS_OK)
		*out = json_incref(json);
	return status;
}

static enum status api_result_empty(struct api_call *call)
{
	call->response->status = 200;
	return STATUS_OK;
}

/* The result of a restore is empty and cannot say that a role is missing: its failure does. */
static bool api_has_failed(const struct db_job *job)
{
	enum job_state state;

	return !job_state_from_name(job->state, &state) ||
	       (job_state_is_final(state) && state != JOB_SUCCEEDED &&
		(state != JOB_PARTIAL_SUCCEEDED || strcmp(job->kind, "restore") == 0));
}

static bool api_is_running(const struct db_job *job)
{
	enum job_state state;

	return job_state_from_name(job->state, &state) && !job_state_is_final(state);
}

/* What the job made or changed, as of now. *@out may become NULL: memory was out. */
static enum status api_result_resource(struct api_call *call, const struct db_job *job,
				       json_t **out, struct error *err)
{
	if (strcmp(job->kind, "backup") == 0)
		return api_result_backup(call, job, out, err);
	if (strcmp(job->kind, "prune") == 0)
		*out = api_prune_json(call, job);
	else if (strcmp(job->kind, "connectionTest") == 0 || strcmp(job->kind, "verify") == 0)
		*out = api_result_parse(job);
	else if (strcmp(job->kind, "restore") == 0)
		*out = json_null();
	else
		return api_result_location(call, out, err);
	return STATUS_OK;
}

/* The prune had Azure-AsyncOperation before the others. */
static bool api_has_async(const struct api_call *call, const struct db_job *job)
{
	return call->version >= API_2021_09_01 || strcmp(job->kind, "prune") == 0;
}

static bool api_is_asked_async(const struct api_call *call, const struct db_job *job)
{
	const char *asked = http_request_query(call->request, "IsAsyncOperation");

	return asked != NULL && strcmp(asked, "1") == 0 && api_has_async(call, job);
}

static enum status api_result_running(struct api_call *call, const struct db_job *job,
				      struct error *err)
{
	if (!api_has_async(call, job))
		return api_answer_accepted(call, job->id, API_POLL_RETRY_AFTER, err);
	if (!api_is_asked_async(call, job))
		return api_answer_accepted_async(call, job->id, API_POLL_RETRY_AFTER, err);

	enum status status = api_answer_accepted_async(call, job->id, API_ASYNC_RETRY_AFTER, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON,
			       json_pack("{s:s, s:{s:s}}", "status", "Accepted", "properties",
					 "provisioningState", "Accepted"),
			       err);
}

/* Of the resource what says something about it: {"status","id","name","properties"}. */
static json_t *api_async_json(const json_t *resource)
{
	static const char *const members[] = { "id", "name", "properties" };
	AUTO_JSON json = json_pack("{s:s}", "status", "Succeeded");

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		json_t *member = json_object_get(resource, members[i]);

		if (member != NULL && !api_set(json, members[i], json_incref(member)))
			return NULL;
	}
	return json == NULL ? NULL : json_incref(json);
}

static enum status api_result_done(struct api_call *call, const struct db_job *job,
				   struct error *err)
{
	AUTO_JSON resource = NULL;
	enum status status = api_result_resource(call, job, &resource, err);

	if (status != STATUS_OK)
		return status;
	if (resource == NULL)
		return fail_memory(err, "show the operation");
	return api_answer_json(call->response, 200, API_JSON,
			       api_is_asked_async(call, job) ? api_async_json(resource)
							     : json_incref(resource),
			       err);
}

static enum status api_result_answer(struct api_call *call, const struct db_job *job,
				     struct error *err)
{
	if (api_is_running(job))
		return api_result_running(call, job, err);
	if (api_has_failed(job))
		return api_result_failed(call, job, err);
	if (strcmp(job->kind, "restore") == 0 && call->version < API_2021_09_01)
		return api_result_empty(call);
	return api_result_done(call, job, err);
}

enum status api_operation_results_get(struct api_call *call, struct error *err)
{
	struct db_job job = { 0 };
	enum status status = api_job_get(call, API_LOCATION_TYPE "/operationResults", &job, err);

	if (status != STATUS_OK)
		return status;
	status = api_result_answer(call, &job, err);
	db_job_done(&job);
	return status;
}
