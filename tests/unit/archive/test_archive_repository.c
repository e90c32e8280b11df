/* SPDX-License-Identifier: Apache-2.0 */
/* repository.json. */
#include <string.h>

#include "archive_record_fixture.h"

static const char text[] =
	"{\"format\":\"infrabackup-1\",\"repositoryId\":\"00112233-4455-6677-8899-aabbccddeeff\","
	"\"deploymentId\":\"11112233-4455-6677-8899-aabbccddeeff\","
	"\"externalDomain\":\"contoso.com\",\"region\":\"north\","
	"\"createdTime\":\"2026-11-21T05:26:36.12Z\","
	"\"signerPublicKey\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"}";

static void fill(struct archive_repository *repository)
{
	*repository = (struct archive_repository) {
		.repository_id = "00112233-4455-6677-8899-aabbccddeeff",
		.deployment_id = "11112233-4455-6677-8899-aabbccddeeff",
		.external_domain = "contoso.com",
		.region = "north",
		.created_time = INT64_C(1795238796120),
	};
	memset(repository->signer_public_key, 1, sizeof(repository->signer_public_key));
}

static void test_repository_write_is_as_the_format_says(void **state)
{
	struct archive_repository repository;
	struct buffer out = { 0 };

	(void)state;
	fill(&repository);
	assert_int_equal(archive_repository_write(&repository, &out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, text);
	buffer_done(&out);
}

static void test_repository_parse_gives_back_what_was_written(void **state)
{
	struct archive_repository expected;
	struct archive_repository found;

	(void)state;
	fill(&expected);
	assert_int_equal(archive_repository_parse(text, strlen(text), &found, NULL), STATUS_OK);
	assert_string_equal(found.repository_id, expected.repository_id);
	assert_string_equal(found.deployment_id, expected.deployment_id);
	assert_string_equal(found.external_domain, expected.external_domain);
	assert_string_equal(found.region, expected.region);
	assert_int_equal(found.created_time, expected.created_time);
	assert_memory_equal(found.signer_public_key, expected.signer_public_key,
			    ED25519_PUBLIC_SIZE);
}

static void test_repository_parse_odd_values_are_integrity_and_named(void **state)
{
	static const struct {
		const char *old, *replacement, *field;
	} cases[] = {
		{ "\"AQEB", "\"AQ", "$.signerPublicKey" },
		{ "\"AQEB", "\"AQEBAQEB", "$.signerPublicKey" },
		{ "\"region\"", "\"Region\"", "$.region" },
		{ "\"region\":\"north\",", "", "$.region" },
		{ "\"region\":\"north\",", "\"region\":\"north\",\"more\":1,", "$" },
		{ "2026", "x026", "$.createdTime" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *odd =
			record_fixture_replace(text, cases[i].old, cases[i].replacement);
		struct archive_repository found = { .region = "before" };
		struct error err = { 0 };

		assert_int_equal(archive_repository_parse(odd, strlen(odd), &found, &err),
				 STATUS_INTEGRITY);
		assert_string_equal(err.field, cases[i].field);
		assert_string_equal(found.region, "before");
	}
}

static void test_repository_parse_twice_the_same_key_is_integrity(void **state)
{
	AUTO_FREE char *odd = record_fixture_replace(text, "\"region\":\"north\",",
						     "\"region\":\"north\",\"region\":\"south\",");
	struct archive_repository found;

	(void)state;
	assert_int_equal(archive_repository_parse(odd, strlen(odd), &found, NULL),
			 STATUS_INTEGRITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repository_write_is_as_the_format_says),
		cmocka_unit_test(test_repository_parse_gives_back_what_was_written),
		cmocka_unit_test(test_repository_parse_odd_values_are_integrity_and_named),
		cmocka_unit_test(test_repository_parse_twice_the_same_key_is_integrity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
