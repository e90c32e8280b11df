/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of the backup location: refused values, the share test before anything is stored,
 * conflicts. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/crypto.h"

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define STORE "properties.externalStoreDefault."

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static void read_location(struct service_fixture *fixture, struct db_location *out)
{
	struct db *db = service_fixture_take(fixture);
	memset(out, 0, sizeof *out);
	assert_int_equal(db_location_get(db, "north", out, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
}

static size_t job_count(struct service_fixture *fixture);

static enum status count_job(const struct db_job *job, void *context, struct error *err)
{
	(void)job;
	(void)err;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static size_t job_count(struct service_fixture *fixture)
{
	size_t count = 0;
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_job_list(db, "north", NULL, 1000, count_job, &count, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
	return count;
}

static void test_backup_location_submit_with_bad_values_names_the_field(void **state)
{
	struct service_fixture *fixture = *state;
	static const int64_t three = 3, thirteen = 13, one = 1, fifteen = 15;
	const struct {
		struct backup_location_update update;
		const char *field;
		const char *says;
	} cases[] = {
		{ { .path = "relative/path" }, STORE "path", "relative/path" },
		{ { .path = "\\\\server" }, STORE "path", "server" },
		{ { .frequency_hours = &three, .path = "/srv/x" },
		  STORE "backupFrequencyInHours",
		  "from 4 to 12" },
		{ { .frequency_hours = &thirteen, .path = "/srv/x" },
		  STORE "backupFrequencyInHours",
		  "13" },
		{ { .retention_days = &one, .path = "/srv/x" },
		  STORE "backupRetentionPeriodInDays",
		  "from 2 to 14" },
		{ { .retention_days = &fifteen, .path = "/srv/x" },
		  STORE "backupRetentionPeriodInDays",
		  "15" },
		{ { .path = "/srv/x", .certificate_base64 = "!" },
		  STORE "encryptionCertBase64",
		  "base64" },
		{ { .path = "/srv/x", .certificate_base64 = "aGVsbG8=" },
		  STORE "encryptionCertBase64",
		  "" },
		{ { .path = "/srv/x", .user_name = "a\nb" }, STORE "userName", "control" },
		{ { .retention_days = &thirteen }, STORE "path", "no share is configured" },
	};
	struct db *db = service_fixture_take(fixture);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err;
		char id[GUID_TEXT_SIZE];
		assert_int_equal(backup_location_submit(fixture->service, db, &cases[i].update,
							"test", id, &err),
				 STATUS_INVALID);
		assert_string_equal(err.field, cases[i].field);
		assert_non_null(strstr(err.message, cases[i].says));
	}
	service_fixture_give(fixture, db);
	assert_int_equal(job_count(fixture), 0);
}

static void test_backup_location_submit_with_a_private_key_says_so(void **state)
{
	struct service_fixture *fixture = *state;
	struct buffer text;
	struct error err;
	char id[GUID_TEXT_SIZE];
	buffer_init(&text, 1u << 20);
	assert_int_equal(base64_encode(fixture->pfx.data, fixture->pfx.length, &text, NULL),
			 STATUS_OK);
	const struct backup_location_update update = { .path = fixture->share_path,
						       .certificate_base64 =
							       (const char *)text.data };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_location_submit(fixture->service, db, &update, "test", id, &err),
			 STATUS_INVALID);
	service_fixture_give(fixture, db);
	assert_string_equal(err.field, STORE "encryptionCertBase64");
	assert_non_null(strstr(err.message, "private key"));
	buffer_done(&text);
}

static void test_backup_location_update_to_a_missing_share_keeps_the_old_one(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location before, after;
	struct db_job job;
	service_fixture_configure(fixture);
	read_location(fixture, &before);
	char *missing = file_join(fixture->folder, "not-there");
	const struct backup_location_update update = { .path = missing,
						       .user_name = "EXAMPLE\\other" };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "share-path");
	read_location(fixture, &after);
	assert_string_equal(after.path, before.path);
	assert_null(after.user_name);
	assert_string_equal(after.thumbprint, before.thumbprint);
	db_job_done(&job);
	db_location_done(&before);
	db_location_done(&after);
	free(missing);
}

static void test_backup_location_update_of_one_value_keeps_the_others(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_job job;
	static const int64_t five = 5;
	service_fixture_configure(fixture);
	const struct backup_location_update update = { .retention_days = &five };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	read_location(fixture, &row);
	assert_int_equal(row.retention_days, 5);
	assert_string_equal(row.path, fixture->share_path);
	assert_true(row.certificate.length > 0);
	assert_true(row.capacity_total > 0);
	db_job_done(&job);
	db_location_done(&row);
}

static void test_backup_location_of_another_deployment_is_refused_by_name(void **state)
{
	struct service_fixture *fixture = *state;
	struct service_fixture *other = service_fixture_new(NULL, NULL);
	struct db_job job;
	service_fixture_configure(fixture);
	service_fixture_start(other);
	const struct backup_location_update update = { .path = fixture->share_path };
	service_fixture_update(other, &update, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "conflict");
	assert_non_null(strstr(job.error_message, backup_service_signer(fixture->service)));
	db_job_done(&job);
	service_fixture_free(other);
}

static void test_backup_submit_without_a_location_is_not_configured(void **state)
{
	struct service_fixture *fixture = *state;
	struct error err;
	char id[GUID_TEXT_SIZE];
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_submit(fixture->service, db, "test", false, id, &err),
			 STATUS_NOT_CONFIGURED);
	service_fixture_give(fixture, db);
	assert_int_equal(job_count(fixture), 0);
}

static void test_backup_submit_without_a_certificate_is_not_configured(void **state)
{
	struct service_fixture *fixture = *state;
	struct error err;
	struct db_job job;
	char id[GUID_TEXT_SIZE];
	const struct backup_location_update update = { .path = fixture->share_path };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_submit(fixture->service, db, "test", false, id, &err),
			 STATUS_NOT_CONFIGURED);
	assert_non_null(strstr(err.message, "certificate"));
	service_fixture_give(fixture, db);
	db_job_done(&job);
}

static void test_backup_submit_while_one_runs_is_a_conflict(void **state)
{
	struct service_fixture *fixture = *state;
	struct error err;
	struct db_job job;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	service_fixture_configure(fixture);
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_STALL };
	share_fake_set(fixture->fake, &plan);
	service_fixture_submit(fixture, first);
	share_fake_wait_hanging(fixture->fake, 1);
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_submit(fixture->service, db, "test", false, second, &err),
			 STATUS_CONFLICT);
	assert_non_null(strstr(err.message, first));
	service_fixture_give(fixture, db);
	share_fake_resume(fixture->fake);
	service_fixture_wait(fixture, first, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_SERVICE(test_backup_location_submit_with_bad_values_names_the_field),
		WITH_SERVICE(test_backup_location_submit_with_a_private_key_says_so),
		WITH_SERVICE(test_backup_location_update_to_a_missing_share_keeps_the_old_one),
		WITH_SERVICE(test_backup_location_update_of_one_value_keeps_the_others),
		WITH_SERVICE(test_backup_location_of_another_deployment_is_refused_by_name),
		WITH_SERVICE(test_backup_submit_without_a_location_is_not_configured),
		WITH_SERVICE(test_backup_submit_without_a_certificate_is_not_configured),
		WITH_SERVICE(test_backup_submit_while_one_runs_is_a_conflict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
