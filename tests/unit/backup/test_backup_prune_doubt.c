/* SPDX-License-Identifier: Apache-2.0 */
/* Prunes of a share that is not as the service left it, and by a clock that is wrong: in doubt
 * nothing goes. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_prune_with_a_backup_missing_is_refused_until_confirmed(void **state)
{
	struct prune_fixture *fixture = *state;
	char plan_id[32], status[32];
	int64_t pinned;
	struct db_job job;
	char *folder = prune_case_entry(fixture, "backups", fixture->ids[8]);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	free(folder);
	prune_case_assert_refused(fixture, NULL, "not on the share", plan_id);
	prune_case_assert_refused(fixture, "0123456789abcdef", "not on the share", NULL);
	prune_fixture_run(fixture, false, plan_id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	prune_case_status(fixture, 8, status, &pinned);
	assert_string_equal(status, "Corrupted");
	/* One less counts for the floor. */
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
	assert_int_equal(prune_fixture_prune(fixture), 0);
}

static bool is_alerted(struct prune_fixture *fixture)
{
	struct db_alert row = { .location = NULL };
	struct backup_service *service = fixture->service->service;
	struct db *db = service_fixture_take(fixture->service);
	enum status status = alert_find_open(backup_service_alerts(service), db,
					     ALERT_DELETION_FAILED, &row, NULL);
	service_fixture_give(fixture->service, db);
	db_alert_done(&row);
	return status == STATUS_OK;
}

static void test_prune_by_a_clock_that_is_set_back_is_refused(void **state)
{
	struct prune_fixture *fixture = *state;
	fixture->service->clock_offset -= 3 * PRUNE_DAY;
	prune_case_assert_refused(fixture, NULL, "the clock is earlier", NULL);
	assert_true(is_alerted(fixture));
	fixture->service->clock_offset = 0;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	assert_false(is_alerted(fixture));
}

/* A newer folder that somebody else wrote neither counts nor goes, nor lets anything go. */
static void test_prune_beside_forged_folders_does_not_count_them(void **state)
{
	struct prune_fixture *fixture = *state;
	char *newest = prune_case_entry(fixture, "backups", fixture->ids[11]);
	char forged[600];
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(forged, sizeof forged,
			       "%s/MASBackup/backups/000000%u-20991121T052636Z-%08u-0000-4000-8000-"
			       "000000000000",
			       fixture->service->share_path, 20 + i, i);
		prune_fixture_execute(fixture,
				      (const char *const[]) { "cp", "-a", newest, forged, NULL });
	}
	free(newest);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_KEPT + 8);
}

/* A backup.json that nobody can read may name any pack. */
static void test_prune_beside_an_unreadable_foreign_record_removes_no_packs(void **state)
{
	struct prune_fixture *fixture = *state;
	char *folder = NULL;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	assert_true(asprintf(&folder, "%s/MASBackup/backups/kept by hand",
			     fixture->service->share_path) > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	char *path = file_join(folder, "backup.json");
	assert_int_equal(file_write(path, 0600, true, "{", 1, NULL), STATUS_OK);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	(void)prune_fixture_prune(fixture);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", ""), 4);
	assert_int_equal(unlink(path), 0);
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", ""), 3);
	free(path);
	free(folder);
}

static size_t count_packs(struct prune_fixture *fixture, const char *generation)
{
	char *path = prune_case_entry(fixture, "generations", generation);
	size_t count = 0;
	for (unsigned i = 0; i < 256; i++) {
		char folder[256];
		(void)snprintf(folder, sizeof folder, "generations/%s/packs/%02x",
			       strrchr(path, '/') + 1, i);
		count += prune_fixture_count(fixture, folder, ".pack");
	}
	free(path);
	return count;
}

/* A kept backup's list of packs was changed: the list is not believed, and costs no pack. */
static void test_prune_beside_a_forged_list_of_packs_removes_none_of_the_generation(void **state)
{
	struct prune_fixture *fixture = *state;
	size_t before = count_packs(fixture, "0002-");
	char *folder = prune_case_entry(fixture, "backups", fixture->ids[5]);
	char *path = file_join(folder, "backup.json");
	prune_fixture_execute(fixture,
			      (const char *const[]) { "sed", "-i",
						      "s/\"sha256\":\"..../\"sha256\":\"0123/g",
						      path, NULL });
	free(path);
	free(folder);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "generations", "0001-"), 0);
	assert_int_equal(count_packs(fixture, "0002-"), before);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[5]), 1);
}

/* The service was recovered, and its database knows nothing of what was deleted since. */
static void test_prune_by_an_older_database_believes_the_marks(void **state)
{
	struct prune_fixture *fixture = *state;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_count(fixture, "deletions", ".json"), 1);
	service_fixture_stop(fixture->service);
	prune_fixture_execute(fixture, (const char *const[]) { "rm", "-rf", "state", NULL });
	prune_fixture_execute(fixture,
			      (const char *const[]) { "cp", "-a", "state-saved", "state", NULL });
	service_fixture_start(fixture->service);
	assert_int_equal(prune_fixture_prune(fixture), 0);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
}

/* What only looks like the rest of an interrupted run may be a backup whose COMMIT somebody took.
 */
static void test_prune_never_empties_the_trash_of_what_it_did_not_delete(void **state)
{
	struct prune_fixture *fixture = *state;
	for (size_t i = 10; i < PRUNE_BACKUPS; i++) {
		char *folder = prune_case_entry(fixture, "backups", fixture->ids[i]);
		char to[600];
		(void)snprintf(to, sizeof to,
			       "%s/MASBackup/trash/%08zu-20261121T052636Z-%08zu-0000-4000-8000-"
			       "000000000000",
			       fixture->service->share_path, i, i);
		prune_fixture_execute(fixture,
				      (const char *const[]) { "cp", "-a", folder, to, NULL });
		free(folder);
		char *signature = file_join(to, "backup.sig");
		assert_int_equal(i == 10 ? unlink(signature) : 0, 0);
		free(signature);
	}
	(void)prune_fixture_prune(fixture);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	(void)prune_fixture_prune(fixture);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 1);
	assert_int_equal(prune_fixture_count(fixture, "trash", "-00000011-"), 1);
}

static void test_prune_by_a_clock_that_jumped_ahead_is_refused_again_and_again(void **state)
{
	struct prune_fixture *fixture = *state;
	struct db_job job;
	char plan_id[32];
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	prune_fixture_save(fixture);
	service_fixture_back_up(fixture->service);
	fixture->service->clock_offset += 8 * PRUNE_DAY;
	for (int i = 0; i < 2; i++) {
		prune_fixture_run(fixture, false, NULL, &job);
		assert_string_equal(job.state, "Failed");
		assert_non_null(strstr(job.error_message, "a week later"));
		AUTO_JSON result = prune_case_result(&job);
		(void)snprintf(plan_id, sizeof plan_id, "%s",
			       json_string_value(json_object_get(json_object_get(result, "plan"),
								 "confirm")));
		db_job_done(&job);
		assert_int_equal(prune_fixture_count(fixture, "trash", ""), 5);
	}
	prune_fixture_run(fixture, false, plan_id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	assert_int_equal(prune_fixture_check(fixture, 6, false), 0);
}

/* A copy of the newest backup in the trash, long expired, under another id. */
static char *trash_copy(struct prune_fixture *fixture, const char *id)
{
	char *copy;
	char *newest = prune_case_entry(fixture, "backups", "00000012-");
	AUTO_FREE char *trash = file_join(fixture->service->share_path, "MASBackup/trash");
	assert_true(asprintf(&copy, "%s/20200101T000000Z-00000012-20200101T000000Z-%s", trash, id) >
		    0);
	prune_fixture_execute(fixture, (const char *const[]) { "mkdir", "-p", trash, NULL });
	prune_fixture_execute(fixture, (const char *const[]) { "cp", "-a", newest, copy, NULL });
	free(newest);
	return copy;
}

/* A run that was stopped before it took its number, which the next one took. */
static void test_prune_removes_what_was_signed_and_never_committed(void **state)
{
	struct prune_fixture *fixture = *state;
	char *committed = trash_copy(fixture, "00000000-0000-4000-8000-000000000001");
	char *half = trash_copy(fixture, "00000000-0000-4000-8000-000000000002");
	AUTO_FREE char *commit = file_join(half, ARCHIVE_COMMIT_FILE);
	assert_int_equal(unlink(commit), 0);
	(void)prune_fixture_prune(fixture);
	assert_int_equal(access(half, F_OK), -1);
	assert_int_equal(access(committed, F_OK), 0);
	free(committed);
	free(half);
}

static char *leave_temporary(struct prune_fixture *fixture, const char *folder, const char *pattern)
{
	char *path;
	char *parent = prune_case_entry(fixture, folder, pattern);
	assert_true(asprintf(&path, "%s%s/.temporary-00000000-0000-4000-8000-000000000001", parent,
			     strcmp(folder, "generations") == 0 ? "/packs" : "") > 0);
	assert_int_equal(file_write(path, 0600, true, "half", 4, NULL), STATUS_OK);
	free(parent);
	return path;
}

static void test_temporary_files_of_an_interrupted_run_do_not_stay(void **state)
{
	struct prune_fixture *fixture = *state;
	(void)prune_fixture_prune(fixture);
	char *paths[] = { leave_temporary(fixture, "generations", "0003-"),
			  leave_temporary(fixture, "", "deletions"),
			  leave_temporary(fixture, "", "service") };
	(void)prune_fixture_prune(fixture);
	assert_int_equal(access(paths[0], F_OK), -1);
	service_fixture_back_up(fixture->service);
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		assert_int_equal(access(paths[i], F_OK), -1);
		free(paths[i]);
	}
}

#define CASE(test) cmocka_unit_test_teardown(test, prune_case_restore)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		CASE(test_prune_with_a_backup_missing_is_refused_until_confirmed),
		CASE(test_prune_by_a_clock_that_is_set_back_is_refused),
		CASE(test_prune_beside_forged_folders_does_not_count_them),
		CASE(test_prune_beside_an_unreadable_foreign_record_removes_no_packs),
		CASE(test_prune_beside_a_forged_list_of_packs_removes_none_of_the_generation),
		CASE(test_prune_by_an_older_database_believes_the_marks),
		CASE(test_prune_never_empties_the_trash_of_what_it_did_not_delete),
		CASE(test_prune_removes_what_was_signed_and_never_committed),
		CASE(test_temporary_files_of_an_interrupted_run_do_not_stay),
		/* The last one: it leaves another state to restore. */
		CASE(test_prune_by_a_clock_that_jumped_ahead_is_refused_again_and_again),
	};
	return cmocka_run_group_tests(tests, prune_case_setup, prune_case_teardown);
}
