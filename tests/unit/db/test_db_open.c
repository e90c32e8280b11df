/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and copying databases; every query of the module against a fresh schema. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../../src/db/db_queries.h"

#include "db_fixture.h"

static void test_db_open_new_file_is_private_and_durable(void **state)
{
	struct db_fixture *fixture = *state;
	struct stat there;
	assert_int_equal(stat(fixture->path, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0600);
	char wal[200];
	(void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
	assert_int_equal(stat(wal, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0600);
	static const struct {
		struct db_query query;
		int expected;
	} pragmas[] = {
		{ { "t", "SELECT journal_mode = 'wal' FROM pragma_journal_mode" }, 1 },
		{ { "t", "SELECT synchronous FROM pragma_synchronous" }, 2 },
		{ { "t", "SELECT foreign_keys FROM pragma_foreign_keys" }, 1 },
		{ { "t", "SELECT trusted_schema FROM pragma_trusted_schema" }, 0 },
		{ { "t", "SELECT cell_size_check FROM pragma_cell_size_check" }, 1 },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(pragmas); i++) {
		struct db_statement statement = db_statement_begin(fixture->db, &pragmas[i].query);
		bool row = false;
		assert_int_equal(db_statement_step(&statement, &row, NULL), STATUS_OK);
		assert_int_equal(sqlite3_column_int(statement.handle, 0), pragmas[i].expected);
		db_statement_end(&statement);
	}
}

static void assert_prepares(struct db *db, const struct db_query_set *set)
{
	assert_true(set->count > 0);
	for (size_t i = 0; i < set->count; i++) {
		struct db_statement statement = db_statement_begin(db, &set->queries[i]);
		if (statement.code != SQLITE_OK)
			print_error("%s: %s\n", set->queries[i].sql, sqlite3_errmsg(db->handle));
		assert_int_equal(statement.code, SQLITE_OK);
		db_statement_end(&statement);
	}
}

static void test_db_state_queries_fresh_database_all_prepare(void **state)
{
	struct db_fixture *fixture = *state;
	static const struct db_query_set *const sets[] = {
		&db_setting_queries,      &db_location_queries,   &db_schedule_queries,
		&db_maintenance_queries,  &db_generation_queries, &db_backup_queries,
		&db_key_queries,          &db_token_queries,      &db_job_queries,
		&db_job_role_queries,     &db_alert_queries,      &db_pack_check_queries,
		&db_verification_queries, &db_audit_queries,
	};
	for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
		assert_int_equal(sets[i]->kind, DB_STATE);
		assert_prepares(fixture->db, sets[i]);
	}
}

static void test_db_catalogue_queries_fresh_database_all_prepare(void **state)
{
	struct db_fixture *fixture = *state;
	assert_prepares(fixture->db, &db_catalogue_queries);
	assert_prepares(fixture->db, &db_chunk_queries);
}

static void test_db_open_second_time_keeps_rows(void **state)
{
	struct db_fixture *fixture = *state;
	assert_int_equal(db_setting_set(fixture->db, "a", "1", NULL), STATUS_OK);
	db_close(fixture->db);
	fixture->db = NULL;
	assert_int_equal(db_open(fixture->path, DB_STATE, &fixture->db, NULL), STATUS_OK);
	struct buffer value;
	buffer_init(&value, 10);
	assert_int_equal(db_setting_get(fixture->db, "a", &value, NULL), STATUS_OK);
	assert_string_equal((const char *)value.data, "1");
	buffer_done(&value);
}

static void test_db_open_stale_wal_beside_deleted_file_is_not_replayed(void **state)
{
	struct db_fixture *fixture = *state;
	char wal[200], kept[200];
	(void)snprintf(wal, sizeof wal, "%s-wal", fixture->path);
	(void)snprintf(kept, sizeof kept, "%s-kept", fixture->path);
	assert_int_equal(db_setting_set(fixture->db, "ghost", "1", NULL), STATUS_OK);
	assert_int_equal(link(wal, kept), 0);
	/* As after a kill: the WAL is still there when somebody deletes the database alone. */
	struct buffer bytes;
	buffer_init(&bytes, 1u << 24);
	assert_int_equal(file_read(kept, 1u << 23, &bytes, NULL), STATUS_OK);
	db_close(fixture->db);
	fixture->db = NULL;
	assert_int_equal(unlink(fixture->path), 0);
	assert_int_equal(file_write(wal, 0600, true, bytes.data, bytes.length, NULL), STATUS_OK);
	buffer_done(&bytes);
	assert_int_equal(db_open(fixture->path, DB_STATE, &fixture->db, NULL), STATUS_OK);
	buffer_init(&bytes, 10);
	assert_int_equal(db_setting_get(fixture->db, "ghost", &bytes, NULL), STATUS_NOT_FOUND);
	buffer_done(&bytes);
}

static void test_db_open_other_kind_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	assert_int_equal(db_open(fixture->path, DB_CATALOGUE, &db, &err), STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.message, "not the catalogue database"));
	assert_null(db);
}

static void test_db_open_foreign_database_is_refused_unchanged(void **state)
{
	struct db_fixture *fixture = *state;
	struct db *db = NULL;
	struct error err;
	struct buffer before, after;
	buffer_init(&before, 1u << 20);
	buffer_init(&after, 1u << 20);
	assert_true(db_fixture_sql(fixture->path, "CREATE TABLE theirs (x)"));
	assert_int_equal(file_read(fixture->path, 1u << 19, &before, NULL), STATUS_OK);
	assert_int_equal(db_open(fixture->path, DB_STATE, &db, &err), STATUS_UNSUPPORTED);
	assert_int_equal(file_read(fixture->path, 1u << 19, &after, NULL), STATUS_OK);
	assert_int_equal(before.length, after.length);
	assert_memory_equal(before.data, after.data, before.length);
	buffer_done(&before);
	buffer_done(&after);
}

static void test_db_open_no_database_is_integrity(void **state)
{
	struct db_fixture *fixture = *state;
	static const char text[] =
		"this was never a database, and it is longer than a header of one "
		"hundred bytes, which is what is looked at first";
	struct db *db = NULL;
	struct error err;
	assert_int_equal(file_write(fixture->path, 0600, true, text, sizeof text, NULL), STATUS_OK);
	assert_int_equal(db_open(fixture->path, DB_STATE, &db, &err), STATUS_INTEGRITY);
	assert_string_equal(err.cause_name, "SQLITE_NOTADB");
	assert_string_equal(err.path, fixture->path);
}

static void test_db_open_missing_folder_names_the_path(void **state)
{
	struct db_fixture *fixture = *state;
	char path[200];
	struct db *db = NULL;
	struct error err;
	(void)snprintf(path, sizeof path, "%s/missing/state.sqlite", fixture->folder);
	assert_int_equal(db_open(path, DB_STATE, &db, &err), STATUS_FAILED);
	assert_string_equal(err.path, path);
	assert_string_equal(err.cause_name, "ENOENT");
}

static void test_db_read_damaged_page_is_integrity(void **state)
{
	struct db_fixture *fixture = *state;
	struct buffer bytes;
	char big[3000];
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = '\0';
	for (int i = 0; i < 100; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "%d", i);
		assert_int_equal(db_setting_set(fixture->db, name, big, NULL), STATUS_OK);
	}
	db_close(fixture->db);
	fixture->db = NULL;
	buffer_init(&bytes, 1u << 22);
	assert_int_equal(file_read(fixture->path, 1u << 21, &bytes, NULL), STATUS_OK);
	/* Whatever page the row is on: everything behind the schema is gone. */
	size_t schema = 4096 * 75;
	assert_true(bytes.length > schema);
	memset(bytes.data + schema, 0xff, bytes.length - schema);
	assert_int_equal(file_write(fixture->path, 0600, true, bytes.data, bytes.length, NULL),
			 STATUS_OK);
	buffer_done(&bytes);
	assert_int_equal(db_open(fixture->path, DB_STATE, &fixture->db, NULL), STATUS_OK);
	buffer_init(&bytes, 4096);
	struct error err;
	assert_int_equal(db_setting_get(fixture->db, "99", &bytes, &err), STATUS_INTEGRITY);
	assert_string_equal(err.cause_name, "SQLITE_CORRUPT");
	buffer_done(&bytes);
}

static void test_db_copy_without_history_keeps_only_jobs_of_backups(void **state)
{
	struct db_fixture *fixture = *state;
	char made[GUID_TEXT_SIZE], failed[GUID_TEXT_SIZE], sql[1024], path[256];
	db_fixture_add_job(fixture->db, "backup", "north", made);
	assert_true(db_fixture_sql(fixture->path, "UPDATE job SET state = 'Succeeded'"));
	db_fixture_add_job(fixture->db, "backup", "north", failed);
	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO generation VALUES (1, '0001-89abcdef', printf('%%.40d', 0), NULL, 1, "
		"1);"
		"INSERT INTO backup (id, location, sequence, folder, generation, status,"
		" started_time, completed_time, stamp_version, deployment_id, thumbprint,"
		" is_automatic, is_cloud_recovery_ready, bytes, new_bytes, record_sha256)"
		" VALUES ('%s', 'north', 1, 'folder', '0001-89abcdef',"
		" 'Succeeded', 1, 2, '1.2', 'deployment', printf('%%.40d', 0), 0, 1, 3, 4,"
		" zeroblob(32)); INSERT INTO job_role (job_id, position, role, state) VALUES"
		" ('%s', 0, 'Data', 'Succeeded'), ('%s', 0, 'Data', 'Queued')",
		made, made, failed);
	assert_true(db_fixture_sql(fixture->path, sql));
	assert_int_equal(db_setting_set(fixture->db, "name", "value", NULL), STATUS_OK);
	(void)snprintf(path, sizeof path, "%s/copy", fixture->folder);
	assert_int_equal(db_copy_without_history(fixture->db, path, NULL), STATUS_OK);
	assert_int_equal(db_copy_without_history(fixture->db, path, NULL), STATUS_EXISTS);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM job"), 1);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM job_role"), 1);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM backup"), 1);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM setting"), 1);
	/* As good as the first: same migrations, one file. */
	struct db *copy = NULL;
	assert_int_equal(db_open(path, DB_STATE, &copy, NULL), STATUS_OK);
	db_close(copy);
}

static void test_db_copy_to_copies_committed_rows_into_one_private_file(void **state)
{
	struct db_fixture *fixture = *state;
	char path[200], wal[210];
	struct stat there;
	struct error err;
	(void)snprintf(path, sizeof path, "%s/copy.sqlite", fixture->folder);
	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	assert_int_equal(db_setting_set(fixture->db, "a", "1", NULL), STATUS_OK);
	assert_int_equal(db_copy_to(fixture->db, path, &err), STATUS_OK);
	assert_int_equal(stat(path, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0600);
	assert_int_not_equal(stat(wal, &there), 0);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM setting"), 1);
	assert_int_equal(db_copy_to(fixture->db, path, &err), STATUS_EXISTS);
	assert_int_equal(db_fixture_number(path, "SELECT count(*) FROM setting"), 1);
}

#define WITH(test, setup) cmocka_unit_test_setup_teardown(test, setup, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_open_new_file_is_private_and_durable, db_fixture_state),
		WITH(test_db_state_queries_fresh_database_all_prepare, db_fixture_state),
		WITH(test_db_catalogue_queries_fresh_database_all_prepare, db_fixture_catalogue),
		WITH(test_db_open_second_time_keeps_rows, db_fixture_state),
		WITH(test_db_open_stale_wal_beside_deleted_file_is_not_replayed, db_fixture_state),
		WITH(test_db_open_other_kind_is_refused, db_fixture_state),
		WITH(test_db_open_foreign_database_is_refused_unchanged, db_fixture_folder),
		WITH(test_db_open_no_database_is_integrity, db_fixture_folder),
		WITH(test_db_open_missing_folder_names_the_path, db_fixture_folder),
		WITH(test_db_read_damaged_page_is_integrity, db_fixture_state),
		WITH(test_db_copy_without_history_keeps_only_jobs_of_backups, db_fixture_state),
		WITH(test_db_copy_to_copies_committed_rows_into_one_private_file, db_fixture_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
