/* SPDX-License-Identifier: Apache-2.0 */
/* Directory trees made and removed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

#include "base_folder.h"

static bool exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

static void test_file_make_directories_makes_the_missing_ones(void **state)
{
	AUTO_FREE char *path = file_join(*state, "a//b/c/");
	AUTO_FREE char *inner = file_join(*state, "a/b/c");
	struct error err;
	struct stat info;

	assert_int_equal(file_make_directories(path, 0700, &err), STATUS_OK);
	assert_int_equal(stat(inner, &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(file_make_directories(path, 0755, &err), STATUS_OK);
	assert_int_equal(file_make_directories("/", 0755, &err), STATUS_OK);
}

static void test_file_make_directories_through_a_file_is_refused(void **state)
{
	AUTO_FREE char *file = file_join(*state, "file");
	AUTO_FREE char *below = file_join(file, "below");
	struct error err;

	assert_int_equal(file_write(file, 0600, false, "", 0, &err), STATUS_OK);
	assert_int_equal(file_make_directories(below, 0700, &err), STATUS_EXISTS);
	assert_string_equal(err.path, file);
	assert_int_equal(file_make_directories(file, 0700, &err), STATUS_EXISTS);
	assert_int_equal(file_make_directories("", 0700, &err), STATUS_FAILED);
	assert_int_equal(err.cause, ENOENT);
}

static void test_file_remove_tree_removes_all_but_not_through_links(void **state)
{
	AUTO_FREE char *tree = file_join(*state, "tree");
	AUTO_FREE char *deep = file_join(tree, "x/y/z");
	AUTO_FREE char *file = file_join(deep, "file");
	AUTO_FREE char *kept = file_join(*state, "kept");
	AUTO_FREE char *kept_file = file_join(kept, "file");
	AUTO_FREE char *link_path = file_join(tree, "link");
	struct error err;

	assert_int_equal(file_make_directories(deep, 0700, &err), STATUS_OK);
	assert_int_equal(file_make_directories(kept, 0700, &err), STATUS_OK);
	assert_int_equal(file_write(file, 0400, false, "x", 1, &err), STATUS_OK);
	assert_int_equal(file_write(kept_file, 0600, false, "x", 1, &err), STATUS_OK);
	assert_int_equal(symlink(kept, link_path), 0);
	assert_int_equal(file_remove_tree(tree, &err), STATUS_OK);
	assert_false(exists(tree));
	assert_true(exists(kept_file));
	assert_int_equal(symlink(kept, tree), 0);
	assert_int_equal(file_remove_tree(tree, &err), STATUS_OK);
	assert_false(exists(tree));
	assert_true(exists(kept_file));
}

static void test_file_remove_tree_missing_or_file_is_fine(void **state)
{
	AUTO_FREE char *file = file_join(*state, "file");
	struct error err;

	assert_int_equal(file_remove_tree(file, &err), STATUS_OK);
	assert_int_equal(file_write(file, 0600, false, "", 0, &err), STATUS_OK);
	assert_int_equal(file_remove_tree(file, &err), STATUS_OK);
	assert_false(exists(file));
}

#define IN_FOLDER(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, base_folder_setup, base_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_file_make_directories_makes_the_missing_ones),
		IN_FOLDER(test_file_make_directories_through_a_file_is_refused),
		IN_FOLDER(test_file_remove_tree_removes_all_but_not_through_links),
		IN_FOLDER(test_file_remove_tree_missing_or_file_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
