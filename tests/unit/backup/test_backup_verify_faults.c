/* SPDX-License-Identifier: Apache-2.0 */
/* Verification over a share that breaks, lies once, or is wanted by a backup: nothing is called
 * damaged that is not, and nothing that was read is read again. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "verify_case.h"

#define DAY (24 * 3600 * 1000LL)
/* Every how manieth call is broken. */
#define STEP 31

static size_t damaged_packs(struct service_fixture *fixture)
{
	struct db_job job;
	char id[GUID_TEXT_SIZE];
	struct recover_source *source = service_fixture_source(fixture);
	const struct recover_backup *backup = NULL;
	assert_int_equal(recover_find(source, "latest", &backup, NULL), STATUS_OK);
	memcpy(id, backup->backup_id, sizeof id);
	recover_source_close(source);
	verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Succeeded");
	size_t count = (size_t)verify_case_figure(&job, "damagedPacks");
	db_job_done(&job);
	return count;
}

static void test_verify_one_flipped_bit_on_the_way_is_no_damage(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, id);
	share_fake_set(fixture->fake, NULL);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	size_t reads = 0, calls = share_fake_calls(fixture->fake);
	for (size_t i = 1; i <= calls; i++)
		reads += share_fake_call_operation(fixture->fake, i) == SHARE_FAKE_READ;
	for (size_t at = 1; at <= reads; at += 3) {
		const struct share_fake_plan plan = { .at = at,
						      .operation = SHARE_FAKE_READ,
						      .fault = SHARE_FAKE_CORRUPT_READ };
		struct db_job job;
		share_fake_set(fixture->fake, &plan);
		verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
		assert_int_equal(share_fake_strikes(fixture->fake), 1);
		if (verify_case_state(fixture, id) == DB_VERIFIED_DAMAGED)
			fail_msg("read %zu: %s", at, job.error_message);
		db_job_done(&job);
		share_fake_set(fixture->fake, NULL);
	}
	assert_int_equal(damaged_packs(fixture), 0);
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_DEEP);
}

static void break_every_call(struct service_fixture *fixture, enum share_fake_fault fault)
{
	char id[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, id);
	share_fake_set(fixture->fake, NULL);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	size_t calls = share_fake_calls(fixture->fake);
	assert_true(calls > 50);
	for (size_t at = 1; at <= calls; at += STEP) {
		const struct share_fake_plan plan = { .at = at, .fault = fault };
		struct db_job job;
		share_fake_set(fixture->fake, &plan);
		verify_case_run(fixture, id, BACKUP_VERIFY_FILES, &job);
		if (verify_case_state(fixture, id) != DB_VERIFIED_DEEP ||
		    verify_case_figure(&job, "damagedPacks") > 0)
			fail_msg("call %zu: %s", at, job.error_message);
		db_job_done(&job);
		share_fake_set(fixture->fake, NULL);
	}
	assert_int_equal(damaged_packs(fixture), 0);
}

static void test_verify_failing_calls_are_no_damage(void **state)
{
	break_every_call(*state, SHARE_FAKE_FAIL);
}

static void test_verify_vanishing_share_is_no_damage(void **state)
{
	break_every_call(*state, SHARE_FAKE_VANISH);
}

static void test_verify_refusing_share_is_no_damage(void **state)
{
	break_every_call(*state, SHARE_FAKE_REFUSE);
}

/* What a mount that is gone looks like: the folder is there and empty. */
static void test_verify_empty_mount_point_in_the_middle_is_no_damage(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], operation[GUID_TEXT_SIZE];
	struct db *db = NULL;
	struct db_job job;
	verify_case_back_up(fixture, id);
	size_t reads = 0;
	share_fake_set(fixture->fake, NULL);
	verify_case_expect(fixture, id, BACKUP_VERIFY_FILES, "Succeeded");
	for (size_t i = 1; i <= share_fake_calls(fixture->fake); i++) {
		if (share_fake_call_operation(fixture->fake, i) == SHARE_FAKE_OPEN_READ)
			reads++;
		if (strstr(share_fake_call_path(fixture->fake, i), ".pack") != NULL)
			break;
	}
	const struct share_fake_plan plan = { .at = reads,
					      .operation = SHARE_FAKE_OPEN_READ,
					      .fault = SHARE_FAKE_STALL };
	share_fake_set(fixture->fake, &plan);
	assert_int_equal(db_pool_take(backup_service_state(fixture->service), &db, NULL),
			 STATUS_OK);
	assert_int_equal(backup_verify_submit(fixture->service, db, id, BACKUP_VERIFY_FILES, "test",
					      operation, NULL),
			 STATUS_OK);
	db_pool_give(backup_service_state(fixture->service), db);
	share_fake_wait_hanging(fixture->fake, 1);
	char *away = file_join(fixture->folder, "away");
	assert_int_equal(rename(fixture->share_path, away), 0);
	assert_int_equal(mkdir(fixture->share_path, 0700), 0);
	share_fake_resume(fixture->fake);
	service_fixture_wait(fixture, operation, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_not_equal(job.error_status, "integrity");
	db_job_done(&job);
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_DEEP);
	assert_int_equal(rmdir(fixture->share_path), 0);
	assert_int_equal(rename(away, fixture->share_path), 0);
	free(away);
	share_fake_set(fixture->fake, NULL);
	assert_int_equal(damaged_packs(fixture), 0);
}

static void test_verify_waits_while_a_backup_runs(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], backup[GUID_TEXT_SIZE], operation[GUID_TEXT_SIZE];
	struct db *db = NULL;
	struct db_job job;
	verify_case_back_up(fixture, id);
	service_fixture_write(fixture, "new", 100000, 9);
	/* The backup stands still while it writes. */
	const struct share_fake_plan plan = { .at = 1,
					      .operation = SHARE_FAKE_WRITE,
					      .fault = SHARE_FAKE_STALL };
	share_fake_set(fixture->fake, &plan);
	service_fixture_submit(fixture, backup);
	share_fake_wait_hanging(fixture->fake, 1);
	assert_int_equal(db_pool_take(backup_service_state(fixture->service), &db, NULL),
			 STATUS_OK);
	assert_int_equal(backup_verify_submit(fixture->service, db, id, BACKUP_VERIFY_FILES, "test",
					      operation, NULL),
			 STATUS_OK);
	for (;;) {
		assert_int_equal(db_job_get(db, operation, &job, NULL), STATUS_OK);
		bool waits = job.phase != NULL && strcmp(job.phase, "waiting for another job") == 0;
		assert_true(job.ended_time == 0);
		db_job_done(&job);
		if (waits)
			break;
		(void)sched_yield();
	}
	db_pool_give(backup_service_state(fixture->service), db);
	share_fake_resume(fixture->fake);
	service_fixture_wait(fixture, backup, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	service_fixture_wait(fixture, operation, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_int_equal(verify_case_figure(&job, "isComplete"), 1);
	db_job_done(&job);
	assert_int_equal(verify_case_state(fixture, id), DB_VERIFIED_DEEP);
}

static void test_verify_by_itself_does_all_backups_once(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	assert_false(verify_case_due(fixture, 0, &job));
	verify_case_back_up(fixture, first);
	service_fixture_write(fixture, "new", 100000, 9);
	verify_case_back_up(fixture, second);
	assert_true(verify_case_due(fixture, 0, &job));
	assert_string_equal(job.state, "Succeeded");
	assert_true(job.is_automatic);
	long packs = verify_case_figure(&job, "packsRead");
	assert_true(packs >= 2);
	db_job_done(&job);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
	assert_false(verify_case_due(fixture, 0, &job));
	/* A day later it looks, and has nothing to read; a month later it reads everything. */
	assert_true(verify_case_due(fixture, DAY, &job));
	assert_int_equal(verify_case_figure(&job, "packsRead"), 0);
	db_job_done(&job);
	assert_true(verify_case_due(fixture, 31 * DAY, &job));
	assert_int_equal(verify_case_figure(&job, "packsRead"), packs);
	db_job_done(&job);
}

static void test_verify_by_itself_after_a_restart_reads_on(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	verify_case_back_up(fixture, first);
	service_fixture_write(fixture, "new", 2000000, 9);
	verify_case_back_up(fixture, second);
	long packs = 0;
	for (size_t at = 1;; at++) {
		const struct share_fake_plan plan = { .at = at,
						      .operation = SHARE_FAKE_OPEN_READ,
						      .fault = SHARE_FAKE_FAIL };
		share_fake_set(fixture->fake, &plan);
		assert_true(verify_case_due(fixture, 5 * 3600 * 1000LL, &job));
		bool failed = strcmp(job.state, "Failed") == 0;
		packs = verify_case_figure(&job, "packsRead");
		db_job_done(&job);
		share_fake_set(fixture->fake, NULL);
		if (!failed)
			break;
		/* Between two tries the service is started anew. */
		service_fixture_stop(fixture);
		service_fixture_start(fixture);
	}
	/* The last one had nothing left but what broke before. */
	assert_int_equal(packs, 0);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
}

static void test_verify_asked_again_after_an_interruption_reads_on(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	verify_case_back_up(fixture, first);
	service_fixture_write(fixture, "new", 2000000, 9);
	verify_case_back_up(fixture, second);
	share_fake_set(fixture->fake, NULL);
	verify_case_run(fixture, second, BACKUP_VERIFY_FILES, &job);
	long packs = verify_case_figure(&job, "packsRead");
	assert_true(packs >= 2);
	db_job_done(&job);
	/* All packs were read, and then, while files are put together, the share goes away. */
	size_t last = 0;
	for (size_t i = 1; i <= share_fake_calls(fixture->fake); i++)
		if (share_fake_call_operation(fixture->fake, i) == SHARE_FAKE_READ)
			last++;
	const struct share_fake_plan plan = { .at = last,
					      .operation = SHARE_FAKE_READ,
					      .fault = SHARE_FAKE_FAIL };
	share_fake_set(fixture->fake, &plan);
	verify_case_expect(fixture, second, BACKUP_VERIFY_FILES, "Failed");
	share_fake_set(fixture->fake, NULL);
	verify_case_run(fixture, second, BACKUP_VERIFY_FILES, &job);
	assert_string_equal(job.state, "Succeeded");
	assert_int_equal(verify_case_figure(&job, "packsRead"), 0);
	db_job_done(&job);
	/* That one came to its end: the next reads everything. */
	verify_case_run(fixture, second, BACKUP_VERIFY_FILES, &job);
	assert_int_equal(verify_case_figure(&job, "packsRead"), packs);
	db_job_done(&job);
}

static enum status count_job(const struct db_job *job, void *context, struct error *err)
{
	unsigned *count = context;
	(void)err;
	*count += job->is_automatic ? 1 : 0;
	return STATUS_OK;
}

static unsigned automatic_jobs(struct service_fixture *fixture)
{
	unsigned count = 0;
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(db_job_list(db, "north", "verify", 100, count_job, &count, NULL),
			 STATUS_OK);
	db_pool_give(pool, db);
	return count;
}

static void test_verify_by_itself_is_looked_at_every_hour(void **state)
{
	struct service_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	verify_case_back_up(fixture, id);
	(void)backup_service_tick(fixture->service);
	assert_int_equal(automatic_jobs(fixture), 0);
	fixture->clock_offset += 3600 * 1000;
	(void)backup_service_tick(fixture->service);
	assert_int_equal(automatic_jobs(fixture), 1);
	(void)backup_service_tick(fixture->service);
	assert_int_equal(automatic_jobs(fixture), 1);
}

static void test_verify_by_itself_turned_off_is_never_due(void **state)
{
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct service_fixture *fixture = verify_case_new("\"verifyGiBPerDay\":0");
	(void)state;
	verify_case_back_up(fixture, id);
	assert_false(verify_case_due(fixture, 2 * DAY, &job));
	service_fixture_free(fixture);
}

/* A budget of a few bytes, which no configuration allows, shows its use with small backups. */
static void test_verify_by_itself_stops_when_the_days_bytes_are_used_up(void **state)
{
	struct service_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	verify_case_back_up(fixture, first);
	service_fixture_write(fixture, "new", 2000000, 9);
	verify_case_back_up(fixture, second);
	fixture->config->engine.verify_bytes_per_day = 2000000;
	assert_true(verify_case_due(fixture, 0, &job));
	assert_string_equal(job.state, "Succeeded");
	assert_int_equal(verify_case_figure(&job, "isComplete"), 0);
	assert_int_equal(verify_case_figure(&job, "packsRead"), 1);
	db_job_done(&job);
	assert_int_not_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
	/* At once there is nothing left; within days all is read, each pack once. */
	assert_false(verify_case_due(fixture, 0, &job));
	long packs = 1;
	for (unsigned day = 0; day < 30; day++) {
		if (!verify_case_due(fixture, DAY, &job))
			continue;
		assert_string_equal(job.state, "Succeeded");
		packs += verify_case_figure(&job, "packsRead");
		bool complete = verify_case_figure(&job, "isComplete") == 1;
		db_job_done(&job);
		if (complete)
			break;
	}
	assert_in_range(packs, 2, 4);
	assert_int_equal(verify_case_state(fixture, first), DB_VERIFIED_DEEP);
	assert_int_equal(verify_case_state(fixture, second), DB_VERIFIED_DEEP);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, verify_case_setup, verify_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_verify_one_flipped_bit_on_the_way_is_no_damage),
		WITH(test_verify_failing_calls_are_no_damage),
		WITH(test_verify_vanishing_share_is_no_damage),
		WITH(test_verify_refusing_share_is_no_damage),
		WITH(test_verify_empty_mount_point_in_the_middle_is_no_damage),
		WITH(test_verify_waits_while_a_backup_runs),
		WITH(test_verify_by_itself_does_all_backups_once),
		WITH(test_verify_by_itself_after_a_restart_reads_on),
		WITH(test_verify_asked_again_after_an_interruption_reads_on),
		WITH(test_verify_by_itself_is_looked_at_every_hour),
		cmocka_unit_test(test_verify_by_itself_turned_off_is_never_due),
		WITH(test_verify_by_itself_stops_when_the_days_bytes_are_used_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
