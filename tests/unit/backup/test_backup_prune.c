/* SPDX-License-Identifier: Apache-2.0 */
/* Prunes of a history of daily backups: what goes, what stays, and what comes back by hand. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct prune_fixture *fixture;

static int setup_all(void **state)
{
	(void)state;
	fixture = prune_fixture_new(NULL);
	prune_fixture_save(fixture);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	prune_fixture_free(fixture);
	return 0;
}

static int restore(void **state)
{
	(void)state;
	fixture->service->clock_offset = 0;
	prune_fixture_restore(fixture);
	return 0;
}

static void test_prune_moves_the_expired_to_the_trash_and_later_away(void **state)
{
	char status[32];
	int64_t pinned;
	(void)state;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), PRUNE_BACKUPS - PRUNE_KEPT);
	/* Nothing of what the trash needs has gone. */
	assert_int_equal(prune_fixture_count(fixture, "generations", ""), 4);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	prune_case_status(fixture, 4, status, &pinned);
	assert_string_equal(status, "Deleted");
	assert_int_equal(prune_fixture_prune(fixture), 0);

	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > PRUNE_BACKUPS - PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", "0001-"), 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", "0002-"), 1);
	/* One mark is enough: the one that the oldest kept backup leads to. */
	assert_int_equal(prune_fixture_count(fixture, "deletions", ".json"), 1);
	assert_int_equal(prune_fixture_count(fixture, "deletions", fixture->ids[4]), 2);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	assert_int_equal(prune_fixture_prune(fixture), 0);

	service_fixture_back_up(fixture->service);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
	assert_int_equal(prune_fixture_prune(fixture), 1);
	assert_int_equal(prune_fixture_check(fixture, 6, true), 0);
}

static void test_prune_that_is_dry_says_the_same_and_changes_nothing(void **state)
{
	struct db_job dry, real;
	(void)state;
	prune_fixture_run(fixture, true, NULL, &dry);
	assert_string_equal(dry.state, "Succeeded");
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_BACKUPS);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "deletions", ""), 0);
	prune_fixture_run(fixture, false, NULL, &real);
	AUTO_JSON dry_result = prune_case_result(&dry);
	AUTO_JSON real_result = prune_case_result(&real);
	json_t *paths = json_object_get(dry_result, "pathsToDelete");
	assert_int_equal(json_array_size(paths), PRUNE_BACKUPS - PRUNE_KEPT);
	assert_true(json_equal(paths, json_object_get(real_result, "pathsToDelete")));
	assert_true(text_starts_with(json_string_value(json_array_get(paths, 0)),
				     "masbackup/backups/00000001-"));
	json_t *backups = json_object_get(json_object_get(dry_result, "plan"), "backups");
	assert_int_equal(json_array_size(backups), PRUNE_BACKUPS);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(backups, 4), "reason")),
		"expired");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(backups, 5), "reason")),
		"aboveFloor");
	db_job_done(&dry);
	db_job_done(&real);
}

static void test_prune_keeps_what_is_pinned_and_the_chain_around_it(void **state)
{
	(void)state;
	prune_case_pin(fixture, 1, INT64_MAX);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[1]), 1);
	/* Its packs stay with it; those of its generation that nobody names are gone. */
	assert_int_equal(prune_fixture_count(fixture, "generations", "0001-"), 1);
	assert_int_equal(prune_fixture_count(fixture, "deletions", ".json"), 2);
	/* Removed by somebody else it is missed, although everything around it was deleted. */
	char *folder = prune_case_entry(fixture, "backups", fixture->ids[1]);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	free(folder);
	assert_int_equal(service_fixture_verify(fixture->service, false), 1);
	prune_case_assert_refused(fixture, NULL, "not on the share", NULL);
}

/* One that lacks a pack does not count for the floor. */
static void test_prune_with_a_damaged_backup_keeps_one_more(void **state)
{
	(void)state;
	char *manifest = prune_case_entry(fixture, "backups", fixture->ids[9]);
	char *path = file_join(manifest, "manifest.bin");
	assert_int_equal(truncate(path, 100), 0);
	free(path);
	free(manifest);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
}

/* Nor does one that a verification found damaged, although all of it is listed. */
static void test_prune_with_a_backup_found_damaged_keeps_one_more(void **state)
{
	struct db *db = NULL;
	struct db_verification row;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	(void)state;
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(db_verification_get(db, fixture->ids[9], &row, NULL), STATUS_OK);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_READ_BACK);
	row.damaged_time = 1;
	row.problem = strdup("found damaged");
	assert_int_equal(db_verification_put(db, &row, NULL), STATUS_OK);
	db_verification_done(&row);
	db_pool_give(pool, db);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
}

static void test_prune_finds_what_was_brought_back_and_pins_it(void **state)
{
	char status[32];
	int64_t pinned;
	(void)state;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	char *trashed = prune_case_entry(fixture, "trash", fixture->ids[2]);
	const char *name = strrchr(trashed, '/') + 1;
	char *target = NULL;
	assert_true(asprintf(&target, "%s/MASBackup/backups/%s", fixture->service->share_path,
			     strchr(name, '-') + 1) > 0);
	assert_int_equal(rename(trashed, target), 0);
	free(trashed);
	free(target);
	assert_int_equal(service_fixture_verify(fixture->service, true), 0);
	assert_int_equal(prune_fixture_prune(fixture), 0);
	prune_case_status(fixture, 2, status, &pinned);
	assert_string_equal(status, "Succeeded");
	assert_int_equal(pinned, INT64_MAX);
	/* The others go; what it needs stays. */
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[2]), 1);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	prune_case_pin(fixture, 2, 0);
	assert_int_equal(prune_fixture_prune(fixture), 1);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
}

/* Without a grace everything goes at once, and the dry run says so. */
static void test_prune_without_grace_removes_at_once(void **state)
{
	struct db_job job;
	(void)state;
	fixture->service->config->engine.trash_grace = 0;
	prune_fixture_run(fixture, true, NULL, &job);
	AUTO_JSON result = prune_case_result(&job);
	size_t announced = json_array_size(json_object_get(result, "pathsToDelete"));
	db_job_done(&job);
	assert_int_equal(prune_fixture_prune(fixture), announced);
	fixture->service->config->engine.trash_grace = PRUNE_DAY;
	assert_true(announced > PRUNE_BACKUPS - PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", ""), 3);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
}

/* A pack that no backup names: in the generation that is written to, the next backup may take it.
 */
static void test_prune_leaves_unnamed_packs_where_a_writer_may_come(void **state)
{
	static const char digits[] =
		"00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char *paths[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		char *generation =
			prune_case_entry(fixture, "generations", i == 0 ? "0003-" : "0004-");
		char *folder = file_join(generation, "packs/00");
		assert_true(asprintf(&paths[i], "%s/%s.pack", folder, digits) > 0);
		prune_fixture_execute(fixture,
				      (const char *const[]) { "mkdir", "-p", folder, NULL });
		assert_int_equal(file_write(paths[i], 0600, true, "pack", 4, NULL), STATUS_OK);
		free(folder);
		free(generation);
	}
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT + 1);
	assert_int_equal(access(paths[0], F_OK), -1);
	assert_int_equal(access(paths[1], F_OK), 0);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	free(paths[0]);
	free(paths[1]);
}

static void test_prune_meets_no_writer(void **state)
{
	struct db *db = NULL;
	char id[GUID_TEXT_SIZE];
	struct error err;
	struct db_job job;
	const struct backup_prune_request request = { .caller = "test" };
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_STALL };
	struct service_fixture *service = fixture->service;
	struct db_pool *pool = backup_service_state(service->service);
	(void)state;
	share_fake_set(service->fake, &plan);
	service_fixture_submit(service, id);
	share_fake_wait_hanging(service->fake, 1);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	char other[GUID_TEXT_SIZE];
	assert_int_equal(backup_prune_submit(service->service, db, &request, other, &err),
			 STATUS_CONFLICT);
	db_pool_give(pool, db);
	share_fake_resume(service->fake);
	service_fixture_wait(service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	share_fake_release(service->fake);
	share_fake_set(service->fake, NULL);
}

static bool newest_prune(char id[GUID_TEXT_SIZE]);

static void assert_state(const char *id, const char *expected)
{
	struct db *db = NULL;
	struct db_job job;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, expected);
	db_job_done(&job);
	db_pool_give(pool, db);
}

static void submit_automatic(void)
{
	struct db *db = NULL;
	char id[GUID_TEXT_SIZE];
	const struct backup_prune_request request = { .caller = "schedule", .is_automatic = true };
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(backup_prune_submit(fixture->service->service, db, &request, id, NULL),
			 STATUS_OK);
	db_pool_give(pool, db);
}

/* Nobody's backup is refused because of what the service does by itself. */
static void test_prune_by_itself_lets_a_backup_queue_behind_it(void **state)
{
	char prune_id[GUID_TEXT_SIZE], backup_id[GUID_TEXT_SIZE];
	struct db *db = NULL;
	struct db_job prune, backup;
	struct error err;
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_STALL };
	struct service_fixture *service = fixture->service;
	struct db_pool *pool = backup_service_state(service->service);
	(void)state;
	share_fake_set(service->fake, &plan);
	submit_automatic();
	assert_true(newest_prune(prune_id));
	share_fake_wait_hanging(service->fake, 1);
	service_fixture_submit(service, backup_id);
	assert_state(prune_id, "Running");
	assert_state(backup_id, "Queued");
	/* Pins wait all the same, and the second worker finds nothing to do. */
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(backup_pin(service->service, db, fixture->ids[0], INT64_MAX, &err),
			 STATUS_CONFLICT);
	assert_int_equal(db_job_claim(db, 1, 2, &backup, NULL), STATUS_NOT_FOUND);
	db_pool_give(pool, db);
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

static void submit_due(void)
{
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(backup_prune_submit_due(fixture->service->service, db, NULL), STATUS_OK);
	db_pool_give(pool, db);
}

static enum status keep_newest(const struct db_job *job, void *context, struct error *err)
{
	(void)err;
	(void)snprintf(context, GUID_TEXT_SIZE, "%s", job->id);
	return STATUS_OK;
}

static bool newest_prune(char id[GUID_TEXT_SIZE])
{
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	id[0] = '\0';
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(db_job_list(db, "north", "prune", 1, keep_newest, id, NULL), STATUS_OK);
	db_pool_give(pool, db);
	return id[0] != '\0';
}

static void set_retention(int64_t days, struct db_job *out)
{
	const struct backup_location_update update = { .retention_days = &days };
	service_fixture_update(fixture->service, &update, out);
	assert_string_equal(out->state, "Succeeded");
}

static void test_prune_is_due_once_after_a_good_backup_when_something_expired(void **state)
{
	char id[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE];
	struct db_job job;
	(void)state;
	set_retention(14, &job);
	assert_null(job.result);
	db_job_done(&job);
	submit_due();
	assert_false(newest_prune(id));
	set_retention(2, &job);
	db_job_done(&job);
	/* Somebody looks first what would go. */
	prune_fixture_run(fixture, true, NULL, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	submit_due();
	assert_true(newest_prune(id));
	service_fixture_wait(fixture->service, id, &job);
	assert_true(job.is_automatic);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	submit_due();
	assert_true(newest_prune(again));
	assert_string_equal(id, again);
	const bool scheduler = false;
	const struct backup_location_update update = { .scheduler_enabled = &scheduler };
	service_fixture_update(fixture->service, &update, &job);
	db_job_done(&job);
	service_fixture_back_up(fixture->service);
	(void)backup_service_tick(fixture->service->service);
	assert_true(newest_prune(again));
	assert_string_not_equal(id, again);
	service_fixture_wait(fixture->service, again, &job);
	db_job_done(&job);
}

/* What it left is in the trash, whether or not anything else expires. */
static void test_prune_is_due_once_an_interrupted_run_has_had_its_grace(void **state)
{
	const struct share_fake_plan broken = { .at = 40, .fault = SHARE_FAKE_FULL };
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	(void)state;
	set_retention(14, &job);
	db_job_done(&job);
	share_fake_set(fixture->service->fake, &broken);
	service_fixture_backup(fixture->service, &job);
	share_fake_set(fixture->service->fake, NULL);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
	service_fixture_back_up(fixture->service);
	submit_due();
	assert_false(newest_prune(id));
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	submit_due();
	assert_true(newest_prune(id));
	service_fixture_wait(fixture->service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
}

/* Whoever shortens the retention is told what goes, and nothing goes yet. */
static void test_location_update_that_shortens_retention_tells_what_goes(void **state)
{
	struct db_job job;
	(void)state;
	set_retention(14, &job);
	db_job_done(&job);
	set_retention(3, &job);
	AUTO_JSON result = prune_case_result(&job);
	json_t *plan = json_object_get(result, "plan");
	assert_int_equal(json_array_size(json_object_get(result, "pathsToDelete")),
			 PRUNE_BACKUPS - PRUNE_KEPT);
	assert_true(json_is_true(json_object_get(plan, "isDryRun")));
	assert_int_equal(json_integer_value(json_object_get(plan, "retentionPeriodInDays")), 3);
	db_job_done(&job);
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_BACKUPS);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
}

#define CASE(test) cmocka_unit_test_teardown(test, restore)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		CASE(test_prune_moves_the_expired_to_the_trash_and_later_away),
		CASE(test_prune_that_is_dry_says_the_same_and_changes_nothing),
		CASE(test_prune_keeps_what_is_pinned_and_the_chain_around_it),
		CASE(test_prune_with_a_damaged_backup_keeps_one_more),
		CASE(test_prune_with_a_backup_found_damaged_keeps_one_more),
		CASE(test_prune_finds_what_was_brought_back_and_pins_it),
		CASE(test_prune_without_grace_removes_at_once),
		CASE(test_prune_leaves_unnamed_packs_where_a_writer_may_come),
		CASE(test_prune_meets_no_writer),
		CASE(test_prune_by_itself_lets_a_backup_queue_behind_it),
		CASE(test_prune_is_due_once_after_a_good_backup_when_something_expired),
		CASE(test_prune_is_due_once_an_interrupted_run_has_had_its_grace),
		CASE(test_location_update_that_shortens_retention_tells_what_goes),
	};
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
