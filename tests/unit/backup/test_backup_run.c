/* SPDX-License-Identifier: Apache-2.0 */
/* Whole backups over a folder: made, verified, recovered, compared. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/service_fixture.h"
#include "fake/tree_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int setup(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static void test_backup_of_files_restores_equal(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_write(fixture, "empty", 0, 1);
	service_fixture_write(fixture, "small", 100, 2);
	service_fixture_write(fixture, "large", 5000000, 3);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, false), 0);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
}

static void test_backup_with_nothing_changed_reads_nothing(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	struct db_job_role role;
	for (unsigned i = 0; i < 40; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "file-%u", i);
		service_fixture_write(fixture, name, 20000 * i, i);
	}
	/* The files must be older than the granularity of the cache. */
	fixture->clock_offset = 10000;
	service_fixture_back_up(fixture);
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_true(service_fixture_role(fixture, job.id, "Data", &role));
	assert_int_equal(role.files_read, 0);
	assert_int_equal(role.files_unchanged, 40);
	assert_int_equal(role.new_bytes, 0);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
	db_job_role_done(&role);
	db_job_done(&job);
}

static void test_backup_of_a_folder_around_the_state_leaves_the_state_out(void **state)
{
	(void)state;
	/* The configuration owns the list. */
	const char **exclude = calloc(2, sizeof *exclude);
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	struct error err;
	char *folder = NULL;
	fixture->config->services[0].path = fixture->folder;
	assert_non_null(exclude);
	exclude[0] = "share";
	fixture->config->services[0].exclude = exclude;
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	service_fixture_write(fixture, "file", 10, 1);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_recover(fixture, "latest", "recovered", &folder, &err),
			 STATUS_OK);
	char *file = file_join(folder, "source/file");
	char *state_directory = file_join(folder, "state");
	assert_int_equal(access(file, F_OK), 0);
	assert_int_not_equal(access(state_directory, F_OK), 0);
	free(file);
	free(state_directory);
	free(folder);
	service_fixture_free(fixture);
}

static enum status see_history_check(const struct db_job *job, void *context, struct error *err)
{
	(void)err;
	memcpy(context, job->id, GUID_TEXT_SIZE);
	return STATUS_OK;
}

static uint64_t newest_sequence(struct db *db)
{
	struct db_backup newest;
	memset(&newest, 0, sizeof newest);
	assert_int_equal(db_backup_newest(db, "north", &newest, NULL), STATUS_OK);
	uint64_t sequence = newest.sequence;
	db_backup_done(&newest);
	return sequence;
}

/* The state that a backup holds was copied while that backup still ran: it does not know of its
 * end. */
static void test_service_recovered_from_its_own_role_knows_its_last_backup(void **state)
{
	struct service_fixture *fixture = *state;
	struct error err;
	struct db *db = NULL;
	struct db_job job;
	char id[GUID_TEXT_SIZE] = "";
	char *folder = NULL;
	service_fixture_write(fixture, "file", 100000, 1);
	service_fixture_back_up(fixture);
	service_fixture_back_up(fixture);
	service_fixture_stop(fixture);
	char *state_directory = file_join(fixture->folder, "state");
	assert_int_equal(file_remove_tree(state_directory, NULL), STATUS_OK);
	assert_int_equal(service_fixture_recover_role(fixture, "latest", BACKUP_SERVICE_ROLE, "own",
						      &folder, &err),
			 STATUS_OK);
	assert_int_equal(rename(folder, state_directory), 0);
	service_fixture_start(fixture);
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(newest_sequence(db), 1);
	assert_int_equal(backup_history_submit(fixture->service, db, NULL), STATUS_OK);
	assert_int_equal(db_job_list(db, "north", "historyCheck", 1, see_history_check, id, NULL),
			 STATUS_OK);
	service_fixture_wait(fixture, id, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_int_equal(newest_sequence(db), 2);
	db_job_done(&job);
	/* The job that the copied state called interrupted is known to have succeeded. */
	assert_int_equal(db_job_list(db, "north", "backup", 1, see_history_check, id, NULL),
			 STATUS_OK);
	memset(&job, 0, sizeof job);
	assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, "Succeeded");
	assert_null(job.error_message);
	db_pool_give(pool, db);
	db_job_done(&job);
	service_fixture_back_up(fixture);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	free(state_directory);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_backup_of_files_restores_equal, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_backup_with_nothing_changed_reads_nothing,
						setup, teardown),
		cmocka_unit_test(test_backup_of_a_folder_around_the_state_leaves_the_state_out),
		cmocka_unit_test_setup_teardown(
			test_service_recovered_from_its_own_role_knows_its_last_backup, setup,
			teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
