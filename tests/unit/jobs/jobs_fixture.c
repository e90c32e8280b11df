/* SPDX-License-Identifier: Apache-2.0 */
/* An engine over a state database in a temporary folder, with a kind of job that does what the test
 * tells it. */
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "jobs_fixture.h"

#include "unit/db/db_fixture.h"

static int64_t fixed_time(void *context)
{
	(void)context;
	return JOBS_FIXTURE_TIME;
}

/* Polls its cancel and the release, each millisecond: nothing here depends on how long that takes.
 */
static void wait_for_release(struct jobs_script *script, const struct cancel *cancel)
{
	struct pollfd descriptor = { .fd = cancel_descriptor(cancel), .events = POLLIN };
	for (;;) {
		pthread_mutex_lock(&script->mutex);
		bool released = script->released;
		pthread_mutex_unlock(&script->mutex);
		if (released || poll(&descriptor, 1, 1) > 0)
			return;
	}
}

static enum status run_script(struct jobs_run *run, void *context, struct error *err)
{
	struct jobs_script *script = context;
	if (script->reports)
		jobs_run_progress(run, "upload", 10, 40);
	pthread_mutex_lock(&script->mutex);
	script->started++;
	pthread_cond_broadcast(&script->condition);
	pthread_mutex_unlock(&script->mutex);
	enum status status = STATUS_OK;
	if (script->waits) {
		wait_for_release(script, jobs_run_cancel(run));
		status = cancel_check(jobs_run_cancel(run), "wait for release", err);
	}
	if (status == STATUS_OK && script->result != NULL)
		status = jobs_run_set_result(run, script->result, err);
	if (status == STATUS_OK)
		status = script->status;
	if (status == script->status && script->fills_error) {
		/* In parentheses it is the function, not the macro of cmocka. */
		(void)(fail)(err, status, "write pack", "packs/aa", "no space left on device");
	}
	pthread_mutex_lock(&script->mutex);
	script->ended++;
	pthread_mutex_unlock(&script->mutex);
	return status;
}

int jobs_fixture_setup(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct jobs_fixture *fixture = calloc(1, sizeof *fixture);
	if (fixture == NULL)
		return -1;
	(void)snprintf(fixture->folder, sizeof fixture->folder, "%s/jobs-XXXXXX",
		       parent == NULL ? "/tmp" : parent);
	if (mkdtemp(fixture->folder) == NULL)
		return -1;
	(void)snprintf(fixture->path, sizeof fixture->path, "%s/state.sqlite", fixture->folder);
	if (db_pool_new(fixture->path, DB_STATE, 8, &fixture->pool, NULL) != STATUS_OK ||
	    db_open(fixture->path, DB_STATE, &fixture->db, NULL) != STATUS_OK)
		return -1;
	pthread_mutex_init(&fixture->script.mutex, NULL);
	pthread_cond_init(&fixture->script.condition, NULL);
	fixture->kind = (struct jobs_kind) { "scripted", run_script, &fixture->script };
	fixture->clock = (struct clock) { .now = fixed_time, .monotonic = fixed_time };
	*state = fixture;
	return 0;
}

int jobs_fixture_teardown(void **state)
{
	struct jobs_fixture *fixture = *state;
	jobs_fixture_stop(fixture);
	db_close(fixture->db);
	db_pool_free(fixture->pool);
	pthread_cond_destroy(&fixture->script.condition);
	pthread_mutex_destroy(&fixture->script.mutex);
	enum status status = file_remove_tree(fixture->folder, NULL);
	free(fixture);
	return status == STATUS_OK ? 0 : -1;
}

static enum status note_end(struct db *db, void *context, struct error *err)
{
	struct jobs_fixture *fixture = context;
	struct buffer count;
	buffer_init(&count, 64);
	char text[24];
	enum status status = db_setting_get(db, "ended", &count, err);
	long calls = status == STATUS_OK ? strtol((const char *)count.data, NULL, 10) : 0;
	buffer_done(&count);
	(void)snprintf(text, sizeof text, "%ld", calls + 1);
	status = db_setting_set(db, "ended", text, err);
	if (status != STATUS_OK || fixture->ended_status == STATUS_OK)
		return status;
	if (err != NULL)
		*err = (struct error) { .status = fixture->ended_status, .message = "ordered" };
	return fixture->ended_status;
}

void jobs_fixture_start(struct jobs_fixture *fixture, unsigned workers)
{
	const struct jobs_settings settings = {
		.state = fixture->pool,
		.clock = &fixture->clock,
		.workers = workers,
		.kinds = &fixture->kind,
		.kind_count = 1,
		.ended = note_end,
		.ended_context = fixture,
	};
	assert_int_equal(jobs_engine_start(&settings, &fixture->engine, NULL), STATUS_OK);
}

void jobs_fixture_stop(struct jobs_fixture *fixture)
{
	jobs_engine_stop(fixture->engine);
	fixture->engine = NULL;
}

void jobs_fixture_add(struct jobs_fixture *fixture, const char *kind, char id[GUID_TEXT_SIZE])
{
	static char location[] = "north", caller[] = "tester";
	struct db_job job = { .location = location,
			      .requested_by = caller,
			      .created_time = JOBS_FIXTURE_TIME };
	guid_generate(job.id);
	memcpy(&job.kind, &kind, sizeof kind);
	assert_int_equal(db_job_add(fixture->db, &job, NULL), STATUS_OK);
	memcpy(id, job.id, sizeof job.id);
	if (fixture->engine != NULL)
		jobs_engine_wake(fixture->engine);
}

void jobs_fixture_await_started(struct jobs_fixture *fixture, unsigned count)
{
	struct jobs_script *script = &fixture->script;
	pthread_mutex_lock(&script->mutex);
	while (script->started < count)
		pthread_cond_wait(&script->condition, &script->mutex);
	pthread_mutex_unlock(&script->mutex);
}

void jobs_fixture_release(struct jobs_fixture *fixture)
{
	pthread_mutex_lock(&fixture->script.mutex);
	fixture->script.released = true;
	pthread_mutex_unlock(&fixture->script.mutex);
}

struct db_job jobs_fixture_await_end(struct jobs_fixture *fixture, const char *id)
{
	for (;;) {
		struct db_job job;
		enum job_state state = JOB_QUEUED;
		assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
		assert_true(job_state_from_name(job.state, &state));
		if (job_state_is_final(state))
			return job;
		db_job_done(&job);
		(void)sched_yield();
	}
}

void jobs_fixture_sql(struct jobs_fixture *fixture, const char *sql)
{
	assert_true(db_fixture_sql(fixture->path, sql));
}
