/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling queued and running jobs. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "jobs_private.h"

static const char STEP[] = "cancel job";

/* *@found: the job runs here, and the status is the answer. */
static enum status cancel_running(struct jobs_engine *engine, const char *job_id, char **by,
				  bool *found, struct error *err)
{
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
			run->cancelled_by = TAKE(*by);
		cancel_request(run->cancel);
	}
	pthread_mutex_unlock(&engine->mutex);
	return status;
}

static enum status cancel_queued(struct jobs_engine *engine, struct db *db, const char *job_id,
				 const char *by, struct error *err)
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
			   "cancelled before it was started, by %s", by);
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

static char *describe_caller(const char *caller, const char *reason)
{
	char *text = NULL;
	bool is_plain = reason == NULL || reason[0] == '\0';
	int length = is_plain ? asprintf(&text, "%s", caller)
			      : asprintf(&text, "%s: %s", caller, reason);
	return length < 0 ? NULL : text;
}

/* No worker claims meanwhile: the job is either in the list or, when it is Queued, nobody's. */
enum status jobs_engine_cancel(struct jobs_engine *engine, struct db *state, const char *job_id,
			       const char *caller, const char *reason, struct error *err)
{
	bool found = false;
	AUTO_FREE char *by = describe_caller(caller, reason);
	if (by == NULL)
		return fail_memory(err, STEP);
	pthread_mutex_lock(&engine->claim_mutex);
	enum status status = cancel_running(engine, job_id, &by, &found, err);
	if (status == STATUS_OK && !found)
		status = cancel_queued(engine, state, job_id, by, err);
	pthread_mutex_unlock(&engine->claim_mutex);
	/* What waited for its place may be queued now. */
	if (status == STATUS_OK && !found)
		jobs_engine_wake(engine);
	return status;
}
