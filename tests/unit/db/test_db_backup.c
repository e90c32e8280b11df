/* SPDX-License-Identifier: Apache-2.0 */
/* Committed backups and the generations they are counted in. */
#include <stdio.h>
#include <string.h>

#include "db_fixture.h"

#define THUMBPRINT "00112233445566778899AABBCCDDEEFF00112233"

static char region[] = "north", folder[] = "0001-x", generation_name[] = "0001-00112233",
	    succeeded[] = "Succeeded", version[] = "1.2", deployment[] = "d";

static struct db_generation make_generation(uint32_t number)
{
	static unsigned char secret[] = { 7, 7, 7 };
	struct db_generation generation = {
		.number = number,
		.thumbprint = THUMBPRINT,
		.dedup_secret_sealed = { .data = secret, .length = sizeof secret },
		.created_time = 5,
	};
	(void)snprintf(generation.name, sizeof generation.name, "%04u-00112233", number);
	return generation;
}

static struct db_backup make_backup(uint64_t sequence)
{
	struct db_backup backup = {
		.location = region,
		.sequence = sequence,
		.folder = folder,
		.generation = generation_name,
		.status = succeeded,
		.started_time = 100,
		.completed_time = 200 + (int64_t)sequence,
		.stamp_version = version,
		.deployment_id = deployment,
		.thumbprint = THUMBPRINT,
		.is_cloud_recovery_ready = true,
		.bytes = 1ull << 50,
		.new_bytes = 9,
		.record_sha256 = { 1, 2, 3 },
	};
	guid_generate(backup.id);
	return backup;
}

static void add_generation(struct db *db, uint32_t number)
{
	struct db_generation generation = make_generation(number);
	assert_int_equal(db_generation_add(db, &generation, NULL), STATUS_OK);
}

static void test_db_generation_newest_is_the_highest_number(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_generation generation;
	assert_int_equal(db_generation_newest(fixture->db, &generation, NULL), STATUS_NOT_FOUND);
	add_generation(fixture->db, 2);
	add_generation(fixture->db, 1);
	assert_int_equal(db_generation_newest(fixture->db, &generation, NULL), STATUS_OK);
	assert_int_equal(generation.number, 2);
	assert_string_equal(generation.name, "0002-00112233");
	assert_int_equal(generation.dedup_secret_sealed.length, 3);
	db_generation_done(&generation);
}

static void test_db_generation_add_same_number_exists(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_generation generation = make_generation(1);
	struct error err;
	add_generation(fixture->db, 1);
	assert_int_equal(db_generation_add(fixture->db, &generation, &err), STATUS_EXISTS);
	assert_string_equal(err.path, "0001-00112233");
}

static void test_db_backup_add_counts_in_generation_and_location(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_backup backup = make_backup(1), got;
	struct db_location location;
	struct db_generation generation;
	add_generation(fixture->db, 1);
	assert_int_equal(db_backup_add(fixture->db, &backup, NULL), STATUS_OK);
	assert_int_equal(db_generation_newest(fixture->db, &generation, NULL), STATUS_OK);
	assert_int_equal(generation.backups, 1);
	db_generation_done(&generation);
	assert_int_equal(db_location_get(fixture->db, "north", &location, NULL), STATUS_OK);
	assert_int_equal(location.last_backup_time, 201);
	db_location_done(&location);
	assert_int_equal(db_backup_get(fixture->db, "north", backup.id, &got, NULL), STATUS_OK);
	assert_int_equal(got.bytes, 1ull << 50);
	assert_memory_equal(got.record_sha256, backup.record_sha256, 32);
	assert_null(got.oem_version);
	assert_true(got.is_cloud_recovery_ready);
	assert_false(got.is_automatic);
	db_backup_done(&got);
}

static void test_db_backup_add_same_sequence_exists_and_counts_nothing(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_backup first = make_backup(1), second = make_backup(1);
	struct db_generation generation;
	add_generation(fixture->db, 1);
	assert_int_equal(db_backup_add(fixture->db, &first, NULL), STATUS_OK);
	assert_int_equal(db_backup_add(fixture->db, &second, NULL), STATUS_EXISTS);
	assert_int_equal(db_backup_add(fixture->db, &first, NULL), STATUS_EXISTS);
	assert_int_equal(db_generation_newest(fixture->db, &generation, NULL), STATUS_OK);
	assert_int_equal(generation.backups, 1);
	db_generation_done(&generation);
}

static void test_db_backup_add_unknown_generation_or_status_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	static char strange[] = "Great";
	struct db_backup backup = make_backup(1);
	struct error err;
	assert_int_equal(db_backup_add(fixture->db, &backup, &err), STATUS_INVALID);
	assert_string_equal(err.cause_name, "SQLITE_CONSTRAINT_FOREIGNKEY");
	add_generation(fixture->db, 1);
	backup.status = strange;
	assert_int_equal(db_backup_add(fixture->db, &backup, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "backup_status_known"));
}

static void test_db_backup_newest_is_the_highest_sequence(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_backup second = make_backup(2), first = make_backup(1), got;
	assert_int_equal(db_backup_newest(fixture->db, "north", &got, NULL), STATUS_NOT_FOUND);
	add_generation(fixture->db, 1);
	assert_int_equal(db_backup_add(fixture->db, &second, NULL), STATUS_OK);
	assert_int_equal(db_backup_add(fixture->db, &first, NULL), STATUS_OK);
	assert_int_equal(db_backup_newest(fixture->db, "north", &got, NULL), STATUS_OK);
	assert_string_equal(got.id, second.id);
	db_backup_done(&got);
	assert_int_equal(db_backup_newest(fixture->db, "south", &got, NULL), STATUS_NOT_FOUND);
	assert_int_equal(db_backup_get(fixture->db, "south", first.id, &got, NULL),
			 STATUS_NOT_FOUND);
}

struct seen {
	char last[GUID_TEXT_SIZE];
	size_t count, stop_after;
};

static enum status see(const struct db_backup *backup, void *context, struct error *err)
{
	struct seen *seen = context;
	(void)err;
	assert_true(strcmp(seen->last, backup->id) < 0);
	memcpy(seen->last, backup->id, sizeof seen->last);
	return ++seen->count == seen->stop_after ? STATUS_CANCELLED : STATUS_OK;
}

static void test_db_backup_list_by_id_until_told_to_stop(void **state)
{
	struct db_fixture *fixture = *state;
	struct seen all = { .count = 0 }, some = { .stop_after = 3 };
	add_generation(fixture->db, 1);
	for (uint64_t i = 1; i <= 20; i++) {
		struct db_backup backup = make_backup(i);
		assert_int_equal(db_backup_add(fixture->db, &backup, NULL), STATUS_OK);
	}
	assert_int_equal(db_backup_list(fixture->db, "north", see, &all, NULL), STATUS_OK);
	assert_int_equal(all.count, 20);
	assert_int_equal(db_backup_list(fixture->db, "north", see, &some, NULL), STATUS_CANCELLED);
	assert_int_equal(some.count, 3);
}

static void test_db_backup_summarize_tells_growth_and_the_newest_ready_one(void **state)
{
	static char second[] = "0002-00112233", partial[] = "PartialSucceeded";
	struct db_fixture *fixture = *state;
	struct db_backup_summary summary;
	add_generation(fixture->db, 1);
	add_generation(fixture->db, 2);
	assert_int_equal(db_backup_summarize(fixture->db, "north", &summary, NULL), STATUS_OK);
	assert_int_equal(summary.last_ready_time, 0);
	assert_int_equal(summary.full_bytes + summary.grown_bytes + summary.grown_count, 0);
	for (uint64_t i = 1; i <= 6; i++) {
		struct db_backup backup = make_backup(i);
		backup.generation = i < 4 ? generation_name : second;
		backup.new_bytes = i == 1 ? 1000 : i == 4 ? 1500 : i;
		/* The fifth lacks a role that is not essential, the sixth one that is. */
		backup.status = i < 5 ? succeeded : partial;
		backup.is_cloud_recovery_ready = i < 6;
		assert_int_equal(db_backup_add(fixture->db, &backup, NULL), STATUS_OK);
	}
	assert_int_equal(db_backup_summarize(fixture->db, "north", &summary, NULL), STATUS_OK);
	assert_int_equal(summary.last_ready_time, 205);
	assert_int_equal(summary.full_bytes, 1500);
	assert_int_equal(summary.grown_bytes, 2 + 3 + 5 + 6);
	assert_int_equal(summary.grown_count, 4);
	assert_int_equal(db_backup_summarize(fixture->db, "south", &summary, NULL), STATUS_OK);
	assert_int_equal(summary.full_bytes, 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

static void test_db_backup_pin_and_status_change_only_what_is_there(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_backup backup = make_backup(1), found;
	add_generation(fixture->db, 1);
	assert_int_equal(db_backup_add(fixture->db, &backup, NULL), STATUS_OK);
	assert_int_equal(db_backup_pin(fixture->db, "north", backup.id, INT64_MAX, NULL),
			 STATUS_OK);
	assert_int_equal(db_backup_get(fixture->db, "north", backup.id, &found, NULL), STATUS_OK);
	assert_int_equal(found.pinned_until, INT64_MAX);
	assert_null(found.repository);
	db_backup_done(&found);
	assert_int_equal(db_backup_pin(fixture->db, "south", backup.id, 1, NULL), STATUS_NOT_FOUND);
	assert_int_equal(db_backup_set_status(fixture->db, "south", backup.id, "Deleted", NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(db_backup_set_status(fixture->db, "north", backup.id, "Deleted", NULL),
			 STATUS_OK);
	assert_int_equal(db_backup_get(fixture->db, "north", backup.id, &found, NULL), STATUS_OK);
	assert_string_equal(found.status, "Deleted");
	db_backup_done(&found);
	assert_int_equal(db_backup_pin(fixture->db, "north", backup.id, 1, NULL), STATUS_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_generation_newest_is_the_highest_number),
		WITH(test_db_generation_add_same_number_exists),
		WITH(test_db_backup_add_counts_in_generation_and_location),
		WITH(test_db_backup_add_same_sequence_exists_and_counts_nothing),
		WITH(test_db_backup_add_unknown_generation_or_status_is_refused),
		WITH(test_db_backup_newest_is_the_highest_sequence),
		WITH(test_db_backup_list_by_id_until_told_to_stop),
		WITH(test_db_backup_summarize_tells_growth_and_the_newest_ready_one),
		WITH(test_db_backup_pin_and_status_change_only_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
