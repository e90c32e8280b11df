/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the state that stays small however long the service has run. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db_connection.h"

#define STEP "copy database"

/* Of the jobs' history only what describes backups that exist, of the audit log only its end. Other
 * tables are copied whole; what
 * they say of a job that is left out leads nowhere, which foreign keys would not allow. */
static const char ROWS[] = "SELECT format('DELETE FROM main.\"%w\"; INSERT INTO main.\"%w\" "
			   "SELECT * FROM source.\"%w\"', name, name, name) || "
			   "CASE name WHEN 'job' THEN "
			   "' WHERE id IN (SELECT id FROM source.backup)' "
			   "WHEN 'job_role' THEN "
			   "' WHERE job_id IN (SELECT id FROM source.backup)' "
			   "WHEN 'audit_event' THEN ' WHERE false' ELSE '' END "
			   "FROM main.sqlite_schema WHERE type = 'table' AND "
			   "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'schema_migration'";

static enum status attach(struct db *copy, const char *path, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(copy->handle, "ATTACH ?1 AS source", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? STATUS_OK : db_fail(copy, code, STEP, err);
}

static enum status copy_rows(struct db *copy, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	enum status status = STATUS_OK;
	int code = sqlite3_prepare_v2(copy->handle, ROWS, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	while (code == SQLITE_ROW && status == STATUS_OK) {
		status = db_execute(copy, (const char *)sqlite3_column_text(statement, 0), STEP,
				    err);
		if (status == STATUS_OK)
			code = sqlite3_step(statement);
	}
	(void)sqlite3_finalize(statement);
	if (status == STATUS_OK && code != SQLITE_DONE)
		status = db_fail(copy, code, STEP, err);
	return status;
}

static enum status fill(struct db *copy, const char *source, struct error *err)
{
	enum status status = attach(copy, source, err);
	if (status == STATUS_OK)
		status = db_execute(copy, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE", STEP, err);
	if (status == STATUS_OK)
		status = copy_rows(copy, err);
	if (status == STATUS_OK)
		status = db_execute(copy, "COMMIT; DETACH source; PRAGMA journal_mode = DELETE",
				    STEP, err);
	return status;
}

enum status db_copy_without_history(struct db *db, const char *path, struct error *err)
{
	struct db *copy = NULL;
	if (access(path, F_OK) == 0)
		return fail(err, STATUS_EXISTS, STEP, path, "there is such a file already");
	enum status status = db_open(path, DB_STATE, &copy, err);
	if (status == STATUS_OK)
		status = fill(copy, db->path, err);
	db_close(copy);
	return status;
}
