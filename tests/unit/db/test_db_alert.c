/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of alerts, and what the database itself refuses. */
#include <string.h>

#include "db_fixture.h"

static char north[] = "north", fault[] = "SomeFault", topic[] = "some", reason[] = "gone",
	    evidence[] = "{}", job[] = "a-job";

static struct db_alert make_alert(void)
{
	struct db_alert alert = { .location = north,
				  .fault = fault,
				  .topic = topic,
				  .occurrence = job,
				  .evidence = evidence,
				  .times_raised = 1,
				  .created_time = 10,
				  .updated_time = 10 };
	guid_generate(alert.id);
	guid_generate(alert.fault_id);
	return alert;
}

static void test_db_alert_add_second_open_one_of_a_topic_exists(void **state)
{
	struct db_fixture *fixture = *state;
	static char south[] = "south", other[] = "other";
	struct db_alert first = make_alert(), second = make_alert();
	assert_int_equal(db_alert_add(fixture->db, &first, NULL), STATUS_OK);
	assert_int_equal(db_alert_add(fixture->db, &second, NULL), STATUS_EXISTS);
	second.topic = other;
	assert_int_equal(db_alert_add(fixture->db, &second, NULL), STATUS_OK);
	second = make_alert();
	second.location = south;
	assert_int_equal(db_alert_add(fixture->db, &second, NULL), STATUS_OK);
	first.closed_time = 20;
	first.close_reason = reason;
	assert_int_equal(db_alert_update(fixture->db, &first, NULL), STATUS_OK);
	second = make_alert();
	assert_int_equal(db_alert_add(fixture->db, &second, NULL), STATUS_OK);
}

static void test_db_alert_update_closed_without_reason_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_alert alert = make_alert();
	struct error err;
	assert_int_equal(db_alert_add(fixture->db, &alert, NULL), STATUS_OK);
	alert.closed_time = 20;
	assert_int_equal(db_alert_update(fixture->db, &alert, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "alert_closed_completely"));
	guid_generate(alert.id);
	alert.close_reason = reason;
	assert_int_equal(db_alert_update(fixture->db, &alert, NULL), STATUS_NOT_FOUND);
}

static void test_db_alert_newest_and_known_follow_the_order_of_raising(void **state)
{
	struct db_fixture *fixture = *state;
	static char second_job[] = "b-job";
	struct db_alert row = { .id = "" }, alert = make_alert();
	bool is_known = true;
	assert_int_equal(db_alert_newest(fixture->db, "north", topic, &row, NULL),
			 STATUS_NOT_FOUND);
	alert.closed_time = 20;
	alert.close_reason = reason;
	assert_int_equal(db_alert_add(fixture->db, &alert, NULL), STATUS_OK);
	struct db_alert next = make_alert();
	next.occurrence = second_job;
	/* A clock that went back does not matter. */
	next.created_time = 5;
	assert_int_equal(db_alert_add(fixture->db, &next, NULL), STATUS_OK);
	assert_int_equal(db_alert_newest(fixture->db, "NORTH", topic, &row, NULL), STATUS_OK);
	assert_string_equal(row.id, next.id);
	db_alert_done(&row);
	assert_int_equal(db_alert_is_known(fixture->db, "north", topic, job, &is_known, NULL),
			 STATUS_OK);
	assert_true(is_known);
	assert_int_equal(db_alert_is_known(fixture->db, "north", topic, "c", &is_known, NULL),
			 STATUS_OK);
	assert_false(is_known);
	assert_int_equal(db_alert_get(fixture->db, "south", next.id, &row, NULL), STATUS_NOT_FOUND);
}

static enum status count(const struct db_alert *alert, void *context, struct error *err)
{
	char *last = context;
	(void)err;
	assert_true(strcmp(last, alert->id) < 0);
	memcpy(last, alert->id, GUID_TEXT_SIZE);
	last[GUID_TEXT_SIZE]++;
	return STATUS_OK;
}

static void test_db_alert_list_and_trim_leave_old_closed_ones_out(void **state)
{
	struct db_fixture *fixture = *state;
	char last[GUID_TEXT_SIZE + 1] = "";
	for (int i = 1; i <= 10; i++) {
		struct db_alert alert = make_alert();
		alert.closed_time = i;
		alert.close_reason = reason;
		assert_int_equal(db_alert_add(fixture->db, &alert, NULL), STATUS_OK);
	}
	struct db_alert open = make_alert();
	assert_int_equal(db_alert_add(fixture->db, &open, NULL), STATUS_OK);
	assert_int_equal(db_alert_list(fixture->db, "north", 7, count, last, NULL), STATUS_OK);
	assert_int_equal(last[GUID_TEXT_SIZE], 4);
	assert_int_equal(db_alert_trim(fixture->db, "north", topic, 2, NULL), STATUS_OK);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM alert"), 3);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT min(closed_time) FROM alert"
							  " WHERE closed_time <> 0"),
			 9);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_alert_add_second_open_one_of_a_topic_exists),
		WITH(test_db_alert_update_closed_without_reason_is_refused),
		WITH(test_db_alert_newest_and_known_follow_the_order_of_raising),
		WITH(test_db_alert_list_and_trim_leave_old_closed_ones_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
