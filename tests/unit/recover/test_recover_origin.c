/* SPDX-License-Identifier: Apache-2.0 */
/* Backups and repositories that somebody else signed. */
#include <stdio.h>
#include <string.h>

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
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_BACKUP, "is not signed by");
	assert_int_equal(recover_into_folder(fixture, NULL, forgery.id, &err), STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	assert_int_not_equal(recover_into_folder(fixture, NULL, "latest", &err), STATUS_OK);
	for (size_t i = 0; i < RECOVER_BACKUPS; i++)
		recover_assert_recovers(fixture, i);
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
	recover_remove_backup(fixture, 1);
	recover_remove_backup(fixture, 2);
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
	recover_assert_found(fixture, &expected, ARCHIVE_REPOSITORY_FILE, RECOVER_SCOPE_REPOSITORY,
			     expected.signer);
	assert_int_equal(recover_into_folder(fixture, &expected, "latest", &err), STATUS_INTEGRITY);
	assert_false(recover_wrote_something(fixture));
	signing_key_free(forgery.key);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_recover_of_a_backup_signed_by_another_key_is_refused),
		CASE(test_backup_after_a_forged_one_goes_on_with_the_good_chain),
		CASE(test_recover_of_a_repository_signed_anew_needs_the_fingerprint_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
