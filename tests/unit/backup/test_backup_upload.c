/* SPDX-License-Identifier: Apache-2.0 */
/* An upload whose share fails: what is reported, and what is still asked of the share. */
#include <errno.h>
#include <stdlib.h>

#include "../../../src/backup/backup_session.h"
#include "fake/share_fake.h"
#include "unit/share/share_folder.h"
#include "unit/share/share_cmocka.h"

struct upload_case {
	void *folder;
	struct share_folder_options options;
	struct share_registry registry;
	struct share_fake *fake;
	struct backup_session session; /* with one idle connection, which is all that it needs */
	struct backup_upload *upload;
};

static int setup(void **state)
{
	struct upload_case *test = calloc(1, sizeof(*test));
	if (test == NULL || share_folder_setup(&test->folder) != 0)
		return -1;
	share_folder_options(&test->options, test->folder);
	test->fake = share_fake_new(NULL, NULL);
	share_registry_init(&test->registry);
	share_registry_set(&test->registry, share_fake_driver(test->fake), test->fake);
	struct backup_connections *connections = &test->session.connections;
	(void)pthread_mutex_init(&connections->mutex, NULL);
	assert_int_equal(
		share_open(&test->registry, &test->options.options, &connections->idle[0], NULL),
		STATUS_OK);
	connections->count = 1;
	assert_int_equal(backup_upload_begin(&test->session, "packs", &test->upload, NULL),
			 STATUS_OK);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct upload_case *test = *state;
	backup_upload_abort(test->upload);
	(void)pthread_mutex_destroy(&test->session.connections.mutex);
	share_fake_free(test->fake);
	int result = share_folder_teardown(&test->folder);
	free(test);
	return result;
}

static void plan_failure(struct upload_case *test, int cause)
{
	share_fake_set(test->fake, &(struct share_fake_plan) { .at = 1,
							       .operation = SHARE_FAKE_WRITE,
							       .fault = SHARE_FAKE_FAIL,
							       .for_ever = true,
							       .status = STATUS_SHARE_CONNECTION,
							       .cause = cause });
}

/* Several threads write to one pack. The one that comes second on a connection that the first one
 * saw break must not be the one whose words reach the operator. */
static void test_upload_write_after_a_failed_one_reports_the_first_failure(void **state)
{
	struct upload_case *test = *state;
	struct error first, second;
	plan_failure(test, ECONNRESET);
	assert_int_equal(backup_upload_write(test->upload, "data", 4, &first),
			 STATUS_SHARE_CONNECTION);
	plan_failure(test, ENOTCONN);
	assert_int_equal(backup_upload_write(test->upload, "data", 4, &second),
			 STATUS_SHARE_CONNECTION);
	assert_int_equal(second.cause, ECONNRESET);
	assert_string_equal(second.message, first.message);
	assert_string_equal(second.path, first.path);
	assert_int_equal(share_fake_calls(test->fake), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_upload_write_after_a_failed_one_reports_the_first_failure, setup,
			teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
