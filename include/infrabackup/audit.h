/* SPDX-License-Identifier: Apache-2.0 */
/* audit: who changed what and who was refused, in rows that are only ever added. A row is written
 * before the change, its outcome after it, so that a row without an outcome tells of a change that
 * a crash cut short. Every row holds an HMAC over itself and the HMAC of the row before, under a
 * key derived from the master key: whoever has the database alone can neither change, add, remove
 * nor exchange rows without being found. What cannot be found from inside is the whole database put
 * back to an older copy of itself; a head (number and hash of a row) that was written down
 * elsewhere shows it. Bodies, queries and secrets are never recorded. */
#ifndef INFRABACKUP_AUDIT_H
#define INFRABACKUP_AUDIT_H

#include "infrabackup/base.h"
#include "infrabackup/db.h"

struct audit_log;

struct audit_settings {
	const struct secret *master_key; /* copied from */
	const struct clock *clock;       /* borrowed */
	int64_t max_rows;                /* the oldest go beyond it; 0: 100000 */
	int64_t max_age;                 /* ms; 0: 400 days */
	/* Gets audit_line() of every row that is complete, in the thread that completed it; NULL:
	 * nobody. */
	void (*exported)(const char *line);
};

MUST_CHECK enum status audit_open(const struct audit_settings *settings, struct audit_log **out,
				  struct error *err);
/* NULL is legal. */
void audit_close(struct audit_log *log);

/* All of these may be called by all threads, with a connection each.
 *
 * A log whose end was altered is continued, since a backup service must not be stopped that way:
 * the first row after that is noted under the key and stays a finding of audit_verify(). */

/* Durable when it returns. Inside the caller's transaction it is as durable as that. */
MUST_CHECK enum status audit_begin(struct audit_log *log, struct db *db,
				   const struct db_audit_origin *origin, int64_t *sequence,
				   struct error *err);
/* Survives the end of the process, not a power failure, which leaves the row begun.
 * @outcome->ended_time and requests are filled in. */
MUST_CHECK enum status audit_end(struct audit_log *log, struct db *db, int64_t sequence,
				 const struct db_audit_outcome *outcome, struct error *err);
/* Both in one: for what is over, or is in the same transaction. */
MUST_CHECK enum status audit_record(struct audit_log *log, struct db *db,
				    const struct db_audit_origin *origin,
				    const struct db_audit_outcome *outcome, struct error *err);

/* A request that was refused. The first of a caller, an address and a status is a row; what follows
 * within a minute is counted, and becomes one row when the minute is over. More than 1000 such rows
 * in a day, or many addresses at once, are counted together, one row an hour: nobody who may do
 * nothing can push out what others did. */
MUST_CHECK enum status audit_refuse(struct audit_log *log, struct db *db,
				    const struct db_audit_origin *origin,
				    const struct db_audit_outcome *outcome, struct error *err);
/* Writes the counts whose time is over; all of them when @is_last. */
MUST_CHECK enum status audit_flush(struct audit_log *log, struct db *db, bool is_last,
				   struct error *err);

/* The database was made again from a copy that holds the log's end but not its rows: the log goes
 * on from there, with a row that says so. */
MUST_CHECK enum status audit_resume(struct audit_log *log, struct db *db, struct error *err);

/* --- verification --- */
enum audit_problem {
	AUDIT_MISSING, /* a row, or several from this one on */
	AUDIT_EXTRA,   /* a row where none can be: pruned already, or behind the end */
	AUDIT_ALTERED, /* it, its place, or the row before it */
	AUDIT_OUTCOME_ALTERED,
	AUDIT_OUTCOME_MISSING,
	AUDIT_END_ALTERED,  /* of the log; the row is the first that nothing vouches for */
	AUDIT_NOTED,        /* found altered earlier, when this row was added */
	AUDIT_HEAD_DIFFERS, /* from the one that was written down */
};
/* "the row is missing", for people. */
const char *audit_problem_text(enum audit_problem problem);

struct audit_finding {
	int64_t sequence;
	enum audit_problem problem;
};

#define AUDIT_FINDINGS_MAX 20
struct audit_head {
	int64_t sequence;
	unsigned char hash[DB_AUDIT_HASH_SIZE];
};
/* "NUMBER:HEX"; false when it is something else. */
bool audit_head_parse(const char *text, struct audit_head *out);

struct audit_report {
	int64_t rows, begun;           /* begun: without an outcome */
	struct audit_head first, head; /* of the rows that are there, of the log */
	int64_t pruned;                /* the newest row that was let go for its age; 0: none */
	struct audit_finding findings[AUDIT_FINDINGS_MAX]; /* lowest sequence first */
	size_t finding_count; /* also those that did not fit; 0: the log is sound */
};
/* @expected: a head that was written down, or NULL. Holds off writers meanwhile. Findings are no
 * failure. */
MUST_CHECK enum status audit_verify(struct audit_log *log, struct db *db,
				    const struct audit_head *expected, struct audit_report *out,
				    struct error *err);

/* --- export --- */
/* One line of printable ASCII: name="value" with everything else escaped. */
enum { AUDIT_LINE_SIZE = 4096 };
const char *audit_line(const struct db_audit_event *event, char line[AUDIT_LINE_SIZE]);
/* For audit_settings.exported: to the system's log, facility authpriv. */
void audit_to_syslog(const char *line);

#endif
