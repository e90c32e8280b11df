/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a share on the wire: what is refused before a service is asked, and what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define TEST API_FIXTURE_LOCATION "/testConnection"
#define ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define RESULT API_FIXTURE_LOCATION "/operationResults/" ID
#define REPORT "{\"share\":\"/srv\",\"result\":\"failed\",\"checks\":[]}"

static void test_connection_get_before_any_test_is_404(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", TEST, NULL), 404);
	assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
}

static void test_connection_get_shows_the_kept_report_to_readers(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(db_setting_set(fixture->state, "connection-report", REPORT, NULL),
			 STATUS_OK);
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "GET", TEST, NULL), 200);
	assert_string_equal(fixture->text, REPORT);
}

static void
test_connection_post_needs_an_operator_and_for_another_share_an_administrator(void **state)
{
	static const char *const bodies[] = { "{\"path\":\"/srv\"}", "{\"userName\":\"ann\"}",
					      "{\"PASSWORD\":\"s3cret\"}" };
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "POST", TEST, NULL), 403);
	fixture->sent_authorization = fixture->authorization[AUTH_OPERATOR];
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		assert_int_equal(api_fixture_call(fixture, "POST", TEST, bodies[i]), 403);
		assert_string_equal(api_fixture_code(fixture), "AuthorizationFailed");
		assert_null(strstr(fixture->text, "s3cret"));
	}
}

static void test_connection_post_refuses_bad_bodies(void **state)
{
	static const struct {
		const char *body, *target;
	} cases[] = {
		{ "[]", "" },
		{ "{", "" },
		{ "{\"path\":7}", "path" },
		{ "{\"share\":\"/srv\"}", "share" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(api_fixture_call(fixture, "POST", TEST, cases[i].body), 400);
		assert_string_equal(api_fixture_target(fixture), cases[i].target);
	}
	fixture->sent_type = "text/plain";
	assert_int_equal(api_fixture_call(fixture, "POST", TEST, "{}"), 415);
}

static void end_job(struct api_fixture *fixture, const char *kind, const char *job_state,
		    const struct error *fault)
{
	api_fixture_add_job(fixture, ID, kind);
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID, job_state, REPORT, fault);
}

static void test_result_of_connection_test_is_the_report(void **state)
{
	struct api_fixture *fixture = *state;

	end_job(fixture, "connectionTest", "Succeeded", NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_string_equal(fixture->text, REPORT);
}

static void test_result_of_failed_update_carries_the_report(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_SHARE_FULL, .message = "it is full" };

	end_job(fixture, "locationUpdate", "Failed", &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
	assert_string_equal(fixture->text, "{\"error\":{\"code\":\"BcdrOperationException\","
					   "\"message\":\"It is full.\",\"additionalInfo\":[{"
					   "\"type\":\"ShareTest\",\"info\":" REPORT "}]},"
					   "\"properties\":{\"provisioningState\":\"Failed\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)
		WITH_API(test_connection_get_before_any_test_is_404),
		WITH_API(test_connection_get_shows_the_kept_report_to_readers),
		WITH_API(
			test_connection_post_needs_an_operator_and_for_another_share_an_administrator),
		WITH_API(test_connection_post_refuses_bad_bodies),
		WITH_API(test_result_of_connection_test_is_the_report),
		WITH_API(test_result_of_failed_update_carries_the_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
