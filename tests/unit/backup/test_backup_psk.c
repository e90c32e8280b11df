/* SPDX-License-Identifier: Apache-2.0 */
/* A location with a pre-shared key: its backups, what opens them, and the one way to a certificate.
 */
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/psk.h"
#include "infrabackup/backup/restore.h"

#include "fake/tree_compare.h"

#include "verify_case.h"

#define KEY                                                                                        \
	"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXpBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWmFiY2RlZmdoaWprbA=="
#define OTHER_KEY "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="

static int start(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_write(fixture, "one", 300000, 1);
	fixture->without_tick = true;
	service_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int stop(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static void set_key(struct service_fixture *fixture, const char *key)
{
	const struct backup_location_update update = { .path = fixture->share_path,
						       .encryption_key_base64 = key };
	struct db_job job;
	service_fixture_update(fixture, &update, &job);
	if (strcmp(job.state, "Succeeded") != 0)
		fail_msg("%s", job.error_message);
	db_job_done(&job);
}

static void thumbprint_of(struct service_fixture *fixture, char thumbprint[41], bool *is_key)
{
	struct db_location location;
	struct db *db = service_fixture_take(fixture);
	memset(&location, 0, sizeof location);
	assert_int_equal(db_location_get(db, "north", &location, NULL), STATUS_OK);
	memcpy(thumbprint, location.thumbprint, 41);
	assert_int_equal(backup_psk_is_known(db, thumbprint, is_key, NULL), STATUS_OK);
	db_location_done(&location);
	service_fixture_give(fixture, db);
}

static void assert_alert(struct service_fixture *fixture, bool is_open)
{
	struct db_alert row;
	struct db *db = service_fixture_take(fixture);
	memset(&row, 0, sizeof row);
	assert_int_equal(db_alert_newest(db, "north", "encryptionKey", &row, NULL), STATUS_OK);
	assert_string_equal(row.fault, "KeyBasedEncryptionDeprecatedFault");
	assert_true((row.closed_time == 0) == is_open);
	db_alert_done(&row);
	service_fixture_give(fixture, db);
}

static enum status open_share(struct service_fixture *fixture, const char *key_text,
			      struct recover_source **source, struct private_key **out)
{
	AUTO_SECRET key = SECRET_EMPTY;
	assert_int_equal(psk_parse(key_text, "key", &key, NULL), STATUS_OK);
	*source = service_fixture_source(fixture);
	return recover_source_key(*source, &key, out, NULL);
}

static void test_psk_opens_the_share_without_the_service(void **state)
{
	struct service_fixture *fixture = *state;
	struct recover_source *source = NULL;
	struct private_key *key = NULL;
	struct recover_verify_result result;
	set_key(fixture, KEY);
	service_fixture_back_up(fixture);
	assert_int_equal(open_share(fixture, OTHER_KEY, &source, &key), STATUS_AUTHENTICATION);
	recover_source_close(source);
	assert_int_equal(open_share(fixture, KEY, &source, &key), STATUS_OK);
	assert_int_equal(recover_verify(source, NULL, key, true, &result, NULL), STATUS_OK);
	assert_int_equal(result.findings.fatal_count, 0);
	assert_true(result.files >= 2);
	recover_verify_result_done(&result);
	recover_source_close(source);
	private_key_free(key);
}

static void test_psk_backup_is_verified_by_the_service(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	set_key(fixture, KEY);
	verify_case_back_up(fixture, id);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_DEEP);
}

static void test_psk_sent_again_changes_nothing_and_another_does(void **state)
{
	struct service_fixture *fixture = *state;
	char first[41], again[41], other[41];
	bool is_key = false;
	set_key(fixture, KEY);
	thumbprint_of(fixture, first, &is_key);
	assert_true(is_key);
	set_key(fixture, " " KEY "\n");
	thumbprint_of(fixture, again, &is_key);
	assert_string_equal(first, again);
	set_key(fixture, OTHER_KEY);
	thumbprint_of(fixture, other, &is_key);
	assert_true(is_key);
	assert_string_not_equal(first, other);
}

static void assert_refused(struct service_fixture *fixture, const char *key,
			   const char *certificate, enum status expected, const char *text)
{
	const struct backup_location_update update = { .path = fixture->share_path,
						       .certificate_base64 = certificate,
						       .encryption_key_base64 = key };
	char id[GUID_TEXT_SIZE];
	struct error err = { .message = "" };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_location_submit(fixture->service, db, &update, "test", id, &err),
			 expected);
	service_fixture_give(fixture, db);
	assert_string_equal(err.field, "properties.externalStoreDefault.encryptionKeyBase64");
	if (strstr(err.message, text) == NULL)
		fail_msg("%s", err.message);
}

static void restore_with_stored_key(struct service_fixture *fixture, const char *backup_id)
{
	const struct backup_restore_request request = { .backup_id = backup_id, .role = "Data" };
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct error err = { .message = "" };
	struct db *db = service_fixture_take(fixture);
	if (backup_restore_submit(fixture->service, db, &request, "test", id, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	service_fixture_give(fixture, db);
	service_fixture_wait(fixture, id, &job);
	if (strcmp(job.state, "Succeeded") != 0)
		fail_msg("%s", job.error_message);
	db_job_done(&job);
}

static void test_psk_gives_way_to_a_certificate_for_good(void **state)
{
	struct service_fixture *fixture = *state;
	char with_key[GUID_TEXT_SIZE], with_certificate[GUID_TEXT_SIZE], id[GUID_TEXT_SIZE];
	char thumbprint[41];
	bool is_key = true;
	struct error err = { .message = "" };
	set_key(fixture, KEY);
	assert_alert(fixture, true);
	verify_case_back_up(fixture, with_key);
	service_fixture_configure(fixture);
	service_fixture_review(fixture);
	assert_alert(fixture, false);
	thumbprint_of(fixture, thumbprint, &is_key);
	assert_false(is_key);
	assert_refused(fixture, OTHER_KEY, NULL, STATUS_CONFLICT, "does not go back");
	assert_refused(fixture, KEY, NULL, STATUS_CONFLICT, thumbprint);
	verify_case_back_up(fixture, with_certificate);
	/* What the key's backup held comes back by the key that was kept. */
	char *path = file_join(fixture->source_path, "one");
	assert_int_equal(remove(path), 0);
	restore_with_stored_key(fixture, with_key);
	assert_int_equal(service_fixture_compare(fixture, TREE_COMPARE_NO_OWNERS), 0);
	free(path);
	/* The other one is for a PFX. */
	const struct backup_restore_request request = { .backup_id = with_certificate };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_restore_submit(fixture->service, db, &request, "test", id, &err),
			 STATUS_INVALID);
	service_fixture_give(fixture, db);
	assert_string_equal(err.field, BACKUP_RESTORE_FIELD_PFX);
	assert_non_null(strstr(err.message, thumbprint));
	/* Nor is a cleared location one that never had a certificate. */
	const struct backup_location_update clear = { .manner = BACKUP_LOCATION_REPLACE };
	struct db_job job;
	service_fixture_update(fixture, &clear, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	assert_refused(fixture, KEY, NULL, STATUS_CONFLICT, thumbprint);
}

static void test_psk_that_is_none_is_refused(void **state)
{
	struct service_fixture *fixture = *state;
	struct buffer text;
	buffer_init(&text, 1u << 20);
	assert_int_equal(
		base64_encode(fixture->certificate.data, fixture->certificate.length, &text, NULL),
		STATUS_OK);
	assert_refused(fixture, "c2hvcnQ=", NULL, STATUS_INVALID, "32 to 1024");
	assert_refused(fixture, KEY, (const char *)text.data, STATUS_INVALID, "one of them");
	buffer_done(&text);
}

static void test_psk_is_in_no_file_of_the_state(void **state)
{
	struct service_fixture *fixture = *state;
	static const char *const names[] = { "state/state.sqlite", "state/state.sqlite-wal" };
	char thumbprint[41];
	bool is_key = false;
	set_key(fixture, KEY);
	thumbprint_of(fixture, thumbprint, &is_key);
	bool has_name = false;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct buffer bytes;
		char *path = file_join(fixture->folder, names[i]);
		buffer_init(&bytes, 64u << 20);
		assert_int_equal(file_read(path, 64u << 20, &bytes, NULL), STATUS_OK);
		assert_null(memmem(bytes.data, bytes.length, KEY, 32));
		assert_null(memmem(bytes.data, bytes.length, "abcdefghijklmnopqrstuvwxyzABC", 29));
		has_name = has_name || memmem(bytes.data, bytes.length, thumbprint, 40) != NULL;
		buffer_done(&bytes);
		free(path);
	}
	/* The search would have found it. */
	assert_true(has_name);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		WITH(test_psk_opens_the_share_without_the_service),
		WITH(test_psk_backup_is_verified_by_the_service),
		WITH(test_psk_sent_again_changes_nothing_and_another_does),
		WITH(test_psk_gives_way_to_a_certificate_for_good),
		WITH(test_psk_that_is_none_is_refused),
		WITH(test_psk_is_in_no_file_of_the_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
