/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: start after a crash, stop, cancel, many jobs on many workers. */
#include <string.h>

#include "jobs_fixture.h"

static void assert_state(struct jobs_fixture *fixture, const char *id, const char *expected)
{
	struct db_job job;
	assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, expected);
	db_job_done(&job);
}

static void test_jobs_engine_start_fails_what_a_crash_left_running(void **state)
{
	struct jobs_fixture *fixture = *state;
	char crashed[GUID_TEXT_SIZE], queued[GUID_TEXT_SIZE];
	struct db_job job;
	jobs_fixture_add(fixture, "backup", crashed);
	assert_int_equal(db_job_claim(fixture->db, 1000, 61000, &job, NULL), STATUS_OK);
	db_job_done(&job);
	assert_int_equal(db_job_heartbeat(fixture->db, crashed, 90000, 150000, NULL), STATUS_OK);
	jobs_fixture_add(fixture, "scripted", queued);
	jobs_fixture_start(fixture, 1);
	job = jobs_fixture_await_end(fixture, crashed);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "failed");
	assert_string_equal(job.error_step, "run job");
	assert_non_null(strstr(job.error_message, "the service ended while the job was running"));
	assert_non_null(strstr(job.error_message, "1970-01-01T00:01:30Z"));
	assert_non_null(strstr(job.error_message, "start it again; complete packs are reused"));
	assert_int_equal(job.ended_time, JOBS_FIXTURE_TIME);
	db_job_done(&job);
	job = jobs_fixture_await_end(fixture, queued);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

static void test_jobs_engine_start_without_workers_is_refused(void **state)
{
	struct jobs_fixture *fixture = *state;
	const struct jobs_settings settings = { .state = fixture->pool, .clock = &fixture->clock };
	struct error err;
	assert_int_equal(jobs_engine_start(&settings, &fixture->engine, &err), STATUS_INVALID);
	assert_string_equal(err.field, "workers");
	assert_null(fixture->engine);
}

/* The table of roles is away while the job ends, so that its outcome cannot be written. */
static void test_jobs_engine_outcome_cannot_be_stored_fails_at_the_next_start(void **state)
{
	struct jobs_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	fixture->script.waits = true;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", id);
	jobs_fixture_await_started(fixture, 1);
	jobs_fixture_sql(fixture, "ALTER TABLE job_role RENAME TO away");
	jobs_fixture_stop(fixture);
	assert_state(fixture, id, "Running");
	jobs_fixture_sql(fixture, "ALTER TABLE away RENAME TO job_role");
	jobs_fixture_start(fixture, 1);
	struct db_job job = jobs_fixture_await_end(fixture, id);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "interrupted"));
	db_job_done(&job);
}

static void test_jobs_engine_stop_running_job_fails_with_the_reason(void **state)
{
	struct jobs_fixture *fixture = *state;
	char running[GUID_TEXT_SIZE], queued[GUID_TEXT_SIZE];
	struct db_job job;
	fixture->script.waits = true;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", running);
	jobs_fixture_add(fixture, "scripted", queued);
	jobs_fixture_await_started(fixture, 1);
	jobs_fixture_stop(fixture);
	assert_int_equal(db_job_get(fixture->db, running, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "the service was stopped"));
	assert_string_equal(job.error_step, "wait for release");
	db_job_done(&job);
	assert_state(fixture, queued, "Queued");
	assert_int_equal(fixture->script.started, 1);
	fixture->script.waits = false;
	jobs_fixture_start(fixture, 1);
	job = jobs_fixture_await_end(fixture, queued);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

static void test_jobs_engine_cancel_queued_job_never_starts(void **state)
{
	struct jobs_fixture *fixture = *state;
	char running[GUID_TEXT_SIZE], queued[GUID_TEXT_SIZE];
	struct db_job job;
	fixture->script.waits = true;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", running);
	jobs_fixture_await_started(fixture, 1);
	jobs_fixture_add(fixture, "scripted", queued);
	assert_int_equal(
		jobs_engine_cancel(fixture->engine, fixture->db, queued, "anna", NULL, NULL),
		STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, queued, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, "Cancelled");
	assert_non_null(strstr(job.error_message, "cancelled before it was started, by anna"));
	db_job_done(&job);
	jobs_fixture_release(fixture);
	job = jobs_fixture_await_end(fixture, running);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	jobs_fixture_stop(fixture);
	assert_int_equal(fixture->script.started, 1);
}

static void test_jobs_engine_cancel_running_job_names_who_asked_first(void **state)
{
	struct jobs_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	fixture->script.waits = true;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", id);
	jobs_fixture_await_started(fixture, 1);
	assert_int_equal(jobs_engine_cancel(fixture->engine, fixture->db, id, "anna",
					    "the share is moved", NULL),
			 STATUS_OK);
	struct db_job job = jobs_fixture_await_end(fixture, id);
	assert_string_equal(job.state, "Cancelled");
	assert_non_null(strstr(job.error_message, "cancelled by anna: the share is moved"));
	assert_string_equal(job.error_status, status_name(STATUS_CANCELLED));
	assert_string_equal(job.error_step, "wait for release");
	db_job_done(&job);
	assert_int_equal(jobs_engine_cancel(fixture->engine, fixture->db, id, "bert", NULL, &err),
			 STATUS_CONFLICT);
}

static void test_jobs_engine_cancel_finished_or_unknown_is_refused(void **state)
{
	struct jobs_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", id);
	struct db_job job = jobs_fixture_await_end(fixture, id);
	db_job_done(&job);
	assert_int_equal(jobs_engine_cancel(fixture->engine, fixture->db, id, "anna", NULL, &err),
			 STATUS_CONFLICT);
	assert_state(fixture, id, "Succeeded");
	assert_int_equal(jobs_engine_cancel(fixture->engine, fixture->db,
					    "00000000-0000-4000-8000-000000000000", "anna", NULL,
					    &err),
			 STATUS_NOT_FOUND);
}

static void test_jobs_engine_wake_finds_a_job_added_while_idle(void **state)
{
	struct jobs_fixture *fixture = *state;
	jobs_fixture_start(fixture, 3);
	for (int i = 0; i < 5; i++) {
		char id[GUID_TEXT_SIZE];
		jobs_fixture_add(fixture, "scripted", id);
		struct db_job job = jobs_fixture_await_end(fixture, id);
		db_job_done(&job);
	}
}

#define MANY 200

static void test_jobs_engine_many_jobs_many_workers_each_runs_once(void **state)
{
	struct jobs_fixture *fixture = *state;
	static char ids[MANY][GUID_TEXT_SIZE];
	for (int i = 0; i < MANY / 2; i++)
		jobs_fixture_add(fixture, "scripted", ids[i]);
	jobs_fixture_start(fixture, 6);
	for (int i = MANY / 2; i < MANY; i++)
		jobs_fixture_add(fixture, "scripted", ids[i]);
	for (int i = 0; i < MANY; i++) {
		struct db_job job = jobs_fixture_await_end(fixture, ids[i]);
		assert_string_equal(job.state, "Succeeded");
		assert_int_equal(job.attempt, 1);
		db_job_done(&job);
	}
	jobs_fixture_stop(fixture);
	assert_int_equal(fixture->script.started, MANY);
	assert_int_equal(fixture->script.ended, MANY);
}

static void test_jobs_engine_stop_while_many_wait_leaves_none_running(void **state)
{
	struct jobs_fixture *fixture = *state;
	static char ids[40][GUID_TEXT_SIZE];
	unsigned queued = 0, failed = 0;
	fixture->script.waits = true;
	for (int i = 0; i < 40; i++)
		jobs_fixture_add(fixture, "scripted", ids[i]);
	jobs_fixture_start(fixture, 4);
	jobs_fixture_await_started(fixture, 4);
	jobs_fixture_stop(fixture);
	for (int i = 0; i < 40; i++) {
		struct db_job job;
		assert_int_equal(db_job_get(fixture->db, ids[i], &job, NULL), STATUS_OK);
		queued += strcmp(job.state, "Queued") == 0;
		failed += strcmp(job.state, "Failed") == 0;
		db_job_done(&job);
	}
	assert_int_equal(failed, 4);
	assert_int_equal(queued, 36);
	jobs_engine_stop(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, jobs_fixture_setup, jobs_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_jobs_engine_start_fails_what_a_crash_left_running),
		WITH(test_jobs_engine_start_without_workers_is_refused),
		WITH(test_jobs_engine_outcome_cannot_be_stored_fails_at_the_next_start),
		WITH(test_jobs_engine_stop_running_job_fails_with_the_reason),
		WITH(test_jobs_engine_cancel_queued_job_never_starts),
		WITH(test_jobs_engine_cancel_running_job_names_who_asked_first),
		WITH(test_jobs_engine_cancel_finished_or_unknown_is_refused),
		WITH(test_jobs_engine_wake_finds_a_job_added_while_idle),
		WITH(test_jobs_engine_many_jobs_many_workers_each_runs_once),
		WITH(test_jobs_engine_stop_while_many_wait_leaves_none_running),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
