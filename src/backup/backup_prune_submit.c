/* SPDX-License-Identifier: Apache-2.0 */
/* Requests about retention: prunes are queued, pins are set. Nothing here touches a share. */
#include <stdio.h>
#include <string.h>

#include "backup_prune.h"

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

/* The newest first: what comes before the newest automatic backup does not matter. */
struct due_search {
	bool is_decided;
	bool is_due;
};

static enum status see_job(const struct db_job *job, void *context, struct error *err)
{
	struct due_search *search = context;
	(void)err;
	bool is_backup = strcmp(job->kind, BACKUP_KIND_BACKUP) == 0;
	if (search->is_decided || (!is_backup && strcmp(job->kind, BACKUP_KIND_PRUNE) != 0))
		return STATUS_OK;
	search->is_decided = true;
	search->is_due = is_backup && job->is_automatic &&
			 (strcmp(job->state, "Succeeded") == 0 ||
			  strcmp(job->state, "PartialSucceeded") == 0);
	return STATUS_OK;
}

#define JOBS_LOOKED_AT 20

enum status backup_prune_submit_due(struct backup_service *service, struct db *state,
				    struct error *err)
{
	struct due_search search = { .is_decided = false };
	const struct backup_prune_request request = { .caller = "schedule", .is_automatic = true };
	char id[GUID_TEXT_SIZE];
	enum status status = db_job_list(state, service->config->deployment.location, NULL,
					 JOBS_LOOKED_AT, see_job, &search, err);
	if (status != STATUS_OK || !search.is_due)
		return status;
	return backup_prune_submit(service, state, &request, id, err);
}

/* --- pins --- */

struct pin {
	struct backup_service *service;
	const char *backup_id;
	int64_t until;
	bool is_busy;
};

static enum status see_prune(const struct db_job *job, void *context, struct error *err)
{
	struct pin *pin = context;
	(void)err;
	pin->is_busy = strcmp(job->state, "Running") == 0;
	return STATUS_OK;
}

/* In one step: a prune that starts later sees the pin, one that runs may have decided without it.
 */
static enum status set_pin(struct db *state, void *context, struct error *err)
{
	struct pin *pin = context;
	const char *location = pin->service->config->deployment.location;
	enum status status =
		db_job_list(state, location, BACKUP_KIND_PRUNE, 1, see_prune, pin, err);
	if (status == STATUS_OK && pin->is_busy)
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
	return db_transaction(state, set_pin, &pin, err);
}
