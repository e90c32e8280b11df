/* SPDX-License-Identifier: Apache-2.0 */
/* Two controllers of one deployment at one folder: who is refused, who takes over, and that one
 * that slept while it lost the folder commits nothing that is not its own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/run_program.h"
#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEASE_MS 60000
#define ENGINE "\"leaseSeconds\":60"

struct pair {
	struct service_fixture *first, *second;
};

/* The first is configured and has a backup; the second has a copy of its state directory. */
static int setup(void **state)
{
	static struct pair pair;
	char *from, *to;
	pair.first = service_fixture_new(NULL, ENGINE);
	pair.second = service_fixture_new(NULL, ENGINE);
	service_fixture_write(pair.first, "file", 100000, 1);
	service_fixture_write(pair.second, "file", 200000, 2);
	service_fixture_start(pair.first);
	service_fixture_configure(pair.first);
	service_fixture_back_up(pair.first);
	service_fixture_stop(pair.first);
	from = file_join(pair.first->folder, "state");
	to = file_join(pair.second->folder, "state");
	assert_int_equal(file_remove_tree(to, NULL), STATUS_OK);
	char copy[] = "cp", all[] = "-a";
	char *const command[] = { copy, all, from, to, NULL };
	assert_int_equal(run_program("/", command, NULL), 0);
	free(from);
	free(to);
	free(pair.second->share_path);
	pair.second->share_path = strdup(pair.first->share_path);
	service_fixture_start(pair.first);
	service_fixture_start(pair.second);
	*state = &pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;
	share_fake_release(pair->first->fake);
	service_fixture_free(pair->second);
	service_fixture_free(pair->first);
	return 0;
}

static void expect_refused(struct service_fixture *fixture, const char *reason)
{
	struct db_job job;
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_CONFLICT));
	assert_non_null(strstr(job.error_message, reason));
	db_job_done(&job);
}

/* Every committed backup has a number of its own and verifies. */
static void expect_numbers(struct service_fixture *fixture, const uint64_t *expected, size_t count)
{
	const struct recover_backup *backups = NULL;
	size_t found = 0;
	struct recover_source *source = service_fixture_source(fixture);
	assert_int_equal(recover_list(source, &backups, &found, NULL), STATUS_OK);
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(backups[i].is_committed);
		assert_int_equal(backups[i].sequence, expected[i]);
	}
	recover_source_close(source);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
}

static void expire(struct service_fixture *fixture)
{
	atomic_store(&fixture->clock_offset, LEASE_MS + 1000);
}

static void test_second_controller_is_refused_by_name(void **state)
{
	struct pair *pair = *state;
	struct db_job job;
	const int64_t hours = 6;
	const struct backup_location_update update = { .frequency_hours = &hours };
	service_fixture_back_up(pair->first);
	expect_refused(pair->second, "deployment b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002 on host ");
	expect_refused(pair->second, "infrabackup share release");
	/* Also when it is only pointed there. */
	service_fixture_update(pair->second, &update, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "holds this folder since "));
	db_job_done(&job);
	service_fixture_back_up(pair->first);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3 }, 3);
}

static void test_controller_that_stopped_gives_way_without_a_gap(void **state)
{
	struct pair *pair = *state;
	service_fixture_back_up(pair->first);
	service_fixture_stop(pair->first);
	service_fixture_back_up(pair->second);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3 }, 3);
}

static void test_controller_whose_location_is_cleared_gives_way_without_a_gap(void **state)
{
	struct pair *pair = *state;
	struct db_job job;
	const struct backup_location_update clear = { .manner = BACKUP_LOCATION_REPLACE };
	service_fixture_back_up(pair->first);
	service_fixture_update(pair->first, &clear, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	service_fixture_back_up(pair->second);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3 }, 3);
}

static void test_expired_lease_is_taken_over_and_its_holder_refused(void **state)
{
	struct pair *pair = *state;
	service_fixture_back_up(pair->first);
	expire(pair->second);
	service_fixture_back_up(pair->second);
	expect_refused(pair->first, "holds this folder since ");
	/* Number 3 is what the first might still have wanted. */
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 4 }, 3);
}

/* What `infrabackup share release` does. */
static void release(struct pair *pair, struct backup_lease_holder *out)
{
	struct share_address address;
	struct share *share = NULL;
	assert_int_equal(share_address_parse(pair->first->share_path, "share", &address, NULL),
			 STATUS_OK);
	const struct share_options options = { .address = &address, .deadline = 60000 };
	assert_int_equal(share_open(&pair->second->shares, &options, &share, NULL), STATUS_OK);
	assert_int_equal(backup_lease_withdraw(share, &system_clock, out, NULL), STATUS_OK);
	share_close(share);
}

static void test_released_folder_goes_to_whoever_comes_first(void **state)
{
	struct pair *pair = *state;
	struct backup_lease_holder holder;
	service_fixture_back_up(pair->first);
	release(pair, &holder);
	assert_true(holder.was_held);
	assert_string_equal(holder.deployment_id, "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002");
	release(pair, &holder);
	assert_false(holder.was_held);
	service_fixture_back_up(pair->second);
	expect_refused(pair->first, "holds this folder since ");
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 4 }, 3);
}

static void write_share_file(const struct pair *pair, const char *name)
{
	char *path = file_join(pair->first->share_path, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void test_damaged_lease_keeps_everybody_out_until_it_is_released(void **state)
{
	struct pair *pair = *state;
	struct backup_lease_holder holder;
	struct db_job job;
	write_share_file(pair, "MASBackup/leases/00000100.json");
	service_fixture_backup(pair->first, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "run `infrabackup share release"));
	db_job_done(&job);
	release(pair, &holder);
	service_fixture_back_up(pair->first);
}

static void test_other_deployment_is_refused_by_name_and_holder(void **state)
{
	struct pair *pair = *state;
	service_fixture_back_up(pair->first);
	pair->second->config->deployment.id = "c7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002";
	expect_refused(pair->second, "belongs to deployment b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002 "
				     "(example.com, region north); host ");
}

static void test_killed_process_is_followed_at_once_by_its_own_successor(void **state)
{
	struct pair *pair = *state;
	struct share_fake_plan gone = { .at = 1, .fault = SHARE_FAKE_VANISH };
	service_fixture_back_up(pair->first);
	/* As if it had been killed: the lease stays. */
	share_fake_set(pair->first->fake, &gone);
	service_fixture_stop(pair->first);
	share_fake_set(pair->first->fake, NULL);
	expect_refused(pair->second, "holds this folder since ");
	service_fixture_start(pair->first);
	service_fixture_back_up(pair->first);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3 }, 3);
}

/* --- asleep in the middle of a commit --- */

/* The number, among the renames of a whole backup, of the @nth in the folder @part; 0: the last. */
static size_t find_rename(struct service_fixture *fixture, const char *part, size_t nth)
{
	size_t renames = 0, seen = 0, found = 0;
	service_fixture_back_up(fixture);
	share_fake_set(fixture->fake, NULL);
	service_fixture_back_up(fixture);
	for (size_t i = 1; i <= share_fake_calls(fixture->fake); i++) {
		if (share_fake_call_operation(fixture->fake, i) != SHARE_FAKE_RENAME_NEW)
			continue;
		renames++;
		if (strstr(share_fake_call_path(fixture->fake, i), part) != NULL &&
		    (++seen == nth || nth == 0))
			found = renames;
	}
	assert_int_not_equal(found, 0);
	return found;
}

/* The first sleeps when it is about to give a file its name, see find_rename(); the second takes
 * over and makes a backup; the first wakes and ends in @out. */
static void sleep_before(struct pair *pair, const char *part, size_t nth, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	const struct share_fake_plan plan = { .at = find_rename(pair->first, part, nth),
					      .operation = SHARE_FAKE_RENAME_NEW,
					      .fault = SHARE_FAKE_STALL };
	share_fake_set(pair->first->fake, &plan);
	service_fixture_submit(pair->first, id);
	share_fake_wait_hanging(pair->first->fake, 1);
	expire(pair->second);
	service_fixture_back_up(pair->second);
	share_fake_resume(pair->first->fake);
	service_fixture_wait(pair->first, id, out);
}

static void test_holder_asleep_before_its_number_is_taken_commits_nothing(void **state)
{
	struct pair *pair = *state;
	struct db_job job;
	sleep_before(pair, "/sequence/", 1, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "no longer holds the folder: deployment "));
	db_job_done(&job);
	/* 4 was barred with its folder, 5 because nobody could know. */
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3, 6 }, 4);
}

static void test_holder_asleep_before_commit_finds_its_backup_committed(void **state)
{
	struct pair *pair = *state;
	struct db_job job;
	sleep_before(pair, "/backups/", 0, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3, 4, 6 }, 5);
}

static void test_holder_asleep_while_it_writes_commits_nothing(void **state)
{
	struct pair *pair = *state;
	struct db_job job;
	sleep_before(pair, "/backups/", 1, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "no longer holds the folder: deployment "));
	db_job_done(&job);
	expect_refused(pair->first, "holds this folder since ");
	/* Its folder was moved away before it woke; what it wrote since is not listed. */
	service_fixture_back_up(pair->second);
	expect_numbers(pair->first, (const uint64_t[]) { 1, 2, 3, 6, 7 }, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_second_controller_is_refused_by_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_controller_that_stopped_gives_way_without_a_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_controller_whose_location_is_cleared_gives_way_without_a_gap, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_expired_lease_is_taken_over_and_its_holder_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_released_folder_goes_to_whoever_comes_first,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_damaged_lease_keeps_everybody_out_until_it_is_released, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_other_deployment_is_refused_by_name_and_holder,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_killed_process_is_followed_at_once_by_its_own_successor, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_holder_asleep_before_its_number_is_taken_commits_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_holder_asleep_before_commit_finds_its_backup_committed, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_holder_asleep_while_it_writes_commits_nothing,
						setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
