/* SPDX-License-Identifier: Apache-2.0 */
/* Callers who ask too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../../src/api/api_rates.h"
#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define READS "x-ms-ratelimit-remaining-subscription-reads"
#define WRITES "x-ms-ratelimit-remaining-subscription-writes"

static void test_rates_bucket_empties_and_fills(void **state)
{
	struct api_rates *rates = api_rates_new();
	struct api_rate_answer answer = { .is_allowed = false };

	(void)state;
	assert_non_null(rates);
	for (unsigned left = 6; left-- > 0;) {
		answer = api_rates_take(rates, API_RATE_READS, "a", 6, 1000);
		assert_true(answer.is_allowed);
		assert_int_equal(answer.remaining, left);
	}
	answer = api_rates_take(rates, API_RATE_READS, "a", 6, 1000);
	assert_false(answer.is_allowed);
	assert_in_range(answer.retry_after, 10, 11);
	/* Other callers and other kinds have buckets of their own. */
	assert_true(api_rates_take(rates, API_RATE_READS, "b", 6, 1000).is_allowed);
	assert_true(api_rates_take(rates, API_RATE_WRITES, "a", 6, 1000).is_allowed);
	/* One in ten seconds; a refused one costs nothing. */
	assert_false(api_rates_take(rates, API_RATE_READS, "a", 6, 10999).is_allowed);
	assert_true(api_rates_take(rates, API_RATE_READS, "a", 6, 11001).is_allowed);
	assert_false(api_rates_take(rates, API_RATE_READS, "a", 6, 11001).is_allowed);
	/* It never holds more than a minute's. */
	assert_int_equal(api_rates_take(rates, API_RATE_READS, "a", 6, 10000000).remaining, 5);
	/* A clock that went back is no reason to refuse. */
	assert_true(api_rates_take(rates, API_RATE_READS, "a", 6, 0).is_allowed);
	api_rates_free(rates);
}

static void test_rates_many_callers_do_not_grow_the_table(void **state)
{
	struct api_rates *rates = api_rates_new();
	char name[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof(name), "caller-%d", i);
		assert_true(api_rates_take(rates, API_RATE_READS, name, 2, i).is_allowed);
	}
	api_rates_free(rates);
}

static void test_rates_addresses_of_one_network_are_one(void **state)
{
	static const struct {
		const char *address, *text;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1" },
		{ "2001:db8:1:2:3::4", "20010db800010002" },
		{ "2001:db8:1:2::", "20010db800010002" },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
		{ "", "" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(api_rates_address(cases[i].address, text), cases[i].text);
}

static void test_call_reads_over_the_rate_are_429(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->config.http.limits.reads_per_minute = 2;
	for (int left = 1; left >= 0; left--) {
		char text[8];

		assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
		(void)snprintf(text, sizeof(text), "%d", left);
		assert_string_equal(api_fixture_header(fixture, READS), text);
		assert_null(api_fixture_header(fixture, WRITES));
	}
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 429);
	assert_string_equal(api_fixture_code(fixture), "TooManyRequests");
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "31");
	assert_string_equal(api_fixture_header(fixture, READS), "0");
	/* Writes and other callers are not affected. */
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 400);
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
}

static void test_call_writes_over_the_rate_are_429_and_do_nothing(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->config.http.limits.writes_per_minute = 1;
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 400);
	assert_string_equal(api_fixture_header(fixture, WRITES), "0");
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 429);
	assert_string_equal(api_fixture_header(fixture, "Retry-After"), "61");
}

static void test_call_failed_authentications_are_429_and_keep_nobody_out(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->config.http.limits.failed_authentications_per_minute = 2;
	fixture->sent_authorization = "Bearer wrong";
	for (int i = 0; i < 2; i++)
		assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 401);
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 429);
	assert_non_null(api_fixture_header(fixture, "Retry-After"));
	assert_int_equal(api_fixture_call(fixture, "GET", "/nowhere", NULL), 429);
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
}

static void test_call_open_routes_are_counted_by_address(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->config.http.limits.reads_per_minute = 1;
	fixture->sent_authorization = NULL;
	assert_int_equal(api_fixture_call(fixture, "GET", "/healthz", NULL), 200);
	assert_int_equal(api_fixture_call(fixture, "GET", "/healthz", NULL), 429);
}

static void test_call_without_a_limit_says_nothing(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
	assert_null(api_fixture_header(fixture, READS));
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates_bucket_empties_and_fills),
		cmocka_unit_test(test_rates_many_callers_do_not_grow_the_table),
		cmocka_unit_test(test_rates_addresses_of_one_network_are_one),
		FIXTURE_TEST(test_call_reads_over_the_rate_are_429),
		FIXTURE_TEST(test_call_writes_over_the_rate_are_429_and_do_nothing),
		FIXTURE_TEST(test_call_failed_authentications_are_429_and_keep_nobody_out),
		FIXTURE_TEST(test_call_open_routes_are_counted_by_address),
		FIXTURE_TEST(test_call_without_a_limit_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
