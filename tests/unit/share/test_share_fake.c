/* SPDX-License-Identifier: Apache-2.0 */
/* The breaking share breaks as planned. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#include "fake/share_fake.h"
#include "share_folder.h"
#include "share_cmocka.h"

struct broken {
	void *folder;
	struct share_folder_options options;
	struct share_registry registry;
	struct share_fake *fake;
	struct share *share;
	struct error err;
};

static struct share *open_another(struct broken *broken, enum status expected)
{
	struct share *share = NULL;

	assert_int_equal(
		share_open(&broken->registry, &broken->options.options, &share, &broken->err),
		expected);
	return share;
}

static int setup(void **state)
{
	struct broken *broken = calloc(1, sizeof(*broken));

	if (broken == NULL || share_folder_setup(&broken->folder) != 0)
		return -1;
	share_folder_options(&broken->options, broken->folder);
	broken->fake = share_fake_new(NULL, NULL);
	share_registry_init(&broken->registry);
	share_registry_set(&broken->registry, share_fake_driver(broken->fake), broken->fake);
	broken->share = open_another(broken, STATUS_OK);
	*state = broken;
	return 0;
}

static int teardown(void **state)
{
	struct broken *broken = *state;

	share_close(broken->share);
	share_fake_free(broken->fake);
	int result = share_folder_teardown(&broken->folder);
	free(broken);
	return result;
}

static void plan(struct broken *broken, size_t at, enum share_fake_operation operation,
		 enum share_fake_fault fault, bool for_ever)
{
	share_fake_set(broken->fake, &(struct share_fake_plan) { .at = at,
								 .operation = operation,
								 .fault = fault,
								 .for_ever = for_ever });
}

static enum status make(struct broken *broken, const char *name)
{
	return share_make_directory(broken->share, name, &broken->err);
}

static void test_fake_counts_calls_of_all_handles(void **state)
{
	struct broken *broken = *state;
	struct share *other = open_another(broken, STATUS_OK);

	share_fake_set(broken->fake, NULL);
	assert_int_equal(share_make_directory(other, "a", NULL), STATUS_OK);
	assert_int_equal(make(broken, "b"), STATUS_OK);
	share_close(other);
	assert_int_equal(share_fake_calls(broken->fake), 3);
	assert_string_equal(share_fake_operation_name(broken->fake, 1), "make_directory");
	assert_string_equal(share_fake_call_path(broken->fake, 2), "b");
	assert_string_equal(share_fake_operation_name(broken->fake, 3), "close");
}

static void test_fake_fail_strikes_once_or_for_ever(void **state)
{
	struct broken *broken = *state;

	plan(broken, 2, SHARE_FAKE_ANY, SHARE_FAKE_FAIL, false);
	assert_int_equal(make(broken, "a"), STATUS_OK);
	assert_int_equal(make(broken, "b"), STATUS_SHARE_READ_WRITE);
	assert_int_equal(make(broken, "b"), STATUS_OK);
	plan(broken, 2, SHARE_FAKE_ANY, SHARE_FAKE_FAIL, true);
	assert_int_equal(make(broken, "c"), STATUS_OK);
	assert_int_equal(make(broken, "d"), STATUS_SHARE_READ_WRITE);
	assert_int_equal(make(broken, "d"), STATUS_SHARE_READ_WRITE);
	assert_int_equal(share_fake_strikes(broken->fake), 2);
}

static void test_fake_filter_counts_its_operation_only(void **state)
{
	struct broken *broken = *state;

	share_fake_set(broken->fake,
		       &(struct share_fake_plan) { .at = 2,
						   .operation = SHARE_FAKE_REMOVE,
						   .fault = SHARE_FAKE_FAIL,
						   .status = STATUS_SHARE_AUTHENTICATION,
						   .cause = 126 });
	assert_int_equal(make(broken, "a"), STATUS_OK);
	assert_int_equal(make(broken, "b"), STATUS_OK);
	assert_int_equal(share_remove(broken->share, "a", NULL), STATUS_OK);
	assert_int_equal(make(broken, "c"), STATUS_OK);
	assert_int_equal(share_remove(broken->share, "b", &broken->err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(broken->err.cause, 126);
}

static void test_fake_lasting_faults_hit_every_later_operation(void **state)
{
	struct broken *broken = *state;
	struct buffer content;

	buffer_init(&content, 0);
	assert_int_equal(share_put(broken->share, "file", "text", 4, NULL), STATUS_OK);
	plan(broken, 1, SHARE_FAKE_MAKE_DIRECTORY, SHARE_FAKE_VANISH, false);
	assert_int_equal(share_get(broken->share, "file", 9, &content, NULL), STATUS_OK);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_CONNECTION);
	assert_int_equal(share_get(broken->share, "file", 9, &content, NULL),
			 STATUS_SHARE_CONNECTION);
	(void)open_another(broken, STATUS_SHARE_CONNECTION);

	plan(broken, 1, SHARE_FAKE_ANY, SHARE_FAKE_FULL, false);
	assert_int_equal(share_get(broken->share, "file", 9, &content, NULL), STATUS_OK);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_FULL);
	assert_int_equal(share_remove(broken->share, "file", NULL), STATUS_OK);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_FULL);

	plan(broken, 1, SHARE_FAKE_ANY, SHARE_FAKE_REFUSE, false);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_READ_WRITE);
	(void)open_another(broken, STATUS_SHARE_NOT_ACCESSIBLE);
	buffer_done(&content);
}

/* What is in "file" after two writes of four bytes that all said they succeeded. */
static void expect_written(struct broken *broken, const char *expected)
{
	struct share_file *file;
	struct buffer content;

	assert_int_equal(share_create(broken->share, "file", &file, NULL), STATUS_OK);
	assert_int_equal(share_write(file, "1234", 4, NULL), STATUS_OK);
	assert_int_equal(share_write(file, "5678", 4, NULL), STATUS_OK);
	assert_int_equal(share_flush(file, NULL), STATUS_OK);
	assert_int_equal(share_close_file(file, NULL), STATUS_OK);
	buffer_init(&content, 0);
	assert_int_equal(share_get(broken->share, "file", 9, &content, NULL), STATUS_OK);
	assert_string_equal((const char *)content.data, expected);
	buffer_done(&content);
	assert_int_equal(share_remove(broken->share, "file", NULL), STATUS_OK);
}

static void test_fake_lies_write_less_than_they_say(void **state)
{
	struct broken *broken = *state;

	plan(broken, 1, SHARE_FAKE_ANY, SHARE_FAKE_SHORT_WRITE, false);
	expect_written(broken, "125678");
	plan(broken, 1, SHARE_FAKE_ANY, SHARE_FAKE_SHORT_WRITE, true);
	expect_written(broken, "1256");
	plan(broken, 2, SHARE_FAKE_WRITE, SHARE_FAKE_LOSE_WRITE, false);
	expect_written(broken, "1234");
	plan(broken, 1, SHARE_FAKE_ANY, SHARE_FAKE_LOSE_WRITE, false);
	expect_written(broken, "");
	share_fake_set(broken->fake, NULL);
	expect_written(broken, "12345678");
}

static void test_fake_corrupt_read_changes_one_byte_that_is_there(void **state)
{
	struct broken *broken = *state;
	struct share_file *file;
	char data[8];
	size_t got;

	assert_int_equal(share_put(broken->share, "file", "text", 4, NULL), STATUS_OK);
	assert_int_equal(share_open_read(broken->share, "file", &file, NULL, NULL), STATUS_OK);
	plan(broken, 1, SHARE_FAKE_READ, SHARE_FAKE_CORRUPT_READ, false);
	assert_int_equal(share_read(file, 100, data, 8, &got, NULL), STATUS_OK);
	assert_int_equal(got, 0);
	assert_int_equal(share_read(file, 0, data, 8, &got, NULL), STATUS_OK);
	assert_int_equal(got, 4);
	assert_memory_equal(data, "te", 2);
	assert_int_equal(data[2], 'x' ^ 0x10);
	assert_int_equal(share_read(file, 0, data, 8, &got, NULL), STATUS_OK);
	assert_memory_equal(data, "text", 4);
	assert_int_equal(share_close_file(file, NULL), STATUS_OK);
}

static void test_fake_hang_blocks_until_released(void **state)
{
	struct broken *broken = *state;

	plan(broken, 1, SHARE_FAKE_MAKE_DIRECTORY, SHARE_FAKE_HANG, true);
	share_set_deadline(broken->share, 50);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_CONNECTION);
	share_close(broken->share);
	broken->share = open_another(broken, STATUS_OK);
	share_set_deadline(broken->share, 50);
	assert_int_equal(make(broken, "a"), STATUS_SHARE_CONNECTION);
	share_close(broken->share);
	broken->share = NULL;
	share_fake_wait_hanging(broken->fake, 2);
	share_fake_release(broken->fake);
	assert_int_equal(share_fake_hanging(broken->fake), 0);
	broken->share = open_another(broken, STATUS_OK);
	assert_int_equal(share_remove(broken->share, "a", NULL), STATUS_NOT_FOUND);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fake_counts_calls_of_all_handles),
		TEST(test_fake_fail_strikes_once_or_for_ever),
		TEST(test_fake_filter_counts_its_operation_only),
		TEST(test_fake_lasting_faults_hit_every_later_operation),
		TEST(test_fake_lies_write_less_than_they_say),
		TEST(test_fake_corrupt_read_changes_one_byte_that_is_there),
		TEST(test_fake_hang_blocks_until_released),
	};

	return cmocka_run_group_tests_name("share_fake", tests, NULL, NULL);
}
