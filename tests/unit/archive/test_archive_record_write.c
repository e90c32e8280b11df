/* SPDX-License-Identifier: Apache-2.0 */
/* backup.json as it is written. */
#include <stdlib.h>
#include <string.h>

#include "archive_record_fixture.h"

static void test_record_write_is_as_the_format_says(void **state)
{
	struct archive_record *record = record_fixture_new();
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, record_fixture_text);
	assert_int_equal(out.length, strlen(record_fixture_text));
	/* Replaced, not appended to. */
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_int_equal(out.length, strlen(record_fixture_text));
	buffer_done(&out);
	archive_record_free(record);
}

static void test_record_write_nulls_where_there_is_nothing(void **state)
{
	struct archive_record *record = record_fixture_new();
	struct buffer out = { 0 };

	(void)state;
	record->has_previous = false;
	memcpy(record->oem_version, "2.2", 4);
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_non_null(strstr((const char *)out.data, "\"previous\":null,"));
	assert_non_null(strstr((const char *)out.data, "\"oemVersion\":\"2.2\","));
	buffer_done(&out);
	archive_record_free(record);
}

static void test_record_write_role_that_was_taken_over_comes_back(void **state)
{
	struct archive_record *record = record_fixture_new();
	struct archive_record *parsed = NULL;
	struct buffer out = { 0 };

	(void)state;
	record->roles[1].is_taken = true;
	memcpy(record->roles[1].taken.backup_id, "11111111-0000-4000-8000-000000000001",
	       GUID_TEXT_SIZE);
	record->roles[1].taken.started_time = 1700000000000;
	record->roles[1].taken.ended_time = 1700000001500;
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_non_null(strstr((const char *)out.data,
			       ",\"takenFrom\":{\"backupId\":"
			       "\"11111111-0000-4000-8000-000000000001\","
			       "\"startedTime\":\"2023-11-14T22:13:20Z\","
			       "\"endedTime\":\"2023-11-14T22:13:21.5Z\"}}]"));
	assert_int_equal(archive_record_parse(out.data, out.length, &parsed, NULL), STATUS_OK);
	assert_false(parsed->roles[0].is_taken);
	assert_true(parsed->roles[1].is_taken);
	assert_memory_equal(&parsed->roles[1].taken, &record->roles[1].taken,
			    sizeof(parsed->roles[1].taken));
	archive_record_free(parsed);
	buffer_done(&out);
	archive_record_free(record);
}

static void test_record_write_error_with_any_bytes_does_not_fail(void **state)
{
	struct archive_record *record = record_fixture_new();
	struct archive_record *parsed = NULL;
	struct buffer out = { 0 };

	(void)state;
	free(record->roles[0].error_message);
	free(record->roles[1].error_message);
	record->roles[0].error_message = strdup("stderr:\n\tbad \xff file");
	record->roles[1].error_message = strdup("\303\244\nline\x7f");
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_int_equal(archive_record_parse(out.data, out.length, &parsed, NULL), STATUS_OK);
	assert_string_equal(parsed->roles[0].error_message, "stderr:  bad ? file");
	assert_string_equal(parsed->roles[1].error_message, "\303\244 line ");
	archive_record_free(parsed);
	buffer_done(&out);
	archive_record_free(record);
}

/* One member made impossible; @field is named. */
static void assert_refused(struct archive_record *record, const char *field)
{
	struct buffer out = { 0 };
	struct error err = { 0 };

	assert_int_equal(archive_record_write(record, &out, &err), STATUS_INVALID);
	assert_string_equal(err.field, field);
	assert_null(out.data);
}

static void test_record_write_refuses_what_no_reader_takes(void **state)
{
	struct archive_record *record = record_fixture_new();

	(void)state;
#define REFUSED(member, value, field)                                                              \
	do {                                                                                       \
		__typeof__(record->member) saved = record->member;                                 \
		record->member = (value);                                                          \
		assert_refused(record, field);                                                     \
		record->member = saved;                                                            \
	} while (0)
	REFUSED(sequence, 0, "$.sequence");
	REFUSED(sequence, UINT64_MAX, "$.sequence");
	REFUSED(bytes, (uint64_t)INT64_MAX + 1, "$.bytes");
	REFUSED(manifest_size, 0, "$.manifest.size");
	REFUSED(previous.sequence, 12, "$.previous.sequence");
	REFUSED(backup_id[0], 'x', "$.backupId");
	REFUSED(generation[0], 'x', "$.generation");
	REFUSED(status[0], 'x', "$.status");
	REFUSED(region[0], '\n', "$.region");
	REFUSED(thumbprint[0], '\0', "$.encryptionCertThumbprint");
	REFUSED(recipients[0].purpose[0], 'x', "$.recipients[0].purpose");
	REFUSED(roles[1].name[0], '/', "$.roles[1].roleName");
	REFUSED(roles[0].provider, NULL, "$.roles[0].provider");
	REFUSED(roles[0].status[0], 'x', "$.roles[0].status");
	REFUSED(sessions[1].wrapped_key_length, 0, "$.sessions[1].wrappedKey");
	REFUSED(session_id[0], '4', "$.sessionId");
	REFUSED(packs[1].session, 2, "$.packs[1].session");
	REFUSED(packs[0].size, 127, "$.packs[0].size");
	REFUSED(packs[0].size, ARCHIVE_PACK_MAX + 1, "$.packs[0].size");
#undef REFUSED
	memcpy(record->sessions[1].session_id, record->session_id, GUID_TEXT_SIZE);
	assert_refused(record, "$.sessions");
	archive_record_free(record);
}

static void test_record_write_over_the_maximum_is_too_large(void **state)
{
	struct archive_record *record = record_fixture_new();
	struct buffer out;

	(void)state;
	buffer_init(&out, 100);
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_TOO_LARGE);
	assert_null(out.data);
	archive_record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_write_is_as_the_format_says),
		cmocka_unit_test(test_record_write_nulls_where_there_is_nothing),
		cmocka_unit_test(test_record_write_role_that_was_taken_over_comes_back),
		cmocka_unit_test(test_record_write_error_with_any_bytes_does_not_fail),
		cmocka_unit_test(test_record_write_refuses_what_no_reader_takes),
		cmocka_unit_test(test_record_write_over_the_maximum_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
