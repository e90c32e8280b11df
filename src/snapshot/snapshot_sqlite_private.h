/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite connections that give up when asked to, or when their time is over; and copies between
 * them. */
#ifndef SNAPSHOT_SQLITE_PRIVATE_H
#define SNAPSHOT_SQLITE_PRIVATE_H

#include <sqlite3.h>

#include "infrabackup/snapshot.h"

#define SNAPSHOT_SQLITE_ENTRY "database.sqlite"

/* What ends the work before it is done. Outlives the connections opened with it. */
struct snapshot_sqlite_watch {
	const struct cancel *cancel;
	int64_t deadline; /* monotonic ms */
	long timeout;
	const char *path; /* the service's database, for messages */
};

void snapshot_sqlite_watch_init(struct snapshot_sqlite_watch *watch,
				const struct snapshot_settings *settings,
				const struct cancel *cancel);
/* STATUS_CANCELLED, or STATUS_FAILED when the time is over. */
MUST_CHECK enum status snapshot_sqlite_watch_check(const struct snapshot_sqlite_watch *watch,
						   const char *step, struct error *err);

static inline void snapshot_sqlite_close(sqlite3 **database)
{
	(void)sqlite3_close(*database);
}
#define AUTO_SQLITE __attribute__((cleanup(snapshot_sqlite_close))) sqlite3 *

/* @flags: of sqlite3_open_v2(). Locks of others are waited for until @watch says no. */
MUST_CHECK enum status snapshot_sqlite_open(const char *path, int flags,
					    struct snapshot_sqlite_watch *watch, sqlite3 **out,
					    struct error *err);
/* A fault from a result code: STATUS_INTEGRITY for damaged or foreign files, STATUS_CANCELLED and
 * the timeout as they are, else STATUS_FAILED; cause is the code. */
MUST_CHECK enum status snapshot_sqlite_fail(const struct snapshot_sqlite_watch *watch, int code,
					    const char *detail, const char *step,
					    struct error *err);
/* All of @from's main database over @to's, as of one moment, through the online backup interface.
 */
MUST_CHECK enum status snapshot_sqlite_copy(sqlite3 *from, sqlite3 *to,
					    const struct snapshot_sqlite_watch *watch,
					    struct error *err);
/* @pragma: "PRAGMA quick_check(1)" or "PRAGMA integrity_check(1)". STATUS_INTEGRITY with what it
 * found. */
MUST_CHECK enum status snapshot_sqlite_check(sqlite3 *database, const char *pragma,
					     const struct snapshot_sqlite_watch *watch,
					     struct error *err);

/* As the driver's members. */
MUST_CHECK enum status snapshot_sqlite_restore_open(const struct snapshot_settings *settings,
						    const struct cancel *cancel,
						    struct restore **out, struct error *err);
MUST_CHECK enum status snapshot_sqlite_restore_begin(struct restore *restore,
						     const struct snapshot_entry *entry,
						     struct error *err);
MUST_CHECK enum status snapshot_sqlite_restore_write(struct restore *restore, const void *data,
						     size_t length, struct error *err);
MUST_CHECK enum status snapshot_sqlite_restore_hole(struct restore *restore, uint64_t length,
						    struct error *err);
MUST_CHECK enum status snapshot_sqlite_restore_end(struct restore *restore, struct error *err);
MUST_CHECK enum status snapshot_sqlite_restore_commit(struct restore *restore, struct error *err);
void snapshot_sqlite_restore_report(const struct restore *restore, struct restore_report *out);
void snapshot_sqlite_restore_close(struct restore *restore);

#endif
