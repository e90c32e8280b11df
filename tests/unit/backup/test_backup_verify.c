/* SPDX-License-Identifier: Apache-2.0 */
/* Verification as a state: what is found whole, what is found damaged, and how it heals. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/tree_compare.h"

#include "verify_case.h"

static void test_verify_backup_climbs_from_read_back_to_deep(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_verification row;
	struct db_job job;
	verify_case_back_up(fixture, id);
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_READ_BACK);
	verify_case_expect(fixture, id, BACKUP_VERIFY_HASHES, "Succeeded");
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_HASHES);
	assert_true(row.hashes_time > row.read_back_time);
	assert_int_equal(row.content_time, 0);
	db_verification_done(&row);
	verify_case_expect(fixture, id, BACKUP_VERIFY_CONTENT, "Succeeded");
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_HASHES);
	assert_true(row.content_time > row.read_back_time);
	db_verification_done(&row);
	verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_true(verify_case_figure(&job, "packsRead") > 0);
	assert_true(verify_case_figure(&job, "filesRead") >= 3);
	assert_int_equal(verify_case_figure(&job, "isComplete"), 1);
	db_job_done(&job);
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_DEEP);
	assert_int_equal(row.files_since, 0);
	db_verification_done(&row);
}

static void test_verify_next_backup_begins_at_read_back(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, first);
	verify_case_expect(fixture, first, BACKUP_VERIFY_FILES, "Succeeded");
	verify_case_back_up(fixture, second);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_READ_BACK);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
}

static void assert_harm_names(struct service_fixture *fixture, const char *id, const char *file)
{
	struct db_verification row;
	char text[64];
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_DAMAGED);
	assert_false(row.is_own_damage);
	assert_non_null(strstr(row.problem, ".pack"));
	assert_non_null(row.harm);
	assert_non_null(strstr(row.harm, "\"roleName\":\"Data\""));
	(void)snprintf(text, sizeof text, "\"path\":\"%s\"", file);
	if (strstr(row.harm, text) == NULL)
		fail_msg("%s", row.harm);
	db_verification_done(&row);
}

/* The pack's middle is within the large file's blocks. */
static struct alert_summary alerts_open(struct service_fixture *fixture)
{
	struct alert_summary open = { 0, 0 };
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(alert_summarize(backup_service_alerts(fixture->service), db, &open, NULL),
			 STATUS_OK);
	db_pool_give(pool, db);
	return open;
}

/* The open alert about damage names it; NULL: there is none. */
static void assert_damage_alert(struct service_fixture *fixture, const char *names)
{
	struct db_alert row = { .id = "" };
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	enum status status = alert_find_open(backup_service_alerts(fixture->service), db,
					     ALERT_DATA_DAMAGED, &row, NULL);
	db_pool_give(pool, db);
	assert_int_equal(status, names != NULL ? STATUS_OK : STATUS_NOT_FOUND);
	if (names != NULL)
		assert_non_null(strstr(row.evidence, names));
	db_alert_done(&row);
}

static void damage_a_pack(struct service_fixture *fixture, const char *id)
{
	struct db_job job;
	char *pack = verify_case_find(fixture, ".pack");
	verify_case_flip(pack);
	verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, "integrity");
	assert_int_equal(verify_case_figure(&job, "damagedPacks"), 1);
	assert_non_null(strstr(job.result, id));
	db_job_done(&job);
	free(pack);
}

static void test_verify_damaged_pack_heals_with_the_next_backup(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job_role role;
	verify_case_back_up(fixture, first);
	verify_case_expect(fixture, first, BACKUP_VERIFY_FILES, "Succeeded");
	damage_a_pack(fixture, first);
	assert_harm_names(fixture, first, "one");
	assert_damage_alert(fixture, first);
	assert_damage_alert(fixture, ".pack");
	verify_case_back_up(fixture, second);
	assert_damage_alert(fixture, NULL);
	assert_int_equal(alerts_open(fixture).critical, 0);
	assert_true(service_fixture_role(fixture, second, "Data", &role));
	assert_true(role.new_bytes >= 3000000);
	db_job_role_done(&role);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_READ_BACK);
	verify_case_expect(fixture, second, BACKUP_VERIFY_FILES, "Succeeded");
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DAMAGED);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_verify_damaged_pack_without_its_source_stays_damaged(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE], third[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, first);
	verify_case_back_up(fixture, second);
	damage_a_pack(fixture, first);
	/* Not asked about, and harmed all the same. */
	assert_harm_names(fixture, second, "one");
	service_fixture_write(fixture, "one", 3000000, 77);
	verify_case_back_up(fixture, third);
	verify_case_expect(fixture, third, BACKUP_VERIFY_FILES, "Succeeded");
	verify_case_expect(fixture, second, BACKUP_VERIFY_FILES, "Failed");
	assert_harm_names(fixture, first, "one");
	assert_harm_names(fixture, second, "one");
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

/* The share does not say it, and a new database must not let a backup use the pack. */
static void test_verify_damage_is_known_after_the_database_was_lost(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, first);
	damage_a_pack(fixture, first);
	service_fixture_stop(fixture);
	static const char *const names[] = { "state.sqlite", "state.sqlite-wal",
					     "state.sqlite-shm" };
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		AUTO_FREE char *folder = file_join(fixture->folder, "state");
		AUTO_FREE char *path = file_join(folder, names[i]);
		assert_int_equal(file_remove_tree(path, NULL), STATUS_OK);
	}
	service_fixture_start(fixture);
	assert_harm_names(fixture, first, "one");
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DAMAGED);
}

static void test_verify_pack_that_is_whole_again_clears_the_mark(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job_role role;
	verify_case_back_up(fixture, first);
	damage_a_pack(fixture, first);
	char *pack = verify_case_find(fixture, ".pack");
	verify_case_flip(pack);
	free(pack);
	assert_damage_alert(fixture, first);
	verify_case_expect(fixture, first, BACKUP_VERIFY_FILES, "Succeeded");
	assert_damage_alert(fixture, NULL);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
	/* And is used again. */
	verify_case_back_up(fixture, second);
	assert_true(service_fixture_role(fixture, second, "Data", &role));
	assert_int_equal(role.new_bytes, 0);
	db_job_role_done(&role);
}

static void test_verify_missing_pack_is_damage(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, first);
	char *pack = verify_case_find(fixture, ".pack");
	assert_int_equal(unlink(pack), 0);
	free(pack);
	verify_case_expect(fixture, first, BACKUP_VERIFY_HASHES, "Failed");
	assert_harm_names(fixture, first, "one");
	verify_case_back_up(fixture, second);
	verify_case_expect(fixture, second, BACKUP_VERIFY_FILES, "Succeeded");
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_verify_damaged_manifest_is_the_backups_own(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_verification row;
	verify_case_back_up(fixture, id);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	char *manifest = verify_case_find(fixture, "manifest.bin");
	verify_case_flip(manifest);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Failed");
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_DAMAGED);
	assert_true(row.is_own_damage);
	assert_non_null(strstr(row.problem, "manifest.bin"));
	db_verification_done(&row);
	verify_case_flip(manifest);
	/* Hashes alone do not show that its files are whole again. */
	verify_case_expect(fixture, id, BACKUP_VERIFY_HASHES, "Failed");
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_DEEP);
	free(manifest);
}

static void test_verify_backup_whose_folder_is_gone_is_damaged(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_verification row;
	verify_case_back_up(fixture, first);
	verify_case_back_up(fixture, second);
	char *commit = verify_case_find(fixture, "backups/00000001-");
	*strrchr(commit, '/') = '\0';
	assert_int_equal(file_remove_tree(commit, NULL), STATUS_OK);
	free(commit);
	verify_case_expect(fixture, first, BACKUP_VERIFY_HASHES, "Failed");
	verify_case_get(fixture, first, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_DAMAGED);
	assert_non_null(strstr(row.problem, "no longer on the share"));
	db_verification_done(&row);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_READ_BACK);
}

static void test_verify_without_own_key_stops_at_hashes(void **state)
{
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct service_fixture *fixture = verify_case_new("\"drillRecipient\":false");
	(void)state;
	verify_case_back_up(fixture, id);
	verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_non_null(strstr(job.result, "\"depth\":\"Hashes\",\"hasOwnKey\":false"));
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_HASHES);
	db_job_done(&job);
	/* Harm is found all the same; what is in the pack stays unknown. */
	char *pack = verify_case_find(fixture, ".pack");
	verify_case_flip(pack);
	free(pack);
	struct db_verification row;
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Failed");
	verify_case_get(fixture, id, &row);
	assert_int_equal(db_verification_state(&row), DB_VERIFIED_DAMAGED);
	assert_null(row.harm);
	db_verification_done(&row);
	service_fixture_free(fixture);
}

/* The day's bytes are for verifications by themselves. */
static void test_verify_all_reads_every_backup_at_once(void **state)
{
	struct service_fixture *fixture = verify_case_new("\"verifyGiBPerDay\": 0");
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	(void)state;
	verify_case_back_up(fixture, first);
	service_fixture_write(fixture, "four", 3000000, 4);
	verify_case_back_up(fixture, second);
	verify_case_run(fixture, NULL, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_false(job.is_automatic);
	assert_int_equal(verify_case_figure(&job, "backups"), 2);
	db_job_done(&job);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
	/* And again, whatever was read a second ago. */
	AUTO_FREE char *pack = verify_case_find(fixture, ".pack");
	verify_case_flip(pack);
	verify_case_run(fixture, NULL, BACKUP_VERIFY_HASHES, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_INTEGRITY));
	assert_int_equal(verify_case_figure(&job, "damagedPacks"), 1);
	assert_true(verify_case_figure(&job, "packsRead") > 1);
	db_job_done(&job);
	service_fixture_free(fixture);
}

static void test_verify_unknown_backup_is_refused(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db *db = NULL;
	assert_int_equal(db_pool_take(backup_service_state(fixture->service), &db, NULL),
			 STATUS_OK);
	assert_int_equal(backup_verify_submit(fixture->service, db,
					      "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11",
					      BACKUP_VERIFY_FILES, "test", id, NULL),
			 STATUS_NOT_FOUND);
	db_pool_give(backup_service_state(fixture->service), db);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, verify_case_setup, verify_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_verify_backup_climbs_from_read_back_to_deep),
		WITH(test_verify_next_backup_begins_at_read_back),
		WITH(test_verify_damaged_pack_heals_with_the_next_backup),
		WITH(test_verify_damaged_pack_without_its_source_stays_damaged),
		WITH(test_verify_damage_is_known_after_the_database_was_lost),
		WITH(test_verify_pack_that_is_whole_again_clears_the_mark),
		WITH(test_verify_missing_pack_is_damage),
		WITH(test_verify_damaged_manifest_is_the_backups_own),
		WITH(test_verify_backup_whose_folder_is_gone_is_damaged),
		cmocka_unit_test(test_verify_without_own_key_stops_at_hashes),
		cmocka_unit_test(test_verify_all_reads_every_backup_at_once),
		WITH(test_verify_unknown_backup_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
