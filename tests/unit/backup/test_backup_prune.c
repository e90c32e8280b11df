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

static void test_prune_moves_the_expired_to_the_trash_and_later_away(void **state)
{
	struct prune_fixture *fixture = *state;
	char status[32];
	int64_t pinned;
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
	struct prune_fixture *fixture = *state;
	struct db_job dry, real;
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
	struct prune_fixture *fixture = *state;
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
	struct prune_fixture *fixture = *state;
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
	struct prune_fixture *fixture = *state;
	struct db_verification row;
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(db_verification_get(db, fixture->ids[9], &row, NULL), STATUS_OK);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_READ_BACK);
	row.damaged_time = 1;
	row.problem = strdup("found damaged");
	assert_int_equal(db_verification_put(db, &row, NULL), STATUS_OK);
	db_verification_done(&row);
	service_fixture_give(fixture->service, db);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
}

static void test_prune_finds_what_was_brought_back_and_pins_it(void **state)
{
	struct prune_fixture *fixture = *state;
	char status[32];
	int64_t pinned;
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
	struct prune_fixture *fixture = *state;
	struct db_job job;
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
	struct prune_fixture *fixture = *state;
	static const char digits[] =
		"00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char *paths[2];
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
	struct prune_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	struct db_job job;
	const struct backup_prune_request request = { .caller = "test" };
	const struct share_fake_plan plan = { .at = 1, .fault = SHARE_FAKE_STALL };
	struct service_fixture *service = fixture->service;
	share_fake_set(service->fake, &plan);
	service_fixture_submit(service, id);
	share_fake_wait_hanging(service->fake, 1);
	struct db *db = service_fixture_take(fixture->service);
	char other[GUID_TEXT_SIZE];
	assert_int_equal(backup_prune_submit(service->service, db, &request, other, &err),
			 STATUS_CONFLICT);
	service_fixture_give(fixture->service, db);
	share_fake_resume(service->fake);
	service_fixture_wait(service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	share_fake_release(service->fake);
	share_fake_set(service->fake, NULL);
}

/* Whoever shortens the retention is told what goes, and nothing goes yet. */
static void test_location_update_that_shortens_retention_tells_what_goes(void **state)
{
	struct prune_fixture *fixture = *state;
	struct db_job job;
	prune_case_set_retention(fixture, 14, &job);
	db_job_done(&job);
	prune_case_set_retention(fixture, 3, &job);
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

#define CASE(test) cmocka_unit_test_teardown(test, prune_case_restore)

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
		CASE(test_location_update_that_shortens_retention_tells_what_goes),
	};
	return cmocka_run_group_tests(tests, prune_case_setup, prune_case_teardown);
}
