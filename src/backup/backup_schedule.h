/* SPDX-License-Identifier: Apache-2.0 */
/* When a scheduled backup is due: arithmetic on the wall clock and what is stored, nothing else.
 *
 * The grid: points one frequency apart, all of them ms since 1970 UTC, so that daylight saving does
 * not exist here. @next is the point to come, @last the one used up last. A point is used up when
 * its run is queued, or when it passes unused: while the scheduler is off, during maintenance, or
 * because a later point was due at the same look. Whoever queues the run stores the result in the
 * same transaction; until then the point stays due, so that a run that finds another job in its way
 * is made up once that has ended.
 *
 * A clock that was set back past @last could leave the next point further away than one frequency:
 * then the next run is due one frequency from now. When the clock comes back before that, the old
 * grid counts again; else the grid starts anew with that run. */
#ifndef BACKUP_SCHEDULE_H
#define BACKUP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct backup_schedule {
	int64_t frequency; /* ms, > 0 */
	int64_t next;      /* 0: nothing is planned yet */
	int64_t last;      /* 0: none yet */
	bool is_enabled;   /* switched on, and there is a place to back up to */
	bool is_owed;      /* a run that maintenance skipped is to be made up */
};

enum backup_schedule_action {
	BACKUP_SCHEDULE_WAIT,
	BACKUP_SCHEDULE_RUN,
	BACKUP_SCHEDULE_SKIP, /* due, but maintenance is in its way */
};

struct backup_schedule_step {
	enum backup_schedule_action action;
	struct backup_schedule before; /* as it is now, when the action cannot be carried out */
	struct backup_schedule after;  /* once it has been */
};

struct backup_schedule_step backup_schedule_look(const struct backup_schedule *schedule,
						 int64_t now, bool is_maintenance);
/* After an operator's change. What passed while the scheduler was off stays unused, what is due
 * stays due. Another frequency keeps the phase: its grid goes through the point before @next. A
 * first plan begins one frequency from now. */
struct backup_schedule backup_schedule_change(const struct backup_schedule *schedule,
					      int64_t frequency, bool is_enabled, int64_t now);

#endif
