/* SPDX-License-Identifier: Apache-2.0 */
/* Restores as jobs: what comes back, what is refused at once, and where the PFX is not. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../../src/backup/backup_restore.h"

#include "fake/tree_compare.h"

#include "verify_case.h"

/* Its role has nothing to take the data back with. */
#define ONE_WAY                                                                                    \
	",{\"role\":\"OneWay\",\"provider\":\"command\",\"command\":[\"/bin/echo\",\"x\"],"        \
	"\"essential\":false}"
#define COMPARE (TREE_COMPARE_NO_OWNERS | TREE_COMPARE_NO_SPARSE)

struct restore_case {
	struct service_fixture *fixture;
	char backup_id[GUID_TEXT_SIZE];
	char *before; /* what the source was when it was backed up */
};

static int start(void **state)
{
	struct restore_case *given = calloc(1, sizeof *given);
	assert_non_null(given);
	given->fixture = service_fixture_new(ONE_WAY, NULL);
	service_fixture_write(given->fixture, "one", 3000000, 1);
	service_fixture_write(given->fixture, "two", 5000, 2);
	given->fixture->without_tick = true;
	service_fixture_start(given->fixture);
	service_fixture_configure(given->fixture);
	verify_case_back_up(given->fixture, given->backup_id);
	given->before = file_join(given->fixture->folder, "before");
	*state = given;
	return 0;
}

static int stop(void **state)
{
	struct restore_case *given = *state;
	service_fixture_free(given->fixture);
	free(given->before);
	free(given);
	return 0;
}

/* The service's data is gone. */
static void destroy(const struct restore_case *given)
{
	assert_int_equal(rename(given->fixture->source_path, given->before), 0);
	assert_int_equal(mkdir(given->fixture->source_path, 0700), 0);
}

static unsigned differences(const struct restore_case *given)
{
	return tree_compare(given->before, given->fixture->source_path, COMPARE, stderr);
}

static bool is_empty(const struct restore_case *given)
{
	DIR *directory = opendir(given->fixture->source_path);
	size_t count = 0;
	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory);
	return count == 2;
}

static struct backup_restore_request request_of(struct restore_case *given, struct secret *pfx,
						const char *role)
{
	assert_int_equal(
		secret_copy(pfx, given->fixture->pfx.data, given->fixture->pfx.length, NULL),
		STATUS_OK);
	return (struct backup_restore_request) { .backup_id = given->backup_id,
						 .role = role,
						 .pfx = pfx,
						 .password = &given->fixture->pfx_password };
}

static enum status submit(struct restore_case *given, const struct backup_restore_request *request,
			  char id[GUID_TEXT_SIZE], struct error *err)
{
	struct db *state = service_fixture_take(given->fixture);
	enum status status =
		backup_restore_submit(given->fixture->service, state, request, "test", id, err);
	service_fixture_give(given->fixture, state);
	return status;
}

static void submit_role(struct restore_case *given, const char *role, char id[GUID_TEXT_SIZE])
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	struct error err = { .message = "" };
	const struct backup_restore_request request = request_of(given, &pfx, role);
	if (submit(given, &request, id, &err) != STATUS_OK)
		fail_msg("%s", err.message);
}

static void run(struct restore_case *given, const char *role, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	submit_role(given, role, id);
	service_fixture_wait(given->fixture, id, out);
}

static void assert_forgotten(const struct restore_case *given)
{
	const struct backup_restore_secrets *kept = &given->fixture->service->restore;
	assert_null(kept->pfx.data);
	assert_null(kept->password.data);
	assert_string_equal(kept->job_id, "");
}

static void test_restore_one_role_brings_it_back(void **state)
{
	struct restore_case *given = *state;
	struct db_job job;
	struct db_job_role role;
	destroy(given);
	run(given, "data", &job);
	if (strcmp(job.state, "Succeeded") != 0)
		fail_msg("%s: %s", job.state, job.error_message);
	assert_int_equal(differences(given), 0);
	assert_true(service_fixture_role(given->fixture, job.id, "Data", &role));
	assert_string_equal(role.state, "Succeeded");
	assert_int_equal(role.files_read, 2);
	db_job_role_done(&role);
	assert_false(service_fixture_role(given->fixture, job.id, "OneWay", &role));
	assert_false(service_fixture_role(given->fixture, job.id, BACKUP_SERVICE_ROLE, &role));
	assert_forgotten(given);
	db_job_done(&job);
}

static void test_restore_all_names_the_role_that_was_not_restored(void **state)
{
	struct restore_case *given = *state;
	struct db_job job;
	struct db_job_role role;
	destroy(given);
	run(given, NULL, &job);
	assert_string_equal(job.state, "PartialSucceeded");
	assert_non_null(strstr(job.error_message, "role OneWay was not restored"));
	assert_non_null(strstr(job.result, "\"role\":\"Data\",\"status\":\"ok\""));
	assert_int_equal(differences(given), 0);
	assert_true(service_fixture_role(given->fixture, job.id, "OneWay", &role));
	assert_string_equal(role.state, "Failed");
	db_job_role_done(&role);
	assert_false(service_fixture_role(given->fixture, job.id, BACKUP_SERVICE_ROLE, &role));
	db_job_done(&job);
}

/* --- refused at once --- */

static enum status count_job(const struct db_job *job, void *context, struct error *err)
{
	(void)job;
	(void)err;
	(*(size_t *)context)++;
	return STATUS_OK;
}

static void assert_refused(struct restore_case *given, const struct backup_restore_request *request,
			   const char *field, const char *text)
{
	char id[GUID_TEXT_SIZE];
	size_t count = 0;
	struct error err = { .message = "" };
	assert_int_equal(submit(given, request, id, &err), STATUS_INVALID);
	assert_string_equal(err.field, field);
	if (strstr(err.message, text) == NULL)
		fail_msg("%s", err.message);
	struct db *db = service_fixture_take(given->fixture);
	assert_int_equal(db_job_list(db, "north", "restore", 10, count_job, &count, NULL),
			 STATUS_OK);
	service_fixture_give(given->fixture, db);
	assert_int_equal(count, 0);
	assert_forgotten(given);
}

static void test_restore_refuses_a_role_that_cannot_come_back(void **state)
{
	struct restore_case *given = *state;
	AUTO_SECRET pfx = SECRET_EMPTY;
	struct backup_restore_request request = request_of(given, &pfx, "Date");
	assert_refused(given, &request, BACKUP_RESTORE_FIELD_ROLE, "has the roles Data, OneWay");
	request.role = BACKUP_SERVICE_ROLE;
	assert_refused(given, &request, BACKUP_RESTORE_FIELD_ROLE, "infrabackup recover");
}

static void test_restore_refuses_what_does_not_open_the_backup(void **state)
{
	struct restore_case *given = *state;
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET other = SECRET_EMPTY;
	struct buffer certificate, foreign;
	struct backup_restore_request request = request_of(given, &pfx, "Data");
	assert_int_equal(secret_copy(&other, "another", 7, NULL), STATUS_OK);
	request.password = &other;
	assert_refused(given, &request, BACKUP_RESTORE_FIELD_PASSWORD,
		       "the password of the PFX is wrong");
	request.pfx = &other;
	assert_refused(given, &request, BACKUP_RESTORE_FIELD_PFX, "no PFX");
	buffer_init(&certificate, 1u << 20);
	buffer_init(&foreign, 1u << 20);
	assert_int_equal(
		certificate_generate("foreign", false, 30, &other, &certificate, &foreign, NULL),
		STATUS_OK);
	secret_free(&pfx);
	assert_int_equal(secret_copy(&pfx, foreign.data, foreign.length, NULL), STATUS_OK);
	request.pfx = &pfx;
	assert_refused(given, &request, BACKUP_RESTORE_FIELD_PFX, "which is not the backup's");
	buffer_done(&certificate);
	buffer_done(&foreign);
}

static void test_restore_of_an_unknown_backup_is_not_found(void **state)
{
	struct restore_case *given = *state;
	char id[GUID_TEXT_SIZE];
	AUTO_SECRET pfx = SECRET_EMPTY;
	struct backup_restore_request request = request_of(given, &pfx, NULL);
	request.backup_id = "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11";
	assert_int_equal(submit(given, &request, id, NULL), STATUS_NOT_FOUND);
	assert_forgotten(given);
}

/* --- on the way --- */

static void stall_at(struct restore_case *given, size_t at, enum share_fake_operation operation)
{
	const struct share_fake_plan plan = { .at = at,
					      .operation = operation,
					      .fault = SHARE_FAKE_STALL };
	share_fake_set(given->fixture->fake, &plan);
}

static void stall(struct restore_case *given, enum share_fake_operation operation)
{
	stall_at(given, 1, operation);
}

static void cancel(struct restore_case *given, const char *id)
{
	struct error err = { .message = "" };
	struct db *db = service_fixture_take(given->fixture);
	if (backup_cancel(given->fixture->service, db, id, "test", NULL, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	service_fixture_give(given->fixture, db);
}

static void test_restore_keeps_others_out_and_is_cancelled(void **state)
{
	struct restore_case *given = *state;
	char id[GUID_TEXT_SIZE], other[GUID_TEXT_SIZE];
	struct error err = { .message = "" };
	struct db_job job;
	destroy(given);
	stall(given, SHARE_FAKE_READ);
	submit_role(given, "Data", id);
	share_fake_wait_hanging(given->fixture->fake, 1);
	assert_forgotten(given);
	struct db *db = service_fixture_take(given->fixture);
	assert_int_equal(backup_submit(given->fixture->service, db, "test", false, other, &err),
			 STATUS_CONFLICT);
	service_fixture_give(given->fixture, db);
	assert_non_null(strstr(err.message, "the restore"));
	cancel(given, id);
	share_fake_resume(given->fixture->fake);
	service_fixture_wait(given->fixture, id, &job);
	assert_string_equal(job.state, "Cancelled");
	assert_true(is_empty(given));
	db_job_done(&job);
}

/* How often a whole restore reads from the share. */
static size_t count_reads(struct restore_case *given)
{
	struct db_job job;
	size_t reads = 0;
	share_fake_set(given->fixture->fake, NULL);
	run(given, "Data", &job);
	db_job_done(&job);
	for (size_t i = 1; i <= share_fake_calls(given->fixture->fake); i++)
		if (share_fake_call_operation(given->fixture->fake, i) == SHARE_FAKE_READ)
			reads++;
	return reads;
}

static void test_restore_cancelled_while_it_writes_does_not_call_the_role_restored(void **state)
{
	struct restore_case *given = *state;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	struct db_job_role role;
	/* The last read is of the last file's content. */
	stall_at(given, count_reads(given), SHARE_FAKE_READ);
	submit_role(given, "Data", id);
	share_fake_wait_hanging(given->fixture->fake, 1);
	cancel(given, id);
	share_fake_resume(given->fixture->fake);
	service_fixture_wait(given->fixture, id, &job);
	assert_string_equal(job.state, "Cancelled");
	db_job_done(&job);
	assert_true(service_fixture_role(given->fixture, id, "Data", &role));
	assert_string_equal(role.state, "Cancelled");
	db_job_role_done(&role);
}

static void test_restore_cancelled_in_the_queue_forgets_the_pfx(void **state)
{
	struct restore_case *given = *state;
	const struct backup_prune_request prune = { .caller = "schedule", .is_automatic = true };
	char pruning[GUID_TEXT_SIZE], id[GUID_TEXT_SIZE];
	struct db_job job;
	stall(given, SHARE_FAKE_OPEN);
	struct db *db = service_fixture_take(given->fixture);
	assert_int_equal(backup_prune_submit(given->fixture->service, db, &prune, pruning, NULL),
			 STATUS_OK);
	service_fixture_give(given->fixture, db);
	share_fake_wait_hanging(given->fixture->fake, 1);
	submit_role(given, "Data", id);
	assert_string_equal(given->fixture->service->restore.job_id, id);
	cancel(given, id);
	assert_forgotten(given);
	share_fake_resume(given->fixture->fake);
	service_fixture_wait(given->fixture, pruning, &job);
	db_job_done(&job);
	service_fixture_wait(given->fixture, id, &job);
	assert_string_equal(job.state, "Cancelled");
	db_job_done(&job);
}

static void test_restore_queued_over_a_restart_asks_for_the_pfx(void **state)
{
	struct restore_case *given = *state;
	struct service_fixture *fixture = given->fixture;
	const struct backup_service_settings settings = { fixture->config, &fixture->shares,
							  &fixture->clock };
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	service_fixture_stop(fixture);
	destroy(given);
	/* A service without an engine, in which it stays queued. */
	assert_int_equal(backup_service_open(&settings, &fixture->service, NULL), STATUS_OK);
	submit_role(given, "Data", id);
	backup_service_close(TAKE(fixture->service));
	service_fixture_start(fixture);
	service_fixture_wait(fixture, id, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, "the service ended"));
	assert_non_null(strstr(job.error_message, "ask again with the PFX"));
	assert_true(is_empty(given));
	db_job_done(&job);
}

static void test_restore_of_a_damaged_backup_writes_nothing(void **state)
{
	struct restore_case *given = *state;
	struct db_job job;
	char *pack = verify_case_find(given->fixture, ".pack");
	destroy(given);
	verify_case_flip(pack);
	run(given, "Data", &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_INTEGRITY));
	assert_non_null(strstr(job.error_message, "nothing was written"));
	assert_non_null(strstr(job.result, "\"fatal\":true"));
	assert_true(is_empty(given));
	db_job_done(&job);
	free(pack);
}

/* --- where it is not --- */

static bool holds(const char *path, const void *needle, size_t length)
{
	struct buffer bytes;
	buffer_init(&bytes, 64u << 20);
	assert_int_equal(file_read(path, 64u << 20, &bytes, NULL), STATUS_OK);
	bool found = memmem(bytes.data, bytes.length, needle, length) != NULL;
	buffer_done(&bytes);
	return found;
}

static void test_restore_leaves_nothing_of_the_pfx_in_the_state(void **state)
{
	struct restore_case *given = *state;
	const struct service_fixture *fixture = given->fixture;
	struct db_job job;
	struct dirent *entry;
	size_t searched = 0;
	bool has_id = false;
	run(given, "Data", &job);
	char *folder = file_join(fixture->folder, "state");
	DIR *directory = opendir(folder);
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		struct stat there;
		char *path = file_join(folder, entry->d_name);
		assert_int_equal(lstat(path, &there), 0);
		if (S_ISREG(there.st_mode)) {
			searched++;
			has_id = has_id || holds(path, job.id, strlen(job.id));
			assert_false(holds(path, fixture->pfx_password.data,
					   fixture->pfx_password.length));
			assert_false(holds(path, fixture->pfx.data + 64, 32));
		}
		free(path);
	}
	(void)closedir(directory);
	free(folder);
	/* The search would have found it. */
	assert_true(searched > 2 && has_id);
	db_job_done(&job);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		WITH(test_restore_one_role_brings_it_back),
		WITH(test_restore_all_names_the_role_that_was_not_restored),
		WITH(test_restore_refuses_a_role_that_cannot_come_back),
		WITH(test_restore_refuses_what_does_not_open_the_backup),
		WITH(test_restore_of_an_unknown_backup_is_not_found),
		WITH(test_restore_keeps_others_out_and_is_cancelled),
		WITH(test_restore_cancelled_while_it_writes_does_not_call_the_role_restored),
		WITH(test_restore_cancelled_in_the_queue_forgets_the_pfx),
		WITH(test_restore_queued_over_a_restart_asks_for_the_pfx),
		WITH(test_restore_of_a_damaged_backup_writes_nothing),
		WITH(test_restore_leaves_nothing_of_the_pfx_in_the_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
