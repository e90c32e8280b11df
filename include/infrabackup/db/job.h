/* SPDX-License-Identifier: Apache-2.0 */
/* Job rows and their per-role results. The database is the queue; only module jobs writes states.
 */
#ifndef INFRABACKUP_DB_JOB_H
#define INFRABACKUP_DB_JOB_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

/* States are text in the database with a CHECK: "Queued", "Running", "Succeeded",
 * "PartialSucceeded", "Failed", "Skipped", "Cancelled". */
struct db_job {
	char id[GUID_TEXT_SIZE]; /* == operation id == backup id */
	char *kind;              /* "backup", "locationUpdate", ... */
	char *location;
	char *state;
	char *requested_by; /* token name or "schedule" */
	bool is_automatic;
	char *parameters;                               /* JSON; secrets in it are sealed; NULL */
	char *result;                                   /* JSON of a finished job; NULL */
	int64_t created_time, started_time, ended_time; /* 0: not yet */
	char *phase;                                    /* "snapshot", "upload", ...; NULL */
	uint64_t bytes_done, bytes_total;               /* total 0: unknown */
	int64_t heartbeat_time; /* its worker was alive then; 0: never claimed */
	int64_t lease_until;
	int attempt;
	/* of a failed job; error_status is a status_name() */
	char *error_status;                          /* NULL: no error */
	char *error_message;                         /* error_text() */
	char *error_step, *error_path, *error_cause; /* evidence; NULL when empty */
};

/* state Queued; id, kind, location, requested_by, is_automatic, parameters and created_time are
 * taken. A location is worked on by one "backup", "locationUpdate", "prune" or "restore" at a
 * time: while one is queued or running, adding another is STATUS_CONFLICT with a text that names it
 * (a unique index decides, not a look before); and so by one "verify" that is automatic and one
 * that is not. An automatic "prune" is in nobody's way: others are queued behind it, while itself
 * it is STATUS_CONFLICT beside any of the four. STATUS_EXISTS: the id. */
MUST_CHECK enum status db_job_add(struct db *db, const struct db_job *job, struct error *err);
/* *@out: whether a job is queued or running that a verification of the location makes way for: one
 * that changes the share, or, when the verification @is_automatic, one that somebody asked for. */
MUST_CHECK enum status db_job_goes_before_verify(struct db *db, const char *location,
						 bool is_automatic, bool *out, struct error *err);
/* *@out: whether one of the kind is Running. */
MUST_CHECK enum status db_job_is_running(struct db *db, const char *location, const char *kind,
					 bool *out, struct error *err);
/* A job whose end is known from elsewhere: inserted as ended (@job holds its final state, and the
 * reason of one that was skipped), or, when it is here and is called Failed or Cancelled because it
 * was ended just after it had done its work, corrected. Any other row of that id stays. */
MUST_CHECK enum status db_job_put_finished(struct db *db, const struct db_job *job,
					   struct error *err);
MUST_CHECK enum status db_job_get(struct db *db, const char *id, struct db_job *out,
				  struct error *err);
/* The queued job that was added first becomes Running with a lease until @lease_until; one that has
 * to wait for another job of its location is passed over until that has ended.
 * STATUS_NOT_FOUND without filling @err when there is none (the common case). */
MUST_CHECK enum status db_job_claim(struct db *db, int64_t now, int64_t lease_until,
				    struct db_job *out, struct error *err);
/* The worker is alive at @now. STATUS_CONFLICT when the job is no longer Running. Not durable, as
 * progress. */
MUST_CHECK enum status db_job_heartbeat(struct db *db, const char *id, int64_t now,
					int64_t lease_until, struct error *err);
/* Progress of a Running job (of another one: nothing happens); survives the end of the process, not
 * a power failure: lost figures are harmless. */
MUST_CHECK enum status db_job_progress(struct db *db, const char *id, const char *phase,
				       uint64_t bytes_done, uint64_t bytes_total,
				       struct error *err);
/* Running (or Queued) -> @state with result (NULL: none) or @fault (NULL: none). Roles of the job
 * that are still Queued or Running become Cancelled with it, else Failed with its fault.
 * STATUS_CONFLICT from a final state, STATUS_NOT_FOUND. */
MUST_CHECK enum status db_job_finish(struct db *db, const char *id, const char *state,
				     int64_t ended_time, const char *result,
				     const struct error *fault, struct error *err);
/* Every Running job -> Failed with the fault that @describe fills in for it, as db_job_finish()
 * does; their number in *@count. At start, before workers claim. */
MUST_CHECK enum status db_job_fail_interrupted(struct db *db, int64_t now,
					       void (*describe)(const struct db_job *job,
								void *context, struct error *fault),
					       void *context, size_t *count, struct error *err);
/* The newest first; @kind NULL: all. Stops after @max. */
MUST_CHECK enum status
db_job_list(struct db *db, const char *location, const char *kind, size_t max,
	    enum status (*each)(const struct db_job *job, void *context, struct error *err),
	    void *context, struct error *err);
/* The same, only of those that are older than the job @after (NULL: of all; none when there is no
 * such job). */
MUST_CHECK enum status db_job_list_after(struct db *db, const char *location, const char *kind,
					 const char *after, size_t max,
					 enum status (*each)(const struct db_job *job,
							     void *context, struct error *err),
					 void *context, struct error *err);
void db_job_done(struct db_job *job);

struct db_job_role {
	char job_id[GUID_TEXT_SIZE];
	int position; /* order within the job */
	char *role;
	char *state; /* as jobs, without Skipped */
	uint64_t entries, bytes, new_bytes, files_read, files_unchanged, problems;
	int64_t started_time, ended_time;
	char *error_status, *error_message; /* NULL */
	/* The backup that read it, at started_time to ended_time; empty: the job itself. */
	char taken_from[GUID_TEXT_SIZE];
	char *provider; /* that read it; NULL: not noted */
};
/* Inserts or replaces by (job, role). */
MUST_CHECK enum status db_job_role_put(struct db *db, const struct db_job_role *role,
				       struct error *err);
MUST_CHECK enum status db_job_role_list(struct db *db, const char *job_id,
					enum status (*each)(const struct db_job_role *role,
							    void *context, struct error *err),
					void *context, struct error *err);
void db_job_role_done(struct db_job_role *role);

#endif
