/* SPDX-License-Identifier: Apache-2.0 */
/* alert: what an operator must know. A catalogue of faults with their texts
 * (src/alert/catalogue.json), and the rules by which alerts are raised, refreshed, replaced and
 * closed. Whoever finds a fault calls alert_raise(); whoever sees that its cause is gone,
 * alert_clear(). Both may be called as often as one likes, with the same result, from any thread,
 * and take part in the caller's transaction. */
#ifndef INFRABACKUP_ALERT_H
#define INFRABACKUP_ALERT_H

#include "infrabackup/base.h"
#include "infrabackup/db.h"

/* faultTypeId of an alert: this and the fault's name. */
#define ALERT_FAULT_TYPE_PREFIX "AzureStack.BackupController."
/* Closed alerts are shown for so long. */
#define ALERT_SHOWN_MS (7 * 24 * 60 * 60 * 1000LL)

enum alert_severity { ALERT_WARNING, ALERT_CRITICAL };
const char *alert_severity_name(enum alert_severity severity);

enum alert_fault {
	/* One topic, "the newest backup": each replaces the others. */
	ALERT_BACKUP_FAILED_SHARE_FULL,
	ALERT_BACKUP_FAILED_SHARE_CONNECTION,
	ALERT_BACKUP_FAILED_SHARE_PATH,
	ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION,
	ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE,
	ALERT_BACKUP_FAILED_SHARE_READ_WRITE,
	ALERT_BACKUP_FAILED_SHARE_UPLOAD,
	ALERT_BACKUP_FAILED_SHARE_FOREIGN,
	ALERT_BACKUP_FAILED_DATA_DAMAGED,
	ALERT_BACKUP_FAILED_GENERAL,
	ALERT_BACKUP_PARTIAL,
	/* Each its own. */
	ALERT_DELETION_FAILED,
	ALERT_DATA_DAMAGED,
	ALERT_NOT_CONFIGURED,
	ALERT_SCHEDULER_PAUSED,
	ALERT_SKIPPED,
	ALERT_SHARE_ALMOST_FULL,
	ALERT_KEY_DEPRECATED,
	ALERT_NO_GOOD_BACKUP,
	/* One topic, "the certificate". */
	ALERT_CERTIFICATE_EXPIRES,
	ALERT_CERTIFICATE_EXPIRED,
	ALERT_FAULT_COUNT
};
/* "BackupFailedShareOutOfCapacityFault"; stable, in the database and on the wire. */
const char *alert_fault_name(enum alert_fault fault);
bool alert_fault_from_name(const char *name, enum alert_fault *out);

/* The alerts of one backup location: the catalogue and a clock. Constant once made: for all
 * threads. */
struct alert_book;
/* @location and @clock are borrowed. STATUS_INTEGRITY when the catalogue in the program is not what
 * it should be, which its tests exclude. */
MUST_CHECK enum status alert_book_new(const char *location, const struct clock *clock,
				      struct alert_book **out, struct error *err);
/* NULL is legal. */
void alert_book_free(struct alert_book *book);

/* --- raising and closing --- */

/* A piece of evidence; the catalogue lists the names that a fault may have. An empty or NULL value
 * is left out. Never a secret. */
struct alert_evidence {
	const char *name;
	const char *value;
};

struct alert_report {
	enum alert_fault fault;
	/* What raises it: the id of a job, a missed time. The same one never raises it twice, not
	 * even after somebody closed it. NULL: a condition that goes on; closed by an operator it
	 * is quiet for 24 hours, and open it is raised again every 24 hours. */
	const char *occurrence;
	const struct alert_evidence *evidence;
	size_t evidence_count;
};

/* Opens an alert, or refreshes the one that is open (evidence, last update, times raised); an open
 * one of the same topic but of another fault, or of a fault that is told once an occurrence
 * (ALERT_SKIPPED), is closed first. STATUS_INVALID: evidence that the catalogue does not know. */
MUST_CHECK enum status alert_raise(const struct alert_book *book, struct db *state,
				   const struct alert_report *report, struct error *err);
/* The cause of every fault of this one's topic is gone: closes what is open. @reason: for the log,
 * "the backup succeeded". */
MUST_CHECK enum status alert_clear(const struct alert_book *book, struct db *state,
				   enum alert_fault fault, const char *reason, struct error *err);
/* By an operator, whose name is kept. One that is closed already stays as it is. STATUS_NOT_FOUND.
 */
MUST_CHECK enum status alert_close(const struct alert_book *book, struct db *state, const char *id,
				   const char *caller, struct error *err);

/* For those who make backups by schedule and delete them. Texts may be NULL where they are unknown,
 * times 0. */

/* A backup planned for @scheduled_time was not made. @operations: what was in the way, for people.
 */
MUST_CHECK enum status alert_raise_skipped(const struct alert_book *book, struct db *state,
					   int64_t scheduled_time, const char *operations,
					   int64_t next_time, struct error *err);
/* @backups: ids or paths of what could not be deleted, separated by ", ". Closed by
 * alert_clear(ALERT_DELETION_FAILED) when the next run succeeds. */
MUST_CHECK enum status alert_raise_deletion_failed(const struct alert_book *book, struct db *state,
						   const char *share_path, const char *backups,
						   const struct error *cause, struct error *err);
/* Data of earlier backups is not what was written. @backups as above. */
MUST_CHECK enum status alert_raise_damaged(const struct alert_book *book, struct db *state,
					   const char *share_path, const char *backups,
					   const struct error *cause, struct error *err);
/* Two intervals without a good backup; @last_time 0: there never was one. */
MUST_CHECK enum status alert_raise_no_good_backup(const struct alert_book *book, struct db *state,
						  int64_t last_time, int interval_hours,
						  int64_t next_time, struct error *err);

/* --- reading --- */

/* An alert as a person reads it. */
struct alert_view {
	const struct db_alert *row; /* borrowed */
	enum alert_severity severity;
	const char *title;              /* borrowed from the book */
	char *description;              /* sentences; owned */
	const char *const *remediation; /* steps in order, without numbers; borrowed */
	size_t remediation_count;
	json_t *evidence; /* object of texts; owned */
};
/* Release with alert_view_done() when it returned OK. */
MUST_CHECK enum status alert_view_make(const struct alert_book *book, const struct db_alert *row,
				       struct alert_view *out, struct error *err);
void alert_view_done(struct alert_view *view);

/* The open ones and those closed within ALERT_SHOWN_MS, ordered by id. */
MUST_CHECK enum status alert_list(const struct alert_book *book, struct db *state,
				  enum status (*each)(const struct alert_view *view, void *context,
						      struct error *err),
				  void *context, struct error *err);
/* One that alert_list() shows; STATUS_NOT_FOUND. Release @row with db_alert_done(). */
MUST_CHECK enum status alert_get(const struct alert_book *book, struct db *state, const char *id,
				 struct db_alert *row, struct error *err);

/* The open one of @fault's topic; STATUS_NOT_FOUND without filling @err. */
MUST_CHECK enum status alert_find_open(const struct alert_book *book, struct db *state,
				       enum alert_fault fault, struct db_alert *row,
				       struct error *err);

struct alert_summary {
	unsigned critical, warning; /* open ones */
};
MUST_CHECK enum status alert_summarize(const struct alert_book *book, struct db *state,
				       struct alert_summary *out, struct error *err);

#endif
