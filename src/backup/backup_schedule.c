/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's arithmetic. */
#include "backup_schedule.h"

/* What a clock that was set did to the plan. */
static void follow_clock(struct backup_schedule *schedule, int64_t now)
{
	/* The clock was behind for a while and has come back: the grid goes on. Within a frequency
	 * it may as well be that time has simply passed, and the run is due. */
	if (schedule->next <= schedule->last && now >= schedule->last &&
	    now - schedule->next >= schedule->frequency)
		schedule->next = schedule->last + schedule->frequency;
	if (schedule->next > now + schedule->frequency)
		schedule->next = now + schedule->frequency;
}

/* Of many points that passed the newest counts, for all of them. */
static void use_up(struct backup_schedule *schedule, int64_t now)
{
	int64_t passed = (now - schedule->next) / schedule->frequency;
	schedule->last = schedule->next + passed * schedule->frequency;
	schedule->next = schedule->last + schedule->frequency;
}

struct backup_schedule_step backup_schedule_look(const struct backup_schedule *schedule,
						 int64_t now, bool is_maintenance)
{
	struct backup_schedule_step step = { .before = *schedule, .after = *schedule };
	if (schedule->next == 0)
		return step;
	follow_clock(&step.before, now);
	bool is_due = step.before.next <= now;
	if (!schedule->is_enabled) {
		if (is_due)
			use_up(&step.before, now);
		step.before.is_owed = false;
		step.after = step.before;
		return step;
	}
	step.after = step.before;
	if (is_due)
		use_up(&step.after, now);
	if (is_due && is_maintenance) {
		step.action = BACKUP_SCHEDULE_SKIP;
		step.after.is_owed = true;
	} else if (!is_maintenance && (is_due || schedule->is_owed)) {
		step.action = BACKUP_SCHEDULE_RUN;
		step.after.is_owed = false;
	}
	return step;
}

struct backup_schedule backup_schedule_change(const struct backup_schedule *schedule,
					      int64_t frequency, bool is_enabled, int64_t now)
{
	struct backup_schedule changed = backup_schedule_look(schedule, now, false).before;
	int64_t before = changed.next - changed.frequency;
	if (changed.next == 0)
		changed.next = now + frequency;
	else if (changed.next > now)
		changed.next = before + ((now - before) / frequency + 1) * frequency;
	changed.frequency = frequency;
	changed.is_enabled = is_enabled;
	return changed;
}
