/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs with their progress: our extension of the contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define ID_A "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define ID_B "aaaaaaaa-2f7e-4bb9-8e8d-8d9a55e31d11"
#define OPERATIONS API_FIXTURE_LOCATION "/operations"

static void test_get_running_job_shows_progress_and_rate(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_role(fixture, ID_A, 0, "NRP", "Running");
	assert_int_equal(db_job_progress(fixture->state, ID_A, "upload", 5000, 12001, NULL),
			 STATUS_OK);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/" ID_A, NULL), 200);
	/* 5000 bytes in the 10 s since it started; 7001 are left. */
	assert_string_equal(
		fixture->text,
		"{\"id\":\"" OPERATIONS "/" ID_A "\",\"name\":\"" ID_A "\","
		"\"type\":\"Microsoft.Backup.Admin/backupLocations/operations\",\"properties\":{"
		"\"operationId\":\"" ID_A "\",\"kind\":\"backup\",\"state\":\"Running\","
		"\"requestedBy\":\"tests\",\"createdTime\":\"2024-03-01T20:29:40Z\","
		"\"startedTime\":\"2024-03-01T20:29:50Z\",\"endedTime\":null,"
		"\"phase\":\"upload\",\"currentRole\":\"NRP\",\"bytesDone\":5000,\"bytesTotal\":"
		"12001,"
		"\"bytesPerSecond\":500,\"secondsLeft\":15,"
		"\"roles\":[{\"roleName\":\"NRP\",\"state\":\"Running\",\"entries\":3,"
		"\"bytes\":2049,\"newBytes\":1024,\"filesRead\":1,\"filesUnchanged\":2,"
		"\"problems\":0,\"error\":null,\"startedTime\":\"2024-03-01T20:29:51Z\","
		"\"endedTime\":null,\"takenFromBackupId\":null}],\"retentionPlan\":null,\"error\":"
		"null}}");
}

static void test_get_queued_job_knows_no_rate(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID_A, "locationUpdate");
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/" ID_A, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"state\":\"Queued\""));
	assert_non_null(strstr(fixture->text,
			       "\"bytesTotal\":null,\"bytesPerSecond\":null,\"secondsLeft\":null,"
			       "\"roles\":[],\"retentionPlan\":null,\"error\":null"));
}

static void test_get_failed_job_shows_the_evidence(void **state)
{
	struct api_fixture *fixture = *state;
	struct error fault;

	(void)(fail)(&fault, STATUS_SHARE_FULL, "write pack", "MASBackup/x", "no space left");
	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID_A, "Failed", NULL, &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/" ID_A, NULL), 200);
	const json_t *error =
		json_object_get(json_object_get(fixture->json, "properties"), "error");
	assert_string_equal(json_string_value(json_object_get(error, "code")),
			    "BcdrOperationException");
	assert_string_equal(json_string_value(json_object_get(error, "failureClass")),
			    "share-full");
	assert_string_equal(json_string_value(json_object_get(error, "step")), "write pack");
	assert_string_equal(json_string_value(json_object_get(error, "path")), "MASBackup/x");
	assert_true(json_is_null(json_object_get(error, "cause")));
}

static void test_get_error_text_that_is_cut_in_a_character_is_still_shown(void **state)
{
	struct api_fixture *fixture = *state;
	struct error fault;

	(void)(fail)(&fault, STATUS_FAILED, "read", "/a\xff", "caf\xc3");
	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID_A, "Failed", NULL, &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/" ID_A, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"path\":\"/a?\""));
	assert_int_equal(api_fixture_call(fixture, "GET",
					  API_FIXTURE_LOCATION "/operationResults/" ID_A, NULL),
			 500);
	assert_non_null(strstr(fixture->text, "caf?."));
}

static void test_list_has_every_kind_and_top_and_skip_cut_it(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS, NULL), 200);
	assert_string_equal(fixture->text, "{\"value\":[],\"nextLink\":null}");
	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_add_role(fixture, ID_A, 0, "NRP", "Queued");
	api_fixture_finish_job(fixture, ID_A, "Cancelled", NULL, NULL);
	api_fixture_add_job(fixture, ID_B, "locationUpdate");
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS, NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 2);
	assert_non_null(strstr(fixture->text, "\"roleName\":\"NRP\""));
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$top=1", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 1);
	AUTO_FREE char *first = strdup(fixture->text);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$top=1&$skip=1", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 1);
	assert_string_not_equal(fixture->text, first);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$top=0", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 0);
}

static void test_list_filter_by_kind(void **state)
{
	struct api_fixture *fixture = *state;
	static const char *const bad[] = { "kind eq backup",    "kind eq 'a' or 1",
					   "state eq 'Failed'", "kind ne 'a'",
					   "kind eq 'a'b'",     "kind eq 'a' or kind eq 'b'" };

	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_add_job(fixture, ID_B, "historyCheck");
	assert_int_equal(api_fixture_call(fixture, "GET",
					  OPERATIONS "?$filter=kind eq 'historyCheck'", NULL),
			 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 1);
	assert_non_null(strstr(fixture->text, ID_B));
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		char target[256];

		(void)snprintf(target, sizeof(target), OPERATIONS "?$filter=%s", bad[i]);
		assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
		assert_non_null(strstr(fixture->text, "\"target\":\"$filter\""));
	}
}

static void test_list_more_than_the_limit_is_refused(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$top=1001", NULL), 400);
	assert_string_equal(api_fixture_target(fixture), "$top");
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$skip=1001", NULL), 400);
	assert_string_equal(api_fixture_target(fixture), "$skip");
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "?$top=1000", NULL), 200);
}

static void test_get_unknown_job_is_not_found(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/" ID_A, NULL), 404);
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATIONS "/x", NULL), 404);
	assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_get_running_job_shows_progress_and_rate),
		FIXTURE_TEST(test_get_queued_job_knows_no_rate),
		FIXTURE_TEST(test_get_failed_job_shows_the_evidence),
		FIXTURE_TEST(test_get_error_text_that_is_cut_in_a_character_is_still_shown),
		FIXTURE_TEST(test_list_has_every_kind_and_top_and_skip_cut_it),
		FIXTURE_TEST(test_list_filter_by_kind),
		FIXTURE_TEST(test_list_more_than_the_limit_is_refused),
		FIXTURE_TEST(test_get_unknown_job_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
