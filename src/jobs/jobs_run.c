/* SPDX-License-Identifier: Apache-2.0 */
/* A job while it runs, from the claimed row to the stored outcome. */
#include <stdio.h>
#include <string.h>

#include "jobs_private.h"

#define RETRY_MS 1000

static const char STEP[] = "run job";

struct jobs_run *jobs_run_new(struct jobs_engine *engine, struct db_job *job)
{
	struct jobs_run *run = calloc(1, sizeof *run);
	struct cancel *cancel = cancel_new();
	if (run == NULL || cancel == NULL) {
		free(run);
		cancel_free(cancel);
		return NULL;
	}
	run->engine = engine;
	run->cancel = cancel;
	run->job = *job;
	*job = (struct db_job) { .id = "" };
	return run;
}

void jobs_run_free(struct jobs_run *run)
{
	if (run == NULL)
		return;
	db_job_done(&run->job);
	cancel_free(run->cancel);
	free(run->cancelled_by);
	free(run->result);
	free(run);
}

const struct db_job *jobs_run_job(const struct jobs_run *run)
{
	return &run->job;
}

const struct cancel *jobs_run_cancel(const struct jobs_run *run)
{
	return run->cancel;
}

void jobs_run_progress(struct jobs_run *run, const char *phase, uint64_t bytes_done,
		       uint64_t bytes_total)
{
	struct jobs_engine *engine = run->engine;
	pthread_mutex_lock(&engine->mutex);
	run->phase = phase;
	run->bytes_done = bytes_done;
	run->bytes_total = bytes_total;
	if (!run->is_dirty)
		pthread_cond_signal(&engine->housekeeping);
	run->is_dirty = true;
	pthread_mutex_unlock(&engine->mutex);
}

enum status jobs_run_set_result(struct jobs_run *run, const char *json, struct error *err)
{
	AUTO_JSON parsed = NULL;
	enum status status = json_parse(json, strlen(json), &parsed, err);
	if (status != STATUS_OK)
		return status;
	char *copy = strdup(json);
	if (copy == NULL)
		return fail_memory(err, "set result of job");
	pthread_mutex_lock(&run->engine->mutex);
	char *before = run->result;
	run->result = copy;
	pthread_mutex_unlock(&run->engine->mutex);
	free(before);
	return STATUS_OK;
}

const char *jobs_run_advice(const struct db_job *job)
{
	if (strcmp(job->kind, "backup") == 0)
		return "start it again; complete packs are reused";
	return strcmp(job->kind, "restore") == 0 ? "ask again with the PFX" : "start it again";
}

static enum status call_kind(struct jobs_run *run, struct error *fault)
{
	const struct jobs_settings *settings = &run->engine->settings;
	for (size_t i = 0; i < settings->kind_count; i++)
		if (strcmp(settings->kinds[i].name, run->job.kind) == 0)
			return settings->kinds[i].run(run, settings->kinds[i].context, fault);
	return fail(fault, STATUS_UNSUPPORTED, STEP, run->job.id,
		    "this service does not know jobs of kind %s", run->job.kind);
}

/* The step in which the kind noticed the request is worth keeping. */
static void describe_cancel(const struct jobs_run *run, struct error *fault)
{
	char step[sizeof fault->step];
	(void)snprintf(step, sizeof step, "%s", fault->step[0] == '\0' ? STEP : fault->step);
	if (run->cancelled_by != NULL)
		(void)fail(fault, STATUS_CANCELLED, step, NULL, "cancelled by %s",
			   run->cancelled_by);
	else
		(void)fail(fault, STATUS_FAILED, step, NULL,
			   "the service was stopped while the job was running; %s",
			   jobs_run_advice(&run->job));
}

/* What the kind's status means for the job; completes @fault. From here on nobody can cancel. */
static enum job_state decide(struct jobs_run *run, enum status status, struct error *fault)
{
	pthread_mutex_lock(&run->engine->mutex);
	run->is_ending = true;
	bool is_cancelled = run->cancelled_by != NULL;
	bool is_stopping = run->engine->is_stopping;
	pthread_mutex_unlock(&run->engine->mutex);

	if (status == STATUS_OK) {
		fault->status = STATUS_OK;
		return JOB_SUCCEEDED;
	}
	/* However it failed after somebody asked: a share that hangs fails the clean-up. */
	if (is_cancelled && status != STATUS_PARTIAL)
		status = STATUS_CANCELLED;
	if (status == STATUS_CANCELLED && (is_cancelled || is_stopping))
		describe_cancel(run, fault);
	else if (fault->status == STATUS_OK)
		(void)fail(fault, status, STEP, NULL, "the job ended with %s and gave no reason",
			   status_name(status));
	if (status == STATUS_PARTIAL)
		return JOB_PARTIAL_SUCCEEDED;
	return status == STATUS_CANCELLED && is_cancelled ? JOB_CANCELLED : JOB_FAILED;
}

/* The last figures, which the engine's thread may not have come to. */
static enum status store_progress(struct jobs_run *run, struct db *db, struct error *err)
{
	struct jobs_engine *engine = run->engine;
	enum status status = STATUS_OK;
	pthread_mutex_lock(&engine->progress_mutex);
	pthread_mutex_lock(&engine->mutex);
	bool is_dirty = run->is_dirty;
	run->is_dirty = false;
	pthread_mutex_unlock(&engine->mutex);
	if (is_dirty)
		status = db_job_progress(db, run->job.id, run->phase, run->bytes_done,
					 run->bytes_total, err);
	pthread_mutex_unlock(&engine->progress_mutex);
	return status;
}

struct outcome {
	struct jobs_run *run;
	enum job_state state;
	const struct error *fault;
};

static enum status tell_body(struct db *db, void *context, struct error *err)
{
	const struct jobs_settings *settings = context;
	return settings->ended(db, settings->ended_context, err);
}

static enum status finish(struct db *db, void *context, struct error *err)
{
	const struct outcome *outcome = context;
	struct jobs_run *run = outcome->run;
	struct jobs_settings *settings = &run->engine->settings;
	struct error told = { .status = STATUS_OK };
	enum status status =
		db_job_finish(db, run->job.id, job_state_name(outcome->state),
			      clock_now(settings->clock), run->result, outcome->fault, err);
	if (status != STATUS_OK || settings->ended == NULL)
		return status;
	/* A transaction of its own inside this one. */
	if (db_transaction(db, tell_body, settings, &told) != STATUS_OK)
		log_error("what follows from the end of a job is not done", &told);
	return STATUS_OK;
}

static enum status store(struct jobs_run *run, enum job_state state, const struct error *fault,
			 struct error *err)
{
	const struct jobs_settings *settings = &run->engine->settings;
	struct outcome outcome = { run, state, fault };
	struct db *db = NULL;
	enum status status = db_pool_take(settings->state, &db, err);
	if (status == STATUS_OK)
		status = store_progress(run, db, err);
	if (status == STATUS_OK)
		status = db_transaction(db, finish, &outcome, err);
	db_pool_give(settings->state, db);
	return status;
}

/* False when the engine stops. */
static bool wait_to_retry(struct jobs_engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	if (!engine->is_stopping)
		(void)thread_condition_wait(&engine->changed, &engine->mutex, RETRY_MS);
	bool go_on = !engine->is_stopping;
	pthread_mutex_unlock(&engine->mutex);
	return go_on;
}

/* Until the database takes it: a full disk must not turn a finished job into one that runs for
 * ever. When the service ends first, its next start finds the job interrupted. */
static bool store_outcome(struct jobs_run *run, enum job_state state, const struct error *fault)
{
	bool is_logged = false;
	for (;;) {
		struct error err = { .status = STATUS_OK };
		enum status status = store(run, state, fault, &err);
		if (status == STATUS_OK)
			return true;
		if (!is_logged)
			log_error("the outcome of a job cannot be stored", &err);
		is_logged = true;
		if ((status != STATUS_FAILED && status != STATUS_NO_MEMORY) ||
		    !wait_to_retry(run->engine))
			return false;
	}
}

void jobs_run_execute(struct jobs_run *run)
{
	log_set_correlation(run->job.id);
	log_message(LOG_LEVEL_INFO, "job of kind %s started, requested by %s", run->job.kind,
		    run->job.requested_by);
	struct error fault = { .status = STATUS_OK };
	enum status status = call_kind(run, &fault);
	enum job_state state = decide(run, status, &fault);
	/* Who reads that it has ended finds it so. */
	bool is_stored = store_outcome(run, state, &fault);
	if (fault.status != STATUS_OK)
		log_error(job_state_name(state), &fault);
	else if (is_stored)
		log_message(LOG_LEVEL_INFO, "job of kind %s ended: %s", run->job.kind,
			    job_state_name(state));
	log_set_correlation(NULL);
}
