/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: limits on reading, nothing half on writing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

#include "base_folder.h"

static size_t count_entries(const char *folder)
{
	AUTO_CLOSEDIR directory = opendir(folder);
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	return count - 2;
}

static void test_file_write_then_read_gives_the_bytes_and_mode(void **state)
{
	AUTO_FREE char *path = file_join(*state, "file");
	static unsigned char content[300000];
	struct buffer read_back = { 0 };
	struct error err;
	struct stat info;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (unsigned char)(i * 7);
	assert_int_equal(file_write(path, 0640, false, content, sizeof(content), &err), STATUS_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(file_read(path, sizeof(content), &read_back, &err), STATUS_OK);
	assert_int_equal(read_back.length, sizeof(content));
	assert_memory_equal(read_back.data, content, sizeof(content));
	assert_int_equal(read_back.data[read_back.length], 0);
	assert_int_equal(count_entries(*state), 1);
	buffer_done(&read_back);
}

static void test_file_write_existing_is_kept_unless_replace(void **state)
{
	AUTO_FREE char *path = file_join(*state, "file");
	struct buffer content = { 0 };
	struct error err;

	assert_int_equal(file_write(path, 0600, false, "old", 3, &err), STATUS_OK);
	assert_int_equal(file_write(path, 0600, false, "new", 3, &err), STATUS_EXISTS);
	assert_int_equal(err.cause, EEXIST);
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(file_read(path, 10, &content, &err), STATUS_OK);
	assert_string_equal((char *)content.data, "old");
	assert_int_equal(file_write(path, 0600, true, "", 0, &err), STATUS_OK);
	assert_int_equal(file_read(path, 10, &content, &err), STATUS_OK);
	assert_int_equal(content.length, 0);
	assert_string_equal((char *)content.data, "");
	buffer_done(&content);
}

static void test_file_write_into_a_missing_folder_is_not_found(void **state)
{
	AUTO_FREE char *path = file_join(*state, "missing/file");
	struct error err;

	assert_int_equal(file_write(path, 0600, true, "x", 1, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.path, path);
}

static void test_file_write_over_a_folder_fails_and_leaves_no_rest(void **state)
{
	AUTO_FREE char *path = file_join(*state, "folder");
	struct error err;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_write(path, 0600, true, "x", 1, &err), STATUS_FAILED);
	assert_string_equal(err.cause_name, "EISDIR");
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_read_larger_than_the_maximum_keeps_the_buffer(void **state)
{
	AUTO_FREE char *path = file_join(*state, "file");
	struct buffer content;
	struct error err;

	buffer_init(&content, 100);
	assert_int_equal(buffer_append_text(&content, "before", &err), STATUS_OK);
	assert_int_equal(file_write(path, 0600, false, "12345", 5, &err), STATUS_OK);
	assert_int_equal(file_read(path, 4, &content, &err), STATUS_TOO_LARGE);
	assert_memory_equal(content.data, "before", 6);
	assert_int_equal(file_read(path, 5, &content, &err), STATUS_OK);
	assert_string_equal((char *)content.data, "12345");
	buffer_done(&content);
}

static void test_file_read_missing_is_not_found_and_folder_fails(void **state)
{
	AUTO_FREE char *path = file_join(*state, "missing");
	struct buffer content = { 0 };
	struct error err;

	assert_int_equal(file_read(path, 4, &content, &err), STATUS_NOT_FOUND);
	assert_int_equal(err.cause, ENOENT);
	assert_int_equal(file_read(*state, 4, &content, &err), STATUS_FAILED);
	assert_int_equal(err.cause, EISDIR);
	assert_null(content.data);
}

static void test_file_write_all_to_a_full_device_says_why(void **state)
{
	AUTO_CLOSE full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct error err;

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(file_write_all(full, "/dev/full", "x", 1, &err), STATUS_FAILED);
	assert_string_equal(err.cause_name, "ENOSPC");
	assert_int_equal(file_write_all(full, "/dev/full", NULL, 0, &err), STATUS_OK);
}

static void test_file_join_puts_one_slash(void **state)
{
	AUTO_FREE char *plain = file_join("a", "b");
	AUTO_FREE char *slash = file_join("a/", "b");
	AUTO_FREE char *root = file_join("/", "b");

	(void)state;
	assert_string_equal(plain, "a/b");
	assert_string_equal(slash, "a/b");
	assert_string_equal(root, "/b");
}

#define IN_FOLDER(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, base_folder_setup, base_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_file_write_then_read_gives_the_bytes_and_mode),
		IN_FOLDER(test_file_write_existing_is_kept_unless_replace),
		IN_FOLDER(test_file_write_into_a_missing_folder_is_not_found),
		IN_FOLDER(test_file_write_over_a_folder_fails_and_leaves_no_rest),
		IN_FOLDER(test_file_read_larger_than_the_maximum_keeps_the_buffer),
		IN_FOLDER(test_file_read_missing_is_not_found_and_folder_fails),
		cmocka_unit_test(test_file_write_all_to_a_full_device_says_why),
		cmocka_unit_test(test_file_join_puts_one_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
