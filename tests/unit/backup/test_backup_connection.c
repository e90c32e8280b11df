/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a share as jobs, and before an update of the location: reports, conflicts, cancel, what
 * stays in force. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/backup/connection.h"

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static enum status submit(struct service_fixture *fixture,
			  const struct backup_connection *connection, char id[GUID_TEXT_SIZE],
			  struct error *err)
{
	struct db *db = service_fixture_take(fixture);
	enum status status =
		backup_connection_submit(fixture->service, db, connection, "test", id, err);
	service_fixture_give(fixture, db);
	return status;
}

/* The job's end; NULL: of what is saved. */
static void test_path(struct service_fixture *fixture, const char *path, struct db_job *out)
{
	const struct backup_connection connection = { .path = path };
	char id[GUID_TEXT_SIZE];
	assert_int_equal(submit(fixture, &connection, id, NULL), STATUS_OK);
	service_fixture_wait(fixture, id, out);
}

static json_t *parse(const char *text)
{
	json_t *json = NULL;
	assert_non_null(text);
	assert_int_equal(json_parse(text, strlen(text), &json, NULL), STATUS_OK);
	return json;
}

/* The report that is kept with the location; NULL: none. */
static json_t *kept(struct service_fixture *fixture)
{
	struct buffer text;
	json_t *json = NULL;
	buffer_init(&text, BACKUP_CONNECTION_REPORT_MAX);
	struct db *db = service_fixture_take(fixture);
	enum status status = backup_connection_report(db, &text, NULL);
	service_fixture_give(fixture, db);
	if (status == STATUS_OK)
		json = parse((const char *)text.data);
	else
		assert_int_equal(status, STATUS_NOT_FOUND);
	buffer_done(&text);
	return json;
}

static const char *member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text == NULL ? "" : text;
}

static void read_location(struct service_fixture *fixture, struct db_location *out)
{
	struct db *db = service_fixture_take(fixture);
	memset(out, 0, sizeof *out);
	assert_int_equal(db_location_get(db, "north", out, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
}

/* Whether the share saw a test since share_fake_set(). */
static bool was_tested(struct service_fixture *fixture)
{
	for (size_t i = 1; i <= share_fake_calls(fixture->fake); i++)
		if (strstr(share_fake_call_path(fixture->fake, i), SHARE_CONFORMANCE_PREFIX) !=
		    NULL)
			return true;
	return false;
}

static char *make_folder(struct service_fixture *fixture, const char *name)
{
	char *path = file_join(fixture->folder, name);
	assert_non_null(path);
	assert_int_equal(mkdir(path, 0700), 0);
	return path;
}

/* --- as a job --- */

static void test_backup_connection_of_the_saved_share_reports_every_check(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	service_fixture_configure(fixture);
	test_path(fixture, NULL, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_string_equal(job.kind, "connectionTest");
	AUTO_JSON report = parse(job.result);
	AUTO_JSON saved = kept(fixture);
	assert_string_equal(member(report, "share"), fixture->share_path);
	assert_true(json_array_size(json_object_get(report, "checks")) >= 41);
	assert_true(json_equal(report, saved));
	db_job_done(&job);
}

static void test_backup_connection_of_a_bad_share_succeeds_and_says_so(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	service_fixture_configure(fixture);
	AUTO_JSON before = kept(fixture);
	char *missing = file_join(fixture->folder, "not-there");
	test_path(fixture, missing, &job);
	assert_string_equal(job.state, "Succeeded");
	AUTO_JSON report = parse(job.result);
	assert_string_equal(member(report, "result"), "failed");
	assert_string_equal(member(report, "share"), missing);
	/* What is kept is about what is saved. */
	AUTO_JSON after = kept(fixture);
	assert_true(json_equal(before, after));
	db_job_done(&job);
	free(missing);
}

static void test_backup_connection_is_refused_by_field(void **state)
{
	static const struct {
		struct backup_connection connection;
		const char *field;
	} cases[] = {
		{ { .path = "relative" }, "path" },
		{ { .path = "/srv", .user_name = "a\nb" }, "userName" },
		{ { .user_name = "ann" }, "path" },
		{ { .path = "\\\\filer\\backup" }, "userName" },
		{ { .path = "\\\\filer\\backup", .user_name = "ann" }, "password" },
	};
	struct service_fixture *fixture = *state;
	const struct backup_connection saved = { .path = NULL };
	struct error err;
	char id[GUID_TEXT_SIZE];
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(submit(fixture, &cases[i].connection, id, &err), STATUS_INVALID);
		assert_string_equal(err.field, cases[i].field);
	}
	assert_int_equal(submit(fixture, &saved, id, &err), STATUS_NOT_CONFIGURED);
}

/* Row of a location on a server, as an update would have stored it. */
static void save_server(struct service_fixture *fixture)
{
	struct db_location row;
	char sealed[] = "not opened here";
	read_location(fixture, &row);
	free(row.path);
	row.path = strdup("\\\\filer\\backup");
	row.user_name = strdup("CONTOSO\\backupsvc");
	buffer_init(&row.password_sealed, 1024);
	assert_int_equal(buffer_append(&row.password_sealed, sealed, sizeof sealed, NULL),
			 STATUS_OK);
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_location_put(db, &row, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
	db_location_done(&row);
}

static void test_backup_connection_sends_the_saved_password_nowhere_else(void **state)
{
	static const struct {
		struct backup_connection connection;
		const char *field;
	} cases[] = {
		{ { .path = "\\\\elsewhere\\backup" }, "userName" },
		{ { .path = "\\\\elsewhere\\backup", .user_name = "CONTOSO\\backupsvc" },
		  "password" },
		{ { .user_name = "ann" }, "password" },
	};
	struct service_fixture *fixture = *state;
	struct error err;
	char id[GUID_TEXT_SIZE];
	save_server(fixture);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(submit(fixture, &cases[i].connection, id, &err), STATUS_INVALID);
		assert_string_equal(err.field, cases[i].field);
	}
}

static void test_backup_connection_runs_once_at_a_time_and_can_be_cancelled(void **state)
{
	struct service_fixture *fixture = *state;
	const struct backup_connection saved = { .path = NULL };
	const struct share_fake_plan plan = { .at = 1,
					      .operation = SHARE_FAKE_CREATE,
					      .fault = SHARE_FAKE_STALL };
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct error err;
	struct db_job job;
	service_fixture_configure(fixture);
	AUTO_JSON before = kept(fixture);
	share_fake_set(fixture->fake, &plan);
	assert_int_equal(submit(fixture, &saved, first, NULL), STATUS_OK);
	share_fake_wait_hanging(fixture->fake, 1);
	assert_int_equal(submit(fixture, &saved, second, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, first));
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_cancel(fixture->service, db, first, "ann", NULL, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
	service_fixture_wait(fixture, first, &job);
	assert_string_equal(job.state, "Cancelled");
	assert_non_null(strstr(job.error_message, "ann"));
	AUTO_JSON after = kept(fixture);
	assert_true(json_equal(before, after));
	share_fake_release(fixture->fake);
	db_job_done(&job);
	test_path(fixture, NULL, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

/* --- before an update --- */

static void test_backup_location_update_of_the_share_keeps_its_report(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	assert_null(kept(fixture));
	service_fixture_configure(fixture);
	AUTO_JSON first = kept(fixture);
	assert_string_equal(member(first, "share"), fixture->share_path);
	size_t checks = json_array_size(json_object_get(first, "checks"));
	assert_true(checks >= 25 && checks < 41);
	char *other = make_folder(fixture, "other");
	service_fixture_update(fixture, &(struct backup_location_update) { .path = other }, &job);
	assert_string_equal(job.state, "Succeeded");
	AUTO_JSON second = kept(fixture);
	assert_string_equal(member(second, "share"), other);
	db_job_done(&job);
	free(other);
}

static void test_backup_location_update_of_anything_else_tests_nothing_again(void **state)
{
	static const int64_t five = 5;
	struct service_fixture *fixture = *state;
	struct db_job job;
	service_fixture_configure(fixture);
	AUTO_JSON before = kept(fixture);
	share_fake_set(fixture->fake, NULL);
	const struct backup_location_update update = { .path = fixture->share_path,
						       .retention_days = &five };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_false(was_tested(fixture));
	AUTO_JSON after = kept(fixture);
	assert_true(json_equal(before, after));
	db_job_done(&job);
}

static void test_backup_location_update_names_the_check_and_the_remedy(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location before, after;
	struct db_job job;
	service_fixture_configure(fixture);
	read_location(fixture, &before);
	AUTO_JSON kept_before = kept(fixture);
	char *other = make_folder(fixture, "other");
	const struct share_fake_plan plan = { .at = 1,
					      .operation = SHARE_FAKE_RENAME_NEW,
					      .fault = SHARE_FAKE_REFUSE };
	share_fake_set(fixture->fake, &plan);
	service_fixture_update(fixture, &(struct backup_location_update) { .path = other }, &job);
	share_fake_set(fixture->fake, NULL);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "share-read-write");
	assert_string_equal(job.error_cause, "EACCES");
	assert_non_null(strstr(job.error_message, "check \"rename-file\""));
	assert_non_null(strstr(job.error_message, "To do: Give the user the right"));
	AUTO_JSON report = parse(job.result);
	assert_string_equal(member(report, "result"), "failed");
	read_location(fixture, &after);
	assert_string_equal(after.path, before.path);
	assert_int_equal(after.changed_time, before.changed_time);
	AUTO_JSON kept_after = kept(fixture);
	assert_true(json_equal(kept_before, kept_after));
	db_location_done(&before);
	db_location_done(&after);
	db_job_done(&job);
	free(other);
}

static void test_backup_location_update_on_a_full_share_takes_all_but_a_new_place(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_job job;
	service_fixture_configure(fixture);
	char *other = make_folder(fixture, "other");
	const struct share_fake_plan plan = { .at = 1,
					      .operation = SHARE_FAKE_CREATE,
					      .fault = SHARE_FAKE_FULL };
	share_fake_set(fixture->fake, &plan);
	service_fixture_update(fixture, &(struct backup_location_update) { .path = other }, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "share-full");
	db_job_done(&job);
	share_fake_set(fixture->fake, &plan);
	const struct backup_location_update account = { .user_name = "CONTOSO\\other",
							.password = "a new one" };
	service_fixture_update(fixture, &account, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	static const int64_t two = 2;
	const struct backup_location_update retention = { .retention_days = &two };
	share_fake_set(fixture->fake, &plan);
	service_fixture_update(fixture, &retention, &job);
	share_fake_set(fixture->fake, NULL);
	assert_string_equal(job.state, "Succeeded");
	read_location(fixture, &row);
	assert_int_equal(row.retention_days, 2);
	assert_string_equal(row.path, fixture->share_path);
	assert_string_equal(row.user_name, "CONTOSO\\other");
	AUTO_JSON report = kept(fixture);
	assert_string_equal(member(report, "result"), "failed");
	db_location_done(&row);
	db_job_done(&job);
	free(other);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_SERVICE(test_backup_connection_of_the_saved_share_reports_every_check),
		WITH_SERVICE(test_backup_connection_of_a_bad_share_succeeds_and_says_so),
		WITH_SERVICE(test_backup_connection_is_refused_by_field),
		WITH_SERVICE(test_backup_connection_sends_the_saved_password_nowhere_else),
		WITH_SERVICE(test_backup_connection_runs_once_at_a_time_and_can_be_cancelled),
		WITH_SERVICE(test_backup_location_update_of_the_share_keeps_its_report),
		WITH_SERVICE(test_backup_location_update_of_anything_else_tests_nothing_again),
		WITH_SERVICE(test_backup_location_update_names_the_check_and_the_remedy),
		WITH_SERVICE(test_backup_location_update_on_a_full_share_takes_all_but_a_new_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
