/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a connection, and the translation of SQLite's results. */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include <sqlite3.h>

#include "infrabackup/db.h"

struct db_query;

/* A prepared statement that is kept for the next use of the same query. */
struct db_cached {
	const struct db_query *query;
	sqlite3_stmt *handle;
	bool in_use;
};

struct db {
	sqlite3 *handle;
	enum db_kind kind;
	char *path;
	struct db_cached *cache;
	size_t cache_count, cache_capacity;
	bool busy; /* the last fault was SQLITE_BUSY: worth another try */
};

/* Fills @err from @code, the (extended) result of the last call on this connection, and returns its
 * status. Unique violations are STATUS_EXISTS, other violated constraints STATUS_INVALID, damage
 * STATUS_INTEGRITY, everything else STATUS_FAILED; a full disk always has the cause name
 * "SQLITE_FULL", whichever way SQLite met it. */
enum status db_fail(struct db *db, int code, const char *step, struct error *err);

/* Runs constant SQL text that is not worth keeping. */
MUST_CHECK enum status db_execute(struct db *db, const char *sql, const char *step,
				  struct error *err);

/* db_open() with other migrations: for tests of upgrades. */
struct db_migration;
MUST_CHECK enum status db_open_with(const char *path, enum db_kind kind,
				    const struct db_migration *migrations, size_t count,
				    struct db **out, struct error *err);

#endif
