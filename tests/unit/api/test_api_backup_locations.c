/* SPDX-License-Identifier: Apache-2.0 */
/* The backup location on the wire: exact text, and what a PUT refuses. What a PUT does is for tests
 * with a service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "../../../src/api/api_private.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define STORE "properties.externalStoreDefault"

static void configure(struct api_fixture *fixture)
{
	char name[] = "north", path[] = "\\\\files01.example.com\\AzSBackups";
	char user[] = "EXAMPLE\\backupsvc";
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
		.next_backup_time = API_FIXTURE_NOW + 123,
		.last_backup_time = API_FIXTURE_NOW,
		.capacity_total = 2000000000000,
		.capacity_free = 1495000000000,
		.changed_time = 1,
	};

	assert_int_equal(db_location_put(fixture->state, &location, NULL), STATUS_OK);
}

static void test_get_unconfigured_has_the_cleared_shape(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
	assert_string_equal(
		fixture->text,
		"{\"id\":\"" API_FIXTURE_LOCATION "\",\"name\":\"north\","
		"\"type\":\"Microsoft.Backup.Admin/backupLocations\",\"location\":\"north\","
		"\"tags\":{},\"properties\":{\"externalStoreDefault\":{\"path\":\"\","
		"\"userName\":\"\",\"password\":null,\"encryptionCertBase64\":null,"
		"\"encryptionCertThumbprint\":null,\"backupFrequencyInHours\":12,"
		"\"availableCapacity\":null,\"isBackupSchedulerEnabled\":null,"
		"\"nextBackupTime\":null,\"lastBackupTime\":null,"
		"\"backupRetentionPeriodInDays\":7}}}");
}

static void test_get_configured_has_the_recorded_shape(void **state)
{
	struct api_fixture *fixture = *state;

	configure(fixture);
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
	assert_string_equal(fixture->response.content_type, "application/json; charset=utf-8");
	assert_string_equal(
		fixture->text,
		"{\"id\":\"" API_FIXTURE_LOCATION "\",\"name\":\"north\","
		"\"type\":\"Microsoft.Backup.Admin/backupLocations\",\"location\":\"north\","
		"\"tags\":{},\"properties\":{\"externalStoreDefault\":{"
		"\"path\":\"\\\\\\\\files01.example.com\\\\AzSBackups\","
		"\"userName\":\"EXAMPLE\\\\backupsvc\",\"password\":null,"
		"\"encryptionCertBase64\":null,"
		"\"encryptionCertThumbprint\":\"5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D\","
		"\"backupFrequencyInHours\":10,\"availableCapacity\":\"1.36 TB\","
		"\"isBackupSchedulerEnabled\":true,"
		"\"nextBackupTime\":\"2024-03-01T20:30:00.123Z\","
		"\"lastBackupTime\":\"2024-03-01T20:30:00Z\","
		"\"backupRetentionPeriodInDays\":6}}}");
}

static void test_get_keeps_the_casing_of_the_request_in_scope_only(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET",
					  "/SUBSCRIPTIONS/7D0F5F0E-6A39-4C5E-9A64-0B6C86F1A001/"
					  "resourcegroups/System.NORTH/providers/"
					  "microsoft.backup.admin/backuplocations/North",
					  NULL),
			 200);
	assert_string_equal(json_string_value(json_object_get(fixture->json, "id")),
			    "/subscriptions/7D0F5F0E-6A39-4C5E-9A64-0B6C86F1A001/"
			    "resourceGroups/System.NORTH/providers/"
			    "Microsoft.Backup.Admin/backupLocations/north");
	assert_string_equal(json_string_value(json_object_get(fixture->json, "name")), "north");
}

static void test_list_has_one_and_a_null_next_link(void **state)
{
	struct api_fixture *fixture = *state;
	const char *end = "],\"nextLink\":null}";

	assert_int_equal(
		api_fixture_call(fixture, "GET", API_FIXTURE_GROUP "/backupLocations", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(fixture->json, "value")), 1);
	assert_string_equal(fixture->text + strlen(fixture->text) - strlen(end), end);
	assert_int_equal(api_fixture_call(fixture, "GET",
					  API_FIXTURE_GROUP "/backupLocations?$skip=1", NULL),
			 200);
	assert_string_equal(fixture->text, "{\"value\":[],\"nextLink\":null}");
}

static void test_put_refuses_bodies_and_names_the_member(void **state)
{
	static const struct {
		const char *body;
		const char *target;
	} cases[] = {
		{ "", "" },
		{ "{", "" },
		{ "[]", "" },
		{ "null", "" },
		{ "{}", "properties" },
		{ "{\"properties\":1}", "properties" },
		{ "{\"properties\":{}}", STORE },
		{ "{\"properties\":{\"externalStoreDefault\":[]}}", STORE },
		{ "{\"properties\":{\"externalStoreDefault\":{\"path\":7}}}", STORE ".path" },
		{ "{\"properties\":{\"externalStoreDefault\":{\"PASSWORD\":7}}}",
		  STORE ".password" },
		{ "{\"properties\":{\"externalStoreDefault\":{\"isBackupSchedulerEnabled\":0}}}",
		  STORE ".isBackupSchedulerEnabled" },
		{ "{\"properties\":{\"externalStoreDefault\":{\"backupFrequencyInHours\":8.5}}}",
		  STORE ".backupFrequencyInHours" },
		{ "{\"location\":\"south\",\"properties\":{\"externalStoreDefault\":{}}}",
		  "location" },
		{ "{\"name\":\"south\",\"properties\":{\"externalStoreDefault\":{}}}", "name" },
		{ "{\"type\":\"x\",\"properties\":{\"externalStoreDefault\":{}}}", "type" },
		{ "{\"id\":\"/x\",\"properties\":{\"externalStoreDefault\":{}}}", "id" },
		{ "{\"id\":1,\"properties\":{\"externalStoreDefault\":{}}}", "id" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(
			api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, cases[i].body), 400);
		assert_string_equal(api_fixture_code(fixture), "BadRequest");
		assert_string_equal(api_fixture_target(fixture), cases[i].target);
	}
}

static void test_put_names_line_and_column_but_no_text_of_the_body(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(
		api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION,
				 "{\n\"properties\":{\"externalStoreDefault\":{\"password\":"
				 "hunter2}}}"),
		400);
	assert_non_null(strstr(fixture->text, "line 2 column "));
	assert_null(strstr(fixture->text, "hunter2"));
}

static void test_put_encoded_body_is_415(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_header = "Content-Encoding";
	fixture->sent_header_value = "gzip";
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 415);
	assert_string_equal(api_fixture_target(fixture), "Content-Encoding");
	fixture->sent_header_value = "Identity";
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 400);
}

static void test_put_other_media_type_is_415(void **state)
{
	static const char *const types[] = { "text/plain",
					     "application/jsonx",
					     "",
					     "json",
					     "application/x-www-form-urlencoded; charset=utf-8",
					     "application/json; charset=utf-16",
					     "application/json; a=b;charset=\"latin1\"" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		fixture->sent_type = types[i];
		assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 415);
		assert_string_equal(api_fixture_code(fixture), "UnsupportedMediaType");
	}
	fixture->sent_type = "Application/JSON; charset=utf-8";
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 400);
}

struct read_case {
	json_t *body;
	struct api_location_values values;
	struct backup_location_update update;
	struct error err;
};

static enum status read_body(struct api_fixture *fixture, const char *text, struct read_case *read)
{
	const struct api_call call = { .api = fixture->api,
				       .path = { .subscription = API_FIXTURE_SUBSCRIPTION,
						 .group = "system.north",
						 .location = "north" } };

	memset(read, 0, sizeof(*read));
	assert_int_equal(json_parse(text, strlen(text), &read->body, &read->err), STATUS_OK);
	return api_location_read(&call, read->body, &read->values, &read->update, &read->err);
}

static void test_read_absent_null_and_empty_mean_keep(void **state)
{
	static const char *const bodies[] = {
		"{\"properties\":{\"externalStoreDefault\":{}}}",
		"{\"properties\":{\"externalStoreDefault\":{\"path\":\"\",\"userName\":\"\","
		"\"password\":\"\",\"encryptionCertBase64\":\"\"}}}",
		"{\"properties\":{\"externalStoreDefault\":{\"path\":null,\"userName\":null,"
		"\"password\":null,\"encryptionCertBase64\":null,\"backupFrequencyInHours\":null,"
		"\"backupRetentionPeriodInDays\":null,\"isBackupSchedulerEnabled\":null}}}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		struct read_case read;

		assert_int_equal(read_body(*state, bodies[i], &read), STATUS_OK);
		assert_null(read.update.path);
		assert_null(read.update.user_name);
		assert_null(read.update.password);
		assert_null(read.update.certificate_base64);
		assert_null(read.update.frequency_hours);
		assert_null(read.update.retention_days);
		assert_null(read.update.scheduler_enabled);
		json_decref(read.body);
	}
}

static void test_read_takes_every_member_in_any_case_and_ignores_the_rest(void **state)
{
	struct read_case read;

	assert_int_equal(
		read_body(*state,
			  "{\"ID\":\"" API_FIXTURE_LOCATION "\",\"NAME\":\"NORTH\","
			  "\"type\":\"microsoft.backup.admin/backuplocations\","
			  "\"tags\":7,\"Location\":\"North\",\"Properties\":{"
			  "\"provisioningState\":1,\"ExternalStoreDefault\":{"
			  "\"PATH\":\"/share\",\"username\":\"u\",\"Password\":\"p\","
			  "\"EncryptionCertBase64\":\"AAAA\",\"backupfrequencyinhours\":4,"
			  "\"BackupRetentionPeriodInDays\":14,\"IsBackupSchedulerEnabled\":false,"
			  "\"availableCapacity\":[],\"nextBackupTime\":1,\"lastBackupTime\":{},"
			  "\"encryptionCertThumbprint\":false,\"future\":null}}}",
			  &read),
		STATUS_OK);
	assert_string_equal(read.update.path, "/share");
	assert_string_equal(read.update.user_name, "u");
	assert_string_equal(read.update.password, "p");
	assert_string_equal(read.update.certificate_base64, "AAAA");
	assert_int_equal(*read.update.frequency_hours, 4);
	assert_int_equal(*read.update.retention_days, 14);
	assert_false(*read.update.scheduler_enabled);
	json_decref(read.body);
}

static void test_wipe_overwrites_every_text_however_deep(void **state)
{
	AUTO_JSON body = json_pack("{s:s, s:{s:[s, i]}}", "a", "hunter2", "b", "c", "hunter3", 1);
	const char *first = json_string_value(json_object_get(body, "a"));
	const char *second = json_string_value(
		json_array_get(json_object_get(json_object_get(body, "b"), "c"), 0));

	(void)state;
	api_body_wipe(body);
	api_body_wipe(NULL);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(first[i] | second[i], 0);
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_get_unconfigured_has_the_cleared_shape),
		FIXTURE_TEST(test_get_configured_has_the_recorded_shape),
		FIXTURE_TEST(test_get_keeps_the_casing_of_the_request_in_scope_only),
		FIXTURE_TEST(test_list_has_one_and_a_null_next_link),
		FIXTURE_TEST(test_put_refuses_bodies_and_names_the_member),
		FIXTURE_TEST(test_put_names_line_and_column_but_no_text_of_the_body),
		FIXTURE_TEST(test_put_other_media_type_is_415),
		FIXTURE_TEST(test_put_encoded_body_is_415),
		FIXTURE_TEST(test_read_absent_null_and_empty_mean_keep),
		FIXTURE_TEST(test_read_takes_every_member_in_any_case_and_ignores_the_rest),
		cmocka_unit_test(test_wipe_overwrites_every_text_however_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
