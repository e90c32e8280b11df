/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: copies, comparison, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

#include "base_folder.h"

static char *write_secret(void *folder, mode_t mode, const void *data, size_t length)
{
	char *path = file_join(folder, "secret");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void test_secret_copy_is_terminated_and_apart(void **state)
{
	char password[] = "p\0ss";
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;

	(void)state;
	assert_int_equal(secret_copy(&secret, password, 4, &err), STATUS_OK);
	memset(password, 'x', sizeof(password));
	assert_int_equal(secret.length, 4);
	assert_memory_equal(secret.data, "p\0ss", 5);
	assert_false(secret_is_empty(&secret));
	secret_free(&secret);
	assert_null(secret.data);
	assert_true(secret_is_empty(&secret));
	secret_free(&secret);
	secret_free(NULL);
}

static void test_secret_new_is_zero_up_to_whole_pages(void **state)
{
	struct error err;

	(void)state;
	for (size_t length = 0; length < 3 * 4096; length += 1365) {
		AUTO_SECRET secret = SECRET_EMPTY;

		assert_int_equal(secret_new(&secret, length, &err), STATUS_OK);
		for (size_t i = 0; i <= length; i++)
			assert_int_equal(secret.data[i], 0);
	}
}

static void test_secret_new_of_an_impossible_size_leaves_the_old_one(void **state)
{
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;

	(void)state;
	assert_int_equal(secret_copy(&secret, "old", 3, &err), STATUS_OK);
	assert_int_equal(secret_new(&secret, SIZE_MAX, &err), STATUS_NO_MEMORY);
	assert_string_equal((char *)secret.data, "old");
}

static void test_secret_equal_compares_content_and_length(void **state)
{
	AUTO_SECRET one = SECRET_EMPTY;
	AUTO_SECRET two = SECRET_EMPTY;
	const struct secret none = SECRET_EMPTY;
	struct error err;

	(void)state;
	assert_true(secret_equal(&one, &two));
	assert_int_equal(secret_copy(&one, "abcd", 4, &err), STATUS_OK);
	assert_false(secret_equal(&one, &none));
	assert_int_equal(secret_copy(&two, "abcd", 4, &err), STATUS_OK);
	assert_true(secret_equal(&one, &two));
	two.data[3] = 'e';
	assert_false(secret_equal(&one, &two));
	secret_free(&two);
	assert_int_equal(secret_copy(&two, "abc", 3, &err), STATUS_OK);
	assert_false(secret_equal(&one, &two));
}

static void test_secret_move_leaves_the_source_empty(void **state)
{
	AUTO_SECRET from = SECRET_EMPTY;
	AUTO_SECRET to = SECRET_EMPTY;
	struct error err;

	(void)state;
	assert_int_equal(secret_copy(&from, "new", 3, &err), STATUS_OK);
	assert_int_equal(secret_copy(&to, "old", 3, &err), STATUS_OK);
	secret_move(&to, &from);
	assert_string_equal((char *)to.data, "new");
	assert_true(secret_is_empty(&from));
	secret_move(&to, &to);
	assert_string_equal((char *)to.data, "new");
}

static void test_secret_read_file_drops_one_newline(void **state)
{
	static const struct {
		const char *content;
		const char *secret;
	} cases[] = {
		{ "pass\n", "pass" },     { "pass\r\n", "pass" }, { "pass", "pass" },
		{ "pass\n\n", "pass\n" }, { "\n", "" },           { "", "" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *path =
			write_secret(*state, 0600, cases[i].content, strlen(cases[i].content));
		AUTO_SECRET secret = SECRET_EMPTY;
		struct error err;

		assert_int_equal(secret_read_file(&secret, path, &err), STATUS_OK);
		assert_string_equal((char *)secret.data, cases[i].secret);
		assert_int_equal(secret.length, strlen(cases[i].secret));
	}
}

static void test_secret_read_file_up_to_64_kib(void **state)
{
	static unsigned char content[64 * 1024 + 1];
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;

	memset(content, 'k', sizeof(content));
	AUTO_FREE char *path = write_secret(*state, 0600, content, sizeof(content));
	assert_int_equal(secret_read_file(&secret, path, &err), STATUS_TOO_LARGE);
	assert_null(secret.data);
	AUTO_FREE char *again = write_secret(*state, 0600, content, sizeof(content) - 1);
	assert_int_equal(secret_read_file(&secret, again, &err), STATUS_OK);
	assert_int_equal(secret.length, 64 * 1024);
}

static void test_secret_read_file_writable_by_all_is_refused(void **state)
{
	AUTO_FREE char *path = write_secret(*state, 0602, "topsecret", 9);
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;

	assert_int_equal(secret_read_file(&secret, path, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "0602"));
	assert_null(strstr(err.message, "topsecret"));
	assert_null(secret.data);
}

static void test_secret_read_file_missing_is_not_found(void **state)
{
	AUTO_FREE char *path = file_join(*state, "missing");
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;

	assert_int_equal(secret_read_file(&secret, path, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.path, path);
}

static void test_secret_read_file_dash_is_standard_input(void **state)
{
	AUTO_FREE char *path = write_secret(*state, 0600, "piped\n", 6);
	AUTO_SECRET secret = SECRET_EMPTY;
	struct error err;
	int before = dup(STDIN_FILENO);

	assert_non_null(freopen(path, "r", stdin));
	assert_int_equal(secret_read_file(&secret, "-", &err), STATUS_OK);
	assert_string_equal((char *)secret.data, "piped");
	if (before >= 0) {
		assert_int_equal(dup2(before, STDIN_FILENO), STDIN_FILENO);
		(void)close(before);
	}
}

#define IN_FOLDER(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, base_folder_setup, base_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_copy_is_terminated_and_apart),
		cmocka_unit_test(test_secret_new_is_zero_up_to_whole_pages),
		cmocka_unit_test(test_secret_new_of_an_impossible_size_leaves_the_old_one),
		cmocka_unit_test(test_secret_equal_compares_content_and_length),
		cmocka_unit_test(test_secret_move_leaves_the_source_empty),
		IN_FOLDER(test_secret_read_file_drops_one_newline),
		IN_FOLDER(test_secret_read_file_up_to_64_kib),
		IN_FOLDER(test_secret_read_file_writable_by_all_is_refused),
		IN_FOLDER(test_secret_read_file_missing_is_not_found),
		IN_FOLDER(test_secret_read_file_dash_is_standard_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
