/* SPDX-License-Identifier: Apache-2.0 */
/* Prunes of a history of daily backups: what goes, what stays, what stops them, and what comes back
 * by hand. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/prune_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <dirent.h>

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

static json_t *result_of(const struct db_job *job)
{
	json_t *result = NULL;
	assert_non_null(job->result);
	assert_int_equal(json_parse(job->result, strlen(job->result), &result, NULL), STATUS_OK);
	return result;
}

/* Runs one that must be refused, with @text in its message; its id when @plan_id is not NULL. */
static void assert_refused(const char *confirm, const char *text, char plan_id[32])
{
	struct db_job job;
	prune_fixture_run(fixture, false, confirm, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, text));
	AUTO_JSON result = result_of(&job);
	assert_int_equal(json_array_size(json_object_get(result, "pathsToDelete")), 0);
	if (plan_id != NULL)
		(void)snprintf(plan_id, 32, "%s",
			       json_string_value(json_object_get(json_object_get(result, "plan"),
								 "confirm")));
	db_job_done(&job);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
}

/* A path below MASBackup of the first entry of @folder that holds @pattern; malloc. */
static char *find_entry(const char *folder, const char *pattern)
{
	char *path = NULL, *found = NULL;
	assert_true(asprintf(&path, "%s/MASBackup/%s", fixture->service->share_path, folder) > 0);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (entry->d_name[0] != '.' && strstr(entry->d_name, pattern) != NULL &&
		    found == NULL)
			assert_true(asprintf(&found, "%s/%s", path, entry->d_name) > 0);
	(void)closedir(directory);
	free(path);
	assert_non_null(found);
	return found;
}

static void status_of(size_t number, char status[32], int64_t *pinned_until)
{
	struct db *state = NULL;
	struct db_backup row;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(db_backup_get(state, "north", fixture->ids[number], &row, NULL),
			 STATUS_OK);
	(void)snprintf(status, 32, "%s", row.status);
	*pinned_until = row.pinned_until;
	db_backup_done(&row);
	db_pool_give(pool, state);
}

static void pin(size_t number, int64_t until)
{
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(
		backup_pin(fixture->service->service, state, fixture->ids[number], until, NULL),
		STATUS_OK);
	db_pool_give(pool, state);
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
	status_of(4, status, &pinned);
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
	AUTO_JSON dry_result = result_of(&dry);
	AUTO_JSON real_result = result_of(&real);
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
	pin(1, INT64_MAX);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[1]), 1);
	/* Its packs stay with it; those of its generation that nobody names are gone. */
	assert_int_equal(prune_fixture_count(fixture, "generations", "0001-"), 1);
	assert_int_equal(prune_fixture_count(fixture, "deletions", ".json"), 2);
	/* Removed by somebody else it is missed, although everything around it was deleted. */
	char *folder = find_entry("backups", fixture->ids[1]);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	free(folder);
	assert_int_equal(service_fixture_verify(fixture->service, false), 1);
	assert_refused(NULL, "not on the share", NULL);
}

static void test_prune_with_a_backup_missing_is_refused_until_confirmed(void **state)
{
	char plan_id[32], status[32];
	int64_t pinned;
	struct db_job job;
	(void)state;
	char *folder = find_entry("backups", fixture->ids[8]);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	free(folder);
	assert_refused(NULL, "not on the share", plan_id);
	assert_refused("0123456789abcdef", "not on the share", NULL);
	prune_fixture_run(fixture, false, plan_id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	status_of(8, status, &pinned);
	assert_string_equal(status, "Corrupted");
	/* One less counts for the floor. */
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_KEPT);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
	assert_int_equal(prune_fixture_prune(fixture), 0);
}

static void test_prune_by_a_clock_that_is_set_back_is_refused(void **state)
{
	(void)state;
	fixture->service->clock_offset -= 3 * PRUNE_DAY;
	assert_refused(NULL, "the clock is earlier", NULL);
	fixture->service->clock_offset = 0;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
}

static void test_prune_by_a_clock_that_jumped_ahead_is_refused_again_and_again(void **state)
{
	struct db_job job;
	char plan_id[32];
	(void)state;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	prune_fixture_save(fixture);
	service_fixture_back_up(fixture->service);
	fixture->service->clock_offset += 8 * PRUNE_DAY;
	for (int i = 0; i < 2; i++) {
		prune_fixture_run(fixture, false, NULL, &job);
		assert_string_equal(job.state, "Failed");
		assert_non_null(strstr(job.error_message, "a week later"));
		AUTO_JSON result = result_of(&job);
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

/* A newer folder that somebody else wrote neither counts nor goes, nor lets anything go. */
static void test_prune_beside_forged_folders_does_not_count_them(void **state)
{
	char *newest = find_entry("backups", fixture->ids[11]);
	char forged[600];
	(void)state;
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

/* One that lacks a pack does not count for the floor. */
static void test_prune_with_a_damaged_backup_keeps_one_more(void **state)
{
	(void)state;
	char *manifest = find_entry("backups", fixture->ids[9]);
	char *path = file_join(manifest, "manifest.bin");
	assert_int_equal(truncate(path, 100), 0);
	free(path);
	free(manifest);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT - 1);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[4]), 1);
}

static void test_prune_finds_what_was_brought_back_and_pins_it(void **state)
{
	char status[32];
	int64_t pinned;
	(void)state;
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT);
	char *trashed = find_entry("trash", fixture->ids[2]);
	const char *name = strrchr(trashed, '/') + 1;
	char *target = NULL;
	assert_true(asprintf(&target, "%s/MASBackup/backups/%s", fixture->service->share_path,
			     strchr(name, '-') + 1) > 0);
	assert_int_equal(rename(trashed, target), 0);
	free(trashed);
	free(target);
	assert_int_equal(service_fixture_verify(fixture->service, true), 0);
	assert_int_equal(prune_fixture_prune(fixture), 0);
	status_of(2, status, &pinned);
	assert_string_equal(status, "Succeeded");
	assert_int_equal(pinned, INT64_MAX);
	/* The others go; what it needs stays. */
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_count(fixture, "backups", fixture->ids[2]), 1);
	assert_int_equal(prune_fixture_check(fixture, 5, true), 0);
	pin(2, 0);
	assert_int_equal(prune_fixture_prune(fixture), 1);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
}

/* A backup.json that nobody can read may name any pack. */
static void test_prune_beside_an_unreadable_foreign_record_removes_no_packs(void **state)
{
	char *folder = NULL;
	(void)state;
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

/* The service was recovered, and its database knows nothing of what was deleted since. */
static void test_prune_by_an_older_database_believes_the_marks(void **state)
{
	(void)state;
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
	(void)state;
	for (size_t i = 10; i < PRUNE_BACKUPS; i++) {
		char *folder = find_entry("backups", fixture->ids[i]);
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

/* Without a grace everything goes at once, and the dry run says so. */
static void test_prune_without_grace_removes_at_once(void **state)
{
	struct db_job job;
	(void)state;
	fixture->service->config->engine.trash_grace = 0;
	prune_fixture_run(fixture, true, NULL, &job);
	AUTO_JSON result = result_of(&job);
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
		char *generation = find_entry("generations", i == 0 ? "0003-" : "0004-");
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

static void test_prune_is_due_once_after_an_automatic_backup(void **state)
{
	char id[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE];
	struct db *db = NULL;
	struct db_job job;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	(void)state;
	submit_due();
	assert_false(newest_prune(id));
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(backup_submit(fixture->service->service, db, "schedule", true, id, NULL),
			 STATUS_OK);
	db_pool_give(pool, db);
	service_fixture_wait(fixture->service, id, &job);
	db_job_done(&job);
	submit_due();
	assert_true(newest_prune(id));
	service_fixture_wait(fixture->service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_true(job.is_automatic);
	db_job_done(&job);
	submit_due();
	assert_true(newest_prune(again));
	assert_string_equal(id, again);
}

#define CASE(test) cmocka_unit_test_teardown(test, restore)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		CASE(test_prune_moves_the_expired_to_the_trash_and_later_away),
		CASE(test_prune_that_is_dry_says_the_same_and_changes_nothing),
		CASE(test_prune_keeps_what_is_pinned_and_the_chain_around_it),
		CASE(test_prune_with_a_backup_missing_is_refused_until_confirmed),
		CASE(test_prune_by_a_clock_that_is_set_back_is_refused),
		CASE(test_prune_beside_forged_folders_does_not_count_them),
		CASE(test_prune_with_a_damaged_backup_keeps_one_more),
		CASE(test_prune_finds_what_was_brought_back_and_pins_it),
		CASE(test_prune_beside_an_unreadable_foreign_record_removes_no_packs),
		CASE(test_prune_by_an_older_database_believes_the_marks),
		CASE(test_prune_never_empties_the_trash_of_what_it_did_not_delete),
		CASE(test_prune_without_grace_removes_at_once),
		CASE(test_prune_leaves_unnamed_packs_where_a_writer_may_come),
		CASE(test_prune_meets_no_writer),
		CASE(test_prune_is_due_once_after_an_automatic_backup),
		/* The last one: it leaves another state to restore. */
		CASE(test_prune_by_a_clock_that_jumped_ahead_is_refused_again_and_again),
	};
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
