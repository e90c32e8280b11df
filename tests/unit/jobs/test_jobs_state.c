/* SPDX-License-Identifier: Apache-2.0 */
/* The table of states: every pair. */
#include <string.h>

#include "jobs_fixture.h"

/* Row: from; column: to. In the order of the enumeration. */
static const char *const allowed[JOB_STATE_COUNT] = {
	[JOB_QUEUED] = ".x..xxx",    [JOB_RUNNING] = "..xxxxx",
	[JOB_SUCCEEDED] = ".......", [JOB_PARTIAL_SUCCEEDED] = ".......",
	[JOB_FAILED] = ".......",    [JOB_SKIPPED] = ".......",
	[JOB_CANCELLED] = ".......",
};

static void test_job_state_may_move_every_pair_as_drawn(void **state)
{
	(void)state;
	for (unsigned from = 0; from < JOB_STATE_COUNT; from++)
		for (unsigned to = 0; to < JOB_STATE_COUNT; to++)
			assert_int_equal(
				job_state_may_move((enum job_state)from, (enum job_state)to),
				allowed[from][to] == 'x');
	assert_false(job_state_may_move(JOB_QUEUED, JOB_STATE_COUNT));
	assert_false(job_state_may_move(JOB_STATE_COUNT, JOB_RUNNING));
}

static void test_job_state_is_final_has_no_way_out(void **state)
{
	(void)state;
	for (unsigned i = 0; i < JOB_STATE_COUNT; i++)
		assert_int_equal(job_state_is_final((enum job_state)i),
				 strchr(allowed[i], 'x') == NULL);
}

static void test_job_state_from_name_is_the_reverse_of_name(void **state)
{
	(void)state;
	enum job_state found = JOB_STATE_COUNT;
	for (unsigned i = 0; i < JOB_STATE_COUNT; i++) {
		assert_true(job_state_from_name(job_state_name((enum job_state)i), &found));
		assert_int_equal(found, i);
	}
	assert_false(job_state_from_name("queued", &found));
	assert_false(job_state_from_name(NULL, &found));
	assert_string_equal(job_state_name(JOB_PARTIAL_SUCCEEDED), "PartialSucceeded");
}

/* The database allows the same names. */
static void test_job_state_name_is_one_of_the_database(void **state)
{
	struct jobs_fixture *fixture = *state;
	for (unsigned i = JOB_SUCCEEDED; i < JOB_STATE_COUNT; i++) {
		char id[GUID_TEXT_SIZE];
		jobs_fixture_add(fixture, "scripted", id);
		assert_int_equal(db_job_finish(fixture->db, id, job_state_name((enum job_state)i),
					       1, NULL, NULL, NULL),
				 STATUS_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_state_may_move_every_pair_as_drawn),
		cmocka_unit_test(test_job_state_is_final_has_no_way_out),
		cmocka_unit_test(test_job_state_from_name_is_the_reverse_of_name),
		cmocka_unit_test_setup_teardown(test_job_state_name_is_one_of_the_database,
						jobs_fixture_setup, jobs_fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
