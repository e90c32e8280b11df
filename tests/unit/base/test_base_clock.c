/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations as text, and the clock that is passed in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static const struct {
	int64_t time;
	const char *text;
	const char *compact;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z", "19700101T000000Z" },
	{ 1, "1970-01-01T00:00:00.001Z", "19700101T000000Z" },
	{ -1, "1969-12-31T23:59:59.999Z", "19691231T235959Z" },
	{ 1772396467440, "2026-03-01T20:21:07.44Z", "20260301T202107Z" },
	{ 1772396467400, "2026-03-01T20:21:07.4Z", "20260301T202107Z" },
	{ 951782399000, "2000-02-28T23:59:59Z", "20000228T235959Z" },
	{ 951868799999, "2000-02-29T23:59:59.999Z", "20000229T235959Z" },
	{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z", "99991231T235959Z" },
};

static void test_clock_text_writes_utc_without_trailing_zeros(void **state)
{
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
		assert_string_equal(clock_text(times[i].time, text), times[i].text);
		assert_string_equal(clock_compact_text(times[i].time, text), times[i].compact);
	}
}

static void test_clock_text_out_of_range_stays_within_four_digit_years(void **state)
{
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	assert_string_equal(clock_text(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
	assert_string_equal(clock_text(INT64_MIN, text), "0001-01-01T00:00:00Z");
}

static void test_clock_parse_reverses_clock_text(void **state)
{
	struct error err;
	int64_t time;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
		time = 42;
		assert_int_equal(clock_parse(times[i].text, &time, &err), STATUS_OK);
		assert_true(time == times[i].time);
	}
	assert_int_equal(clock_parse("2026-03-01T20:21:07.4412345Z", &time, &err), STATUS_OK);
	assert_true(time == 1772396467441);
}

static void test_clock_parse_anything_else_is_refused_with_the_text(void **state)
{
	static const char *const bad[] = {
		"",
		"now",
		"2026-03-01",
		"2026-03-01T20:21:07",
		"2026-03-01T20:21:07.Z",
		"2026-03-01T20:21:07.12345678Z",
		"2026-03-01T20:21:07Zx",
		"2026-03-01T20:21:07+01:00",
		"2026-3-1T20:21:07Z",
		" 2026-03-01T20:21:07Z",
		"2026-02-30T20:21:07Z",
		"2026-03-01T24:00:00Z",
		"2026-03-01T20:21:60Z",
		"2026-13-01T20:21:07Z",
		"12026-03-01T20:21:07Z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct error err = { 0 };
		int64_t time = 42;

		assert_int_equal(clock_parse(bad[i], &time, &err), STATUS_INVALID);
		assert_true(time == 42);
		assert_non_null(strstr(err.message, bad[i]));
	}
}

static void test_clock_duration_text_is_iso_8601(void **state)
{
	static const struct {
		int64_t milliseconds;
		const char *text;
	} cases[] = {
		{ 0, "PT0S" },
		{ 1, "PT0.001S" },
		{ 500, "PT0.5S" },
		{ 60000, "PT1M" },
		{ 395345, "PT6M35.345S" },
		{ 4915394, "PT1H21M55.394S" },
		{ 3600000, "PT1H" },
		{ 3600001, "PT1H0.001S" },
		{ 86400000, "P1D" },
		{ 93600000, "P1DT2H" },
		{ 86400500, "P1DT0.5S" },
		{ -1500, "-PT1.5S" },
		{ INT64_MIN, "-P106751991167DT7H12M55.808S" },
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(clock_duration_text(cases[i].milliseconds, text),
				    cases[i].text);
}

static int64_t from_context(void *context)
{
	return *(int64_t *)context;
}

static int64_t minus_one(void *context)
{
	(void)context;
	return -1;
}

static void test_clock_now_asks_the_clock_passed_in(void **state)
{
	int64_t time = 77;
	const struct clock clock = { from_context, minus_one, &time };

	(void)state;
	assert_int_equal(clock_now(&clock), 77);
	assert_int_equal(clock_monotonic(&clock), -1);
}

static void test_system_clock_is_in_this_millennium_and_does_not_go_back(void **state)
{
	(void)state;
	assert_true(clock_now(&system_clock) > times[3].time - INT64_C(100000000000));
	int64_t first = clock_monotonic(&system_clock);
	assert_true(clock_monotonic(&system_clock) >= first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_text_writes_utc_without_trailing_zeros),
		cmocka_unit_test(test_clock_text_out_of_range_stays_within_four_digit_years),
		cmocka_unit_test(test_clock_parse_reverses_clock_text),
		cmocka_unit_test(test_clock_parse_anything_else_is_refused_with_the_text),
		cmocka_unit_test(test_clock_duration_text_is_iso_8601),
		cmocka_unit_test(test_clock_now_asks_the_clock_passed_in),
		cmocka_unit_test(test_system_clock_is_in_this_millennium_and_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
