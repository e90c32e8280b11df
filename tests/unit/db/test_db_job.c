/* SPDX-License-Identifier: Apache-2.0 */
/* The job table: queue order, exclusion at a location, leases, outcomes, interrupted jobs, roles.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../../src/db/db_statement.h"

#include "db_fixture.h"

static void claim(struct db *db, const char *expected_id)
{
	struct db_job job;
	assert_int_equal(db_job_claim(db, 1000, 2000, &job, NULL), STATUS_OK);
	assert_string_equal(job.id, expected_id);
	assert_string_equal(job.state, "Running");
	assert_int_equal(job.started_time, 1000);
	assert_int_equal(job.heartbeat_time, 1000);
	assert_int_equal(job.lease_until, 2000);
	assert_int_equal(job.attempt, 1);
	db_job_done(&job);
}

static void test_db_job_add_get_round_trip(void **state)
{
	struct db_fixture *fixture = *state;
	static char parameters[] = "{\"a\":1}";
	struct db_job job = db_fixture_job("verify", "north"), got;
	job.parameters = parameters;
	job.is_automatic = true;
	assert_int_equal(db_job_add(fixture->db, &job, NULL), STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, job.id, &got, NULL), STATUS_OK);
	assert_string_equal(got.kind, "verify");
	assert_string_equal(got.location, "north");
	assert_string_equal(got.state, "Queued");
	assert_string_equal(got.requested_by, "tester");
	assert_string_equal(got.parameters, parameters);
	assert_true(got.is_automatic);
	assert_int_equal(got.created_time, 1772396467440);
	assert_null(got.result);
	assert_null(got.error_status);
	db_job_done(&got);
	assert_int_equal(db_job_add(fixture->db, &job, NULL), STATUS_EXISTS);
}

static void
test_db_job_put_finished_keeps_the_reason_and_corrects_only_what_was_cut_short(void **state)
{
	struct db_fixture *fixture = *state;
	static char skipped[] = "Skipped", conflict[] = "conflict", why[] = "an update is on";
	struct db_job job = db_fixture_job("backup", "north"), got;
	job.state = skipped;
	job.error_status = conflict;
	job.error_message = why;
	assert_int_equal(db_job_put_finished(fixture->db, &job, NULL), STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, job.id, &got, NULL), STATUS_OK);
	assert_string_equal(got.state, "Skipped");
	assert_string_equal(got.error_message, why);
	db_job_done(&got);
	static const struct {
		const char *before, *after;
	} cases[] = { { "Skipped", "Skipped" },
		      { "Failed", "Succeeded" },
		      { "Cancelled", "Succeeded" } };
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char sql[128];
		static char succeeded[] = "Succeeded";
		(void)snprintf(sql, sizeof sql, "UPDATE job SET state = '%s'", cases[i].before);
		assert_true(db_fixture_sql(fixture->path, sql));
		job.state = succeeded;
		job.error_status = job.error_message = NULL;
		assert_int_equal(db_job_put_finished(fixture->db, &job, NULL), STATUS_OK);
		assert_int_equal(db_job_get(fixture->db, job.id, &got, NULL), STATUS_OK);
		assert_string_equal(got.state, cases[i].after);
		db_job_done(&got);
	}
}

static void test_db_job_claim_first_added_first(void **state)
{
	struct db_fixture *fixture = *state;
	char first[GUID_TEXT_SIZE], second[GUID_TEXT_SIZE];
	struct db_job job;
	struct error err = { .message = "" };
	db_fixture_add_job(fixture->db, "drill", "north", first);
	db_fixture_add_job(fixture->db, "drill", "north", second);
	claim(fixture->db, first);
	claim(fixture->db, second);
	assert_int_equal(db_job_claim(fixture->db, 1, 2, &job, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.message, "");
}

static void assert_in_the_way(struct db *db, const char *kind, const char *other_id,
			      const char *text)
{
	struct db_job job = db_fixture_job(kind, "NORTH");
	struct error err;
	assert_int_equal(db_job_add(db, &job, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, other_id));
	if (strstr(err.message, text) == NULL)
		fail_msg("%s", err.message);
	assert_int_equal(db_job_get(db, job.id, &job, NULL), STATUS_NOT_FOUND);
}

static void test_db_job_add_location_is_busy_names_the_job_in_the_way(void **state)
{
	struct db_fixture *fixture = *state;
	char backup[GUID_TEXT_SIZE], update[GUID_TEXT_SIZE], other[GUID_TEXT_SIZE];
	db_fixture_add_job(fixture->db, "backup", "north", backup);
	assert_in_the_way(fixture->db, "backup", backup,
			  "queued for this location since "
			  "2026-03-01T20:21:07.44Z");
	claim(fixture->db, backup);
	assert_in_the_way(fixture->db, "locationUpdate", backup, "the backup");
	assert_in_the_way(fixture->db, "backup", backup,
			  "running for this location since 1970-01-01T00:00:01Z (requested by "
			  "tester)");
	db_fixture_add_job(fixture->db, "verify", "north", other);
	db_fixture_add_job(fixture->db, "backup", "south", other);
	assert_int_equal(db_job_finish(fixture->db, backup, "Failed", 5, NULL, NULL, NULL),
			 STATUS_OK);
	db_fixture_add_job(fixture->db, "locationUpdate", "north", update);
	assert_in_the_way(fixture->db, "backup", update, "the location update");
	assert_int_equal(db_job_finish(fixture->db, update, "Failed", 5, NULL, NULL, NULL),
			 STATUS_OK);
	db_fixture_add_job(fixture->db, "restore", "north", update);
	assert_in_the_way(fixture->db, "prune", update, "the restore");
}

static void test_db_job_finish_stores_result_and_ends_the_lease(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct error err;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	claim(fixture->db, id);
	assert_int_equal(db_job_finish(fixture->db, id, "Succeeded", 3000, "{}", NULL, NULL),
			 STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, "Succeeded");
	assert_string_equal(job.result, "{}");
	assert_int_equal(job.ended_time, 3000);
	assert_int_equal(job.lease_until, 0);
	assert_null(job.error_message);
	db_job_done(&job);
	assert_int_equal(db_job_finish(fixture->db, id, "Failed", 4000, NULL, NULL, &err),
			 STATUS_CONFLICT);
	assert_non_null(strstr(err.message, "Succeeded"));
	db_fixture_assert_state(fixture->db, id, "Succeeded");
	assert_int_equal(db_job_finish(fixture->db, "00000000-0000-4000-8000-000000000000",
				       "Failed", 1, NULL, NULL, NULL),
			 STATUS_NOT_FOUND);
}

static void test_db_job_finish_with_fault_keeps_the_evidence(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct error fault;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	claim(fixture->db, id);
	fault = (struct error) { .status = STATUS_SHARE_FULL,
				 .cause = 28,
				 .cause_name = "ENOSPC",
				 .step = "write pack",
				 .path = "packs/aa/1.pack",
				 .message = "no space left on device" };
	assert_int_equal(db_job_finish(fixture->db, id, "Failed", 1, NULL, &fault, NULL),
			 STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.error_status, status_name(STATUS_SHARE_FULL));
	assert_non_null(strstr(job.error_message, "no space left on device"));
	assert_string_equal(job.error_step, "write pack");
	assert_string_equal(job.error_path, "packs/aa/1.pack");
	assert_string_equal(job.error_cause, "ENOSPC");
	db_job_done(&job);
}

static void test_db_job_finish_unknown_state_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	assert_int_equal(db_job_finish(fixture->db, id, "Splendid", 1, NULL, NULL, &err),
			 STATUS_INVALID);
	assert_non_null(strstr(err.message, "job_state_known"));
	db_fixture_assert_state(fixture->db, id, "Queued");
}

static void test_db_job_heartbeat_and_progress_only_while_running(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	assert_int_equal(db_job_heartbeat(fixture->db, id, 1, 2, NULL), STATUS_CONFLICT);
	claim(fixture->db, id);
	assert_int_equal(db_job_heartbeat(fixture->db, id, 5000, 6000, NULL), STATUS_OK);
	assert_int_equal(db_job_progress(fixture->db, id, "upload", 10, 20, NULL), STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
	assert_int_equal(job.heartbeat_time, 5000);
	assert_int_equal(job.lease_until, 6000);
	assert_string_equal(job.phase, "upload");
	assert_int_equal(job.bytes_done, 10);
	assert_int_equal(job.bytes_total, 20);
	db_job_done(&job);
	assert_int_equal(db_job_finish(fixture->db, id, "Succeeded", 1, NULL, NULL, NULL),
			 STATUS_OK);
	assert_int_equal(db_job_heartbeat(fixture->db, id, 7000, 8000, NULL), STATUS_CONFLICT);
	assert_int_equal(db_job_progress(fixture->db, id, "late", 99, 99, NULL), STATUS_OK);
	assert_int_equal(db_job_get(fixture->db, id, &job, NULL), STATUS_OK);
	assert_string_equal(job.phase, "upload");
	db_job_done(&job);
}

static void test_db_job_progress_leaves_the_connection_durable(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	assert_int_equal(db_job_claim(fixture->db, 1, 2, &job, NULL), STATUS_OK);
	db_job_done(&job);
	assert_int_equal(db_job_progress(fixture->db, id, "upload", 10, 20, NULL), STATUS_OK);
	static const struct db_query query = { "test",
					       "SELECT synchronous FROM pragma_synchronous" };
	AUTO_STATEMENT statement = db_statement_begin(fixture->db, &query);
	bool row = false;
	assert_int_equal(db_statement_step(&statement, &row, NULL), STATUS_OK);
	assert_int_equal(sqlite3_column_int(statement.handle, 0), 2);
}

static void describe(const struct db_job *job, void *context, struct error *fault)
{
	fault->status = STATUS_FAILED;
	(void)snprintf(fault->message, sizeof fault->message, "%s %lld", (const char *)context,
		       (long long)job->heartbeat_time);
}

static void put_role(struct db *db, const char *id, int position, const char *name,
		     const char *role_state)
{
	struct db_job_role role = { .position = position, .bytes = 7 };
	memcpy(role.job_id, id, sizeof role.job_id);
	memcpy(&role.role, &name, sizeof name);
	memcpy(&role.state, &role_state, sizeof role_state);
	assert_int_equal(db_job_role_put(db, &role, NULL), STATUS_OK);
}

static enum status join_roles(const struct db_job_role *role, void *context, struct error *err)
{
	char *text = context;
	(void)err;
	size_t used = strlen(text);
	(void)snprintf(text + used, 200 - used, "%s=%s%s;", role->role, role->state,
		       role->error_message == NULL ? "" : "!");
	return STATUS_OK;
}

static void assert_roles(struct db *db, const char *id, const char *expected)
{
	char text[200] = "";
	assert_int_equal(db_job_role_list(db, id, join_roles, text, NULL), STATUS_OK);
	assert_string_equal(text, expected);
}

static void test_db_job_fail_interrupted_fails_running_ones_with_their_roles(void **state)
{
	struct db_fixture *fixture = *state;
	char running[GUID_TEXT_SIZE], queued[GUID_TEXT_SIZE];
	static char context[] = "alive at";
	size_t count = 0;
	struct db_job job;
	db_fixture_add_job(fixture->db, "backup", "north", running);
	db_fixture_add_job(fixture->db, "verify", "north", queued);
	claim(fixture->db, running);
	put_role(fixture->db, running, 0, "Certificates", "Succeeded");
	put_role(fixture->db, running, 1, "ARM", "Running");
	assert_int_equal(db_job_heartbeat(fixture->db, running, 5000, 6000, NULL), STATUS_OK);
	assert_int_equal(
		db_job_fail_interrupted(fixture->db, 9000, describe, context, &count, NULL),
		STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(db_job_get(fixture->db, running, &job, NULL), STATUS_OK);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "alive at 5000"));
	assert_int_equal(job.ended_time, 9000);
	db_job_done(&job);
	assert_roles(fixture->db, running, "Certificates=Succeeded;ARM=Failed!;");
	db_fixture_assert_state(fixture->db, queued, "Queued");
	assert_int_equal(
		db_job_fail_interrupted(fixture->db, 9000, describe, context, &count, NULL),
		STATUS_OK);
	assert_int_equal(count, 0);
}

static void test_db_job_role_put_replaces_and_lists_by_position(void **state)
{
	struct db_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE];
	struct error err;
	db_fixture_add_job(fixture->db, "backup", "north", id);
	put_role(fixture->db, id, 1, "ARM", "Queued");
	put_role(fixture->db, id, 0, "KeyVault", "Queued");
	put_role(fixture->db, id, 1, "ARM", "Running");
	assert_roles(fixture->db, id, "KeyVault=Queued;ARM=Running;");
	assert_int_equal(db_job_finish(fixture->db, id, "Cancelled", 1, NULL, NULL, NULL),
			 STATUS_OK);
	assert_roles(fixture->db, id, "KeyVault=Cancelled;ARM=Cancelled;");
	struct db_job_role orphan = { .job_id = "00000000-0000-4000-8000-000000000000" };
	static char name[] = "ARM", queued[] = "Queued";
	orphan.role = name;
	orphan.state = queued;
	assert_int_equal(db_job_role_put(fixture->db, &orphan, &err), STATUS_INVALID);
	assert_string_equal(err.cause_name, "SQLITE_CONSTRAINT_FOREIGNKEY");
}

struct listed {
	char ids[5][GUID_TEXT_SIZE];
	size_t count;
};

static enum status see(const struct db_job *job, void *context, struct error *err)
{
	struct listed *listed = context;
	(void)err;
	memcpy(listed->ids[listed->count++], job->id, GUID_TEXT_SIZE);
	return STATUS_OK;
}

static void test_db_job_list_newest_first_by_kind_and_bounded(void **state)
{
	struct db_fixture *fixture = *state;
	char ids[4][GUID_TEXT_SIZE];
	db_fixture_add_job(fixture->db, "drill", "north", ids[0]);
	db_fixture_add_job(fixture->db, "prune", "north", ids[1]);
	db_fixture_add_job(fixture->db, "drill", "north", ids[2]);
	db_fixture_add_job(fixture->db, "drill", "south", ids[3]);
	struct listed all = { .count = 0 }, verifies = { .count = 0 }, one = { .count = 0 };
	assert_int_equal(db_job_list(fixture->db, "north", NULL, 5, see, &all, NULL), STATUS_OK);
	assert_int_equal(all.count, 3);
	assert_string_equal(all.ids[0], ids[2]);
	assert_string_equal(all.ids[2], ids[0]);
	assert_int_equal(db_job_list(fixture->db, "north", "drill", 5, see, &verifies, NULL),
			 STATUS_OK);
	assert_int_equal(verifies.count, 2);
	assert_int_equal(db_job_list(fixture->db, "north", NULL, 1, see, &one, NULL), STATUS_OK);
	assert_int_equal(one.count, 1);
}

#define THREADS 8
#define ROUNDS 10

struct contender {
	const char *path;
	pthread_barrier_t *barrier;
	int won[ROUNDS];
	int unexpected;
};

static void *contend(void *argument)
{
	struct contender *contender = argument;
	struct db *db = NULL;
	if (db_open(contender->path, DB_STATE, &db, NULL) != STATUS_OK)
		contender->unexpected++;
	for (int i = 0; i < ROUNDS; i++) {
		struct db_job job = db_fixture_job("backup", "north");
		(void)pthread_barrier_wait(contender->barrier);
		enum status status = db == NULL ? STATUS_FAILED : db_job_add(db, &job, NULL);
		contender->won[i] = status == STATUS_OK;
		contender->unexpected += status != STATUS_OK && status != STATUS_CONFLICT;
		(void)pthread_barrier_wait(contender->barrier);
		if (status == STATUS_OK &&
		    db_job_finish(db, job.id, "Failed", 1, NULL, NULL, NULL) != STATUS_OK)
			contender->unexpected++;
	}
	db_close(db);
	return NULL;
}

static void test_db_job_add_backup_from_eight_threads_one_wins(void **state)
{
	struct db_fixture *fixture = *state;
	struct contender contenders[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		contenders[i] = (struct contender) { .path = fixture->path, .barrier = &barrier };
		assert_int_equal(pthread_create(&threads[i], NULL, contend, &contenders[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(contenders[i].unexpected, 0);
	}
	pthread_barrier_destroy(&barrier);
	for (int round = 0; round < ROUNDS; round++) {
		int winners = 0;
		for (int i = 0; i < THREADS; i++)
			winners += contenders[i].won[round];
		assert_int_equal(winners, 1);
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_job_add_get_round_trip),
		WITH(test_db_job_put_finished_keeps_the_reason_and_corrects_only_what_was_cut_short),
		WITH(test_db_job_claim_first_added_first),
		WITH(test_db_job_add_location_is_busy_names_the_job_in_the_way),
		WITH(test_db_job_finish_stores_result_and_ends_the_lease),
		WITH(test_db_job_finish_with_fault_keeps_the_evidence),
		WITH(test_db_job_finish_unknown_state_is_refused),
		WITH(test_db_job_heartbeat_and_progress_only_while_running),
		WITH(test_db_job_progress_leaves_the_connection_durable),
		WITH(test_db_job_fail_interrupted_fails_running_ones_with_their_roles),
		WITH(test_db_job_role_put_replaces_and_lists_by_position),
		WITH(test_db_job_list_newest_first_by_kind_and_bounded),
		WITH(test_db_job_add_backup_from_eight_threads_one_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
