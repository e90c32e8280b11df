/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling jobs: our extension. A queued job is cancelled at once and answered as it is then; a
 * running one is asked to end, and 202 names where that can be seen. */
#include <string.h>

#include "api_private.h"

enum {
	/* Seconds within which a running job ends. */
	API_CANCEL_RETRY_AFTER = 5,
	API_REASON_MAX = 256,
};

static enum status api_reason_read(struct api_call *call, json_t **body, const char **reason,
				   struct error *err)
{
	const struct json_field field = { .name = "reason",
					  .type = JSON_FIELD_STRING,
					  .destination = reason,
					  .max = API_REASON_MAX };
	enum status status = api_body_read(call, true, body, err);

	if (status == STATUS_OK && *body != NULL)
		status = json_read_fields(*body, "$", &field, 1, JSON_UNKNOWN_IGNORE, true, err);
	if (status == STATUS_OK && *reason != NULL && !text_is_printable_utf8(*reason))
		status = fail_field(err, "reason", "found control characters; allowed is text");
	return status;
}

static enum status api_cancel_answer(struct api_call *call, const char *id, struct error *err)
{
	struct db_job job = { 0 };
	enum job_state state = JOB_RUNNING;
	enum status status = db_job_get(call->state, id, &job, err);

	if (status != STATUS_OK)
		return status;
	if (job_state_from_name(job.state, &state) && job_state_is_final(state))
		status = api_job_answer(call, &job, err);
	else
		api_answer_accepted_at(call, "operations", id, API_CANCEL_RETRY_AFTER);
	db_job_done(&job);
	return status;
}

static enum status api_cancel_job(struct api_call *call, const char *id, struct error *err)
{
	AUTO_JSON body = NULL;
	const char *reason = NULL;
	enum status status = api_reason_read(call, &body, &reason, err);

	if (status != STATUS_OK)
		return status;
	status = backup_cancel(call->api->settings.backup, call->state, id, call->caller.name,
			       reason, err);
	if (status == STATUS_CONFLICT)
		call->fault = API_FAULT_STATE;
	return status == STATUS_OK ? api_cancel_answer(call, id, err) : status;
}

/* @kind NULL: of any kind. */
static enum status api_cancel(struct api_call *call, const char *type, const char *kind,
			      struct error *err)
{
	struct db_job job = { 0 };
	enum status status = api_job_get(call, type, &job, err);

	if (status == STATUS_OK && kind != NULL && strcmp(job.kind, kind) != 0)
		status = api_resource_not_found(call, type, call->path.id, err);
	if (status == STATUS_OK)
		status = api_cancel_job(call, job.id, err);
	db_job_done(&job);
	return status;
}

enum status api_jobs_cancel(struct api_call *call, struct error *err)
{
	return api_cancel(call, API_OPERATION_TYPE, NULL, err);
}

enum status api_backups_cancel(struct api_call *call, struct error *err)
{
	return api_cancel(call, API_BACKUP_TYPE, "backup", err);
}
