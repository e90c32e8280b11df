/* SPDX-License-Identifier: Apache-2.0 */
/* Opens, copies and checks SQLite databases under a watch. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "snapshot_sqlite_private.h"

#define STEP_PAGES 1024
#define RESTARTS_MAX 3            /* then the writers have to wait for us */
#define PROGRESS_OPERATIONS 20000 /* of SQLite's machine between two looks at the watch */

void snapshot_sqlite_watch_init(struct snapshot_sqlite_watch *watch,
				const struct snapshot_settings *settings,
				const struct cancel *cancel)
{
	*watch = (struct snapshot_sqlite_watch) {
		.cancel = cancel,
		.deadline = clock_monotonic(&system_clock) + settings->timeout,
		.timeout = settings->timeout,
		.path = settings->path,
	};
}

static bool is_over(const struct snapshot_sqlite_watch *watch)
{
	return cancel_is_requested(watch->cancel) ||
	       clock_monotonic(&system_clock) >= watch->deadline;
}

enum status snapshot_sqlite_watch_check(const struct snapshot_sqlite_watch *watch, const char *step,
					struct error *err)
{
	enum status status = cancel_check(watch->cancel, step, err);

	if (status == STATUS_OK && is_over(watch))
		status = fail(err, STATUS_FAILED, step, watch->path,
			      "it did not finish within %ld ms", watch->timeout);
	return status;
}

/* SQLite's question whether to go on waiting for a lock. */
static int wait_for_lock(void *context, int count)
{
	const struct snapshot_sqlite_watch *watch = context;
	struct pollfd cancelled = {
		.fd = watch->cancel == NULL ? -1 : cancel_descriptor(watch->cancel),
		.events = POLLIN,
	};

	(void)poll(&cancelled, 1, count < 20 ? 5 : 50);
	return is_over(watch) ? 0 : 1;
}

static int interrupt_when_over(void *context)
{
	return is_over(context) ? 1 : 0;
}

enum status snapshot_sqlite_open(const char *path, int flags, struct snapshot_sqlite_watch *watch,
				 sqlite3 **out, struct error *err)
{
	AUTO_SQLITE database = NULL;
	int code = sqlite3_open_v2(path, &database, flags, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_extended_result_codes(database, 1);
	if (code == SQLITE_OK)
		code = sqlite3_busy_handler(database, wait_for_lock, watch);
	if (code != SQLITE_OK)
		return snapshot_sqlite_fail(watch, code,
					    database == NULL ? NULL : sqlite3_errmsg(database),
					    "open database", err);
	sqlite3_progress_handler(database, PROGRESS_OPERATIONS, interrupt_when_over, watch);
	*out = TAKE(database);
	return STATUS_OK;
}

enum status snapshot_sqlite_fail(const struct snapshot_sqlite_watch *watch, int code,
				 const char *detail, const char *step, struct error *err)
{
	int primary = code & 0xFF;
	enum status status = STATUS_OK;

	if (primary == SQLITE_BUSY || primary == SQLITE_INTERRUPT)
		status = snapshot_sqlite_watch_check(watch, step, err);
	if (status != STATUS_OK)
		return status;
	status = primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT ? STATUS_INTEGRITY
								       : STATUS_FAILED;
	(void)fail(err, status, step, watch->path, "%s",
		   detail == NULL ? sqlite3_errstr(code) : detail);
	if (err != NULL) {
		err->cause = code;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "SQLITE_%d", code);
	}
	return status;
}

static enum status query_text(sqlite3 *database, const char *sql, char *text, size_t text_size,
			      const struct snapshot_sqlite_watch *watch, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		const unsigned char *value = sqlite3_column_text(statement, 0);

		(void)snprintf(text, text_size, "%s", value == NULL ? "" : (const char *)value);
	}

	enum status status = code == SQLITE_ROW
				     ? STATUS_OK
				     : snapshot_sqlite_fail(watch, code, sqlite3_errmsg(database),
							    "query database", err);

	(void)sqlite3_finalize(statement);
	return status;
}

enum status snapshot_sqlite_check(sqlite3 *database, const char *pragma,
				  const struct snapshot_sqlite_watch *watch, struct error *err)
{
	char text[256];
	enum status status = query_text(database, pragma, text, sizeof(text), watch, err);

	if (status == STATUS_OK && strcmp(text, "ok") != 0)
		status = fail(err, STATUS_INTEGRITY, "check database", watch->path, "%s", text);
	return status;
}

/* Reads as of now, until the connection is closed: no writer makes the copy start again. */
static enum status hold(sqlite3 *from, const struct snapshot_sqlite_watch *watch, struct error *err)
{
	int code =
		sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);

	if (code != SQLITE_OK)
		return snapshot_sqlite_fail(watch, code, sqlite3_errmsg(from), "read database",
					    err);
	return STATUS_OK;
}

/* A write between two steps sends the copy back to its start; in a busy database it would never
 * end. */
static enum status copy_steps(sqlite3_backup *backup, sqlite3 *from, sqlite3 *to, bool held,
			      const struct snapshot_sqlite_watch *watch, struct error *err)
{
	int left_before = -1;
	int restarts = 0;

	for (;;) {
		int code = sqlite3_backup_step(backup, STEP_PAGES);

		if (code == SQLITE_DONE)
			return STATUS_OK;
		/* Locks were waited for by wait_for_lock(); it says so below when that is over. */
		if (code != SQLITE_OK && code != SQLITE_BUSY)
			return snapshot_sqlite_fail(watch, code, sqlite3_errmsg(to),
						    "copy database", err);

		enum status status = snapshot_sqlite_watch_check(watch, "copy database", err);
		int left = sqlite3_backup_remaining(backup);

		if (left_before >= 0 && left >= left_before)
			restarts++;
		left_before = left;
		if (status == STATUS_OK && !held && restarts >= RESTARTS_MAX) {
			status = hold(from, watch, err);
			held = true;
		}
		if (status != STATUS_OK)
			return status;
	}
}

enum status snapshot_sqlite_copy(sqlite3 *from, sqlite3 *to,
				 const struct snapshot_sqlite_watch *watch, struct error *err)
{
	char mode[16];
	enum status status =
		query_text(from, "PRAGMA journal_mode", mode, sizeof(mode), watch, err);
	/* With a write-ahead log nobody has to wait for a reader. */
	bool held = status == STATUS_OK && strcmp(mode, "wal") == 0;

	if (held)
		status = hold(from, watch, err);
	if (status != STATUS_OK)
		return status;

	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (backup == NULL)
		return snapshot_sqlite_fail(watch, sqlite3_extended_errcode(to), sqlite3_errmsg(to),
					    "copy database", err);
	status = copy_steps(backup, from, to, held, watch, err);

	int code = sqlite3_backup_finish(backup);

	if (status == STATUS_OK && code != SQLITE_OK)
		status =
			snapshot_sqlite_fail(watch, code, sqlite3_errmsg(to), "copy database", err);
	return status;
}
