/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of a whole service under a clock that the test moves. */
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR (60 * 60 * 1000LL)
#define BLOCKER "00000000-0000-4000-8000-00000000b10c"

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_write(fixture, "file", 1000, 1);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

/* Behind the service's back. */
static int64_t sql(struct service_fixture *fixture, const char *text)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	char path[160];
	int64_t number = -1;
	(void)snprintf(path, sizeof path, "%s/state/state.sqlite", fixture->folder);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(handle, 10000), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &statement, NULL), SQLITE_OK);
	int code = sqlite3_step(statement);
	assert_true(code == SQLITE_ROW || code == SQLITE_DONE);
	if (code == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return number;
}

static int64_t next_time(struct service_fixture *fixture)
{
	return sql(fixture, "SELECT next_backup_time FROM backup_location");
}

static int64_t automatic(struct service_fixture *fixture)
{
	return sql(fixture, "SELECT count(*) FROM job WHERE is_automatic AND kind = 'backup'"
			    " AND requested_by = 'schedule'");
}

static void set_scheduler(struct service_fixture *fixture, bool enabled, int64_t hours)
{
	struct db_job job;
	const struct backup_location_update update = { .scheduler_enabled = &enabled,
						       .frequency_hours = &hours };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

/* The look of a moment, made by the test itself; the engine's thread looks when it likes. */
static void look(struct service_fixture *fixture)
{
	(void)backup_service_tick(fixture->service);
}

static void advance(struct service_fixture *fixture, int64_t time)
{
	atomic_fetch_add(&fixture->clock_offset, time);
	look(fixture);
}

/* To a moment that is @after ms after the point to come. */
static void advance_to_next(struct service_fixture *fixture, int64_t after)
{
	advance(fixture, next_time(fixture) - clock_now(&fixture->clock) + after);
}

/* All jobs are over. */
static void settle(struct service_fixture *fixture)
{
	while (sql(fixture, "SELECT count(*) FROM job WHERE state IN ('Queued', 'Running')") > 0)
		(void)sched_yield();
}

static void test_scheduler_due_backup_is_automatic_and_moves_the_grid(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 4);
	int64_t next = next_time(fixture);
	look(fixture);
	assert_int_equal(automatic(fixture), 0);
	advance_to_next(fixture, 10);
	settle(fixture);
	assert_int_equal(automatic(fixture), 1);
	assert_int_equal(next_time(fixture), next + 4 * HOUR);
	assert_int_equal(sql(fixture, "SELECT count(*) FROM backup WHERE is_automatic"), 1);
	assert_true(sql(fixture, "SELECT last_backup_time FROM backup_location") >= next);
	/* On demand leaves the grid alone. */
	service_fixture_back_up(fixture);
	assert_int_equal(next_time(fixture), next + 4 * HOUR);
	look(fixture);
	assert_int_equal(automatic(fixture), 1);
}

static void test_scheduler_off_runs_nothing_and_shows_the_next_point(void **state)
{
	struct service_fixture *fixture = *state;
	int64_t next = next_time(fixture);
	assert_true(next > 0);
	assert_true(sql(fixture, "SELECT paused_time FROM backup_schedule") > 0);
	advance(fixture, 30 * HOUR);
	assert_int_equal(automatic(fixture), 0);
	assert_int_equal(next_time(fixture), next + 24 * HOUR);
	set_scheduler(fixture, true, 12);
	look(fixture);
	assert_int_equal(automatic(fixture), 0);
	assert_int_equal(next_time(fixture), next + 24 * HOUR);
	assert_int_equal(sql(fixture, "SELECT paused_time FROM backup_schedule"), 0);
}

static void test_scheduler_missed_while_down_is_made_up_once(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 4);
	int64_t next = next_time(fixture);
	for (int i = 1; i <= 3; i++) {
		service_fixture_stop(fixture);
		atomic_fetch_add(&fixture->clock_offset, 40 * HOUR);
		service_fixture_start(fixture);
		look(fixture);
		settle(fixture);
		look(fixture);
		assert_int_equal(automatic(fixture), i);
		assert_int_equal((next_time(fixture) - next) % (4 * HOUR), 0);
		assert_true(next_time(fixture) > clock_now(&fixture->clock));
	}
	/* A restart alone brings nothing. */
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	look(fixture);
	assert_int_equal(automatic(fixture), 3);
}

static void test_scheduler_job_in_the_way_is_waited_for(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 4);
	int64_t next = next_time(fixture);
	(void)sql(fixture, "INSERT INTO job (id, kind, location, state, requested_by, created_time)"
			   " VALUES ('" BLOCKER "', 'backup', 'north', 'Running', 'anna', 1)");
	advance_to_next(fixture, 1);
	advance(fixture, 9 * HOUR);
	assert_int_equal(automatic(fixture), 0);
	/* Still due, and said so. */
	assert_int_equal(next_time(fixture), next);
	(void)sql(fixture,
		  "UPDATE job SET state = 'Succeeded', ended_time = 2 WHERE id = '" BLOCKER "'");
	look(fixture);
	assert_int_equal(automatic(fixture), 1);
	settle(fixture);
	look(fixture);
	assert_int_equal(automatic(fixture), 1);
	assert_int_equal(next_time(fixture), next + 12 * HOUR);
}

/* The end of a job looks by itself: nobody wakes anybody here. */
static void test_scheduler_looks_when_a_job_ends(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 4);
	atomic_fetch_add(&fixture->clock_offset, 5 * HOUR);
	service_fixture_back_up(fixture);
	while (automatic(fixture) == 0)
		(void)sched_yield();
	settle(fixture);
	assert_int_equal(automatic(fixture), 1);
}

static void test_scheduler_run_and_point_are_stored_together(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 4);
	int64_t next = next_time(fixture);
	/* The job's row can be written, the schedule's cannot. */
	(void)sql(fixture, "CREATE TRIGGER broken BEFORE INSERT ON backup_schedule"
			   " BEGIN SELECT raise(ABORT, 'broken'); END");
	advance_to_next(fixture, 1);
	assert_int_equal(automatic(fixture), 0);
	assert_int_equal(next_time(fixture), next);
	(void)sql(fixture, "DROP TRIGGER broken");
	look(fixture);
	settle(fixture);
	look(fixture);
	assert_int_equal(automatic(fixture), 1);
	assert_int_equal(next_time(fixture), next + 4 * HOUR);
}

static void test_scheduler_clock_set_back_is_followed_durably(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 12);
	advance_to_next(fixture, 1);
	settle(fixture);
	assert_int_equal(automatic(fixture), 1);
	advance(fixture, -100 * HOUR);
	int64_t next = next_time(fixture);
	assert_true(next <= clock_now(&fixture->clock) + 12 * HOUR);
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	advance(fixture, HOUR);
	assert_int_equal(next_time(fixture), next);
	assert_int_equal(automatic(fixture), 1);
	advance_to_next(fixture, 1);
	settle(fixture);
	assert_int_equal(automatic(fixture), 2);
}

static void test_scheduler_change_keeps_what_moved_meanwhile(void **state)
{
	struct service_fixture *fixture = *state;
	set_scheduler(fixture, true, 12);
	advance_to_next(fixture, 1);
	settle(fixture);
	int64_t next = next_time(fixture);
	set_scheduler(fixture, true, 8);
	assert_int_equal(next_time(fixture), next - 4 * HOUR);
	set_scheduler(fixture, false, 8);
	assert_int_equal(next_time(fixture), next - 4 * HOUR);
	assert_int_equal(automatic(fixture), 1);
}

static struct backup_watch watch(struct service_fixture *fixture)
{
	struct backup_watch out;
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(backup_watch_read(fixture->service, state, &out, NULL), STATUS_OK);
	db_pool_give(pool, state);
	return out;
}

static void test_watch_tells_paused_and_overdue(void **state)
{
	struct service_fixture *fixture = *state;
	struct backup_watch seen = watch(fixture);
	assert_true(seen.is_configured);
	assert_true(seen.paused_time > 0);
	assert_false(seen.is_overdue);
	assert_int_equal(seen.last_good_time, 0);
	service_fixture_back_up(fixture);
	set_scheduler(fixture, true, 4);
	seen = watch(fixture);
	assert_int_equal(seen.paused_time, 0);
	assert_true(seen.last_good_time > 0);
	assert_int_equal(seen.next_backup_time, next_time(fixture));
	/* As if nothing looked at the schedule. */
	atomic_fetch_add(&fixture->clock_offset, 9 * HOUR);
	assert_true(watch(fixture).is_overdue);
	look(fixture);
	settle(fixture);
	assert_false(watch(fixture).is_overdue);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_scheduler_due_backup_is_automatic_and_moves_the_grid),
		WITH(test_scheduler_off_runs_nothing_and_shows_the_next_point),
		WITH(test_scheduler_missed_while_down_is_made_up_once),
		WITH(test_scheduler_job_in_the_way_is_waited_for),
		WITH(test_scheduler_looks_when_a_job_ends),
		WITH(test_scheduler_run_and_point_are_stored_together),
		WITH(test_scheduler_clock_set_back_is_followed_durably),
		WITH(test_scheduler_change_keeps_what_moved_meanwhile),
		WITH(test_watch_tells_paused_and_overdue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
