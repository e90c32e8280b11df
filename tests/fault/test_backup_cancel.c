/* SPDX-License-Identifier: Apache-2.0 */
/* A backup that is cancelled while the share hangs, at every call one after the other: it ends as
 * Cancelled within the time that the contract gives, although the call never returns; nothing of it
 * is visible, and the next backup succeeds.
 *
 * FAULT_STEP=1 tries every call; the default is a sample. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEFAULT_STEP 17
/* Of the contract, whatever runs. A call that hangs has a deadline of 60 s. */
#define CANCEL_MS 5000

static size_t step(void)
{
	const char *text = getenv("FAULT_STEP");
	long value = text != NULL ? strtol(text, NULL, 10) : 0;
	return value > 0 ? (size_t)value : DEFAULT_STEP;
}

/* Of a job that may have ended meanwhile. */
static enum status cancel(struct service_fixture *fixture, const char *id)
{
	struct error err;
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &state, &err), STATUS_OK);
	enum status status =
		backup_cancel(fixture->service, state, id, "ann", "the share hangs", &err);
	db_pool_give(pool, state);
	return status;
}

static bool is_over(struct service_fixture *fixture, const char *id)
{
	struct db *state = NULL;
	struct db_job job;
	enum job_state job_state = JOB_RUNNING;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(db_job_get(state, id, &job, NULL), STATUS_OK);
	db_pool_give(pool, state);
	assert_true(job_state_from_name(job.state, &job_state));
	db_job_done(&job);
	return job_state_is_final(job_state);
}

/* After COMMIT it is a backup, and is called so. */
static void check_end(struct service_fixture *fixture, size_t call, const struct db_job *job,
		      int64_t took)
{
	bool is_committed = strcmp(job->state, "Succeeded") == 0;
	bool good = strcmp(job->state, "Cancelled") == 0 &&
		    strstr(job->error_message, "cancelled by ann: the share hangs") != NULL;
	if ((!good && !is_committed) || took > CANCEL_MS)
		print_error("call %zu (%s): %s after %" PRId64 " ms: %s\n", call,
			    share_fake_operation_name(fixture->fake, call), job->state, took,
			    job->error_message);
	assert_true(good || (is_committed && service_fixture_verify(fixture, true) == 0));
	assert_true(took <= CANCEL_MS);
}

/* False when the backup has no such call. */
static bool try_call(struct service_fixture *fixture, size_t call, int64_t *slowest)
{
	const struct share_fake_plan plan = { .at = call,
					      .fault = SHARE_FAKE_HANG,
					      .for_ever = true };
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	service_fixture_write(fixture, "changing", 300000, (unsigned)call);
	share_fake_set(fixture->fake, &plan);
	service_fixture_submit(fixture, id);
	while (share_fake_hanging(fixture->fake) == 0 && !is_over(fixture, id))
		(void)sched_yield();
	int64_t start = clock_monotonic(&system_clock);
	bool struck = cancel(fixture, id) == STATUS_OK;
	service_fixture_wait(fixture, id, &job);
	int64_t took = clock_monotonic(&system_clock) - start;
	if (struck)
		check_end(fixture, call, &job, took);
	*slowest = struck && took > *slowest ? took : *slowest;
	db_job_done(&job);
	share_fake_release(fixture->fake);
	share_fake_set(fixture->fake, NULL);
	service_fixture_back_up(fixture);
	return struck;
}

static void test_backup_over_a_hanging_share_is_cancelled_in_every_phase(void **state)
{
	(void)state;
	int64_t slowest = 0;
	size_t runs = 0;
	struct service_fixture *fixture = service_fixture_new(
		NULL,
		"\"generationBackups\":100,\"drillRecipient\":false,\"shareDeadlineSeconds\":60");
	service_fixture_write(fixture, "constant", 200000, 1);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	for (size_t call = 1; try_call(fixture, call, &slowest); call += step())
		runs++;
	printf("%zu backups cancelled, the slowest end took %" PRId64 " ms\n", runs, slowest);
	assert_true(runs > 3);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
	service_fixture_free(fixture);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_over_a_hanging_share_is_cancelled_in_every_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
