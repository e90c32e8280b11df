/* SPDX-License-Identifier: Apache-2.0 */
/* Queueing verifications: asked for, and by themselves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

/* Less than this is not worth opening the share for. */
#define WORTH_BYTES (256ull << 20)
/* After one that failed: whatever it was, asking the share every hour does not mend it. */
#define RETRY_MS (4 * 60 * 60 * 1000LL)
#define JOBS_LOOKED_AT 20

static const char *const depth_names[BACKUP_VERIFY_DEPTH_COUNT] = {
	[BACKUP_VERIFY_HASHES] = "Hashes",
	[BACKUP_VERIFY_CONTENT] = "Content",
	[BACKUP_VERIFY_FILES] = "Files",
};

const char *backup_verify_depth_name(enum backup_verify_depth depth)
{
	return depth_names[depth];
}

bool backup_verify_depth_parse(const char *name, enum backup_verify_depth *out)
{
	for (size_t i = 0; i < BACKUP_VERIFY_DEPTH_COUNT; i++)
		if (strcmp(depth_names[i], name) == 0) {
			*out = (enum backup_verify_depth)i;
			return true;
		}
	return false;
}

static enum status queue(struct backup_service *service, struct db *state, const char *caller,
			 bool is_automatic, const json_t *parameters, char id[GUID_TEXT_SIZE],
			 struct error *err)
{
	struct buffer text;
	buffer_init(&text, 4096);
	if (parameters == NULL)
		return fail_memory(err, "queue verification");
	enum status status = json_write(parameters, &text, err);
	if (status == STATUS_OK) {
		const struct backup_job_request request = {
			.kind = BACKUP_KIND_VERIFY,
			.caller = caller,
			.is_automatic = is_automatic,
			.parameters = (const char *)text.data,
		};
		status = backup_queue_job(service, state, &request, id, err);
	}
	buffer_done(&text);
	return status;
}

/* --- asked for --- */

struct interrupted_search {
	const char *backup_id; /* NULL: all */
	const char *depth;
	bool is_found; /* the newest of that was seen */
	int64_t since; /* of it when it did not come to its end; else as it was */
};

static bool was_interrupted(const struct db_job *job)
{
	if (strcmp(job->state, "Cancelled") == 0)
		return true;
	return strcmp(job->state, "Failed") == 0 && job->error_status != NULL &&
	       strcmp(job->error_status, status_name(STATUS_INTEGRITY)) != 0;
}

static bool is_same(const char *left, const char *right)
{
	return left == right || (left != NULL && right != NULL && strcmp(left, right) == 0);
}

static enum status see_earlier(const struct db_job *job, void *context, struct error *err)
{
	struct interrupted_search *search = context;
	AUTO_JSON parameters = NULL;
	(void)err;
	if (search->is_found || job->is_automatic || job->parameters == NULL ||
	    json_parse(job->parameters, strlen(job->parameters), &parameters, NULL) != STATUS_OK)
		return STATUS_OK;
	const char *backup_id =
		json_string_value(json_object_get(parameters, VERIFY_PARAMETER_BACKUP));
	const char *depth = json_string_value(json_object_get(parameters, VERIFY_PARAMETER_DEPTH));
	if (depth == NULL || !is_same(backup_id, search->backup_id))
		return STATUS_OK;
	search->is_found = true;
	if (was_interrupted(job) && strcmp(depth, search->depth) == 0)
		search->since =
			json_integer_value(json_object_get(parameters, VERIFY_PARAMETER_SINCE));
	return STATUS_OK;
}

enum status backup_verify_submit(struct backup_service *service, struct db *state,
				 const char *backup_id, enum backup_verify_depth depth,
				 const char *caller, char operation_id[GUID_TEXT_SIZE],
				 struct error *err)
{
	const char *location = service->config->deployment.location;
	int64_t now = clock_now(service->clock);
	struct interrupted_search search = { .backup_id = backup_id,
					     .depth = backup_verify_depth_name(depth),
					     .since = now };
	struct backup_target target;
	struct db_backup backup;
	memset(&backup, 0, sizeof backup);
	enum status status = backup_target_load(service, state, &target, err);
	if (status == STATUS_OK && backup_id != NULL)
		status = db_backup_get(state, location, backup_id, &backup, err);
	if (status == STATUS_OK)
		status = db_job_list(state, location, BACKUP_KIND_VERIFY, JOBS_LOOKED_AT,
				     see_earlier, &search, err);
	if (search.since < now - VERIFY_DAY_MS || search.since > now)
		search.since = now;
	if (status == STATUS_OK) {
		AUTO_JSON parameters =
			json_pack("{s:s*, s:s, s:I}", VERIFY_PARAMETER_BACKUP,
				  backup_id == NULL ? NULL : backup.id, VERIFY_PARAMETER_DEPTH,
				  search.depth, VERIFY_PARAMETER_SINCE, (json_int_t)search.since);
		status = queue(service, state, caller, false, parameters, operation_id, err);
	}
	db_backup_done(&backup);
	backup_target_done(&target);
	return status;
}

/* --- by itself --- */

static enum status see_last(const struct db_job *job, void *context, struct error *err)
{
	int64_t *failed_time = context;
	(void)err;
	if (job->is_automatic && *failed_time < 0)
		*failed_time = strcmp(job->state, "Failed") == 0 ? job->ended_time : 0;
	return STATUS_OK;
}

static enum status read_complete(struct db *state, int64_t *out, struct error *err)
{
	struct buffer text;
	*out = 0;
	buffer_init(&text, 64);
	enum status status = db_setting_get(state, SETTING_VERIFY_COMPLETE, &text, err);
	if (status == STATUS_OK)
		(void)sscanf((const char *)text.data, "%" SCNd64, out);
	buffer_done(&text);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Whether the share would have anything for it to do. */
static enum status has_work(struct backup_service *service, struct db *state, int64_t now,
			    bool *out, struct error *err)
{
	const char *location = service->config->deployment.location;
	struct db_backup newest;
	int64_t complete = 0, failed_time = -1;
	memset(&newest, 0, sizeof newest);
	*out = false;
	enum status status = db_backup_newest(state, location, &newest, err);
	int64_t newest_time = newest.completed_time;
	db_backup_done(&newest);
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = read_complete(state, &complete, err);
	if (status == STATUS_OK)
		status = db_job_list(state, location, BACKUP_KIND_VERIFY, JOBS_LOOKED_AT, see_last,
				     &failed_time, err);
	if (failed_time > 0 && now - failed_time < RETRY_MS && now >= failed_time)
		return status;
	*out = newest_time >= complete || now - complete >= VERIFY_DAY_MS || now < complete;
	return status;
}

static enum status may_run(struct backup_service *service, struct db *state, int64_t now, bool *out,
			   struct error *err)
{
	uint64_t budget = service->config->engine.verify_bytes_per_day, left = 0;
	bool is_busy = false;
	enum status status = verify_account_left(service, state, now, &left, err);
	if (status == STATUS_OK)
		status = db_job_goes_before_verify(state, service->config->deployment.location,
						   true, &is_busy, err);
	*out = !is_busy && left >= (budget < WORTH_BYTES ? budget : WORTH_BYTES);
	return status;
}

enum status backup_verify_due(struct backup_service *service, struct db *state, int64_t now,
			      char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	struct backup_target target;
	bool go = false;
	operation_id[0] = '\0';
	if (service->config->engine.verify_bytes_per_day == 0)
		return STATUS_OK;
	enum status status = backup_target_load(service, state, &target, err);
	backup_target_done(&target);
	if (status == STATUS_NOT_CONFIGURED)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = has_work(service, state, now, &go, err);
	if (status == STATUS_OK && go)
		status = may_run(service, state, now, &go, err);
	if (status != STATUS_OK || !go)
		return status;
	AUTO_JSON parameters = json_pack("{s:s}", VERIFY_PARAMETER_DEPTH,
					 backup_verify_depth_name(BACKUP_VERIFY_FILES));
	status = queue(service, state, "schedule", true, parameters, operation_id, err);
	return status == STATUS_CONFLICT ? STATUS_OK : status;
}
