/* SPDX-License-Identifier: Apache-2.0 */
/* Restore on the wire: what is refused before the service is asked, and the results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define JOB "aaaaaaaa-2f7e-4bb9-8e8d-8d9a55e31d11"
#define RESTORE API_FIXTURE_LOCATION "/backups/" ID "/restore"
#define RESULT API_FIXTURE_LOCATION "/operationResults/" JOB
#define REPORT "{\"files\":0,\"bytes\":0,\"roles\":[],\"findings\":[],\"backupId\":\"" ID "\"}"

static void test_restore_needs_an_administrator(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	fixture->sent_authorization = fixture->authorization[AUTH_OPERATOR];
	assert_int_equal(api_fixture_call(fixture, "POST", RESTORE, "{}"), 403);
	fixture->sent_authorization = fixture->authorization[AUTH_ADMINISTRATOR];
	assert_int_equal(api_fixture_call(fixture, "POST", RESTORE, "[]"), 400);
}

static void test_restore_of_what_is_no_backup_is_404(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "POST", RESTORE, "{}"), 404);
	api_fixture_add_backup(fixture, ID, 1, "Deleted");
	assert_int_equal(api_fixture_call(fixture, "POST", RESTORE, "{}"), 404);
}

static void test_restore_refuses_bad_bodies(void **state)
{
	struct api_fixture *fixture = *state;
	static const struct {
		const char *body, *target;
	} cases[] = {
		{ NULL, "" },
		{ "[]", "" },
		{ "{\"decryptionCertBase64\":\"\"}", "decryptionCertBase64" },
		{ "{\"decryptionCertBase64\":\"*\"}", "decryptionCertBase64" },
		{ "{\"decryptionCertBase64\":\"AAAA\",\"roleNames\":\"x\"}", "roleNames" },
		{ "{\"decryptionCertBase64\":\"AAAA\",\"roleName\":7}", "roleName" },
		{ "{\"decryptionCertBase64\":\"AAAA\",\"decryptionCertPassword\":7}",
		  "decryptionCertPassword" },
	};

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(api_fixture_call(fixture, "POST", RESTORE, cases[i].body), 400);
		assert_string_equal(api_fixture_target(fixture), cases[i].target);
		assert_null(strstr(fixture->text, "AAAA"));
	}
}

static void end_job(struct api_fixture *fixture, const char *job_state, const struct error *fault)
{
	api_fixture_add_job(fixture, JOB, "restore");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, JOB, job_state, REPORT, fault);
}

static void test_result_of_restore_is_polled_and_empty(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, JOB, "restore");
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 202);
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "60");
	api_fixture_run_job(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 202);
	api_fixture_finish_job(fixture, JOB, "Succeeded", REPORT, NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_int_equal(fixture->response.body.length, 0);
}

static void test_result_of_restore_in_2021_is_null_and_has_a_state(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2021-09-01";
	end_job(fixture, "Succeeded", NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_string_equal(fixture->text, "null");
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT "?IsAsyncOperation=1", NULL), 200);
	assert_string_equal(fixture->text, "{\"status\":\"Succeeded\"}");
}

static void assert_failed(struct api_fixture *fixture, const char *message)
{
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
	assert_string_equal(api_fixture_header(fixture, "x-ms-failure-cause"), "service");
	assert_string_equal(api_fixture_code(fixture), "BcdrOperationException");
	assert_non_null(strstr(fixture->text, message));
	assert_non_null(strstr(fixture->text, "\"additionalInfo\":[{\"type\":\"Restore\","
					      "\"info\":" REPORT "}]"));
	assert_non_null(strstr(fixture->text, "\"properties\":{\"provisioningState\":\"Failed\"}"));
}

static void test_result_of_failed_restore_carries_what_was_found(void **state)
{
	const struct error fault = { .status = STATUS_INTEGRITY, .message = "a pack is damaged" };

	end_job(*state, "Failed", &fault);
	assert_failed(*state, "A pack is damaged.");
}

static void test_result_of_restore_without_a_role_is_a_failure(void **state)
{
	const struct error fault = { .status = STATUS_PARTIAL,
				     .message = "role NRP was not restored" };

	end_job(*state, "PartialSucceeded", &fault);
	assert_failed(*state, "Role NRP was not restored.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)
		WITH_API(test_restore_needs_an_administrator),
		WITH_API(test_restore_of_what_is_no_backup_is_404),
		WITH_API(test_restore_refuses_bad_bodies),
		WITH_API(test_result_of_restore_is_polled_and_empty),
		WITH_API(test_result_of_restore_in_2021_is_null_and_has_a_state),
		WITH_API(test_result_of_failed_restore_carries_what_was_found),
		WITH_API(test_result_of_restore_without_a_role_is_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
