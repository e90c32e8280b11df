/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler's arithmetic, rule by rule. Years of it are in test_backup_schedule_years.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "infrabackup/base.h"

#include "../../../src/backup/backup_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE (60 * 1000LL)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START 1772396467440 /* 2026-03-01T20:21:07.44Z */

static struct backup_schedule planned(int64_t hours)
{
	const struct backup_schedule none = { .frequency = 12 * HOUR };
	return backup_schedule_change(&none, hours * HOUR, true, START);
}

/* Looks and takes what is offered, as the service does when nothing is in the way. */
static enum backup_schedule_action take(struct backup_schedule *schedule, int64_t now)
{
	struct backup_schedule_step step = backup_schedule_look(schedule, now, false);
	*schedule = step.after;
	return step.action;
}

static void test_schedule_look_unplanned_waits(void **state)
{
	(void)state;
	struct backup_schedule schedule = { .frequency = 12 * HOUR, .is_enabled = true };
	assert_int_equal(take(&schedule, START), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, 0);
}

static void test_schedule_look_runs_at_every_point_and_only_there(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	for (int64_t i = 1; i < 100; i++) {
		int64_t point = START + i * 4 * HOUR;
		assert_int_equal(schedule.next, point);
		assert_int_equal(take(&schedule, point - 1), BACKUP_SCHEDULE_WAIT);
		assert_int_equal(take(&schedule, point + (i * 977) % MINUTE), BACKUP_SCHEDULE_RUN);
		assert_int_equal(take(&schedule, point + MINUTE), BACKUP_SCHEDULE_WAIT);
	}
}

static void test_schedule_look_missed_points_are_made_up_once(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(12);
	int64_t now = START + 12 * HOUR + 9 * DAY + 5;
	assert_int_equal(take(&schedule, now), BACKUP_SCHEDULE_RUN);
	assert_int_equal(take(&schedule, now), BACKUP_SCHEDULE_WAIT);
	/* On the grid, not twelve hours from the late run. */
	assert_int_equal(schedule.next, START + 9 * DAY + 24 * HOUR);
}

static void test_schedule_look_not_taken_stays_due(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	for (int64_t now = START + 4 * HOUR; now < START + 11 * HOUR; now += 7 * MINUTE) {
		struct backup_schedule_step step = backup_schedule_look(&schedule, now, false);
		assert_int_equal(step.action, BACKUP_SCHEDULE_RUN);
		schedule = step.before; /* another job was in the way */
	}
	assert_int_equal(take(&schedule, START + 11 * HOUR), BACKUP_SCHEDULE_RUN);
	assert_int_equal(schedule.next, START + 12 * HOUR);
}

static void test_schedule_look_far_forward_clock_runs_once(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	int64_t future = START + 3650 * DAY;
	assert_int_equal(take(&schedule, future), BACKUP_SCHEDULE_RUN);
	for (int i = 1; i < 200; i++)
		assert_int_equal(take(&schedule, future + i * MINUTE), BACKUP_SCHEDULE_WAIT);
	/* And when that is put right, no longer than one frequency passes. */
	int64_t now = START + 4 * HOUR;
	assert_int_equal(take(&schedule, now), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, now + 4 * HOUR);
	assert_int_equal(take(&schedule, now + 4 * HOUR), BACKUP_SCHEDULE_RUN);
	assert_int_equal(schedule.next, now + 8 * HOUR);
}

static void test_schedule_look_clock_set_back_neither_doubles_nor_waits_long(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(12);
	int64_t point = START + 12 * HOUR;
	assert_int_equal(take(&schedule, point), BACKUP_SCHEDULE_RUN);
	/* An hour back: the point comes again, its run does not. */
	int64_t now = point - HOUR;
	assert_int_equal(take(&schedule, now), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, now + 12 * HOUR);
	assert_int_equal(take(&schedule, point), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(take(&schedule, now + 12 * HOUR - 1), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(take(&schedule, now + 12 * HOUR), BACKUP_SCHEDULE_RUN);
}

static void test_schedule_look_clock_behind_for_a_moment_keeps_the_grid(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(12);
	assert_int_equal(take(&schedule, START + 12 * HOUR), BACKUP_SCHEDULE_RUN);
	/* Booted with an empty battery, then the network told the time. */
	assert_int_equal(take(&schedule, 946684800000), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, 946684800000 + 12 * HOUR);
	assert_int_equal(take(&schedule, START + 13 * HOUR), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, START + 24 * HOUR);
	assert_int_equal(take(&schedule, START + 24 * HOUR), BACKUP_SCHEDULE_RUN);
}

static void test_schedule_look_paused_shows_the_grid_and_makes_nothing_up(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	schedule = backup_schedule_change(&schedule, 4 * HOUR, false, START + HOUR);
	assert_int_equal(schedule.next, START + 4 * HOUR);
	assert_int_equal(take(&schedule, START + 21 * HOUR), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, START + 24 * HOUR);
	/* Nobody looked between: what passed while it was off is still not made up. */
	schedule = backup_schedule_change(&schedule, 4 * HOUR, true, START + 30 * HOUR);
	assert_int_equal(take(&schedule, START + 30 * HOUR), BACKUP_SCHEDULE_WAIT);
	assert_int_equal(schedule.next, START + 32 * HOUR);
	assert_int_equal(take(&schedule, START + 32 * HOUR), BACKUP_SCHEDULE_RUN);
}

static void test_schedule_change_frequency_keeps_the_phase(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(12);
	assert_int_equal(take(&schedule, START + 12 * HOUR), BACKUP_SCHEDULE_RUN);
	int64_t now = START + 18 * HOUR;
	struct backup_schedule more = backup_schedule_change(&schedule, 4 * HOUR, true, now);
	assert_int_equal(more.next, START + 20 * HOUR);
	struct backup_schedule less = backup_schedule_change(&more, 12 * HOUR, true, now);
	assert_int_equal(less.next, START + 28 * HOUR);
	/* The same again changes nothing. */
	assert_int_equal(backup_schedule_change(&schedule, 12 * HOUR, true, now).next,
			 schedule.next);
	/* What is due stays due. */
	assert_int_equal(backup_schedule_look(&(struct backup_schedule) { .frequency = 5 * HOUR,
									  .next = now - MINUTE,
									  .is_enabled = true },
					      now, false)
				 .action,
			 BACKUP_SCHEDULE_RUN);
	schedule.next = now - MINUTE;
	assert_int_equal(backup_schedule_change(&schedule, 5 * HOUR, true, now).next, now - MINUTE);
}

static void test_schedule_look_maintenance_skips_each_point_and_makes_up_once(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	int skips = 0;
	for (int64_t now = START; now < START + 13 * HOUR; now += 10 * MINUTE) {
		struct backup_schedule_step step = backup_schedule_look(&schedule, now, true);
		assert_int_not_equal(step.action, BACKUP_SCHEDULE_RUN);
		skips += step.action == BACKUP_SCHEDULE_SKIP;
		schedule = step.after;
	}
	assert_int_equal(skips, 3);
	assert_true(schedule.is_owed);
	int64_t next = schedule.next;
	assert_int_equal(take(&schedule, START + 13 * HOUR), BACKUP_SCHEDULE_RUN);
	assert_int_equal(schedule.next, next);
	assert_int_equal(take(&schedule, START + 13 * HOUR), BACKUP_SCHEDULE_WAIT);
}

static void test_schedule_look_switched_off_owes_nothing(void **state)
{
	(void)state;
	struct backup_schedule schedule = planned(4);
	schedule = backup_schedule_look(&schedule, START + 4 * HOUR, true).after;
	schedule.is_enabled = false;
	assert_int_equal(take(&schedule, START + 5 * HOUR), BACKUP_SCHEDULE_WAIT);
	schedule.is_enabled = true;
	assert_int_equal(take(&schedule, START + 5 * HOUR), BACKUP_SCHEDULE_WAIT);
}

/* The days on which New York's and Berlin's clocks change, under their rules: the hours in UTC stay
 * the same. */
static void test_schedule_daylight_saving_does_not_exist(void **state)
{
	(void)state;
	static const char *const zones[] = { "America/New_York", "Europe/Berlin", "UTC" };
	for (size_t zone = 0; zone < ARRAY_LENGTH(zones); zone++) {
		assert_int_equal(setenv("TZ", zones[zone], 1), 0);
		tzset();
		struct backup_schedule schedule = planned(6);
		for (int i = 1; i <= 365 * 4; i++) {
			char text[CLOCK_TEXT_SIZE];
			int64_t now = schedule.next;
			assert_int_equal(now, START + i * 6 * HOUR);
			assert_int_equal(take(&schedule, now), BACKUP_SCHEDULE_RUN);
			static const char *const hours[] = { "20:21", "02:21", "08:21", "14:21" };
			assert_non_null(strstr(clock_text(now, text), hours[i % 4]));
		}
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule_look_unplanned_waits),
		cmocka_unit_test(test_schedule_look_runs_at_every_point_and_only_there),
		cmocka_unit_test(test_schedule_look_missed_points_are_made_up_once),
		cmocka_unit_test(test_schedule_look_not_taken_stays_due),
		cmocka_unit_test(test_schedule_look_far_forward_clock_runs_once),
		cmocka_unit_test(test_schedule_look_clock_set_back_neither_doubles_nor_waits_long),
		cmocka_unit_test(test_schedule_look_clock_behind_for_a_moment_keeps_the_grid),
		cmocka_unit_test(test_schedule_look_paused_shows_the_grid_and_makes_nothing_up),
		cmocka_unit_test(test_schedule_change_frequency_keeps_the_phase),
		cmocka_unit_test(test_schedule_look_maintenance_skips_each_point_and_makes_up_once),
		cmocka_unit_test(test_schedule_look_switched_off_owes_nothing),
		cmocka_unit_test(test_schedule_daylight_saving_does_not_exist),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
