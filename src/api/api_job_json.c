/* SPDX-License-Identifier: Apache-2.0 */
/* The wire shape of a job with its progress: our extension beside the contract's resources. */
#include <string.h>

#include "api_private.h"

static json_t *api_foreign_or_null(const char *text)
{
	return text == NULL ? json_null() : json_foreign_text(text);
}

/* NULL members of the error are explicit, as everywhere. */
static json_t *api_job_error(const struct db_job *job)
{
	if (job->error_status == NULL && job->error_message == NULL)
		return json_null();
	return json_pack(
		"{s:s, s:o, s:s, s:o, s:o, s:o}", "code", "BcdrOperationException", "message",
		json_foreign_text(job->error_message == NULL ? "" : job->error_message),
		"failureClass", job->error_status == NULL ? "failed" : job->error_status, "step",
		api_foreign_or_null(job->error_step), "path", api_foreign_or_null(job->error_path),
		"cause", api_foreign_or_null(job->error_cause));
}

struct api_rate {
	int64_t bytes_per_second; /* -1: unknown */
	int64_t seconds_left;     /* -1: unknown */
};

static struct api_rate api_job_rate(const struct api_call *call, const struct db_job *job)
{
	struct api_rate rate = { .bytes_per_second = -1, .seconds_left = -1 };
	int64_t until =
		job->ended_time != 0 ? job->ended_time : clock_now(call->api->settings.clock);
	int64_t elapsed = until - job->started_time;

	if (job->started_time == 0 || elapsed <= 0)
		return rate;
	rate.bytes_per_second = (int64_t)((double)job->bytes_done * 1000.0 / (double)elapsed);
	if (job->ended_time == 0 && rate.bytes_per_second > 0 && job->bytes_total > 0) {
		uint64_t left =
			job->bytes_total > job->bytes_done ? job->bytes_total - job->bytes_done : 0;
		uint64_t speed = (uint64_t)rate.bytes_per_second;

		rate.seconds_left = (int64_t)(left / speed + (left % speed != 0));
	}
	return rate;
}

static json_t *api_number_or_null(int64_t number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *api_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *api_job_properties(const struct api_call *call, const struct db_job *job,
				  json_t *roles)
{
	struct api_rate rate = api_job_rate(call, job);
	json_t *properties = json_object();
	bool complete =
		api_set(properties, "operationId", json_string(job->id)) &&
		api_set(properties, "kind", json_string(job->kind)) &&
		api_set(properties, "state", json_string(job->state)) &&
		api_set(properties, "requestedBy", api_text_or_null(job->requested_by)) &&
		api_set(properties, "createdTime", api_time_or_null(job->created_time)) &&
		api_set(properties, "startedTime", api_time_or_null(job->started_time)) &&
		api_set(properties, "endedTime", api_time_or_null(job->ended_time)) &&
		api_set(properties, "phase", api_text_or_null(job->phase)) &&
		api_set(properties, "currentRole", json_null()) &&
		api_set(properties, "bytesDone", api_count(job->bytes_done)) &&
		api_set(properties, "bytesTotal",
			job->bytes_total == 0 ? json_null() : api_count(job->bytes_total)) &&
		api_set(properties, "bytesPerSecond", api_number_or_null(rate.bytes_per_second)) &&
		api_set(properties, "secondsLeft", api_number_or_null(rate.seconds_left)) &&
		api_set(properties, "roles", json_incref(roles)) &&
		api_set(properties, "retentionPlan", json_null()) &&
		api_set(properties, "error", api_job_error(job));

	if (!complete) {
		json_decref(properties);
		return NULL;
	}
	return properties;
}

json_t *api_job_json(const struct api_call *call, const struct db_job *job, json_t *roles)
{
	json_t *properties = api_job_properties(call, job, roles);
	char id[API_ID_SIZE];

	if (properties == NULL)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:o}", "id",
			 api_child_id(call, API_AS_REQUESTED, "operations", job->id, id), "name",
			 job->id, "type", API_OPERATION_TYPE, "properties", properties);
}

json_t *api_job_role_json(const struct db_job_role *role)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "roleName",
			 role->role, "state", role->state, "entries", api_count(role->entries),
			 "bytes", api_count(role->bytes), "newBytes", api_count(role->new_bytes),
			 "filesRead", api_count(role->files_read), "filesUnchanged",
			 api_count(role->files_unchanged), "problems", api_count(role->problems),
			 "error", api_foreign_or_null(role->error_message), "startedTime",
			 api_time_or_null(role->started_time), "endedTime",
			 api_time_or_null(role->ended_time), "takenFromBackupId",
			 api_text_or_null(role->taken_from));
}
