/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's results as statuses, with texts that say what to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db_connection.h"

struct code_text {
	int code;
	enum status status;
	const char *name;
	const char *text; /* NULL: SQLite's own */
};

/* Extended codes stand before the primary code that they belong to. */
static const struct code_text codes[] = {
	{ SQLITE_CONSTRAINT_UNIQUE, STATUS_EXISTS, "SQLITE_CONSTRAINT_UNIQUE", NULL },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, STATUS_EXISTS, "SQLITE_CONSTRAINT_PRIMARYKEY", NULL },
	{ SQLITE_CONSTRAINT_ROWID, STATUS_EXISTS, "SQLITE_CONSTRAINT_ROWID", NULL },
	{ SQLITE_CONSTRAINT_CHECK, STATUS_INVALID, "SQLITE_CONSTRAINT_CHECK", NULL },
	{ SQLITE_CONSTRAINT_NOTNULL, STATUS_INVALID, "SQLITE_CONSTRAINT_NOTNULL", NULL },
	{ SQLITE_CONSTRAINT_DATATYPE, STATUS_INVALID, "SQLITE_CONSTRAINT_DATATYPE", NULL },
	{ SQLITE_CONSTRAINT_FOREIGNKEY, STATUS_INVALID, "SQLITE_CONSTRAINT_FOREIGNKEY", NULL },
	{ SQLITE_CONSTRAINT, STATUS_INVALID, "SQLITE_CONSTRAINT", NULL },
	{ SQLITE_FULL, STATUS_FAILED, "SQLITE_FULL",
	  "there is no space left for the service's database; nothing of this change was kept: "
	  "free "
	  "space on the disk that holds the file, then try again" },
	{ SQLITE_BUSY, STATUS_FAILED, "SQLITE_BUSY",
	  "another process keeps the service's database locked; see which one has the file open" },
	{ SQLITE_LOCKED, STATUS_FAILED, "SQLITE_LOCKED", NULL },
	{ SQLITE_CORRUPT, STATUS_INTEGRITY, "SQLITE_CORRUPT",
	  "the service's database is damaged: stop the service, keep the file aside and restore it "
	  "from a backup" },
	{ SQLITE_NOTADB, STATUS_INTEGRITY, "SQLITE_NOTADB",
	  "the file is not a database of this service, or its beginning was overwritten" },
	{ SQLITE_READONLY, STATUS_FAILED, "SQLITE_READONLY",
	  "the service's database may not be written: check owner and mode of the file and its "
	  "folder, and whether the disk is mounted read-only" },
	{ SQLITE_CANTOPEN, STATUS_FAILED, "SQLITE_CANTOPEN", NULL },
	{ SQLITE_IOERR, STATUS_FAILED, "SQLITE_IOERR", NULL },
	{ SQLITE_TOOBIG, STATUS_TOO_LARGE, "SQLITE_TOOBIG", NULL },
	{ SQLITE_MISUSE, STATUS_FAILED, "SQLITE_MISUSE", NULL },
	{ SQLITE_RANGE, STATUS_FAILED, "SQLITE_RANGE", NULL },
	{ SQLITE_ERROR, STATUS_FAILED, "SQLITE_ERROR", NULL },
};

static const struct code_text *find_code(int code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++)
		if (codes[i].code == code || codes[i].code == (code & 0xff))
			return &codes[i];
	return &codes[ARRAY_LENGTH(codes) - 1];
}

/* A full disk shows as SQLITE_FULL when a page does not fit, but as an I/O error when the shared
 * memory beside the WAL, or a file itself, cannot be made. */
static int full_disk_code(struct db *db, int code)
{
	int primary = code & 0xff;
	if (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN)
		return code;
	if (code == SQLITE_IOERR_SHMSIZE)
		return SQLITE_FULL;
	int system = db->handle == NULL ? 0 : sqlite3_system_errno(db->handle);
	return system == ENOSPC || system == EDQUOT ? SQLITE_FULL : code;
}

enum status db_fail(struct db *db, int code, const char *step, struct error *err)
{
	if ((code & 0xff) == SQLITE_NOMEM)
		return fail_memory(err, step);
	code = full_disk_code(db, code);
	db->busy = (code & 0xff) == SQLITE_BUSY;
	const struct code_text *found = find_code(code);
	const char *text = found->text;
	if (text == NULL)
		text = db->handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db->handle);
	enum status status = fail(err, found->status, step, db->path, "%s", text);
	if (err != NULL) {
		err->cause = code;
		(void)snprintf(err->cause_name, sizeof err->cause_name, "%s", found->name);
	}
	return status;
}

enum status db_execute(struct db *db, const char *sql, const char *step, struct error *err)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? STATUS_OK : db_fail(db, code, step, err);
}
