/* SPDX-License-Identifier: Apache-2.0 */
/* Settings and sealed secrets. */
#include <string.h>

#include "db_fixture.h"

static void test_db_setting_set_twice_keeps_the_last(void **state)
{
	struct db_fixture *fixture = *state;
	struct buffer value;
	buffer_init(&value, 100);
	assert_int_equal(db_setting_set(fixture->db, "a", "a longer text", NULL), STATUS_OK);
	assert_int_equal(db_setting_set(fixture->db, "a", "short", NULL), STATUS_OK);
	assert_int_equal(db_setting_get(fixture->db, "a", &value, NULL), STATUS_OK);
	assert_string_equal((const char *)value.data, "short");
	assert_int_equal(value.length, 5);
	buffer_done(&value);
}

static void test_db_setting_get_missing_is_not_found_and_leaves_the_buffer(void **state)
{
	struct db_fixture *fixture = *state;
	struct buffer value;
	struct error err;
	buffer_init(&value, 100);
	assert_int_equal(buffer_append_text(&value, "before", NULL), STATUS_OK);
	assert_int_equal(db_setting_get(fixture->db, "a", &value, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.path, "a");
	assert_int_equal(value.length, 6);
	buffer_done(&value);
}

static void test_db_setting_get_larger_than_the_buffer_is_too_large(void **state)
{
	struct db_fixture *fixture = *state;
	struct buffer value;
	buffer_init(&value, 4);
	assert_int_equal(db_setting_set(fixture->db, "a", "12345", NULL), STATUS_OK);
	assert_int_equal(db_setting_get(fixture->db, "a", &value, NULL), STATUS_TOO_LARGE);
	buffer_done(&value);
}

static void test_db_setting_set_bad_name_is_refused_by_the_schema(void **state)
{
	struct db_fixture *fixture = *state;
	struct error err;
	assert_int_equal(db_setting_set(fixture->db, "", "1", &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "setting_name_length"));
	assert_int_equal(db_setting_set(fixture->db, "a", NULL, &err), STATUS_INVALID);
}

static void test_db_secret_set_get_delete_round_trip(void **state)
{
	struct db_fixture *fixture = *state;
	static const unsigned char sealed[] = { 0, 1, 2, 0, 255 };
	struct buffer value;
	buffer_init(&value, 100);
	assert_int_equal(db_secret_set(fixture->db, "k", sealed, sizeof sealed, NULL), STATUS_OK);
	assert_int_equal(db_secret_get(fixture->db, "k", &value, NULL), STATUS_OK);
	assert_int_equal(value.length, sizeof sealed);
	assert_memory_equal(value.data, sealed, sizeof sealed);
	assert_int_equal(db_secret_delete(fixture->db, "k", NULL), STATUS_OK);
	assert_int_equal(db_secret_delete(fixture->db, "k", NULL), STATUS_OK);
	assert_int_equal(db_secret_get(fixture->db, "k", &value, NULL), STATUS_NOT_FOUND);
	assert_int_equal(db_secret_set(fixture->db, "k", sealed, 0, NULL), STATUS_INVALID);
	buffer_done(&value);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_setting_set_twice_keeps_the_last),
		WITH(test_db_setting_get_missing_is_not_found_and_leaves_the_buffer),
		WITH(test_db_setting_get_larger_than_the_buffer_is_too_large),
		WITH(test_db_setting_set_bad_name_is_refused_by_the_schema),
		WITH(test_db_secret_set_get_delete_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
