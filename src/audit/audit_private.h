/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module audit share: the log, its windows of refusals, its hashes. */
#ifndef AUDIT_PRIVATE_H
#define AUDIT_PRIVATE_H

#include <pthread.h>

#include "infrabackup/audit.h"
#include "infrabackup/crypto.h"

/* Refusals of one caller, address and status, counted. */
struct audit_window {
	bool is_used;
	struct db_audit_origin origin;   /* caller and address alone */
	struct db_audit_outcome outcome; /* of the first; requests: those after it */
	int64_t started;                 /* monotonic */
	int64_t first_time, last_time;   /* of those after the first */
};

enum { AUDIT_WINDOWS = 16 };

/* Locks are taken in the order windows_mutex, database, hash_mutex. */
struct audit_log {
	struct audit_settings settings;
	pthread_mutex_t hash_mutex; /* guards the next two */
	struct keyed_hash *hash;
	int64_t seen_sequence;         /* the end cannot be before this */
	pthread_mutex_t windows_mutex; /* guards the rest */
	struct audit_window windows[AUDIT_WINDOWS];
	struct audit_window others; /* for which there was no window */
	int64_t day_started;        /* monotonic; of the allowance */
	int64_t day_rows;
};

/* --- audit_hash.c --- */
enum status audit_hash_event(struct audit_log *log, const struct db_audit_event *event,
			     const unsigned char previous[DB_AUDIT_HASH_SIZE],
			     unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err);
/* Of the outcome, bound to the row by its hash. */
enum status audit_hash_outcome(struct audit_log *log, const struct db_audit_event *event,
			       unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err);
enum status audit_hash_chain(struct audit_log *log, const struct db_audit_chain *chain,
			     unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err);
/* *@out: the chain's hash is its own. */
enum status audit_check_chain(struct audit_log *log, const struct db_audit_chain *chain, bool *out,
			      struct error *err);

/* --- audit_chain.c: the end of the log, inside a transaction --- */
/* Remembers how far the log is: from now on it cannot be shorter. */
enum status audit_chain_see(struct audit_log *log, struct db *db, struct error *err);
/* Puts @event behind the last row: its sequence, its hash and, when it has an outcome, the hash of
 * that are filled in. */
enum status audit_chain_append(struct audit_log *log, struct db *db, struct db_audit_event *event,
			       struct error *err);
/* @event's sequence and outcome go into its row; the rest of @event is read from there. */
enum status audit_chain_end(struct audit_log *log, struct db *db, struct db_audit_event *event,
			    struct error *err);
/* A log whose rows are gone begins behind its end. */
enum status audit_chain_cut(struct audit_log *log, struct db *db, struct error *err);

/* --- audit_open.c: the list of rows without an outcome --- */
bool audit_open_has(const struct db_audit_chain *chain, int64_t sequence);
enum status audit_open_add(struct db_audit_chain *chain, int64_t sequence, struct error *err);
void audit_open_remove(struct db_audit_chain *chain, int64_t sequence);
/* Those up to @sequence. */
void audit_open_remove_until(struct db_audit_chain *chain, int64_t sequence);

/* --- audit_log.c --- */
/* In a transaction of its own; @event as audit_chain_append() wants it. */
enum status audit_append(struct audit_log *log, struct db *db, struct db_audit_event *event,
			 struct error *err);
/* To whoever wants lines. */
void audit_export(const struct audit_log *log, const struct db_audit_event *event);

#endif
