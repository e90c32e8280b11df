/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Reading ahead: requests are in flight between calls, and what is read is what the file has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/share/share_smb_private.h"
#include "fake/smbd_leak.h"
#include "share_smb_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define MIB ((size_t)1 << 20)
#define SIZE (12 * MIB + 4321)

static const struct share_driver *const driver = &share_smb_driver;

struct fixture {
	struct smbd_private_options options;
	unsigned char *content;
	unsigned char *read;
	void *share;
};

/* Each place has other bytes than its neighbours. */
static void fill(unsigned char *data, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
		data[i] = (unsigned char)(seed + i + i / 251 + i / MIB);
}

/* Behind the share's back. */
static void store(const char *name, const unsigned char *data, size_t length)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/data/%s", share_smb_server.folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void cut(const char *name, size_t length)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/data/%s", share_smb_server.folder, name);
	assert_int_equal(truncate(path, (off_t)length), 0);
}

static int start(void **state)
{
	static struct fixture fixture;

	fixture.content = malloc(SIZE);
	fixture.read = malloc(SIZE);
	fill(fixture.content, SIZE, 7);
	store("content", fixture.content, SIZE);
	smbd_private_options(&fixture.options, &share_smb_server, "data", "");
	*state = &fixture;
	return driver->open(NULL, &fixture.options.options, &fixture.share, NULL) == STATUS_OK ? 0
											       : -1;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	driver->close(fixture->share);
	smbd_private_options_done(&fixture->options);
	free(fixture->content);
	free(fixture->read);
	return 0;
}

static void *open_file(struct fixture *fixture, const char *name)
{
	void *file = NULL;
	uint64_t size = 0;

	assert_int_equal(driver->open_read(fixture->share, name, &file, &size, NULL), STATUS_OK);
	return file;
}

static size_t read_at(struct fixture *fixture, void *file, size_t offset, size_t length)
{
	size_t got = 0;

	assert_int_equal(driver->read(file, offset, fixture->read, length, &got, NULL), STATUS_OK);
	return got;
}

static void expect(struct fixture *fixture, void *file, size_t offset, size_t length)
{
	size_t there = offset >= SIZE ? 0 : SIZE - offset < length ? SIZE - offset : length;

	memset(fixture->read, 0, length);
	assert_int_equal(read_at(fixture, file, offset, length), there);
	assert_memory_equal(fixture->read, fixture->content + offset, there);
}

static size_t in_flight_or_there(const void *file)
{
	return ((const struct smb_file *)file)->ahead.count;
}

static void test_smb_ahead_whole_file_in_pieces_of_any_size_is_what_it_is(void **state)
{
	static const size_t pieces[] = { 1000, 65536, MIB - 1, MIB, 3 * MIB + 77, 9 * MIB };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
		void *file = open_file(fixture, "content");
		size_t end = pieces[i] < MIB / 2 ? MIB * 3 / 2 : SIZE + pieces[i];

		for (size_t at = 0; at < end && at <= SIZE; at += pieces[i])
			expect(fixture, file, at, pieces[i]);
		assert_int_equal(driver->close_file(file, NULL), STATUS_OK);
	}
}

static void test_smb_ahead_begins_with_the_second_call_and_ends_with_the_file(void **state)
{
	struct fixture *fixture = *state;
	void *file = open_file(fixture, "content");

	expect(fixture, file, 0, MIB);
	assert_int_equal(in_flight_or_there(file), 0);
	expect(fixture, file, MIB, MIB);
	assert_int_equal(in_flight_or_there(file), SMB_AHEAD_PARTS);
	expect(fixture, file, 2 * MIB, 9 * MIB);
	assert_int_equal(in_flight_or_there(file), 2);
	expect(fixture, file, 11 * MIB, 2 * MIB);
	assert_int_equal(in_flight_or_there(file), 0);
	assert_int_equal(driver->close_file(file, NULL), STATUS_OK);
}

static void test_smb_ahead_jumps_forget_what_was_asked_for(void **state)
{
	static const size_t jumps[] = {
		0, 5 * MIB + 3, 100, 11 * MIB, 6 * MIB, SIZE - 10, SIZE + 5
	};
	struct fixture *fixture = *state;
	void *file = open_file(fixture, "content");

	for (size_t i = 0; i < ARRAY_LENGTH(jumps); i++) {
		expect(fixture, file, jumps[i], MIB / 4);
		expect(fixture, file, jumps[i] + MIB / 4, MIB / 4);
	}
	assert_int_equal(driver->close_file(file, NULL), STATUS_OK);
}

static void test_smb_ahead_several_files_and_other_calls_do_not_mix(void **state)
{
	struct fixture *fixture = *state;
	void *files[] = { open_file(fixture, "content"), open_file(fixture, "content"),
			  open_file(fixture, "content") };
	struct share_space space;

	for (size_t at = 0; at < 8 * MIB; at += MIB / 2) {
		expect(fixture, files[0], at, MIB / 2);
		expect(fixture, files[1], at / 2, MIB / 4);
		expect(fixture, files[2], 9 * MIB - at, MIB + 9);
		assert_int_equal(driver->free_space(fixture->share, &space, NULL), STATUS_OK);
	}
	/* With replies to come. */
	assert_true(in_flight_or_there(files[0]) > 0);
	assert_int_equal(driver->close_file(files[0], NULL), STATUS_OK);
	expect(fixture, files[1], 4 * MIB, 2 * MIB);
	assert_int_equal(driver->close_file(files[1], NULL), STATUS_OK);
	assert_int_equal(driver->close_file(files[2], NULL), STATUS_OK);
}

static void test_smb_ahead_file_cut_short_ends_where_it_ends(void **state)
{
	struct fixture *fixture = *state;

	store("cut", fixture->content, SIZE);
	void *file = open_file(fixture, "cut");
	cut("cut", 4 * MIB + 5);
	expect(fixture, file, 0, MIB);
	expect(fixture, file, MIB, MIB);
	assert_int_equal(read_at(fixture, file, 2 * MIB, 8 * MIB), 2 * MIB + 5);
	assert_memory_equal(fixture->read, fixture->content + 2 * MIB, 2 * MIB + 5);
	assert_int_equal(read_at(fixture, file, 4 * MIB + 5, MIB), 0);
	assert_int_equal(driver->close_file(file, NULL), STATUS_OK);
}

static void test_smb_ahead_file_that_grew_is_read_to_its_end(void **state)
{
	struct fixture *fixture = *state;

	store("grown", fixture->content, 3 * MIB);
	void *file = open_file(fixture, "grown");
	store("grown", fixture->content, SIZE);
	for (size_t at = 0; at < SIZE; at += MIB)
		expect(fixture, file, at, MIB);
	assert_int_equal(driver->close_file(file, NULL), STATUS_OK);
}

#define AHEAD_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AHEAD_TEST(test_smb_ahead_whole_file_in_pieces_of_any_size_is_what_it_is),
		AHEAD_TEST(test_smb_ahead_begins_with_the_second_call_and_ends_with_the_file),
		AHEAD_TEST(test_smb_ahead_jumps_forget_what_was_asked_for),
		AHEAD_TEST(test_smb_ahead_several_files_and_other_calls_do_not_mix),
		AHEAD_TEST(test_smb_ahead_file_cut_short_ends_where_it_ends),
		AHEAD_TEST(test_smb_ahead_file_that_grew_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, share_smb_setup, share_smb_teardown);
}
