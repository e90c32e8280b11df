/* SPDX-License-Identifier: Apache-2.0 */
/* The lease of a repository and the slots of its sequence numbers. */
#include <string.h>

#include "archive_record_fixture.h"
#include "infrabackup/archive/lease.h"

#define GUID_ONE "00112233-4455-6677-8899-aabbccddeeff"
#define GUID_TWO "10112233-4455-6677-8899-aabbccddeeff"
#define GUID_THREE "20112233-4455-6677-8899-aabbccddeeff"

static const char lease_text[] =
	"{\"format\":\"infrabackup-1\",\"number\":9,\"state\":\"held\",\"deploymentId\":\"" GUID_ONE
	"\",\"controllerId\":\"" GUID_TWO "\",\"instanceId\":\"" GUID_THREE
	"\",\"host\":\"first\",\"since\":\"1970-01-01T00:00:01Z\","
	"\"expires\":\"1970-01-01T00:10:00Z\"}";
static const char slot_text[] =
	"{\"format\":\"infrabackup-1\",\"sequence\":12,\"isBarred\":true,\"backupId\":\"" GUID_ONE
	"\",\"instanceId\":\"" GUID_TWO "\",\"host\":\"first\",\"time\":\"1970-01-01T00:00:01Z\"}";

static void test_lease_write_and_parse_are_as_the_format_says(void **state)
{
	struct archive_lease found;
	const struct archive_lease lease = {
		.number = 9,
		.state = "held",
		.deployment_id = GUID_ONE,
		.controller_id = GUID_TWO,
		.instance_id = GUID_THREE,
		.host = "first",
		.since = 1000,
		.expires = 600000,
	};
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(archive_lease_write(&lease, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, lease_text);
	assert_int_equal(archive_lease_parse(out.data, out.length, &found, NULL), STATUS_OK);
	assert_int_equal(found.number, 9);
	assert_int_equal(archive_lease_state_of(&found), ARCHIVE_LEASE_HELD);
	assert_string_equal(found.instance_id, GUID_THREE);
	assert_string_equal(found.host, "first");
	assert_int_equal(found.since, 1000);
	assert_int_equal(found.expires, 600000);
	buffer_done(&out);
}

static void test_slot_write_and_parse_are_as_the_format_says(void **state)
{
	struct archive_slot found;
	const struct archive_slot slot = {
		.sequence = 12,
		.is_barred = true,
		.backup_id = GUID_ONE,
		.instance_id = GUID_TWO,
		.host = "first",
		.time = 1000,
	};
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(archive_slot_write(&slot, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, slot_text);
	assert_int_equal(archive_slot_parse(out.data, out.length, &found, NULL), STATUS_OK);
	assert_int_equal(found.sequence, 12);
	assert_true(found.is_barred);
	assert_string_equal(found.backup_id, GUID_ONE);
	buffer_done(&out);
}

static void test_lease_parse_odd_values_are_integrity(void **state)
{
	static const char *const cases[][2] = {
		{ ":9,", ":0," },
		{ "\"held\"", "\"mine\"" },
		{ "\"host\":\"first\",", "" },
		{ "infrabackup-1", "infrabackup" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *odd = record_fixture_replace(lease_text, cases[i][0], cases[i][1]);
		struct archive_lease found;

		assert_int_equal(archive_lease_parse(odd, strlen(odd), &found, NULL),
				 STATUS_INTEGRITY);
	}
}

static void test_number_has_one_spelling(void **state)
{
	static const char *const odd[] = { "0000001.json",
					   "000000010.json",
					   "00000000.json",
					   "00000001.jsonx",
					   "00000001",
					   "-0000001.json",
					   "",
					   ".temporary-1",
					   "99999999999999999999.json" };
	char name[ARCHIVE_NAME_SIZE];
	uint64_t number = 0;

	(void)state;
	archive_number_name(ARCHIVE_LEASES, 7, name);
	assert_string_equal(name, "MASBackup/leases/00000007.json");
	assert_true(archive_number_parse("00000007.json", &number));
	assert_int_equal(number, 7);
	archive_number_name(ARCHIVE_SEQUENCE, 123456789, name);
	assert_string_equal(name, "MASBackup/sequence/123456789.json");
	assert_true(archive_number_parse("123456789.json", &number));
	assert_int_equal(number, 123456789);
	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++)
		assert_false(archive_number_parse(odd[i], &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease_write_and_parse_are_as_the_format_says),
		cmocka_unit_test(test_slot_write_and_parse_are_as_the_format_says),
		cmocka_unit_test(test_lease_parse_odd_values_are_integrity),
		cmocka_unit_test(test_number_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
