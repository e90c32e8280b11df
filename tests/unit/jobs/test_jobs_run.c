/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a job: outcomes, evidence, progress, results. */
#include <sched.h>
#include <string.h>

#include "jobs_fixture.h"

static struct db_job run_one(struct jobs_fixture *fixture)
{
	char id[GUID_TEXT_SIZE];
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", id);
	return jobs_fixture_await_end(fixture, id);
}

static void test_jobs_run_ok_succeeds_with_its_result(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.result = "{\"answer\":42}";
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Succeeded");
	assert_string_equal(job.result, "{\"answer\":42}");
	assert_null(job.error_message);
	assert_int_equal(job.started_time, JOBS_FIXTURE_TIME);
	assert_int_equal(job.ended_time, JOBS_FIXTURE_TIME);
	assert_int_equal(job.attempt, 1);
	db_job_done(&job);
}

static void test_jobs_run_partial_is_partial_with_what_is_missing(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.status = STATUS_PARTIAL;
	fixture->script.fills_error = true;
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "PartialSucceeded");
	assert_string_equal(job.error_status, status_name(STATUS_PARTIAL));
	db_job_done(&job);
}

static void test_jobs_run_failure_keeps_the_evidence(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.status = STATUS_SHARE_FULL;
	fixture->script.fills_error = true;
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_SHARE_FULL));
	assert_string_equal(job.error_step, "write pack");
	assert_string_equal(job.error_path, "packs/aa");
	assert_non_null(strstr(job.error_message, "no space left on device"));
	db_job_done(&job);
}

static void test_jobs_run_failure_without_reason_says_that(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.status = STATUS_INTEGRITY;
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_INTEGRITY));
	assert_non_null(strstr(job.error_message, "gave no reason"));
	db_job_done(&job);
}

/* Nobody asked and the service goes on: then it is a failure like any other. */
static void test_jobs_run_cancelled_without_request_fails(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.status = STATUS_CANCELLED;
	fixture->script.fills_error = true;
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
}

static void test_jobs_run_unknown_kind_fails_with_its_name(void **state)
{
	struct jobs_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "drill", id);
	struct db_job job = jobs_fixture_await_end(fixture, id);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_UNSUPPORTED));
	assert_non_null(strstr(job.error_message, "drill"));
	db_job_done(&job);
}

static void test_jobs_run_set_result_not_json_fails_the_job(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.result = "{not json";
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_INVALID));
	assert_null(job.result);
	db_job_done(&job);
}

static void test_jobs_run_progress_is_readable_while_it_runs(void **state)
{
	struct jobs_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	uint64_t done = 0;
	fixture->script.waits = true;
	fixture->script.reports = true;
	jobs_fixture_start(fixture, 1);
	jobs_fixture_add(fixture, "scripted", id);
	while (done == 0) {
		struct db_job job;
		assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
		done = job.bytes_done;
		if (done > 0) {
			assert_string_equal(job.state, "Running");
			assert_string_equal(job.phase, "upload");
			assert_int_equal(job.bytes_total, 40);
		}
		db_job_done(&job);
		(void)sched_yield();
	}
	assert_int_equal(done, 10);
	jobs_fixture_release(fixture);
	struct db_job job = jobs_fixture_await_end(fixture, id);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

static void test_jobs_run_progress_before_the_end_is_never_lost(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.reports = true;
	jobs_fixture_start(fixture, 2);
	for (int i = 0; i < 30; i++) {
		char id[GUID_TEXT_SIZE];
		jobs_fixture_add(fixture, "scripted", id);
		struct db_job job = jobs_fixture_await_end(fixture, id);
		assert_int_equal(job.bytes_done, 10);
		db_job_done(&job);
	}
}

/* "" when the hook's change is not there. */
static void assert_ended_calls(struct jobs_fixture *fixture, const char *expected)
{
	struct buffer count;
	buffer_init(&count, 64);
	enum status status = db_setting_get(fixture->db, "ended", &count, NULL);
	assert_string_equal(status == STATUS_OK ? (const char *)count.data : "", expected);
	buffer_done(&count);
}

static void test_jobs_run_end_is_stored_together_with_what_follows(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->script.status = STATUS_SHARE_FULL;
	struct db_job job = run_one(fixture);
	/* Whoever sees the end sees this too: nothing is waited for. */
	assert_ended_calls(fixture, "1");
	db_job_done(&job);
}

static void test_jobs_run_end_is_stored_although_what_follows_fails(void **state)
{
	struct jobs_fixture *fixture = *state;
	fixture->ended_status = STATUS_NO_MEMORY;
	fixture->script.result = "{}";
	struct db_job job = run_one(fixture);
	assert_string_equal(job.state, "Succeeded");
	assert_string_equal(job.result, "{}");
	assert_ended_calls(fixture, "");
	db_job_done(&job);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, jobs_fixture_setup, jobs_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_jobs_run_ok_succeeds_with_its_result),
		WITH(test_jobs_run_end_is_stored_together_with_what_follows),
		WITH(test_jobs_run_end_is_stored_although_what_follows_fails),
		WITH(test_jobs_run_partial_is_partial_with_what_is_missing),
		WITH(test_jobs_run_failure_keeps_the_evidence),
		WITH(test_jobs_run_failure_without_reason_says_that),
		WITH(test_jobs_run_cancelled_without_request_fails),
		WITH(test_jobs_run_unknown_kind_fails_with_its_name),
		WITH(test_jobs_run_set_result_not_json_fails_the_job),
		WITH(test_jobs_run_progress_is_readable_while_it_runs),
		WITH(test_jobs_run_progress_before_the_end_is_never_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
