/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files on a share that breaks at every call, one by one. */
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

static int setup(void **state)
{
	struct broken *broken = calloc(1, sizeof(*broken));

	if (broken == NULL || share_folder_setup(&broken->folder) != 0)
		return -1;
	share_folder_options(&broken->options, broken->folder);
	broken->fake = share_fake_new(NULL, NULL);
	share_registry_init(&broken->registry);
	share_registry_set(&broken->registry, share_fake_driver(broken->fake), broken->fake);
	*state = broken;
	return share_open(&broken->registry, &broken->options.options, &broken->share, NULL) ==
			       STATUS_OK
		       ? 0
		       : -1;
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

static enum status count_entry(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)err;
	++*(size_t *)context;
	return STATUS_OK;
}

/* Entries in the folder, seen by a healthy handle. */
static size_t count(struct broken *broken)
{
	struct share_registry registry;
	struct share *share;
	size_t entries = 0;

	share_registry_init(&registry);
	assert_int_equal(share_open(&registry, &broken->options.options, &share, NULL), STATUS_OK);
	assert_int_equal(share_list(share, "", count_entry, &entries, NULL), STATUS_OK);
	share_close(share);
	return entries;
}

static size_t calls_of_a_put(struct broken *broken)
{
	share_fake_set(broken->fake, NULL);
	assert_int_equal(share_put(broken->share, "healthy", "text", 4, NULL), STATUS_OK);
	size_t calls = share_fake_calls(broken->fake);
	assert_int_equal(share_remove(broken->share, "healthy", NULL), STATUS_OK);
	assert_true(calls >= 8);
	return calls;
}

static void test_share_put_failing_at_any_call_leaves_nothing(void **state)
{
	struct broken *broken = *state;
	size_t calls = calls_of_a_put(broken);

	for (size_t at = 1; at <= calls; at++) {
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = at, .fault = SHARE_FAKE_FAIL });
		assert_int_equal(share_put(broken->share, "file", "text", 4, &broken->err),
				 STATUS_SHARE_READ_WRITE);
		assert_string_equal(broken->err.cause_name, "EIO");
		assert_int_equal(share_fake_strikes(broken->fake), 1);
		assert_int_equal(count(broken), 0);
	}
}

static void test_share_put_lasting_faults_never_show_the_final_name(void **state)
{
	static const struct {
		enum share_fake_fault fault;
		enum status status;
	} faults[] = {
		{ SHARE_FAKE_VANISH, STATUS_SHARE_CONNECTION },
		{ SHARE_FAKE_REFUSE, STATUS_SHARE_READ_WRITE },
	};
	struct broken *broken = *state;
	size_t calls = calls_of_a_put(broken);

	for (size_t i = 0; i < ARRAY_LENGTH(faults) * calls; i++) {
		struct share_file *file;

		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = i / ARRAY_LENGTH(faults) + 1,
							   .fault = faults[i % 2].fault });
		assert_int_equal(share_put(broken->share, "file", "text", 4, &broken->err),
				 faults[i % 2].status);
		share_fake_set(broken->fake, NULL);
		assert_int_equal(share_open_read(broken->share, "file", &file, NULL, NULL),
				 STATUS_NOT_FOUND);
	}
}

static void test_share_put_full_share_leaves_nothing(void **state)
{
	struct broken *broken = *state;

	for (size_t at = 1; at <= 2; at++) {
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = at, .fault = SHARE_FAKE_FULL });
		assert_int_equal(share_put(broken->share, "file", "text", 4, &broken->err),
				 STATUS_SHARE_FULL);
		assert_int_equal(count(broken), 0);
	}
}

static void test_share_put_lying_share_says_upload(void **state)
{
	static const enum share_fake_fault faults[] = { SHARE_FAKE_SHORT_WRITE,
							SHARE_FAKE_LOSE_WRITE,
							SHARE_FAKE_CORRUPT_READ };
	struct broken *broken = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = 1, .fault = faults[i] });
		assert_int_equal(share_put(broken->share, "file", "text", 4, &broken->err),
				 STATUS_SHARE_UPLOAD);
		assert_int_equal(share_fake_strikes(broken->fake), 1);
		assert_non_null(strstr(broken->err.path, SHARE_TEMPORARY_PREFIX));
		assert_int_equal(count(broken), 0);
	}
}

static void test_share_put_flushes_before_it_shows_the_name(void **state)
{
	static const enum share_fake_operation expected[] = {
		SHARE_FAKE_CREATE,     SHARE_FAKE_WRITE,      SHARE_FAKE_FLUSH,
		SHARE_FAKE_CLOSE_FILE, SHARE_FAKE_OPEN_READ,  SHARE_FAKE_READ,
		SHARE_FAKE_CLOSE_FILE, SHARE_FAKE_RENAME_NEW,
	};
	struct broken *broken = *state;

	assert_int_equal(share_make_directory(broken->share, "a", NULL), STATUS_OK);
	share_fake_set(broken->fake, NULL);
	assert_int_equal(share_put(broken->share, "a/file", "text", 4, NULL), STATUS_OK);
	assert_int_equal(share_fake_calls(broken->fake), ARRAY_LENGTH(expected));
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
		assert_int_equal(share_fake_call_operation(broken->fake, i + 1), expected[i]);
	assert_true(text_starts_with(share_fake_call_path(broken->fake, 1),
				     "a/" SHARE_TEMPORARY_PREFIX));
	assert_string_equal(share_fake_operation_name(broken->fake, 8), "rename_new");
}

static void test_share_get_failing_at_any_call_keeps_output(void **state)
{
	struct broken *broken = *state;
	struct buffer content;

	buffer_init(&content, 100);
	assert_int_equal(share_put(broken->share, "file", "text", 4, NULL), STATUS_OK);
	for (size_t at = 1; at <= 3; at++) {
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = at, .fault = SHARE_FAKE_FAIL });
		assert_int_equal(share_get(broken->share, "file", 100, &content, NULL),
				 STATUS_SHARE_READ_WRITE);
		assert_null(content.data);
	}
	share_fake_set(broken->fake, NULL);
	assert_int_equal(share_get(broken->share, "file", 4, &content, NULL), STATUS_OK);
	assert_string_equal((const char *)content.data, "text");
	assert_int_equal(share_fake_calls(broken->fake), 3);
	buffer_done(&content);
}

static void test_share_remove_tree_failing_at_any_call_says_so(void **state)
{
	struct broken *broken = *state;

	for (size_t at = 1; at <= 6; at++) {
		assert_int_equal(share_make_directories(broken->share, "tree/a", NULL), STATUS_OK);
		enum status status = share_put(broken->share, "tree/a/file", "x", 1, NULL);
		assert_true(status == STATUS_OK || status == STATUS_EXISTS);
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = at, .fault = SHARE_FAKE_FAIL });
		status = share_remove_tree(broken->share, "tree", NULL);
		assert_int_equal(status, at <= 5 ? STATUS_SHARE_READ_WRITE : STATUS_OK);
	}
	assert_int_equal(count(broken), 0);
}

static void test_share_make_directories_failing_at_any_call_says_so(void **state)
{
	struct broken *broken = *state;

	for (size_t at = 1; at <= 3; at++) {
		share_fake_set(broken->fake,
			       &(struct share_fake_plan) { .at = at, .fault = SHARE_FAKE_FAIL });
		assert_int_equal(share_make_directories(broken->share, "a/b/c", NULL),
				 STATUS_SHARE_READ_WRITE);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_share_put_failing_at_any_call_leaves_nothing),
		TEST(test_share_put_lasting_faults_never_show_the_final_name),
		TEST(test_share_put_full_share_leaves_nothing),
		TEST(test_share_put_lying_share_says_upload),
		TEST(test_share_put_flushes_before_it_shows_the_name),
		TEST(test_share_get_failing_at_any_call_keeps_output),
		TEST(test_share_remove_tree_failing_at_any_call_says_so),
		TEST(test_share_make_directories_failing_at_any_call_says_so),
	};

	return cmocka_run_group_tests_name("share_whole", tests, NULL, NULL);
}
