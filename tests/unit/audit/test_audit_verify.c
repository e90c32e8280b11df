/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is done to the rows behind the service's back is found, and the first row is named. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "unit/audit/audit_fixture.h"

enum { ROWS = 8, BEGUN = 5, FAILED = 3 };

/* With a copy of everything, for put_back(). */
static int start_filled(void **state)
{
	if (audit_fixture_start(state) != 0)
		return -1;
	for (int i = 1; i <= ROWS; i++)
		(void)audit_fixture_add(*state, i == BEGUN ? -1 : i == FAILED ? 409 : 202);
	audit_fixture_tamper(*state, "CREATE TABLE kept_event AS SELECT * FROM audit_event;"
				     "CREATE TABLE kept_chain AS SELECT * FROM audit_chain");
	return 0;
}

static void put_back(struct audit_fixture *fixture)
{
	audit_fixture_tamper(fixture, "DELETE FROM audit_event; DELETE FROM audit_chain;"
				      "INSERT INTO audit_event SELECT * FROM kept_event;"
				      "INSERT INTO audit_chain SELECT * FROM kept_chain");
	audit_fixture_assert_sound(fixture, ROWS);
}

#define COPY_COLUMNS                                                                               \
	"event_time, caller, caller_identity, caller_kind, address, method, path, operation, "     \
	"api_version, "                                                                            \
	"request_id, correlation_id, hash, ended_time, http_status, error_code, job_id, "          \
	"requests, outcome_hash"

/* Row @to as a copy of row @from. */
#define ADD_COPY(insert, to, from)                                                                 \
	insert " INTO audit_event (sequence, " COPY_COLUMNS ") SELECT " to ", " COPY_COLUMNS       \
	       " FROM audit_event WHERE sequence = " from

static const struct tampering {
	const char *sql;
	int64_t sequence;
	enum audit_problem problem;
} tamperings[] = {
	{ "DELETE FROM audit_event WHERE sequence = 1", 1, AUDIT_MISSING },
	{ "DELETE FROM audit_event WHERE sequence = 4", 4, AUDIT_MISSING },
	{ "DELETE FROM audit_event WHERE sequence BETWEEN 2 AND 6", 2, AUDIT_MISSING },
	{ "DELETE FROM audit_event WHERE sequence = 8", 8, AUDIT_MISSING },
	{ "DELETE FROM audit_event WHERE sequence > 5", 6, AUDIT_MISSING },
	{ "DELETE FROM audit_event", 1, AUDIT_MISSING },
	/* A truncated tail, with an end that fits it but for the key. */
	{ "DELETE FROM audit_event WHERE sequence = 8; UPDATE audit_chain SET last_sequence = 7,"
	  " last_hash = (SELECT hash FROM audit_event WHERE sequence = 7)",
	  8, AUDIT_END_ALTERED },
	{ "DELETE FROM audit_chain", 9, AUDIT_END_ALTERED },
	{ "DELETE FROM audit_chain; DELETE FROM audit_event", 1, AUDIT_END_ALTERED },
	{ "UPDATE audit_chain SET pruned_sequence = 2, pruned_hash = (SELECT hash FROM"
	  " audit_event WHERE sequence = 2); DELETE FROM audit_event WHERE sequence <= 2",
	  9, AUDIT_END_ALTERED },
	{ "UPDATE audit_chain SET hash = zeroblob(32)", 9, AUDIT_END_ALTERED },
	{ "UPDATE audit_chain SET hash = zeroblob(31)", 9, AUDIT_END_ALTERED },
	{ "UPDATE audit_chain SET open_sequences = NULL", 9, AUDIT_END_ALTERED },
	{ "UPDATE audit_event SET caller = 'somebody' WHERE sequence = 4", 4, AUDIT_ALTERED },
	{ "UPDATE audit_event SET caller = NULL WHERE sequence = 4", 4, AUDIT_ALTERED },
	{ "UPDATE audit_event SET event_time = event_time + 1 WHERE sequence = 1", 1,
	  AUDIT_ALTERED },
	{ "UPDATE audit_event SET caller = caller || char(0) || 'x' WHERE sequence = 4", 4,
	  AUDIT_ALTERED },
	{ "UPDATE audit_event SET error_code = '' WHERE sequence = 4", 4, AUDIT_ALTERED },
	{ "UPDATE audit_event SET path = hex(zeroblob(5000)) WHERE sequence = 4", 4,
	  AUDIT_ALTERED },
	{ "UPDATE audit_event SET hash = zeroblob(32) WHERE sequence = 8", 8, AUDIT_ALTERED },
	{ "UPDATE audit_event SET hash = zeroblob(33) WHERE sequence = 7", 7, AUDIT_ALTERED },
	{ "UPDATE audit_event SET http_status = 200 WHERE sequence = 3", 3, AUDIT_OUTCOME_ALTERED },
	{ "UPDATE audit_event SET error_code = NULL WHERE sequence = 3", 3, AUDIT_OUTCOME_ALTERED },
	{ "UPDATE audit_event SET requests = 2 WHERE sequence = 5", 5, AUDIT_OUTCOME_ALTERED },
	{ "UPDATE audit_event SET ended_time = 0, http_status = 0, error_code = NULL,"
	  " job_id = NULL, outcome_hash = NULL WHERE sequence = 3",
	  3, AUDIT_OUTCOME_MISSING },
	{ "UPDATE audit_event SET (ended_time, http_status, outcome_hash) = (SELECT ended_time,"
	  " http_status, outcome_hash FROM audit_event WHERE sequence = 4) WHERE sequence = 5",
	  5, AUDIT_OUTCOME_ALTERED },
	/* Two rows change places. */
	{ "UPDATE audit_event SET sequence = 100 WHERE sequence = 6; UPDATE audit_event SET"
	  " sequence = 6 WHERE sequence = 7; UPDATE audit_event SET sequence = 7"
	  " WHERE sequence = 100",
	  6, AUDIT_ALTERED },
	{ "DELETE FROM audit_event WHERE sequence = 6; UPDATE audit_event SET sequence ="
	  " sequence - 1 WHERE sequence > 6",
	  6, AUDIT_ALTERED },
	/* Rows are added: behind the end, before the beginning, as copies. */
	{ ADD_COPY("INSERT", "9", "8"), 9, AUDIT_EXTRA },
	{ ADD_COPY("INSERT", "0", "8"), 0, AUDIT_EXTRA },
	{ ADD_COPY("INSERT", "-5", "8"), -5, AUDIT_EXTRA },
	{ ADD_COPY("INSERT OR REPLACE", "2", "1"), 2, AUDIT_ALTERED },
};

static void test_audit_verify_finds_and_names_every_tampering(void **state)
{
	struct audit_fixture *fixture = *state;

	audit_fixture_assert_sound(fixture, ROWS);
	for (size_t i = 0; i < ARRAY_LENGTH(tamperings); i++) {
		audit_fixture_tamper(fixture, tamperings[i].sql);
		struct audit_report report = audit_fixture_verify(fixture);

		if (report.finding_count == 0 ||
		    report.findings[0].sequence != tamperings[i].sequence ||
		    report.findings[0].problem != tamperings[i].problem)
			print_error("%s: %zu findings, first row %lld: %s\n", tamperings[i].sql,
				    report.finding_count, (long long)report.findings[0].sequence,
				    audit_problem_text(report.findings[0].problem));
		assert_true(report.finding_count > 0);
		assert_int_equal(report.findings[0].sequence, tamperings[i].sequence);
		assert_int_equal(report.findings[0].problem, tamperings[i].problem);
		put_back(fixture);
	}
}

/* The columns as the database has them, so that a new one is not forgotten. */
static size_t read_columns(struct audit_fixture *fixture, char columns[32][40])
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	size_t count = 0;

	assert_int_equal(sqlite3_open(fixture->files->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle,
					    "SELECT name FROM pragma_table_info('audit_event')", -1,
					    &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW && count < 32)
		(void)snprintf(columns[count++], 40, "%s",
			       (const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(handle);
	return count;
}

/* A value of the same type that is another one, by the draw @random. */
static void change_value(const char *column, long row, long random, char sql[1024])
{
	(void)snprintf(sql, 1024,
		       "UPDATE audit_event SET \"%.40s\" = CASE typeof(\"%.40s\")"
		       " WHEN 'integer' THEN \"%.40s\" + 1000 + %ld"
		       " WHEN 'blob' THEN randomblob(length(\"%.40s\"))"
		       " WHEN 'text' THEN substr(\"%.40s\", 1, %ld) || char(%ld) ||"
		       " substr(\"%.40s\", %ld)"
		       " ELSE CASE WHEN '%.40s' LIKE '%%hash' THEN randomblob(32) ELSE 'x' END END"
		       " WHERE sequence = %ld",
		       column, column, column, random % 100, column, column, random % 4,
		       33 + random % 90, column, random % 4 + 1, column, row);
}

static void test_audit_verify_finds_any_edit_of_any_column_of_any_row(void **state)
{
	struct audit_fixture *fixture = *state;
	char columns[32][40], sql[1024];
	size_t count = read_columns(fixture, columns);

	srandom(20260301);
	assert_int_equal(count, 19);
	for (size_t column = 0; column < count; column++)
		for (long row = 1; row <= ROWS; row++) {
			change_value(columns[column], row, random(), sql);
			audit_fixture_tamper(fixture, sql);
			struct audit_report report = audit_fixture_verify(fixture);

			if (report.finding_count == 0 || report.findings[0].sequence != row)
				print_error("%s: %zu findings, first row %lld\n", sql,
					    report.finding_count,
					    (long long)report.findings[0].sequence);
			assert_true(report.finding_count > 0);
			assert_int_equal(report.findings[0].sequence, row);
			put_back(fixture);
		}
}

static void test_audit_verify_another_key_finds_every_row(void **state)
{
	struct audit_fixture *fixture = *state;
	struct audit_report report;

	fixture->key.data[0] ^= 1;
	audit_fixture_reopen(fixture, 0, 0);
	report = audit_fixture_verify(fixture);
	assert_int_equal(report.findings[0].sequence, 1);
	assert_int_equal(report.findings[0].problem, AUDIT_ALTERED);
	assert_true(report.finding_count > ROWS);
}

static void test_audit_verify_a_log_that_goes_on_after_damage_says_so(void **state)
{
	struct audit_fixture *fixture = *state;
	struct audit_report report;

	audit_fixture_tamper(fixture, "UPDATE audit_chain SET last_sequence = 7, last_hash ="
				      " zeroblob(32); DELETE FROM audit_event WHERE sequence = 8");
	audit_fixture_reopen(fixture, 0, 0);
	assert_int_equal(audit_fixture_add(fixture, 202), 8);
	assert_int_equal(audit_fixture_add(fixture, 202), 9);
	report = audit_fixture_verify(fixture);
	assert_int_equal(report.finding_count, 1);
	assert_int_equal(report.findings[0].sequence, 8);
	assert_int_equal(report.findings[0].problem, AUDIT_NOTED);
}

/* Rows and end are put back to what they were, which fits by itself: the service remembers. */
static void test_audit_verify_a_rollback_under_a_running_service_is_noted(void **state)
{
	struct audit_fixture *fixture = *state;
	struct audit_report report;

	audit_fixture_tamper(fixture, "CREATE TABLE older AS SELECT * FROM audit_chain");
	(void)audit_fixture_add(fixture, 202);
	(void)audit_fixture_add(fixture, 202);
	(void)audit_fixture_add(fixture, 202);
	audit_fixture_tamper(fixture, "DELETE FROM audit_event WHERE sequence > 8; DELETE FROM"
				      " audit_chain; INSERT INTO audit_chain SELECT * FROM older");
	audit_fixture_assert_sound(fixture, ROWS);
	assert_true(audit_fixture_add(fixture, 202) > 9);
	report = audit_fixture_verify(fixture);
	assert_int_equal(report.findings[0].sequence, 9);
	assert_int_equal(report.findings[0].problem, AUDIT_MISSING);
	assert_int_equal(report.findings[report.finding_count - 1].problem, AUDIT_NOTED);
}

static void test_audit_verify_a_head_written_down_shows_a_rollback(void **state)
{
	struct audit_fixture *fixture = *state;
	struct audit_report report;

	audit_fixture_tamper(fixture, "CREATE TABLE older AS SELECT * FROM audit_chain");
	(void)audit_fixture_add(fixture, 202);
	struct audit_head head = audit_fixture_verify(fixture).head;

	assert_int_equal(audit_verify(fixture->log, fixture->db, &head, &report, NULL), STATUS_OK);
	assert_int_equal(report.finding_count, 0);
	audit_fixture_tamper(fixture, "DELETE FROM audit_event WHERE sequence > 8; DELETE FROM"
				      " audit_chain; INSERT INTO audit_chain SELECT * FROM older");
	audit_fixture_assert_sound(fixture, ROWS);
	assert_int_equal(audit_verify(fixture->log, fixture->db, &head, &report, NULL), STATUS_OK);
	assert_int_equal(report.finding_count, 1);
	assert_int_equal(report.findings[0].sequence, 9);
	assert_int_equal(report.findings[0].problem, AUDIT_HEAD_DIFFERS);
	head.sequence = 4;
	assert_int_equal(audit_verify(fixture->log, fixture->db, &head, &report, NULL), STATUS_OK);
	assert_int_equal(report.findings[0].sequence, 4);
}

static void test_audit_head_parse_takes_only_its_own_form(void **state)
{
	static const char hash[] =
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct audit_head head;
	char text[128];

	(void)state;
	(void)snprintf(text, sizeof text, "12:%s", hash);
	assert_true(audit_head_parse(text, &head));
	assert_int_equal(head.sequence, 12);
	assert_int_equal(head.hash[1], 0x11);
	(void)snprintf(text, sizeof text, "0:%s", hash);
	assert_false(audit_head_parse(text, &head));
	(void)snprintf(text, sizeof text, "-1:%s", hash);
	assert_false(audit_head_parse(text, &head));
	(void)snprintf(text, sizeof text, "12:%s0", hash);
	assert_false(audit_head_parse(text, &head));
	assert_false(audit_head_parse("12", &head));
	assert_false(audit_head_parse("", &head));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start_filled, audit_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_audit_verify_finds_and_names_every_tampering),
		TEST(test_audit_verify_finds_any_edit_of_any_column_of_any_row),
		TEST(test_audit_verify_another_key_finds_every_row),
		TEST(test_audit_verify_a_log_that_goes_on_after_damage_says_so),
		TEST(test_audit_verify_a_rollback_under_a_running_service_is_noted),
		TEST(test_audit_verify_a_head_written_down_shows_a_rollback),
		cmocka_unit_test(test_audit_head_parse_takes_only_its_own_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
