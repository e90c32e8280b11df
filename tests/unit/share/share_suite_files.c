/* SPDX-License-Identifier: Apache-2.0 */
/* Suite: files and their content. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share_suite.h"
#include "share_suite_private.h"

#define PART ((size_t)4 << 20)

/* Bytes that differ from block to block, so that misplaced data shows. */
static void fill(unsigned char *data, size_t length, size_t offset)
{
	for (size_t i = 0; i < length; i++) {
		size_t at = offset + i;
		data[i] = (unsigned char)(at ^ at >> 8 ^ at >> 16 ^ at >> 24);
	}
}

static void test_share_create_existing_name_says_exists(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;

	share_suite_write(fixture, "taken", "old", 3);
	EXPECT(STATUS_EXISTS, share_create(fixture->share, share_suite_at(fixture, "taken").text,
					   &file, &fixture->err));
	assert_null(file);
	share_suite_expect_content(fixture, "taken", "old", 3);
}

static void test_share_create_existing_folder_says_exists(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;

	EXPECT(STATUS_EXISTS, share_create(fixture->share, fixture->folder, &file, &fixture->err));
}

static void test_share_create_missing_folder_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;

	EXPECT(STATUS_NOT_FOUND,
	       share_create(fixture->share, share_suite_at(fixture, "missing/file").text, &file,
			    &fixture->err));
	assert_string_not_equal(fixture->err.step, "");
	assert_string_not_equal(fixture->err.path, "");
}

static void test_share_open_read_missing_file_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;
	uint64_t size = 7;

	EXPECT(STATUS_NOT_FOUND,
	       share_open_read(fixture->share, share_suite_at(fixture, "missing").text, &file,
			       &size, &fixture->err));
	EXPECT(STATUS_NOT_FOUND,
	       share_open_read(fixture->share, share_suite_at(fixture, "missing/file").text, &file,
			       &size, &fixture->err));
	assert_null(file);
	assert_int_equal(size, 7);
}

static void test_share_open_read_folder_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;

	EXPECT(STATUS_NOT_FOUND,
	       share_open_read(fixture->share, fixture->folder, &file, NULL, &fixture->err));
}

static void test_share_write_nothing_makes_empty_file(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file;
	uint64_t size = 1;
	size_t got = 1;
	char byte;

	share_suite_write(fixture, "empty", "", 0);
	EXPECT(STATUS_OK, share_open_read(fixture->share, share_suite_at(fixture, "empty").text,
					  &file, &size, &fixture->err));
	EXPECT(STATUS_OK, share_read(file, 0, &byte, 1, &got, &fixture->err));
	assert_int_equal(size, 0);
	assert_int_equal(got, 0);
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
}

static void test_share_write_several_times_appends(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file;

	EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, "parts").text, &file,
				       &fixture->err));
	EXPECT(STATUS_OK, share_write(file, "one,", 4, &fixture->err));
	EXPECT(STATUS_OK, share_flush(file, &fixture->err));
	EXPECT(STATUS_OK, share_write(file, "two,", 4, &fixture->err));
	EXPECT(STATUS_OK, share_write(file, "", 0, &fixture->err));
	EXPECT(STATUS_OK, share_write(file, "three", 5, &fixture->err));
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
	share_suite_expect_content(fixture, "parts", "one,two,three", 13);
}

static void expect_range(struct share_suite_fixture *fixture, struct share_file *file,
			 uint64_t offset, size_t length, const char *expected)
{
	char data[16] = "";
	size_t got = 99;

	EXPECT(STATUS_OK, share_read(file, offset, data, length, &got, &fixture->err));
	assert_int_equal(got, strlen(expected));
	assert_memory_equal(data, expected, got);
}

static void test_share_read_ranges_gives_what_is_there(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file;
	uint64_t size;

	share_suite_write(fixture, "digits", "0123456789", 10);
	EXPECT(STATUS_OK, share_open_read(fixture->share, share_suite_at(fixture, "digits").text,
					  &file, &size, &fixture->err));
	assert_int_equal(size, 10);
	expect_range(fixture, file, 0, 10, "0123456789");
	expect_range(fixture, file, 4, 3, "456");
	expect_range(fixture, file, 0, 1, "0");
	expect_range(fixture, file, 8, 5, "89");
	expect_range(fixture, file, 10, 5, "");
	expect_range(fixture, file, 1000, 5, "");
	expect_range(fixture, file, 2, 0, "");
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
}

/* Read with a step that fits neither the driver's nor the wrapper's parts. */
static void expect_pattern(struct share_suite_fixture *fixture, struct share_file *file,
			   size_t total)
{
	const size_t step = PART + 4097;
	AUTO_FREE unsigned char *data = malloc(step);
	AUTO_FREE unsigned char *expected = malloc(step);
	size_t at = 0;

	while (at < total) {
		size_t got;

		EXPECT(STATUS_OK, share_read(file, at, data, step, &got, &fixture->err));
		assert_int_equal(got, total - at < step ? total - at : step);
		fill(expected, got, at);
		assert_true(memcmp(data, expected, got) == 0);
		at += got;
	}
}

static void test_share_write_64_mib_reads_back_equal(void **state)
{
	struct share_suite_fixture *fixture = *state;
	const size_t total = (size_t)64 << 20;
	const size_t step = PART * 2 + 12345;
	AUTO_FREE unsigned char *data = malloc(step);
	struct share_file *file;
	uint64_t size;

	EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, "large").text, &file,
				       &fixture->err));
	for (size_t at = 0; at < total; at += step) {
		size_t length = total - at < step ? total - at : step;

		fill(data, length, at);
		EXPECT(STATUS_OK, share_write(file, data, length, &fixture->err));
	}
	EXPECT(STATUS_OK, share_flush(file, &fixture->err));
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
	EXPECT(STATUS_OK, share_open_read(fixture->share, share_suite_at(fixture, "large").text,
					  &file, &size, &fixture->err));
	assert_int_equal(size, total);
	expect_pattern(fixture, file, total);
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
}

static void test_share_write_two_files_at_once_keeps_them_apart(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *left;
	struct share_file *right;

	EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, "left").text, &left,
				       &fixture->err));
	EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, "right").text,
				       &right, &fixture->err));
	EXPECT(STATUS_OK, share_write(left, "le", 2, &fixture->err));
	EXPECT(STATUS_OK, share_write(right, "ri", 2, &fixture->err));
	EXPECT(STATUS_OK, share_write(left, "ft", 2, &fixture->err));
	EXPECT(STATUS_OK, share_close_file(left, &fixture->err));
	EXPECT(STATUS_OK, share_write(right, "ght", 3, &fixture->err));
	EXPECT(STATUS_OK, share_close_file(right, &fixture->err));
	share_suite_expect_content(fixture, "left", "left", 4);
	share_suite_expect_content(fixture, "right", "right", 5);
}

static void test_share_put_then_get_gives_same_bytes(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_OK, share_put(fixture->share, share_suite_at(fixture, "note").text, "a\0b", 3,
				    &fixture->err));
	share_suite_expect_content(fixture, "note", "a\0b", 3);
	EXPECT(STATUS_OK, share_put(fixture->share, share_suite_at(fixture, "none").text, "", 0,
				    &fixture->err));
	share_suite_expect_content(fixture, "none", "", 0);
	assert_int_equal(share_suite_count(fixture, fixture->folder), 2);
}

static void test_share_put_existing_name_changes_nothing(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "note", "old", 3);
	EXPECT(STATUS_EXISTS, share_put(fixture->share, share_suite_at(fixture, "note").text,
					"new!", 4, &fixture->err));
	share_suite_expect_content(fixture, "note", "old", 3);
	assert_int_equal(share_suite_count(fixture, fixture->folder), 1);
}

static void test_share_put_missing_folder_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_NOT_FOUND,
	       share_put(fixture->share, share_suite_at(fixture, "missing/note").text, "x", 1,
			 &fixture->err));
}

static void test_share_get_over_max_says_too_large(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct buffer content;

	buffer_init(&content, 10);
	assert_int_equal(buffer_append_text(&content, "kept", NULL), STATUS_OK);
	share_suite_write(fixture, "ten", "0123456789", 10);
	EXPECT(STATUS_TOO_LARGE, share_get(fixture->share, share_suite_at(fixture, "ten").text, 9,
					   &content, &fixture->err));
	assert_int_equal(content.length, 4);
	EXPECT(STATUS_OK, share_get(fixture->share, share_suite_at(fixture, "ten").text, 10,
				    &content, &fixture->err));
	assert_string_equal((const char *)content.data, "0123456789");
	EXPECT(STATUS_NOT_FOUND, share_get(fixture->share, share_suite_at(fixture, "none").text, 9,
					   &content, &fixture->err));
	buffer_done(&content);
}

struct worker {
	struct share_suite_fixture *fixture;
	unsigned number;
	enum status status;
	struct error err;
};

/* No assertions here: cmocka's only work on the main thread. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	struct share_options options = worker->fixture->options;
	struct share *share;
	struct buffer content;
	char name[96];
	char text[128];

	buffer_init(&content, 0);
	worker->status = share_open(worker->fixture->registry, &options, &share, &worker->err);
	if (worker->status != STATUS_OK)
		return NULL;
	for (unsigned i = 0; worker->status == STATUS_OK && i < 25; i++) {
		(void)snprintf(name, sizeof(name), "%s/%u-%u", worker->fixture->folder,
			       worker->number, i);
		(void)snprintf(text, sizeof(text), "content of %s", name);
		worker->status = share_put(share, name, text, strlen(text), &worker->err);
		if (worker->status == STATUS_OK)
			worker->status =
				share_get(share, name, sizeof(text), &content, &worker->err);
		if (worker->status == STATUS_OK && strcmp((char *)content.data, text) != 0)
			worker->status = STATUS_INTEGRITY;
	}
	share_close(share);
	buffer_done(&content);
	return NULL;
}

static void test_share_open_8_threads_work_independently(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct worker workers[8];
	pthread_t threads[8];

	for (unsigned i = 0; i < 8; i++) {
		workers[i] = (struct worker) { .fixture = fixture, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (unsigned i = 0; i < 8; i++) {
		fixture->err = workers[i].err;
		EXPECT(STATUS_OK, workers[i].status);
	}
	assert_int_equal(share_suite_count(fixture, fixture->folder), 8 * 25);
}

static const struct CMUnitTest tests[] = {
	SHARE_SUITE_TEST(test_share_create_existing_name_says_exists),
	SHARE_SUITE_TEST(test_share_create_existing_folder_says_exists),
	SHARE_SUITE_TEST(test_share_create_missing_folder_says_not_found),
	SHARE_SUITE_TEST(test_share_open_read_missing_file_says_not_found),
	SHARE_SUITE_TEST(test_share_open_read_folder_says_not_found),
	SHARE_SUITE_TEST(test_share_write_nothing_makes_empty_file),
	SHARE_SUITE_TEST(test_share_write_several_times_appends),
	SHARE_SUITE_TEST(test_share_read_ranges_gives_what_is_there),
	SHARE_SUITE_TEST(test_share_write_64_mib_reads_back_equal),
	SHARE_SUITE_TEST(test_share_write_two_files_at_once_keeps_them_apart),
	SHARE_SUITE_TEST(test_share_put_then_get_gives_same_bytes),
	SHARE_SUITE_TEST(test_share_put_existing_name_changes_nothing),
	SHARE_SUITE_TEST(test_share_put_missing_folder_says_not_found),
	SHARE_SUITE_TEST(test_share_get_over_max_says_too_large),
	SHARE_SUITE_TEST(test_share_open_8_threads_work_independently),
};

const struct share_suite_part share_suite_files = SHARE_SUITE_PART(tests);
