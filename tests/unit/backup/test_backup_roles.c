/* SPDX-License-Identifier: Apache-2.0 */
/* Roles of every provider beside each other: what one of them does wrong stays its own. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_tree.h"

static void assert_role(struct service_fixture *fixture, const struct db_job *job, const char *name,
			const char *state, const char *message)
{
	struct db_job_role role;
	assert_true(service_fixture_role(fixture, job->id, name, &role));
	assert_string_equal(role.state, state);
	if (message != NULL &&
	    (role.error_message == NULL || strstr(role.error_message, message) == NULL))
		fail_msg("role %s says \"%s\", not \"%s\"", name,
			 role.error_message != NULL ? role.error_message : "nothing", message);
	db_job_role_done(&role);
}

static void assert_data_equal(struct service_fixture *fixture)
{
	AUTO_FREE char *recovered = file_join(fixture->folder, "all-roles/Data");
	assert_int_equal(tree_compare(fixture->source_path, recovered, 0, stderr), 0);
}

static void test_backup_with_a_missing_folder_is_partial_and_restores_the_others(void **state)
{
	struct service_fixture *fixture = backup_tree_service(
		",{\"role\":\"Gone\",\"provider\":\"directory\",\"path\":\"/nowhere/at/all\"}");
	struct recover_result result;
	struct db_job job;
	struct error err;
	(void)state;
	service_fixture_write(fixture, "file", 100000, 1);
	backup_tree_back_up_as(fixture, "PartialSucceeded", &job);
	assert_role(fixture, &job, "Gone", "Failed", "/nowhere/at/all");
	assert_role(fixture, &job, "Data", "Succeeded", NULL);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	/* Not OK: a role that was asked for is not there. */
	assert_int_equal(backup_tree_recover_all(fixture, "latest", &result, &err), STATUS_PARTIAL);
	assert_non_null(strstr(err.message, "Gone"));
	assert_null(backup_tree_role(&result, "Gone"));
	assert_int_equal(backup_tree_role(&result, "Data")->status, STATUS_OK);
	assert_data_equal(fixture);
	recover_result_done(&result);
	db_job_done(&job);
	service_fixture_free(fixture);
}

static void test_backup_with_every_role_missing_fails(void **state)
{
	struct service_fixture *fixture = backup_tree_service(NULL);
	struct db_job job;
	(void)state;
	assert_int_equal(rmdir(fixture->source_path), 0);
	backup_tree_back_up_as(fixture, "Failed", &job);
	assert_non_null(strstr(job.error_message, "every role failed"));
	/* No backup came of it. */
	assert_int_equal(mkdir(fixture->source_path, 0755), 0);
	db_job_done(&job);
	struct recover_source *source = service_fixture_source(fixture);
	const struct recover_backup *backups;
	size_t count = 1;
	struct error err;
	assert_int_equal(recover_list(source, &backups, &count, &err), STATUS_OK);
	assert_int_equal(count, 0);
	recover_source_close(source);
	backup_tree_assert_equal(fixture, 0);
	service_fixture_free(fixture);
}

static void test_backup_of_an_essential_role_that_failed_is_not_recovery_ready(void **state)
{
	struct service_fixture *fixture =
		backup_tree_service(",{\"role\":\"Minor\",\"provider\":\"directory\",\"path\":\"/"
				    "nowhere\",\"essential\":"
				    "false}");
	const struct recover_backup *backups;
	size_t count;
	struct db_job job;
	struct error err;
	(void)state;
	backup_tree_back_up_as(fixture, "PartialSucceeded", &job);
	db_job_done(&job);
	struct recover_source *source = service_fixture_source(fixture);
	assert_int_equal(recover_list(source, &backups, &count, &err), STATUS_OK);
	assert_int_equal(count, 1);
	assert_true(backups[0].record->is_cloud_recovery_ready);
	assert_string_equal(backups[0].record->status, "PartialSucceeded");
	recover_source_close(source);
	service_fixture_free(fixture);

	fixture = backup_tree_service(
		",{\"role\":\"Major\",\"provider\":\"directory\",\"path\":\"/nowhere\"}");
	backup_tree_back_up_as(fixture, "PartialSucceeded", &job);
	db_job_done(&job);
	source = service_fixture_source(fixture);
	assert_int_equal(recover_list(source, &backups, &count, &err), STATUS_OK);
	assert_false(backups[0].record->is_cloud_recovery_ready);
	recover_source_close(source);
	service_fixture_free(fixture);
}

static void test_backup_of_a_command_stores_what_it_prints(void **state)
{
	struct service_fixture *fixture =
		backup_tree_service(",{\"role\":\"Dump\",\"provider\":\"command\",\"command\":["
				    "\"/usr/bin/seq\",\"1\",\"100000\"],"
				    "\"entryName\":\"numbers.txt\"}");
	struct recover_result result;
	struct buffer bytes;
	struct error err;
	(void)state;
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(backup_tree_recover_all(fixture, "latest", &result, &err), STATUS_OK);
	assert_true(backup_tree_recovered(fixture, "Dump/numbers.txt", &bytes));
	const char *next = (const char *)bytes.data;
	for (unsigned i = 1; i <= 100000; i++) {
		char line[16];
		(void)snprintf(line, sizeof line, "%u\n", i);
		assert_true(text_starts_with(next, line));
		next += strlen(line);
	}
	assert_int_equal(*next, '\0');
	buffer_done(&bytes);
	recover_result_done(&result);
	service_fixture_free(fixture);
}

/* Its output so far must not pass for a backup of it. */
static void test_backup_of_a_command_that_fails_fails_its_role_only(void **state)
{
	struct service_fixture *fixture =
		backup_tree_service(",{\"role\":\"Dump\",\"provider\":\"command\",\"command\":["
				    "\"/bin/sh\",\"-c\",\"seq 1 50000; "
				    "echo the database is on fire >&2; exit 3\"]}");
	struct recover_result result;
	struct db_job job;
	struct buffer bytes;
	struct error err;
	(void)state;
	service_fixture_write(fixture, "file", 100000, 1);
	backup_tree_back_up_as(fixture, "PartialSucceeded", &job);
	assert_role(fixture, &job, "Dump", "Failed", "the database is on fire");
	assert_role(fixture, &job, "Dump", "Failed", "3");
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(backup_tree_recover_all(fixture, "latest", &result, &err), STATUS_PARTIAL);
	assert_false(backup_tree_recovered(fixture, "Dump/output", &bytes));
	assert_data_equal(fixture);
	recover_result_done(&result);
	db_job_done(&job);
	service_fixture_free(fixture);
}

/* --- a database that is written to --- */

struct database {
	char path[128];
	pthread_t thread;
	atomic_bool stop;
	atomic_uint rows;
};

static void execute(sqlite3 *db, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* Both tables always hold the same number of rows. */
static void *insert_rows(void *argument)
{
	struct database *database = argument;
	sqlite3 *db = NULL;
	if (sqlite3_open(database->path, &db) != SQLITE_OK)
		return NULL;
	(void)sqlite3_busy_timeout(db, 60000);
	while (!atomic_load(&database->stop)) {
		if (sqlite3_exec(db,
				 "BEGIN IMMEDIATE; INSERT INTO a VALUES (randomblob(500)); INSERT "
				 "INTO b VALUES (randomblob(500)); COMMIT",
				 NULL, NULL, NULL) == SQLITE_OK)
			atomic_fetch_add(&database->rows, 1);
	}
	(void)sqlite3_close(db);
	return NULL;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return value;
}

static void check_database(struct service_fixture *fixture, const char *name, int64_t at_least)
{
	sqlite3 *db = NULL;
	AUTO_FREE char *folder = file_join(fixture->folder, "all-roles/Db");
	AUTO_FREE char *path = file_join(folder, name);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM pragma_integrity_check WHERE "
				 "integrity_check = 'ok'"),
			 1);
	assert_int_equal(ask(db, "SELECT count(*) FROM a"), ask(db, "SELECT count(*) FROM b"));
	assert_true(ask(db, "SELECT count(*) FROM a") >= at_least);
	(void)sqlite3_close(db);
}

static void test_backup_of_a_database_that_is_written_to_restores_a_consistent_one(void **state)
{
	struct database database = { .rows = 0 };
	const char *base = getenv("TMPDIR");
	char folder[100], services[512];
	struct recover_result result;
	struct error err;
	sqlite3 *db = NULL;
	(void)state;
	(void)snprintf(folder, sizeof folder, "%.64s/infrabackup-database-XXXXXX",
		       base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(database.path, sizeof database.path, "%s/data.db", folder);
	assert_int_equal(sqlite3_open(database.path, &db), SQLITE_OK);
	execute(db,
		"PRAGMA journal_mode = WAL; CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO "
		"a VALUES (1); INSERT INTO b VALUES (1)");
	(void)snprintf(services, sizeof services,
		       ",{\"role\":\"Db\",\"provider\":\"sqlite\",\"path\":\"%s\"}", database.path);
	struct service_fixture *fixture = backup_tree_service(services);
	assert_int_equal(pthread_create(&database.thread, NULL, insert_rows, &database), 0);
	for (int i = 0; i < 3; i++) {
		int64_t before = (int64_t)atomic_load(&database.rows) + 1;
		service_fixture_back_up(fixture);
		assert_int_equal(backup_tree_recover_all(fixture, "latest", &result, &err),
				 STATUS_OK);
		check_database(fixture, "database.sqlite", before);
		recover_result_done(&result);
	}
	atomic_store(&database.stop, true);
	(void)pthread_join(database.thread, NULL);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	service_fixture_free(fixture);
	(void)sqlite3_close(db);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_backup_with_a_missing_folder_is_partial_and_restores_the_others),
		cmocka_unit_test(test_backup_with_every_role_missing_fails),
		cmocka_unit_test(
			test_backup_of_an_essential_role_that_failed_is_not_recovery_ready),
		cmocka_unit_test(test_backup_of_a_command_stores_what_it_prints),
		cmocka_unit_test(test_backup_of_a_command_that_fails_fails_its_role_only),
		cmocka_unit_test(
			test_backup_of_a_database_that_is_written_to_restores_a_consistent_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
