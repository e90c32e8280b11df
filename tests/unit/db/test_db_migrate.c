/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations: upgrades with rows in the tables, refusals, crashes, several openers at once. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "../../../src/db/db_migrations.h"
#include "../../../src/db/db_statement.h"

#include "db_fixture.h"

static const struct db_migration history[] = {
	{ DB_STATE, 1, "parents",
	  "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	  "CREATE TABLE child (parent INTEGER REFERENCES parent (id)) STRICT;",
	  "1111" },
	{ DB_CATALOGUE, 1, "elsewhere", "CREATE TABLE elsewhere (x INTEGER) STRICT", "9999" },
	/* A table is rebuilt under the feet of the one that refers to it. */
	{ DB_STATE, 2, "rebuild",
	  "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	  " rank INTEGER NOT NULL) STRICT;"
	  "INSERT INTO parent_new SELECT id, upper(name), 7 FROM parent;"
	  "DROP TABLE parent; ALTER TABLE parent_new RENAME TO parent;",
	  "2222" },
	{ DB_STATE, 3, "broken",
	  "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)", "3333" },
};

static const struct db_migration orphans[] = {
	{ DB_STATE, 1, "parents",
	  "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	  "CREATE TABLE child (parent INTEGER REFERENCES parent (id)) STRICT;",
	  "1111" },
	{ DB_STATE, 2, "orphans", "DELETE FROM parent", "4444" },
};

static void open_and_close(const char *path, const struct db_migration *migrations, size_t count)
{
	struct db *db = NULL;
	struct error err = { .message = "" };
	enum status status = db_open_with(path, DB_STATE, migrations, count, &db, &err);
	assert_string_equal(err.message, "");
	assert_int_equal(status, STATUS_OK);
	db_close(db);
}

static void fill_first_version(const char *path)
{
	open_and_close(path, history, 1);
	assert_true(db_fixture_sql(path, "INSERT INTO parent VALUES (1, 'anna'), (2, 'bert');"
					 "INSERT INTO child VALUES (1), (1), (2)"));
}

static void test_db_migrate_filled_database_keeps_rows_and_references(void **state)
{
	struct db_fixture *fixture = *state;
	fill_first_version(fixture->path);
	open_and_close(fixture->path, history, 3);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM parent"
							  " WHERE name IN ('ANNA', 'BERT')"
							  " AND rank = 7"),
			 2);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM child"), 3);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT max(number) FROM schema_migration"
							  " WHERE applied_time > 1500000000000"),
			 2);
	assert_false(db_fixture_sql(fixture->path, "INSERT INTO child VALUES (3)"));
}

static void test_db_migrate_failing_migration_leaves_the_version_before(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	fill_first_version(fixture->path);
	assert_int_equal(db_open_with(fixture->path, DB_STATE, history, 4, &db, &err),
			 STATUS_FAILED);
	assert_non_null(strstr(err.message, "migration 3 (broken) of the state database"));
	assert_null(db);
	assert_int_equal(
		db_fixture_number(fixture->path, "SELECT max(number) FROM schema_migration"), 2);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM sqlite_schema"
							  " WHERE name = 'half'"),
			 0);
}

static void test_db_migrate_broken_reference_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	fill_first_version(fixture->path);
	assert_int_equal(db_open_with(fixture->path, DB_STATE, orphans, 2, &db, &err),
			 STATUS_INTEGRITY);
	assert_non_null(strstr(err.message, "table child"));
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM parent"), 2);
}

static void test_db_open_newer_database_is_refused_with_its_migration(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	open_and_close(fixture->path, history, 3);
	assert_int_equal(db_open_with(fixture->path, DB_STATE, history, 1, &db, &err),
			 STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.message, "migration 2 (rebuild)"));
	assert_non_null(strstr(err.message, "newer version"));
	assert_int_equal(
		db_fixture_number(fixture->path, "SELECT max(number) FROM schema_migration"), 2);
}

static void test_db_open_changed_migration_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	struct db_migration changed = history[0];
	changed.sha256 = "1112";
	open_and_close(fixture->path, history, 1);
	assert_int_equal(db_open_with(fixture->path, DB_STATE, &changed, 1, &db, &err),
			 STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.message, "1111"));
	assert_non_null(strstr(err.message, "1112"));
}

static void kill_me(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)context;
	(void)count;
	(void)values;
	(void)kill(getpid(), SIGKILL);
}

/* Every connection of the process gets a function that kills it. */
static int add_kill_me(sqlite3 *handle)
{
	return sqlite3_create_function(handle, "kill_me", 0, SQLITE_UTF8, NULL, kill_me, NULL,
				       NULL);
}

static void migrate_and_be_killed(const char *path)
{
	struct db_migration migrations[2] = { history[0], history[2] };
	char sql[1024];
	(void)snprintf(sql, sizeof sql, "%s SELECT kill_me();", history[2].sql);
	migrations[1].sql = sql;
	struct db *db = NULL;
	(void)sqlite3_auto_extension((void (*)(void))add_kill_me);
	if (db_open_with(path, DB_STATE, migrations, 2, &db, NULL) == STATUS_OK)
		_exit(1);
	_exit(2);
}

static void test_db_migrate_killed_in_the_middle_leaves_the_version_before(void **state)
{
	struct db_fixture *fixture = *state;
	int result = 0;
	fill_first_version(fixture->path);
	pid_t child = fork();
	if (child == 0)
		migrate_and_be_killed(fixture->path);
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFSIGNALED(result));
	open_and_close(fixture->path, history, 1);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM parent"
							  " WHERE name = 'anna'"),
			 1);
	open_and_close(fixture->path, history, 3);
}

struct opener {
	const char *path;
	pthread_barrier_t *barrier;
	struct db *db;
	struct error err;
};

static void *open_at_once(void *argument)
{
	struct opener *opener = argument;
	(void)pthread_barrier_wait(opener->barrier);
	if (db_open(opener->path, DB_STATE, &opener->db, &opener->err) != STATUS_OK)
		opener->db = NULL;
	return NULL;
}

static void test_db_open_eight_threads_on_a_new_file_all_succeed(void **state)
{
	struct db_fixture *fixture = *state;
	struct opener openers[8];
	pthread_t threads[8];
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, 8);
	for (int i = 0; i < 8; i++) {
		openers[i] = (struct opener) { .path = fixture->path, .barrier = &barrier };
		assert_int_equal(pthread_create(&threads[i], NULL, open_at_once, &openers[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++) {
		assert_string_equal(openers[i].err.message, "");
		assert_non_null(openers[i].db);
		db_close(openers[i].db);
	}
	pthread_barrier_destroy(&barrier);
	size_t migrations = 0;
	for (size_t i = 0; i < db_migration_count; i++)
		migrations += db_migrations[i].kind == DB_STATE;
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM schema_migration"),
			 migrations);
}

static void test_db_migrations_embedded_are_complete(void **state)
{
	(void)state;
	unsigned next[2] = { 1, 1 };
	for (size_t i = 0; i < db_migration_count; i++) {
		const struct db_migration *migration = &db_migrations[i];
		assert_int_equal(migration->number, next[migration->kind]++);
		assert_int_equal(strlen(migration->sha256), 64);
		assert_true(text_starts_with(migration->sql, "-- SPDX"));
	}
	assert_true(next[DB_STATE] > 7);
	assert_true(next[DB_CATALOGUE] > 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_folder, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_migrate_filled_database_keeps_rows_and_references),
		WITH(test_db_migrate_failing_migration_leaves_the_version_before),
		WITH(test_db_migrate_broken_reference_is_refused),
		WITH(test_db_open_newer_database_is_refused_with_its_migration),
		WITH(test_db_open_changed_migration_is_refused),
		WITH(test_db_migrate_killed_in_the_middle_leaves_the_version_before),
		WITH(test_db_open_eight_threads_on_a_new_file_all_succeed),
		cmocka_unit_test(test_db_migrations_embedded_are_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
