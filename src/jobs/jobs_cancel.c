/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling queued and running jobs. */
#include <assert.h>
#include <string.h>

#include "jobs_private.h"

static const char STEP[] = "cancel job";

/* *@found: the job runs here, and the status is the answer. */
static enum status cancel_running(struct jobs_engine *engine, const char *job_id,
				  const char *caller, bool *found, struct error *err)
{
	AUTO_FREE char *name = strdup(caller);
	if (name == NULL)
		return fail_memory(err, STEP);
	enum status status = STATUS_OK;
	pthread_mutex_lock(&engine->mutex);
	struct jobs_run *run = engine->running;
	while (run != NULL && strcmp(run->job.id, job_id) != 0)
		run = run->next;
	*found = run != NULL;
	if (run != NULL && run->is_ending) {
		status = fail(err, STATUS_CONFLICT, STEP, job_id, "the job is just ending");
	} else if (run != NULL) {
		/* The first one to ask is the one who is named. */
		if (run->cancelled_by == NULL)
			run->cancelled_by = TAKE(name);
		cancel_request(run->cancel);
	}
	pthread_mutex_unlock(&engine->mutex);
	return status;
}

static enum status cancel_queued(struct jobs_engine *engine, struct db *db, const char *job_id,
				 const char *caller, struct error *err)
{
	struct db_job job = { .id = "" };
	enum status status = db_job_get(db, job_id, &job, err);
	if (status != STATUS_OK)
		return status;
	enum job_state state = JOB_STATE_COUNT;
	bool is_queued = job_state_from_name(job.state, &state) && state == JOB_QUEUED;
	if (is_queued) {
		struct error fault = { .status = STATUS_OK };
		(void)fail(&fault, STATUS_CANCELLED, STEP, NULL,
			   "cancelled by %s before it was started", caller);
		assert(job_state_may_move(JOB_QUEUED, JOB_CANCELLED));
		status = db_job_finish(db, job_id, job_state_name(JOB_CANCELLED),
				       clock_now(engine->settings.clock), NULL, &fault, err);
	} else {
		status = fail(err, STATUS_CONFLICT, STEP, job_id,
			      "the job cannot be cancelled any more: it is %s", job.state);
	}
	db_job_done(&job);
	return status;
}

/* No worker claims meanwhile: the job is either in the list or, when it is Queued, nobody's. */
enum status jobs_engine_cancel(struct jobs_engine *engine, const char *job_id, const char *caller,
			       struct error *err)
{
	bool found = false;
	struct db *db = NULL;
	pthread_mutex_lock(&engine->claim_mutex);
	enum status status = cancel_running(engine, job_id, caller, &found, err);
	if (status == STATUS_OK && !found)
		status = db_pool_take(engine->settings.state, &db, err);
	if (status == STATUS_OK && !found)
		status = cancel_queued(engine, db, job_id, caller, err);
	db_pool_give(engine->settings.state, db);
	pthread_mutex_unlock(&engine->claim_mutex);
	return status;
}
