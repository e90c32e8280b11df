/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the directory driver when the system interrupts, shortens or refuses. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#include "share_folder.h"
#include "share_system.h"
#include "share_cmocka.h"

ssize_t write(int descriptor, const void *data, size_t length)
{
	if (system_is_written(descriptor) && system_strikes("write")) {
		if (system_plan.cause != 0)
			return -1;
		length = (length + 1) / 2;
	}
	return syscall(SYS_write, descriptor, data, length);
}

ssize_t pread(int descriptor, void *data, size_t length, off_t offset)
{
	if (system_strikes("pread")) {
		if (system_plan.cause != 0)
			return -1;
		length = (length + 1) / 2;
	}
	return syscall(SYS_pread64, descriptor, data, length, offset);
}

int fsync(int descriptor)
{
	if (system_strikes(system_is_folder(descriptor) ? "fsync folder" : "fsync file"))
		return -1;
	return (int)syscall(SYS_fsync, descriptor);
}

int close(int descriptor)
{
	bool strikes = system_is_written(descriptor) && system_strikes("close");
	int result = (int)syscall(SYS_close, descriptor);

	if (strikes)
		errno = system_plan.cause;
	return strikes ? -1 : result;
}

struct opened {
	void *folder;
	struct share_folder_options options;
	struct share *share;
	struct error err;
};

static int setup(void **state)
{
	struct opened *opened = calloc(1, sizeof(*opened));
	struct share_registry registry;

	if (opened == NULL || share_folder_setup(&opened->folder) != 0)
		return -1;
	share_folder_options(&opened->options, opened->folder);
	share_registry_init(&registry);
	*state = opened;
	return share_open(&registry, &opened->options.options, &opened->share, NULL) == STATUS_OK
		       ? 0
		       : -1;
}

static int teardown(void **state)
{
	struct opened *opened = *state;

	system_fail(NULL, 0, 0);
	share_close(opened->share);
	int result = share_folder_teardown(&opened->folder);
	free(opened);
	return result;
}

static void expect_content(struct opened *opened, const char *name, const char *expected)
{
	struct buffer content;

	buffer_init(&content, 0);
	assert_int_equal(share_get(opened->share, name, 1000, &content, NULL), STATUS_OK);
	assert_string_equal((const char *)content.data, expected);
	buffer_done(&content);
}

static void test_directory_write_interrupted_goes_on(void **state)
{
	struct opened *opened = *state;

	system_fail("write", 3, EINTR);
	assert_int_equal(share_put(opened->share, "file", "0123456789", 10, NULL), STATUS_OK);
	assert_int_equal(system_plan.times, 0);
	expect_content(opened, "file", "0123456789");
}

static void test_directory_write_short_goes_on(void **state)
{
	struct opened *opened = *state;

	system_fail("write", 3, 0);
	assert_int_equal(share_put(opened->share, "file", "0123456789", 10, NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 4);
	expect_content(opened, "file", "0123456789");
}

static void test_directory_read_interrupted_and_short_goes_on(void **state)
{
	struct opened *opened = *state;

	static const int causes[] = { EINTR, 0 };
	struct share_file *file;

	assert_int_equal(share_put(opened->share, "file", "0123456789", 10, NULL), STATUS_OK);
	assert_int_equal(share_open_read(opened->share, "file", &file, NULL, NULL), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(causes); i++) {
		char data[10] = "";
		size_t got;

		system_fail("pread", 3, causes[i]);
		assert_int_equal(share_read(file, 0, data, sizeof(data), &got, NULL), STATUS_OK);
		assert_int_equal(got, sizeof(data));
		assert_memory_equal(data, "0123456789", sizeof(data));
		assert_int_equal(system_plan.times, 0);
	}
	assert_int_equal(share_close_file(file, NULL), STATUS_OK);
}

struct meaning {
	int cause;
	const char *name;
	enum status status;
};

static const struct meaning meanings[] = {
	{ ENOSPC, "ENOSPC", STATUS_SHARE_FULL },
	{ EDQUOT, "EDQUOT", STATUS_SHARE_FULL },
	{ EIO, "EIO", STATUS_SHARE_READ_WRITE },
	{ EACCES, "EACCES", STATUS_SHARE_READ_WRITE },
	{ EPERM, "EPERM", STATUS_SHARE_READ_WRITE },
	{ EROFS, "EROFS", STATUS_SHARE_READ_WRITE },
	{ EFBIG, "EFBIG", STATUS_SHARE_READ_WRITE },
	{ ETIMEDOUT, "ETIMEDOUT", STATUS_SHARE_CONNECTION },
	{ EHOSTDOWN, "EHOSTDOWN", STATUS_SHARE_CONNECTION },
	{ ECONNRESET, "ECONNRESET", STATUS_SHARE_CONNECTION },
	{ ENOTCONN, "ENOTCONN", STATUS_SHARE_CONNECTION },
	{ ESTALE, "ESTALE", STATUS_SHARE_CONNECTION },
	{ EKEYEXPIRED, "EKEYEXPIRED", STATUS_SHARE_AUTHENTICATION },
	{ ENOMEM, "ENOMEM", STATUS_NO_MEMORY },
};

static void test_directory_errno_gives_class_and_evidence(void **state)
{
	static const char *const functions[] = { "write", "fsync file", "close", "pread" };
	struct opened *opened = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(meanings) * ARRAY_LENGTH(functions); i++) {
		const struct meaning *meaning = &meanings[i / ARRAY_LENGTH(functions)];

		system_fail(functions[i % ARRAY_LENGTH(functions)], 1, meaning->cause);
		assert_int_equal(share_put(opened->share, "file", "x", 1, &opened->err),
				 meaning->status);
		assert_int_equal(opened->err.cause, meaning->cause);
		assert_string_equal(opened->err.cause_name, meaning->name);
		assert_non_null(strstr(opened->err.path, SHARE_TEMPORARY_PREFIX));
		assert_string_not_equal(opened->err.step, "");
		/* Nothing is left behind, under either name. */
		assert_int_equal(rmdir(opened->folder), 0);
		assert_int_equal(mkdir(opened->folder, 0700), 0);
		share_close(opened->share);
		struct share_registry registry;
		share_registry_init(&registry);
		assert_int_equal(
			share_open(&registry, &opened->options.options, &opened->share, NULL),
			STATUS_OK);
	}
}

static void test_directory_close_interrupted_is_a_failure(void **state)
{
	struct opened *opened = *state;

	system_fail("close", 1, EINTR);
	assert_int_equal(share_put(opened->share, "file", "x", 1, &opened->err),
			 STATUS_SHARE_READ_WRITE);
	assert_string_equal(opened->err.step, "close file");
}

static void test_directory_flush_syncs_file_and_its_folder_once(void **state)
{
	struct opened *opened = *state;
	struct share_file *file;

	assert_int_equal(share_create(opened->share, "file", &file, NULL), STATUS_OK);
	system_fail("fsync file", 0, 0);
	assert_int_equal(share_write(file, "x", 1, NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 0);
	assert_int_equal(share_flush(file, NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 1);
	system_fail("fsync file", 2, EINTR);
	assert_int_equal(share_flush(file, NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 3);
	system_fail("fsync folder", 0, 0);
	assert_int_equal(share_flush(file, NULL), STATUS_OK);
	assert_int_equal(system_plan.calls, 0);
	assert_int_equal(share_close_file(file, NULL), STATUS_OK);
	assert_int_equal(share_put(opened->share, "other", "x", 1, NULL), STATUS_OK);
	assert_true(system_plan.calls >= 2);
}

static void test_directory_flush_of_folders_that_cannot_is_no_error(void **state)
{
	static const int causes[] = { EINVAL, ENOTSUP, ENOENT, EACCES, EPERM, EBADF, ENOSYS };
	struct opened *opened = *state;
	char name[] = "folder-0";

	for (size_t i = 0; i < ARRAY_LENGTH(causes); i++) {
		name[sizeof(name) - 2] = (char)('0' + i);
		system_fail("fsync folder", 100, causes[i]);
		assert_int_equal(share_make_directory(opened->share, name, NULL), STATUS_OK);
		assert_true(system_plan.calls > 0);
	}
	assert_int_equal(share_put(opened->share, "file", "x", 1, NULL), STATUS_OK);
}

static void test_directory_flush_of_folder_that_fails_is_reported(void **state)
{
	struct opened *opened = *state;

	system_fail("fsync folder", 1, EIO);
	assert_int_equal(share_make_directory(opened->share, "folder", &opened->err),
			 STATUS_SHARE_READ_WRITE);
	assert_string_equal(opened->err.step, "flush folder");
	system_fail("fsync folder", 1, EHOSTDOWN);
	assert_int_equal(share_put(opened->share, "file", "x", 1, NULL), STATUS_SHARE_CONNECTION);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_directory_write_interrupted_goes_on),
		TEST(test_directory_write_short_goes_on),
		TEST(test_directory_read_interrupted_and_short_goes_on),
		TEST(test_directory_errno_gives_class_and_evidence),
		TEST(test_directory_close_interrupted_is_a_failure),
		TEST(test_directory_flush_syncs_file_and_its_folder_once),
		TEST(test_directory_flush_of_folders_that_cannot_is_no_error),
		TEST(test_directory_flush_of_folder_that_fails_is_reported),
	};

	return cmocka_run_group_tests_name("share_directory_file", tests, NULL, NULL);
}
