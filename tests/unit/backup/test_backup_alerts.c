/* SPDX-License-Identifier: Apache-2.0 */
/* The alerts of a whole service: raised with the end of the job that they are about, closed when
 * their cause is gone, the same whoever looks and how often. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "infrabackup/alert.h"

#include "../../../src/backup/backup_alerts.h"
#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR (60 * 60 * 1000LL)

/* Open alerts, by fault, as "Name" each. */
struct open_alerts {
	char names[ALERT_FAULT_COUNT][96];
	char texts[ALERT_FAULT_COUNT][2048];
	size_t count;
};

static enum status see(const struct alert_view *view, void *context, struct error *err)
{
	struct open_alerts *open = context;
	(void)err;
	if (view->row->closed_time != 0)
		return STATUS_OK;
	assert_true(open->count < ALERT_FAULT_COUNT);
	assert_null(strchr(view->description, '{'));
	(void)snprintf(open->names[open->count], 96, "%s", view->row->fault);
	(void)snprintf(open->texts[open->count++], 2048, "%s", view->description);
	return STATUS_OK;
}

static struct open_alerts look(struct service_fixture *fixture)
{
	struct open_alerts open = { .count = 0 };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(alert_list(backup_service_alerts(fixture->service), db, see, &open, NULL),
			 STATUS_OK);
	service_fixture_give(fixture, db);
	return open;
}

/* The text of the open alert; NULL. */
static const char *text_of(const struct open_alerts *open, enum alert_fault fault)
{
	for (size_t i = 0; i < open->count; i++)
		if (strcmp(open->names[i], alert_fault_name(fault)) == 0)
			return open->texts[i];
	return NULL;
}

static void assert_open(struct service_fixture *fixture, enum alert_fault fault, const char *says)
{
	struct open_alerts open = look(fixture);
	const char *text = text_of(&open, fault);
	if (text == NULL)
		for (size_t i = 0; i < open.count; i++)
			print_error("open: %s\n", open.names[i]);
	assert_non_null(text);
	if (strstr(text, says) == NULL)
		print_error("%s\n", text);
	assert_non_null(strstr(text, says));
}

static void assert_not_open(struct service_fixture *fixture, enum alert_fault fault)
{
	struct open_alerts open = look(fixture);
	assert_null(text_of(&open, fault));
}

/* Of those about the newest backup. */
static size_t failures(struct service_fixture *fixture)
{
	struct open_alerts open = look(fixture);
	size_t count = 0;
	for (int fault = 0; fault <= ALERT_BACKUP_PARTIAL; fault++)
		count += text_of(&open, (enum alert_fault)fault) != NULL;
	return count;
}

static int setup_new(void **state)
{
	struct service_fixture *fixture = service_fixture_new(NULL, NULL);
	/* What the schedule queues would be in the way. */
	fixture->without_tick = true;
	service_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int setup(void **state)
{
	(void)setup_new(state);
	service_fixture_configure(*state);
	return 0;
}

static int teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

static void fail_backup(struct service_fixture *fixture, enum share_fake_operation operation,
			enum status status, int cause)
{
	struct db_job job;
	const struct share_fake_plan plan = { .at = 1,
					      .operation = operation,
					      .fault = SHARE_FAKE_FAIL,
					      .for_ever = true,
					      .status = status,
					      .cause = cause };
	share_fake_set(fixture->fake, &plan);
	service_fixture_backup(fixture, &job);
	share_fake_set(fixture->fake, NULL);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
}

static void test_backup_alerts_not_configured_until_it_is(void **state)
{
	struct service_fixture *fixture = *state;
	assert_open(fixture, ALERT_NOT_CONFIGURED, "the file share and the encryption certificate");
	assert_not_open(fixture, ALERT_SCHEDULER_PAUSED);
	service_fixture_configure(fixture);
	assert_not_open(fixture, ALERT_NOT_CONFIGURED);
	assert_open(fixture, ALERT_SCHEDULER_PAUSED, "Automatic backups are disabled");
}

static void test_backup_alerts_without_certificate_names_what_is_missing(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	const struct backup_location_update update = { .path = fixture->share_path };
	service_fixture_update(fixture, &update, &job);
	assert_string_equal(job.state, "Succeeded");
	db_job_done(&job);
	assert_open(fixture, ALERT_NOT_CONFIGURED, "Missing: the encryption certificate.");
}

static void test_backup_alerts_paused_follows_the_switch(void **state)
{
	struct service_fixture *fixture = *state;
	static const bool on = true, off = false;
	const struct backup_location_update enable = { .scheduler_enabled = &on };
	const struct backup_location_update disable = { .scheduler_enabled = &off };
	struct db_job job;
	service_fixture_update(fixture, &enable, &job);
	db_job_done(&job);
	assert_not_open(fixture, ALERT_SCHEDULER_PAUSED);
	service_fixture_update(fixture, &disable, &job);
	db_job_done(&job);
	assert_open(fixture, ALERT_SCHEDULER_PAUSED, "");
}

/* What programs read beside the text: the cause by its name, and the step. */
static void assert_evidence(struct service_fixture *fixture, enum alert_fault fault,
			    const char *cause)
{
	struct db_alert row = { .id = "" };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(
		alert_find_open(backup_service_alerts(fixture->service), db, fault, &row, NULL),
		STATUS_OK);
	service_fixture_give(fixture, db);
	AUTO_JSON evidence = json_loads(row.evidence, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(evidence, "cause")), cause);
	const char *step = json_string_value(json_object_get(evidence, "step"));
	assert_non_null(step);
	assert_non_null(strstr(json_string_value(json_object_get(evidence, "reason")), step));
	db_alert_done(&row);
}

static void test_backup_alerts_each_failure_of_the_share_has_its_own(void **state)
{
	struct service_fixture *fixture = *state;
	static const struct {
		enum share_fake_operation operation;
		enum status status;
		int cause;
		enum alert_fault fault;
		const char *says;
	} cases[] = {
		{ SHARE_FAKE_CREATE, STATUS_SHARE_FULL, ENOSPC, ALERT_BACKUP_FAILED_SHARE_FULL,
		  "ENOSPC" },
		{ SHARE_FAKE_LIST, STATUS_SHARE_CONNECTION, EHOSTUNREACH,
		  ALERT_BACKUP_FAILED_SHARE_CONNECTION, "EHOSTUNREACH" },
		{ SHARE_FAKE_OPEN, STATUS_SHARE_PATH, ENOENT, ALERT_BACKUP_FAILED_SHARE_PATH,
		  "ENOENT" },
		{ SHARE_FAKE_OPEN, STATUS_SHARE_AUTHENTICATION, EACCES,
		  ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION, "EACCES" },
		{ SHARE_FAKE_OPEN, STATUS_SHARE_NOT_ACCESSIBLE, EPERM,
		  ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE, "EPERM" },
		{ SHARE_FAKE_CREATE, STATUS_SHARE_READ_WRITE, EROFS,
		  ALERT_BACKUP_FAILED_SHARE_READ_WRITE, "EROFS" },
		{ SHARE_FAKE_WRITE, STATUS_SHARE_UPLOAD, EIO, ALERT_BACKUP_FAILED_SHARE_UPLOAD,
		  "EIO" },
	};
	service_fixture_write(fixture, "file", 1000, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		fail_backup(fixture, cases[i].operation, cases[i].status, cases[i].cause);
		assert_open(fixture, cases[i].fault, cases[i].says);
		assert_evidence(fixture, cases[i].fault, cases[i].says);
		assert_int_equal(failures(fixture), 1);
	}
	service_fixture_back_up(fixture);
	assert_int_equal(failures(fixture), 0);
}

static int64_t times_raised(struct service_fixture *fixture, enum alert_fault fault)
{
	struct db_alert row = { .id = "" };
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(
		alert_find_open(backup_service_alerts(fixture->service), db, fault, &row, NULL),
		STATUS_OK);
	service_fixture_give(fixture, db);
	int64_t times = row.times_raised;
	db_alert_done(&row);
	return times;
}

static void test_backup_alerts_same_failure_again_is_counted_once_a_job(void **state)
{
	struct service_fixture *fixture = *state;
	fail_backup(fixture, SHARE_FAKE_OPEN, STATUS_SHARE_PATH, ENOENT);
	fail_backup(fixture, SHARE_FAKE_OPEN, STATUS_SHARE_PATH, ENOENT);
	service_fixture_review(fixture);
	/* Nor does a new start, or a job of another kind. */
	service_fixture_stop(fixture);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	assert_int_equal(times_raised(fixture, ALERT_BACKUP_FAILED_SHARE_PATH), 2);
	assert_int_equal(failures(fixture), 1);
}

static void test_backup_alerts_partial_backup_names_the_role(void **state)
{
	struct service_fixture *fixture = service_fixture_new(
		", {\"role\": \"Broken\", \"provider\": \"command\","
		" \"command\": [\"/bin/sh\", \"-c\", \"echo no database >&2; exit 3\"]}",
		NULL);
	struct db_job job;
	(void)state;
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "PartialSucceeded");
	db_job_done(&job);
	assert_open(fixture, ALERT_BACKUP_PARTIAL, "Missing or incomplete: Broken.");
	assert_open(fixture, ALERT_BACKUP_PARTIAL, "no database");
	assert_int_equal(failures(fixture), 1);
	service_fixture_free(fixture);
}

static void test_backup_alerts_foreign_share_is_told(void **state)
{
	struct service_fixture *fixture = *state;
	AUTO_FREE char *marker = file_join(fixture->share_path, "MASBackup/repository.json");
	struct buffer bytes;
	struct db_job job;
	buffer_init(&bytes, 1u << 16);
	assert_int_equal(file_read(marker, 1u << 15, &bytes, NULL), STATUS_OK);
	assert_int_equal(buffer_terminate(&bytes, NULL), STATUS_OK);
	char *id = strstr((char *)bytes.data, fixture->config->deployment.id);
	assert_non_null(id);
	id[0] = id[0] == 'a' ? 'b' : 'a';
	assert_int_equal(file_write(marker, 0600, true, bytes.data, bytes.length, NULL), STATUS_OK);
	buffer_done(&bytes);
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
	assert_open(fixture, ALERT_BACKUP_FAILED_SHARE_FOREIGN, "belongs to deployment");
}

static void test_backup_alerts_damage_that_stops_a_backup_is_told(void **state)
{
	struct service_fixture *fixture = *state;
	static const char *const names[] = { "MASBackup/repository.json",
					     "MASBackup/repository.json.copy" };
	struct db_job job;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		AUTO_FREE char *marker = file_join(fixture->share_path, names[i]);
		assert_int_equal(file_write(marker, 0600, true, "{", 1, NULL), STATUS_OK);
	}
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Failed");
	db_job_done(&job);
	assert_open(fixture, ALERT_BACKUP_FAILED_DATA_DAMAGED, "repository.json");
	assert_int_equal(failures(fixture), 1);
}

/* As after a kill between two commits of an older program, or a crash that left the job Running. */
static void test_backup_alerts_failure_of_an_earlier_process_is_found_at_start(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job claimed = { .id = "" };
	char id[GUID_TEXT_SIZE];
	service_fixture_stop(fixture);
	const struct backup_service_settings settings = { fixture->config, &fixture->shares,
							  &fixture->clock };
	assert_int_equal(backup_service_open(&settings, &fixture->service, NULL), STATUS_OK);
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(backup_submit(fixture->service, db, "tester", false, id, NULL), STATUS_OK);
	assert_int_equal(db_job_claim(db, 1, 2, &claimed, NULL), STATUS_OK);
	db_job_done(&claimed);
	service_fixture_give(fixture, db);
	backup_service_close(TAKE(fixture->service));
	service_fixture_start(fixture);
	assert_open(fixture, ALERT_BACKUP_FAILED_GENERAL, "interrupted: the service ended");
	service_fixture_back_up(fixture);
	assert_int_equal(failures(fixture), 0);
}

static void test_backup_alerts_certificate_warns_and_expires(void **state)
{
	struct service_fixture *fixture = *state;
	/* The fixture's is valid for 30 days. */
	assert_open(fixture, ALERT_CERTIFICATE_EXPIRES, "It expires at ");
	fixture->clock_offset = 31 * 24 * HOUR;
	service_fixture_review(fixture);
	assert_not_open(fixture, ALERT_CERTIFICATE_EXPIRES);
	assert_open(fixture, ALERT_CERTIFICATE_EXPIRED, "It expired at ");
	fixture->clock_offset = -2 * 24 * HOUR;
	service_fixture_review(fixture);
	assert_not_open(fixture, ALERT_CERTIFICATE_EXPIRED);
	assert_not_open(fixture, ALERT_CERTIFICATE_EXPIRES);
}

static void note_free(struct service_fixture *fixture, int64_t free)
{
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_location_note(db, "north", -1, INT64_MAX, free, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
	service_fixture_review(fixture);
}

static void test_backup_alerts_almost_full_comes_and_goes_with_the_room(void **state)
{
	struct service_fixture *fixture = *state;
	service_fixture_write(fixture, "file", 3000000, 1);
	service_fixture_back_up(fixture);
	assert_not_open(fixture, ALERT_SHARE_ALMOST_FULL);
	note_free(fixture, 3 << 20);
	assert_open(fixture, ALERT_SHARE_ALMOST_FULL, "3.00 MB are free.");
	assert_open(fixture, ALERT_SHARE_ALMOST_FULL, " days.");
	note_free(fixture, 1ll << 40);
	assert_not_open(fixture, ALERT_SHARE_ALMOST_FULL);
}

static void test_backup_alerts_no_good_backup_for_two_intervals(void **state)
{
	struct service_fixture *fixture = *state;
	static const bool on = true;
	const struct backup_location_update enable = { .scheduler_enabled = &on };
	struct db_job job;
	service_fixture_update(fixture, &enable, &job);
	db_job_done(&job);
	assert_not_open(fixture, ALERT_NO_GOOD_BACKUP);
	fixture->clock_offset = 25 * HOUR;
	service_fixture_review(fixture);
	assert_open(fixture, ALERT_NO_GOOD_BACKUP, "The interval is 12 hours.");
	service_fixture_back_up(fixture);
	assert_not_open(fixture, ALERT_NO_GOOD_BACKUP);
	fixture->clock_offset = 50 * HOUR;
	service_fixture_review(fixture);
	assert_open(fixture, ALERT_NO_GOOD_BACKUP, "The newest good backup is of ");
}

static void test_backup_alerts_skipped_is_closed_by_the_next_good_backup(void **state)
{
	struct service_fixture *fixture = *state;
	const struct alert_book *book = backup_service_alerts(fixture->service);
	static char kind[] = "backup", location[] = "north", skipped[] = "Skipped",
		    caller[] = "ann";
	struct db_job job = { .kind = kind,
			      .location = location,
			      .state = skipped,
			      .requested_by = caller,
			      .created_time = 1,
			      .ended_time = 1 };
	guid_generate(job.id);
	service_fixture_back_up(fixture);
	fixture->clock_offset = HOUR;
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_job_put_finished(db, &job, NULL), STATUS_OK);
	assert_int_equal(alert_raise_skipped(book, db, 1000, "an update", 0, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
	service_fixture_review(fixture);
	assert_open(fixture, ALERT_SKIPPED, "In the way: an update.");
	fixture->clock_offset = 2 * HOUR;
	service_fixture_back_up(fixture);
	assert_not_open(fixture, ALERT_SKIPPED);
}

static enum status cancel(struct service_fixture *fixture, const char *id)
{
	struct db *db = service_fixture_take(fixture);
	enum status status = backup_cancel(fixture->service, db, id, "ann", NULL, NULL);
	service_fixture_give(fixture, db);
	return status;
}

static void test_backup_alerts_cancelled_backup_changes_nothing(void **state)
{
	struct service_fixture *fixture = *state;
	struct db_job job;
	char id[GUID_TEXT_SIZE];
	fail_backup(fixture, SHARE_FAKE_OPEN, STATUS_SHARE_PATH, ENOENT);
	const struct share_fake_plan plan = { .at = 1,
					      .operation = SHARE_FAKE_LIST,
					      .fault = SHARE_FAKE_HANG };
	share_fake_set(fixture->fake, &plan);
	service_fixture_submit(fixture, id);
	share_fake_wait_hanging(fixture->fake, 1);
	assert_int_equal(cancel(fixture, id), STATUS_OK);
	service_fixture_wait(fixture, id, &job);
	assert_string_equal(job.state, "Cancelled");
	db_job_done(&job);
	share_fake_release(fixture->fake);
	assert_open(fixture, ALERT_BACKUP_FAILED_SHARE_PATH, "ENOENT");
	assert_int_equal(times_raised(fixture, ALERT_BACKUP_FAILED_SHARE_PATH), 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define NEW(test) cmocka_unit_test_setup_teardown(test, setup_new, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEW(test_backup_alerts_not_configured_until_it_is),
		NEW(test_backup_alerts_without_certificate_names_what_is_missing),
		WITH(test_backup_alerts_paused_follows_the_switch),
		WITH(test_backup_alerts_each_failure_of_the_share_has_its_own),
		WITH(test_backup_alerts_same_failure_again_is_counted_once_a_job),
		cmocka_unit_test(test_backup_alerts_partial_backup_names_the_role),
		WITH(test_backup_alerts_foreign_share_is_told),
		WITH(test_backup_alerts_damage_that_stops_a_backup_is_told),
		WITH(test_backup_alerts_failure_of_an_earlier_process_is_found_at_start),
		WITH(test_backup_alerts_certificate_warns_and_expires),
		WITH(test_backup_alerts_almost_full_comes_and_goes_with_the_room),
		WITH(test_backup_alerts_no_good_backup_for_two_intervals),
		WITH(test_backup_alerts_skipped_is_closed_by_the_next_good_backup),
		WITH(test_backup_alerts_cancelled_backup_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
