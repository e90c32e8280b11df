/* SPDX-License-Identifier: Apache-2.0 */
/* jobs: the engine for everything that takes long. A job is a row; worker threads claim rows; kinds
 * are registered by whoever knows how to run them. The only place besides http that keeps threads.
 */
#ifndef INFRABACKUP_JOBS_H
#define INFRABACKUP_JOBS_H

#include "infrabackup/base.h"
#include "infrabackup/db.h"

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_SUCCEEDED,
	JOB_PARTIAL_SUCCEEDED,
	JOB_FAILED,
	JOB_SKIPPED,
	JOB_CANCELLED,
	JOB_STATE_COUNT
};

const char *job_state_name(enum job_state state);
bool job_state_from_name(const char *name, enum job_state *out);
bool job_state_is_final(enum job_state state);
bool job_state_may_move(enum job_state from, enum job_state to);

/* error_step of a job that an earlier process left running. */
#define JOBS_INTERRUPTED_STEP "run job"

struct jobs_engine;
struct jobs_run; /* a job while it runs */

/* How a kind runs. On OK the job becomes Succeeded, on STATUS_PARTIAL PartialSucceeded, on
 * any other status Cancelled when somebody asked for that, else Failed with @err (STATUS_CANCELLED:
 * because the service is stopping). */
struct jobs_kind {
	const char *name;
	enum status (*run)(struct jobs_run *run, void *context, struct error *err);
	void *context;
};

struct jobs_settings {
	struct db_pool *state;         /* borrowed */
	const struct clock *clock;     /* borrowed */
	unsigned workers;              /* jobs that may run at once */
	const struct jobs_kind *kinds; /* borrowed, constant */
	size_t kind_count;
	/* Called in the transaction that stores a job's end, after it: what it writes is there when
	 * somebody can see that end, and never without it. When it fails, its own changes alone are
	 * undone and the fault is logged. Any worker's thread; NULL: nobody wants to know. Not
	 * called for jobs that an earlier process left running. */
	enum status (*ended)(struct db *state, void *context, struct error *err);
	void *ended_context;
	/* Queues what is due by the clock; NULL: nothing is. Called on a thread of its own: at the
	 * start, after every hint and every end of a job, when the ms have passed that it returned,
	 * and every 10 s, since the clock may have been set. */
	int64_t (*tick)(void *context);
	void *tick_context;
};

/* STATUS_INVALID for no workers. Fails what an earlier process left Running ("interrupted: the
 * service ended while ..."), then starts the workers. */
MUST_CHECK enum status jobs_engine_start(const struct jobs_settings *settings,
					 struct jobs_engine **out, struct error *err);
/* Claims nothing more, cancels what runs, waits for the workers; jobs that were running end Failed
 * with the reason. NULL is legal. */
void jobs_engine_stop(struct jobs_engine *engine);
/* A hint that a row was added, or that something may be due; any thread. */
void jobs_engine_wake(struct jobs_engine *engine);
/* Asks a queued or running job to stop: a queued one is Cancelled at once. @caller and @reason
 * (NULL: none was given) are kept in its error. STATUS_NOT_FOUND, STATUS_CONFLICT when it is over.
 */
MUST_CHECK enum status jobs_engine_cancel(struct jobs_engine *engine, struct db *state,
					  const char *job_id, const char *caller,
					  const char *reason, struct error *err);

/* For the running kind: */
const struct db_job *jobs_run_job(const struct jobs_run *run);
const struct cancel *jobs_run_cancel(const struct jobs_run *run);
/* Written to the job's row by the engine's own thread, at once but at most four times a second, and
 * in any case before the job ends: cheap, any thread of the job. @phase: a constant string. */
void jobs_run_progress(struct jobs_run *run, const char *phase, uint64_t bytes_done,
		       uint64_t bytes_total);
/* JSON that the finished job carries; copied. The last call counts. STATUS_INVALID when
 * it is not JSON. */
MUST_CHECK enum status jobs_run_set_result(struct jobs_run *run, const char *json,
					   struct error *err);

#endif
