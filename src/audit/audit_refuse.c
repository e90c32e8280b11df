/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals, counted: whoever may do nothing cannot fill the disk, nor push out what others did. */
#include <string.h>

#include "audit_private.h"

#define AUDIT_WINDOW (INT64_C(60) * 1000)
#define AUDIT_OTHERS_WINDOW (INT64_C(60) * 60 * 1000)
#define AUDIT_DAY (INT64_C(24) * 60 * 60 * 1000)
#define AUDIT_DAY_ROWS 1000
#define AUDIT_SEVERAL "*"

static int64_t audit_window_length(const struct audit_log *log, const struct audit_window *window)
{
	return window == &log->others ? AUDIT_OTHERS_WINDOW : AUDIT_WINDOW;
}

/* The count of a window becomes a row; nothing was counted: no row. */
static enum status audit_window_write(struct audit_log *log, struct db *db,
				      const struct audit_window *window, struct error *err)
{
	struct db_audit_event event = { .event_time = window->first_time,
					.origin = window->origin,
					.outcome = window->outcome };

	if (window->outcome.requests == 0)
		return STATUS_OK;
	event.outcome.ended_time = window->last_time;
	return audit_append(log, db, &event, err);
}

static enum status audit_window_flush(struct audit_log *log, struct db *db,
				      struct audit_window *window, bool is_last, struct error *err)
{
	int64_t age = clock_monotonic(log->settings.clock) - window->started;

	if (!window->is_used || (!is_last && age < audit_window_length(log, window)))
		return STATUS_OK;
	enum status status = audit_window_write(log, db, window, err);

	if (status == STATUS_OK)
		window->is_used = false;
	return status;
}

static enum status audit_flush_locked(struct audit_log *log, struct db *db, bool is_last,
				      struct error *err)
{
	enum status status = audit_window_flush(log, db, &log->others, is_last, err);

	for (size_t i = 0; i < AUDIT_WINDOWS && status == STATUS_OK; i++)
		status = audit_window_flush(log, db, &log->windows[i], is_last, err);
	return status;
}

enum status audit_flush(struct audit_log *log, struct db *db, bool is_last, struct error *err)
{
	(void)pthread_mutex_lock(&log->windows_mutex);
	enum status status = audit_flush_locked(log, db, is_last, err);
	(void)pthread_mutex_unlock(&log->windows_mutex);
	return status;
}

static bool audit_window_is_of(const struct audit_window *window,
			       const struct db_audit_origin *origin,
			       const struct db_audit_outcome *outcome)
{
	return window->is_used && window->outcome.http_status == outcome->http_status &&
	       strcmp(window->origin.address, origin->address) == 0 &&
	       strcmp(window->origin.caller, origin->caller) == 0 &&
	       strcmp(window->origin.caller_identity, origin->caller_identity) == 0;
}

static bool audit_has_allowance(struct audit_log *log)
{
	int64_t now = clock_monotonic(log->settings.clock);

	if (log->day_rows == 0 || now - log->day_started >= AUDIT_DAY) {
		log->day_started = now;
		log->day_rows = 0;
	}
	/* The row at the end of the window counts too. */
	if (log->day_rows + 2 > AUDIT_DAY_ROWS)
		return false;
	log->day_rows += 2;
	return true;
}

/* The window that counts it already, else a free one, else the one of all others. */
static struct audit_window *audit_window_find(struct audit_log *log,
					      const struct db_audit_origin *origin,
					      const struct db_audit_outcome *outcome)
{
	struct audit_window *idle = NULL;

	for (size_t i = 0; i < AUDIT_WINDOWS; i++) {
		if (audit_window_is_of(&log->windows[i], origin, outcome))
			return &log->windows[i];
		if (!log->windows[i].is_used)
			idle = &log->windows[i];
	}
	return idle != NULL && audit_has_allowance(log) ? idle : &log->others;
}

static void audit_window_count(const struct audit_log *log, struct audit_window *window)
{
	window->last_time = clock_now(log->settings.clock);
	if (window->outcome.requests++ == 0)
		window->first_time = window->last_time;
}

/* The first one is a row at once. */
static enum status audit_window_start(struct audit_log *log, struct db *db,
				      struct audit_window *window,
				      const struct db_audit_origin *origin,
				      const struct db_audit_outcome *outcome, struct error *err)
{
	enum status status = audit_record(log, db, origin, outcome, err);

	if (status != STATUS_OK)
		return status;
	*window = (struct audit_window) { .is_used = true,
					  .outcome = *outcome,
					  .started = clock_monotonic(log->settings.clock) };
	window->outcome.requests = 0;
	if (window == &log->others) {
		window->origin = (struct db_audit_origin) { .caller_kind = "several",
							    .address = AUDIT_SEVERAL };
		return STATUS_OK;
	}
	memcpy(window->origin.caller, origin->caller, sizeof(origin->caller));
	memcpy(window->origin.caller_identity, origin->caller_identity,
	       sizeof(origin->caller_identity));
	memcpy(window->origin.caller_kind, origin->caller_kind, sizeof(origin->caller_kind));
	memcpy(window->origin.address, origin->address, sizeof(origin->address));
	return STATUS_OK;
}

enum status audit_refuse(struct audit_log *log, struct db *db, const struct db_audit_origin *origin,
			 const struct db_audit_outcome *outcome, struct error *err)
{
	(void)pthread_mutex_lock(&log->windows_mutex);
	enum status status = audit_flush_locked(log, db, false, err);

	if (status == STATUS_OK) {
		struct audit_window *window = audit_window_find(log, origin, outcome);

		if (window->is_used)
			audit_window_count(log, window);
		else
			status = audit_window_start(log, db, window, origin, outcome, err);
	}
	(void)pthread_mutex_unlock(&log->windows_mutex);
	return status;
}
