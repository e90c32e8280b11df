/* SPDX-License-Identifier: Apache-2.0 */
/* What the request line and the headers must be, over real sockets. */
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
	int descriptor;
	unsigned handled; /* requests that reached the handler */
	char text[32768];
	char path[256], host[256], doubled[256];
};

static void note(void *context, const struct http_request *request, struct http_response *response)
{
	struct fixture *fixture = context;
	const char *doubled = http_request_query_doubled(request);

	(void)response;
	fixture->handled++;
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s", request->path);
	(void)snprintf(fixture->host, sizeof(fixture->host), "%s", request->host);
	(void)snprintf(fixture->doubled, sizeof(fixture->doubled), "%s",
		       doubled == NULL ? "" : doubled);
}

static void refuse(void *context, const struct http_request *request,
		   struct http_response *response)
{
	(void)context;
	assert_int_equal(buffer_append_format(&response->body, NULL, "%u %s", response->status,
					      request->refusal == NULL ? "-" : request->refusal),
			 STATUS_OK);
}

static int start(void **state)
{
	static struct fixture fixture;
	const struct http_settings settings = { .address = "127.0.0.1",
						.timeout_seconds = 1,
						.handler = note,
						.refuse = refuse,
						.context = &fixture };

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	*state = &fixture;
	if (http_server_start(&settings, &fixture.server, NULL) != STATUS_OK)
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

/* The status of the answer to @text. */
static unsigned ask(struct fixture *fixture, const char *text)
{
	assert_true(http_socket_send_text(fixture->descriptor, text));
	return http_socket_receive(fixture->descriptor, false, fixture->text,
				   sizeof(fixture->text));
}

static unsigned get(struct fixture *fixture, const char *target)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
	return ask(fixture, text);
}

static void test_check_absolute_form_names_path_and_host(void **state)
{
	static const struct {
		const char *target, *path, *host;
	} cases[] = {
		{ "http://other:8443/a/b?x=1", "/a/b", "other:8443" },
		{ "HTTPS://[::1]/a%20b", "/a b", "[::1]" },
		{ "http://other", "/", "other" },
		{ "http://other?x=1", "/", "other" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(get(fixture, cases[i].target), 200);
		assert_string_equal(fixture->path, cases[i].path);
		assert_string_equal(fixture->host, cases[i].host);
	}
	assert_int_equal(get(fixture, "/c"), 200);
	assert_string_equal(fixture->host, "h");
}

static void test_check_bad_targets_are_400(void **state)
{
	static const char *const targets[] = {
		"http:///a", "http://a%2fb/c", "http://user@h/", "ftp://h/a", "h:80",
		"/a%2Fb",    "/a%2fb",         "/a%5cb",         "/a%5Cb",    "*",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++)
		assert_int_equal(get(fixture, targets[i]), 400);
	assert_int_equal(fixture->handled, 0);
	/* A filter may name a path, and dots are no more than a name. */
	assert_int_equal(get(fixture, "/a?x=b%2Fc"), 200);
	assert_int_equal(get(fixture, "/a/../b"), 200);
	assert_string_equal(fixture->path, "/a/../b");
}

static void test_check_missing_host_is_400_since_http_1_1(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\n\r\n"), 400);
	assert_string_equal(http_socket_body(fixture->text), "400 -");
	assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
	assert_int_equal(ask(fixture, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
	assert_string_equal(http_socket_body(fixture->text), "400 -");
	assert_int_equal(fixture->handled, 0);
	assert_int_equal(ask(fixture, "GET http://other/ HTTP/1.1\r\n\r\n"), 200);
	assert_string_equal(fixture->host, "other");
	assert_int_equal(ask(fixture, "GET / HTTP/1.0\r\n\r\n"), 200);
}

static void reconnect(struct fixture *fixture)
{
	(void)close(fixture->descriptor);
	fixture->descriptor = http_socket_connect(http_server_port(fixture->server));
}

/* Over before its headers were complete, or refused by the library alone: what was begun must end
 * with it, or memory and the orderly stop would wait for it for ever. The sanitizer and valgrind
 * see the first. */
static void test_check_what_the_handler_never_saw_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	char text[8192];
	size_t used = (size_t)snprintf(text, sizeof(text), "GET /?a");

	/* More parameters than there is memory for in a connection. */
	while (used < 7000)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "&aaaaaaa=b");
	(void)snprintf(text + used, sizeof(text) - used, " HTTP/1.1\r\nHost: h\r\n\r\n");
	for (int i = 0; i < 3; i++) {
		assert_true(http_socket_send_text(fixture->descriptor, text));
		assert_true(http_socket_is_refused(fixture->descriptor));
		reconnect(fixture);
		assert_true(http_socket_send_text(fixture->descriptor,
						  "GET / HTTP/1.1\r\nHost: h\r\n"));
		reconnect(fixture);
	}
	assert_int_equal(fixture->handled, 0);
}

static void test_check_doubled_host_and_authorization_are_400(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
	assert_int_equal(ask(fixture, "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\n"
				      "Authorization: y\r\n\r\n"),
			 400);
	assert_string_equal(http_socket_body(fixture->text),
			    "400 Host, Authorization, Content-Type, If-Match and "
			    "If-None-Match may be sent once");
	assert_int_equal(fixture->handled, 0);
}

/* What follows an ambiguous body may be somebody's second request. */
static void test_check_ambiguous_framing_is_400_and_closes(void **state)
{
	static const char *const headers[] = {
		"Content-Length: 0\r\nContent-Length: 29\r\n",
		"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
	};
	struct fixture *fixture = *state;
	char text[256];

	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		(void)snprintf(text, sizeof(text),
			       "PUT / HTTP/1.1\r\nHost: h\r\n%s\r\n0\r\n\r\nGET /smuggled "
			       "HTTP/1.1\r\nHost: h\r\n\r\n",
			       headers[i]);
		assert_int_equal(ask(fixture, text), 400);
		assert_non_null(strcasestr(fixture->text, "\r\nConnection: close"));
		assert_true(http_socket_is_closed(fixture->descriptor));
		(void)close(fixture->descriptor);
		fixture->descriptor = http_socket_connect(http_server_port(fixture->server));
	}
	assert_int_equal(fixture->handled, 0);
}

static void test_check_number_of_headers_at_and_over_the_limit(void **state)
{
	struct fixture *fixture = *state;
	char text[4096];

	for (int over = 0; over < 2; over++) {
		size_t used = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n");

		for (int i = 1; i < HTTP_HEADER_COUNT_MAX + over; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "X-%d: a\r\n",
						 i);
		(void)snprintf(text + used, sizeof(text) - used, "\r\n");
		assert_int_equal(ask(fixture, text), over == 0 ? 200 : 431);
	}
}

static void test_check_number_of_query_parameters_at_and_over_the_limit(void **state)
{
	struct fixture *fixture = *state;
	char target[1024];

	for (int over = 0; over < 2; over++) {
		size_t used = (size_t)snprintf(target, sizeof(target), "/?a");

		for (int i = 1; i < HTTP_QUERY_COUNT_MAX + over; i++)
			used += (size_t)snprintf(target + used, sizeof(target) - used, "&a%d=1", i);
		assert_int_equal(get(fixture, target), over == 0 ? 200 : 400);
	}
}

static void test_check_doubled_query_parameter_is_named(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(get(fixture, "/?a=1&b=2"), 200);
	assert_string_equal(fixture->doubled, "");
	assert_int_equal(get(fixture, "/?a=1&b=2&A=1"), 200);
	assert_true(text_equal_ignoring_case(fixture->doubled, "a"));
}

static void test_check_expectation_is_met_or_417(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(ask(fixture, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: "
				      "something\r\n\r\n"),
			 417);
	(void)close(fixture->descriptor);
	fixture->descriptor = http_socket_connect(http_server_port(fixture->server));
	assert_int_equal(ask(fixture, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: "
				      "100-Continue\r\n\r\n"),
			 100);
	assert_int_equal(ask(fixture, "{}"), 200);
	assert_int_equal(fixture->handled, 1);
}

#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(test_check_absolute_form_names_path_and_host),
		CHECK_TEST(test_check_bad_targets_are_400),
		CHECK_TEST(test_check_missing_host_is_400_since_http_1_1),
		CHECK_TEST(test_check_what_the_handler_never_saw_leaves_nothing),
		CHECK_TEST(test_check_doubled_host_and_authorization_are_400),
		CHECK_TEST(test_check_ambiguous_framing_is_400_and_closes),
		CHECK_TEST(test_check_number_of_headers_at_and_over_the_limit),
		CHECK_TEST(test_check_number_of_query_parameters_at_and_over_the_limit),
		CHECK_TEST(test_check_doubled_query_parameter_is_named),
		CHECK_TEST(test_check_expectation_is_met_or_417),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
