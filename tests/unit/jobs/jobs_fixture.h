/* SPDX-License-Identifier: Apache-2.0 */
/* An engine over a state database in a temporary folder, with a kind of job that does what the test
 * tells it. Includes cmocka, whose fail() must come after ours. */
#ifndef TESTS_JOBS_FIXTURE_H
#define TESTS_JOBS_FIXTURE_H

#include "infrabackup/jobs.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JOBS_FIXTURE_TIME 1772396467440 /* 2026-03-01T20:21:07.44Z */

/* What the kind "scripted" does, and what it saw. */
struct jobs_script {
	enum status status; /* to return */
	bool fills_error;
	bool waits;   /* until jobs_fixture_release() or its cancel */
	bool reports; /* progress: "upload", 10 of 40 */
	const char *result;

	pthread_mutex_t mutex; /* guards the rest */
	pthread_cond_t condition;
	unsigned started, ended;
	bool released;
};

struct jobs_fixture {
	char folder[128];
	char path[160];
	struct db_pool *pool;
	struct db *db; /* the test's own connection */
	struct jobs_script script;
	struct jobs_kind kind;
	struct clock clock;
	enum status ended_status; /* what the hook for ended jobs returns */
	struct jobs_engine *engine;
};

int jobs_fixture_setup(void **state);
int jobs_fixture_teardown(void **state);
void jobs_fixture_start(struct jobs_fixture *fixture, unsigned workers);
/* Calls of that hook are counted in the setting "ended", in its transaction. */
void jobs_fixture_stop(struct jobs_fixture *fixture);
/* Queues a job and wakes the engine, if there is one. */
void jobs_fixture_add(struct jobs_fixture *fixture, const char *kind, char id[GUID_TEXT_SIZE]);
/* Waits until @count jobs of the script have been started. */
void jobs_fixture_await_started(struct jobs_fixture *fixture, unsigned count);
void jobs_fixture_release(struct jobs_fixture *fixture);
/* Waits until the job is over; the caller releases it with db_job_done(). */
struct db_job jobs_fixture_await_end(struct jobs_fixture *fixture, const char *id);

/* Runs SQL text behind the module's back. */
void jobs_fixture_sql(struct jobs_fixture *fixture, const char *sql);

#endif
