/* SPDX-License-Identifier: Apache-2.0 */
/* Records that somebody made up: order, lengths and values. */
#include <string.h>

#include "archive_manifest_fixture.h"

#define ENTRY_NUMBERS 42 /* bytes of an entry before its path */

/* One segment of made-up records. */
static enum status read_plain(const struct buffer *plain, size_t *count)
{
	struct fixture_file file = { 0 };
	AUTO_SECRET key = SECRET_EMPTY;

	fixture_secret(&key, MANIFEST_FIXTURE_KEY);
	fixture_manifest_begin(&file);
	fixture_manifest_segment(&file, &key, 0, true, plain->data, plain->length);
	enum status status = manifest_fixture_read(&file, count);
	fixture_file_done(&file);
	return status;
}

static void test_manifest_grammar_is_kept(void **state)
{
	static const struct {
		const char *types;
		bool is_good;
	} cases[] = {
		{ "17", true },          { "1267", true },
		{ "12367", true },       { "1284567", true },
		{ "1238453626", false }, { "126267", true },
		{ "7", false },          { "1", false },
		{ "12", false },         { "127", false },
		{ "267", false },        { "1177", false },
		{ "12617", false },      { "1367", false },
		{ "1467", false },       { "12467", false },
		{ "12567", false },      { "1223667", false },
		{ "12867", false },      { "128467", false },
		{ "1283567", false },    { "1284527", false },
		{ "128456", false },     { "1234567", false },
		{ "12845567", false },   { "12845467", false },
		{ "1667", false },       { "126677", false },
		{ "177", false },        { "1277", false },
		{ "1287", false },       { "1288567", false },
		{ "12684567", false },   { "123845362845367", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct buffer plain = { .max = ARCHIVE_BLOCK_MAX };
		size_t count = 0;

		manifest_fixture_add(&plain, cases[i].types);
		enum status status = read_plain(&plain, &count);
		if ((status == STATUS_OK) != cases[i].is_good)
			print_error("records %s\n", cases[i].types);
		assert_int_equal(status, cases[i].is_good ? STATUS_OK : STATUS_INTEGRITY);
		if (cases[i].is_good)
			assert_int_equal(count, strlen(cases[i].types));
		buffer_done(&plain);
	}
}

/* Each record with its payload one byte shorter or longer. */
static void test_manifest_records_of_another_length_are_integrity(void **state)
{
	static const char *const records_before[] = {
		[1] = "",     [2] = "1",  [3] = "12", [4] = "128",
		[5] = "1284", [6] = "12", [7] = "1",  [8] = "12",
	};

	(void)state;
	for (size_t type = 1; type < ARRAY_LENGTH(manifest_fixture_payloads); type++) {
		for (int change = -1; change <= 1; change += 2) {
			struct buffer plain = { .max = ARCHIVE_BLOCK_MAX };
			char padded[256] = { 0 };
			size_t count = 0;
			const char *before = records_before[type];

			if (manifest_fixture_payloads[type].length == 0 && change < 0)
				continue;
			manifest_fixture_add(&plain, before);
			memcpy(padded, manifest_fixture_payloads[type].data,
			       manifest_fixture_payloads[type].length);
			fixture_record(
				&plain, type == 8 ? 3 : (uint8_t)type, padded,
				(size_t)((long)manifest_fixture_payloads[type].length + change));
			assert_int_equal(read_plain(&plain, &count), STATUS_INTEGRITY);
			assert_int_equal(count, strlen(before));
			buffer_done(&plain);
		}
	}
}

/* A good sequence in which one byte or number of one record is made impossible. */
static void test_manifest_impossible_values_are_integrity(void **state)
{
	static const struct {
		const char *before; /* good records */
		size_t type;
		size_t place; /* in its payload */
		const char *bytes;
		size_t length;
	} cases[] = {
		{ "1", 2, 0, "\xff\xff\xff\xff", 4 }, /* length of the role's name */
		{ "1", 2, 0, "\x02\0\0\0", 4 },
		{ "1", 2, 4, "\0", 1 }, /* NUL in it */
		{ "1", 2, 4, "/", 1 },
		{ "1", 2, 4, ".", 1 },
		{ "1", 2, 10, "\x02", 1 }, /* essential */
		{ "12", 3, 0, "\0", 1 },   /* type */
		{ "12", 3, 0, "\x09", 1 },
		{ "12", 3, 0, "\x04", 1 }, /* hard link without target */
		{ "12", 3, 1, "\x04", 1 }, /* problem */
		{ "12", 3, 7, "\x10", 1 }, /* mode */
		{ "12", 3, ENTRY_NUMBERS, "\xff\xff\xff\xff", 4 },
		{ "12", 3, ENTRY_NUMBERS, "\xfa\xff\xff\x7f", 4 },
		{ "12", 3, ENTRY_NUMBERS, "\0\0\0\0", 4 },
		{ "12", 3, ENTRY_NUMBERS + 4, "\0", 1 },
		{ "12", 3, ENTRY_NUMBERS + 4, "/", 1 },
		{ "12", 3, ENTRY_NUMBERS + 5, "\x01", 1 }, /* has link */
		{ "12", 3, ENTRY_NUMBERS + 5, "\x02", 1 },
		{ "12", 3, ENTRY_NUMBERS + 6, "\x01", 1 }, /* attributes */
		{ "12", 3, ENTRY_NUMBERS + 6, "\xff\xff\xff\xff", 4 },
		{ "128", 4, 0, "\0", 1 }, /* extents */
		{ "128", 4, 0, "\x02", 1 },
		{ "128", 4, 0, "\x01\x10", 2 },
		{ "128", 4, 0, "\xff\xff\xff\xff", 4 },
		{ "128", 4, 16, "\0", 1 }, /* length */
		{ "128", 4, 16, "\x01\0\x10", 3 },
		{ "128", 4, 12, "\xfc\xff\x0f", 3 }, /* offset */
		{ "128", 4, 12, "\xff\xff\xff\xff", 4 },
		{ "128", 4, 4, "\xff\xff\xff\xff\x01", 5 }, /* hole */
		{ "128", 4, 4, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
		{ "128", 4, 4, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\x80", 16 },
		{ "1284", 5, 0, "\x04", 1 }, /* size */
		{ "1284", 5, 0, "\x06", 1 },
		{ "1284", 5, 7, "\x80", 1 },
		{ "1284", 5, 40, "\x04", 1 }, /* problem */
		{ "12844", 5, 40, "\x03", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct buffer plain = { .max = ARCHIVE_BLOCK_MAX };
		char payload[128];
		size_t count = 0;

		memcpy(payload, manifest_fixture_payloads[cases[i].type].data,
		       manifest_fixture_payloads[cases[i].type].length);
		memcpy(payload + cases[i].place, cases[i].bytes, cases[i].length);
		manifest_fixture_add(&plain, cases[i].before);
		fixture_record(&plain, (uint8_t)cases[i].type, payload,
			       manifest_fixture_payloads[cases[i].type].length);
		enum status status = read_plain(&plain, &count);
		if (status != STATUS_INTEGRITY || count != strlen(cases[i].before))
			print_error("case %zu: %d after %zu records\n", i, (int)status, count);
		assert_int_equal(status, STATUS_INTEGRITY);
		assert_int_equal(count, strlen(cases[i].before));
		buffer_done(&plain);
	}
}

static void test_manifest_records_over_the_segment_end_are_integrity(void **state)
{
	struct buffer plain = { .max = ARCHIVE_BLOCK_MAX };
	size_t count = 0;

	(void)state;
	manifest_fixture_add(&plain, "17");
	size_t length = plain.length;
	for (plain.length = 1; plain.length < length; plain.length++)
		assert_int_equal(read_plain(&plain, &count), STATUS_INTEGRITY);
	store_u32(plain.data + length - 4, UINT32_MAX);
	plain.length = length;
	assert_int_equal(read_plain(&plain, &count), STATUS_INTEGRITY);
	assert_int_equal(count, 1);
	buffer_done(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_grammar_is_kept),
		cmocka_unit_test(test_manifest_records_of_another_length_are_integrity),
		cmocka_unit_test(test_manifest_impossible_values_are_integrity),
		cmocka_unit_test(test_manifest_records_over_the_segment_end_are_integrity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
