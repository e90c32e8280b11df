/* SPDX-License-Identifier: Apache-2.0 */
/* An audit log in a database of its own. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "unit/audit/audit_fixture.h"

static int64_t fixture_now(void *context)
{
	return ((struct audit_fixture *)context)->now;
}

int audit_fixture_start(void **state)
{
	struct audit_fixture *fixture = calloc(1, sizeof *fixture);
	void *files = NULL;

	log_set_level(LOG_LEVEL_ERROR);
	if (fixture == NULL || db_fixture_state(&files) != 0)
		return -1;
	fixture->files = files;
	fixture->db = fixture->files->db;
	fixture->now = AUDIT_FIXTURE_NOW;
	fixture->clock = (struct clock) { fixture_now, fixture_now, fixture };
	assert_int_equal(secret_copy(&fixture->key, "0123456789abcdef0123456789abcdef", 32, NULL),
			 STATUS_OK);
	audit_fixture_reopen(fixture, 0, 0);
	*state = fixture;
	return 0;
}

int audit_fixture_stop(void **state)
{
	struct audit_fixture *fixture = *state;
	void *files = fixture->files;

	audit_close(fixture->log);
	secret_free(&fixture->key);
	free(fixture);
	return db_fixture_teardown(&files);
}

void audit_fixture_reopen(struct audit_fixture *fixture, int64_t max_rows, int64_t max_age)
{
	const struct audit_settings settings = { .master_key = &fixture->key,
						 .clock = &fixture->clock,
						 .max_rows = max_rows,
						 .max_age = max_age };

	audit_close(fixture->log);
	fixture->log = NULL;
	assert_int_equal(audit_open(&settings, &fixture->log, NULL), STATUS_OK);
}

int64_t audit_fixture_add(struct audit_fixture *fixture, int http_status)
{
	struct db_audit_origin origin = { .caller = "monitoring",
					  .caller_kind = "token",
					  .address = "192.0.2.7",
					  .method = "POST",
					  .path = "/backupLocations/north/createBackup",
					  .operation = "BackupLocations_CreateBackup",
					  .api_version = "2018-09-01" };
	struct db_audit_outcome outcome = { .http_status = http_status };
	int64_t sequence = 0;

	guid_generate(origin.request_id);
	guid_generate(origin.correlation_id);
	guid_generate(outcome.job_id);
	if (http_status >= 300)
		(void)snprintf(outcome.error_code, sizeof(outcome.error_code), "RequestConflict");
	fixture->now += 1000;
	assert_int_equal(audit_begin(fixture->log, fixture->db, &origin, &sequence, NULL),
			 STATUS_OK);
	if (http_status >= 0)
		assert_int_equal(audit_end(fixture->log, fixture->db, sequence, &outcome, NULL),
				 STATUS_OK);
	return sequence;
}

void audit_fixture_refuse(struct audit_fixture *fixture, const char *address, int http_status)
{
	struct db_audit_origin origin = { .caller_kind = "none", .method = "PUT", .path = "/x" };
	const struct db_audit_outcome outcome = { .http_status = http_status,
						  .error_code = "AuthenticationFailed" };

	(void)snprintf(origin.address, sizeof(origin.address), "%s", address);
	assert_int_equal(audit_refuse(fixture->log, fixture->db, &origin, &outcome, NULL),
			 STATUS_OK);
}

void audit_fixture_tamper(struct audit_fixture *fixture, const char *sql)
{
	sqlite3 *handle = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(fixture->files->path, &handle), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(handle,
			     "PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF;"
			     "DROP TRIGGER IF EXISTS audit_event_update;"
			     "DROP TRIGGER IF EXISTS audit_event_identity;"
			     "DROP TRIGGER IF EXISTS audit_event_delete;"
			     "DROP TRIGGER IF EXISTS audit_event_replace;"
			     "DROP TRIGGER IF EXISTS audit_chain_update;"
			     "DROP TRIGGER IF EXISTS audit_chain_delete;",
			     NULL, NULL, NULL),
		SQLITE_OK);
	if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
		print_error("%s: %s\n", sql, message);
	assert_null(message);
	(void)sqlite3_close(handle);
}

struct audit_report audit_fixture_verify(struct audit_fixture *fixture)
{
	struct audit_report report;

	assert_int_equal(audit_verify(fixture->log, fixture->db, NULL, &report, NULL), STATUS_OK);
	return report;
}

void audit_fixture_assert_sound(struct audit_fixture *fixture, int64_t rows)
{
	struct audit_report report = audit_fixture_verify(fixture);

	if (report.finding_count > 0)
		print_error("row %lld: %s\n", (long long)report.findings[0].sequence,
			    audit_problem_text(report.findings[0].problem));
	assert_int_equal(report.finding_count, 0);
	assert_int_equal(report.rows, rows);
}

int64_t audit_fixture_number(struct audit_fixture *fixture, const char *sql)
{
	return db_fixture_number(fixture->files->path, sql);
}
