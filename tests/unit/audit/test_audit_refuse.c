/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals are counted: a flood of them stays a few rows. */
#include <stdio.h>

#include "unit/audit/audit_fixture.h"

#define MINUTE 60000

static int64_t count_rows(struct audit_fixture *fixture)
{
	return audit_fixture_number(fixture, "SELECT count(*) FROM audit_event");
}

static int64_t count_requests(struct audit_fixture *fixture)
{
	return audit_fixture_number(fixture, "SELECT sum(requests) FROM audit_event");
}

static void test_audit_refuse_the_first_is_a_row_at_once(void **state)
{
	struct audit_fixture *fixture = *state;

	audit_fixture_refuse(fixture, "192.0.2.1", 401);
	assert_int_equal(count_rows(fixture), 1);
	audit_fixture_refuse(fixture, "192.0.2.1", 403);
	audit_fixture_refuse(fixture, "192.0.2.2", 401);
	assert_int_equal(count_rows(fixture), 3);
	audit_fixture_assert_sound(fixture, 3);
}

static void test_audit_refuse_repeats_become_one_row_with_their_number(void **state)
{
	struct audit_fixture *fixture = *state;

	for (int i = 0; i < 1000; i++)
		audit_fixture_refuse(fixture, "192.0.2.1", 401);
	assert_int_equal(count_rows(fixture), 1);
	fixture->now += MINUTE - 1;
	assert_int_equal(audit_flush(fixture->log, fixture->db, false, NULL), STATUS_OK);
	assert_int_equal(count_rows(fixture), 1);
	fixture->now += 1;
	assert_int_equal(audit_flush(fixture->log, fixture->db, false, NULL), STATUS_OK);
	assert_int_equal(count_rows(fixture), 2);
	assert_int_equal(count_requests(fixture), 1000);
	/* Nothing is counted twice, and the next one is a row again. */
	assert_int_equal(audit_flush(fixture->log, fixture->db, true, NULL), STATUS_OK);
	audit_fixture_refuse(fixture, "192.0.2.1", 401);
	assert_int_equal(count_rows(fixture), 3);
	assert_int_equal(count_requests(fixture), 1001);
	audit_fixture_assert_sound(fixture, 3);
}

static void test_audit_refuse_the_end_writes_what_was_counted(void **state)
{
	struct audit_fixture *fixture = *state;

	for (int i = 0; i < 10; i++)
		audit_fixture_refuse(fixture, "192.0.2.1", 401);
	assert_int_equal(audit_flush(fixture->log, fixture->db, true, NULL), STATUS_OK);
	assert_int_equal(count_rows(fixture), 2);
	assert_int_equal(count_requests(fixture), 10);
}

static void test_audit_refuse_many_addresses_share_a_row(void **state)
{
	struct audit_fixture *fixture = *state;
	char address[32];

	for (int i = 0; i < 5000; i++) {
		(void)snprintf(address, sizeof address, "2001:db8::%x", i);
		audit_fixture_refuse(fixture, address, 401);
	}
	assert_int_equal(count_rows(fixture), 16 + 1);
	assert_int_equal(audit_flush(fixture->log, fixture->db, true, NULL), STATUS_OK);
	assert_int_equal(count_rows(fixture), 16 + 2);
	assert_int_equal(count_requests(fixture), 5000);
	assert_int_equal(audit_fixture_number(fixture, "SELECT requests FROM audit_event"
						       " WHERE address = '*'"),
			 5000 - 16 - 1);
}

static void test_audit_refuse_a_day_of_flood_is_bounded_and_counted_whole(void **state)
{
	struct audit_fixture *fixture = *state;
	char address[32];
	int64_t sent = 0;

	for (int minute = 0; minute < 24 * 60; minute++, fixture->now += MINUTE)
		for (int i = 0; i < 4; i++, sent += 2) {
			(void)snprintf(address, sizeof address, "2001:db8::%x", i);
			audit_fixture_refuse(fixture, address, 401);
			audit_fixture_refuse(fixture, address, 401);
		}
	assert_int_equal(audit_flush(fixture->log, fixture->db, true, NULL), STATUS_OK);
	assert_in_range(count_rows(fixture), 900, 1000 + 2 * 24);
	assert_int_equal(count_requests(fixture), sent);
	/* The next day has an allowance of its own. */
	int64_t before = count_rows(fixture);

	fixture->now += MINUTE;
	audit_fixture_refuse(fixture, "192.0.2.1", 401);
	assert_int_equal(count_rows(fixture), before + 1);
	audit_fixture_assert_sound(fixture, before + 1);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, audit_fixture_start, audit_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_audit_refuse_the_first_is_a_row_at_once),
		TEST(test_audit_refuse_repeats_become_one_row_with_their_number),
		TEST(test_audit_refuse_the_end_writes_what_was_counted),
		TEST(test_audit_refuse_many_addresses_share_a_row),
		TEST(test_audit_refuse_a_day_of_flood_is_bounded_and_counted_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
