/* SPDX-License-Identifier: Apache-2.0 */
/* Queues what is due. A run and the point of the grid that it uses up are stored in one
 * transaction: whenever the process ends, either both are there or none. */
#include <stdio.h>
#include <string.h>

#include "backup_maintenance.h"

#define HOUR_MS (60 * 60 * 1000LL)
/* Nothing is planned, or another job is in the way, whose end wakes us. */
#define NOTHING_DUE_MS (60 * 1000LL)

static struct backup_schedule read_schedule(const struct db_location *row,
					    const struct db_schedule *stored)
{
	return (struct backup_schedule) {
		.frequency = row->frequency_hours * HOUR_MS,
		.next = stored->next_backup_time,
		.last = stored->last_slot_time,
		.is_enabled =
			row->scheduler_enabled && row->path != NULL && row->certificate.length > 0,
		.is_owed = stored->is_owed,
	};
}

static void write_schedule(const struct backup_schedule *schedule, struct db_schedule *stored)
{
	stored->next_backup_time = schedule->next;
	stored->last_slot_time = schedule->last;
	stored->is_owed = schedule->is_owed;
}

enum status backup_scheduler_change(struct backup_service *service, struct db *state,
				    struct db_location *row, struct db_schedule *schedule,
				    struct error *err)
{
	struct db_location before = { .name = NULL };
	int64_t now = clock_now(service->clock);
	enum status status = db_location_get(state, row->name, &before, err);
	if (status == STATUS_OK)
		status = db_schedule_get(state, row->name, schedule, err);
	if (status == STATUS_OK) {
		struct backup_schedule old = read_schedule(&before, schedule);
		struct backup_schedule wanted = read_schedule(row, schedule);
		wanted = backup_schedule_change(&old, wanted.frequency, wanted.is_enabled, now);
		write_schedule(&wanted, schedule);
		row->next_backup_time = schedule->next_backup_time;
	}
	db_location_done(&before);
	return status;
}

/* One look, in one transaction. */
struct look {
	struct backup_service *service;
	const char *location;
	struct db_maintenance maintenance;
	int64_t now, next; /* next: point to come, 0: none */
	bool is_queued;
};

static enum status queue_run(struct look *look, struct db *state, struct error *err)
{
	const struct backup_job_request request = { .kind = BACKUP_KIND_BACKUP,
						    .caller = BACKUP_SCHEDULER_CALLER,
						    .is_automatic = true };
	char id[GUID_TEXT_SIZE];
	return backup_add_job(look->service, state, &request, id, err);
}

/* A job and an alert that say why there was no backup. */
static enum status record_skip(struct look *look, struct db *state,
			       const struct backup_schedule *after, struct error *err)
{
	static char kind[] = BACKUP_KIND_BACKUP, caller[] = BACKUP_SCHEDULER_CALLER;
	char why[384], message[640], when[CLOCK_TEXT_SIZE];
	AUTO_FREE char *location = strdup(look->location);
	AUTO_FREE char *state_name = strdup(job_state_name(JOB_SKIPPED));
	AUTO_FREE char *status_text = strdup(status_name(STATUS_CONFLICT));
	if (location == NULL || state_name == NULL || status_text == NULL)
		return fail_memory(err, "skip scheduled backup");
	backup_maintenance_describe(&look->maintenance, why, sizeof why);
	(void)snprintf(message, sizeof message,
		       "the scheduled backup was skipped: %s; the next one is planned for %s, and "
		       "this one is made up after the end",
		       why, clock_text(after->next, when));
	struct db_job job = { .kind = kind,
			      .location = location,
			      .state = state_name,
			      .requested_by = caller,
			      .is_automatic = true,
			      .created_time = look->now,
			      .ended_time = look->now,
			      .error_status = status_text,
			      .error_message = message };
	guid_generate(job.id);
	enum status status = db_job_put_finished(state, &job, err);
	if (status == STATUS_OK)
		status = alert_raise_skipped(look->service->alerts, state, after->last,
					     look->maintenance.operation, after->next, err);
	return status;
}

static enum status carry_out(struct look *look, struct db *state,
			     const struct backup_schedule_step *step, struct db_schedule *stored,
			     struct error *err)
{
	enum status status = STATUS_OK;
	if (step->action == BACKUP_SCHEDULE_RUN)
		status = queue_run(look, state, err);
	/* Another job is in the way: its end brings us here again. */
	bool is_done = status == STATUS_OK;
	if (status == STATUS_CONFLICT)
		status = STATUS_OK;
	if (step->action == BACKUP_SCHEDULE_SKIP)
		status = record_skip(look, state, &step->after, err);
	look->is_queued = look->is_queued || (is_done && step->action == BACKUP_SCHEDULE_RUN);
	write_schedule(is_done ? &step->after : &step->before, stored);
	look->next = stored->next_backup_time;
	return status;
}

static bool is_equal(const struct db_schedule *left, const struct db_schedule *right)
{
	return left->next_backup_time == right->next_backup_time &&
	       left->last_slot_time == right->last_slot_time && left->is_owed == right->is_owed;
}

static enum status look_at_row(struct look *look, struct db *state, const struct db_location *row,
			       struct error *err)
{
	struct db_schedule stored;
	bool is_after_queued = false;
	enum status status = db_schedule_get(state, look->location, &stored, err);
	if (status == STATUS_OK)
		status = backup_maintenance_settle(look->service, state, &look->maintenance,
						   &is_after_queued, err);
	if (status != STATUS_OK)
		return status;
	struct db_schedule before = stored;
	/* The backup after maintenance is as good as the one that was skipped. */
	stored.is_owed = stored.is_owed && !is_after_queued;
	look->is_queued = is_after_queued;
	struct backup_schedule schedule = read_schedule(row, &stored);
	struct backup_schedule_step step = backup_schedule_look(
		&schedule, look->now,
		backup_maintenance_state(&look->maintenance) == BACKUP_MAINTENANCE_ACTIVE);
	status = carry_out(look, state, &step, &stored, err);
	if (status == STATUS_OK && !is_equal(&before, &stored))
		status = db_schedule_put(state, look->location, &stored, err);
	return status;
}

static enum status look_once(struct db *state, void *context, struct error *err)
{
	struct look *look = context;
	struct db_location row = { .name = NULL };
	look->is_queued = false;
	look->now = clock_now(look->service->clock);
	enum status status = db_location_get(state, look->location, &row, err);
	if (status == STATUS_OK)
		status = look_at_row(look, state, &row, err);
	db_location_done(&row);
	return status;
}

enum status backup_scheduler_look(struct backup_service *service, struct db *state,
				  struct error *err)
{
	struct look look = { .service = service, .location = service->config->deployment.location };
	return look_once(state, &look, err);
}

/* Whether there is something to verify is asked once an hour, and not while everything starts. What
 * goes first does not cost the hour: its end brings us here again. */
static enum status verify_sometimes(struct backup_service *service, struct db *state, int64_t now,
				    struct error *err)
{
	char id[GUID_TEXT_SIZE];
	bool is_busy = false;
	int64_t last = atomic_load(&service->verify_looked);
	/* A clock that was set back does not keep it waiting. */
	if (now >= last && now - last < HOUR_MS)
		return STATUS_OK;
	enum status status = db_job_goes_before_verify(state, service->config->deployment.location,
						       true, &is_busy, err);
	if (status != STATUS_OK || is_busy)
		return status;
	atomic_store(&service->verify_looked, now);
	return backup_verify_due(service, state, now, id, err);
}

int64_t backup_service_tick(void *context)
{
	struct backup_service *service = context;
	struct jobs_engine *engine = atomic_load(&service->engine);
	struct look look = { .service = service, .location = service->config->deployment.location };
	struct error err = { .status = STATUS_OK };
	struct db *state = NULL;
	if (engine == NULL)
		return NOTHING_DUE_MS;
	enum status status = db_pool_take(service->state, &state, &err);
	if (status == STATUS_OK)
		status = db_transaction(state, look_once, &look, &err);
	if (status == STATUS_OK && look.is_queued)
		jobs_engine_wake(engine);
	if (status == STATUS_OK && !look.is_queued)
		status = backup_prune_submit_due(service, state, &err);
	if (status == STATUS_OK)
		status = verify_sometimes(service, state, look.now, &err);
	/* What follows from the time alone, too. */
	if (status == STATUS_OK)
		status = backup_review_alerts(service, state, &err);
	if (status == STATUS_OK)
		status = audit_flush(service->audit, state, false, &err);
	db_pool_give(service->state, state);
	if (status != STATUS_OK && !service->is_schedule_failing)
		log_error("the schedule and its alerts cannot be looked at", &err);
	service->is_schedule_failing = status != STATUS_OK;
	return look.next > look.now ? look.next - look.now : NOTHING_DUE_MS;
}
