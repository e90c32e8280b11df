/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the audit log. Module audit writes them and knows what their hashes are made of. */
#ifndef INFRABACKUP_DB_AUDIT_H
#define INFRABACKUP_DB_AUDIT_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

#define DB_AUDIT_HASH_SIZE 32

/* What a request, a command or the service itself wanted. Empty texts are unknown. */
struct db_audit_origin {
	char caller[128];
	char caller_identity[256]; /* stays the same when the name changes */
	char caller_kind[24];
	char address[64];
	char method[16];
	char path[512];
	char operation[96];
	char api_version[32];
	char request_id[GUID_TEXT_SIZE];
	char correlation_id[GUID_TEXT_SIZE];
};

struct db_audit_outcome {
	int64_t ended_time;  /* 0: it has begun, and nothing tells how it ended */
	int http_status;     /* 0: it was no request */
	char error_code[64]; /* empty: it succeeded */
	char job_id[GUID_TEXT_SIZE];
	int64_t requests; /* that the row stands for */
};

struct db_audit_event {
	int64_t sequence; /* from 1 */
	int64_t event_time;
	struct db_audit_origin origin;
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	struct db_audit_outcome outcome;
	struct buffer outcome_hash; /* empty without an outcome */
	bool is_odd; /* read only: a text is empty instead of NULL, or holds a zero byte */
};

struct db_audit_chain {
	int64_t pruned_sequence;
	unsigned char pruned_hash[DB_AUDIT_HASH_SIZE];
	int64_t last_sequence;
	unsigned char last_hash[DB_AUDIT_HASH_SIZE];
	int64_t damaged_sequence;
	struct buffer open_sequences;
	unsigned char hash[DB_AUDIT_HASH_SIZE];
};

/* With its outcome when it has one. STATUS_INVALID when the sequence is taken. */
MUST_CHECK enum status db_audit_add(struct db *db, const struct db_audit_event *event,
				    struct error *err);
/* Outcome and its hash into the row of @event->sequence. STATUS_NOT_FOUND when there is no row
 * without an outcome. */
MUST_CHECK enum status db_audit_end(struct db *db, const struct db_audit_event *event,
				    struct error *err);
/* The row with the lowest sequence above @after; *@more: there is one. STATUS_INTEGRITY when it
 * holds what does not fit; *@out has its sequence alone then. */
MUST_CHECK enum status db_audit_next(struct db *db, int64_t after, struct db_audit_event *out,
				     bool *more, struct error *err);
/* The highest sequence; 0 when there is no row. */
MUST_CHECK enum status db_audit_last_sequence(struct db *db, int64_t *out, struct error *err);
void db_audit_event_done(struct db_audit_event *event);

/* STATUS_NOT_FOUND, without filling @err, before the first row. */
MUST_CHECK enum status db_audit_chain_get(struct db *db, struct db_audit_chain *out,
					  struct error *err);
MUST_CHECK enum status db_audit_chain_put(struct db *db, const struct db_audit_chain *chain,
					  struct error *err);
void db_audit_chain_done(struct db_audit_chain *chain);

/* How many of the oldest rows may go: *@out is the sequence of the last one among the first @most
 * that is older than @time or at most @sequence; 0: none. */
MUST_CHECK enum status db_audit_find_expired(struct db *db, int64_t time, int64_t sequence,
					     int64_t most, int64_t *out, struct error *err);
/* Deletes the rows up to @sequence, which the chain must no longer hold. */
MUST_CHECK enum status db_audit_prune(struct db *db, int64_t sequence, struct error *err);

/* Which rows a list shows; empty texts, zero numbers: all. */
struct db_audit_filter {
	int64_t before;             /* sequences below this */
	int64_t from_time, to_time; /* both included */
	char caller[128];           /* ignoring case, as the next two */
	char status[16];            /* "Started", "Succeeded", "Failed" */
	char operation[96];
	int64_t http_status;
	size_t max;
};
/* "Started", "Succeeded" or "Failed". */
const char *db_audit_status(const struct db_audit_event *event);
/* The newest first. */
MUST_CHECK enum status db_audit_list(struct db *db, const struct db_audit_filter *filter,
				     enum status (*each)(const struct db_audit_event *event,
							 void *context, struct error *err),
				     void *context, struct error *err);

#endif
