/* SPDX-License-Identifier: Apache-2.0 */
/* Databases in use, damaged, missing; and back over a live one. */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/snapshot/snapshot_fixture.h"

static const struct snapshot_driver *const sqlite = &snapshot_sqlite_driver;

static char *path_in(struct snapshot_fixture *fixture, const char *name)
{
	char *path = file_join(fixture->folder, name);

	assert_non_null(path);
	return path;
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(database, 60000), SQLITE_OK);
	return database;
}

static void run_sql(sqlite3 *database, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static long query(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);

	long value = (long)sqlite3_column_int64(statement, 0);

	(void)sqlite3_finalize(statement);
	return value;
}

/* Two tables whose sums have to be the same at every moment. */
static void make_database(const char *path, const char *journal_mode, int rows)
{
	sqlite3 *database = open_database(path);
	char sql[300];

	(void)snprintf(
		sql, sizeof(sql),
		"PRAGMA journal_mode=%s; PRAGMA synchronous=OFF;"
		"CREATE TABLE a(v INTEGER, pad BLOB); CREATE TABLE b(v INTEGER);"
		"INSERT INTO b VALUES(0);"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		"INSERT INTO a SELECT 0, zeroblob(1000) FROM n;",
		journal_mode, rows);
	run_sql(database, sql);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void use_databases(struct snapshot_fixture *fixture, char **source, char **target)
{
	*source = path_in(fixture, "service.db");
	*target = path_in(fixture, "restored.db");
	fixture->settings.path = *source;
	fixture->target_settings.path = *target;
}

static void assert_consistent(const char *path, int rows)
{
	sqlite3 *database = open_database(path);

	assert_int_equal(query(database, "SELECT count(*) FROM a"), rows);
	assert_int_equal(query(database, "SELECT (SELECT sum(v) FROM a) - (SELECT v FROM b)"), 0);
	assert_int_equal(query(database, "SELECT count(*) FROM pragma_integrity_check"
					 " WHERE integrity_check = 'ok'"),
			 1);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void assert_nothing_left(struct snapshot_fixture *fixture)
{
	AUTO_CLOSEDIR folder = opendir(fixture->folder);
	const struct dirent *entry;

	while ((entry = readdir(folder)) != NULL) {
		assert_false(text_starts_with(entry->d_name, "sqlite-"));
		assert_false(text_starts_with(entry->d_name, ".restore-"));
	}
}

static void test_round_trip_database_at_rest_new_target(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;
	struct stat found;

	use_databases(fixture, &source, &target);
	make_database(source, "DELETE", 500);
	assert_int_equal(chmod(source, 0640), 0);
	assert_int_equal(pump(fixture, sqlite, sqlite), STATUS_OK);
	assert_consistent(target, 500);
	assert_int_equal(stat(target, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0640);
	assert_int_equal(fixture->report.entries, 1);
	assert_nothing_left(fixture);
}

struct writer {
	const char *path;
	atomic_bool stop;
	atomic_ulong commits;
};

static void *write_without_end(void *context)
{
	struct writer *writer = context;
	sqlite3 *database = open_database(writer->path);

	run_sql(database, "PRAGMA synchronous=OFF");
	while (!atomic_load(&writer->stop)) {
		if (sqlite3_exec(database,
				 "BEGIN IMMEDIATE; UPDATE a SET v = v + 1 WHERE rowid = 1;"
				 "UPDATE b SET v = v + 1; COMMIT",
				 NULL, NULL, NULL) == SQLITE_OK)
			atomic_fetch_add(&writer->commits, 1);
	}
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
	return NULL;
}

static void copy_while_written(struct snapshot_fixture *fixture, const char *journal_mode)
{
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;
	struct writer writer = { 0 };
	pthread_t thread;

	use_databases(fixture, &source, &target);
	make_database(source, journal_mode, 20000);
	writer.path = source;
	assert_int_equal(pthread_create(&thread, NULL, write_without_end, &writer), 0);
	while (atomic_load(&writer.commits) < 3)
		(void)sched_yield();

	enum status status = pump(fixture, sqlite, sqlite);

	atomic_store(&writer.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(status, STATUS_OK);
	assert_consistent(target, 20000);
	assert_nothing_left(fixture);
}

static void test_open_written_rollback_journal_consistent(void **state)
{
	copy_while_written(*state, "DELETE");
}

static void test_open_written_write_ahead_log_consistent(void **state)
{
	copy_while_written(*state, "WAL");
}

static void test_open_includes_what_is_in_the_log(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);
	make_database(source, "WAL", 10);

	/* Open, so that the log is not written back. */
	sqlite3 *service = open_database(source);

	run_sql(service, "PRAGMA wal_autocheckpoint=0; INSERT INTO a VALUES(0, NULL)");
	assert_int_equal(pump(fixture, sqlite, sqlite), STATUS_OK);
	assert_int_equal(sqlite3_close(service), SQLITE_OK);
	assert_consistent(target, 11);
}

static void assert_open_fails(struct snapshot_fixture *fixture, enum status expected)
{
	struct snapshot *snapshot = NULL;
	enum status status =
		sqlite->open(&fixture->settings, fixture->cancel, &snapshot, &fixture->err);

	assert_int_equal(status, expected);
	assert_null(snapshot);
	assert_nothing_left(fixture);
}

static void test_open_missing_database_not_found(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);
	assert_open_fails(fixture, STATUS_NOT_FOUND);
	assert_int_equal(access(source, F_OK), -1);
}

static void overwrite(const char *path, off_t at, const char *text)
{
	AUTO_CLOSE file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(pwrite(file, text, strlen(text), at + (off_t)(i * 20)),
				 strlen(text));
}

static void test_open_damaged_database_integrity_error(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);
	make_database(source, "DELETE", 500);
	overwrite(source, 4096 * 5, "damaged, all of this");
	assert_open_fails(fixture, STATUS_INTEGRITY);
	assert_string_equal(fixture->err.path, source);
}

static void test_open_not_a_database_integrity_error(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);
	overwrite(source, 0, "this is a plain text");
	assert_open_fails(fixture, STATUS_INTEGRITY);
}

static void test_open_locked_database_times_out(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);
	make_database(source, "DELETE", 10);

	sqlite3 *service = open_database(source);

	run_sql(service, "BEGIN EXCLUSIVE");
	fixture->settings.timeout = 30;
	assert_open_fails(fixture, STATUS_FAILED);
	assert_non_null(strstr(fixture->err.message, "30 ms"));
	fixture->settings.timeout = 60000;
	cancel_request(fixture->cancel);
	assert_open_fails(fixture, STATUS_CANCELLED);
	assert_int_equal(sqlite3_close(service), SQLITE_OK);
}

static void restore_over(struct snapshot_fixture *fixture, const char *target_mode,
			 const char *pragma)
{
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;
	struct stat before;
	struct stat after;

	use_databases(fixture, &source, &target);
	make_database(source, "DELETE", 300);

	sqlite3 *service = open_database(target);
	char sql[200];

	(void)snprintf(sql, sizeof(sql), "%s; PRAGMA journal_mode=%s; CREATE TABLE old(x);", pragma,
		       target_mode);
	run_sql(service, sql);
	assert_int_equal(stat(target, &before), 0);
	/* The service holds it open: the same file has to get the new content. */
	if (strstr(pragma, "page_size") != NULL)
		assert_int_equal(sqlite3_close(service), SQLITE_OK);
	assert_int_equal(pump(fixture, sqlite, sqlite), STATUS_OK);
	assert_int_equal(stat(target, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	if (strstr(pragma, "page_size") == NULL) {
		assert_int_equal(query(service, "SELECT count(*) FROM a"), 300);
		assert_int_equal(sqlite3_close(service), SQLITE_OK);
	}
	assert_consistent(target, 300);
	assert_nothing_left(fixture);
}

static void test_restore_over_open_database_seen_by_service(void **state)
{
	restore_over(*state, "DELETE", "");
}

static void test_restore_over_open_write_ahead_log_seen_by_service(void **state)
{
	restore_over(*state, "WAL", "");
}

static void test_restore_over_other_page_size_replaced(void **state)
{
	restore_over(*state, "WAL", "PRAGMA page_size=16384");
}

static void test_restore_over_damaged_file_replaced(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);

	AUTO_FREE char *journal = path_in(fixture, "restored.db-wal");

	make_database(source, "DELETE", 300);
	overwrite(target, 0, "this is a plain text");
	overwrite(journal, 0, "this is a plain text");
	assert_int_equal(pump(fixture, sqlite, sqlite), STATUS_OK);
	assert_int_equal(access(journal, F_OK), -1);
	assert_consistent(target, 300);
}

static void test_restore_missing_database_old_journals_removed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;

	use_databases(fixture, &source, &target);

	AUTO_FREE char *log = path_in(fixture, "restored.db-wal");
	AUTO_FREE char *journal = path_in(fixture, "restored.db-journal");

	make_database(source, "DELETE", 300);
	overwrite(log, 0, "of the lost database");
	overwrite(journal, 0, "of the lost database");
	assert_int_equal(pump(fixture, sqlite, sqlite), STATUS_OK);
	assert_int_equal(access(log, F_OK), -1);
	assert_int_equal(access(journal, F_OK), -1);
	assert_consistent(target, 300);
}

static void test_restore_damaged_content_changes_nothing(void **state)
{
	const struct snapshot_entry entry = { .path = "database.sqlite", .type = SNAPSHOT_FILE };
	struct snapshot_fixture *fixture = *state;
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *target = NULL;
	struct restore *restore;

	use_databases(fixture, &source, &target);
	make_database(target, "DELETE", 5);
	assert_int_equal(
		sqlite->restore_open(&fixture->target_settings, NULL, &restore, &fixture->err),
		STATUS_OK);
	assert_int_equal(sqlite->begin_entry(restore, &entry, &fixture->err), STATUS_OK);
	assert_int_equal(sqlite->write(restore, "no database at all", 18, &fixture->err),
			 STATUS_OK);
	assert_int_equal(sqlite->commit(restore, &fixture->err), STATUS_CONFLICT);
	assert_int_equal(sqlite->end_entry(restore, &fixture->err), STATUS_OK);
	assert_int_equal(sqlite->begin_entry(restore, &entry, &fixture->err), STATUS_INTEGRITY);
	assert_int_equal(sqlite->commit(restore, &fixture->err), STATUS_INTEGRITY);
	sqlite->restore_close(restore);
	assert_consistent(target, 5);
	assert_nothing_left(fixture);
}

int main(void)
{
#define SQLITE_TEST(name)                                                                          \
	cmocka_unit_test_setup_teardown(name, snapshot_fixture_setup, snapshot_fixture_teardown)
	const struct CMUnitTest tests[] = {
		SQLITE_TEST(test_round_trip_database_at_rest_new_target),
		SQLITE_TEST(test_open_written_rollback_journal_consistent),
		SQLITE_TEST(test_open_written_write_ahead_log_consistent),
		SQLITE_TEST(test_open_includes_what_is_in_the_log),
		SQLITE_TEST(test_open_missing_database_not_found),
		SQLITE_TEST(test_open_damaged_database_integrity_error),
		SQLITE_TEST(test_open_not_a_database_integrity_error),
		SQLITE_TEST(test_open_locked_database_times_out),
		SQLITE_TEST(test_restore_over_open_database_seen_by_service),
		SQLITE_TEST(test_restore_over_open_write_ahead_log_seen_by_service),
		SQLITE_TEST(test_restore_over_other_page_size_replaced),
		SQLITE_TEST(test_restore_over_damaged_file_replaced),
		SQLITE_TEST(test_restore_missing_database_old_journals_removed),
		SQLITE_TEST(test_restore_damaged_content_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
