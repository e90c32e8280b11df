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

static void remove_backup(const struct recover_fixture *fixture, size_t index)
{
	AUTO_FREE char *folder = recover_folder(fixture, index);
	char path[512];
	(void)snprintf(path, sizeof path, "share/%s", folder);
	recover_remove(fixture, path);
}

static void assert_recovers(const struct recover_fixture *fixture, size_t index)
{
	char source[32], text[1024];
	struct error err;
	enum status status =
		recover_into_folder(fixture, NULL, fixture->backups[index].backup_id, &err);
	if (status != STATUS_OK)
		fail_msg("backup %zu: %s", index, error_text(&err, text, sizeof text));
	(void)snprintf(source, sizeof source, "source-%zu", index);
	assert_int_equal(recover_compare(fixture, source), 0);
}

/* Verifies; the one fatal finding is about @path (unless NULL), of that scope, and its text holds
 * @text. */
static void assert_found(const struct recover_fixture *fixture,
			 const struct recover_expected *expected, const char *path,
			 enum recover_scope scope, const char *text)
{
	struct recover_verify_result result;
	recover_verify_all(fixture, expected, false, &result);
	const struct recover_finding *finding = recover_finding_at(&result.findings, path, true);
	if (finding == NULL || strstr(finding->text, text) == NULL || finding->scope != scope) {
		recover_findings_print(&result.findings);
		fail_msg("no fatal finding at %s that says \"%s\"", path, text);
	}
	recover_verify_result_done(&result);
}

static size_t count_fatal(const struct recover_fixture *fixture,
			  const struct recover_expected *expected)
{
	struct recover_verify_result result;
	recover_verify_all(fixture, expected, true, &result);
	size_t count = result.findings.fatal_count;
	recover_verify_result_done(&result);
	return count;
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
	assert_int_equal(count_fatal(fixture, NULL), 0);
	assert_int_equal(
		count_fatal(fixture,
			    &(struct recover_expected) {
				    backup_service_signer(fixture->service->service), head }),
		0);
	assert_int_equal(count_fatal(fixture, &(struct recover_expected) { .head = other }), 1);
}

static void check_removed(const struct recover_fixture *fixture, size_t removed)
{
	AUTO_FREE char *next = recover_folder_file(fixture, removed + 1, ARCHIVE_RECORD_FILE);
	remove_backup(fixture, removed);
	assert_found(fixture, NULL, next, RECOVER_SCOPE_CHAIN, "is not on the share");
	assert_found(fixture, NULL, next, RECOVER_SCOPE_CHAIN, fixture->backups[removed].backup_id);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		if (i != removed)
			assert_recovers(fixture, i);
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
	remove_backup(fixture, 2);
	assert_int_equal(count_fatal(fixture, NULL), 0);
	assert_found(fixture, &expected, ARCHIVE_BACKUPS, RECOVER_SCOPE_REPOSITORY, head);
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
	assert_found(fixture, &(struct recover_expected) { .head = head }, ARCHIVE_BACKUPS,
		     RECOVER_SCOPE_REPOSITORY, "rolled back");
	recover_copy(fixture, "source", "source-after");
	service_fixture_back_up(fixture->service);

	source = service_fixture_source(fixture->service);
	char path[ARCHIVE_NAME_SIZE];
	assert_int_equal(recover_find(source, "latest", &newest, &err), STATUS_OK);
	assert_int_equal(newest->sequence, 5);
	archive_backup_file(newest->folder, ARCHIVE_RECORD_FILE, path);
	recover_source_close(source);
	assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, newest_id);
	assert_int_equal(count_fatal(fixture, NULL), 1);
	assert_int_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	assert_int_equal(recover_compare(fixture, "source-after"), 0);
}

/* --- forgery --- */

struct forgery {
	const struct recover_fixture *fixture;
	struct signing_key *key;
	char folder[ARCHIVE_FOLDER_SIZE];
	char id[GUID_TEXT_SIZE];
};

static void forgery_init(struct forgery *forgery, const struct recover_fixture *fixture)
{
	memset(forgery, 0, sizeof *forgery);
	forgery->fixture = fixture;
	assert_int_equal(signing_key_generate(&forgery->key, NULL), STATUS_OK);
}

static void put(const struct forgery *forgery, const char *file, const struct buffer *bytes)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(forgery->folder, file, name);
	recover_file_put(forgery->fixture, name, bytes);
}

/* Writes @record with signature and COMMIT into forgery->folder. */
static void put_signed(const struct forgery *forgery, const struct archive_record *record)
{
	struct buffer bytes;
	unsigned char signature[ED25519_SIGNATURE_SIZE];
	struct archive_commit commit = { .sequence = record->sequence };
	buffer_init(&bytes, 1u << 20);
	assert_int_equal(archive_record_write(record, &bytes, NULL), STATUS_OK);
	assert_int_equal(signing_key_sign(forgery->key, bytes.data, bytes.length, signature, NULL),
			 STATUS_OK);
	put(forgery, ARCHIVE_RECORD_FILE, &bytes);
	memcpy(commit.backup_id, record->backup_id, sizeof commit.backup_id);
	hash_sha256(bytes.data, bytes.length, commit.record_sha256);
	hash_sha256(signature, sizeof signature, commit.signature_sha256);
	buffer_clear(&bytes);
	assert_int_equal(buffer_append(&bytes, signature, sizeof signature, NULL), STATUS_OK);
	put(forgery, ARCHIVE_SIGNATURE_FILE, &bytes);
	assert_int_equal(archive_commit_write(&commit, &bytes, NULL), STATUS_OK);
	put(forgery, ARCHIVE_COMMIT_FILE, &bytes);
	buffer_done(&bytes);
}

/* A backup that follows the newest in every respect but the key that signs it. */
static void forge_next(struct forgery *forgery)
{
	const struct recover_fixture *fixture = forgery->fixture;
	const struct recover_backup *newest = &fixture->backups[2];
	struct archive_record record = *newest->record;
	char from[512], to[512];
	guid_generate(forgery->id);
	memcpy(record.backup_id, forgery->id, sizeof forgery->id);
	record.sequence++;
	record.has_previous = true;
	memcpy(record.previous.backup_id, newest->backup_id, GUID_TEXT_SIZE);
	record.previous.sequence = newest->sequence;
	memcpy(record.previous.sha256, newest->record_sha256, SHA256_SIZE);
	archive_backup_folder(record.sequence, record.started_time, forgery->id, forgery->folder);
	(void)snprintf(from, sizeof from, "share/%s/%s", ARCHIVE_BACKUPS, newest->folder);
	(void)snprintf(to, sizeof to, "share/%s/%s", ARCHIVE_BACKUPS, forgery->folder);
	recover_copy(fixture, from, to);
	put_signed(forgery, &record);
}

static void test_recover_of_a_backup_signed_by_another_key_is_refused(void **state)
{
	const struct recover_fixture *fixture = *state;
	struct forgery forgery;
	struct error err;
	char path[ARCHIVE_NAME_SIZE];
	forgery_init(&forgery, fixture);
	forge_next(&forgery);
	archive_backup_file(forgery.folder, ARCHIVE_SIGNATURE_FILE, path);
	assert_found(fixture, NULL, path, RECOVER_SCOPE_BACKUP, "is not signed by");
	assert_int_equal(recover_into_folder(fixture, NULL, forgery.id, &err), STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	assert_int_not_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		assert_recovers(fixture, i);
	signing_key_free(forgery.key);
}

/* A forged backup in the middle takes nothing away from the good ones around it. */
static void test_backup_after_a_forged_one_goes_on_with_the_good_chain(void **state)
{
	struct recover_fixture *fixture = *state;
	struct forgery forgery;
	forgery_init(&forgery, fixture);
	forge_next(&forgery);
	service_fixture_back_up(fixture->service);
	struct recover_verify_result result;
	recover_verify_all(fixture, NULL, true, &result);
	for (size_t i = 0; i < result.findings.count; i++)
		if (result.findings.items[i].is_fatal)
			assert_non_null(strstr(result.findings.items[i].path, forgery.folder));
	assert_true(result.findings.fatal_count > 0);
	recover_verify_result_done(&result);
	signing_key_free(forgery.key);
}

/* Whoever may write to the share can sign all of it anew; only the fingerprint of the recovery kit
 * tells. */
static void replace_signer(struct forgery *forgery)
{
	const struct recover_fixture *fixture = forgery->fixture;
	struct archive_repository marker;
	struct buffer bytes;
	unsigned char marker_digest[SHA256_SIZE];
	recover_file_get(fixture, ARCHIVE_REPOSITORY_FILE, &bytes);
	assert_int_equal(archive_repository_parse(bytes.data, bytes.length, &marker, NULL),
			 STATUS_OK);
	signing_key_public(forgery->key, marker.signer_public_key);
	assert_int_equal(archive_repository_write(&marker, &bytes, NULL), STATUS_OK);
	recover_file_put(fixture, ARCHIVE_REPOSITORY_FILE, &bytes);
	recover_file_put(fixture, ARCHIVE_REPOSITORY_COPY, &bytes);
	hash_sha256(bytes.data, bytes.length, marker_digest);
	buffer_done(&bytes);
	remove_backup(fixture, 1);
	remove_backup(fixture, 2);
	struct archive_record record = *fixture->backups[0].record;
	memcpy(record.repository_sha256, marker_digest, SHA256_SIZE);
	memcpy(forgery->folder, fixture->backups[0].folder, sizeof forgery->folder);
	put_signed(forgery, &record);
}

static void test_recover_of_a_repository_signed_anew_needs_the_fingerprint_to_tell(void **state)
{
	const struct recover_fixture *fixture = *state;
	struct forgery forgery;
	struct error err;
	struct recover_verify_result result;
	forgery_init(&forgery, fixture);
	replace_signer(&forgery);
	recover_verify_all(fixture, NULL, true, &result);
	assert_int_equal(result.findings.fatal_count, 0);
	const struct recover_finding *note =
		recover_finding_at(&result.findings, ARCHIVE_REPOSITORY_FILE, false);
	assert_non_null(note);
	assert_non_null(strstr(note->text, "origin is not proven"));
	recover_verify_result_done(&result);
	const struct recover_expected expected = { .signer = backup_service_signer(
							   fixture->service->service) };
	assert_found(fixture, &expected, ARCHIVE_REPOSITORY_FILE, RECOVER_SCOPE_REPOSITORY,
		     expected.signer);
	assert_int_equal(recover_into_folder(fixture, &expected, "latest", &err), STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	signing_key_free(forgery.key);
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
	assert_recovers(fixture, 2);
}

static void test_recover_latest_without_its_commit_is_refused_and_older_by_name_works(void **state)
{
	const struct recover_fixture *fixture = *state;
	struct error err;
	AUTO_FREE char *commit = recover_folder_file(fixture, 2, ARCHIVE_COMMIT_FILE);
	recover_file_remove(fixture, commit);
	assert_found(fixture, NULL, commit, RECOVER_SCOPE_BACKUP, "COMMIT is missing");
	assert_int_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_INTEGRITY);
	assert_non_null(strstr(err.message, "--backup"));
	assert_false(recover_wrote_something(fixture));
	assert_int_equal(recover_into_folder(fixture, NULL, fixture->backups[2].backup_id, &err),
			 STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	assert_recovers(fixture, 1);
	assert_recovers(fixture, 0);
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
	assert_int_equal(count_fatal(fixture, NULL), 0);
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
	assert_found(fixture, NULL, to + strlen("share/"), RECOVER_SCOPE_CHAIN, backup->folder);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		assert_recovers(fixture, i);
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
	assert_found(fixture, NULL, path, RECOVER_SCOPE_BACKUP, "belongs to backup");
	assert_int_not_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	assert_false(recover_wrote_something(fixture));
	assert_recovers(fixture, 2);
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
	assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, kept);
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
		CASE(test_recover_of_a_backup_signed_by_another_key_is_refused),
		CASE(test_backup_after_a_forged_one_goes_on_with_the_good_chain),
		CASE(test_recover_of_a_repository_signed_anew_needs_the_fingerprint_to_tell),
		CASE(test_recover_verify_ignores_foreign_folders_and_says_so),
		CASE(test_recover_latest_without_its_commit_is_refused_and_older_by_name_works),
		CASE(test_recover_latest_beside_an_interrupted_run_takes_the_one_before),
		CASE(test_recover_verify_of_a_copied_backup_folder_reports_the_copy),
		CASE(test_recover_of_an_older_backup_replayed_under_a_new_number_is_refused),
		CASE(test_recover_verify_of_two_backups_with_one_number_shows_the_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
