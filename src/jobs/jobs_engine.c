/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that claim jobs from the database, from start to stop. */

#include "jobs_private.h"

/* The condition variable is a hint; jobs that were added without one are found this late at most.
 */
#define POLL_MS 2000

/* --- claiming --- */

static void add_running(struct jobs_engine *engine, struct jobs_run *run)
{
	pthread_mutex_lock(&engine->mutex);
	run->next = engine->running;
	engine->running = run;
	/* The stop began while the row was claimed. */
	if (engine->is_stopping)
		cancel_request(run->cancel);
	pthread_mutex_unlock(&engine->mutex);
}

static void remove_running(struct jobs_engine *engine, struct jobs_run *run)
{
	pthread_mutex_lock(&engine->mutex);
	struct jobs_run **at = &engine->running;
	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	pthread_mutex_unlock(&engine->mutex);
}

static enum status claim_row(struct jobs_engine *engine, struct db *db, struct jobs_run **out,
			     struct error *err)
{
	int64_t now = clock_now(engine->settings.clock);
	struct db_job job = { .id = "" };
	enum status status = db_job_claim(db, now, now + JOBS_LEASE_MS, &job, err);
	if (status != STATUS_OK)
		return status;
	struct jobs_run *run = jobs_run_new(engine, &job);
	if (run == NULL) {
		struct error fault = { .status = STATUS_OK };
		(void)fail_memory(&fault, "run job");
		status = db_job_finish(db, job.id, job_state_name(JOB_FAILED), now, NULL, &fault,
				       err);
		db_job_done(&job);
		return status == STATUS_OK ? fail_memory(err, "run job") : status;
	}
	add_running(engine, run);
	*out = run;
	return STATUS_OK;
}

static enum status claim(struct jobs_engine *engine, struct jobs_run **out, struct error *err)
{
	struct db *db = NULL;
	pthread_mutex_lock(&engine->claim_mutex);
	enum status status = db_pool_take(engine->settings.state, &db, err);
	if (status == STATUS_OK)
		status = claim_row(engine, db, out, err);
	db_pool_give(engine->settings.state, db);
	pthread_mutex_unlock(&engine->claim_mutex);
	return status;
}

/* --- workers --- */

/* @seen: the hints so far, for wait_for_change(). */
static bool may_claim(struct jobs_engine *engine, uint64_t *seen)
{
	pthread_mutex_lock(&engine->mutex);
	bool may = !engine->is_stopping;
	*seen = engine->wakes;
	pthread_mutex_unlock(&engine->mutex);
	return may;
}

static void wait_for_change(struct jobs_engine *engine, uint64_t seen)
{
	pthread_mutex_lock(&engine->mutex);
	if (!engine->is_stopping && engine->wakes == seen)
		(void)thread_condition_wait(&engine->changed, &engine->mutex, POLL_MS);
	pthread_mutex_unlock(&engine->mutex);
}

static void *worker_main(void *argument)
{
	struct jobs_engine *engine = argument;
	uint64_t seen = 0;
	bool is_failing = false;
	while (may_claim(engine, &seen)) {
		struct jobs_run *run = NULL;
		struct error err = { .status = STATUS_OK };
		enum status status = claim(engine, &run, &err);
		if (status == STATUS_OK) {
			jobs_run_execute(run);
			remove_running(engine, run);
			jobs_run_free(run);
			/* What was due while it ran may be queued now. */
			jobs_engine_wake(engine);
			is_failing = false;
			continue;
		}
		bool failed = status != STATUS_NOT_FOUND;
		if (failed && !is_failing)
			log_error("no job can be claimed", &err);
		is_failing = failed;
		wait_for_change(engine, seen);
	}
	return NULL;
}

/* --- start and stop --- */

static void describe_interruption(const struct db_job *job, void *context, struct error *fault)
{
	(void)context;
	char alive[CLOCK_TEXT_SIZE];
	(void)fail(fault, STATUS_FAILED, JOBS_INTERRUPTED_STEP, NULL,
		   "interrupted: the service ended while the job was running (it was last seen "
		   "alive at %s); %s",
		   clock_text(job->heartbeat_time, alive), jobs_run_advice(job));
}

static enum status fail_interrupted(const struct jobs_settings *settings, struct error *err)
{
	struct db *db = NULL;
	size_t count = 0;
	enum status status = db_pool_take(settings->state, &db, err);
	if (status == STATUS_OK)
		status = db_job_fail_interrupted(db, clock_now(settings->clock),
						 describe_interruption, NULL, &count, err);
	db_pool_give(settings->state, db);
	if (status == STATUS_OK && count > 0)
		log_message(LOG_LEVEL_WARNING,
			    "%zu jobs were running when the service ended; they have failed",
			    count);
	return status;
}

static enum status start_threads(struct jobs_engine *engine, struct error *err)
{
	enum status status = thread_start(&engine->housekeeper, "job-notes", jobs_housekeeping_main,
					  engine, err);
	engine->has_housekeeper = status == STATUS_OK;
	if (status == STATUS_OK && engine->settings.tick != NULL) {
		status = thread_start(&engine->timer, "job-timer", jobs_timer_main, engine, err);
		engine->has_timer = status == STATUS_OK;
	}
	while (status == STATUS_OK && engine->worker_count < engine->settings.workers) {
		status = thread_start(&engine->workers[engine->worker_count], "job-worker",
				      worker_main, engine, err);
		if (status == STATUS_OK)
			engine->worker_count++;
	}
	return status;
}

enum status jobs_engine_start(const struct jobs_settings *settings, struct jobs_engine **out,
			      struct error *err)
{
	if (settings->workers == 0)
		return fail_field(err, "workers", "0 workers were asked for; at least 1 is needed");
	enum status status = fail_interrupted(settings, err);
	if (status != STATUS_OK)
		return status;
	struct jobs_engine *engine = calloc(1, sizeof *engine);
	pthread_t *workers = calloc(settings->workers, sizeof *workers);
	if (engine == NULL || workers == NULL) {
		free(engine);
		free(workers);
		return fail_memory(err, "start job engine");
	}
	engine->settings = *settings;
	engine->workers = workers;
	pthread_mutex_init(&engine->claim_mutex, NULL);
	pthread_mutex_init(&engine->progress_mutex, NULL);
	pthread_mutex_init(&engine->mutex, NULL);
	thread_condition_init(&engine->changed);
	thread_condition_init(&engine->housekeeping);
	status = start_threads(engine, err);
	if (status == STATUS_OK)
		*out = engine;
	else
		jobs_engine_stop(engine);
	return status;
}

static void request_stop(struct jobs_engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	engine->is_stopping = true;
	for (struct jobs_run *run = engine->running; run != NULL; run = run->next)
		cancel_request(run->cancel);
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}

/* The housekeeper stays while jobs come to their end: their leases are held until then. */
static void join_threads(struct jobs_engine *engine)
{
	if (engine->has_timer)
		(void)pthread_join(engine->timer, NULL);
	for (unsigned i = 0; i < engine->worker_count; i++)
		(void)pthread_join(engine->workers[i], NULL);
	pthread_mutex_lock(&engine->mutex);
	engine->is_stopped = true;
	pthread_cond_signal(&engine->housekeeping);
	pthread_mutex_unlock(&engine->mutex);
	if (engine->has_housekeeper)
		(void)pthread_join(engine->housekeeper, NULL);
}

void jobs_engine_stop(struct jobs_engine *engine)
{
	if (engine == NULL)
		return;
	request_stop(engine);
	join_threads(engine);
	pthread_cond_destroy(&engine->housekeeping);
	pthread_cond_destroy(&engine->changed);
	pthread_mutex_destroy(&engine->mutex);
	pthread_mutex_destroy(&engine->progress_mutex);
	pthread_mutex_destroy(&engine->claim_mutex);
	free(engine->workers);
	free(engine);
}

void jobs_engine_wake(struct jobs_engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	engine->wakes++;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}
