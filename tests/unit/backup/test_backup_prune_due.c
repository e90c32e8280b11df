/* SPDX-License-Identifier: Apache-2.0 */
/* When a prune queues by itself, and what may queue behind it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum status keep_newest(const struct db_job *job, void *context, struct error *err)
{
	(void)err;
	(void)snprintf(context, GUID_TEXT_SIZE, "%s", job->id);
	return STATUS_OK;
}

static bool newest_prune(struct prune_fixture *fixture, char id[GUID_TEXT_SIZE])
{
	id[0] = '\0';
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(db_job_list(db, "north", "prune", 1, keep_newest, id, NULL), STATUS_OK);
	service_fixture_give(fixture->service, db);
	return id[0] != '\0';
}

static void assert_state(struct prune_fixture *fixture, const char *id, const char *expected)
{
	struct db_job job;
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, expected);
	db_job_done(&job);
	service_fixture_give(fixture->service, db);
}

static void submit_automatic(struct prune_fixture *fixture)
{
	char id[GUID_TEXT_SIZE];
	const struct backup_prune_request request = { .caller = "schedule", .is_automatic = true };
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(backup_prune_submit(fixture->service->service, db, &request, id, NULL),
			 STATUS_OK);
	service_fixture_give(fixture->service, db);
}

/* Nobody's backup is refused because of what the service does by itself. */
static void test_prune_by_itself_lets_a_backup_queue_behind_it(void **state)
{
	struct prune_fixture *fixture = *state;
	char prune_id[GUID_TEXT_SIZE], backup_id[GUID_TEXT_SIZE];
	struct db_job prune, backup;
	struct error err;
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_STALL };
	struct service_fixture *service = fixture->service;
	share_fake_set(service->fake, &plan);
	submit_automatic(fixture);
	assert_true(newest_prune(fixture, prune_id));
	share_fake_wait_hanging(service->fake, 1);
	service_fixture_submit(service, backup_id);
	assert_state(fixture, prune_id, "Running");
	assert_state(fixture, backup_id, "Queued");
	/* Pins wait all the same, and the second worker finds nothing to do. */
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(backup_pin(service->service, db, fixture->ids[0], INT64_MAX, &err),
			 STATUS_CONFLICT);
	assert_int_equal(db_job_claim(db, 1, 2, &backup, NULL), STATUS_NOT_FOUND);
	service_fixture_give(fixture->service, db);
	share_fake_resume(service->fake);
	service_fixture_wait(service, backup_id, &backup);
	service_fixture_wait(service, prune_id, &prune);
	assert_string_equal(prune.state, "Succeeded");
	assert_string_equal(backup.state, "Succeeded");
	assert_true(backup.started_time >= prune.ended_time);
	db_job_done(&prune);
	db_job_done(&backup);
	share_fake_release(service->fake);
	share_fake_set(service->fake, NULL);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
}

static void submit_due(struct prune_fixture *fixture)
{
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(backup_prune_submit_due(fixture->service->service, db, NULL), STATUS_OK);
	service_fixture_give(fixture->service, db);
}

static void test_prune_is_due_once_after_a_good_backup_when_something_expired(void **state)
{
	struct prune_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE];
	struct db_job job;
	prune_case_set_retention(fixture, 14, &job);
	assert_null(job.result);
	db_job_done(&job);
	submit_due(fixture);
	assert_false(newest_prune(fixture, id));
	prune_case_set_retention(fixture, 2, &job);
	db_job_done(&job);
	/* Somebody looks first what would go. */
	prune_fixture_run(fixture, true, NULL, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	submit_due(fixture);
	assert_true(newest_prune(fixture, id));
	service_fixture_wait(fixture->service, id, &job);
	assert_true(job.is_automatic);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	submit_due(fixture);
	assert_true(newest_prune(fixture, again));
	assert_string_equal(id, again);
	const bool scheduler = false;
	const struct backup_location_update update = { .scheduler_enabled = &scheduler };
	service_fixture_update(fixture->service, &update, &job);
	db_job_done(&job);
	service_fixture_back_up(fixture->service);
	(void)backup_service_tick(fixture->service->service);
	assert_true(newest_prune(fixture, again));
	assert_string_not_equal(id, again);
	service_fixture_wait(fixture->service, again, &job);
	db_job_done(&job);
}

static void test_prune_is_not_due_without_a_share(void **state)
{
	struct prune_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	const struct backup_location_update nowhere = { .path = "" };
	prune_case_set_retention(fixture, 2, &job);
	db_job_done(&job);
	service_fixture_update(fixture->service, &nowhere, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	submit_due(fixture);
	assert_false(newest_prune(fixture, id));
}

/* What it left is in the trash, whether or not anything else expires. */
static void test_prune_is_due_once_an_interrupted_run_has_had_its_grace(void **state)
{
	struct prune_fixture *fixture = *state;
	const struct share_fake_plan broken = { .at = 40, .fault = SHARE_FAKE_FULL };
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	prune_case_set_retention(fixture, 14, &job);
	db_job_done(&job);
	share_fake_set(fixture->service->fake, &broken);
	service_fixture_backup(fixture->service, &job);
	share_fake_set(fixture->service->fake, NULL);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
	service_fixture_back_up(fixture->service);
	submit_due(fixture);
	assert_false(newest_prune(fixture, id));
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	submit_due(fixture);
	assert_true(newest_prune(fixture, id));
	service_fixture_wait(fixture->service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

#define CASE(test) cmocka_unit_test_teardown(test, prune_case_restore)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		CASE(test_prune_by_itself_lets_a_backup_queue_behind_it),
		CASE(test_prune_is_due_once_after_a_good_backup_when_something_expired),
		CASE(test_prune_is_not_due_without_a_share),
		CASE(test_prune_is_due_once_an_interrupted_run_has_had_its_grace),
	};
	return cmocka_run_group_tests(tests, prune_case_setup, prune_case_teardown);
}
