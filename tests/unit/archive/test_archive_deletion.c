/* SPDX-License-Identifier: Apache-2.0 */
/* The marks of deletions. */
#include <string.h>

#include "archive_record_fixture.h"

#define ONES "0101010101010101010101010101010101010101010101010101010101010101"
#define TWOS "0202020202020202020202020202020202020202020202020202020202020202"
#define ID "00112233-4455-6677-8899-aabbccddeeff"
#define OLDER "11112233-4455-6677-8899-aabbccddeeff"
#define REPOSITORY "99112233-4455-6677-8899-aabbccddeeff"

#define HEAD                                                                                       \
	"{\"format\":\"infrabackup-1\",\"repositoryId\":\"" REPOSITORY "\",\"backup\":{"           \
	"\"backupId\":\"" ID "\",\"sequence\":9,\"sha256\":\"" ONES "\"},"                         \
	"\"deletedTime\":\"2026-11-21T05:26:36.123Z\",\"reason\":\"expired\",\"previous\":"
static const char text[] =
	HEAD "{\"backupId\":\"" OLDER "\",\"sequence\":4,\"sha256\":\"" TWOS "\"}}";
static const char first_text[] = HEAD "null}";

static struct archive_deletion sample(void)
{
	struct archive_deletion deletion = {
		.repository_id = REPOSITORY,
		.backup = { .backup_id = ID, .sequence = 9 },
		.deleted_time = 1795238796123,
		.reason = "expired",
		.has_previous = true,
		.previous = { .backup_id = OLDER, .sequence = 4 },
	};

	memset(deletion.backup.sha256, 1, SHA256_SIZE);
	memset(deletion.previous.sha256, 2, SHA256_SIZE);
	return deletion;
}

static void test_deletion_write_and_parse_are_as_the_format_says(void **state)
{
	struct archive_deletion deletion = sample();
	struct archive_deletion found;
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(archive_deletion_write(&deletion, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, text);
	assert_int_equal(archive_deletion_parse(out.data, out.length, &found, NULL), STATUS_OK);
	assert_string_equal(found.backup.backup_id, ID);
	assert_int_equal(found.backup.sequence, 9);
	assert_memory_equal(found.backup.sha256, deletion.backup.sha256, SHA256_SIZE);
	assert_int_equal(found.deleted_time, deletion.deleted_time);
	assert_true(found.has_previous);
	assert_string_equal(found.previous.backup_id, OLDER);
	assert_memory_equal(found.previous.sha256, deletion.previous.sha256, SHA256_SIZE);

	deletion.has_previous = false;
	assert_int_equal(archive_deletion_write(&deletion, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, first_text);
	assert_int_equal(archive_deletion_parse(out.data, out.length, &found, NULL), STATUS_OK);
	assert_false(found.has_previous);
	buffer_done(&out);
}

static void test_deletion_with_a_predecessor_that_is_not_older_is_refused(void **state)
{
	struct archive_deletion deletion = sample();
	struct archive_deletion found;
	struct buffer out = { 0 };
	AUTO_FREE char *odd = record_fixture_replace(text, "\"sequence\":4", "\"sequence\":9");

	(void)state;
	deletion.previous.sequence = 9;
	assert_int_equal(archive_deletion_write(&deletion, &out, NULL), STATUS_INVALID);
	assert_int_equal(archive_deletion_parse(odd, strlen(odd), &found, NULL), STATUS_INTEGRITY);
	buffer_done(&out);
}

static void test_deletion_parse_odd_values_are_integrity(void **state)
{
	static const char *const cases[][2] = {
		{ ":9,", ":0," },
		{ "\"sequence\":9,", "" },
		{ "\"sequence\":9,", "\"sequence\":9,\"x\":1," },
		{ "\"reason\":\"expired\",", "" },
		{ "\"reason\":\"expired\"",
		  "\"reason\":\"a reason that is far longer than there is room\"" },
		{ "0101", "01" },
		{ "T05:26", "X05:26" },
		{ "infrabackup-1", "infrabackup" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *odd = record_fixture_replace(text, cases[i][0], cases[i][1]);
		struct archive_deletion found;

		assert_int_equal(archive_deletion_parse(odd, strlen(odd), &found, NULL),
				 STATUS_INTEGRITY);
	}
}

static void test_deletion_names_are_as_the_format_says(void **state)
{
	static const char *const odd[] = {
		"9-" ID ".json",
		"00000009-" ID ".sig",
		"00000009-" ID,
		"00000009-" ID ".json.json",
		"00000000-" ID ".json",
		"000000009-" ID ".json",
		"00000009-00112233-4455-6677-8899-AABBCCDDEEFF.json",
		".temporary-" ID,
		"",
	};
	char name[ARCHIVE_NAME_SIZE], id[GUID_TEXT_SIZE];
	uint64_t sequence = 0;

	(void)state;
	archive_deletion_name(9, ID, name);
	assert_string_equal(name, "MASBackup/deletions/00000009-" ID ".json");
	assert_true(
		archive_deletion_parse_name(name + strlen(ARCHIVE_DELETIONS "/"), &sequence, id));
	assert_int_equal(sequence, 9);
	assert_string_equal(id, ID);
	archive_deletion_signature_name(123456789, ID, name);
	assert_string_equal(name, "MASBackup/deletions/123456789-" ID ".sig");
	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++)
		assert_false(archive_deletion_parse_name(odd[i], &sequence, id));
}

static void test_trashed_names_are_as_the_format_says(void **state)
{
	static const char folder[] = "00000009-20261121T052636Z-" ID;
	static const char *const odd[] = {
		folder,
		"20261331T052636Z-00000009-20261121T052636Z-" ID,
		"20261128T052636Z-",
		"20261128T052636Z-holiday",
		"20261128T052636Z",
		"20261128T052636Z-00000009-20261121T052636Z-" ID "x",
	};
	char name[ARCHIVE_TRASHED_SIZE];
	const char *rest = NULL;
	int64_t time = 0;

	(void)state;
	archive_trashed_folder(1795238796000, folder, name);
	assert_string_equal(name, "20261121T052636Z-00000009-20261121T052636Z-" ID);
	assert_true(archive_trashed_folder_parse(name, &time, &rest));
	assert_int_equal(time, 1795238796000);
	assert_string_equal(rest, folder);
	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++)
		assert_false(archive_trashed_folder_parse(odd[i], &time, &rest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deletion_write_and_parse_are_as_the_format_says),
		cmocka_unit_test(test_deletion_with_a_predecessor_that_is_not_older_is_refused),
		cmocka_unit_test(test_deletion_parse_odd_values_are_integrity),
		cmocka_unit_test(test_deletion_names_are_as_the_format_says),
		cmocka_unit_test(test_trashed_names_are_as_the_format_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
