/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of a whole service under a clock that the test moves. */
#include "schedule_fixture.h"

#define BLOCKER "00000000-0000-4000-8000-00000000b10c"

static void test_scheduler_due_backup_is_automatic_and_moves_the_grid(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 4);
	int64_t next = schedule_next_time(fixture);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 0);
	schedule_advance_to_next(fixture, 10);
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	assert_int_equal(schedule_next_time(fixture), next + 4 * HOUR);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM backup WHERE is_automatic"),
			 1);
	assert_true(schedule_sql(fixture, "SELECT last_backup_time FROM backup_location") >= next);
	/* On demand leaves the grid alone. */
	service_fixture_back_up(fixture);
	assert_int_equal(schedule_next_time(fixture), next + 4 * HOUR);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
}

static void test_scheduler_off_runs_nothing_and_shows_the_next_point(void **state)
{
	struct service_fixture *fixture = *state;
	int64_t next = schedule_next_time(fixture);
	assert_true(next > 0);
	schedule_advance(fixture, 30 * HOUR);
	assert_int_equal(schedule_automatic(fixture), 0);
	assert_int_equal(schedule_next_time(fixture), next + 24 * HOUR);
	schedule_set(fixture, true, 12);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 0);
	assert_int_equal(schedule_next_time(fixture), next + 24 * HOUR);
}

static void test_scheduler_missed_while_down_is_made_up_once(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 4);
	int64_t next = schedule_next_time(fixture);
	for (int i = 1; i <= 3; i++) {
		service_fixture_stop(fixture);
		atomic_fetch_add(&fixture->clock_offset, 40 * HOUR);
		service_fixture_start(fixture);
		schedule_look(fixture);
		schedule_settle(fixture);
		schedule_look(fixture);
		assert_int_equal(schedule_automatic(fixture), i);
		assert_int_equal((schedule_next_time(fixture) - next) % (4 * HOUR), 0);
		assert_true(schedule_next_time(fixture) > clock_now(&fixture->clock));
	}
	/* A restart alone brings nothing. */
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 3);
}

static void test_scheduler_job_in_the_way_is_waited_for(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 4);
	int64_t next = schedule_next_time(fixture);
	(void)schedule_sql(fixture,
			   "INSERT INTO job (id, kind, location, state, requested_by, created_time)"
			   " VALUES ('" BLOCKER "', 'backup', 'north', 'Running', 'anna', 1)");
	schedule_advance_to_next(fixture, 1);
	schedule_advance(fixture, 9 * HOUR);
	assert_int_equal(schedule_automatic(fixture), 0);
	/* Still due, and said so. */
	assert_int_equal(schedule_next_time(fixture), next);
	(void)schedule_sql(fixture,
			   "UPDATE job SET state = 'Succeeded', ended_time = 2 WHERE id = '" BLOCKER
			   "'");
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	schedule_settle(fixture);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	assert_int_equal(schedule_next_time(fixture), next + 12 * HOUR);
}

/* What there is to verify is asked once an hour; a prune that runs at that moment does not cost the
 * hour. */
static void test_scheduler_verification_waits_for_a_job_in_the_way(void **state)
{
	static const char count[] = "SELECT count(*) FROM job WHERE kind = 'verify'";
	struct service_fixture *fixture = *state;
	fixture->config->engine.verify_bytes_per_day = 1 << 30;
	service_fixture_back_up(fixture);
	(void)schedule_sql(fixture,
			   "INSERT INTO job (id, kind, location, state, requested_by, created_time)"
			   " VALUES ('" BLOCKER "', 'prune', 'north', 'Running', 'anna', 1)");
	schedule_advance(fixture, 2 * HOUR);
	assert_int_equal(schedule_sql(fixture, count), 0);
	(void)schedule_sql(fixture,
			   "UPDATE job SET state = 'Succeeded', ended_time = 2 WHERE id = '" BLOCKER
			   "'");
	schedule_look(fixture);
	assert_int_equal(schedule_sql(fixture, count), 1);
	schedule_settle(fixture);
	schedule_look(fixture);
	assert_int_equal(schedule_sql(fixture, count), 1);
}

/* The end of a job looks by itself: nobody wakes anybody here. */
static void test_scheduler_looks_when_a_job_ends(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 4);
	atomic_fetch_add(&fixture->clock_offset, 5 * HOUR);
	service_fixture_back_up(fixture);
	while (schedule_automatic(fixture) == 0)
		(void)sched_yield();
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
}

static void test_scheduler_run_and_point_are_stored_together(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 4);
	int64_t next = schedule_next_time(fixture);
	/* The job's row can be written, the schedule's cannot. */
	(void)schedule_sql(fixture, "CREATE TRIGGER broken BEFORE INSERT ON backup_schedule"
				    " BEGIN SELECT raise(ABORT, 'broken'); END");
	schedule_advance_to_next(fixture, 1);
	assert_int_equal(schedule_automatic(fixture), 0);
	assert_int_equal(schedule_next_time(fixture), next);
	(void)schedule_sql(fixture, "DROP TRIGGER broken");
	schedule_look(fixture);
	schedule_settle(fixture);
	schedule_look(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	assert_int_equal(schedule_next_time(fixture), next + 4 * HOUR);
}

static void test_scheduler_clock_set_back_is_followed_durably(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 12);
	schedule_advance_to_next(fixture, 1);
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	schedule_advance(fixture, -100 * HOUR);
	int64_t next = schedule_next_time(fixture);
	assert_true(next <= clock_now(&fixture->clock) + 12 * HOUR);
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	schedule_advance(fixture, HOUR);
	assert_int_equal(schedule_next_time(fixture), next);
	assert_int_equal(schedule_automatic(fixture), 1);
	schedule_advance_to_next(fixture, 1);
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 2);
}

static void test_scheduler_change_keeps_what_moved_meanwhile(void **state)
{
	struct service_fixture *fixture = *state;
	schedule_set(fixture, true, 12);
	schedule_advance_to_next(fixture, 1);
	schedule_settle(fixture);
	int64_t next = schedule_next_time(fixture);
	schedule_set(fixture, true, 8);
	assert_int_equal(schedule_next_time(fixture), next - 4 * HOUR);
	schedule_set(fixture, false, 8);
	assert_int_equal(schedule_next_time(fixture), next - 4 * HOUR);
	assert_int_equal(schedule_automatic(fixture), 1);
}

static void test_scheduler_no_good_backup_for_two_intervals_is_told(void **state)
{
	struct service_fixture *fixture = *state;
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_FULL };
	service_fixture_back_up(fixture);
	schedule_set(fixture, true, 4);
	share_fake_set(fixture->fake, &plan);
	schedule_advance(fixture, 7 * HOUR);
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	assert_int_equal(schedule_alerts(fixture, ALERT_BACKUP_FAILED_SHARE_FULL), 1);
	assert_int_equal(schedule_alerts(fixture, ALERT_NO_GOOD_BACKUP), 0);
	/* Time alone raises it. */
	schedule_advance(fixture, 70 * 60 * 1000);
	schedule_settle(fixture);
	assert_int_equal(schedule_alerts(fixture, ALERT_NO_GOOD_BACKUP), 1);
	share_fake_set(fixture->fake, NULL);
	service_fixture_back_up(fixture);
	assert_int_equal(schedule_alerts(fixture, ALERT_NO_GOOD_BACKUP), 0);
	assert_int_equal(schedule_alerts(fixture, ALERT_BACKUP_FAILED_SHARE_FULL), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, schedule_setup, schedule_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_scheduler_due_backup_is_automatic_and_moves_the_grid),
		WITH(test_scheduler_off_runs_nothing_and_shows_the_next_point),
		WITH(test_scheduler_missed_while_down_is_made_up_once),
		WITH(test_scheduler_job_in_the_way_is_waited_for),
		WITH(test_scheduler_verification_waits_for_a_job_in_the_way),
		WITH(test_scheduler_looks_when_a_job_ends),
		WITH(test_scheduler_run_and_point_are_stored_together),
		WITH(test_scheduler_clock_set_back_is_followed_durably),
		WITH(test_scheduler_change_keeps_what_moved_meanwhile),
		WITH(test_scheduler_no_good_backup_for_two_intervals_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
