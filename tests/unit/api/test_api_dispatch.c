/* SPDX-License-Identifier: Apache-2.0 */
/* The order of refusals, the error envelope, headers of answers, health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"
#include "unit/db/db_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define OTHER "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/x/providers/"

static void test_handle_without_token_tells_nothing_about_what_exists(void **state)
{
	static const char *const targets[] = { API_FIXTURE_LOCATION, "/nowhere", "/",
					       OTHER "Microsoft.Backup.Admin/backupLocations" };
	static const char *const sent[] = { NULL, "", "Bearer", "Bearer ib_wrong", "Basic x" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(targets) * ARRAY_LENGTH(sent); i++) {
		fixture->sent_authorization = sent[i % ARRAY_LENGTH(sent)];
		fixture->sent_version = i % 2 == 0 ? NULL : "1999-01-01";
		assert_int_equal(api_fixture_call(fixture, i % 3 == 0 ? "DELETE" : "GET",
						  targets[i / ARRAY_LENGTH(sent)], NULL),
				 401);
		assert_string_equal(api_fixture_code(fixture), "AuthenticationFailed");
		const char *challenge = api_fixture_header(fixture, "WWW-Authenticate");
		if (fixture->sent_authorization == NULL)
			assert_string_equal(challenge, "Bearer");
		else
			assert_true(text_starts_with(challenge, "Bearer error=\"invalid_token\""));
		assert_null(api_fixture_header(fixture, "Allow"));
		assert_null(strstr(fixture->text, "ib_wrong"));
	}
}

static void test_handle_unknown_path_and_method(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", "/nowhere", NULL), 404);
	assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	assert_int_equal(api_fixture_call(fixture, "PATCH", API_FIXTURE_LOCATION, "{}"), 405);
	assert_string_equal(api_fixture_code(fixture), "MethodNotAllowed");
	assert_string_equal(api_fixture_header(fixture, "Allow"), "GET, HEAD, PUT");
}

static void test_handle_version_missing_and_unknown(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = NULL;
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "MissingApiVersionParameter");
	assert_string_equal(api_fixture_target(fixture), "api-version");
	fixture->sent_version = "2019-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "InvalidApiVersionParameter");
	/* The version is looked at before the scope. */
	assert_int_equal(api_fixture_call(fixture, "GET",
					  OTHER "Microsoft.Backup.Admin/backupLocations", NULL),
			 400);
}

static void test_handle_scope_that_is_not_ours(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET",
					  OTHER "Microsoft.Backup.Admin/backupLocations", NULL),
			 404);
	assert_string_equal(api_fixture_code(fixture), "SubscriptionNotFound");
	assert_int_equal(api_fixture_call(fixture, "GET",
					  "/subscriptions/" API_FIXTURE_SUBSCRIPTION
					  "/resourceGroups/system.northern/providers/"
					  "Microsoft.Backup.Admin/backupLocations",
					  NULL),
			 404);
	assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	assert_int_equal(
		api_fixture_call(fixture, "GET", API_FIXTURE_GROUP "/backupLocations/south", NULL),
		404);
	assert_non_null(strstr(fixture->text, "Microsoft.Backup.Admin/backupLocations/south"));
	assert_non_null(strstr(fixture->text, "system.north"));
}

static void test_handle_envelope_has_target_only_with_a_field(void **state)
{
	struct api_fixture *fixture = *state;

	(void)api_fixture_call(fixture, "GET", "/nowhere", NULL);
	assert_string_equal(fixture->text, "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":"
					   "\"There is no resource at this path.\"}}");
	assert_string_equal(fixture->response.content_type, "application/json; charset=utf-8");
	(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups?$top=x", NULL);
	assert_string_equal(api_fixture_target(fixture), "$top");
}

static void test_handle_page_parameters_that_are_no_numbers(void **state)
{
	static const char *const bad[] = { "-1", "", "a", "1.5", "1e3", " 1", "9999999999" };
	static const char *const collections[] = { API_FIXTURE_GROUP "/backupLocations",
						   API_FIXTURE_LOCATION "/backups",
						   API_FIXTURE_LOCATION "/operations" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(bad) * ARRAY_LENGTH(collections); i++) {
		AUTO_FREE char *target = NULL;

		assert_true(asprintf(&target, "%s?$skip=%s", collections[i / ARRAY_LENGTH(bad)],
				     bad[i % ARRAY_LENGTH(bad)]) > 0);
		assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
		assert_string_equal(api_fixture_target(fixture), "$skip");
	}
}

static void test_handle_echoes_the_ids_that_were_sent(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_header = "x-ms-correlation-request-id";
	fixture->sent_header_value = "0b6c86f1-6a39-4c5e-9a64-7d0f5f0ea001";
	(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
	assert_string_equal(api_fixture_header(fixture, "x-ms-correlation-request-id"),
			    "0b6c86f1-6a39-4c5e-9a64-7d0f5f0ea001");
	fixture->sent_header_value = "not a guid";
	(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
	assert_true(guid_is_valid(api_fixture_header(fixture, "x-ms-correlation-request-id")));
}

static void test_handle_notes_the_caller_for_the_log(void **state)
{
	struct api_fixture *fixture = *state;

	(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
	assert_string_equal(fixture->response.caller, "Administrator");
	fixture->sent_authorization = NULL;
	(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
	assert_string_equal(fixture->response.caller, "");
}

static void test_health_is_open_and_ready_follows_the_flag(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = fixture->sent_version = NULL;
	assert_int_equal(api_fixture_call(fixture, "GET", "/healthz", NULL), 200);
	assert_string_equal(fixture->text, "{\"status\":\"ok\"}");
	assert_int_equal(api_fixture_call(fixture, "GET", "/readyz", NULL), 503);
	api_set_ready(fixture->api, true);
	assert_int_equal(api_fixture_call(fixture, "GET", "/readyz", NULL), 200);
	api_set_ready(fixture->api, false);
	assert_int_equal(api_fixture_call(fixture, "GET", "/readyz", NULL), 503);
}

static void test_operations_list_has_no_next_link(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET",
					  "/providers/Microsoft.Backup.Admin/operations", NULL),
			 200);
	assert_null(json_object_get(fixture->json, "nextLink"));
	assert_non_null(strstr(fixture->text,
			       "{\"name\":\"Microsoft.Backup.Admin/backupLocations/read\","
			       "\"display\":{\"provider\":\"Microsoft Backup Resource Provider.\","
			       "\"resource\":\"Backup location\","
			       "\"operation\":\"Returns backup locations\","));
	assert_non_null(
		strstr(fixture->text, "\"isDataAction\":false,\"origin\":\"user,system\"}"));
}

static void test_call_parameter_sent_twice_is_400(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET",
					  API_FIXTURE_LOCATION "/backups?$top=1&x=2&$TOP=2", NULL),
			 400);
	assert_string_equal(api_fixture_code(fixture), "BadRequest");
	assert_true(text_equal_ignoring_case(api_fixture_target(fixture), "$top"));
}

static void test_refuse_writes_the_envelope_for_the_status(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
	} cases[] = { { 400, "BadRequest" },         { 413, "PayloadTooLargeException" },
		      { 414, "RequestUriTooLong" },  { 431, "RequestHeaderFieldsTooLarge" },
		      { 503, "ServiceUnavailable" }, { 408, "RequestTimeout" },
		      { 417, "ExpectationFailed" },  { 429, "TooManyRequests" },
		      { 418, "BadRequest" } };

	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct http_request request = { .refusal = i == 0 ? "because" : NULL,
						      .method = "GET",
						      .path = "/",
						      .request_id = "id" };
		struct http_response response;

		http_response_init(&response, cases[i].status);
		api_refuse(fixture->api, &request, &response);
		assert_int_equal(response.status, cases[i].status);
		assert_non_null(strstr((const char *)response.body.data, cases[i].code));
		assert_string_equal(http_response_find(&response, "x-ms-correlation-request-id"),
				    "id");
		assert_true((i == 0) ==
			    (strstr((const char *)response.body.data, "Because.") != NULL));
		bool is_busy = response.status == 429 || response.status == 503;
		assert_true(is_busy == (http_response_find(&response, "Retry-After") != NULL));
		http_response_done(&response);
	}
}

/* The log says what; the caller gets the id to look it up by. */
static void test_handle_fault_of_the_service_hides_its_inner_workings(void **state)
{
	struct api_fixture *fixture = *state;
	AUTO_FREE char *path = file_join(fixture->folder, "state.sqlite");

	assert_true(db_fixture_sql(path, "ALTER TABLE backup_location RENAME TO lost"));
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 500);
	assert_string_equal(api_fixture_code(fixture), "InternalServerError");
	assert_string_equal(api_fixture_target(fixture), "");
	assert_non_null(strstr(fixture->text, "x-ms-request-id"));
	assert_null(strstr(fixture->text, "backup_location"));
	assert_null(strstr(fixture->text, "table"));
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_handle_without_token_tells_nothing_about_what_exists),
		FIXTURE_TEST(test_handle_unknown_path_and_method),
		FIXTURE_TEST(test_handle_version_missing_and_unknown),
		FIXTURE_TEST(test_handle_scope_that_is_not_ours),
		FIXTURE_TEST(test_handle_envelope_has_target_only_with_a_field),
		FIXTURE_TEST(test_handle_page_parameters_that_are_no_numbers),
		FIXTURE_TEST(test_handle_echoes_the_ids_that_were_sent),
		FIXTURE_TEST(test_handle_notes_the_caller_for_the_log),
		FIXTURE_TEST(test_handle_fault_of_the_service_hides_its_inner_workings),
		FIXTURE_TEST(test_health_is_open_and_ready_follows_the_flag),
		FIXTURE_TEST(test_operations_list_has_no_next_link),
		FIXTURE_TEST(test_call_parameter_sent_twice_is_400),
		cmocka_unit_test_setup_teardown(test_refuse_writes_the_envelope_for_the_status,
						api_fixture_start, api_fixture_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
