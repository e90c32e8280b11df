/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that the service deleted, and marks that somebody else made or changed. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/crypto.h"

#include "recover_fixture.h"

static struct recover_fixture *fixture;
static struct signing_key *identity;

/* The service's own key, out of its state directory. */
static struct signing_key *load_identity(void)
{
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	struct buffer sealed, master;
	AUTO_SECRET master_key = SECRET_EMPTY;
	AUTO_SECRET pem = SECRET_EMPTY;
	struct signing_key *key = NULL;
	AUTO_FREE char *path = file_join(fixture->service->folder, "state/master.key");
	buffer_init(&sealed, 1u << 20);
	buffer_init(&master, 1000);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(db_secret_get(state, "identity-key", &sealed, NULL), STATUS_OK);
	db_pool_give(pool, state);
	assert_int_equal(file_read(path, 999, &master, NULL), STATUS_OK);
	assert_int_equal(secret_copy(&master_key, master.data, master.length, NULL), STATUS_OK);
	assert_int_equal(
		crypto_unseal(&master_key, "identity-key", sealed.data, sealed.length, &pem, NULL),
		STATUS_OK);
	assert_int_equal(signing_key_load(&pem, &key, NULL), STATUS_OK);
	buffer_done(&sealed);
	buffer_done(&master);
	return key;
}

static int setup_all(void **state)
{
	(void)state;
	fixture = recover_fixture_new(RECOVER_BACKUPS, NULL);
	identity = load_identity();
	recover_share_save(fixture, "intact");
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	signing_key_free(identity);
	recover_fixture_free(fixture);
	return 0;
}

static int restore(void **state)
{
	(void)state;
	recover_share_restore(fixture, "intact");
	return 0;
}

/* --- marks --- */

static struct archive_link link_of(size_t index)
{
	const struct recover_backup *backup = &fixture->backups[index];
	struct archive_link link = { .sequence = backup->sequence };
	memcpy(link.backup_id, backup->backup_id, sizeof link.backup_id);
	memcpy(link.sha256, backup->record_sha256, SHA256_SIZE);
	return link;
}

/* @previous: index of the predecessor; -1: none. */
static struct archive_deletion mark_of(size_t index, int previous)
{
	struct archive_deletion mark = { .backup = link_of(index),
					 .deleted_time = 1795238796123,
					 .reason = "expired",
					 .has_previous = previous >= 0 };
	memcpy(mark.repository_id, fixture->backups[index].record->repository_id,
	       sizeof mark.repository_id);
	if (previous >= 0)
		mark.previous = link_of((size_t)previous);
	return mark;
}

/* Writes it under the name that belongs to the @named-th backup. */
static void put_mark_as(const struct archive_deletion *mark, size_t named,
			const struct signing_key *key)
{
	char name[ARCHIVE_NAME_SIZE];
	unsigned char bytes[ED25519_SIGNATURE_SIZE];
	struct buffer text = { 0 };
	struct buffer signature = { .data = bytes, .length = sizeof bytes };
	const struct recover_backup *backup = &fixture->backups[named];
	AUTO_FREE char *folder = file_join(fixture->service->share_path, ARCHIVE_DELETIONS);
	(void)mkdir(folder, 0700);
	assert_int_equal(archive_deletion_write(mark, &text, NULL), STATUS_OK);
	assert_int_equal(signing_key_sign(key, text.data, text.length, bytes, NULL), STATUS_OK);
	archive_deletion_name(backup->sequence, backup->backup_id, name);
	recover_file_put(fixture, name, &text);
	archive_deletion_signature_name(backup->sequence, backup->backup_id, name);
	recover_file_put(fixture, name, &signature);
	buffer_done(&text);
}

static void put_mark(size_t index, int previous)
{
	struct archive_deletion mark = mark_of(index, previous);
	put_mark_as(&mark, index, identity);
}

static char *mark_path(size_t index)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_deletion_name(fixture->backups[index].sequence, fixture->backups[index].backup_id,
			      name);
	return strdup(name);
}

static void assert_mark_found(size_t index, const char *text)
{
	AUTO_FREE char *path = mark_path(index);
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, text);
}

/* A fatal finding in the chain at the @index-th backup. */
static void assert_link_found(size_t index, const char *text)
{
	AUTO_FREE char *path = recover_folder_file(fixture, index, ARCHIVE_RECORD_FILE);
	recover_assert_found(fixture, NULL, path, RECOVER_SCOPE_CHAIN, text);
}

static void assert_sound(void)
{
	assert_int_equal(recover_count_fatal(fixture, NULL), 0);
}

/* --- what is fine --- */

static void test_verify_with_the_oldest_deleted_and_marked_finds_nothing(void **state)
{
	(void)state;
	recover_remove_backup(fixture, 0);
	assert_link_found(1, "no mark says that the service deleted it");
	put_mark(0, -1);
	assert_sound();
	recover_assert_recovers(fixture, 1);
	recover_assert_recovers(fixture, 2);
}

static void test_verify_with_a_middle_one_deleted_and_marked_leads_to_the_older(void **state)
{
	(void)state;
	recover_remove_backup(fixture, 1);
	put_mark(1, 0);
	assert_sound();
	recover_assert_recovers(fixture, 0);
	/* The older one cannot go unnoticed, although its successor is gone. */
	recover_remove_backup(fixture, 0);
	assert_link_found(2, fixture->backups[0].backup_id);
	put_mark(0, -1);
	assert_sound();
}

/* What only a deleted backup named needs no mark any more. */
static void test_verify_with_marks_dropped_that_nothing_leads_to_finds_nothing(void **state)
{
	(void)state;
	recover_remove_backup(fixture, 0);
	recover_remove_backup(fixture, 1);
	put_mark(1, -1);
	assert_sound();
	recover_assert_recovers(fixture, 2);
}

static void test_verify_with_a_mark_of_a_backup_that_is_there_says_so(void **state)
{
	struct recover_verify_result result;
	(void)state;
	put_mark(1, 0);
	recover_verify_all(fixture, NULL, true, &result);
	assert_int_equal(result.findings.fatal_count, 0);
	const struct recover_finding *finding =
		recover_finding_at(&result.findings, fixture->backups[1].folder, false);
	assert_non_null(finding);
	assert_non_null(strstr(finding->text, "brought back"));
	recover_verify_result_done(&result);
	recover_assert_recovers(fixture, 1);
	/* Brought back when its own predecessor is long gone. */
	recover_remove_backup(fixture, 0);
	assert_sound();
	recover_assert_recovers(fixture, 1);
}

static void test_verify_with_an_old_backup_brought_back_says_so(void **state)
{
	struct recover_verify_result result;
	(void)state;
	recover_remove_backup(fixture, 1);
	put_mark(1, -1);
	recover_verify_all(fixture, NULL, true, &result);
	assert_int_equal(result.findings.fatal_count, 0);
	assert_non_null(recover_finding_at(&result.findings, fixture->backups[0].folder, false));
	recover_verify_result_done(&result);
}

static void test_verify_with_leftovers_among_the_marks_ignores_them(void **state)
{
	AUTO_FREE char *path = mark_path(1);
	struct buffer bytes = { .data = (unsigned char *)path, .length = 4 };
	(void)state;
	put_mark(1, 0);
	recover_file_remove(fixture, path);
	recover_file_put(fixture, ARCHIVE_DELETIONS "/.temporary-1", &bytes);
	recover_file_put(fixture, ARCHIVE_DELETIONS "/holiday.json", &bytes);
	assert_sound();
	recover_remove_backup(fixture, 1);
	assert_link_found(2, "no mark says");
}

/* --- what is not --- */

static void test_verify_with_a_mark_signed_by_somebody_else_refuses_it(void **state)
{
	struct signing_key *stranger = NULL;
	struct archive_deletion mark = mark_of(1, 0);
	(void)state;
	assert_int_equal(signing_key_generate(&stranger, NULL), STATUS_OK);
	put_mark_as(&mark, 1, stranger);
	signing_key_free(stranger);
	assert_mark_found(1, "is not signed by the service");
	recover_remove_backup(fixture, 1);
	assert_link_found(2, "no mark says");
	recover_assert_recovers(fixture, 2);
}

static void test_verify_with_a_mark_changed_in_any_byte_refuses_it(void **state)
{
	AUTO_FREE char *path = mark_path(1);
	struct buffer bytes;
	(void)state;
	put_mark(1, 0);
	recover_remove_backup(fixture, 1);
	recover_file_get(fixture, path, &bytes);
	for (size_t i = 0; i < bytes.length; i += 23) {
		bytes.data[i] ^= 1;
		recover_file_put(fixture, path, &bytes);
		assert_mark_found(1, "is not signed by the service");
		bytes.data[i] ^= 1;
	}
	buffer_done(&bytes);
}

static void test_verify_with_a_mark_without_signature_refuses_it(void **state)
{
	char name[ARCHIVE_NAME_SIZE];
	(void)state;
	put_mark(1, 0);
	archive_deletion_signature_name(fixture->backups[1].sequence, fixture->backups[1].backup_id,
					name);
	recover_file_remove(fixture, name);
	assert_mark_found(1, "is not signed by the service");
}

static void test_verify_with_a_mark_of_another_repository_refuses_it(void **state)
{
	struct archive_deletion mark = mark_of(1, 0);
	(void)state;
	guid_generate(mark.repository_id);
	put_mark_as(&mark, 1, identity);
	recover_remove_backup(fixture, 1);
	assert_mark_found(1, "belongs to repository");
	assert_link_found(2, "no mark says");
}

static void test_verify_with_a_renamed_mark_refuses_it(void **state)
{
	struct archive_deletion mark = mark_of(0, -1);
	(void)state;
	put_mark_as(&mark, 1, identity);
	recover_remove_backup(fixture, 1);
	assert_mark_found(1, "was copied or renamed");
	assert_link_found(2, "no mark says");
}

static void test_verify_with_a_mark_that_contradicts_refuses_it(void **state)
{
	struct archive_deletion mark = mark_of(1, 0);
	(void)state;
	mark.backup.sha256[0] ^= 1;
	put_mark_as(&mark, 1, identity);
	recover_assert_found(fixture, NULL, fixture->backups[1].folder, RECOVER_SCOPE_CHAIN,
			     "names another backup.json");
	recover_remove_backup(fixture, 1);
	assert_link_found(2, "the mark of its deletion has another hash");
	/* One whose own predecessor is another. */
	mark = mark_of(1, 0);
	mark.previous.sha256[0] ^= 1;
	put_mark_as(&mark, 1, identity);
	assert_link_found(2, "its backup.json has another hash");
}

static void test_verify_with_a_mark_that_is_far_too_large_refuses_it(void **state)
{
	AUTO_FREE char *path = mark_path(1);
	struct buffer large;
	(void)state;
	put_mark(1, 0);
	buffer_init(&large, ARCHIVE_SMALL_FILE_MAX + 10);
	assert_int_equal(buffer_reserve(&large, ARCHIVE_SMALL_FILE_MAX + 2, NULL), STATUS_OK);
	memset(large.data, ' ', ARCHIVE_SMALL_FILE_MAX + 2);
	large.length = ARCHIVE_SMALL_FILE_MAX + 2;
	recover_file_put(fixture, path, &large);
	assert_mark_found(1, "is not signed by the service");
	buffer_done(&large);
}

#define CASE(test) cmocka_unit_test_teardown(test, restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_verify_with_the_oldest_deleted_and_marked_finds_nothing),
		CASE(test_verify_with_a_middle_one_deleted_and_marked_leads_to_the_older),
		CASE(test_verify_with_marks_dropped_that_nothing_leads_to_finds_nothing),
		CASE(test_verify_with_a_mark_of_a_backup_that_is_there_says_so),
		CASE(test_verify_with_an_old_backup_brought_back_says_so),
		CASE(test_verify_with_leftovers_among_the_marks_ignores_them),
		CASE(test_verify_with_a_mark_signed_by_somebody_else_refuses_it),
		CASE(test_verify_with_a_mark_changed_in_any_byte_refuses_it),
		CASE(test_verify_with_a_mark_without_signature_refuses_it),
		CASE(test_verify_with_a_mark_of_another_repository_refuses_it),
		CASE(test_verify_with_a_renamed_mark_refuses_it),
		CASE(test_verify_with_a_mark_that_contradicts_refuses_it),
		CASE(test_verify_with_a_mark_that_is_far_too_large_refuses_it),
	};
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
