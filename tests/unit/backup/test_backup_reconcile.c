/* SPDX-License-Identifier: Apache-2.0 */
/* A share that is not as the last run left it: packs missing, damaged or unknown, leftovers, a lost
 * catalogue, a head that is gone. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <ftw.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	service_fixture_write(fixture, "one", 3000000, 1);
	service_fixture_write(fixture, "two", 1000, 2);
	/* Unchanged files come from the stat cache. */
	fixture->clock_offset = 10000;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

/* nftw() takes no context. */
static struct {
	const char *pattern;
	char found[512];
	off_t size;
	unsigned count;
} search;

static int look(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)where;
	if (type != FTW_F || strstr(path, search.pattern) == NULL)
		return 0;
	search.count++;
	if (status->st_size > search.size) {
		search.size = status->st_size;
		(void)snprintf(search.found, sizeof search.found, "%s", path);
	}
	return 0;
}

/* The largest file of the share whose path holds @pattern; how many there are. */
static unsigned find(struct service_fixture *fixture, const char *pattern)
{
	memset(&search, 0, sizeof search);
	search.pattern = pattern;
	assert_int_equal(nftw(fixture->share_path, look, 32, FTW_PHYS), 0);
	return search.count;
}

static void make_file(struct service_fixture *fixture, const char *name, const char *content)
{
	char *path = file_join(fixture->share_path, name);
	assert_int_equal(file_write(path, 0600, true, content, strlen(content), NULL), STATUS_OK);
	free(path);
}

static void test_backup_after_a_pack_was_removed_stores_it_again(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	assert_true(find(fixture, ".pack") > 0);
	assert_int_equal(unlink(search.found), 0);
	service_fixture_back_up(fixture);
	/* The first backup is lost with its pack; the second is whole. */
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_backup_after_a_pack_was_cut_short_does_not_use_it(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	assert_true(find(fixture, ".pack") > 0);
	assert_int_equal(truncate(search.found, 1000), 0);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_backup_after_the_catalogue_was_lost_adopts_the_packs(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	struct db_job_role role;
	service_fixture_back_up(fixture);
	service_fixture_stop(fixture);
	char *state_directory = file_join(fixture->folder, "state");
	char *catalogue = file_join(state_directory, "catalogue.sqlite");
	assert_int_equal(unlink(catalogue), 0);
	free(catalogue);
	free(state_directory);
	service_fixture_start(fixture);
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_true(service_fixture_role(fixture, job.id, "Data", &role));
	/* Read again, because the stat cache went with the catalogue; stored again nothing. */
	assert_int_equal(role.files_read, 2);
	assert_int_equal(role.new_bytes, 0);
	db_job_role_done(&role);
	db_job_done(&job);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_backup_does_not_adopt_what_the_service_did_not_write(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	assert_true(find(fixture, ".pack") > 0);
	char *packs = strdup(search.found);
	*strstr(packs, "/packs/") = '\0';
	char *folder = file_join(packs, "packs/ab");
	(void)mkdir(folder, 0700);
	char *forged = file_join(
		folder, "ab00000000000000000000000000000000000000000000000000000000000000.pack");
	assert_int_equal(file_write(forged, 0600, true, "forged", 6, NULL), STATUS_OK);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
	free(forged);
	free(folder);
	free(packs);
}

static void test_backup_removes_temporary_leftovers(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	assert_true(find(fixture, ".pack") > 0);
	char *folder = strdup(search.found);
	*strrchr(folder, '/') = '\0';
	char *leftover = file_join(folder, SHARE_TEMPORARY_PREFIX "left");
	assert_int_equal(file_write(leftover, 0600, true, "left", 4, NULL), STATUS_OK);
	make_file(fixture, "MASBackup/certificates/" SHARE_TEMPORARY_PREFIX "left", "left");
	make_file(fixture, "MASBackup/" SHARE_TEMPORARY_PREFIX "left", "left");
	service_fixture_back_up(fixture);
	assert_int_equal(find(fixture, SHARE_TEMPORARY_PREFIX), 0);
	free(leftover);
	free(folder);
}

static void test_backup_moves_half_folders_to_the_trash(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	char *half = file_join(
		fixture->share_path,
		"MASBackup/backups/00000009-20260101T000000Z-b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c0ff");
	assert_int_equal(mkdir(half, 0700), 0);
	service_fixture_back_up(fixture);
	assert_int_not_equal(access(half, F_OK), 0);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	free(half);
}

static void test_backup_without_the_marker_is_refused(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	service_fixture_back_up(fixture);
	/* An empty folder where the share was: what a vanished mount looks like. */
	char *away = file_join(fixture->folder, "away");
	assert_int_equal(rename(fixture->share_path, away), 0);
	assert_int_equal(mkdir(fixture->share_path, 0700), 0);
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "share-path");
	assert_int_equal(find(fixture, ""), 0);
	db_job_done(&job);
	assert_int_equal(rmdir(fixture->share_path), 0);
	assert_int_equal(rename(away, fixture->share_path), 0);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	free(away);
}

static void test_backup_after_the_head_was_removed_shows_the_gap(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_back_up(fixture);
	service_fixture_back_up(fixture);
	assert_true(find(fixture, "backups/00000002-") > 0);
	*strrchr(search.found, '/') = '\0';
	char *folder = strdup(search.found);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	assert_int_equal(service_fixture_verify(fixture, false), 0);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, false), 1);
	free(folder);
}

static size_t faults_of(struct recover_source *source, const struct recover_backup *backup)
{
	struct recover_verify_result result;
	assert_int_equal(recover_verify(source, backup, NULL, false, &result, NULL), STATUS_OK);
	size_t faults = result.findings.fatal_count;
	recover_verify_result_done(&result);
	return faults;
}

static void test_verify_of_one_backup_is_not_failed_by_another(void **state)
{
	struct service_fixture *fixture = *state;
	const struct recover_backup *backups;
	size_t count;
	service_fixture_back_up(fixture);
	service_fixture_back_up(fixture);
	/* The newest loses its COMMIT, as when its run was interrupted at the very last step. */
	assert_true(find(fixture, "backups/00000002-") > 0);
	*strrchr(search.found, '/') = '\0';
	char *commit = file_join(search.found, "COMMIT");
	assert_int_equal(unlink(commit), 0);
	struct recover_source *source = service_fixture_source(fixture);
	assert_int_equal(recover_list(source, &backups, &count, NULL), STATUS_OK);
	assert_int_equal(count, 2);
	assert_int_equal(faults_of(source, &backups[0]), 0);
	assert_int_equal(faults_of(source, NULL), 1);
	recover_source_close(source);
	free(commit);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_SERVICE(test_backup_after_a_pack_was_removed_stores_it_again),
		WITH_SERVICE(test_backup_after_a_pack_was_cut_short_does_not_use_it),
		WITH_SERVICE(test_backup_after_the_catalogue_was_lost_adopts_the_packs),
		WITH_SERVICE(test_backup_does_not_adopt_what_the_service_did_not_write),
		WITH_SERVICE(test_backup_removes_temporary_leftovers),
		WITH_SERVICE(test_backup_moves_half_folders_to_the_trash),
		WITH_SERVICE(test_backup_without_the_marker_is_refused),
		WITH_SERVICE(test_backup_after_the_head_was_removed_shows_the_gap),
		WITH_SERVICE(test_verify_of_one_backup_is_not_failed_by_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
