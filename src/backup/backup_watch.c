/* SPDX-License-Identifier: Apache-2.0 */
/* The facts behind alerts about the schedule: paused, skipped, no good backup for too long. */
#include <string.h>

#include "backup_private.h"
#include "backup_schedule.h"

#define HOUR_MS (60 * 60 * 1000LL)

static enum status see_backup(const struct db_backup *backup, void *context, struct error *err)
{
	int64_t *newest = context;
	(void)err;
	if (strcmp(backup->status, job_state_name(JOB_SUCCEEDED)) == 0 &&
	    backup->completed_time > *newest)
		*newest = backup->completed_time;
	return STATUS_OK;
}

enum status backup_watch_read(struct backup_service *service, struct db *state,
			      struct backup_watch *out, struct error *err)
{
	const char *location = service->config->deployment.location;
	struct db_location row = { .name = NULL };
	struct db_schedule schedule;
	*out = (struct backup_watch) { .is_configured = false };
	enum status status = db_location_get(state, location, &row, err);
	if (status == STATUS_OK)
		status = db_schedule_get(state, location, &schedule, err);
	if (status == STATUS_OK)
		status = db_backup_list(state, location, see_backup, &out->last_good_time, err);
	if (status == STATUS_OK) {
		out->is_configured = row.path != NULL && row.certificate.length > 0;
		out->paused_time = out->is_configured ? schedule.paused_time : 0;
		out->is_overdue = out->is_configured &&
				  backup_schedule_is_overdue(row.frequency_hours * HOUR_MS,
							     out->last_good_time, row.changed_time,
							     clock_now(service->clock));
		out->next_backup_time = schedule.next_backup_time;
		out->skipped_time = schedule.skipped_time;
		memcpy(out->skipped_for, schedule.skipped_for, sizeof out->skipped_for);
	}
	db_location_done(&row);
	return status;
}
