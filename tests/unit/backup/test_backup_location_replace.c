/* SPDX-License-Identifier: Apache-2.0 */
/* Updates that replace or clear: what stays, what goes, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define STORE "properties.externalStoreDefault."
#define BLOB "https://account.blob.example.com/container"

static const int64_t six = 6, twelve = 12, five = 5, seven = 7;
static const bool on = true;

/* A location in which nothing has its default. */
static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	struct db_job job;
	fixture->without_tick = true;
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	const struct backup_location_update update = { .user_name = "EXAMPLE\\backup",
						       .password = "secret",
						       .frequency_hours = &six,
						       .retention_days = &five,
						       .scheduler_enabled = &on };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static void read_rows(struct service_fixture *fixture, struct db_location *location,
		      struct db_schedule *schedule)
{
	struct db *db = service_fixture_take(fixture);
	memset(location, 0, sizeof *location);
	assert_int_equal(db_location_get(db, "north", location, NULL), STATUS_OK);
	assert_int_equal(db_schedule_get(db, "north", schedule, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
}

static void update_well(struct service_fixture *fixture,
			const struct backup_location_update *update)
{
	struct db_job job;
	service_fixture_update(fixture, update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

static void test_replace_puts_what_is_not_told_back_to_its_default(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_schedule schedule;
	const struct backup_location_update update = { .manner = BACKUP_LOCATION_REPLACE,
						       .path = fixture->share_path,
						       .user_name = "EXAMPLE\\backup" };
	update_well(fixture, &update);
	read_rows(fixture, &row, &schedule);
	assert_string_equal(row.path, fixture->share_path);
	assert_string_equal(row.user_name, "EXAMPLE\\backup");
	assert_int_equal(row.frequency_hours, 12);
	assert_int_equal(row.retention_days, 7);
	assert_false(row.scheduler_enabled);
	/* Nobody can send back what nobody can read. */
	assert_true(row.password_sealed.length > 0);
	assert_true(row.certificate.length > 0);
	assert_int_equal(strlen(row.thumbprint), 40);
	db_location_done(&row);
}

static void test_replace_keeps_no_password_for_another_account(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_schedule schedule;
	const struct backup_location_update others[] = {
		{ .path = fixture->share_path },
		{ .path = fixture->share_path, .user_name = "EXAMPLE\\other" },
		{ .path = fixture->share_path, .user_name = "EXAMPLE\\backup", .password = "" },
	};
	const struct backup_location_update original = { .user_name = "EXAMPLE\\backup",
							 .password = "secret" };
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct backup_location_update update = others[i];
		update.manner = BACKUP_LOCATION_REPLACE;
		update_well(fixture, &update);
		read_rows(fixture, &row, &schedule);
		assert_int_equal(row.password_sealed.length, 0);
		assert_true(row.certificate.length > 0);
		db_location_done(&row);
		update_well(fixture, &original);
	}
}

static void assert_cleared(struct service_fixture *fixture, int64_t last_backup_time)
{
	struct db_location row;
	struct db_schedule schedule;
	read_rows(fixture, &row, &schedule);
	assert_null(row.path);
	assert_null(row.user_name);
	assert_int_equal(row.password_sealed.length, 0);
	assert_int_equal(row.certificate.length, 0);
	assert_string_equal(row.thumbprint, "");
	assert_int_equal(row.frequency_hours, 12);
	assert_int_equal(row.retention_days, 7);
	assert_false(row.scheduler_enabled);
	assert_true(row.capacity_total == -1 && row.capacity_free == -1);
	assert_true(row.next_backup_time == 0 && schedule.next_backup_time == 0);
	assert_true(row.last_backup_time == last_backup_time);
	db_location_done(&row);
}

static enum status count_backup(const struct db_backup *backup, void *context, struct error *err)
{
	(void)backup;
	(void)err;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static void test_blank_replace_clears_and_keeps_the_history(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_schedule schedule;
	char id[GUID_TEXT_SIZE];
	size_t count = 0;
	/* As the module's command sends it, and as a client sends back what it has read. */
	const struct backup_location_update blank[] = {
		{ .manner = BACKUP_LOCATION_REPLACE, .user_name = "" },
		{ .manner = BACKUP_LOCATION_REPLACE,
		  .path = "",
		  .user_name = "",
		  .frequency_hours = &twelve,
		  .retention_days = &seven },
	};
	service_fixture_back_up(fixture);
	read_rows(fixture, &row, &schedule);
	assert_true(row.last_backup_time > 0 && row.next_backup_time > 0);
	for (size_t i = 0; i < ARRAY_LENGTH(blank); i++) {
		update_well(fixture, &blank[i]);
		assert_cleared(fixture, row.last_backup_time);
	}
	db_location_done(&row);
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_backup_list(db, "north", count_backup, &count, NULL), STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(backup_submit(fixture->service, db, "test", false, id, NULL),
			 STATUS_NOT_CONFIGURED);
	service_fixture_give(fixture, db);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
}

/* The way out of a share that is gone for good. */
static void test_blank_replace_needs_no_share(void **state)
{
	struct service_fixture *fixture = *state;
	const struct share_fake_plan dead = { .at = 1, .fault = SHARE_FAKE_VANISH };
	const struct backup_location_update blank = { .manner = BACKUP_LOCATION_REPLACE };
	share_fake_set(fixture->fake, &dead);
	update_well(fixture, &blank);
	assert_cleared(fixture, 0);
}

static void test_cleared_location_is_configured_again_with_a_new_plan(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_schedule schedule;
	const struct backup_location_update blank = { .manner = BACKUP_LOCATION_REPLACE };
	service_fixture_back_up(fixture);
	update_well(fixture, &blank);
	service_fixture_configure(fixture);
	read_rows(fixture, &row, &schedule);
	assert_true(row.next_backup_time > clock_now(&fixture->clock));
	assert_true(row.next_backup_time == schedule.next_backup_time);
	db_location_done(&row);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
}

static void test_merge_of_empty_texts_clears_what_they_name(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_location row;
	struct db_schedule schedule;
	const struct backup_location_update account = { .user_name = "", .password = "" };
	const struct backup_location_update certificate = { .certificate_base64 = "" };
	const struct backup_location_update path = { .path = "" };
	update_well(fixture, &account);
	read_rows(fixture, &row, &schedule);
	assert_null(row.user_name);
	assert_int_equal(row.password_sealed.length, 0);
	assert_true(row.certificate.length > 0);
	db_location_done(&row);
	update_well(fixture, &certificate);
	read_rows(fixture, &row, &schedule);
	assert_int_equal(row.certificate.length, 0);
	assert_string_equal(row.thumbprint, "");
	assert_string_equal(row.path, fixture->share_path);
	db_location_done(&row);
	update_well(fixture, &path);
	read_rows(fixture, &row, &schedule);
	assert_null(row.path);
	assert_int_equal(row.frequency_hours, 6);
	assert_true(row.next_backup_time == 0 && schedule.next_backup_time == 0);
	db_location_done(&row);
}

static void test_submit_refuses_what_names_no_place_or_two(void **state)
{
	struct service_fixture *fixture = *state;
	const enum backup_location_manner replace = BACKUP_LOCATION_REPLACE;
	const struct {
		struct backup_location_update update;
		const char *field, *says;
	} cases[] = {
		{ { .manner = replace, .retention_days = &five }, STORE "path", "PATCH" },
		{ { .manner = replace, .scheduler_enabled = &on }, STORE "path", "missing" },
		{ { .manner = replace, .user_name = "u", .password = "p" },
		  STORE "path",
		  "missing" },
		{ { .manner = replace, .path = "x" }, STORE "path", "x" },
		{ { .blob_key = "key" }, STORE "blobStorageUrl", "missing" },
		{ { .manner = replace, .blob_key = "key" }, STORE "blobStorageUrl", "missing" },
		{ { .blob_url = BLOB, .path = fixture->share_path },
		  STORE "blobStorageUrl",
		  "one of them" },
		{ { .blob_url = BLOB, .user_name = "u" }, STORE "blobStorageUrl", "one of them" },
		{ { .blob_url = BLOB, .blob_key = "a\nb" }, STORE "blobStorageKey", "control" },
		{ { .blob_url = "http://a/b" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = "https://" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = "https://a" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = "https://a/" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = "https:///b" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = "https://u:p@a/b" }, STORE "blobStorageUrl", "https://" },
		{ { .blob_url = BLOB "?sig=x" }, STORE "blobStorageUrl", "without a query" },
		{ { .blob_url = BLOB "#x" }, STORE "blobStorageUrl", "https://" },
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
}

/* There is no driver for it: the operation says so, and what was there stays. */
static void test_blob_container_fails_and_changes_nothing(void **state)
{
	struct service_fixture *fixture = *state;
	const struct backup_location_update updates[] = {
		{ .manner = BACKUP_LOCATION_REPLACE, .blob_url = BLOB, .blob_key = "a key" },
		{ .blob_url = BLOB,
		  .blob_key = "a key",
		  .path = "",
		  .user_name = "",
		  .password = "" },
		{ .blob_url = BLOB, .retention_days = &seven },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(updates); i++) {
		struct db_location row;
		struct db_schedule schedule;
		struct db_job job;
		service_fixture_update(fixture, &updates[i], &job);
		assert_string_equal(job.state, "Failed");
		assert_string_equal(job.error_status, status_name(STATUS_UNSUPPORTED));
		assert_non_null(strstr(job.error_message, "not supported by this release"));
		assert_null(strstr(job.parameters, "a key"));
		db_job_done(&job);
		read_rows(fixture, &row, &schedule);
		assert_string_equal(row.path, fixture->share_path);
		assert_string_equal(row.user_name, "EXAMPLE\\backup");
		assert_int_equal(row.retention_days, 5);
		assert_true(row.scheduler_enabled);
		db_location_done(&row);
	}
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_SERVICE(test_replace_puts_what_is_not_told_back_to_its_default),
		WITH_SERVICE(test_replace_keeps_no_password_for_another_account),
		WITH_SERVICE(test_blank_replace_clears_and_keeps_the_history),
		WITH_SERVICE(test_blank_replace_needs_no_share),
		WITH_SERVICE(test_cleared_location_is_configured_again_with_a_new_plan),
		WITH_SERVICE(test_merge_of_empty_texts_clears_what_they_name),
		WITH_SERVICE(test_submit_refuses_what_names_no_place_or_two),
		WITH_SERVICE(test_blob_container_fails_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
