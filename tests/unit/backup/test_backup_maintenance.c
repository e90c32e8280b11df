/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance: what it keeps from being made, what is made before and after it, over restarts. */
#include <string.h>

#include "schedule_fixture.h"

static struct db *take_state(struct service_fixture *fixture)
{
	struct db *state = NULL;
	assert_int_equal(db_pool_take(backup_service_state(fixture->service), &state, NULL),
			 STATUS_OK);
	return state;
}

static void give_state(struct service_fixture *fixture, struct db *state)
{
	db_pool_give(backup_service_state(fixture->service), state);
}

static enum status begin(struct service_fixture *fixture, bool backup_before,
			 struct db_maintenance *out, struct error *err)
{
	const struct backup_maintenance_request request = { .operation = "Update",
							    .backup_before = backup_before };
	struct db *state = take_state(fixture);
	enum status status =
		backup_maintenance_begin(fixture->service, state, &request, "ann", out, err);
	give_state(fixture, state);
	return status;
}

static enum status end(struct service_fixture *fixture, bool backup_after,
		       struct db_maintenance *out, struct error *err)
{
	struct db *state = take_state(fixture);
	enum status status =
		backup_maintenance_end(fixture->service, state, backup_after, "bert", out, err);
	give_state(fixture, state);
	return status;
}

static enum backup_maintenance_state now(struct service_fixture *fixture)
{
	struct db_maintenance seen;
	struct db *state = take_state(fixture);
	assert_int_equal(backup_maintenance_read(fixture->service, state, &seen, NULL), STATUS_OK);
	give_state(fixture, state);
	return backup_maintenance_state(&seen);
}

static enum status submit(struct service_fixture *fixture, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	struct db *state = take_state(fixture);
	enum status status = backup_submit(fixture->service, state, "ann", false, id, err);
	give_state(fixture, state);
	return status;
}

static void restart(struct service_fixture *fixture)
{
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	schedule_look(fixture);
}

static void test_maintenance_keeps_backups_from_being_made(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	struct error err;
	schedule_set(fixture, true, 4);
	int64_t next = schedule_next_time(fixture);
	assert_int_equal(now(fixture), BACKUP_MAINTENANCE_NONE);
	assert_int_equal(begin(fixture, false, &window, &err), STATUS_OK);
	assert_int_equal(backup_maintenance_state(&window), BACKUP_MAINTENANCE_ACTIVE);
	assert_int_equal(begin(fixture, false, &window, &err), STATUS_CONFLICT);
	assert_int_equal(submit(fixture, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, "maintenance (Update) is on since"));
	schedule_advance_to_next(fixture, 1);
	schedule_advance(fixture, 4 * HOUR);
	restart(fixture);
	schedule_look(fixture);
	assert_int_equal(now(fixture), BACKUP_MAINTENANCE_ACTIVE);
	assert_int_equal(schedule_automatic(fixture), 0);
	assert_int_equal(schedule_next_time(fixture), next + 8 * HOUR);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM job WHERE state = 'Skipped'"
					       " AND is_automatic AND kind = 'backup'"
					       " AND error_message LIKE '%maintenance (Update)%'"),
			 2);
	/* Each has its alert, of which the later one is open and names what was in the way. */
	assert_int_equal(schedule_alerts(fixture, ALERT_SKIPPED), 1);
	assert_int_equal(schedule_sql(fixture,
				      "SELECT count(*) FROM alert WHERE occurrence IS NOT NULL"
				      " AND evidence ->> 'failedAdminOperations' = 'Update'"),
			 2);
}

static void test_maintenance_backup_after_counts_for_the_skipped_one(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	schedule_set(fixture, true, 4);
	assert_int_equal(begin(fixture, false, &window, NULL), STATUS_OK);
	schedule_advance_to_next(fixture, 1);
	assert_int_equal(schedule_alerts(fixture, ALERT_SKIPPED), 1);
	schedule_advance(fixture, 1);
	assert_int_equal(end(fixture, true, &window, NULL), STATUS_OK);
	assert_int_equal(backup_maintenance_state(&window), BACKUP_MAINTENANCE_ENDED);
	assert_int_equal(strlen(window.backup_after), GUID_TEXT_SIZE - 1);
	schedule_settle(fixture);
	schedule_look(fixture);
	schedule_settle(fixture);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM backup"), 1);
	assert_int_equal(schedule_alerts(fixture, ALERT_SKIPPED), 0);
	assert_int_equal(schedule_automatic(fixture), 0);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM job WHERE kind = 'backup'"
					       " AND requested_by = 'bert'"),
			 1);
	assert_int_equal(end(fixture, true, &window, NULL), STATUS_CONFLICT);
}

/* The slot passed while the service was down: its start still finds maintenance. */
/* What counts is what came later, and not what a clock said that was ahead then. */
static void test_maintenance_skip_is_told_and_made_up_whatever_the_clock_did(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	schedule_set(fixture, true, 4);
	atomic_fetch_add(&fixture->clock_offset, 3 * HOUR);
	service_fixture_back_up(fixture);
	atomic_fetch_add(&fixture->clock_offset, -3 * HOUR);
	assert_int_equal(begin(fixture, false, &window, NULL), STATUS_OK);
	atomic_fetch_add(&fixture->clock_offset, -30 * HOUR);
	schedule_look(fixture);
	schedule_advance_to_next(fixture, 1);
	assert_int_equal(schedule_alerts(fixture, ALERT_SKIPPED), 1);
	atomic_fetch_add(&fixture->clock_offset, -30 * HOUR);
	schedule_look(fixture);
	assert_int_equal(end(fixture, true, &window, NULL), STATUS_OK);
	schedule_settle(fixture);
	schedule_look(fixture);
	schedule_settle(fixture);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM backup"), 2);
	assert_int_equal(schedule_alerts(fixture, ALERT_SKIPPED), 0);
}

static void test_maintenance_declined_backup_after_makes_the_skipped_one_up_once(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	schedule_set(fixture, true, 4);
	assert_int_equal(begin(fixture, false, &window, NULL), STATUS_OK);
	service_fixture_stop(fixture);
	atomic_fetch_add(&fixture->clock_offset, 5 * HOUR);
	service_fixture_start(fixture);
	assert_int_equal(end(fixture, false, &window, NULL), STATUS_OK);
	assert_string_equal(window.backup_after, "");
	schedule_settle(fixture);
	schedule_look(fixture);
	restart(fixture);
	schedule_settle(fixture);
	assert_int_equal(schedule_automatic(fixture), 1);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM job WHERE state = 'Skipped'"),
			 1);
}

static void test_maintenance_nothing_skipped_and_declined_makes_nothing(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	schedule_set(fixture, true, 4);
	assert_int_equal(begin(fixture, false, &window, NULL), STATUS_OK);
	assert_int_equal(end(fixture, false, &window, NULL), STATUS_OK);
	schedule_look(fixture);
	schedule_settle(fixture);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM job WHERE kind = 'backup'"),
			 0);
}

static void test_maintenance_begins_after_its_backup(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	struct db_job job;
	assert_int_equal(begin(fixture, true, &window, NULL), STATUS_OK);
	assert_int_equal(backup_maintenance_state(&window), BACKUP_MAINTENANCE_PENDING);
	service_fixture_wait(fixture, window.backup_before, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	restart(fixture);
	assert_int_equal(now(fixture), BACKUP_MAINTENANCE_ACTIVE);
}

static void test_maintenance_whose_backup_fails_does_not_begin(void **state)
{
	struct service_fixture *fixture = *state;
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_FULL };
	struct db_maintenance window;
	struct db_job job;
	share_fake_set(fixture->fake, &plan);
	assert_int_equal(begin(fixture, true, &window, NULL), STATUS_OK);
	service_fixture_wait(fixture, window.backup_before, &job);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
	schedule_look(fixture);
	assert_int_equal(now(fixture), BACKUP_MAINTENANCE_NOT_BEGUN);
	assert_int_equal(schedule_sql(fixture, "SELECT count(*) FROM maintenance WHERE note LIKE"
					       " '%the backup before it ended as Failed%'"),
			 1);
	share_fake_set(fixture->fake, NULL);
	service_fixture_back_up(fixture);
}

static void test_maintenance_bad_requests_name_the_field(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_maintenance window;
	struct error err;
	struct db *db = take_state(fixture);
	struct backup_maintenance_request request = { .operation = "Holiday" };
	assert_int_equal(
		backup_maintenance_begin(fixture->service, db, &request, "ann", &window, &err),
		STATUS_INVALID);
	assert_string_equal(err.field, "operation");
	request = (struct backup_maintenance_request) { .operation = "SecretRotation",
							.planned_end = 1000 };
	assert_int_equal(
		backup_maintenance_begin(fixture->service, db, &request, "ann", &window, &err),
		STATUS_INVALID);
	assert_string_equal(err.field, "plannedEnd");
	give_state(fixture, db);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, schedule_setup, schedule_teardown)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		WITH(test_maintenance_keeps_backups_from_being_made),
		WITH(test_maintenance_backup_after_counts_for_the_skipped_one),
		WITH(test_maintenance_skip_is_told_and_made_up_whatever_the_clock_did),
		WITH(test_maintenance_declined_backup_after_makes_the_skipped_one_up_once),
		WITH(test_maintenance_nothing_skipped_and_declined_makes_nothing),
		WITH(test_maintenance_begins_after_its_backup),
		WITH(test_maintenance_whose_backup_fails_does_not_begin),
		WITH(test_maintenance_bad_requests_name_the_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
