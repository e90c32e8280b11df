/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the log: rows are put behind it, outcomes into it, the oldest rows are let go. Every
 * function runs inside a transaction, so that the end that it read is the one that it replaces. */
#include <string.h>

#include "audit_private.h"

/* Every so many rows at most so many of the oldest go: more than are added, in bounded steps. After
 * a jump of the clock most of the log is still there when somebody looks. */
enum { AUDIT_PRUNE_EVERY = 64, AUDIT_PRUNE_MOST = 128 };

struct audit_tail {
	struct db_audit_chain chain;
	bool is_sound; /* as this key left it */
	int64_t last;  /* the highest row there is */
};

static void audit_tail_done(struct audit_tail *tail)
{
	db_audit_chain_done(&tail->chain);
}

/* The rows stand up to the chain's last, unless all of them were let go. */
static bool audit_tail_fits(const struct audit_tail *tail)
{
	const struct db_audit_chain *chain = &tail->chain;

	return tail->last == chain->last_sequence ||
	       (tail->last == 0 && chain->pruned_sequence == chain->last_sequence);
}

/* The last row as far as anybody knew: it must not have become less. */
static int64_t audit_seen(struct audit_log *log, int64_t sequence)
{
	(void)pthread_mutex_lock(&log->hash_mutex);
	int64_t seen = log->seen_sequence;

	if (sequence > seen)
		log->seen_sequence = sequence;
	(void)pthread_mutex_unlock(&log->hash_mutex);
	return seen;
}

static enum status audit_tail_read(struct audit_log *log, struct db *db, struct audit_tail *tail,
				   struct error *err)
{
	enum status status = db_audit_chain_get(db, &tail->chain, err);
	bool is_missing = status == STATUS_NOT_FOUND, is_foreign = status == STATUS_INTEGRITY;
	bool is_own = false;

	if (is_missing || is_foreign)
		status = STATUS_OK;
	if (status == STATUS_OK)
		status = db_audit_last_sequence(db, &tail->last, err);
	if (status == STATUS_OK && !is_missing && !is_foreign)
		status = audit_check_chain(log, &tail->chain, &is_own, err);
	if (status != STATUS_OK)
		return status;
	if (is_missing)
		is_own = tail->last == 0;
	tail->is_sound =
		is_own && audit_tail_fits(tail) && audit_seen(log, 0) <= tail->chain.last_sequence;
	return STATUS_OK;
}

static enum status audit_tail_write(struct audit_log *log, struct db *db, struct audit_tail *tail,
				    struct error *err)
{
	enum status status = audit_hash_chain(log, &tail->chain, tail->chain.hash, err);

	return status == STATUS_OK ? db_audit_chain_put(db, &tail->chain, err) : status;
}

enum status audit_chain_see(struct audit_log *log, struct db *db, struct error *err)
{
	struct audit_tail tail = { .last = 0 };
	enum status status = audit_tail_read(log, db, &tail, err);

	if (status == STATUS_OK && tail.is_sound)
		(void)audit_seen(log, tail.chain.last_sequence);
	audit_tail_done(&tail);
	return status;
}

/* The end was altered: what follows is a chain of its own, whose first row is noted. */
static enum status audit_tail_break(struct audit_log *log, struct audit_tail *tail,
				    struct error *err)
{
	struct db_audit_chain *chain = &tail->chain;
	int64_t last = audit_seen(log, 0);

	if (tail->last > last)
		last = tail->last;
	if (last == INT64_MAX)
		return fail(err, STATUS_INTEGRITY, "add to the audit log", NULL,
			    "somebody added a row with the highest number, no row can follow");
	chain->last_sequence = last;
	chain->damaged_sequence = last + 1;
	memset(chain->last_hash, 0, sizeof(chain->last_hash));
	log_message(LOG_LEVEL_ERROR,
		    "the audit log was altered from outside before row %lld; run "
		    "`infrabackup verify-audit` and compare with what was exported",
		    (long long)chain->damaged_sequence);
	return STATUS_OK;
}

/* Moves the beginning of the chain behind row @sequence. */
static enum status audit_tail_forget(struct audit_tail *tail, struct db *db, int64_t sequence,
				     struct error *err)
{
	struct db_audit_event event;
	bool more = false;
	enum status status = db_audit_next(db, sequence - 1, &event, &more, err);

	if (status != STATUS_OK)
		return status;
	tail->chain.pruned_sequence = sequence;
	memcpy(tail->chain.pruned_hash, event.hash, sizeof(event.hash));
	audit_open_remove_until(&tail->chain, sequence);
	if (tail->chain.damaged_sequence <= sequence)
		tail->chain.damaged_sequence = 0;
	db_audit_event_done(&event);
	return STATUS_OK;
}

static enum status audit_find_expired(const struct audit_log *log, struct db *db,
				      const struct audit_tail *tail, int64_t *out,
				      struct error *err)
{
	const struct audit_settings *settings = &log->settings;

	*out = 0;
	if (!tail->is_sound || tail->chain.last_sequence % AUDIT_PRUNE_EVERY != 0)
		return STATUS_OK;
	return db_audit_find_expired(db, clock_now(settings->clock) - settings->max_age,
				     tail->chain.last_sequence - settings->max_rows,
				     AUDIT_PRUNE_MOST, out, err);
}

/* The end goes behind the new row; the oldest rows go after that, as the database demands. */
static enum status audit_tail_advance(struct audit_log *log, struct db *db, struct audit_tail *tail,
				      const struct db_audit_event *event, struct error *err)
{
	int64_t expired = 0;
	enum status status = STATUS_OK;

	tail->chain.last_sequence = event->sequence;
	memcpy(tail->chain.last_hash, event->hash, sizeof(event->hash));
	if (event->outcome.ended_time == 0)
		status = audit_open_add(&tail->chain, event->sequence, err);
	if (status == STATUS_OK)
		status = audit_find_expired(log, db, tail, &expired, err);
	if (status == STATUS_OK && expired > 0)
		status = audit_tail_forget(tail, db, expired, err);
	if (status == STATUS_OK)
		status = audit_tail_write(log, db, tail, err);
	return status == STATUS_OK && expired > 0 ? db_audit_prune(db, expired, err) : status;
}

static enum status audit_add(struct audit_log *log, struct db *db, struct db_audit_event *event,
			     struct error *err)
{
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	enum status status = STATUS_OK;

	if (event->outcome.ended_time != 0) {
		status = audit_hash_outcome(log, event, hash, err);
		if (status == STATUS_OK)
			status = buffer_append(&event->outcome_hash, hash, sizeof(hash), err);
	}
	return status == STATUS_OK ? db_audit_add(db, event, err) : status;
}

enum status audit_chain_append(struct audit_log *log, struct db *db, struct db_audit_event *event,
			       struct error *err)
{
	struct audit_tail tail = { .last = 0 };
	enum status status = audit_tail_read(log, db, &tail, err);

	if (status == STATUS_OK && !tail.is_sound)
		status = audit_tail_break(log, &tail, err);
	if (status == STATUS_OK) {
		event->sequence = tail.chain.last_sequence + 1;
		status = audit_hash_event(log, event, tail.chain.last_hash, event->hash, err);
	}
	buffer_init(&event->outcome_hash, DB_AUDIT_HASH_SIZE);
	if (status == STATUS_OK)
		status = audit_add(log, db, event, err);
	if (status == STATUS_OK)
		status = audit_tail_advance(log, db, &tail, event, err);
	audit_tail_done(&tail);
	return status;
}

/* An end that was altered is left as it is: the next row notes it. */
static enum status audit_close_row(struct audit_log *log, struct db *db, int64_t sequence,
				   struct error *err)
{
	struct audit_tail tail = { .last = 0 };
	enum status status = audit_tail_read(log, db, &tail, err);

	if (status == STATUS_OK && tail.is_sound) {
		audit_open_remove(&tail.chain, sequence);
		status = audit_tail_write(log, db, &tail, err);
	}
	audit_tail_done(&tail);
	return status;
}

enum status audit_chain_end(struct audit_log *log, struct db *db, struct db_audit_event *event,
			    struct error *err)
{
	const struct db_audit_outcome outcome = event->outcome;
	int64_t sequence = event->sequence;
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	bool more = false;
	enum status status = db_audit_next(db, sequence - 1, event, &more, err);

	if (status == STATUS_OK && event->sequence != sequence)
		status = fail(err, STATUS_NOT_FOUND, "add an outcome to the audit log", NULL,
			      "row %lld is gone", (long long)sequence);
	if (status != STATUS_OK)
		return status;
	event->outcome = outcome;
	status = audit_hash_outcome(log, event, hash, err);
	buffer_clear(&event->outcome_hash);
	event->outcome_hash.max = sizeof(hash);
	if (status == STATUS_OK)
		status = buffer_append(&event->outcome_hash, hash, sizeof(hash), err);
	if (status == STATUS_OK)
		status = db_audit_end(db, event, err);
	return status == STATUS_OK ? audit_close_row(log, db, sequence, err) : status;
}

enum status audit_chain_cut(struct audit_log *log, struct db *db, struct error *err)
{
	struct audit_tail tail = { .last = 0 };
	enum status status = audit_tail_read(log, db, &tail, err);
	struct db_audit_chain *chain = &tail.chain;
	bool is_own = false;

	if (status == STATUS_OK)
		status = audit_check_chain(log, chain, &is_own, err);
	/* Rows that are there are no reason to forget them. */
	if (status == STATUS_OK && is_own && tail.last == 0) {
		chain->pruned_sequence = chain->last_sequence;
		memcpy(chain->pruned_hash, chain->last_hash, sizeof(chain->last_hash));
		chain->damaged_sequence = 0;
		audit_open_remove_until(chain, chain->last_sequence);
		status = audit_tail_write(log, db, &tail, err);
	}
	audit_tail_done(&tail);
	return status;
}
