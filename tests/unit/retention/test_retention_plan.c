/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the plan one by one. */
#include <stdio.h>
#include <string.h>

#include "retention_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW (20000 * WORLD_DAY)

/* --- a history of @count good daily backups, the newest of today --- */

static const struct retention_role data_role = { "Data", true, RETENTION_WHOLE };
static const char *const data_roles[] = { "Data", NULL };

struct daily {
	struct retention_backup backups[40];
	struct retention_input input;
};

static void daily_init(struct daily *daily, size_t count)
{
	memset(daily, 0, sizeof *daily);
	for (size_t i = 0; i < count; i++) {
		struct retention_backup *backup = &daily->backups[i];
		*backup = (struct retention_backup) {
			.sequence = i + 1,
			.completed_time = NOW - (int64_t)(count - 1 - i) * WORLD_DAY,
			.is_known = true,
			.is_on_share = true,
			.is_ours = true,
			.is_verified = true,
			.is_recovery_ready = true,
			.roles = &data_role,
			.role_count = 1,
		};
		(void)snprintf(backup->id, sizeof backup->id, "backup-%zu", i + 1);
	}
	daily->input = (struct retention_input) {
		.backups = daily->backups,
		.count = count,
		.settings = { .days = 8, .floor = RETENTION_FLOOR, .roles = data_roles },
		.now = NOW,
	};
}

static struct retention_plan plan_of(const struct retention_input *input)
{
	struct retention_plan plan;
	assert_int_equal(retention_plan_make(input, &plan, NULL), STATUS_OK);
	return plan;
}

/* Of the @number-th backup, from 1. */
static enum retention_reason reason_of(const struct daily *daily, size_t number)
{
	struct retention_plan plan = plan_of(&daily->input);
	enum retention_reason reason = plan.decisions[number - 1].reason;
	retention_plan_done(&plan);
	return reason;
}

static unsigned brakes_of(const struct daily *daily)
{
	struct retention_plan plan = plan_of(&daily->input);
	unsigned brakes = plan.brakes;
	assert_int_equal(plan.going == 0 || plan.brakes_are_lifted, brakes != 0);
	retention_plan_done(&plan);
	return brakes;
}

static void test_plan_of_a_daily_history_lets_the_expired_go(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	struct retention_plan plan = plan_of(&daily.input);
	assert_int_equal(plan.brakes, 0);
	assert_int_equal(plan.going, 3);
	assert_int_equal(plan.decisions[2].reason, RETENTION_EXPIRED);
	/* Just eight days old: not older. */
	assert_int_equal(plan.decisions[3].reason, RETENTION_WITHIN_DAYS);
	assert_int_equal(plan.decisions[4].reason, RETENTION_WITHIN_DAYS);
	assert_int_equal(plan.decisions[5].reason, RETENTION_ABOVE_FLOOR);
	assert_int_equal(plan.decisions[11].reason, RETENTION_NEWEST_READY);
	retention_plan_done(&plan);
}

static void test_plan_keeps_the_floor_however_old(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 7);
	daily.input.now = NOW + 300 * WORLD_DAY;
	for (size_t i = 1; i <= 6; i++)
		assert_int_equal(reason_of(&daily, i), RETENTION_ABOVE_FLOOR);
	daily_init(&daily, 9);
	daily.input.now = NOW + 300 * WORLD_DAY;
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
	assert_int_equal(reason_of(&daily, 3), RETENTION_ABOVE_FLOOR);
}

static void test_plan_does_not_count_damaged_foreign_and_missing_ones_for_the_floor(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.input.settings.days = 1;
	/* Thirteen of twenty: too many at once. */
	assert_int_equal(reason_of(&daily, 11), RETENTION_HELD_BACK);
	daily.backups[15].is_verified = false;
	daily.backups[16].is_ours = false;
	assert_int_equal(reason_of(&daily, 17), RETENTION_FOREIGN);
	assert_int_equal(reason_of(&daily, 16), RETENTION_ABOVE_FLOOR);
	assert_int_equal(reason_of(&daily, 12), RETENTION_ABOVE_FLOOR);
	daily.backups[14].is_known = daily.backups[14].is_on_share = false;
	assert_int_equal(reason_of(&daily, 15), RETENTION_MISSING);
	assert_int_equal(reason_of(&daily, 11), RETENTION_ABOVE_FLOOR);
}

static void test_plan_keeps_pinned_ones_until_their_time(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 16);
	daily.backups[0].pinned_until = RETENTION_FOREVER;
	daily.backups[1].pinned_until = NOW + 1;
	daily.backups[2].pinned_until = NOW;
	assert_int_equal(reason_of(&daily, 1), RETENTION_PINNED);
	assert_int_equal(reason_of(&daily, 2), RETENTION_PINNED);
	assert_int_equal(reason_of(&daily, 3), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_newest_ready_one_and_the_newest_that_is_whole(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.input.settings.roles = NULL;
	for (size_t i = 5; i < 20; i++)
		daily.backups[i].is_recovery_ready = false;
	daily.backups[4].is_verified = false;
	assert_int_equal(reason_of(&daily, 5), RETENTION_NEWEST_READY);
	assert_int_equal(reason_of(&daily, 4), RETENTION_NEWEST_READY);
	assert_int_equal(reason_of(&daily, 3), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_floor_of_every_essential_role(void **state)
{
	static const struct retention_role failed = { "Data", true, RETENTION_NOTHING };
	static const struct retention_role partial = { "Data", true, RETENTION_PARTIAL };
	struct daily daily;
	(void)state;
	daily_init(&daily, 30);
	for (size_t i = 9; i < 30; i++)
		daily.backups[i].roles = &failed;
	daily.backups[9].roles = &partial;
	assert_int_equal(reason_of(&daily, 10), RETENTION_ROLE_FLOOR);
	assert_int_equal(reason_of(&daily, 3), RETENTION_ROLE_FLOOR);
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
	assert_int_equal(reason_of(&daily, 11), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_last_content_of_a_role_that_is_no_longer_configured(void **state)
{
	static const struct retention_role other = { "Other", true, RETENTION_WHOLE };
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.backups[1].roles = &other;
	daily.backups[2].roles = &other;
	assert_int_equal(reason_of(&daily, 3), RETENTION_LAST_OF_ROLE);
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
}

static void test_plan_with_a_missing_backup_is_refused(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	assert_int_equal(brakes_of(&daily), 0);
	daily.backups[8].is_on_share = false;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_MISSING);
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	daily.backups[8].is_known = false;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_over_half_is_refused_until_exactly_it_is_confirmed(void **state)
{
	const char *confirmed[12] = { NULL };
	struct daily daily;
	(void)state;
	daily_init(&daily, 16);
	daily.input.settings.days = 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_HALF);
	for (size_t i = 0; i < 8; i++)
		confirmed[i] = daily.backups[i].id;
	daily.input.settings.confirmed = confirmed;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	confirmed[8] = daily.backups[8].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_EXPIRED);
	confirmed[9] = daily.backups[9].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	confirmed[9] = NULL;
	confirmed[8] = daily.backups[7].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	/* Half is not more than half. */
	daily_init(&daily, 14);
	daily.input.settings.days = 1;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_by_a_wrong_clock_is_refused(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	daily.input.now = NOW - 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_BACK);
	daily.input.now = NOW;
	daily.input.last_run_time = NOW + 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_BACK);
	daily.input.last_run_time = NOW - RETENTION_AHEAD_DAYS * WORLD_DAY;
	assert_int_equal(brakes_of(&daily), 0);
	daily.input.last_run_time--;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_AHEAD);
	/* A forged time cannot stop the service from tidying. */
	daily.input.last_run_time = 0;
	daily.backups[11].completed_time = NOW + WORLD_DAY;
	daily.backups[11].is_known = daily.backups[11].is_ours = false;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_with_settings_out_of_range_is_invalid(void **state)
{
	struct retention_plan plan;
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	daily.input.settings.days = 0;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
	daily.input.settings.days = RETENTION_DAYS_MAX + 1;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
	daily.input.settings.days = 7;
	daily.input.settings.floor = 0;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_of_a_daily_history_lets_the_expired_go),
		cmocka_unit_test(test_plan_keeps_the_floor_however_old),
		cmocka_unit_test(
			test_plan_does_not_count_damaged_foreign_and_missing_ones_for_the_floor),
		cmocka_unit_test(test_plan_keeps_pinned_ones_until_their_time),
		cmocka_unit_test(test_plan_keeps_the_newest_ready_one_and_the_newest_that_is_whole),
		cmocka_unit_test(test_plan_keeps_the_floor_of_every_essential_role),
		cmocka_unit_test(
			test_plan_keeps_the_last_content_of_a_role_that_is_no_longer_configured),
		cmocka_unit_test(test_plan_with_a_missing_backup_is_refused),
		cmocka_unit_test(test_plan_over_half_is_refused_until_exactly_it_is_confirmed),
		cmocka_unit_test(test_plan_by_a_wrong_clock_is_refused),
		cmocka_unit_test(test_plan_with_settings_out_of_range_is_invalid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
