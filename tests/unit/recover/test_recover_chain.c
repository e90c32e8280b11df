/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that were removed, added, replayed or written by somebody else. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recover_fixture.h"

static int setup(void **state)
{
	*state = recover_fixture_new(RECOVER_BACKUPS, NULL);
	return 0;
}

static int teardown(void **state)
{
	recover_fixture_free(*state);
	return 0;
}

static void head_of(const struct recover_fixture *fixture, size_t index,
		    char head[FINGERPRINT_TEXT_SIZE])
{
	hash_fingerprint_text(fixture->backups[index].record_sha256, head);
}

static void test_recover_verify_of_an_intact_chain_finds_nothing(void **state)
{
	const struct recover_fixture *fixture = *state;
	char head[FINGERPRINT_TEXT_SIZE], other[FINGERPRINT_TEXT_SIZE];
	head_of(fixture, 2, head);
	head_of(fixture, 1, other);
	assert_int_equal(recover_count_fatal(fixture, NULL), 0);
	assert_int_equal(recover_count_fatal(
				 fixture,
				 &(struct recover_expected) {
					 backup_service_signer(fixture->service->service), head }),
			 0);
	assert_int_equal(recover_count_fatal(fixture, &(struct recover_expected) { .head = other }),
			 1);
}

static void check_removed(const struct recover_fixture *fixture, size_t removed)
{
	AUTO_FREE char *next = recover_folder_file(fixture, removed + 1, ARCHIVE_RECORD_FILE);
	recover_remove_backup(fixture, removed);
	recover_assert_found(fixture, NULL, next, RECOVER_SCOPE_CHAIN, "is not on the share");
	recover_assert_found(fixture, NULL, next, RECOVER_SCOPE_CHAIN,
			     fixture->backups[removed].backup_id);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		if (i != removed)
			recover_assert_recovers(fixture, i);
}

static void test_recover_verify_with_the_oldest_removed_shows_the_gap(void **state)
{
	check_removed(*state, 0);
}

static void test_recover_verify_with_a_middle_one_removed_shows_the_gap(void **state)
{
	check_removed(*state, 1);
}

/* Nothing on the share tells; the operator's note of the head does. */
static void test_recover_verify_with_the_newest_removed_shows_by_the_head(void **state)
{
	const struct recover_fixture *fixture = *state;
	char head[FINGERPRINT_TEXT_SIZE];
	struct error err;
	head_of(fixture, 2, head);
	const struct recover_expected expected = { .head = head };
	recover_remove_backup(fixture, 2);
	assert_int_equal(recover_count_fatal(fixture, NULL), 0);
	recover_assert_found(fixture, &expected, ARCHIVE_BACKUPS, RECOVER_SCOPE_REPOSITORY, head);
	assert_int_equal(recover_into_folder(fixture, &expected, "latest", &err), STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
}

/* The share as it was after the second backup, and the service goes on. */
static void test_backup_after_a_rollback_of_the_share_shows_the_gap(void **state)
{
	struct recover_fixture *fixture = *state;
	char head[FINGERPRINT_TEXT_SIZE], newest_id[GUID_TEXT_SIZE];
	const struct recover_backup *newest = NULL;
	struct error err;
	recover_share_save(fixture, "older");
	recover_fixture_change(fixture, 20);
	service_fixture_back_up(fixture->service);
	struct recover_source *source = service_fixture_source(fixture->service);
	assert_int_equal(recover_find(source, "latest", &newest, &err), STATUS_OK);
	hash_fingerprint_text(newest->record_sha256, head);
	memcpy(newest_id, newest->backup_id, sizeof newest_id);
	assert_int_equal(newest->sequence, 4);
	recover_source_close(source);

	recover_share_restore(fixture, "older");
	recover_assert_found(fixture, &(struct recover_expected) { .head = head }, ARCHIVE_BACKUPS,
			     RECOVER_SCOPE_REPOSITORY, "rolled back");
	recover_copy(fixture, "source", "source-after");
	service_fixture_back_up(fixture->service);

	source = service_fixture_source(fixture->service);
	char path[ARCHIVE_NAME_SIZE];
	assert_int_equal(recover_find(source, "latest", &newest, &err), STATUS_OK);
	assert_int_equal(newest->sequence, 5);
	archive_backup_file(newest->folder, ARCHIVE_RECORD_FILE, path);
	recover_source_close(source);
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, newest_id);
	assert_int_equal(recover_count_fatal(fixture, NULL), 1);
	assert_int_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	assert_int_equal(recover_compare(fixture, "source-after"), 0);
}

/* --- folders --- */

static void test_recover_verify_ignores_foreign_folders_and_says_so(void **state)
{
	const struct recover_fixture *fixture = *state;
	static const char *const names[] = {
		"share/MASBackup/backups/holiday pictures",
		"share/MASBackup/backups/00000009-20261121T052636Z-not-a-guid",
		"share/HLH",
		"share/MASBackup/generations/old",
	};
	struct recover_verify_result result;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		recover_copy(fixture, "source", names[i]);
	recover_verify_all(fixture, NULL, true, &result);
	assert_int_equal(result.findings.fatal_count, 0);
	assert_int_equal(result.backups, RECOVER_BACKUPS);
	size_t notes = 0;
	for (size_t i = 0; i < result.findings.count; i++)
		notes += strstr(result.findings.items[i].text, "is not a backup folder") != NULL;
	assert_int_equal(notes, 2);
	recover_verify_result_done(&result);
	recover_assert_recovers(fixture, 2);
}

static void test_recover_latest_without_its_commit_is_refused_and_older_by_name_works(void **state)
{
	const struct recover_fixture *fixture = *state;
	struct error err;
	AUTO_FREE char *commit = recover_folder_file(fixture, 2, ARCHIVE_COMMIT_FILE);
	recover_file_remove(fixture, commit);
	recover_assert_found(fixture, NULL, commit, RECOVER_SCOPE_BACKUP, "COMMIT is missing");
	assert_int_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_INTEGRITY);
	assert_non_null(strstr(err.message, "--backup"));
	assert_false(recover_wrote_something(fixture));
	assert_int_equal(recover_into_folder(fixture, NULL, fixture->backups[2].backup_id, &err),
			 STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	recover_assert_recovers(fixture, 1);
	recover_assert_recovers(fixture, 0);
}

/* What a run leaves that stopped before it signed is no backup and no damage. */
static void test_recover_latest_beside_an_interrupted_run_takes_the_one_before(void **state)
{
	const struct recover_fixture *fixture = *state;
	static const char *const files[] = { ARCHIVE_COMMIT_FILE, ARCHIVE_SIGNATURE_FILE,
					     ARCHIVE_RECORD_FILE };
	struct error err;
	for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
		AUTO_FREE char *path = recover_folder_file(fixture, 2, files[i]);
		recover_file_remove(fixture, path);
	}
	assert_int_equal(recover_count_fatal(fixture, NULL), 0);
	assert_int_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	assert_int_equal(recover_compare(fixture, "source-1"), 0);
}

static void test_recover_verify_of_a_copied_backup_folder_reports_the_copy(void **state)
{
	const struct recover_fixture *fixture = *state;
	char from[512], to[512], copy[ARCHIVE_FOLDER_SIZE];
	const struct recover_backup *backup = &fixture->backups[0];
	archive_backup_folder(backup->sequence, backup->record->started_time + 5000000,
			      backup->backup_id, copy);
	(void)snprintf(from, sizeof from, "share/%s/%s", ARCHIVE_BACKUPS, backup->folder);
	(void)snprintf(to, sizeof to, "share/%s/%s", ARCHIVE_BACKUPS, copy);
	recover_copy(fixture, from, to);
	recover_assert_found(fixture, NULL, to + strlen("share/"), RECOVER_SCOPE_CHAIN,
			     backup->folder);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		recover_assert_recovers(fixture, i);
}

/* An older backup under a newer number, so that "latest" would bring it back. */
static void test_recover_of_an_older_backup_replayed_under_a_new_number_is_refused(void **state)
{
	const struct recover_fixture *fixture = *state;
	char from[512], to[512], id[GUID_TEXT_SIZE], replayed[ARCHIVE_FOLDER_SIZE];
	struct error err;
	guid_generate(id);
	archive_backup_folder(9, fixture->backups[2].record->started_time, id, replayed);
	(void)snprintf(from, sizeof from, "share/%s/%s", ARCHIVE_BACKUPS,
		       fixture->backups[0].folder);
	(void)snprintf(to, sizeof to, "share/%s/%s", ARCHIVE_BACKUPS, replayed);
	recover_copy(fixture, from, to);
	char path[ARCHIVE_NAME_SIZE];
	archive_backup_file(replayed, ARCHIVE_RECORD_FILE, path);
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_BACKUP, "belongs to backup");
	assert_int_not_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	assert_false(recover_wrote_something(fixture));
	recover_assert_recovers(fixture, 2);
}

/* A service that was set back to an older state writes the same number twice. */
static void test_recover_verify_of_two_backups_with_one_number_shows_the_fork(void **state)
{
	struct recover_fixture *fixture = *state;
	char kept[512], path[ARCHIVE_NAME_SIZE];
	const struct recover_backup *backups;
	size_t count;
	struct error err;
	service_fixture_stop(fixture->service);
	recover_copy(fixture, "state", "state-kept");
	recover_share_save(fixture, "share-kept");
	service_fixture_start(fixture->service);
	service_fixture_back_up(fixture->service);
	service_fixture_stop(fixture->service);
	recover_move(fixture, "share", "share-first");
	recover_move(fixture, "share-kept", "share");
	recover_remove(fixture, "state");
	recover_move(fixture, "state-kept", "state");
	service_fixture_start(fixture->service);
	recover_fixture_change(fixture, 30);
	service_fixture_back_up(fixture->service);
	recover_copy(fixture, "share-first/MASBackup", "share");

	struct recover_source *source = service_fixture_source(fixture->service);
	assert_int_equal(recover_list(source, &backups, &count, &err), STATUS_OK);
	assert_int_equal(count, RECOVER_BACKUPS + 2);
	assert_int_equal(backups[3].sequence, 4);
	assert_int_equal(backups[4].sequence, 4);
	archive_backup_file(backups[4].folder, ARCHIVE_RECORD_FILE, path);
	(void)snprintf(kept, sizeof kept, "%s", backups[3].backup_id);
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, kept);
	assert_int_equal(recover_into_folder(fixture, NULL, backups[3].backup_id, &err), STATUS_OK);
	assert_int_equal(recover_into_folder(fixture, NULL, backups[4].backup_id, &err), STATUS_OK);
	recover_source_close(source);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_recover_verify_of_an_intact_chain_finds_nothing),
		CASE(test_recover_verify_with_the_oldest_removed_shows_the_gap),
		CASE(test_recover_verify_with_a_middle_one_removed_shows_the_gap),
		CASE(test_recover_verify_with_the_newest_removed_shows_by_the_head),
		CASE(test_backup_after_a_rollback_of_the_share_shows_the_gap),
		CASE(test_recover_verify_ignores_foreign_folders_and_says_so),
		CASE(test_recover_latest_without_its_commit_is_refused_and_older_by_name_works),
		CASE(test_recover_latest_beside_an_interrupted_run_takes_the_one_before),
		CASE(test_recover_verify_of_a_copied_backup_folder_reports_the_copy),
		CASE(test_recover_of_an_older_backup_replayed_under_a_new_number_is_refused),
		CASE(test_recover_verify_of_two_backups_with_one_number_shows_the_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
