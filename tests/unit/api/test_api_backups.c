/* SPDX-License-Identifier: Apache-2.0 */
/* Backups on the wire: exact text, order, paging, and the jobs beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define ID_A "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define ID_B "aaaaaaaa-2f7e-4bb9-8e8d-8d9a55e31d11"
#define ID_C "0aaaaaaa-2f7e-4bb9-8e8d-8d9a55e31d11"
#define BACKUPS API_FIXTURE_LOCATION "/backups"

#define BACKUP_TEXT(id)                                                                            \
	"{\"id\":\"" BACKUPS "/" id "\",\"name\":\"north/" id "\","                                \
	"\"type\":\"Microsoft.Backup.Admin/backupLocations/backups\","                             \
	"\"location\":\"north\",\"tags\":{},\"properties\":{\"backupInfo\":{"                      \
	"\"backupDataVersion\":\"1.0.1\",\"backupId\":\"" id "\",\"roleStatus\":["

static json_t *info_of(const json_t *backup)
{
	return json_object_get(json_object_get(backup, "properties"), "backupInfo");
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void test_get_committed_has_the_recorded_shape(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_role(fixture, ID_A, 0, "NRP", "Succeeded");
	api_fixture_add_role(fixture, ID_A, 1, "ECE", "Failed");
	api_fixture_add_backup(fixture, ID_A, 1, "PartialSucceeded");
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "/" ID_A, NULL), 200);
	assert_string_equal(
		fixture->text,
		BACKUP_TEXT(ID_A) "{\"roleName\":\"NRP\",\"status\":\"Succeeded\"},"
				  "{\"roleName\":\"ECE\",\"status\":\"Failed\"}],"
				  "\"status\":\"PartialSucceeded\","
				  "\"createdDateTime\":\"2024-03-01T20:30:00Z\","
				  "\"timeTakenToCreate\":\"PT21M3.017S\","
				  "\"stampVersion\":\"1.2002.0.35\",\"oemVersion\":\"2.1.1907.1\","
				  "\"deploymentID\":\"b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002\","
				  "\"encryptionCertThumbprint\":"
				  "\"5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D\","
				  "\"completelyUploaded\":true,\"isAutomaticBackup\":true,"
				  "\"isCloudRecoveryReady\":true},"
				  "\"verification\":{\"state\":\"Committed\","
				  "\"readBackTime\":null,\"hashesTime\":null,"
				  "\"contentTime\":null,\"filesTime\":null,"
				  "\"damagedTime\":null,\"problem\":null,"
				  "\"filesHarmed\":null,\"harmedRoles\":null,"
				  "\"harmedFiles\":null}}}");
}

static void test_get_running_job_is_shown_as_running(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID_A, "backup");
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "/" ID_A, NULL), 200);
	assert_string_equal(text_of(info_of(fixture->json), "status"), "Queued");
	api_fixture_run_job(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "/" ID_A, NULL), 200);
	assert_string_equal(
		fixture->text,
		BACKUP_TEXT(ID_A) "],\"status\":\"Running\","
				  "\"createdDateTime\":\"2024-03-01T20:29:40Z\","
				  "\"timeTakenToCreate\":\"PT0S\","
				  "\"stampVersion\":\"1.2002.0.35\",\"oemVersion\":\"2.1.1907.1\","
				  "\"deploymentID\":\"b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002\","
				  "\"encryptionCertThumbprint\":null,"
				  "\"completelyUploaded\":false,\"isAutomaticBackup\":false,"
				  "\"isCloudRecoveryReady\":false},\"verification\":null}}");
}

static void test_get_failed_and_cancelled_jobs_are_shown_as_failed(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_SHARE_FULL, .message = "full" };

	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID_A, "Failed", NULL, &fault);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "/" ID_A, NULL), 200);
	assert_string_equal(text_of(info_of(fixture->json), "status"), "Failed");
	assert_string_equal(text_of(info_of(fixture->json), "createdDateTime"),
			    "2024-03-01T20:29:55Z");
	assert_string_equal(text_of(info_of(fixture->json), "timeTakenToCreate"), "PT5S");
	api_fixture_add_job(fixture, ID_B, "backup");
	api_fixture_finish_job(fixture, ID_B, "Cancelled", NULL, NULL);
	assert_int_equal(api_fixture_call(fixture, "GET", BACKUPS "/" ID_B, NULL), 200);
	/* The contract's version has no such state. */
	assert_string_equal(text_of(info_of(fixture->json), "status"), "Failed");
	assert_string_equal(text_of(info_of(fixture->json), "timeTakenToCreate"), "PT0S");
}

static void test_get_what_is_no_backup_is_not_found(void **state)
{
	struct api_fixture *fixture = *state;

	/* A job that succeeded but whose backup is gone. */
	api_fixture_add_job(fixture, ID_B, "backup");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID_B, "Succeeded", NULL, NULL);
	api_fixture_add_job(fixture, ID_A, "locationUpdate");
	static const char *const names[] = { ID_A, ID_B, ID_C, "x", "latest" };
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		AUTO_FREE char *target = NULL;

		assert_true(asprintf(&target, "%s/%s", BACKUPS, names[i]) > 0);
		assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 404);
		assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
		assert_non_null(strstr(fixture->text, names[i]));
	}
}

static void test_get_id_in_capitals_is_the_same(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, ID_A, 1, "Succeeded");
	assert_int_equal(api_fixture_call(fixture, "GET",
					  BACKUPS "/2F6C1A52-2F7E-4BB9-8E8D-8D9A55E31D11", NULL),
			 200);
	assert_string_equal(text_of(fixture->json, "name"), "north/" ID_A);
}

/* @expected: ids in their order, NULL at the end. */
static void assert_listed(struct api_fixture *fixture, const char *target,
			  const char *const *expected)
{
	size_t count = 0;

	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 200);
	const json_t *next = json_object_get(fixture->json, "nextLink");

	assert_true(json_is_null(next) || strstr(target, "$top=") != NULL);
	const json_t *value = json_object_get(fixture->json, "value");
	for (; expected[count] != NULL; count++)
		assert_string_equal(text_of(info_of(json_array_get(value, count)), "backupId"),
				    expected[count]);
	assert_int_equal(json_array_size(value), count);
}

static void test_list_is_ordered_by_id_with_jobs_among_backups(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_FAILED, .message = "x" };

	assert_listed(fixture, BACKUPS, (const char *const[]) { NULL });
	api_fixture_add_backup(fixture, ID_B, 1, "Succeeded");
	api_fixture_add_job(fixture, ID_C, "backup");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID_C, "Failed", NULL, &fault);
	api_fixture_add_job(fixture, "bbbbbbbb-2f7e-4bb9-8e8d-8d9a55e31d11", "locationUpdate");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, "bbbbbbbb-2f7e-4bb9-8e8d-8d9a55e31d11", "Failed", NULL,
			       &fault);
	/* Committed, but its job has not ended yet: one entry. */
	api_fixture_add_job(fixture, ID_A, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_role(fixture, ID_A, 0, "NRP", "Succeeded");
	api_fixture_add_backup(fixture, ID_A, 2, "Succeeded");
	assert_listed(fixture, BACKUPS, (const char *const[]) { ID_C, ID_A, ID_B, NULL });

	const json_t *value = json_object_get(fixture->json, "value");
	assert_string_equal(text_of(info_of(json_array_get(value, 0)), "status"), "Failed");
	assert_string_equal(text_of(info_of(json_array_get(value, 1)), "status"), "Succeeded");
	assert_int_equal(
		json_array_size(json_object_get(info_of(json_array_get(value, 1)), "roleStatus")),
		1);
}

static void test_list_top_and_skip_cut_the_list(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, ID_A, 1, "Succeeded");
	api_fixture_add_backup(fixture, ID_B, 2, "Succeeded");
	api_fixture_add_backup(fixture, ID_C, 3, "Succeeded");
	assert_listed(fixture, BACKUPS "?$top=2", (const char *const[]) { ID_C, ID_A, NULL });
	assert_listed(fixture, BACKUPS "?$skip=1", (const char *const[]) { ID_A, ID_B, NULL });
	assert_listed(fixture, BACKUPS "?$skip=1&$top=1", (const char *const[]) { ID_A, NULL });
	assert_listed(fixture, BACKUPS "?$top=0", (const char *const[]) { NULL });
	assert_listed(fixture, BACKUPS "?$skip=999999999", (const char *const[]) { NULL });
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_get_committed_has_the_recorded_shape),
		FIXTURE_TEST(test_get_running_job_is_shown_as_running),
		FIXTURE_TEST(test_get_failed_and_cancelled_jobs_are_shown_as_failed),
		FIXTURE_TEST(test_get_what_is_no_backup_is_not_found),
		FIXTURE_TEST(test_get_id_in_capitals_is_the_same),
		FIXTURE_TEST(test_list_is_ordered_by_id_with_jobs_among_backups),
		FIXTURE_TEST(test_list_top_and_skip_cut_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
