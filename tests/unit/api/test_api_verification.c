/* SPDX-License-Identifier: Apache-2.0 */
/* Verification on the wire: the state of every backup, what is refused before a service is asked,
 * and the results. */
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
#define BACKUPS API_FIXTURE_LOCATION "/backups"
#define BACKUP BACKUPS "/" ID
#define RESULT API_FIXTURE_LOCATION "/operationResults/" JOB
#define REPORT "{\"depth\":\"Files\",\"damagedPacks\":[]}"
#define HARM                                                                                       \
	"{\"filesHarmed\":7,\"roles\":[{\"roleName\":\"NRP\",\"files\":["                          \
	"{\"path\":\"a\",\"problem\":\"gone\"},{\"path\":\"b\",\"problem\":\"bad\"}]},"            \
	"{\"roleName\":\"ECE\",\"files\":[{\"path\":\"c\",\"problem\":\"gone\"}]}]}"

static void add_backup(struct api_fixture *fixture, const struct db_verification *verification)
{
	struct db_verification row = *verification;

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	memcpy(row.backup_id, ID, sizeof(row.backup_id));
	assert_int_equal(db_verification_put(fixture->state, &row, NULL), STATUS_OK);
}

static const json_t *properties_of(const json_t *backup, bool *is_ready)
{
	const json_t *properties = json_object_get(backup, "properties");

	*is_ready = json_is_true(
		json_object_get(json_object_get(properties, "backupInfo"), "isCloudRecoveryReady"));
	return json_object_get(properties, "verification");
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void test_backup_shows_how_far_it_is_verified(void **state)
{
	struct api_fixture *fixture = *state;
	const struct db_verification row = { .read_back_time = API_FIXTURE_NOW,
					     .hashes_time = API_FIXTURE_NOW + 1000,
					     .content_time = API_FIXTURE_NOW + 2000,
					     .files_time = API_FIXTURE_NOW + 3000 };
	bool is_ready;

	add_backup(fixture, &row);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUP, NULL), 200);
	const json_t *shown = properties_of(fixture->json, &is_ready);

	assert_true(is_ready);
	assert_string_equal(text_of(shown, "state"), "DeepVerified");
	assert_string_equal(text_of(shown, "readBackTime"), "2024-03-01T20:30:00Z");
	assert_string_equal(text_of(shown, "hashesTime"), "2024-03-01T20:30:01Z");
	assert_string_equal(text_of(shown, "contentTime"), "2024-03-01T20:30:02Z");
	assert_string_equal(text_of(shown, "filesTime"), "2024-03-01T20:30:03Z");
	assert_true(json_is_null(json_object_get(shown, "damagedTime")));
}

static struct db_verification damaged(char *problem, char *harm)
{
	return (struct db_verification) { .read_back_time = API_FIXTURE_NOW,
					  .damaged_time = API_FIXTURE_NOW + 1000,
					  .problem = problem,
					  .harm = harm };
}

static void test_damaged_backup_is_not_ready_and_names_what_is_harmed(void **state)
{
	struct api_fixture *fixture = *state;
	char problem[] = "1 of its 2 packs is damaged", harm[] = HARM;
	const struct db_verification row = damaged(problem, harm);
	bool is_ready;

	add_backup(fixture, &row);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUP, NULL), 200);
	const json_t *shown = properties_of(fixture->json, &is_ready);

	assert_false(is_ready);
	assert_string_equal(text_of(shown, "state"), "Damaged");
	assert_string_equal(text_of(shown, "damagedTime"), "2024-03-01T20:30:01Z");
	assert_string_equal(text_of(shown, "problem"), problem);
	assert_non_null(strstr(fixture->text,
			       "\"filesHarmed\":7,\"harmedRoles\":[\"NRP\",\"ECE\"],"
			       "\"harmedFiles\":["
			       "{\"roleName\":\"NRP\",\"path\":\"a\",\"problem\":\"gone\"},"
			       "{\"roleName\":\"NRP\",\"path\":\"b\",\"problem\":\"bad\"},"
			       "{\"roleName\":\"ECE\",\"path\":\"c\",\"problem\":\"gone\"}]"));
}

static void test_list_has_the_state_without_the_files(void **state)
{
	struct api_fixture *fixture = *state;
	char problem[] = "1 of its 2 packs is damaged", harm[] = HARM;
	const struct db_verification row = damaged(problem, harm);
	bool is_ready;

	add_backup(fixture, &row);
	api_fixture_add_job(fixture, JOB, "backup");
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS, NULL), 200);
	const json_t *value = json_object_get(fixture->json, "value");
	const json_t *shown = properties_of(json_array_get(value, 0), &is_ready);

	assert_int_equal(json_array_size(value), 2);
	assert_false(is_ready);
	assert_string_equal(text_of(shown, "state"), "Damaged");
	assert_int_equal(json_array_size(json_object_get(shown, "harmedRoles")), 2);
	assert_null(json_object_get(shown, "harmedFiles"));
	/* A job that is not over has nothing to verify. */
	assert_true(json_is_null(properties_of(json_array_get(value, 1), &is_ready)));
}

static void test_damage_that_nobody_could_look_into(void **state)
{
	struct api_fixture *fixture = *state;
	char problem[] = "its folder is no longer on the share";
	const struct db_verification row = damaged(problem, NULL);
	bool is_ready;

	add_backup(fixture, &row);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUP, NULL), 200);
	const json_t *shown = properties_of(fixture->json, &is_ready);

	assert_false(is_ready);
	assert_true(json_is_null(json_object_get(shown, "filesHarmed")));
	assert_true(json_is_null(json_object_get(shown, "harmedRoles")));
	assert_true(json_is_null(json_object_get(shown, "harmedFiles")));
}

static void test_verify_needs_an_operator(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "POST", BACKUP "/verify", NULL), 403);
	assert_int_equal(api_fixture_call(fixture, "POST", API_FIXTURE_LOCATION "/verify", NULL),
			 403);
}

static void test_verify_of_what_is_no_backup_is_404(void **state)
{
	static const char *const targets[] = { BACKUPS "/" JOB "/verify", BACKUPS "/x/verify",
					       BACKUP "/verify" };
	struct api_fixture *fixture = *state;

	/* Running: nothing is committed yet. */
	api_fixture_add_job(fixture, ID, "backup");
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		assert_int_equal(api_fixture_call(fixture, "POST", targets[i], NULL), 404);
		assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	}
}

static void test_verify_refuses_bad_bodies(void **state)
{
	static const struct {
		const char *body, *target;
	} cases[] = {
		{ "[]", "" },
		{ "{\"depth\":7}", "depth" },
		{ "{\"depth\":\"Deep\"}", "depth" },
		{ "{\"depth\":\"hashes\"}", "depth" },
		{ "{\"backup\":\"" ID "\"}", "backup" },
	};
	static const char *const targets[] = { BACKUP "/verify", API_FIXTURE_LOCATION "/verify" };
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	for (size_t i = 0; i < ARRAY_LENGTH(cases) * 2; i++) {
		assert_int_equal(
			api_fixture_call(fixture, "POST", targets[i % 2], cases[i / 2].body), 400);
		assert_string_equal(api_fixture_target(fixture), cases[i / 2].target);
	}
}

static void end_job(struct api_fixture *fixture, const char *job_state, const struct error *fault)
{
	api_fixture_add_job(fixture, JOB, "verify");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, JOB, job_state, REPORT, fault);
}

static void test_result_of_verification_is_what_was_found(void **state)
{
	struct api_fixture *fixture = *state;

	end_job(fixture, "Succeeded", NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_string_equal(fixture->text, REPORT);
}

static void test_result_of_failed_verification_carries_what_was_found(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_INTEGRITY, .message = "1 backup is damaged" };

	end_job(fixture, "Failed", &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
	assert_string_equal(fixture->text, "{\"error\":{\"code\":\"BcdrOperationException\","
					   "\"message\":\"1 backup is damaged.\","
					   "\"additionalInfo\":[{\"type\":\"Verification\","
					   "\"info\":" REPORT "}]},"
					   "\"properties\":{\"provisioningState\":\"Failed\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)
		WITH_API(test_backup_shows_how_far_it_is_verified),
		WITH_API(test_damaged_backup_is_not_ready_and_names_what_is_harmed),
		WITH_API(test_list_has_the_state_without_the_files),
		WITH_API(test_damage_that_nobody_could_look_into),
		WITH_API(test_verify_needs_an_operator),
		WITH_API(test_verify_of_what_is_no_backup_is_404),
		WITH_API(test_verify_refuses_bad_bodies),
		WITH_API(test_result_of_verification_is_what_was_found),
		WITH_API(test_result_of_failed_verification_carries_what_was_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
