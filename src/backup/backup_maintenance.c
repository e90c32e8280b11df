/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance of the cloud: begins, if wanted after a backup; no backup is made while it is on; one
 * is made after its end unless that is declined. */
#include <stdio.h>
#include <string.h>

#include "backup_maintenance.h"

static const char STEP[] = "begin maintenance";

static const char *const operations[] = { "Update", "HardwareReplacement", "SecretRotation" };

enum backup_maintenance_state backup_maintenance_state(const struct db_maintenance *maintenance)
{
	if (maintenance->sequence == 0)
		return BACKUP_MAINTENANCE_NONE;
	if (maintenance->ended_time != 0)
		return maintenance->started_time != 0 ? BACKUP_MAINTENANCE_ENDED
						      : BACKUP_MAINTENANCE_NOT_BEGUN;
	return maintenance->started_time != 0 ? BACKUP_MAINTENANCE_ACTIVE
					      : BACKUP_MAINTENANCE_PENDING;
}

enum status backup_maintenance_read(struct backup_service *service, struct db *state,
				    struct db_maintenance *out, struct error *err)
{
	enum status status =
		db_maintenance_newest(state, service->config->deployment.location, out, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void backup_maintenance_describe(const struct db_maintenance *maintenance, char *text, size_t size)
{
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	bool is_planned = maintenance->planned_end != 0;
	(void)snprintf(text, size, "maintenance (%s) is on since %s, begun by %s%s%s",
		       maintenance->operation, clock_text(maintenance->started_time, since),
		       maintenance->requested_by, is_planned ? ", planned until " : "",
		       is_planned ? clock_text(maintenance->planned_end, until) : "");
}

enum status backup_maintenance_refuse(struct backup_service *service, struct db *state,
				      struct error *err)
{
	struct db_maintenance newest;
	char text[384];
	enum status status = backup_maintenance_read(service, state, &newest, err);
	if (status != STATUS_OK || backup_maintenance_state(&newest) != BACKUP_MAINTENANCE_ACTIVE)
		return status;
	backup_maintenance_describe(&newest, text, sizeof text);
	return fail(err, STATUS_CONFLICT, "queue backup", NULL,
		    "%s, and no backup is made meanwhile; end it first", text);
}

/* --- what follows from jobs --- */

static enum status begin_after_backup(struct backup_service *service, struct db *state,
				      struct db_maintenance *maintenance, struct error *err)
{
	struct db_job job = { .id = "" };
	enum job_state job_state = JOB_FAILED;
	int64_t now = clock_now(service->clock);
	enum status status = db_job_get(state, maintenance->backup_before, &job, err);
	if (status != STATUS_OK)
		return status;
	bool is_over = job_state_from_name(job.state, &job_state) && job_state_is_final(job_state);
	if (job_state == JOB_SUCCEEDED || job_state == JOB_PARTIAL_SUCCEEDED) {
		maintenance->started_time = now;
	} else if (is_over) {
		maintenance->ended_time = now;
		(void)snprintf(maintenance->note, sizeof maintenance->note,
			       "it did not begin: the backup before it ended as %s%s%.300s",
			       job.state, job.error_message != NULL ? ", " : "",
			       job.error_message != NULL ? job.error_message : "");
	}
	db_job_done(&job);
	return is_over ? db_maintenance_put(state, maintenance, err) : STATUS_OK;
}

static enum status queue_after(struct backup_service *service, struct db *state,
			       struct db_maintenance *maintenance, bool *is_queued,
			       struct error *err)
{
	const struct backup_job_request request = { .kind = BACKUP_KIND_BACKUP,
						    .caller = maintenance->ended_by };
	enum status status =
		backup_add_job(service, state, &request, maintenance->backup_after, err);
	/* Another job is in the way: its end brings us here again. */
	if (status == STATUS_CONFLICT)
		return STATUS_OK;
	*is_queued = status == STATUS_OK;
	return status == STATUS_OK ? db_maintenance_put(state, maintenance, err) : status;
}

enum status backup_maintenance_settle(struct backup_service *service, struct db *state,
				      struct db_maintenance *maintenance, bool *is_after_queued,
				      struct error *err)
{
	*is_after_queued = false;
	enum status status = backup_maintenance_read(service, state, maintenance, err);
	if (status != STATUS_OK)
		return status;
	switch (backup_maintenance_state(maintenance)) {
	case BACKUP_MAINTENANCE_PENDING:
		return begin_after_backup(service, state, maintenance, err);
	case BACKUP_MAINTENANCE_ENDED:
		if (!maintenance->is_backup_after || maintenance->backup_after[0] != '\0')
			return STATUS_OK;
		return queue_after(service, state, maintenance, is_after_queued, err);
	default:
		return STATUS_OK;
	}
}

/* --- what people do --- */

static enum status check_request(struct backup_service *service,
				 const struct backup_maintenance_request *request,
				 struct error *err)
{
	bool is_known = false;
	for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
		is_known = is_known || strcmp(operations[i], request->operation) == 0;
	if (!is_known)
		return fail_field(err, "operation",
				  "found '%.32s', allowed are Update, HardwareReplacement and "
				  "SecretRotation",
				  text_is_printable_utf8(request->operation) ? request->operation
									     : "?");
	if (request->planned_end != 0 && request->planned_end <= clock_now(service->clock))
		return fail_field(err, "plannedEnd", "found a time that has passed");
	return STATUS_OK;
}

struct beginning {
	struct backup_service *service;
	const struct backup_maintenance_request *request;
	const char *caller;
	struct db_maintenance *out;
};

static enum status add_window(struct db *state, void *context, struct error *err)
{
	const struct beginning *beginning = context;
	struct backup_service *service = beginning->service;
	struct db_maintenance row = { .planned_end = beginning->request->planned_end };
	const struct backup_job_request job = { .kind = BACKUP_KIND_BACKUP,
						.caller = beginning->caller };
	enum status status = STATUS_OK;
	(void)snprintf(row.operation, sizeof row.operation, "%s", beginning->request->operation);
	(void)snprintf(row.requested_by, sizeof row.requested_by, "%s", beginning->caller);
	row.created_time = clock_now(service->clock);
	if (beginning->request->backup_before)
		status = backup_add_job(service, state, &job, row.backup_before, err);
	else
		row.started_time = row.created_time;
	if (status == STATUS_OK)
		status = db_maintenance_add(state, service->config->deployment.location, &row, err);
	if (status == STATUS_EXISTS)
		status = fail(err, STATUS_CONFLICT, STEP, NULL,
			      "maintenance is on already, or about to begin; end it first");
	if (status == STATUS_OK)
		*beginning->out = row;
	return status;
}

enum status backup_maintenance_begin(struct backup_service *service, struct db *state,
				     const struct backup_maintenance_request *request,
				     const char *caller, struct db_maintenance *out,
				     struct error *err)
{
	struct beginning beginning = { service, request, caller, out };
	enum status status = check_request(service, request, err);
	if (status == STATUS_OK && request->backup_before)
		status = backup_check_configured(service, state, err);
	if (status == STATUS_OK)
		status = db_transaction(state, add_window, &beginning, err);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}

struct end {
	struct backup_service *service;
	const char *caller;
	bool backup_after;
	struct db_maintenance *out;
};

static enum status end_window(struct db *state, void *context, struct error *err)
{
	const struct end *end = context;
	struct backup_service *service = end->service;
	struct db_maintenance *row = end->out;
	/* What fell due until now was skipped. */
	enum status status = backup_scheduler_look(service, state, err);
	if (status == STATUS_OK)
		status = backup_maintenance_read(service, state, row, err);
	if (status != STATUS_OK)
		return status;
	if (row->sequence == 0 || row->ended_time != 0)
		return fail(err, STATUS_CONFLICT, "end maintenance", NULL, "no maintenance is on");
	row->ended_time = clock_now(service->clock);
	(void)snprintf(row->ended_by, sizeof row->ended_by, "%s", end->caller);
	/* One that never began has its backup behind it. */
	row->is_backup_after = end->backup_after && row->started_time != 0 &&
			       backup_check_configured(service, state, NULL) == STATUS_OK;
	if (row->started_time == 0)
		(void)snprintf(row->note, sizeof row->note,
			       "it was ended before the backup before it was over");
	status = db_maintenance_put(state, row, err);
	if (status == STATUS_OK)
		status = backup_scheduler_look(service, state, err);
	return status == STATUS_OK ? backup_maintenance_read(service, state, row, err) : status;
}

enum status backup_maintenance_end(struct backup_service *service, struct db *state,
				   bool backup_after, const char *caller,
				   struct db_maintenance *out, struct error *err)
{
	struct end end = { service, caller, backup_after, out };
	enum status status = db_transaction(state, end_window, &end, err);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}
