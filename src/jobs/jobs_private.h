/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the engine: what workers, housekeeping and running jobs share. */
#ifndef JOBS_PRIVATE_H
#define JOBS_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "infrabackup/jobs.h"

/* A job without a heartbeat for that long has lost its worker. */
#define JOBS_LEASE_MS 60000
#define JOBS_HEARTBEAT_MS 5000
#define JOBS_PROGRESS_MS 250

struct jobs_run {
	struct db_job job;
	struct cancel *cancel;
	struct jobs_engine *engine;

	/* Guarded by the engine's mutex: */
	struct jobs_run *next;
	char *cancelled_by; /* caller who asked, and why; NULL: nobody */
	bool is_ending;     /* its kind has returned: too late to cancel */
	char *result;
	const char *phase;
	uint64_t bytes_done, bytes_total;
	bool is_dirty; /* progress that is not in the database yet */
};

struct jobs_engine {
	struct jobs_settings settings;
	pthread_t *workers;
	unsigned worker_count;
	pthread_t housekeeper;
	pthread_t timer;
	bool has_housekeeper, has_timer;

	/* One claim or cancel at a time: what is Queued in the database is in nobody's hands, what
	 * is Running is in the list below. Taken before the other two. */
	pthread_mutex_t claim_mutex;

	/* One writer of progress at a time, so that older figures never follow newer ones. Taken
	 * before the last mutex. */
	pthread_mutex_t progress_mutex;

	pthread_mutex_t mutex; /* guards everything below; never held while the database is asked */
	pthread_cond_t changed;      /* a job was added or has ended, or the engine stops */
	pthread_cond_t housekeeping; /* progress was made, or the engine stops */
	uint64_t wakes;              /* counts hints, so that none is lost while a worker claims */
	bool is_stopping;            /* nothing more is claimed */
	bool is_stopped;             /* workers are gone */
	struct jobs_run *running;
};

/* From a claimed row, which it takes over; NULL: out of memory, and the row is left alone. */
struct jobs_run *jobs_run_new(struct jobs_engine *engine, struct db_job *job);
void jobs_run_free(struct jobs_run *run);
/* Calls its kind, then stores the outcome. */
void jobs_run_execute(struct jobs_run *run);

/* What happens next, for the text of a job that did not come to its end. */
const char *jobs_run_advice(const struct db_job *job);

void *jobs_housekeeping_main(void *engine);
void *jobs_timer_main(void *engine);

#endif
