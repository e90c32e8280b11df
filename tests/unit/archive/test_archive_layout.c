/* SPDX-License-Identifier: Apache-2.0 */
/* Names on the share. */
#include <string.h>

#include "archive_fixture.h"

#define BACKUP_ID "00112233-4455-6677-8899-aabbccddeeff"

static void test_generation_name_pads_and_lowers(void **state)
{
	char name[ARCHIVE_GENERATION_SIZE];

	(void)state;
	archive_generation_name(1, "5C1B0E0FAABBCCDDEEFF00112233445566778899", name);
	assert_string_equal(name, "0001-5c1b0e0f");
	archive_generation_name(12345, "5C1B0E0FAABBCCDDEEFF00112233445566778899", name);
	assert_string_equal(name, "12345-5c1b0e0f");
}

static void test_generation_parse_takes_what_name_makes(void **state)
{
	static const unsigned numbers[] = { 1, 9999, 10000, UINT32_MAX };
	char name[ARCHIVE_GENERATION_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		unsigned number = 0;

		archive_generation_name(numbers[i], "ABCDEF01", name);
		assert_true(archive_generation_parse(name, &number));
		assert_int_equal(number, numbers[i]);
	}
}

static void test_generation_parse_refuses_everything_else(void **state)
{
	static const char *const names[] = {
		"",
		"0001",
		"0001-",
		"001-5c1b0e0f",
		"0000-5c1b0e0f",
		"00001-5c1b0e0f",
		"0001-5C1B0E0F",
		"0001-5c1b0e0",
		"0001-5c1b0e0f0",
		"0001-5c1b0e0g",
		"-001-5c1b0e0f",
		"4294967296-5c1b0e0f",
		"0001_5c1b0e0f",
		" 0001-5c1b0e0f",
		"99999999999999999999999-5c1b0e0f",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		unsigned number = 77;

		assert_false(archive_generation_parse(names[i], &number));
		assert_int_equal(number, 77);
	}
}

static void test_backup_folder_round_trip_keeps_sequence_and_id(void **state)
{
	static const uint64_t sequences[] = { 1, 99999999, 100000000, UINT64_MAX };
	char folder[ARCHIVE_FOLDER_SIZE];
	char id[GUID_TEXT_SIZE];

	(void)state;
	archive_backup_folder(1, INT64_C(1795238796123), BACKUP_ID, folder);
	assert_string_equal(folder, "00000001-20261121T052636Z-" BACKUP_ID);
	for (size_t i = 0; i < ARRAY_LENGTH(sequences); i++) {
		uint64_t sequence = 0;

		archive_backup_folder(sequences[i], 0, BACKUP_ID, folder);
		assert_true(archive_backup_folder_parse(folder, &sequence, id));
		assert_true(sequence == sequences[i]);
		assert_string_equal(id, BACKUP_ID);
	}
}

static void test_backup_folder_parse_refuses_everything_else(void **state)
{
	static const char *const folders[] = {
		"",
		"00000001",
		"00000001-20261121T052636Z",
		"00000001-20261121T052636Z-",
		"0000001-20261121T052636Z-" BACKUP_ID,
		"00000000-20261121T052636Z-" BACKUP_ID,
		"000000001-20261121T052636Z-" BACKUP_ID,
		"00000001-20261121T052636-" BACKUP_ID "0",
		"00000001-20261121x052636Z-" BACKUP_ID,
		"00000001-2026112AT052636Z-" BACKUP_ID,
		"00000001-20261121T052636Z-" BACKUP_ID "0",
		"00000001-20261121T052636Z-00112233-4455-6677-8899-AABBCCDDEEFF",
		"00000001-20261121T052636Z-00112233-4455-6677-8899-aabbccddeefg",
		"18446744073709551616-20261121T052636Z-" BACKUP_ID,
		".temporary-" BACKUP_ID,
	};
	char id[GUID_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
		uint64_t sequence = 0;

		assert_false(archive_backup_folder_parse(folders[i], &sequence, id));
	}
}

static void test_names_are_those_of_the_format(void **state)
{
	unsigned char digest[SHA256_SIZE];
	char name[ARCHIVE_NAME_SIZE];

	(void)state;
	memset(digest, 0xab, sizeof(digest));
	digest[0] = 0x0c;
	archive_certificate_name("AB12", name);
	assert_string_equal(name, "MASBackup/certificates/AB12.cer");
	archive_session_name("0001-5c1b0e0f", BACKUP_ID, name);
	assert_string_equal(name, "MASBackup/generations/0001-5c1b0e0f/sessions/" BACKUP_ID ".p7m");
	archive_pack_folder("0001-5c1b0e0f", digest, name);
	assert_string_equal(name, "MASBackup/generations/0001-5c1b0e0f/packs/0c");
	archive_pack_name("0001-5c1b0e0f", digest, name);
	assert_string_equal(name, "MASBackup/generations/0001-5c1b0e0f/packs/0c/"
				  "0cababababababababababababababababababababababababababababababab"
				  ".pack");
	archive_backup_file("00000001-x", ARCHIVE_COMMIT_FILE, name);
	assert_string_equal(name, "MASBackup/backups/00000001-x/COMMIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generation_name_pads_and_lowers),
		cmocka_unit_test(test_generation_parse_takes_what_name_makes),
		cmocka_unit_test(test_generation_parse_refuses_everything_else),
		cmocka_unit_test(test_backup_folder_round_trip_keeps_sequence_and_id),
		cmocka_unit_test(test_backup_folder_parse_refuses_everything_else),
		cmocka_unit_test(test_names_are_those_of_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
