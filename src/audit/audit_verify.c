/* SPDX-License-Identifier: Apache-2.0 */
/* Every row is hashed again, in order, from where the chain begins to where it ends. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_private.h"

struct audit_walk {
	struct audit_log *log;
	const struct audit_head *written; /* a head that was written down; NULL: none */
	struct audit_report *report;
	struct db_audit_chain chain;
	bool is_sound;     /* the chain is as this key left it */
	int64_t expected;  /* the next sequence */
	bool has_previous; /* the hash before that row is known */
	unsigned char previous[DB_AUDIT_HASH_SIZE];
};

const char *audit_problem_text(enum audit_problem problem)
{
	static const char *const texts[] = {
		[AUDIT_MISSING] = "the row is missing",
		[AUDIT_EXTRA] = "the row was added by somebody else",
		[AUDIT_ALTERED] = "the row was altered or is in another's place",
		[AUDIT_OUTCOME_ALTERED] = "the outcome was altered",
		[AUDIT_OUTCOME_MISSING] = "the outcome was taken away",
		[AUDIT_END_ALTERED] =
			"the end of the log was altered: from here on nothing can be told",
		[AUDIT_NOTED] = "before this row was added the end of the log had been altered",
		[AUDIT_HEAD_DIFFERS] = "the row is not the one that was written down",
	};

	return texts[problem];
}

bool audit_head_parse(const char *text, struct audit_head *out)
{
	struct audit_head head = { .sequence = 0 };
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18 || text[digits] != ':' ||
	    !hex_decode(text + digits + 1, head.hash, sizeof(head.hash)))
		return false;
	head.sequence = strtoll(text, NULL, 10);
	*out = head;
	return head.sequence > 0;
}

/* Keeps the findings with the lowest sequences. */
static void audit_find(struct audit_walk *walk, int64_t sequence, enum audit_problem problem)
{
	struct audit_report *report = walk->report;
	size_t place = report->finding_count < AUDIT_FINDINGS_MAX ? report->finding_count
								  : AUDIT_FINDINGS_MAX;

	report->finding_count++;
	if (place == AUDIT_FINDINGS_MAX && report->findings[--place].sequence <= sequence)
		return;
	for (; place > 0 && report->findings[place - 1].sequence > sequence; place--)
		report->findings[place] = report->findings[place - 1];
	report->findings[place] = (struct audit_finding) { sequence, problem };
}

static enum status audit_walk_begin(struct audit_walk *walk, struct db *db, struct error *err)
{
	enum status status = db_audit_chain_get(db, &walk->chain, err);
	struct db_audit_chain *chain = &walk->chain;

	if (status == STATUS_NOT_FOUND || status == STATUS_INTEGRITY)
		status = STATUS_OK;
	else if (status == STATUS_OK)
		status = audit_check_chain(walk->log, chain, &walk->is_sound, err);
	walk->expected = chain->pruned_sequence + 1;
	walk->has_previous = true;
	memcpy(walk->previous, chain->pruned_hash, sizeof(walk->previous));
	walk->report->pruned = chain->pruned_sequence;
	return status;
}

static enum status audit_check_row(struct audit_walk *walk, const struct db_audit_event *event,
				   struct error *err)
{
	static const unsigned char none[DB_AUDIT_HASH_SIZE];
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	bool begins = walk->is_sound && event->sequence == walk->chain.damaged_sequence;
	enum status status =
		audit_hash_event(walk->log, event, begins ? none : walk->previous, hash, err);

	if (status != STATUS_OK)
		return status;
	if (event->is_odd ||
	    ((begins || walk->has_previous) && memcmp(hash, event->hash, sizeof(hash)) != 0))
		audit_find(walk, event->sequence, AUDIT_ALTERED);
	if (walk->written != NULL && walk->written->sequence == event->sequence &&
	    memcmp(walk->written->hash, event->hash, sizeof(hash)) != 0)
		audit_find(walk, event->sequence, AUDIT_HEAD_DIFFERS);
	return STATUS_OK;
}

static bool audit_outcome_is_blank(const struct db_audit_event *event)
{
	const struct db_audit_outcome *outcome = &event->outcome;

	return outcome->ended_time == 0 && outcome->http_status == 0 && outcome->requests == 1 &&
	       outcome->error_code[0] == '\0' && outcome->job_id[0] == '\0';
}

static enum status audit_check_outcome(struct audit_walk *walk, const struct db_audit_event *event,
				       struct error *err)
{
	bool is_open = audit_open_has(&walk->chain, event->sequence);
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	enum status status = audit_hash_outcome(walk->log, event, hash, err);

	if (status != STATUS_OK)
		return status;
	if (event->outcome_hash.length == 0) {
		walk->report->begun++;
		if (!audit_outcome_is_blank(event))
			audit_find(walk, event->sequence, AUDIT_OUTCOME_ALTERED);
		else if (walk->is_sound && !is_open)
			audit_find(walk, event->sequence, AUDIT_OUTCOME_MISSING);
	} else if ((walk->is_sound && is_open) || event->outcome_hash.length != sizeof(hash) ||
		   memcmp(hash, event->outcome_hash.data, sizeof(hash)) != 0) {
		audit_find(walk, event->sequence, AUDIT_OUTCOME_ALTERED);
	}
	return STATUS_OK;
}

/* Where no row of the log can be. */
static bool audit_is_outside(const struct audit_walk *walk, int64_t sequence)
{
	return sequence <= walk->chain.pruned_sequence ||
	       (walk->is_sound && sequence > walk->chain.last_sequence);
}

static enum status audit_walk_row(struct audit_walk *walk, const struct db_audit_event *event,
				  struct error *err)
{
	struct audit_report *report = walk->report;

	if (report->rows++ == 0) {
		report->first.sequence = event->sequence;
		memcpy(report->first.hash, event->hash, sizeof(event->hash));
	}
	if (audit_is_outside(walk, event->sequence)) {
		audit_find(walk, event->sequence, AUDIT_EXTRA);
		return STATUS_OK;
	}
	if (event->sequence > walk->expected) {
		audit_find(walk, walk->expected, AUDIT_MISSING);
		walk->has_previous = false;
	}
	enum status status = audit_check_row(walk, event, err);

	if (status == STATUS_OK)
		status = audit_check_outcome(walk, event, err);
	walk->expected = event->sequence + 1;
	walk->has_previous = true;
	memcpy(walk->previous, event->hash, sizeof(event->hash));
	return status;
}

/* A row that cannot be read has no hash for the next one. */
static void audit_walk_unreadable(struct audit_walk *walk, int64_t sequence)
{
	walk->report->rows++;
	audit_find(walk, sequence, AUDIT_ALTERED);
	walk->expected = sequence + 1;
	walk->has_previous = false;
}

static enum status audit_walk_rows(struct audit_walk *walk, struct db *db, struct error *err)
{
	int64_t after = INT64_MIN;
	bool more = true;

	while (more) {
		struct db_audit_event event;
		enum status status = db_audit_next(db, after, &event, &more, err);

		after = event.sequence;
		if (status == STATUS_INTEGRITY && more) {
			audit_walk_unreadable(walk, after);
			status = STATUS_OK;
		} else if (status == STATUS_OK && more) {
			status = audit_walk_row(walk, &event, err);
		}
		db_audit_event_done(&event);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static void audit_walk_end(struct audit_walk *walk)
{
	const struct db_audit_chain *chain = &walk->chain;
	struct audit_report *report = walk->report;
	int64_t last = walk->expected - 1;

	if (!walk->is_sound) {
		audit_find(walk, walk->expected, AUDIT_END_ALTERED);
	} else {
		if (last < chain->last_sequence)
			audit_find(walk, walk->expected, AUDIT_MISSING);
		else if (walk->has_previous &&
			 memcmp(walk->previous, chain->last_hash, sizeof(chain->last_hash)) != 0)
			audit_find(walk, last, AUDIT_END_ALTERED);
		if (chain->damaged_sequence != 0)
			audit_find(walk, chain->damaged_sequence, AUDIT_NOTED);
	}
	report->head.sequence = last;
	memcpy(report->head.hash, walk->previous, sizeof(walk->previous));
	if (walk->written != NULL && walk->written->sequence > last)
		audit_find(walk, walk->expected, AUDIT_HEAD_DIFFERS);
}

static enum status audit_verify_body(struct db *db, void *context, struct error *err)
{
	const struct audit_walk *settings = context;
	struct audit_walk walk = *settings;
	enum status status = STATUS_OK;

	memset(walk.report, 0, sizeof(*walk.report));
	status = audit_walk_begin(&walk, db, err);
	if (status == STATUS_OK)
		status = audit_walk_rows(&walk, db, err);
	if (status == STATUS_OK)
		audit_walk_end(&walk);
	db_audit_chain_done(&walk.chain);
	return status;
}

enum status audit_verify(struct audit_log *log, struct db *db, const struct audit_head *expected,
			 struct audit_report *out, struct error *err)
{
	struct audit_walk walk = { .log = log, .written = expected, .report = out };

	return db_transaction(db, audit_verify_body, &walk, err);
}
