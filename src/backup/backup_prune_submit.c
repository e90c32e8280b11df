/* SPDX-License-Identifier: Apache-2.0 */
/* Requests about retention: prunes are queued, pins are set. Nothing here touches a share. */
#include <stdio.h>
#include <string.h>

#include "backup_kept.h"
#include "backup_prune.h"
#include "backup_scheduler.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

static enum status queue(struct backup_service *service, struct db *state,
			 const struct backup_prune_request *request, char id[GUID_TEXT_SIZE],
			 struct error *err)
{
	struct buffer text = { 0 };
	AUTO_JSON parameters = json_pack("{s:b, s:s?}", PARAMETER_DRY_RUN, request->is_dry,
					 PARAMETER_CONFIRM, request->confirm);
	if (parameters == NULL)
		return fail_field(err, "confirm",
				  "found text that is not UTF-8; send the id of "
				  "the plan as it was shown");
	enum status status = json_write(parameters, &text, err);
	if (status == STATUS_OK) {
		const struct backup_job_request job = {
			.kind = BACKUP_KIND_PRUNE,
			.caller = request->caller,
			.is_automatic = request->is_automatic,
			.parameters = (const char *)text.data,
		};
		status = backup_queue_job(service, state, &job, id, err);
	}
	buffer_done(&text);
	return status;
}

enum status backup_prune_submit(struct backup_service *service, struct db *state,
				const struct backup_prune_request *request,
				char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	struct backup_target target;
	enum status status = backup_target_load(service, state, &target, err);
	backup_target_done(&target);
	return status == STATUS_OK ? queue(service, state, request, operation_id, err) : status;
}

/* --- by itself --- */

/* One that only tells leaves everything to do. */
static bool is_dry_run(const struct db_job *job)
{
	AUTO_JSON parameters = NULL;
	return job->parameters != NULL &&
	       json_parse(job->parameters, strlen(job->parameters), &parameters, NULL) ==
		       STATUS_OK &&
	       json_is_true(json_object_get(parameters, PARAMETER_DRY_RUN));
}

/* The newest first: what comes before the newest backup or prune does not matter. */
struct due_search {
	bool is_decided;
	bool is_due;
};

static enum status see_job(const struct db_job *job, void *context, struct error *err)
{
	struct due_search *search = context;
	enum job_state state;
	(void)err;
	bool is_backup = strcmp(job->kind, BACKUP_KIND_BACKUP) == 0;
	bool is_prune = strcmp(job->kind, BACKUP_KIND_PRUNE) == 0 && !is_dry_run(job);
	if (search->is_decided || (!is_backup && !is_prune))
		return STATUS_OK;
	search->is_decided = true;
	search->is_due = is_backup && job_state_from_name(job->state, &state) &&
			 (state == JOB_SUCCEEDED || state == JOB_PARTIAL_SUCCEEDED);
	return STATUS_OK;
}

/* Whether there can be anything to do, by the database alone: a young location is not kept busy. */
struct work_search {
	int64_t oldest; /* what was completed before is expired */
	size_t kept;
	bool has_expired, has_deleted;
	int64_t trashed; /* what was in the trash before has had its grace */
	bool has_interrupted;
};

static enum status see_backup(const struct db_backup *backup, void *context, struct error *err)
{
	struct work_search *search = context;
	bool is_deleted = strcmp(backup->status, "Deleted") == 0;
	(void)err;
	search->kept += is_deleted ? 0 : 1;
	search->has_deleted = search->has_deleted || is_deleted;
	search->has_expired =
		search->has_expired || (!is_deleted && backup->completed_time < search->oldest);
	return STATUS_OK;
}

#define BACKUPS_LOOKED_AT 50

/* Its folder, when it had come to one, was moved to the trash by the backup after it. */
static enum status see_interrupted(const struct db_job *job, void *context, struct error *err)
{
	struct work_search *search = context;
	enum job_state state;
	(void)err;
	if (job->started_time != 0 && job->ended_time < search->trashed &&
	    job_state_from_name(job->state, &state) &&
	    (state == JOB_FAILED || state == JOB_CANCELLED))
		search->has_interrupted = true;
	return STATUS_OK;
}

static enum status find_work(struct backup_service *service, struct db *state, bool *out,
			     struct error *err)
{
	struct db_location location = { .name = NULL };
	const char *name = service->config->deployment.location;
	enum status status = db_location_get(state, name, &location, err);
	int64_t now = clock_now(service->clock);
	struct work_search search = { .oldest = now - location.retention_days * DAY_MS,
				      .trashed = now - service->config->engine.trash_grace };
	if (status == STATUS_OK)
		status = db_backup_list(state, name, see_backup, &search, err);
	if (status == STATUS_OK)
		status = db_job_list(state, name, BACKUP_KIND_BACKUP, BACKUPS_LOOKED_AT,
				     see_interrupted, &search, err);
	db_location_done(&location);
	*out = search.has_deleted || search.has_interrupted ||
	       (search.has_expired && search.kept > RETENTION_FLOOR);
	return status;
}

#define JOBS_LOOKED_AT 20

enum status backup_prune_submit_due(struct backup_service *service, struct db *state,
				    struct error *err)
{
	struct due_search search = { .is_decided = false };
	bool has_work = false;
	const struct backup_prune_request request = { .caller = BACKUP_SCHEDULER_CALLER,
						      .is_automatic = true };
	char id[GUID_TEXT_SIZE];
	enum status status = db_job_list(state, service->config->deployment.location, NULL,
					 JOBS_LOOKED_AT, see_job, &search, err);
	if (status == STATUS_OK && search.is_due)
		status = find_work(service, state, &has_work, err);
	if (status != STATUS_OK || !has_work)
		return status;
	status = backup_prune_submit(service, state, &request, id, err);
	/* Another job is in the way: its end brings us here again; so does that of the update that
	 * names a share after the location was cleared. */
	return status == STATUS_CONFLICT || status == STATUS_NOT_CONFIGURED ? STATUS_OK : status;
}

/* --- pins --- */

struct pin {
	struct backup_service *service;
	const char *backup_id;
	int64_t until;
};

/* In one step: a prune that starts later sees the pin, one that runs may have decided without it.
 */
static enum status set_pin(struct db *state, void *context, struct error *err)
{
	const struct pin *pin = context;
	const char *location = pin->service->config->deployment.location;
	bool is_busy = false;
	enum status status = db_job_is_running(state, location, BACKUP_KIND_PRUNE, &is_busy, err);
	if (status == STATUS_OK && is_busy)
		return fail(err, STATUS_CONFLICT, "pin backup", pin->backup_id,
			    "old backups are being deleted at this moment; try again when that has "
			    "ended");
	if (status == STATUS_OK)
		status = db_backup_pin(state, location, pin->backup_id, pin->until, err);
	return status;
}

enum status backup_pin(struct backup_service *service, struct db *state, const char *backup_id,
		       int64_t until, struct error *err)
{
	struct pin pin = { .service = service, .backup_id = backup_id, .until = until };
	enum status status = db_transaction(state, set_pin, &pin, err);
	/* The share does not say it before the next backup. */
	if (status == STATUS_OK)
		backup_kept_store(service, state);
	return status;
}
