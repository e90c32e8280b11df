/* SPDX-License-Identifier: Apache-2.0 */
/* Requests over real sockets: limits, decoding, bodies, look-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/http.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	struct error err;
	int descriptor;
	unsigned handled; /* requests that reached the handler */
	char text[16384];
	char path[256], query[256], header[256];
	size_t query_count; /* of api-version */
	size_t body_length;
	bool body_is_right;
};

static void copy_text(char out[256], const char *text)
{
	(void)snprintf(out, 256, "%s", text == NULL ? "(none)" : text);
}

static void note(void *context, const struct http_request *request, struct http_response *response)
{
	struct fixture *fixture = context;
	const char *body = request->body;

	(void)response;
	fixture->handled++;
	copy_text(fixture->path, request->path);
	copy_text(fixture->query, http_request_query(request, "api-version"));
	fixture->query_count = http_request_query_count(request, "api-version");
	copy_text(fixture->header, http_request_header(request, "X-Some-Header"));
	fixture->body_length = request->body_length;
	fixture->body_is_right = true;
	for (size_t i = 0; i < request->body_length; i++)
		fixture->body_is_right = fixture->body_is_right && body[i] == 'x';
}

static void refuse(void *context, const struct http_request *request,
		   struct http_response *response)
{
	(void)context;
	(void)request;
	assert_int_equal(
		buffer_append_format(&response->body, NULL, "refused %u", response->status),
		STATUS_OK);
}

static int start(void **state)
{
	static struct fixture fixture;
	struct http_settings settings = {
		.address = "127.0.0.1", .handler = note, .refuse = refuse, .context = &fixture
	};

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	*state = &fixture;
	if (http_server_start(&settings, &fixture.server, &fixture.err) != STATUS_OK)
		return -1;
	fixture.descriptor = http_socket_connect(http_server_port(fixture.server));
	return fixture.descriptor < 0 ? -1 : 0;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	(void)close(fixture->descriptor);
	http_server_stop(fixture->server, 1000);
	return 0;
}

static unsigned receive(struct fixture *fixture)
{
	return http_socket_receive(fixture->descriptor, false, fixture->text,
				   sizeof(fixture->text));
}

/* The status of a GET of @target. */
static unsigned get(struct fixture *fixture, const char *target)
{
	assert_true(http_socket_send_text(fixture->descriptor, "GET "));
	assert_true(http_socket_send_text(fixture->descriptor, target));
	assert_true(http_socket_send_text(fixture->descriptor, " HTTP/1.1\r\nHost: h\r\n\r\n"));
	return receive(fixture);
}

static void make_text(char *text, size_t length)
{
	memset(text, 'a', length);
	text[0] = '/';
	text[length] = '\0';
}

static void test_request_url_at_the_limit_is_served(void **state)
{
	struct fixture *fixture = *state;
	char target[HTTP_URL_MAX + 2];

	make_text(target, HTTP_URL_MAX);
	assert_int_equal(get(fixture, target), 200);
}

static void test_request_url_over_the_limit_is_414(void **state)
{
	struct fixture *fixture = *state;
	char target[HTTP_URL_MAX + 2];

	make_text(target, HTTP_URL_MAX + 1);
	assert_int_equal(get(fixture, target), 414);
	assert_string_equal(http_socket_body(fixture->text), "refused 414");
	assert_int_equal(fixture->handled, 0);
}

static void test_request_headers_at_and_over_the_limit(void **state)
{
	struct fixture *fixture = *state;
	/* "Host: h\r\n" and "X-A: ...\r\n" around the value. */
	size_t fixed = sizeof("Host: h\r\nX-A: \r\n") - 1;
	static char value[HTTP_HEADERS_MAX + 2];

	for (size_t over = 0; over < 2; over++) {
		make_text(value, HTTP_HEADERS_MAX - fixed + over);
		assert_true(http_socket_send_text(fixture->descriptor,
						  "GET / HTTP/1.1\r\nHost: h\r\nX-A: "));
		assert_true(http_socket_send_text(fixture->descriptor, value));
		assert_true(http_socket_send_text(fixture->descriptor, "\r\n\r\n"));
		assert_int_equal(receive(fixture), over == 0 ? 200 : 431);
	}
	assert_string_equal(http_socket_body(fixture->text), "refused 431");
	assert_int_equal(fixture->handled, 1);
}

/* Too much even for the memory of a connection: the library answers by itself. */
static void test_request_far_over_the_limits_is_refused_all_the_same(void **state)
{
	struct fixture *fixture = *state;
	static char value[200000];

	make_text(value, sizeof(value) - 1);
	(void)(http_socket_send_text(fixture->descriptor, "GET / HTTP/1.1\r\nHost: h\r\nX-A: ") &&
	       http_socket_send_text(fixture->descriptor, value));
	assert_true(http_socket_is_refused(fixture->descriptor));
	(void)close(fixture->descriptor);
	fixture->descriptor = http_socket_connect(http_server_port(fixture->server));
	(void)(http_socket_send_text(fixture->descriptor, "GET ") &&
	       http_socket_send_text(fixture->descriptor, value));
	assert_true(http_socket_is_refused(fixture->descriptor));
	assert_int_equal(fixture->handled, 0);
}

static void test_request_path_is_decoded_once(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(get(fixture, "/a%20b/%C3%A9%2525"), 200);
	assert_string_equal(fixture->path, "/a b/\xc3\xa9%25");
}

static void test_request_path_that_is_malformed_is_400(void **state)
{
	static const char *const targets[] = {
		"/a%00b", "/a%0ab",   "/a%7Fb",  "/%1f", "/%zz",
		"/%4",    "/a?x=%00", "/%ff%fe", "*",    "a",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		assert_int_equal(get(fixture, targets[i]), 400);
		assert_string_equal(http_socket_body(fixture->text), "refused 400");
	}
	assert_int_equal(fixture->handled, 0);
}

static void test_request_host_with_foreign_characters_is_400(void **state)
{
	struct fixture *fixture = *state;

	assert_true(http_socket_send_text(fixture->descriptor,
					  "GET / HTTP/1.1\r\nHost: a/b?c\r\n\r\n"));
	assert_int_equal(receive(fixture), 400);
	assert_int_equal(fixture->handled, 0);
}

static void test_request_query_and_header_are_found_in_any_case(void **state)
{
	struct fixture *fixture = *state;

	assert_true(http_socket_send_text(fixture->descriptor,
					  "GET /a?x=1&API-Version=2018%2D09-01 HTTP/1.1\r\nHost: "
					  "h\r\nx-some-HEADER: v\r\n\r\n"));
	assert_int_equal(receive(fixture), 200);
	assert_string_equal(fixture->query, "2018-09-01");
	assert_string_equal(fixture->header, "v");
	assert_int_equal(get(fixture, "/a?api-version"), 200);
	assert_string_equal(fixture->query, "");
	assert_int_equal(get(fixture, "/a"), 200);
	assert_string_equal(fixture->query, "(none)");
	assert_int_equal(fixture->query_count, 0);
	assert_string_equal(fixture->header, "(none)");
	assert_int_equal(get(fixture, "/a?api-version=1&b=1&Api-Version=2"), 200);
	assert_string_equal(fixture->query, "1");
	assert_int_equal(fixture->query_count, 2);
}

static void send_body(struct fixture *fixture, size_t length)
{
	char head[128];
	AUTO_FREE char *body = malloc(length);

	assert_non_null(body);
	memset(body, 'x', length);
	(void)snprintf(head, sizeof(head),
		       "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", length);
	assert_true(http_socket_send_text(fixture->descriptor, head));
	(void)http_socket_send(fixture->descriptor, body, length);
}

static void test_request_body_at_the_limit_arrives_whole(void **state)
{
	struct fixture *fixture = *state;

	send_body(fixture, HTTP_BODY_MAX);
	assert_int_equal(receive(fixture), 200);
	assert_int_equal(fixture->body_length, HTTP_BODY_MAX);
	assert_true(fixture->body_is_right);
}

static void test_request_body_over_the_limit_is_413_and_keeps_the_connection(void **state)
{
	struct fixture *fixture = *state;

	send_body(fixture, HTTP_BODY_MAX + 1);
	assert_int_equal(receive(fixture), 413);
	assert_string_equal(http_socket_body(fixture->text), "refused 413");
	assert_int_equal(fixture->handled, 0);
	assert_int_equal(get(fixture, "/after"), 200);
}

static void test_request_body_announced_huge_is_413_before_it_is_sent(void **state)
{
	struct fixture *fixture = *state;

	assert_true(http_socket_send_text(
		fixture->descriptor,
		"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n"));
	assert_int_equal(receive(fixture), 413);
}

static void test_request_body_with_expectation_is_413_before_it_is_sent(void **state)
{
	struct fixture *fixture = *state;

	assert_true(http_socket_send_text(fixture->descriptor,
					  "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: "
					  "1048577\r\nExpect: 100-continue\r\n\r\n"));
	assert_int_equal(receive(fixture), 413);
}

static void test_request_chunked_body_is_bounded_too(void **state)
{
	struct fixture *fixture = *state;
	static char chunk[65536];

	memset(chunk, 'x', sizeof(chunk));
	for (int chunks = 16; chunks <= 17; chunks++) {
		assert_true(http_socket_send_text(
			fixture->descriptor,
			"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
		for (int i = 0; i < chunks; i++) {
			assert_true(http_socket_send_text(fixture->descriptor, "10000\r\n"));
			assert_true(http_socket_send(fixture->descriptor, chunk, sizeof(chunk)));
			assert_true(http_socket_send_text(fixture->descriptor, "\r\n"));
		}
		assert_true(http_socket_send_text(fixture->descriptor, "0\r\n\r\n"));
		assert_int_equal(receive(fixture), chunks == 16 ? 200 : 413);
	}
	assert_int_equal(fixture->handled, 1);
	assert_int_equal(fixture->body_length, HTTP_BODY_MAX);
}

static void test_request_endless_chunked_body_is_cut_off(void **state)
{
	struct fixture *fixture = *state;
	static char chunk[65536];
	bool is_open = true;

	memset(chunk, 'x', sizeof(chunk));
	assert_true(http_socket_send_text(
		fixture->descriptor,
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
	/* 64 MiB: far more than any buffers on the way can hold. */
	for (int i = 0; i < 1024 && is_open; i++)
		is_open = http_socket_send_text(fixture->descriptor, "10000\r\n") &&
			  http_socket_send(fixture->descriptor, chunk, sizeof(chunk)) &&
			  http_socket_send_text(fixture->descriptor, "\r\n");
	assert_false(is_open);
	assert_int_equal(fixture->handled, 0);
}

static void test_request_lists_are_looked_up_without_a_connection(void **state)
{
	const struct http_pair headers[] = { { "Authorization", "Bearer x" } };
	const struct http_pair query[] = { { "$top", "1" }, { "$top", "2" } };
	const struct http_request request = {
		.headers = headers, .header_count = 1, .query = query, .query_count = 2
	};

	(void)state;
	assert_string_equal(http_request_header(&request, "authorization"), "Bearer x");
	assert_string_equal(http_request_query(&request, "$TOP"), "1");
	assert_null(http_request_query(&request, "Authorization"));
	assert_int_equal(http_request_query_count(&request, "$TOP"), 2);
	assert_int_equal(http_request_query_count(&request, "$skip"), 0);
	assert_null(http_request_header(&request, "$top"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request_url_at_the_limit_is_served, start,
						stop),
		cmocka_unit_test_setup_teardown(test_request_url_over_the_limit_is_414, start,
						stop),
		cmocka_unit_test_setup_teardown(test_request_headers_at_and_over_the_limit, start,
						stop),
		cmocka_unit_test_setup_teardown(
			test_request_far_over_the_limits_is_refused_all_the_same, start, stop),
		cmocka_unit_test_setup_teardown(test_request_path_is_decoded_once, start, stop),
		cmocka_unit_test_setup_teardown(test_request_path_that_is_malformed_is_400, start,
						stop),
		cmocka_unit_test_setup_teardown(test_request_host_with_foreign_characters_is_400,
						start, stop),
		cmocka_unit_test_setup_teardown(test_request_query_and_header_are_found_in_any_case,
						start, stop),
		cmocka_unit_test_setup_teardown(test_request_body_at_the_limit_arrives_whole, start,
						stop),
		cmocka_unit_test_setup_teardown(
			test_request_body_over_the_limit_is_413_and_keeps_the_connection, start,
			stop),
		cmocka_unit_test_setup_teardown(
			test_request_body_announced_huge_is_413_before_it_is_sent, start, stop),
		cmocka_unit_test_setup_teardown(
			test_request_body_with_expectation_is_413_before_it_is_sent, start, stop),
		cmocka_unit_test_setup_teardown(test_request_chunked_body_is_bounded_too, start,
						stop),
		cmocka_unit_test_setup_teardown(test_request_endless_chunked_body_is_cut_off, start,
						stop),
		cmocka_unit_test(test_request_lists_are_looked_up_without_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
