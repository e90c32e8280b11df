/* SPDX-License-Identifier: Apache-2.0 */
/* What was found whole when, and which verifications may be queued beside each other. */
#include <string.h>

#include "db_fixture.h"

#define REPOSITORY "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define OTHER_REPOSITORY "aaaaaaaa-2f7e-4bb9-8e8d-8d9a55e31d11"
#define BACKUP "bbbbbbbb-2f7e-4bb9-8e8d-8d9a55e31d11"

static char broken[] = "it is broken", harm[] = "{}";

static struct db_pack_check make_check(const char *repository, unsigned char first)
{
	struct db_pack_check check = { .generation = "0001-00112233", .size = 5 };
	memcpy(check.repository, repository, sizeof check.repository);
	check.sha256[0] = first;
	return check;
}

struct seen {
	struct db_pack_check checks[4];
	bool has_problem[4];
	size_t count;
};

static enum status see(const struct db_pack_check *check, void *context, struct error *err)
{
	struct seen *seen = context;
	(void)err;
	assert_true(seen->count < ARRAY_LENGTH(seen->checks));
	seen->checks[seen->count] = *check;
	seen->has_problem[seen->count++] = check->problem != NULL;
	return STATUS_OK;
}

static size_t list(struct db_fixture *fixture, bool damaged_only, struct seen *seen)
{
	seen->count = 0;
	assert_int_equal(db_pack_check_list(fixture->db, REPOSITORY, damaged_only, see, seen, NULL),
			 STATUS_OK);
	return seen->count;
}

static void test_db_pack_check_note_moves_times_forward_only(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pack_check check = make_check(REPOSITORY, 1);
	struct seen seen;
	assert_int_equal(db_pack_check_note(fixture->db, &check, 10, true, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_note(fixture->db, &check, 20, false, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_note(fixture->db, &check, 15, false, NULL), STATUS_OK);
	assert_int_equal(list(fixture, false, &seen), 1);
	assert_int_equal(seen.checks[0].hashed_time, 20);
	assert_int_equal(seen.checks[0].opened_time, 10);
}

static void test_db_pack_check_damage_is_listed_until_it_is_found_whole(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pack_check check = make_check(REPOSITORY, 1), other = make_check(REPOSITORY, 2);
	struct db_pack_check elsewhere = make_check(OTHER_REPOSITORY, 3);
	struct seen seen;
	check.damaged_time = 30;
	check.problem = broken;
	elsewhere.damaged_time = 30;
	elsewhere.problem = broken;
	assert_int_equal(db_pack_check_put(fixture->db, &check, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_put(fixture->db, &elsewhere, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_note(fixture->db, &other, 10, false, NULL), STATUS_OK);
	assert_int_equal(list(fixture, false, &seen), 2);
	assert_int_equal(list(fixture, true, &seen), 1);
	assert_int_equal(seen.checks[0].sha256[0], 1);
	assert_true(seen.has_problem[0]);
	assert_int_equal(db_pack_check_note(fixture->db, &check, 40, false, NULL), STATUS_OK);
	assert_int_equal(list(fixture, true, &seen), 0);
	assert_int_equal(list(fixture, false, &seen), 2);
	assert_int_equal(db_pack_check_remove(fixture->db, &check, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_remove(fixture->db, &check, NULL), STATUS_OK);
	assert_int_equal(list(fixture, false, &seen), 1);
}

static void test_db_pack_check_damage_without_a_problem_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pack_check check = make_check(REPOSITORY, 1);
	struct error err;
	check.damaged_time = 30;
	assert_int_equal(db_pack_check_put(fixture->db, &check, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "pack_check_problem_told"));
}

static void add_backup(struct db_fixture *fixture)
{
	assert_true(db_fixture_sql(
		fixture->path,
		"INSERT INTO generation (number, name, thumbprint, created_time) VALUES"
		" (1, 'g', '00112233445566778899AABBCCDDEEFF00112233', 1);"
		"INSERT INTO backup (id, location, sequence, folder, generation, status,"
		" started_time, completed_time, stamp_version, deployment_id, thumbprint,"
		" is_automatic, is_cloud_recovery_ready, bytes, new_bytes, record_sha256) VALUES"
		" ('" BACKUP "', 'north', 1, 'f', 'g', 'Succeeded', 1, 2, '1.2', 'd',"
		" '00112233445566778899AABBCCDDEEFF00112233', 0, 1, 0, 0, zeroblob(32))"));
}

static enum db_verified state_of(struct db_fixture *fixture)
{
	struct db_verification row;
	assert_int_equal(db_verification_get(fixture->db, BACKUP, &row, NULL), STATUS_OK);
	assert_string_equal(row.backup_id, BACKUP);
	enum db_verified verified = db_verification_state(&row);
	db_verification_done(&row);
	return verified;
}

static void test_db_verification_state_follows_the_times(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_verification row = { .backup_id = BACKUP };
	add_backup(fixture);
	assert_int_equal(state_of(fixture), DB_VERIFIED_COMMITTED);
	row.read_back_time = 5;
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_int_equal(state_of(fixture), DB_VERIFIED_READ_BACK);
	row.hashes_time = 6;
	row.content_time = 6;
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_int_equal(state_of(fixture), DB_VERIFIED_HASHES);
	row.files_time = 6;
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_int_equal(state_of(fixture), DB_VERIFIED_DEEP);
	row.damaged_time = 9;
	row.problem = broken;
	row.harm = harm;
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_int_equal(state_of(fixture), DB_VERIFIED_DAMAGED);
	assert_true(DB_VERIFIED_DAMAGED < DB_VERIFIED_COMMITTED &&
		    DB_VERIFIED_READ_BACK < DB_VERIFIED_HASHES);
	assert_string_equal(db_verified_name(DB_VERIFIED_DEEP), "DeepVerified");
}

static void test_db_verification_goes_with_its_backup(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_verification row = { .backup_id = BACKUP, .read_back_time = 5 };
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_INVALID);
	add_backup(fixture);
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_true(db_fixture_sql(fixture->path, "PRAGMA foreign_keys = ON; DELETE FROM backup"));
	assert_int_equal(
		db_fixture_number(fixture->path, "SELECT count(*) FROM backup_verification"), 0);
}

static enum status count_row(const struct db_verification *row, void *context, struct error *err)
{
	(void)row;
	(void)err;
	(*(size_t *)context)++;
	return STATUS_OK;
}

/* Nobody misses what the service deleted itself. */
static void test_db_verification_damage_of_a_deleted_backup_is_not_listed(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_verification row = { .damaged_time = 50, .problem = broken };
	size_t count = 0;
	add_backup(fixture);
	memcpy(row.backup_id, BACKUP, sizeof row.backup_id);
	assert_int_equal(db_verification_put(fixture->db, &row, NULL), STATUS_OK);
	assert_int_equal(
		db_verification_list_damaged(fixture->db, "north", count_row, &count, NULL),
		STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(db_backup_set_status(fixture->db, "north", BACKUP, "Deleted", NULL),
			 STATUS_OK);
	assert_int_equal(
		db_verification_list_damaged(fixture->db, "north", count_row, &count, NULL),
		STATUS_OK);
	assert_int_equal(count, 1);
}

static void test_db_job_add_second_verification_names_the_first(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	db_fixture_add_job(fixture->db, "verify", "north", id);
	struct db_job second = db_fixture_job("verify", "north");
	second.is_automatic = false;
	assert_int_equal(db_job_add(fixture->db, &second, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, id));
	assert_non_null(strstr(err.message, "the verification"));
	second.is_automatic = true;
	assert_int_equal(db_job_add(fixture->db, &second, NULL), STATUS_OK);
}

static bool goes_before(struct db_fixture *fixture, bool is_automatic)
{
	bool busy = false;
	assert_int_equal(db_job_goes_before_verify(fixture->db, "north", is_automatic, &busy, NULL),
			 STATUS_OK);
	return busy;
}

static void test_db_job_goes_before_verify_knows_who_is_first(void **state)
{
	struct db_fixture *fixture = *state;
	char asked[GUID_TEXT_SIZE], other[GUID_TEXT_SIZE];
	db_fixture_add_job(fixture->db, "historyCheck", "north", other);
	db_fixture_add_job(fixture->db, "backup", "south", other);
	assert_false(goes_before(fixture, true));
	db_fixture_add_job(fixture->db, "verify", "north", asked);
	assert_true(goes_before(fixture, true));
	assert_false(goes_before(fixture, false));
	db_fixture_add_job(fixture->db, "backup", "north", other);
	assert_true(goes_before(fixture, false));
	assert_int_equal(db_job_finish(fixture->db, other, "Failed", 5, NULL, NULL, NULL),
			 STATUS_OK);
	assert_false(goes_before(fixture, false));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_pack_check_note_moves_times_forward_only),
		WITH(test_db_pack_check_damage_is_listed_until_it_is_found_whole),
		WITH(test_db_pack_check_damage_without_a_problem_is_refused),
		WITH(test_db_verification_state_follows_the_times),
		WITH(test_db_verification_goes_with_its_backup),
		WITH(test_db_verification_damage_of_a_deleted_backup_is_not_listed),
		WITH(test_db_job_add_second_verification_names_the_first),
		WITH(test_db_job_goes_before_verify_knows_who_is_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
