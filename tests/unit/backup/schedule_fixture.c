/* SPDX-License-Identifier: Apache-2.0 */
/* A service whose clock the test moves, and its state database behind its back. */
#include <sched.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "schedule_fixture.h"

int schedule_setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_write(fixture, "file", 1000, 1);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	*state = fixture;
	return 0;
}

int schedule_teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

int64_t schedule_sql(struct service_fixture *fixture, const char *text)
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

int64_t schedule_alerts(struct service_fixture *fixture, enum alert_fault fault)
{
	char text[160];
	(void)snprintf(text, sizeof text,
		       "SELECT count(*) FROM alert WHERE closed_time = 0 AND fault = '%s'",
		       alert_fault_name(fault));
	return schedule_sql(fixture, text);
}

int64_t schedule_next_time(struct service_fixture *fixture)
{
	return schedule_sql(fixture, "SELECT next_backup_time FROM backup_location");
}

int64_t schedule_automatic(struct service_fixture *fixture)
{
	return schedule_sql(fixture,
			    "SELECT count(*) FROM job WHERE is_automatic AND kind = 'backup'"
			    " AND requested_by = 'schedule' AND state <> 'Skipped'");
}

void schedule_set(struct service_fixture *fixture, bool enabled, int64_t hours)
{
	struct db_job job;
	const struct backup_location_update update = { .scheduler_enabled = &enabled,
						       .frequency_hours = &hours };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

void schedule_look(struct service_fixture *fixture)
{
	(void)backup_service_tick(fixture->service);
}

void schedule_advance(struct service_fixture *fixture, int64_t time)
{
	atomic_fetch_add(&fixture->clock_offset, time);
	schedule_look(fixture);
}

void schedule_advance_to_next(struct service_fixture *fixture, int64_t after)
{
	schedule_advance(fixture, schedule_next_time(fixture) - clock_now(&fixture->clock) + after);
}

void schedule_settle(struct service_fixture *fixture)
{
	while (schedule_sql(fixture,
			    "SELECT count(*) FROM job WHERE state IN ('Queued', 'Running')") > 0)
		(void)sched_yield();
}
