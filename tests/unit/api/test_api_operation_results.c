/* SPDX-License-Identifier: Apache-2.0 */
/* Polling an operation: running, done, failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define RESULT API_FIXTURE_LOCATION "/operationResults/" ID
/* As a client may spell it. */
#define RESULT_ODD                                                                                 \
	"/subscriptions/7D0F5F0E-6A39-4C5E-9A64-0B6C86F1A001/resourcegroups/"                      \
	"System.North/providers/Microsoft.Backup.Admin/backupLocations/NORTH/"                     \
	"operationresults/2F6C1A52-2F7E-4BB9-8E8D-8D9A55E31D11"

static void test_result_queued_and_running_is_202_with_the_same_location(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "backup");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", RESULT_ODD, NULL), 202);
		assert_string_equal(fixture->text, "");
		assert_string_equal(api_fixture_header(fixture, "Location"),
				    "https://backup.example.com:8443" RESULT
				    "?api-version=2018-09-01");
		assert_string_equal(api_fixture_header(fixture, "Retry-After"), "60");
		if (i == 0)
			api_fixture_run_job(fixture);
	}
}

static void test_result_uses_the_configured_address_and_interval(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->config.http.public_url = "https://adminmanagement.north.example.com";
	fixture->config.http.retry_after = 1;
	api_fixture_add_job(fixture, ID, "backup");
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 202);
	assert_string_equal(api_fixture_header(fixture, "Location"),
			    "https://adminmanagement.north.example.com" RESULT
			    "?api-version=2018-09-01");
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "1");
}

static void test_result_of_backup_is_the_backup_with_three_more_members(void **state)
{
	struct api_fixture *fixture = *state;
	const char *figures = "\"isCloudRecoveryReady\":true,"
			      "\"encryptedBackupEncryptionKey\":null,\"backupSizeInKb\":3,"
			      "\"compressedBackupSizeInKb\":1},"
			      "\"verification\":{\"state\":\"Committed\",";

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_role(fixture, ID, 0, "NRP", "Succeeded");
	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	api_fixture_finish_job(fixture, ID, "Succeeded", "{}", NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT_ODD, NULL), 200);
	assert_string_equal(fixture->response.content_type, "application/json");
	assert_non_null(strstr(fixture->text, figures));
	assert_non_null(strstr(fixture->text,
			       "\"roleStatus\":[{\"roleName\":\"NRP\",\"status\":\"Succeeded\"}]"));
	/* Built by a background operation: canonical spelling, whatever the request's was. */
	assert_string_equal(json_string_value(json_object_get(fixture->json, "id")),
			    API_FIXTURE_LOCATION "/backups/" ID);
	assert_null(api_fixture_header(fixture, "Location"));
}

static void test_result_of_backup_shows_the_wrapped_key_of_the_job(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_backup(fixture, ID, 1, "PartialSucceeded");
	api_fixture_finish_job(fixture, ID, "PartialSucceeded",
			       "{\"encryptedBackupEncryptionKey\":\"QUJD\"}", NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"encryptedBackupEncryptionKey\":\"QUJD\","));
}

static void test_result_of_update_is_the_location(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "locationUpdate");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID, "Succeeded", NULL, NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT_ODD, NULL), 200);
	assert_string_equal(json_string_value(json_object_get(fixture->json, "id")),
			    API_FIXTURE_LOCATION);
	assert_string_equal(fixture->response.content_type, "application/json");
}

static void test_result_of_prune_is_told_at_two_addresses(void **state)
{
	struct api_fixture *fixture = *state;
	const char *paths = "\"properties\":{\"pathsToDelete\":[\"masbackup/backups/x\"]}}";

	api_fixture_add_job(fixture, ID, "prune");
	api_fixture_run_job(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 202);
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "60");
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT "?IsAsyncOperation=1", NULL), 200);
	assert_string_equal(
		fixture->text,
		"{\"status\":\"Accepted\",\"properties\":{\"provisioningState\":\"Accepted\"}}");
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "30");
	assert_string_equal(api_fixture_header(fixture, "Azure-AsyncOperation"),
			    "https://backup.example.com:8443" RESULT
			    "?api-version=2018-09-01&IsAsyncOperation=1");
	api_fixture_finish_job(fixture, ID, "Succeeded",
			       "{\"pathsToDelete\":[\"masbackup/backups/x\"],\"plan\":{\"a\":1}}",
			       NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_string_equal(json_string_value(json_object_get(fixture->json, "id")),
			    API_FIXTURE_LOCATION);
	assert_non_null(strstr(fixture->text, "\"location\":\"north\",\"tags\":{},"));
	assert_non_null(strstr(fixture->text, paths));
	assert_null(api_fixture_header(fixture, "Location"));
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT "?IsAsyncOperation=1", NULL), 200);
	assert_true(text_starts_with(fixture->text, "{\"status\":\"Succeeded\",\"id\":"));
	assert_non_null(strstr(fixture->text, paths));
	/* One operation shows the plan, the list does not. */
	assert_int_equal(
		api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/operations/" ID, NULL),
		200);
	assert_non_null(strstr(fixture->text, "\"retentionPlan\":{\"a\":1},"));
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/operations", NULL),
			 200);
	assert_non_null(strstr(fixture->text, "\"retentionPlan\":null,"));
}

static void test_result_failed_is_500_with_the_recorded_envelope(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_SHARE_CONNECTION,
				     .message = "Failed to connect to share X" };

	api_fixture_add_job(fixture, ID, "locationUpdate");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID, "Failed", NULL, &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
	assert_string_equal(fixture->text, "{\"error\":{\"code\":\"BcdrOperationException\","
					   "\"message\":\"Failed to connect to share X.\"},"
					   "\"properties\":{\"provisioningState\":\"Failed\"}}");
	assert_string_equal(fixture->response.content_type, "application/json");
	assert_string_equal(api_fixture_header(fixture, "x-ms-failure-cause"), "service");
}

static void test_result_cancelled_is_500(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_finish_job(fixture, ID, "Cancelled", NULL, NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
	assert_non_null(strstr(fixture->text, "cancelled"));
}

static void test_result_unknown_is_not_found(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 404);
	assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	assert_int_equal(
		api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/operationResults/x", NULL),
		404);
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_result_queued_and_running_is_202_with_the_same_location),
		FIXTURE_TEST(test_result_uses_the_configured_address_and_interval),
		FIXTURE_TEST(test_result_of_backup_is_the_backup_with_three_more_members),
		FIXTURE_TEST(test_result_of_backup_shows_the_wrapped_key_of_the_job),
		FIXTURE_TEST(test_result_of_update_is_the_location),
		FIXTURE_TEST(test_result_of_prune_is_told_at_two_addresses),
		FIXTURE_TEST(test_result_failed_is_500_with_the_recorded_envelope),
		FIXTURE_TEST(test_result_cancelled_is_500),
		FIXTURE_TEST(test_result_unknown_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
