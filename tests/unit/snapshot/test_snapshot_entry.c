/* SPDX-License-Identifier: Apache-2.0 */
/* Order and copies of entries, and the list of providers. */
#include <string.h>

#include "unit/snapshot/snapshot_fixture.h"

static void test_path_compare_folder_and_sibling_folder_content_first(void **state)
{
	(void)state;
	assert_true(snapshot_path_compare("", "a") < 0);
	assert_true(snapshot_path_compare("a", "a/b") < 0);
	assert_true(snapshot_path_compare("a/b", "a.b") < 0);
	assert_true(snapshot_path_compare("a/b", "a\x01") < 0);
	assert_true(snapshot_path_compare("a.b", "a/b") > 0);
	assert_true(snapshot_path_compare("a", "a") == 0);
	assert_true(snapshot_path_compare("a\x7f", "a\xff") < 0);
	assert_true(snapshot_path_compare("a\xff", "b") < 0);
}

static void test_entry_copy_all_members_independent_of_original(void **state)
{
	unsigned char value[3] = { 1, 0, 3 };
	char name[] = "user.note";
	char path[] = "folder/name";
	char target[] = "elsewhere";
	struct snapshot_xattr xattrs[2] = {
		{ .name = name, .value = value, .value_length = sizeof(value) },
		{ .name = "user.void", .value = NULL, .value_length = 0 },
	};
	struct snapshot_entry entry = {
		.path = path,
		.type = SNAPSHOT_SYMBOLIC_LINK,
		.mode = 0640,
		.modified_ns = -5,
		.link_target = target,
		.xattrs = xattrs,
		.xattr_count = 2,
	};
	struct snapshot_entry *copy = NULL;

	(void)state;
	assert_int_equal(snapshot_entry_copy(&entry, &copy, NULL), STATUS_OK);
	memset(value, 9, sizeof(value));
	memset(name, 'x', sizeof(name) - 1);
	memset(path, 'x', sizeof(path) - 1);
	memset(target, 'x', sizeof(target) - 1);
	assert_string_equal(copy->path, "folder/name");
	assert_string_equal(copy->link_target, "elsewhere");
	assert_int_equal(copy->mode, 0640);
	assert_int_equal(copy->modified_ns, -5);
	assert_int_equal(copy->xattr_count, 2);
	assert_string_equal(copy->xattrs[0].name, "user.note");
	assert_memory_equal(copy->xattrs[0].value, "\x01\0\x03", 3);
	assert_string_equal(copy->xattrs[1].name, "user.void");
	assert_int_equal(copy->xattrs[1].value_length, 0);
	snapshot_entry_free(copy);
	snapshot_entry_free(NULL);
}

static void test_driver_find_known_and_unknown_names(void **state)
{
	(void)state;
	assert_ptr_equal(snapshot_driver_find("directory"), &snapshot_directory_driver);
	assert_ptr_equal(snapshot_driver_find("sqlite"), &snapshot_sqlite_driver);
	assert_ptr_equal(snapshot_driver_find("command"), &snapshot_command_driver);
	assert_null(snapshot_driver_find("Directory"));
	assert_null(snapshot_driver_find(NULL));
	assert_non_null(strstr(snapshot_driver_names(), "sqlite"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_compare_folder_and_sibling_folder_content_first),
		cmocka_unit_test(test_entry_copy_all_members_independent_of_original),
		cmocka_unit_test(test_driver_find_known_and_unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
