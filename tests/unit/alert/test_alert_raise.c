/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of raising, refreshing, replacing and closing. */
#include <stdio.h>
#include <string.h>

#include "unit/alert/alert_fixture.h"

#define OPEN "closed_time = 0"
#define CLOSED "closed_time <> 0"

static const char JOB_1[] = "11111111-0000-4000-8000-000000000000";
static const char JOB_2[] = "22222222-0000-4000-8000-000000000000";

static void test_alert_raise_first_time_opens(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_1);
	struct db_alert row = alert_fixture_open(fixture, ALERT_BACKUP_FAILED_SHARE_FULL);
	assert_true(guid_is_valid(row.id) && guid_is_valid(row.fault_id));
	assert_string_not_equal(row.id, row.fault_id);
	assert_string_equal(row.location, "north");
	assert_string_equal(row.occurrence, JOB_1);
	assert_int_equal(row.times_raised, 1);
	assert_int_equal(row.created_time, fixture->now);
	assert_int_equal(row.updated_time, fixture->now);
	assert_null(row.closed_by);
	db_alert_done(&row);
}

static void test_alert_raise_same_fault_again_refreshes(void **state)
{
	struct alert_fixture *fixture = *state;
	int64_t first = fixture->now;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_1);
	fixture->now += HOUR;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_2);
	assert_int_equal(alert_fixture_rows(fixture, "1"), 1);
	struct db_alert row = alert_fixture_open(fixture, ALERT_BACKUP_FAILED_SHARE_FULL);
	assert_int_equal(row.times_raised, 2);
	assert_int_equal(row.created_time, first);
	assert_int_equal(row.updated_time, fixture->now);
	assert_string_equal(row.occurrence, JOB_2);
	db_alert_done(&row);
}

static void test_alert_raise_same_occurrence_changes_nothing(void **state)
{
	struct alert_fixture *fixture = *state;
	int64_t first = fixture->now;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_1);
	fixture->now += 2 * DAY;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_1);
	/* Nor under another fault: the job has been told about. */
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_GENERAL, JOB_1);
	assert_int_equal(alert_fixture_rows(fixture, "1"), 1);
	struct db_alert row = alert_fixture_open(fixture, ALERT_BACKUP_FAILED_SHARE_FULL);
	assert_int_equal(row.times_raised, 1);
	assert_int_equal(row.updated_time, first);
	db_alert_done(&row);
}

static void test_alert_raise_other_backup_failure_replaces(void **state)
{
	struct alert_fixture *fixture = *state;
	for (int fault = 0; fault <= ALERT_BACKUP_PARTIAL; fault++) {
		char job[GUID_TEXT_SIZE];
		guid_generate(job);
		alert_fixture_raise(fixture, (enum alert_fault)fault, job);
		assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
		struct db_alert row = alert_fixture_open(fixture, (enum alert_fault)fault);
		assert_int_equal(row.times_raised, 1);
		db_alert_done(&row);
	}
	assert_int_equal(alert_fixture_rows(fixture, CLOSED), ALERT_BACKUP_PARTIAL);
	assert_int_equal(alert_fixture_rows(fixture, "close_reason LIKE 'another fault%'"
						     " AND closed_by IS NULL"),
			 ALERT_BACKUP_PARTIAL);
	alert_fixture_clear(fixture, ALERT_BACKUP_FAILED_GENERAL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 0);
}

static void test_alert_raise_independent_faults_live_side_by_side(void **state)
{
	struct alert_fixture *fixture = *state;
	for (int fault = ALERT_BACKUP_PARTIAL; fault <= ALERT_CERTIFICATE_EXPIRES; fault++)
		alert_fixture_raise(fixture, (enum alert_fault)fault, JOB_1);
	assert_int_equal(alert_fixture_rows(fixture, OPEN),
			 ALERT_CERTIFICATE_EXPIRES - ALERT_BACKUP_PARTIAL + 1);
	alert_fixture_clear(fixture, ALERT_BACKUP_FAILED_GENERAL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN),
			 ALERT_CERTIFICATE_EXPIRES - ALERT_BACKUP_PARTIAL);
}

static void test_alert_raise_expired_certificate_replaces_its_warning(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_CERTIFICATE_EXPIRES, NULL);
	alert_fixture_raise(fixture, ALERT_CERTIFICATE_EXPIRED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	struct db_alert row = alert_fixture_open(fixture, ALERT_CERTIFICATE_EXPIRED);
	db_alert_done(&row);
}

static void test_alert_raise_after_success_is_a_new_alert(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_1);
	alert_fixture_clear(fixture, ALERT_BACKUP_FAILED_SHARE_FULL);
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, JOB_2);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	assert_int_equal(alert_fixture_rows(fixture, CLOSED " AND is_settled"), 1);
}

static void test_alert_raise_skipped_each_is_an_alert_of_its_own(void **state)
{
	struct alert_fixture *fixture = *state;
	int64_t planned = fixture->now - HOUR;
	for (int i = 0; i < 2; i++)
		assert_int_equal(alert_raise_skipped(fixture->book, fixture->db, planned,
						     "RotateSecret", 0, NULL),
				 STATUS_OK);
	assert_int_equal(alert_fixture_rows(fixture, "1"), 1);
	assert_int_equal(alert_raise_skipped(fixture->book, fixture->db, planned + 4 * HOUR,
					     "RotateSecret", planned + 8 * HOUR, NULL),
			 STATUS_OK);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	assert_int_equal(alert_fixture_rows(fixture, CLOSED), 1);
	struct db_alert row = alert_fixture_open(fixture, ALERT_SKIPPED);
	assert_non_null(strstr(row.evidence, "nextBackupDateTime"));
	assert_int_equal(row.times_raised, 1);
	db_alert_done(&row);
}

static void test_alert_raise_condition_counts_once_a_day(void **state)
{
	struct alert_fixture *fixture = *state;
	int64_t first = fixture->now;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	fixture->now = first + DAY - 1;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, "times_raised = 1"), 1);
	fixture->now = first + DAY;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	struct db_alert row = alert_fixture_open(fixture, ALERT_SCHEDULER_PAUSED);
	assert_int_equal(row.times_raised, 2);
	assert_int_equal(row.updated_time, fixture->now);
	assert_int_equal(row.created_time, first);
	db_alert_done(&row);
}

static void raise_full(struct alert_fixture *fixture, const char *free_text)
{
	const struct alert_evidence evidence[] = { { "freeCapacity", free_text },
						   { "neededCapacity", NULL },
						   { "daysToFull", "" } };
	const struct alert_report report = { ALERT_SHARE_ALMOST_FULL, NULL, evidence, 3 };
	assert_int_equal(alert_raise(fixture->book, fixture->db, &report, NULL), STATUS_OK);
}

static void test_alert_raise_other_evidence_is_noted_without_counting(void **state)
{
	struct alert_fixture *fixture = *state;
	raise_full(fixture, "10 GB");
	fixture->now += HOUR;
	raise_full(fixture, "9 GB");
	struct db_alert row = alert_fixture_open(fixture, ALERT_SHARE_ALMOST_FULL);
	assert_string_equal(row.evidence, "{\"freeCapacity\":\"9 GB\"}");
	assert_int_equal(row.times_raised, 1);
	/* Its day goes on from the first time. */
	assert_int_equal(row.updated_time, fixture->now - HOUR);
	db_alert_done(&row);
}

static void test_alert_raise_evidence_that_is_not_listed_is_refused(void **state)
{
	struct alert_fixture *fixture = *state;
	const struct alert_evidence evidence = { "password", "x" };
	const struct alert_report report = { ALERT_SHARE_ALMOST_FULL, NULL, &evidence, 1 };
	struct error err;
	assert_int_equal(alert_raise(fixture->book, fixture->db, &report, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "password"));
	assert_int_equal(alert_fixture_rows(fixture, "1"), 0);
}

static void test_alert_raise_text_that_is_not_utf8_is_kept_readable(void **state)
{
	struct alert_fixture *fixture = *state;
	raise_full(fixture, "a\xff"
			    "b");
	struct db_alert row = alert_fixture_open(fixture, ALERT_SHARE_ALMOST_FULL);
	assert_string_equal(row.evidence, "{\"freeCapacity\":\"a?b\"}");
	db_alert_done(&row);
}

static void close_open(struct alert_fixture *fixture, enum alert_fault fault)
{
	struct db_alert row = alert_fixture_open(fixture, fault);
	assert_int_equal(alert_close(fixture->book, fixture->db, row.id, "ann", NULL), STATUS_OK);
	db_alert_done(&row);
}

static void test_alert_close_keeps_who_and_when(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	struct db_alert row = alert_fixture_open(fixture, ALERT_SCHEDULER_PAUSED);
	char id[GUID_TEXT_SIZE];
	memcpy(id, row.id, sizeof id);
	db_alert_done(&row);
	fixture->now += HOUR;
	int64_t closed = fixture->now;
	assert_int_equal(alert_close(fixture->book, fixture->db, id, "ann", NULL), STATUS_OK);
	fixture->now += HOUR;
	/* Closed already: the first one stays. */
	assert_int_equal(alert_close(fixture->book, fixture->db, id, "bob", NULL), STATUS_OK);
	assert_int_equal(alert_get(fixture->book, fixture->db, id, &row, NULL), STATUS_OK);
	assert_string_equal(row.closed_by, "ann");
	assert_int_equal(row.closed_time, closed);
	assert_int_equal(row.updated_time, closed);
	db_alert_done(&row);
}

static void test_alert_close_unknown_or_of_another_location_is_not_found(void **state)
{
	struct alert_fixture *fixture = *state;
	struct alert_book *other = NULL;
	assert_int_equal(alert_book_new("south", &fixture->clock, &other, NULL), STATUS_OK);
	assert_int_equal(alert_close(fixture->book, fixture->db, JOB_1, "ann", NULL),
			 STATUS_NOT_FOUND);
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	struct db_alert row = alert_fixture_open(fixture, ALERT_SCHEDULER_PAUSED);
	assert_int_equal(alert_close(other, fixture->db, row.id, "ann", NULL), STATUS_NOT_FOUND);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	db_alert_done(&row);
	alert_book_free(other);
}

static void test_alert_raise_condition_that_an_operator_closed_is_quiet_for_a_day(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	close_open(fixture, ALERT_SCHEDULER_PAUSED);
	fixture->now += DAY - 1;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 0);
	fixture->now += 1;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
}

static void test_alert_raise_condition_that_went_and_came_back_is_news(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	close_open(fixture, ALERT_SCHEDULER_PAUSED);
	alert_fixture_clear(fixture, ALERT_SCHEDULER_PAUSED);
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	/* Who closed the first one is still known. */
	assert_int_equal(alert_fixture_rows(fixture, "closed_by = 'ann'"), 1);
}

static void test_alert_raise_failure_that_an_operator_closed_stays_closed(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_GENERAL, JOB_1);
	close_open(fixture, ALERT_BACKUP_FAILED_GENERAL);
	fixture->now += 30 * DAY;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_GENERAL, JOB_1);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 0);
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_GENERAL, JOB_2);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
}

static void test_alert_clear_without_alert_changes_nothing(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_clear(fixture, ALERT_SCHEDULER_PAUSED);
	alert_fixture_raise(fixture, ALERT_NOT_CONFIGURED, NULL);
	alert_fixture_clear(fixture, ALERT_SCHEDULER_PAUSED);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 1);
	alert_fixture_clear(fixture, ALERT_NOT_CONFIGURED);
	fixture->now += HOUR;
	alert_fixture_clear(fixture, ALERT_NOT_CONFIGURED);
	char where[64];
	(void)snprintf(where, sizeof where, "closed_time = %lld", (long long)(fixture->now - HOUR));
	assert_int_equal(alert_fixture_rows(fixture, where), 1);
}

static void test_alert_raise_for_years_keeps_the_table_small(void **state)
{
	struct alert_fixture *fixture = *state;
	for (int i = 0; i < 150; i++) {
		fixture->now += HOUR;
		assert_int_equal(alert_raise_skipped(fixture->book, fixture->db, fixture->now, NULL,
						     0, NULL),
				 STATUS_OK);
	}
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(alert_fixture_rows(fixture, CLOSED), 100);
	assert_int_equal(alert_fixture_rows(fixture, OPEN), 2);
}

static enum status raise_and_fail(struct db *db, void *context, struct error *err)
{
	struct alert_fixture *fixture = context;
	const struct alert_report report = { .fault = ALERT_SCHEDULER_PAUSED };
	assert_int_equal(alert_raise(fixture->book, db, &report, NULL), STATUS_OK);
	return fail_memory(err, "test");
}

static void test_alert_raise_belongs_to_the_callers_transaction(void **state)
{
	struct alert_fixture *fixture = *state;
	assert_int_equal(db_transaction(fixture->db, raise_and_fail, fixture, NULL),
			 STATUS_NO_MEMORY);
	assert_int_equal(alert_fixture_rows(fixture, "1"), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, alert_fixture_start, alert_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_alert_raise_first_time_opens),
		WITH(test_alert_raise_same_fault_again_refreshes),
		WITH(test_alert_raise_same_occurrence_changes_nothing),
		WITH(test_alert_raise_other_backup_failure_replaces),
		WITH(test_alert_raise_independent_faults_live_side_by_side),
		WITH(test_alert_raise_expired_certificate_replaces_its_warning),
		WITH(test_alert_raise_after_success_is_a_new_alert),
		WITH(test_alert_raise_skipped_each_is_an_alert_of_its_own),
		WITH(test_alert_raise_condition_counts_once_a_day),
		WITH(test_alert_raise_other_evidence_is_noted_without_counting),
		WITH(test_alert_raise_evidence_that_is_not_listed_is_refused),
		WITH(test_alert_raise_text_that_is_not_utf8_is_kept_readable),
		WITH(test_alert_close_keeps_who_and_when),
		WITH(test_alert_close_unknown_or_of_another_location_is_not_found),
		WITH(test_alert_raise_condition_that_an_operator_closed_is_quiet_for_a_day),
		WITH(test_alert_raise_condition_that_went_and_came_back_is_news),
		WITH(test_alert_raise_failure_that_an_operator_closed_stays_closed),
		WITH(test_alert_clear_without_alert_changes_nothing),
		WITH(test_alert_raise_for_years_keeps_the_table_small),
		WITH(test_alert_raise_belongs_to_the_callers_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
