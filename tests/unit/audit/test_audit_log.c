/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the audit log: begun, ended, pruned, refused to everybody who would change them. */
#include <string.h>

#include "unit/audit/audit_fixture.h"

static enum status take_event(const struct db_audit_event *event, void *context, struct error *err)
{
	(void)err;
	*(struct db_audit_event *)context = *event;
	return STATUS_OK;
}

static struct db_audit_event newest(struct audit_fixture *fixture)
{
	const struct db_audit_filter filter = { .max = 1 };
	struct db_audit_event event = { .sequence = 0 };

	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	return event;
}

static void test_audit_begin_without_end_stays_begun(void **state)
{
	struct audit_fixture *fixture = *state;

	assert_int_equal(audit_fixture_add(fixture, 202), 1);
	assert_int_equal(audit_fixture_add(fixture, -1), 2);
	assert_string_equal(db_audit_status(&(struct db_audit_event) { .sequence = 1 }), "Started");
	struct db_audit_event event = newest(fixture);

	assert_int_equal(event.sequence, 2);
	assert_string_equal(db_audit_status(&event), "Started");
	assert_string_equal(event.origin.caller, "monitoring");
	assert_string_equal(event.origin.operation, "BackupLocations_CreateBackup");
	assert_int_equal(event.event_time, AUDIT_FIXTURE_NOW + 2000);
	struct audit_report report = audit_fixture_verify(fixture);

	assert_int_equal(report.finding_count, 0);
	assert_int_equal(report.rows, 2);
	assert_int_equal(report.begun, 1);
	assert_int_equal(report.head.sequence, 2);
}

static void test_audit_end_sets_the_outcome_once(void **state)
{
	struct audit_fixture *fixture = *state;
	const struct db_audit_outcome outcome = { .http_status = 200 };
	int64_t sequence = audit_fixture_add(fixture, 409);
	struct db_audit_event event = newest(fixture);

	assert_string_equal(db_audit_status(&event), "Failed");
	assert_int_equal(event.outcome.http_status, 409);
	assert_string_equal(event.outcome.error_code, "RequestConflict");
	assert_int_equal(event.outcome.requests, 1);
	assert_int_equal(audit_end(fixture->log, fixture->db, sequence, &outcome, NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(audit_end(fixture->log, fixture->db, 77, &outcome, NULL),
			 STATUS_NOT_FOUND);
	audit_fixture_assert_sound(fixture, 1);
}

static enum status record_and_fail(struct db *db, void *context, struct error *err)
{
	struct audit_fixture *fixture = context;

	(void)db;
	(void)err;
	(void)audit_fixture_add(fixture, 200);
	return STATUS_CONFLICT;
}

static void test_audit_record_goes_with_the_change_that_it_tells_of(void **state)
{
	struct audit_fixture *fixture = *state;

	(void)audit_fixture_add(fixture, 200);
	assert_int_equal(db_transaction(fixture->db, record_and_fail, fixture, NULL),
			 STATUS_CONFLICT);
	audit_fixture_assert_sound(fixture, 1);
	assert_int_equal(audit_fixture_add(fixture, 200), 2);
	audit_fixture_assert_sound(fixture, 2);
}

static void test_audit_rows_refuse_to_be_changed(void **state)
{
	static const char *const refused[] = {
		"UPDATE audit_event SET caller = 'other' WHERE sequence = 1",
		"UPDATE audit_event SET caller = 'other' WHERE sequence = 2",
		"UPDATE audit_event SET http_status = 200 WHERE sequence = 1",
		"UPDATE audit_event SET caller_identity = 'x' WHERE sequence = 2",
		"UPDATE audit_event SET sequence = 9 WHERE sequence = 2",
		"DELETE FROM audit_event WHERE sequence = 1",
		"DELETE FROM audit_event",
		("INSERT OR REPLACE INTO audit_event (sequence, event_time, caller_kind, hash)"
		 " VALUES (1, 1, 'x', zeroblob(32))"),
		"UPDATE audit_chain SET last_sequence = 1",
		"DELETE FROM audit_chain",
	};
	struct audit_fixture *fixture = *state;

	(void)audit_fixture_add(fixture, 409);
	(void)audit_fixture_add(fixture, -1);
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		if (db_fixture_sql(fixture->files->path, refused[i]))
			print_error("not refused: %s\n", refused[i]);
		assert_false(db_fixture_sql(fixture->files->path, refused[i]));
	}
	audit_fixture_assert_sound(fixture, 2);
}

static void test_audit_keeps_so_many_rows_and_stays_sound(void **state)
{
	struct audit_fixture *fixture = *state;

	audit_fixture_reopen(fixture, 100, 0);
	(void)audit_fixture_add(fixture, -1);
	for (int i = 0; i < 500; i++)
		(void)audit_fixture_add(fixture, 200);
	struct audit_report report = audit_fixture_verify(fixture);

	assert_int_equal(report.finding_count, 0);
	assert_in_range(report.rows, 100, 164);
	assert_int_equal(report.head.sequence, 501);
	assert_int_equal(report.pruned, report.first.sequence - 1);
	assert_int_equal(report.pruned + report.rows, 501);
	assert_int_equal(report.begun, 0);
	/* The row that was let go with no outcome is no longer waited for. */
	assert_int_equal(audit_fixture_number(fixture, "SELECT open_sequences IS NULL FROM"
						       " audit_chain"),
			 1);
}

static void test_audit_old_rows_go_a_few_at_a_time(void **state)
{
	struct audit_fixture *fixture = *state;

	audit_fixture_reopen(fixture, 0, 1000000);
	for (int i = 0; i < 300; i++)
		(void)audit_fixture_add(fixture, 200);
	assert_int_equal(audit_fixture_verify(fixture).pruned, 0);
	fixture->now += 5000000;
	for (int i = 300; i < 320; i++)
		(void)audit_fixture_add(fixture, 200);
	struct audit_report report = audit_fixture_verify(fixture);

	assert_int_equal(report.finding_count, 0);
	assert_int_equal(report.pruned, 128);
	assert_int_equal(report.rows, 320 - 128);
}

static void test_audit_resume_after_a_copy_without_rows(void **state)
{
	struct audit_fixture *fixture = *state;
	char path[200];
	struct db *copy = NULL;
	struct audit_report report;

	for (int i = 0; i < 5; i++)
		(void)audit_fixture_add(fixture, i == 3 ? -1 : 200);
	(void)snprintf(path, sizeof path, "%s/copy.sqlite", fixture->files->folder);
	assert_int_equal(db_copy_without_history(fixture->db, path, NULL), STATUS_OK);
	assert_int_equal(db_open(path, DB_STATE, &copy, NULL), STATUS_OK);
	assert_int_equal(audit_verify(fixture->log, copy, NULL, &report, NULL), STATUS_OK);
	assert_int_equal(report.finding_count, 1);
	assert_int_equal(report.findings[0].sequence, 1);
	assert_int_equal(report.findings[0].problem, AUDIT_MISSING);
	assert_int_equal(audit_resume(fixture->log, copy, NULL), STATUS_OK);
	assert_int_equal(audit_verify(fixture->log, copy, NULL, &report, NULL), STATUS_OK);
	assert_int_equal(report.finding_count, 0);
	assert_int_equal(report.pruned, 5);
	assert_int_equal(report.head.sequence, 6);
	db_close(copy);
}

static void test_audit_list_filters(void **state)
{
	struct audit_fixture *fixture = *state;
	struct db_audit_filter filter = { .max = 10, .status = "failed" };
	struct db_audit_event event = { .sequence = 0 };

	(void)audit_fixture_add(fixture, 200);
	(void)audit_fixture_add(fixture, 409);
	(void)audit_fixture_add(fixture, -1);
	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	assert_int_equal(event.sequence, 2);
	filter = (struct db_audit_filter) { .max = 10, .before = 3, .http_status = 200 };
	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	assert_int_equal(event.sequence, 1);
	filter = (struct db_audit_filter) { .max = 1, .from_time = AUDIT_FIXTURE_NOW + 3000 };
	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	assert_int_equal(event.sequence, 3);
	filter = (struct db_audit_filter) { .max = 1, .to_time = AUDIT_FIXTURE_NOW + 2999 };
	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	assert_int_equal(event.sequence, 2);
	event.sequence = 0;
	filter = (struct db_audit_filter) { .max = 1, .caller = "nobody" };
	assert_int_equal(db_audit_list(fixture->db, &filter, take_event, &event, NULL), STATUS_OK);
	assert_int_equal(event.sequence, 0);
}

static void test_audit_line_nobody_writes_members_of_his_own(void **state)
{
	struct db_audit_event event = { .sequence = 7,
					.event_time = AUDIT_FIXTURE_NOW,
					.origin = { .caller = "a\" http=\"200\nroot\\",
						    .caller_kind = "token",
						    .path = "/\xc3\xa9\x1b[0m" },
					.outcome = { .ended_time = 1,
						     .http_status = 403,
						     .error_code = "AuthorizationFailed",
						     .requests = 3 } };
	char line[AUDIT_LINE_SIZE];

	(void)state;
	assert_string_equal(
		audit_line(&event, line),
		"audit head=\"7:"
		"0000000000000000000000000000000000000000000000000000000000000000\""
		" time=\"2026-03-01T20:21:07Z\" status=\"Failed\" http=\"403\""
		" error=\"AuthorizationFailed\" requests=\"3\" kind=\"token\""
		" caller=\"a\\x22 http=\\x22200\\x0aroot\\x5c\" path=\"/\\xc3\\xa9\\x1b[0m\"");
	memset(event.origin.path, '\n', sizeof event.origin.path - 1);
	memset(event.origin.caller, '"', sizeof event.origin.caller - 1);
	assert_true(strlen(audit_line(&event, line)) < AUDIT_LINE_SIZE);
	assert_int_equal(line[strlen(line) - 1], '"');
	for (const char *at = line; *at != '\0'; at++)
		assert_in_range(*at, 0x20, 0x7e);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, audit_fixture_start, audit_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_audit_begin_without_end_stays_begun),
		TEST(test_audit_end_sets_the_outcome_once),
		TEST(test_audit_record_goes_with_the_change_that_it_tells_of),
		TEST(test_audit_rows_refuse_to_be_changed),
		TEST(test_audit_keeps_so_many_rows_and_stays_sound),
		TEST(test_audit_old_rows_go_a_few_at_a_time),
		TEST(test_audit_resume_after_a_copy_without_rows),
		TEST(test_audit_list_filters),
		cmocka_unit_test(test_audit_line_nobody_writes_members_of_his_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
