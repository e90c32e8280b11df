/* SPDX-License-Identifier: Apache-2.0 */
/* The log: opened with its key, rows begun, ended, added in one. */
#include <string.h>

#include "audit_private.h"

#define AUDIT_KEY_PURPOSE "infrabackup audit log 1"
#define AUDIT_ROWS 100000
#define AUDIT_AGE (INT64_C(400) * 24 * 60 * 60 * 1000)

enum status audit_open(const struct audit_settings *settings, struct audit_log **out,
		       struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct audit_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return fail_memory(err, "open the audit log");
	log->settings = *settings;
	log->settings.master_key = NULL;
	if (log->settings.max_rows == 0)
		log->settings.max_rows = AUDIT_ROWS;
	if (log->settings.max_age == 0)
		log->settings.max_age = AUDIT_AGE;
	(void)pthread_mutex_init(&log->hash_mutex, NULL);
	(void)pthread_mutex_init(&log->windows_mutex, NULL);
	enum status status = crypto_derive_key(settings->master_key, AUDIT_KEY_PURPOSE, &key, err);

	if (status == STATUS_OK)
		status = keyed_hash_new(&key, &log->hash, err);
	if (status == STATUS_OK)
		*out = log;
	else
		audit_close(log);
	return status;
}

void audit_close(struct audit_log *log)
{
	if (log == NULL)
		return;
	keyed_hash_free(log->hash);
	(void)pthread_mutex_destroy(&log->windows_mutex);
	(void)pthread_mutex_destroy(&log->hash_mutex);
	free(log);
}

void audit_export(const struct audit_log *log, const struct db_audit_event *event)
{
	char line[AUDIT_LINE_SIZE];

	if (log->settings.exported != NULL)
		log->settings.exported(audit_line(event, line));
}

struct audit_work {
	struct audit_log *log;
	struct db_audit_event *event;
};

static enum status audit_append_body(struct db *db, void *context, struct error *err)
{
	struct audit_work *work = context;
	enum status status = audit_chain_see(work->log, db, err);

	/* A second try finds what the first one left. */
	buffer_done(&work->event->outcome_hash);
	return status == STATUS_OK ? audit_chain_append(work->log, db, work->event, err) : status;
}

static enum status audit_end_body(struct db *db, void *context, struct error *err)
{
	struct audit_work *work = context;
	/* A second try begins with what the caller gave. */
	const struct db_audit_event given = { .sequence = work->event->sequence,
					      .outcome = work->event->outcome };

	db_audit_event_done(work->event);
	*work->event = given;
	return audit_chain_end(work->log, db, work->event, err);
}

enum status audit_append(struct audit_log *log, struct db *db, struct db_audit_event *event,
			 struct error *err)
{
	struct audit_work work = { .log = log, .event = event };
	enum status status = db_transaction(db, audit_append_body, &work, err);

	if (status == STATUS_OK && event->outcome.ended_time != 0)
		audit_export(log, event);
	buffer_done(&event->outcome_hash);
	return status;
}

enum status audit_begin(struct audit_log *log, struct db *db, const struct db_audit_origin *origin,
			int64_t *sequence, struct error *err)
{
	struct db_audit_event event = { .event_time = clock_now(log->settings.clock),
					.origin = *origin,
					.outcome = { .requests = 1 } };
	enum status status = audit_append(log, db, &event, err);

	if (status == STATUS_OK)
		*sequence = event.sequence;
	return status;
}

enum status audit_end(struct audit_log *log, struct db *db, int64_t sequence,
		      const struct db_audit_outcome *outcome, struct error *err)
{
	struct db_audit_event event = { .sequence = sequence, .outcome = *outcome };
	struct audit_work work = { .log = log, .event = &event };

	event.outcome.ended_time = clock_now(log->settings.clock);
	event.outcome.requests = 1;
	enum status status = db_transaction_undurable(db, audit_end_body, &work, err);

	if (status == STATUS_OK)
		audit_export(log, &event);
	db_audit_event_done(&event);
	return status;
}

enum status audit_record(struct audit_log *log, struct db *db, const struct db_audit_origin *origin,
			 const struct db_audit_outcome *outcome, struct error *err)
{
	struct db_audit_event event = { .event_time = clock_now(log->settings.clock),
					.origin = *origin,
					.outcome = *outcome };

	event.outcome.ended_time = event.event_time;
	event.outcome.requests = 1;
	return audit_append(log, db, &event, err);
}

static enum status audit_resume_body(struct db *db, void *context, struct error *err)
{
	static const struct db_audit_origin origin = { .caller = "infrabackup",
						       .caller_kind = "service",
						       .operation = "AuditLog_Resume" };
	static const struct db_audit_outcome outcome = { .requests = 1 };
	struct audit_log *log = context;
	enum status status = audit_chain_cut(log, db, err);

	return status == STATUS_OK ? audit_record(log, db, &origin, &outcome, err) : status;
}

enum status audit_resume(struct audit_log *log, struct db *db, struct error *err)
{
	return db_transaction(db, audit_resume_body, log, err);
}
