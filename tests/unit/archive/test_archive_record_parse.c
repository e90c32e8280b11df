/* SPDX-License-Identifier: Apache-2.0 */
/* backup.json as it is read: strictly. */
#include <stdlib.h>
#include <string.h>

#include "archive_record_fixture.h"

static enum status parse(const char *text, struct error *err)
{
	struct archive_record *record = NULL;
	enum status status = archive_record_parse(text, strlen(text), &record, err);

	assert_int_equal(record != NULL, status == STATUS_OK);
	archive_record_free(record);
	return status;
}

static void test_record_parse_gives_back_what_was_written(void **state)
{
	struct archive_record *expected = record_fixture_new();
	struct archive_record *record = NULL;
	struct buffer out = { 0 };

	(void)state;
	assert_int_equal(archive_record_parse(record_fixture_text, strlen(record_fixture_text),
					      &record, NULL),
			 STATUS_OK);
	assert_string_equal(record->deployment_id, "11112233-4455-6677-8899-aabbccddeeff");
	assert_int_equal(record->started_time, expected->started_time);
	assert_int_equal(record->completed_time, expected->completed_time);
	assert_true(record->bytes == INT64_MAX);
	assert_string_equal(record->oem_version, "");
	assert_true(record->has_previous && record->is_automatic);
	assert_false(record->is_cloud_recovery_ready);
	assert_int_equal(record->previous.sequence, 11);
	assert_memory_equal(record->previous.sha256, expected->previous.sha256, SHA256_SIZE);
	assert_int_equal(record->role_count, 2);
	assert_int_equal(record->roles[0].restore_priority, INT32_MIN);
	assert_null(record->roles[0].error_message);
	assert_string_equal(record->roles[1].error_message, "it is \"gone\"");
	assert_int_equal(record->session_count, 2);
	assert_int_equal(record->sessions[0].wrapped_key_length, 3);
	assert_memory_equal(record->sessions[0].wrapped_key, "\0\1\2", 3);
	assert_int_equal(record->pack_count, 2);
	assert_int_equal(record->packs[1].session, 1);
	assert_int_equal(record->packs[1].size, ARCHIVE_PACK_MAX);
	/* Everything else: written again it is the same text. */
	assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, record_fixture_text);
	buffer_done(&out);
	archive_record_free(record);
	archive_record_free(expected);
	archive_record_free(NULL);
}

/* Walks the whole value; at every object each member is taken away once, and a strange one added
 * once. */
static size_t break_objects(json_t *root, json_t *value)
{
	size_t broken = 0;

	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			broken += break_objects(root, json_array_get(value, i));
	}
	if (!json_is_object(value))
		return broken;
	json_t *copy = json_copy(value);
	const char *key;
	json_t *member;
	json_object_foreach(copy, key, member)
	{
		struct buffer text = { 0 };
		struct error err = { 0 };

		for (int round = 0; round < 2; round++) {
			if (round == 0)
				json_object_del(value, key);
			else
				json_object_set_new(value, "odd", json_true());
			assert_int_equal(json_write(root, &text, NULL), STATUS_OK);
			assert_int_equal(parse((const char *)text.data, &err), STATUS_INTEGRITY);
			assert_true(err.field[0] == '$');
			json_object_del(value, "odd");
			json_object_set(value, key, member);
			broken++;
		}
		buffer_done(&text);
		broken += break_objects(root, member);
	}
	json_decref(copy);
	return broken;
}

static void test_record_parse_missing_or_odd_member_is_integrity(void **state)
{
	json_t *root = NULL;
	struct buffer text = { 0 };

	(void)state;
	assert_int_equal(json_parse(record_fixture_text, strlen(record_fixture_text), &root, NULL),
			 STATUS_OK);
	/* 26 + 2 + 3 + 3 + 2 * 10 + 2 * 2 + 2 * 3 members. */
	assert_int_equal(break_objects(root, root), 2 * 64);
	/* And it was whole all the time. */
	assert_int_equal(json_write(root, &text, NULL), STATUS_OK);
	assert_int_equal(parse((const char *)text.data, NULL), STATUS_OK);
	buffer_done(&text);
	json_decref(root);
}

static void test_record_parse_odd_values_are_integrity_and_named(void **state)
{
	static const struct {
		const char *old, *replacement, *field;
	} cases[] = {
		{ "\"00112233", "\"0011223", "$.repositoryId" },
		{ "aabbccddeeff", "AABBCCDDEEFF", "$.repositoryId" },
		{ "\"0101", "\"010", "$.repositorySha256" },
		{ "\"0101", "\"01A1", "$.repositorySha256" },
		{ "\"0101", "\"01g1", "$.repositorySha256" },
		{ "\"contoso.com\"", "null", "$.externalDomain" },
		{ "\"contoso.com\"", "5", "$.externalDomain" },
		{ "\"north\"", "\"n\\nth\"", "$.region" },
		{ "\"north\"",
		  "\"0123456789012345678901234567890123456789012345678901234567890123\"",
		  "$.region" },
		{ ":12,", ":0,", "$.sequence" },
		{ ":12,", ":-1,", "$.sequence" },
		{ ":12,", ":1.5,", "$.sequence" },
		{ ":12,", ":\"12\",", "$.sequence" },
		{ ":12,", ":11,", "$.previous.sequence" },
		{ "\"33112233", "\"34112233", "$.sessionId" },
		{ "0001-5c1b0e0f", "1-5c1b0e0f", "$.generation" },
		{ "0001-5c1b0e0f", "../../../x", "$.generation" },
		{ "2026-11-21T05:26", "2026-13-21T05:26", "$.startedTime" },
		{ "PartialSucceeded", "Failed", "$.status" },
		{ ":true,", ":1,", "$.isAutomatic" },
		{ ":null,", ":\"\",", "$.oemVersion" },
		{ "5C1B", "5c1b", "$.encryptionCertThumbprint" },
		{ "{\"size\":1234", "{\"size\":0", "$.manifest.size" },
		{ "\"newBytes\":0", "\"newBytes\":-1", "$.newBytes" },
		{ "\"previous\":{", "\"previous\":[],\"x\":{", "$.previous" },
		{ "\"sequence\":11", "\"sequence\":0", "$.previous.sequence" },
		{ "\"purpose\":\"location\"", "\"purpose\":\"other\"", "$.recipients[0].purpose" },
		{ "\"ARM\"", "\"\"", "$.roles[0].roleName" },
		{ "\"ARM\"", "\"..\"", "$.roles[0].roleName" },
		{ "\"ARM\"", "\"../../etc\"", "$.roles[0].roleName" },
		{ "\"ARM\"", "\"KeyVault \303\244\"", "$.roles" },
		{ "-2147483648", "-2147483649", "$.roles[0].restorePriority" },
		{ "-2147483648", "2147483648", "$.roles[0].restorePriority" },
		{ "\"status\":\"Failed\"", "\"status\":\"Gone\"", "$.roles[1].status" },
		{ "\"error\":null", "\"error\":false", "$.roles[0].error" },
		{ "\"error\":null", "\"error\":null,\"takenFrom\":null", "$.roles[0].takenFrom" },
		{ "\"error\":null", "\"error\":null,\"takenFrom\":{}",
		  "$.roles[0].takenFrom.backupId" },
		{ "\"error\":null", "\"error\":null,\"takenfrom\":{}", "$.roles[0]" },
		{ "\"AAEC\"", "\"\"", "$.sessions[0].wrappedKey" },
		{ "\"AAEC\"", "\"AAE\"", "$.sessions[0].wrappedKey" },
		{ "\"AAEC\"", "\"AA*C\"", "$.sessions[0].wrappedKey" },
		{ "\"55112233", "\"33112233", "$.sessions" },
		{ "\"size\":128", "\"size\":127", "$.packs[0].size" },
		{ "33554432", "33554433", "$.packs[1].size" },
		{ "\"session\":1}", "\"session\":2}", "$.packs[1].session" },
		{ "\"session\":1}", "\"session\":-1}", "$.packs[1].session" },
		{ "\"session\":1}", "\"session\":4294967296}", "$.packs[1].session" },
		{ "\"packs\":[{", "\"packs\":[3,{", "$.packs[0]" },
		{ "\"packs\":[", "\"packs\":3,\"x\":[", "$.packs" },
		{ "\"infrabackup-1\"", "\"other-1\"", "$.format" },
		{ "\"infrabackup-1\"", "1", "$.format" },
		{ "\"format\"", "\"Format\"", "$.format" },
		{ "{\"format\"", "{\"x\":1,\"format\"", "$" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *text = record_fixture_replace(record_fixture_text, cases[i].old,
							      cases[i].replacement);
		struct error err = { 0 };
		enum status status = parse(text, &err);

		if (status != STATUS_INTEGRITY || strcmp(err.field, cases[i].field) != 0)
			print_error("case %zu: %s: %s\n", i, err.field, err.message);
		assert_int_equal(status, STATUS_INTEGRITY);
		assert_int_equal(err.status, STATUS_INTEGRITY);
		assert_string_equal(err.field, cases[i].field);
		assert_string_equal(err.step, "read backup.json");
	}
}

static void test_record_parse_newer_format_is_unsupported(void **state)
{
	AUTO_FREE char *text =
		record_fixture_replace(record_fixture_text, "infrabackup-1", "infrabackup-2");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(parse(text, &err), STATUS_UNSUPPORTED);
	assert_int_equal(err.status, STATUS_UNSUPPORTED);
}

static void test_record_parse_what_is_no_object_is_integrity(void **state)
{
	static const char *const texts[] = {
		"", "null", "[]", "5", "\"x\"", "{}", "{", "{\"format\":\"infrabackup-1\"}"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		assert_int_equal(parse(texts[i], NULL), STATUS_INTEGRITY);
}

static void test_record_parse_truncated_anywhere_is_integrity(void **state)
{
	struct archive_record *record = NULL;

	(void)state;
	for (size_t length = 0; length < strlen(record_fixture_text); length++)
		assert_int_equal(archive_record_parse(record_fixture_text, length, &record, NULL),
				 STATUS_INTEGRITY);
	assert_null(record);
}

/* A flipped bit may leave a good record, but never one that reads as the same. */
static void test_record_parse_flipped_bit_is_integrity_or_another_record(void **state)
{
	AUTO_FREE char *text = strdup(record_fixture_text);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < strlen(record_fixture_text) * 8; i++) {
		struct archive_record *record = NULL;
		struct buffer out = { 0 };

		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
		enum status status =
			archive_record_parse(text, strlen(record_fixture_text), &record, NULL);
		assert_true(status == STATUS_OK || status == STATUS_INTEGRITY ||
			    status == STATUS_UNSUPPORTED);
		if (status == STATUS_OK) {
			assert_int_equal(archive_record_write(record, &out, NULL), STATUS_OK);
			assert_string_not_equal((const char *)out.data, record_fixture_text);
		}
		buffer_done(&out);
		archive_record_free(record);
		text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
	}
}

static void test_record_parse_larger_than_allowed_is_integrity(void **state)
{
	AUTO_FREE char *text = calloc(1, ARCHIVE_RECORD_MAX + 1);
	struct archive_record *record = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', ARCHIVE_RECORD_MAX + 1);
	memcpy(text, record_fixture_text, strlen(record_fixture_text));
	assert_int_equal(archive_record_parse(text, ARCHIVE_RECORD_MAX + 1, &record, NULL),
			 STATUS_INTEGRITY);
	assert_int_equal(archive_record_parse(text, ARCHIVE_RECORD_MAX, &record, NULL), STATUS_OK);
	archive_record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_parse_gives_back_what_was_written),
		cmocka_unit_test(test_record_parse_missing_or_odd_member_is_integrity),
		cmocka_unit_test(test_record_parse_odd_values_are_integrity_and_named),
		cmocka_unit_test(test_record_parse_newer_format_is_unsupported),
		cmocka_unit_test(test_record_parse_what_is_no_object_is_integrity),
		cmocka_unit_test(test_record_parse_truncated_anywhere_is_integrity),
		cmocka_unit_test(test_record_parse_flipped_bit_is_integrity_or_another_record),
		cmocka_unit_test(test_record_parse_larger_than_allowed_is_integrity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
