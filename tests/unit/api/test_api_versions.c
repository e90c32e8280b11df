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

#define ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define RESULT API_FIXTURE_LOCATION "/operationResults/" ID
#define ADDRESS "https://backup.example.com:8443" RESULT "?api-version="

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

static void configure(struct api_fixture *fixture)
{
	char name[] = "north", path[] = "/share", user[] = "EXAMPLE\\backupsvc";
	unsigned char sealed[] = "sealed-password", certificate[] = "certificate-bytes";
	struct db_location location = {
		.name = name,
		.path = path,
		.user_name = user,
		.password_sealed = { .data = sealed, .length = sizeof(sealed) },
		.certificate = { .data = certificate, .length = sizeof(certificate) },
		.thumbprint = "5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D",
		.frequency_hours = 10,
		.retention_days = 6,
		.scheduler_enabled = true,
		.capacity_total = -1,
		.capacity_free = -1,
	};

	assert_int_equal(db_location_put(fixture->state, &location, NULL), STATUS_OK);
}

static void assert_ends_with(const struct api_fixture *fixture, const char *begin, const char *end)
{
	AUTO_FREE char *expected = NULL;
	const char *found = strstr(fixture->text, begin);

	assert_true(asprintf(&expected, "%s%s", begin, end) > 0);
	assert_non_null(found);
	assert_string_equal(found, expected);
}

#define SCHEDULE                                                                                   \
	"\"backupFrequencyInHours\":10,\"availableCapacity\":null,"                                \
	"\"isBackupSchedulerEnabled\":true,\"nextBackupTime\":null,\"lastBackupTime\":null,"       \
	"\"backupRetentionPeriodInDays\":6"
#define CERTIFICATE                                                                                \
	"\"encryptionCertBase64\":null,"                                                           \
	"\"encryptionCertThumbprint\":\"5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D\","

static void test_location_by_version(void **state)
{
	static const char begin[] = "\"properties\":{\"externalStoreDefault\":{\"path\":\"/share\","
				    "\"userName\":\"EXAMPLE\\\\backupsvc\",\"password\":null,";
	static const char *const ends[] = {
		"\"encryptionKeyBase64\":null," SCHEDULE "}}}",
		CERTIFICATE SCHEDULE "}}}",
		CERTIFICATE SCHEDULE ",\"blobStorageUrl\":null,\"blobStorageKey\":null},"
				     "\"provisioningState\":\"Succeeded\"}}",
	};
	struct api_fixture *fixture = *state;

	configure(fixture);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		fixture->sent_version = versions[i];
		assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
		assert_ends_with(fixture, begin, ends[i]);
	}
}

/* Every backup that is committed, with how its information begins and ends. */
static void test_backup_by_version(void **state)
{
	static const struct {
		const char *begin, *end;
	} cases[] = {
		{ "{\"backupDataVersion\":\"1.0.1\",\"backupId\":",
		  "\"deploymentID\":\"b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002\"},\"verification\"" },
		{ "{\"backupDataVersion\":\"1.0.1\",\"backupId\":",
		  "\"completelyUploaded\":true,\"isAutomaticBackup\":true,"
		  "\"isCloudRecoveryReady\":true},\"verification\"" },
		{ "{\"backupDataVersion\":\"1.1.0\",\"backupId\":",
		  "\"completelyUploaded\":true,\"isAutomaticBackup\":true,"
		  "\"isCloudRecoveryReady\":true},\"verification\"" },
	};
	static const char *const targets[] = { API_FIXTURE_LOCATION "/backups/" ID,
					       API_FIXTURE_LOCATION "/backups" };
	struct api_fixture *fixture = *state;

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	for (size_t i = 0; i < ARRAY_LENGTH(cases) * ARRAY_LENGTH(targets); i++) {
		size_t version = i % ARRAY_LENGTH(cases);

		fixture->sent_version = versions[version];
		assert_int_equal(
			api_fixture_call(fixture, "GET", targets[i / ARRAY_LENGTH(cases)], NULL),
			200);
		assert_non_null(strstr(fixture->text, cases[version].begin));
		assert_non_null(strstr(fixture->text, cases[version].end));
		assert_int_equal(strstr(fixture->text, "encryptionCertThumbprint") != NULL,
				 version > 0);
	}
}

static void test_roles_by_version(void **state)
{
	static const char *const roles[] = {
		"\"roleStatus\":[{\"roleName\":\"NRP\",\"status\":\"Succeeded\"}],",
		"\"roleStatus\":[{\"roleName\":\"NRP\",\"status\":\"Succeeded\"}],",
		"\"roleStatus\":[{\"roleName\":\"NRP\",\"repositoryStatus\":["
		"{\"fullRepositoryName\":\"NRP;directory;-;NRP\",\"status\":\"Succeeded\"}],"
		"\"status\":\"Succeeded\"}],",
	};
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_add_role(fixture, ID, 0, "NRP", "Succeeded");
	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		fixture->sent_version = versions[i];
		assert_int_equal(
			api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups/" ID, NULL),
			200);
		assert_non_null(strstr(fixture->text, roles[i]));
	}
}

/* A scheduled backup that was skipped has no name in the older versions: there it is not shown. */
static void test_skipped_backup_by_version(void **state)
{
	struct api_fixture *fixture = *state;
	const struct error why = { .status = STATUS_CONFLICT, .message = "maintenance is on" };

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_finish_job(fixture, ID, "Skipped", NULL, &why);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		bool is_known = i == 2;

		fixture->sent_version = versions[i];
		assert_int_equal(
			api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups/" ID, NULL),
			is_known ? 200 : 404);
		assert_int_equal(strstr(fixture->text, "\"status\":\"Skipped\"") != NULL, is_known);
		assert_int_equal(
			api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups", NULL),
			200);
		assert_int_equal(json_array_size(json_object_get(fixture->json, "value")),
				 is_known ? 1 : 0);
		assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 500);
		assert_string_equal(api_fixture_code(fixture), "BcdrOperationException");
	}
}

/* An operation of each kind that the contract has, polled at both addresses in every version. */
struct poll {
	const char *kind;
	size_t version;
	bool is_async;  /* asks with IsAsyncOperation=1 */
	bool has_async; /* Azure-AsyncOperation is offered */
};

static size_t polls(struct poll out[32])
{
	static const char *const kinds[] = { "backup", "locationUpdate", "prune" };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(kinds) * ARRAY_LENGTH(versions) * 2; i++) {
		const char *kind = kinds[i / (ARRAY_LENGTH(versions) * 2)];
		size_t version = i / 2 % ARRAY_LENGTH(versions);
		bool is_prune = strcmp(kind, "prune") == 0;

		if (is_prune && version == 0)
			continue;
		out[count++] =
			(struct poll) { kind, version, i % 2 == 1, version == 2 || is_prune };
	}
	return count;
}

static unsigned call_poll(struct api_fixture *fixture, const struct poll *poll)
{
	fixture->sent_version = versions[poll->version];
	return api_fixture_call(fixture, "GET",
				poll->is_async ? RESULT "?IsAsyncOperation=1" : RESULT, NULL);
}

static void assert_addresses(const struct api_fixture *fixture, const struct poll *poll)
{
	char location[512], async[600];

	(void)snprintf(location, sizeof(location), ADDRESS "%s", versions[poll->version]);
	(void)snprintf(async, sizeof(async), "%s&IsAsyncOperation=1", location);
	assert_string_equal(api_fixture_header(fixture, "Location"), location);
	if (poll->has_async)
		assert_string_equal(api_fixture_header(fixture, "Azure-AsyncOperation"), async);
	else
		assert_null(api_fixture_header(fixture, "Azure-AsyncOperation"));
}

static void assert_running(struct api_fixture *fixture, const struct poll *poll)
{
	bool is_async = poll->is_async && poll->has_async;

	assert_int_equal(call_poll(fixture, poll), is_async ? 200 : 202);
	assert_string_equal(fixture->text, is_async ? "{\"status\":\"Accepted\",\"properties\":{"
						      "\"provisioningState\":\"Accepted\"}}"
						    : "");
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), is_async ? "30" : "60");
	assert_addresses(fixture, poll);
}

static void assert_keys(const json_t *json, const char *expected)
{
	char found[128] = "";
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		size_t length = strlen(found);

		(void)snprintf(found + length, sizeof(found) - length, "%s ", key);
	}
	assert_string_equal(found, expected);
}

static void assert_done(struct api_fixture *fixture, const struct poll *poll)
{
	bool is_async = poll->is_async && poll->has_async;

	assert_int_equal(call_poll(fixture, poll), 200);
	assert_string_equal(fixture->response.content_type, "application/json");
	assert_null(api_fixture_header(fixture, "Location"));
	assert_null(api_fixture_header(fixture, "Azure-AsyncOperation"));
	assert_null(api_fixture_header(fixture, "Retry-After"));
	assert_keys(fixture->json, is_async ? "status id name properties "
					    : "id name type location tags properties ");
	if (is_async)
		assert_true(text_starts_with(fixture->text, "{\"status\":\"Succeeded\","));
}

static void test_polls_by_kind_and_version(void **state)
{
	struct poll table[32];
	size_t count = polls(table);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		void *own = NULL;

		assert_int_equal(api_fixture_start(&own), 0);
		struct api_fixture *fixture = own;

		api_fixture_add_job(fixture, ID, table[i].kind);
		assert_running(fixture, &table[i]);
		api_fixture_run_job(fixture);
		assert_running(fixture, &table[i]);
		api_fixture_add_backup(fixture, ID, 1, "Succeeded");
		api_fixture_finish_job(fixture, ID, "Succeeded", "{\"pathsToDelete\":[]}", NULL);
		/* A client asks Azure-AsyncOperation, then Location; tests ask twice. */
		assert_done(fixture, &table[i]);
		assert_done(fixture, &table[i]);
		assert_int_equal(api_fixture_stop(&own), 0);
	}
}

static void test_polls_of_a_failure_are_500_at_both_addresses(void **state)
{
	struct poll table[32];
	size_t count = polls(table);
	struct api_fixture *fixture = *state;
	const struct error fault = { .status = STATUS_SHARE_FULL, .message = "the share is full" };

	api_fixture_add_job(fixture, ID, "locationUpdate");
	api_fixture_run_job(fixture);
	api_fixture_finish_job(fixture, ID, "Failed", NULL, &fault);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(call_poll(fixture, &table[i]), 500);
		assert_string_equal(fixture->text,
				    "{\"error\":{\"code\":\"BcdrOperationException\",\"message\":"
				    "\"The share is full.\"},"
				    "\"properties\":{\"provisioningState\":\"Failed\"}}");
		assert_string_equal(api_fixture_header(fixture, "x-ms-failure-cause"), "service");
	}
}

static void test_poll_of_an_unknown_operation_is_not_found(void **state)
{
	static const char *const targets[] = { RESULT, RESULT "?IsAsyncOperation=1",
					       API_FIXTURE_LOCATION "/operationResults/x" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(targets) * ARRAY_LENGTH(versions); i++) {
		fixture->sent_version = versions[i % ARRAY_LENGTH(versions)];
		assert_int_equal(
			api_fixture_call(fixture, "GET", targets[i / ARRAY_LENGTH(versions)], NULL),
			404);
		assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	}
}

static void test_wrapped_key_by_version(void **state)
{
	struct api_fixture *fixture = *state;

	api_fixture_add_job(fixture, ID, "backup");
	api_fixture_run_job(fixture);
	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	api_fixture_finish_job(fixture, ID, "Succeeded",
			       "{\"encryptedBackupEncryptionKey\":\"QUJD\"}", NULL);
	fixture->sent_version = "2021-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"encryptedBackupEncryptionKey\":null,"));
	fixture->sent_version = "2018-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET", RESULT, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"encryptedBackupEncryptionKey\":\"QUJD\","));
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
		FIXTURE_TEST(test_location_by_version),
		FIXTURE_TEST(test_backup_by_version),
		FIXTURE_TEST(test_roles_by_version),
		FIXTURE_TEST(test_skipped_backup_by_version),
		cmocka_unit_test(test_polls_by_kind_and_version),
		FIXTURE_TEST(test_polls_of_a_failure_are_500_at_both_addresses),
		FIXTURE_TEST(test_poll_of_an_unknown_operation_is_not_found),
		FIXTURE_TEST(test_wrapped_key_by_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
