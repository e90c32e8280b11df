/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup says of itself while it runs: the share stands still, so that there is time to
 * look.
 */
#include <sched.h>
#include <string.h>

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LARGE (24u << 20)
/* Fits into the buffers before the share. */
#define SOME (4u << 20)

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_write(fixture, "large", LARGE, 1);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

/* Until the row says that so much is done; its total then. */
static uint64_t await_done(struct service_fixture *fixture, const char *id, uint64_t done)
{
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	uint64_t total = 0;
	bool is_there = false;
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	while (!is_there) {
		struct db_job job;
		assert_int_equal(db_job_get(state, id, &job, NULL), STATUS_OK);
		is_there = job.bytes_done >= done;
		total = job.bytes_total;
		assert_true(is_there || job.ended_time == 0);
		db_job_done(&job);
		(void)sched_yield();
	}
	db_pool_give(pool, state);
	return total;
}

/* A backup that stands still at its first pack when some of the large file is read. */
static uint64_t total_while_running(struct service_fixture *fixture)
{
	const struct share_fake_plan plan = {
		.at = 8, .operation = SHARE_FAKE_WRITE, .fault = SHARE_FAKE_STALL, .for_ever = true
	};
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	share_fake_set(fixture->fake, &plan);
	service_fixture_submit(fixture, id);
	uint64_t total = await_done(fixture, id, SOME);
	share_fake_resume(fixture->fake);
	service_fixture_wait(fixture, id, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_true(job.bytes_done >= LARGE);
	assert_int_equal(job.bytes_total, job.bytes_done);
	assert_string_equal(job.phase, "committing");
	db_job_done(&job);
	share_fake_set(fixture->fake, NULL);
	return total;
}

/* One file is all there is to walk: what is read of it counts while it is waited for. */
static void test_progress_moves_while_a_large_file_is_read(void **state)
{
	struct service_fixture *fixture = *state;
	/* Nobody can know how large it will be. */
	assert_int_equal(total_while_running(fixture), 0);
}

static void test_progress_expects_what_the_last_backup_had(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	service_fixture_write(fixture, "large", LARGE, 2);
	uint64_t total = total_while_running(fixture);
	assert_true(total >= LARGE && total < LARGE + SOME);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		WITH(test_progress_moves_while_a_large_file_is_read),
		WITH(test_progress_expects_what_the_last_backup_had),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
