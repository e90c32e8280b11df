/* SPDX-License-Identifier: Apache-2.0 */
/* A verification that is under way while a prune removes what it is about to read: that is no
 * damage, wherever the verification is. */
#include <stdio.h>
#include <string.h>

#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PLACES_MAX 64

static void submit_verify(struct prune_fixture *fixture, size_t number, char id[GUID_TEXT_SIZE])
{
	struct db *db = service_fixture_take(fixture->service);
	assert_int_equal(backup_verify_submit(fixture->service->service, db, fixture->ids[number],
					      BACKUP_VERIFY_HASHES, "test", id, NULL),
			 STATUS_OK);
	service_fixture_give(fixture->service, db);
}

/* False: the verification came to its end before its @nth call. */
static bool stall_verify(struct prune_fixture *fixture, size_t number, size_t nth,
			 char id[GUID_TEXT_SIZE])
{
	const struct share_fake_plan plan = { .at = nth, .fault = SHARE_FAKE_STALL };
	share_fake_set(fixture->service->fake, &plan);
	submit_verify(fixture, number, id);
	for (;;) {
		struct db *db = service_fixture_take(fixture->service);
		struct db_job job;
		assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
		service_fixture_give(fixture->service, db);
		bool ended = strcmp(job.state, "Succeeded") == 0;
		db_job_done(&job);
		if (ended || share_fake_hanging(fixture->service->fake) > 0)
			return !ended;
	}
}

static enum status see_damaged(const struct db_pack_check *row, void *context, struct error *err)
{
	(void)err;
	print_error("called damaged: %s\n", row->problem);
	++*(size_t *)context;
	return STATUS_OK;
}

static void assert_no_damage(struct prune_fixture *fixture)
{
	struct buffer repository;
	size_t damaged = 0;
	struct db *db = service_fixture_take(fixture->service);
	buffer_init(&repository, 256);
	assert_int_equal(db_setting_get(db, "repository", &repository, NULL), STATUS_OK);
	assert_int_equal(db_pack_check_list(db, (const char *)repository.data, true, see_damaged,
					    &damaged, NULL),
			 STATUS_OK);
	buffer_done(&repository);
	for (size_t i = 0; i < PRUNE_BACKUPS; i++) {
		struct db_verification row;
		assert_int_equal(db_verification_get(db, fixture->ids[i], &row, NULL), STATUS_OK);
		if (row.damaged_time != 0)
			print_error("backup %zu is called damaged: %s\n", i, row.problem);
		damaged += row.damaged_time != 0 ? 1 : 0;
		db_verification_done(&row);
	}
	service_fixture_give(fixture->service, db);
	assert_int_equal(damaged, 0);
}

/* Everything of the oldest backups goes while the verification of number @number is at its @nth
 * call; false: it does not come so far. */
static bool prune_within(struct prune_fixture *fixture, size_t number, size_t nth,
			 struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	prune_fixture_restore(fixture);
	fixture->service->config->engine.trash_grace = 0;
	bool is_stalled = stall_verify(fixture, number, nth, id);
	if (is_stalled) {
		assert_true(prune_fixture_prune(fixture) > PRUNE_BACKUPS - PRUNE_KEPT);
		assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
		share_fake_resume(fixture->service->fake);
	}
	service_fixture_wait(fixture->service, id, out);
	share_fake_release(fixture->service->fake);
	share_fake_set(fixture->service->fake, NULL);
	assert_no_damage(fixture);
	return is_stalled;
}

/* Where an undisturbed verification lists, and where it opens what a prune removes: numbers among
 * its calls. */
static size_t find_places(struct prune_fixture *fixture, size_t number, size_t places[PLACES_MAX])
{
	struct db_job job;
	char id[GUID_TEXT_SIZE];
	size_t count = 0;
	struct share_fake *fake = fixture->service->fake;
	prune_fixture_restore(fixture);
	share_fake_set(fake, NULL);
	submit_verify(fixture, number, id);
	service_fixture_wait(fixture->service, id, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	for (size_t i = 1; i <= share_fake_calls(fake) && count < PLACES_MAX; i++) {
		const char *path = share_fake_call_path(fake, i);
		enum share_fake_operation operation = share_fake_call_operation(fake, i);
		if ((operation == SHARE_FAKE_OPEN_READ &&
		     (strstr(path, ".pack") != NULL || strstr(path, "manifest.bin") != NULL)) ||
		    (operation == SHARE_FAKE_LIST && strstr(path, "backups") != NULL))
			places[count++] = i;
	}
	assert_true(count > 2);
	return count;
}

static void test_verify_of_a_backup_that_a_prune_removes_finds_no_damage(void **state)
{
	struct prune_fixture *fixture = *state;
	size_t places[PLACES_MAX];
	size_t count = find_places(fixture, 0, places);
	struct db_job job;
	for (size_t i = 0; i < count; i++) {
		assert_true(prune_within(fixture, 0, places[i], &job));
		assert_string_equal(job.state, "Failed");
		assert_string_equal(job.error_status, status_name(STATUS_NOT_FOUND));
		db_job_done(&job);
	}
}

static void test_verify_of_a_backup_that_stays_succeeds_beside_a_prune(void **state)
{
	struct prune_fixture *fixture = *state;
	size_t places[PLACES_MAX];
	size_t count = find_places(fixture, PRUNE_BACKUPS - 1, places);
	struct db_job job;
	for (size_t i = 0; i < count; i++) {
		assert_true(prune_within(fixture, PRUNE_BACKUPS - 1, places[i], &job));
		assert_string_equal(job.state, "Succeeded");
		db_job_done(&job);
	}
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify_of_a_backup_that_a_prune_removes_finds_no_damage),
		cmocka_unit_test(test_verify_of_a_backup_that_stays_succeeds_beside_a_prune),
	};
	return cmocka_run_group_tests(tests, prune_case_setup, prune_case_teardown);
}
