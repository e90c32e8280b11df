/* SPDX-License-Identifier: Apache-2.0 */
/* Renaming without replacing on file systems that know no such thing. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#include "share_folder.h"
#include "share_system.h"
#include "share_cmocka.h"

/* What the file system cannot do, beside the planned fault. */
static bool no_replace_known, links_known;

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	if (system_strikes("renameat2"))
		return -1;
	if (!no_replace_known && flags != 0) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	if (!links_known) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

int unlinkat(int folder, const char *name, int flags)
{
	if (strcmp(name, "from") == 0 && system_strikes("unlinkat"))
		return -1;
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

static struct share *open_share(const char *path, bool no_replace, bool links)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share = NULL;

	no_replace_known = no_replace;
	links_known = links;
	share_folder_options(&options, path);
	share_registry_init(&registry);
	assert_int_equal(share_open(&registry, &options.options, &share, NULL), STATUS_OK);
	assert_int_equal(share_make_directory(share, "folder", NULL), STATUS_OK);
	assert_int_equal(share_make_directory(share, "taken", NULL), STATUS_OK);
	assert_int_equal(share_put(share, "from", "one", 3, NULL), STATUS_OK);
	assert_int_equal(share_put(share, "to", "three", 5, NULL), STATUS_OK);
	return share;
}

static void expect_content(struct share *share, const char *name, const char *expected)
{
	struct buffer content;

	buffer_init(&content, 0);
	assert_int_equal(share_get(share, name, 1000, &content, NULL), STATUS_OK);
	assert_string_equal((const char *)content.data, expected);
	buffer_done(&content);
}

static void expect_missing(struct share *share, const char *name)
{
	struct share_file *file;

	assert_int_equal(share_open_read(share, name, &file, NULL, NULL), STATUS_NOT_FOUND);
}

static void expect_all(const char *path, bool no_replace, bool links)
{
	struct share *share = open_share(path, no_replace, links);

	assert_int_equal(share_rename_new(share, "from", "to", NULL), STATUS_EXISTS);
	assert_int_equal(share_rename_new(share, "from", "taken", NULL), STATUS_EXISTS);
	assert_int_equal(share_rename_new(share, "folder", "taken", NULL), STATUS_EXISTS);
	assert_int_equal(share_rename_new(share, "folder", "to", NULL), STATUS_EXISTS);
	assert_int_equal(share_rename_new(share, "missing", "new", NULL), STATUS_NOT_FOUND);
	expect_content(share, "from", "one");
	expect_content(share, "to", "three");
	assert_int_equal(share_rename_new(share, "from", "taken/new", NULL), STATUS_OK);
	assert_int_equal(share_rename_new(share, "folder", "taken/folder", NULL), STATUS_OK);
	expect_missing(share, "from");
	expect_content(share, "taken/new", "one");
	assert_int_equal(share_remove(share, "taken/folder", NULL), STATUS_OK);
	share_close(share);
}

static void test_directory_rename_new_known_to_the_file_system_works(void **state)
{
	expect_all(*state, true, true);
}

static void test_directory_rename_new_by_links_works(void **state)
{
	expect_all(*state, false, true);
}

static void test_directory_rename_new_without_links_works(void **state)
{
	expect_all(*state, false, false);
}

static void test_directory_rename_new_link_without_unlink_is_undone(void **state)
{
	struct share *share = open_share(*state, false, true);

	/* A link that stayed would stop the next way, which looks whether the name is there. */
	system_fail("unlinkat", 1, EACCES);
	assert_int_equal(share_rename_new(share, "from", "new", NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 1);
	expect_missing(share, "from");
	expect_content(share, "new", "one");
	system_fail(NULL, 0, 0);
	share_close(share);
}

static void test_directory_rename_new_busy_file_is_tried_again(void **state)
{
	struct share *share = open_share(*state, true, true);
	struct error err;

	system_fail("renameat2", 2, EBUSY);
	assert_int_equal(share_rename_new(share, "from", "new", NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 3);
	expect_content(share, "new", "one");
	system_fail("renameat2", 1000, EBUSY);
	assert_int_equal(share_rename_new(share, "new", "newer", &err), STATUS_SHARE_READ_WRITE);
	assert_string_equal(err.cause_name, "EBUSY");
	system_fail(NULL, 0, 0);
	expect_content(share, "new", "one");
	share_close(share);
}

static void test_directory_remove_busy_file_is_tried_again(void **state)
{
	struct share *share = open_share(*state, true, true);

	system_fail("unlinkat", 2, EBUSY);
	assert_int_equal(share_remove(share, "from", NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 3);
	expect_missing(share, "from");
	system_fail(NULL, 0, 0);
	share_close(share);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, share_folder_setup, share_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_directory_rename_new_known_to_the_file_system_works),
		TEST(test_directory_rename_new_by_links_works),
		TEST(test_directory_rename_new_without_links_works),
		TEST(test_directory_rename_new_link_without_unlink_is_undone),
		TEST(test_directory_rename_new_busy_file_is_tried_again),
		TEST(test_directory_remove_busy_file_is_tried_again),
	};

	return cmocka_run_group_tests_name("share_directory_rename", tests, NULL, NULL);
}
