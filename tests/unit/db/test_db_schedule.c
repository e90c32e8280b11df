/* SPDX-License-Identifier: Apache-2.0 */
/* The stored schedule. */
#include <string.h>

#include "db_fixture.h"

static void add_location(struct db_fixture *fixture)
{
	assert_true(db_fixture_sql(fixture->path,
				   "INSERT INTO backup_location (name, next_backup_time)"
				   " VALUES ('north', 5)"));
}

static void test_db_schedule_get_without_rows_yields_zeros(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_schedule schedule;
	assert_int_equal(db_schedule_get(fixture->db, "north", &schedule, NULL), STATUS_OK);
	assert_int_equal(schedule.next_backup_time, 0);
	assert_false(schedule.is_owed);
	add_location(fixture);
	assert_int_equal(db_schedule_get(fixture->db, "NORTH", &schedule, NULL), STATUS_OK);
	assert_int_equal(schedule.next_backup_time, 5);
	assert_int_equal(schedule.last_slot_time, 0);
}

static void test_db_schedule_put_get_round_trip(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_schedule schedule = { .next_backup_time = 9,
					.last_slot_time = 8,
					.is_owed = true };
	add_location(fixture);
	assert_int_equal(db_schedule_put(fixture->db, "north", &schedule, NULL), STATUS_OK);
	schedule.next_backup_time = 10;
	assert_int_equal(db_schedule_put(fixture->db, "North", &schedule, NULL), STATUS_OK);
	memset(&schedule, 0, sizeof schedule);
	assert_int_equal(db_schedule_get(fixture->db, "north", &schedule, NULL), STATUS_OK);
	assert_int_equal(schedule.next_backup_time, 10);
	assert_int_equal(schedule.last_slot_time, 8);
	assert_true(schedule.is_owed);
	/* The rest of the location stays. */
	assert_int_equal(db_fixture_number(fixture->path,
					   "SELECT count(*) FROM backup_location"
					   " WHERE next_backup_time = 10 AND frequency_hours = 12"),
			 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_schedule_get_without_rows_yields_zeros),
		WITH(test_db_schedule_put_get_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
