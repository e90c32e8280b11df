/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule as it is stored; its arithmetic is in backup_schedule.h. */
#ifndef BACKUP_SCHEDULER_H
#define BACKUP_SCHEDULER_H

#include "backup_private.h"
#include "backup_schedule.h"

#define BACKUP_SCHEDULER_CALLER "schedule"

/* What becomes of the schedule when @row replaces the location's row, into *@schedule and
 * @row->next_backup_time. Inside the transaction that stores both. */
MUST_CHECK enum status backup_scheduler_change(struct backup_service *service, struct db *state,
					       struct db_location *row,
					       struct db_schedule *schedule, struct error *err);

/* Does what is due now. In a transaction; the engine is to be woken after it. */
MUST_CHECK enum status backup_scheduler_look(struct backup_service *service, struct db *state,
					     struct error *err);

#endif
