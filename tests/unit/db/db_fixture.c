/* SPDX-License-Identifier: Apache-2.0 */
/* Databases in a private temporary folder, and rows to put into them. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "db_fixture.h"

int db_fixture_folder(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct db_fixture *fixture = calloc(1, sizeof *fixture);
	if (fixture == NULL)
		return -1;
	(void)snprintf(fixture->folder, sizeof fixture->folder, "%s/db-XXXXXX",
		       parent == NULL ? "/tmp" : parent);
	if (mkdtemp(fixture->folder) == NULL) {
		free(fixture);
		return -1;
	}
	(void)snprintf(fixture->path, sizeof fixture->path, "%s/test.sqlite", fixture->folder);
	*state = fixture;
	return 0;
}

static int open_kind(void **state, enum db_kind kind)
{
	if (db_fixture_folder(state) != 0)
		return -1;
	struct db_fixture *fixture = *state;
	struct error err = { .status = STATUS_OK };
	if (db_open(fixture->path, kind, &fixture->db, &err) == STATUS_OK)
		return 0;
	print_error("%s\n", err.message);
	return -1;
}

int db_fixture_state(void **state)
{
	return open_kind(state, DB_STATE);
}

int db_fixture_catalogue(void **state)
{
	return open_kind(state, DB_CATALOGUE);
}

int db_fixture_teardown(void **state)
{
	struct db_fixture *fixture = *state;
	db_close(fixture->db);
	enum status status = file_remove_tree(fixture->folder, NULL);
	free(fixture);
	return status == STATUS_OK ? 0 : -1;
}

struct db_job db_fixture_job(const char *kind, const char *location)
{
	static char caller[] = "tester";
	struct db_job job = { .requested_by = caller, .created_time = 1772396467440 };
	guid_generate(job.id);
	/* Rows own their texts, so they are not const; these are only read. */
	memcpy(&job.kind, &kind, sizeof kind);
	memcpy(&job.location, &location, sizeof location);
	return job;
}

void db_fixture_add_job(struct db *db, const char *kind, const char *location,
			char id[GUID_TEXT_SIZE])
{
	struct db_job job = db_fixture_job(kind, location);
	struct error err = { .message = "" };
	enum status status = db_job_add(db, &job, &err);
	assert_string_equal(err.message, "");
	assert_int_equal(status, STATUS_OK);
	memcpy(id, job.id, sizeof job.id);
}

void db_fixture_assert_state(struct db *db, const char *id, const char *state)
{
	struct db_job job;
	assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, state);
	db_job_done(&job);
}

int64_t db_fixture_number(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(handle);
	return number;
}

bool db_fixture_sql(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	(void)sqlite3_exec(handle, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	int code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
	(void)sqlite3_close(handle);
	return code == SQLITE_OK;
}
