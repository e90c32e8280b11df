/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the api-versions (CONTRACT 8), and how an odd one is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

#define BACKUP_OPERATIONS "/providers/Microsoft.Backup.Admin/operations"
#define INSIGHTS_OPERATIONS "/providers/Microsoft.InfrastructureInsights.Admin/operations"

static const char *const versions[] = { "2016-05-01", "2018-09-01", "2021-09-01" };

static void test_version_that_is_served(void **state)
{
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		fixture->sent_version = versions[i];
		assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
		assert_int_equal(api_fixture_call(fixture, "GET", INSIGHTS_OPERATIONS, NULL),
				 i == 0 ? 200 : 400);
	}
}

static void test_version_that_is_odd(void **state)
{
	static const char missing[] = "MissingApiVersionParameter";
	static const char invalid[] = "InvalidApiVersionParameter";
	static const struct {
		const char *query;
		const char *code;
	} cases[] = {
		{ "", missing },
		{ "?api-version=", missing },
		{ "?API-VERSION=", missing },
		{ "?apiversion=2018-09-01", missing },
		{ "?api-version=2018-09-02", invalid },
		{ "?api-version=2018-9-1", invalid },
		{ "?api-version=2018-09-01 ", invalid },
		{ "?api-version= 2018-09-01", invalid },
		{ "?api-version=2018-09-01-preview", invalid },
		{ "?api-version=2021-09-01-PREVIEW", invalid },
		{ "?api-version=latest", invalid },
		{ "?api-version=\xff\xfe", invalid },
		{ "?api-version="
		  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
		  "\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
		  invalid },
		{ "?api-version=2018-09-01&api-version=2018-09-01", invalid },
		{ "?api-version=2018-09-01&Api-Version=2021-09-01", invalid },
		{ "?api-version=&api-version=2018-09-01", missing },
	};
	struct api_fixture *fixture = *state;

	fixture->sent_version = NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_FREE char *target = NULL;

		assert_true(asprintf(&target, BACKUP_OPERATIONS "%s", cases[i].query) > 0);
		assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
		assert_string_equal(api_fixture_code(fixture), cases[i].code);
		assert_string_equal(api_fixture_target(fixture), "api-version");
		assert_non_null(
			strstr(fixture->text, "supported: 2016-05-01, 2018-09-01, 2021-09-01."));
		assert_true(strlen(fixture->text) < 300);
	}
	assert_int_equal(
		api_fixture_call(fixture, "GET", BACKUP_OPERATIONS "?API-Version=2021-09-01", NULL),
		200);
}

static void test_version_that_is_very_long(void **state)
{
	char text[8001];
	struct api_fixture *fixture = *state;

	memset(text, '2', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fixture->sent_version = text;
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "InvalidApiVersionParameter");
	assert_true(strlen(fixture->text) < 300);
}

static void test_version_of_the_other_provider(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2018-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET", INSIGHTS_OPERATIONS, NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "InvalidApiVersionParameter");
	assert_non_null(strstr(fixture->text, "supported: 2016-05-01."));
}

static void test_method_that_a_version_lacks(void **state)
{
	static const struct {
		const char *version, *method, *target;
		unsigned status;
		const char *allow; /* NULL: the path is not there at all */
	} cases[] = {
		{ "2016-05-01", "PATCH", API_FIXTURE_LOCATION, 405, "GET, HEAD, PUT" },
		{ "2018-09-01", "PATCH", API_FIXTURE_LOCATION, 405, "GET, HEAD, PUT" },
		{ "2016-05-01", "POST", API_FIXTURE_LOCATION "/pruneExternalStore", 404, NULL },
		{ "2018-09-01", "GET", API_FIXTURE_LOCATION "/pruneExternalStore", 405, "POST" },
		{ "2021-09-01", "GET", API_FIXTURE_LOCATION "/pruneExternalStore", 405, "POST" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		fixture->sent_version = cases[i].version;
		assert_int_equal(api_fixture_call(fixture, cases[i].method, cases[i].target, "{}"),
				 cases[i].status);
		if (cases[i].allow == NULL)
			assert_null(api_fixture_header(fixture, "Allow"));
		else
			assert_string_equal(api_fixture_header(fixture, "Allow"), cases[i].allow);
	}
}

static void test_page_parameters_by_version(void **state)
{
	static const char *const lists[] = { API_FIXTURE_GROUP "/backupLocations?$top=0",
					     API_FIXTURE_LOCATION "/backups?$skip=1&$top=0" };
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11", 1, "Succeeded");
	for (size_t i = 0; i < ARRAY_LENGTH(versions) * ARRAY_LENGTH(lists); i++) {
		fixture->sent_version = versions[i % ARRAY_LENGTH(versions)];
		assert_int_equal(
			api_fixture_call(fixture, "GET", lists[i / ARRAY_LENGTH(versions)], NULL),
			200);
		assert_int_equal(json_array_size(json_object_get(fixture->json, "value")),
				 i % ARRAY_LENGTH(versions) == 0 ? 1 : 0);
	}
	fixture->sent_version = "2016-05-01";
	assert_int_equal(
		api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups?$top=x", NULL),
		200);
}

static void test_operations_by_version(void **state)
{
	static const char key[] = "Microsoft.Backup.Admin/generateBackupEncryptionKey/action";
	static const char prune[] =
		"Microsoft.Backup.Admin/backupLocations/pruneExternalStore/action";
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		bool is_first = i == 0;

		fixture->sent_version = versions[i];
		assert_int_equal(api_fixture_call(fixture, "GET", BACKUP_OPERATIONS, NULL), 200);
		assert_int_equal(strstr(fixture->text, key) != NULL, is_first);
		assert_int_equal(strstr(fixture->text, prune) != NULL, !is_first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_version_that_is_served),
		FIXTURE_TEST(test_version_that_is_odd),
		FIXTURE_TEST(test_version_that_is_very_long),
		FIXTURE_TEST(test_version_of_the_other_provider),
		FIXTURE_TEST(test_method_that_a_version_lacks),
		FIXTURE_TEST(test_page_parameters_by_version),
		FIXTURE_TEST(test_operations_by_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
