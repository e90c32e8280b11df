/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own thread: progress and heartbeats of running jobs into the database. */
#include "jobs_private.h"

/* What is written for one job, copied so that no lock is held while the database works. */
struct note {
	char id[GUID_TEXT_SIZE];
	const char *phase;
	uint64_t bytes_done, bytes_total;
	bool is_dirty;
};

/* With the mutex held. */
static bool is_any_dirty(const struct jobs_engine *engine)
{
	for (const struct jobs_run *run = engine->running; run != NULL; run = run->next)
		if (run->is_dirty)
			return true;
	return false;
}

/* Waits with the mutex held until @until, or until @or_dirty and there is progress; false when the
 * engine has stopped. */
static bool wait_until(struct jobs_engine *engine, int64_t until, bool or_dirty)
{
	for (;;) {
		int64_t left = until - clock_monotonic(&system_clock);
		if (engine->is_stopped)
			return false;
		if (left <= 0 || (or_dirty && is_any_dirty(engine)))
			return true;
		(void)thread_condition_wait(&engine->housekeeping, &engine->mutex, (long)left);
	}
}

static size_t collect(struct jobs_engine *engine, struct note *notes)
{
	size_t count = 0;
	pthread_mutex_lock(&engine->mutex);
	for (struct jobs_run *run = engine->running; run != NULL; run = run->next) {
		if (run->is_ending)
			continue;
		struct note *note = &notes[count++];
		*note = (struct note) {
			.phase = run->phase,
			.bytes_done = run->bytes_done,
			.bytes_total = run->bytes_total,
			.is_dirty = run->is_dirty,
		};
		for (size_t i = 0; i < sizeof note->id; i++)
			note->id[i] = run->job.id[i];
		run->is_dirty = false;
	}
	pthread_mutex_unlock(&engine->mutex);
	return count;
}

static enum status write_note(struct jobs_engine *engine, struct db *db, const struct note *note,
			      bool beat, struct error *err)
{
	enum status status = STATUS_OK;
	if (note->is_dirty)
		status = db_job_progress(db, note->id, note->phase, note->bytes_done,
					 note->bytes_total, err);
	if (status == STATUS_OK && beat) {
		int64_t now = clock_now(engine->settings.clock);
		status = db_job_heartbeat(db, note->id, now, now + JOBS_LEASE_MS, err);
	}
	/* It ended in this moment. */
	return status == STATUS_CONFLICT ? STATUS_OK : status;
}

static enum status write_notes(struct jobs_engine *engine, struct note *notes, bool beat,
			       struct error *err)
{
	pthread_mutex_lock(&engine->progress_mutex);
	size_t count = collect(engine, notes);
	struct db *db = NULL;
	enum status status = STATUS_OK;
	if (count > 0)
		status = db_pool_take(engine->settings.state, &db, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = write_note(engine, db, &notes[i], beat, err);
	db_pool_give(engine->settings.state, db);
	pthread_mutex_unlock(&engine->progress_mutex);
	return status;
}

void *jobs_housekeeping_main(void *argument)
{
	struct jobs_engine *engine = argument;
	AUTO_FREE struct note *notes = calloc(engine->settings.workers, sizeof *notes);
	int64_t next_beat = clock_monotonic(&system_clock) + JOBS_HEARTBEAT_MS;
	bool is_failing = notes == NULL;
	if (notes == NULL) {
		log_message(LOG_LEVEL_ERROR, "no memory to note the progress of jobs");
		return NULL;
	}
	pthread_mutex_lock(&engine->mutex);
	while (wait_until(engine, next_beat, true)) {
		int64_t now = clock_monotonic(&system_clock);
		bool beat = now >= next_beat;
		if (beat)
			next_beat = now + JOBS_HEARTBEAT_MS;
		pthread_mutex_unlock(&engine->mutex);
		struct error err = { .status = STATUS_OK };
		enum status status = write_notes(engine, notes, beat, &err);
		/* Once until it works again: the figures are not worth a line four times a second.
		 */
		if (status != STATUS_OK && !is_failing)
			log_error("the progress of jobs cannot be stored", &err);
		is_failing = status != STATUS_OK;
		pthread_mutex_lock(&engine->mutex);
		if (!wait_until(engine, now + JOBS_PROGRESS_MS, false))
			break;
	}
	pthread_mutex_unlock(&engine->mutex);
	return NULL;
}
