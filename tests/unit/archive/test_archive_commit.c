/* SPDX-License-Identifier: Apache-2.0 */
/* COMMIT. */
#include <string.h>

#include "archive_record_fixture.h"

#define ONES "0101010101010101010101010101010101010101010101010101010101010101"
#define TWOS "0202020202020202020202020202020202020202020202020202020202020202"

static const char text[] =
	"{\"format\":\"infrabackup-1\",\"backupId\":\"00112233-4455-6677-8899-aabbccddeeff\","
	"\"sequence\":9,\"backupSha256\":\"" ONES "\",\"signatureSha256\":\"" TWOS "\"}";

static void test_commit_write_and_parse_are_as_the_format_says(void **state)
{
	struct archive_commit commit = {
		.backup_id = "00112233-4455-6677-8899-aabbccddeeff",
		.sequence = 9,
	};
	struct archive_commit found;
	struct buffer out = { 0 };

	(void)state;
	memset(commit.record_sha256, 1, SHA256_SIZE);
	memset(commit.signature_sha256, 2, SHA256_SIZE);
	assert_int_equal(archive_commit_write(&commit, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, text);
	assert_int_equal(archive_commit_parse(out.data, out.length, &found, NULL), STATUS_OK);
	assert_string_equal(found.backup_id, commit.backup_id);
	assert_int_equal(found.sequence, 9);
	assert_memory_equal(found.record_sha256, commit.record_sha256, SHA256_SIZE);
	assert_memory_equal(found.signature_sha256, commit.signature_sha256, SHA256_SIZE);
	buffer_done(&out);
}

static void test_commit_parse_odd_values_are_integrity(void **state)
{
	static const char *const cases[][2] = {
		{ ":9,", ":0," },
		{ "\"sequence\":9,", "" },
		{ "\"sequence\":9,", "\"sequence\":9,\"x\":1," },
		{ "0101", "01" },
		{ "infrabackup-1", "infrabackup" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *odd = record_fixture_replace(text, cases[i][0], cases[i][1]);
		struct archive_commit found;

		assert_int_equal(archive_commit_parse(odd, strlen(odd), &found, NULL),
				 STATUS_INTEGRITY);
	}
}

static void test_commit_parse_larger_than_allowed_is_integrity(void **state)
{
	AUTO_FREE char *large = calloc(1, ARCHIVE_SMALL_FILE_MAX + 1);
	struct archive_commit found;

	(void)state;
	assert_non_null(large);
	memset(large, ' ', ARCHIVE_SMALL_FILE_MAX + 1);
	memcpy(large, text, strlen(text));
	assert_int_equal(archive_commit_parse(large, ARCHIVE_SMALL_FILE_MAX, &found, NULL),
			 STATUS_OK);
	assert_int_equal(archive_commit_parse(large, ARCHIVE_SMALL_FILE_MAX + 1, &found, NULL),
			 STATUS_INTEGRITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_write_and_parse_are_as_the_format_says),
		cmocka_unit_test(test_commit_parse_odd_values_are_integrity),
		cmocka_unit_test(test_commit_parse_larger_than_allowed_is_integrity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
