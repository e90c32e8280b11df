/* SPDX-License-Identifier: Apache-2.0 */
/* Judgements about room and time. */
#include "../../../src/backup/backup_forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GB (1ull << 30)
#define RESERVE (16ull << 20)
#define HOUR (60 * 60 * 1000LL)

/* A first backup of 100 GB, then 2 GB each, every 12 hours, kept 7 days. */
static struct backup_forecast_facts make_facts(int64_t free)
{
	return (struct backup_forecast_facts) {
		.free = free,
		.backups = { .full_bytes = 100 * GB, .grown_bytes = 20 * GB, .grown_count = 10 },
		.frequency_hours = 12,
		.retention_days = 7,
		.generation_backups = 14,
		.reserve = RESERVE,
	};
}

static void test_backup_forecast_needs_retention_full_and_reserve(void **state)
{
	struct backup_forecast_facts facts = make_facts((int64_t)(500 * GB));
	struct backup_forecast forecast = backup_forecast(&facts);
	(void)state;
	assert_true(forecast.is_known);
	assert_true(forecast.needed == 14 * 2 * GB + 100 * GB + RESERVE);
	assert_false(forecast.is_almost_full);
	/* Each 2 GB and the fourteenth part of 100 GB, twice a day: 18.3 GB. */
	assert_int_equal(forecast.days_to_full, 27);
}

static void test_backup_forecast_is_full_just_below_the_need(void **state)
{
	struct backup_forecast_facts facts = make_facts(0);
	int64_t needed = (int64_t)backup_forecast(&facts).needed;
	(void)state;
	facts.free = needed;
	assert_false(backup_forecast(&facts).is_almost_full);
	facts.free = needed - 1;
	assert_true(backup_forecast(&facts).is_almost_full);
	facts.free = 0;
	assert_int_equal(backup_forecast(&facts).days_to_full, 0);
}

static void test_backup_forecast_keeps_seven_whatever_the_period(void **state)
{
	struct backup_forecast_facts facts = make_facts((int64_t)(500 * GB));
	(void)state;
	facts.retention_days = 2;
	assert_true(backup_forecast(&facts).needed == 7 * 2 * GB + 100 * GB + RESERVE);
	facts.frequency_hours = 5;
	facts.retention_days = 7;
	/* 33.6 backups are 34. */
	assert_true(backup_forecast(&facts).needed == 34 * 2 * GB + 100 * GB + RESERVE);
}

static void test_backup_forecast_without_figures_says_nothing(void **state)
{
	struct backup_forecast_facts facts = make_facts(-1);
	(void)state;
	assert_false(backup_forecast(&facts).is_known);
	assert_false(backup_forecast(&facts).is_almost_full);
	facts = make_facts(0);
	facts.backups = (struct db_backup_summary) { 0 };
	assert_false(backup_forecast(&facts).is_almost_full);
}

static void test_backup_forecast_after_one_backup_wants_room_for_another(void **state)
{
	struct backup_forecast_facts facts = make_facts((int64_t)(101 * GB));
	(void)state;
	facts.backups.grown_bytes = facts.backups.grown_count = 0;
	assert_false(backup_forecast(&facts).is_almost_full);
	facts.free = (int64_t)(100 * GB);
	assert_true(backup_forecast(&facts).is_almost_full);
}

static void test_backup_forecast_of_what_does_not_grow(void **state)
{
	struct backup_forecast_facts facts = make_facts((int64_t)GB);
	(void)state;
	facts.backups =
		(struct db_backup_summary) { .full_bytes = 0, .grown_bytes = 0, .grown_count = 3 };
	assert_int_equal(backup_forecast(&facts).days_to_full, -1);
	assert_false(backup_forecast(&facts).is_almost_full);
}

static void test_backup_forecast_huge_figures_do_not_wrap(void **state)
{
	struct backup_forecast_facts facts = make_facts(INT64_MAX);
	(void)state;
	facts.backups.grown_bytes = UINT64_MAX / 2;
	facts.backups.grown_count = 1;
	facts.backups.full_bytes = UINT64_MAX / 2;
	struct backup_forecast forecast = backup_forecast(&facts);
	assert_true(forecast.needed == UINT64_MAX);
	assert_true(forecast.is_almost_full);
	facts.backups.grown_bytes = 1;
	facts.backups.full_bytes = 0;
	assert_int_equal(backup_forecast(&facts).days_to_full, 36500);
}

static void test_backup_is_overdue_after_two_intervals(void **state)
{
	struct db_location location = { .frequency_hours = 12,
					.scheduler_enabled = true,
					.changed_time = 1000 * HOUR };
	(void)state;
	assert_false(backup_is_overdue(&location, 0, 1024 * HOUR));
	assert_true(backup_is_overdue(&location, 0, 1024 * HOUR + 1));
	assert_false(backup_is_overdue(&location, 1010 * HOUR, 1034 * HOUR));
	assert_true(backup_is_overdue(&location, 1010 * HOUR, 1034 * HOUR + 1));
	/* A change of the settings makes an old backup no younger. */
	assert_true(backup_is_overdue(&location, 10 * HOUR, 1001 * HOUR));
	location.scheduler_enabled = false;
	assert_false(backup_is_overdue(&location, 0, 5000 * HOUR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_forecast_needs_retention_full_and_reserve),
		cmocka_unit_test(test_backup_forecast_is_full_just_below_the_need),
		cmocka_unit_test(test_backup_forecast_keeps_seven_whatever_the_period),
		cmocka_unit_test(test_backup_forecast_without_figures_says_nothing),
		cmocka_unit_test(test_backup_forecast_after_one_backup_wants_room_for_another),
		cmocka_unit_test(test_backup_forecast_of_what_does_not_grow),
		cmocka_unit_test(test_backup_forecast_huge_figures_do_not_wrap),
		cmocka_unit_test(test_backup_is_overdue_after_two_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
