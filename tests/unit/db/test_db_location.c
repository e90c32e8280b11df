/* SPDX-License-Identifier: Apache-2.0 */
/* The backup location. */
#include <string.h>

#include "db_fixture.h"

#define THUMBPRINT "00112233445566778899AABBCCDDEEFF00112233"

static char region[] = "north", share[] = "\\\\server\\share", user[] = "backup";

static struct db_location make_location(void)
{
	static unsigned char password[] = { 1, 2, 3 }, certificate[] = { 0x30, 0x82 };
	return (struct db_location) {
		.name = region,
		.path = share,
		.user_name = user,
		.password_sealed = { .data = password, .length = sizeof password },
		.certificate = { .data = certificate, .length = sizeof certificate },
		.thumbprint = THUMBPRINT,
		.frequency_hours = 10,
		.retention_days = 5,
		.scheduler_enabled = true,
		.next_backup_time = 2000,
		.last_backup_time = 1000,
		.capacity_total = 1LL << 40,
		.capacity_free = 1LL << 39,
		.changed_time = 900,
	};
}

static void test_db_location_get_never_configured_yields_defaults(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_location location;
	assert_int_equal(db_location_get(fixture->db, "north", &location, NULL), STATUS_OK);
	assert_string_equal(location.name, "north");
	assert_null(location.path);
	assert_int_equal(location.password_sealed.length, 0);
	assert_string_equal(location.thumbprint, "");
	assert_int_equal(location.frequency_hours, 12);
	assert_int_equal(location.retention_days, 7);
	assert_false(location.scheduler_enabled);
	assert_int_equal(location.capacity_free, -1);
	db_location_done(&location);
}

static void test_db_location_put_get_round_trip_ignoring_case_of_the_name(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_location put = make_location(), got;
	assert_int_equal(db_location_put(fixture->db, &put, NULL), STATUS_OK);
	assert_int_equal(db_location_get(fixture->db, "North", &got, NULL), STATUS_OK);
	assert_string_equal(got.name, "north");
	assert_string_equal(got.path, put.path);
	assert_string_equal(got.user_name, put.user_name);
	assert_int_equal(got.password_sealed.length, 3);
	assert_memory_equal(got.password_sealed.data, put.password_sealed.data, 3);
	assert_int_equal(got.certificate.length, 2);
	assert_string_equal(got.thumbprint, THUMBPRINT);
	assert_int_equal(got.frequency_hours, 10);
	assert_int_equal(got.retention_days, 5);
	assert_true(got.scheduler_enabled);
	assert_int_equal(got.next_backup_time, 2000);
	assert_int_equal(got.last_backup_time, 1000);
	assert_int_equal(got.capacity_total, 1LL << 40);
	assert_int_equal(got.capacity_free, 1LL << 39);
	assert_int_equal(got.changed_time, 900);
	db_location_done(&got);
	assert_null(got.path);
}

static void test_db_location_put_again_replaces_and_clears(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_location put = make_location(), got;
	assert_int_equal(db_location_put(fixture->db, &put, NULL), STATUS_OK);
	put.user_name = NULL;
	put.password_sealed.length = 0;
	assert_int_equal(db_location_put(fixture->db, &put, NULL), STATUS_OK);
	assert_int_equal(db_location_get(fixture->db, "north", &got, NULL), STATUS_OK);
	assert_null(got.user_name);
	assert_int_equal(got.password_sealed.length, 0);
	db_location_done(&got);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM backup_location"),
			 1);
}

static void test_db_location_note_moves_only_what_is_known(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_location put = make_location(), got;
	assert_int_equal(db_location_put(fixture->db, &put, NULL), STATUS_OK);
	assert_int_equal(db_location_note(fixture->db, "north", -1, 77, 66, NULL), STATUS_OK);
	assert_int_equal(db_location_note(fixture->db, "north", 3000, -1, -1, NULL), STATUS_OK);
	assert_int_equal(db_location_get(fixture->db, "north", &got, NULL), STATUS_OK);
	assert_int_equal(got.last_backup_time, 3000);
	assert_int_equal(got.capacity_total, 77);
	assert_int_equal(got.capacity_free, 66);
	assert_string_equal(got.path, share);
	db_location_done(&got);
}

static void test_db_location_put_nonsense_is_refused_by_the_schema(void **state)
{
	struct db_fixture *fixture = *state;
	struct error err;
	struct db_location location = make_location();
	location.frequency_hours = 0;
	assert_int_equal(db_location_put(fixture->db, &location, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "location_frequency_positive"));
	location = make_location();
	location.thumbprint[0] = 'x';
	assert_int_equal(db_location_put(fixture->db, &location, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "location_thumbprint_form"));
	location = make_location();
	location.certificate.length = 0;
	assert_int_equal(db_location_put(fixture->db, &location, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "location_certificate_named"));
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM backup_location"),
			 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_location_get_never_configured_yields_defaults),
		WITH(test_db_location_put_get_round_trip_ignoring_case_of_the_name),
		WITH(test_db_location_put_again_replaces_and_clears),
		WITH(test_db_location_note_moves_only_what_is_known),
		WITH(test_db_location_put_nonsense_is_refused_by_the_schema),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
