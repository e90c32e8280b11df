/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: what a header may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/http.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static void test_header_is_kept_in_order(void **state)
{
	struct http_response response;

	(void)state;
	http_response_init(&response, 202);
	http_response_header(&response, "Location", "https://h/x");
	http_response_header(&response, "Retry-After", "5");
	assert_int_equal(response.status, 202);
	assert_int_equal(response.header_count, 2);
	assert_string_equal(response.headers[0].name, "Location");
	assert_string_equal(response.headers[1].value, "5");
	http_response_done(&response);
}

static void test_header_with_line_break_is_left_out(void **state)
{
	struct http_response response;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	http_response_init(&response, 200);
	http_response_header(&response, "x-a", "1\r\nSet-Cookie: a=b");
	assert_int_equal(response.header_count, 0);
	http_response_done(&response);
}

static void test_header_that_is_too_long_is_left_out(void **state)
{
	struct http_response response;
	char value[sizeof(response.headers[0].value) + 1];

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	http_response_init(&response, 200);
	http_response_header(&response, "x-a", value);
	assert_int_equal(response.header_count, 0);
	value[sizeof(value) - 2] = '\0';
	http_response_header(&response, "x-a", value);
	assert_int_equal(response.header_count, 1);
	http_response_done(&response);
}

static void test_header_beyond_the_room_is_left_out(void **state)
{
	struct http_response response;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	http_response_init(&response, 200);
	for (int i = 0; i < HTTP_RESPONSE_HEADERS_MAX + 3; i++)
		http_response_header(&response, "x-a", "1");
	assert_int_equal(response.header_count, HTTP_RESPONSE_HEADERS_MAX);
	http_response_done(&response);
	http_response_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_is_kept_in_order),
		cmocka_unit_test(test_header_with_line_break_is_left_out),
		cmocka_unit_test(test_header_that_is_too_long_is_left_out),
		cmocka_unit_test(test_header_beyond_the_room_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
