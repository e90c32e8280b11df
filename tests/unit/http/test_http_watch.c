/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are too many or too slow. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/http.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

enum { CONNECTIONS = 4, PER_ADDRESS = 3 };

struct fixture {
	struct http_server *server;
	char text[8192];
};

static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	(void)context;
	(void)request;
	response->status = 200;
}

static void refuse(void *context, const struct http_request *request,
		   struct http_response *response)
{
	(void)context;
	/* Whoever is asked may look at any of them. */
	assert_non_null(request->method);
	assert_non_null(request->path);
	assert_non_null(request->host);
	response->content_type = "text/plain";
	http_response_header(response, "x-test", request->request_id);
	assert_int_equal(
		buffer_append_format(&response->body, NULL, "too late %u", response->status),
		STATUS_OK);
}

static int start_with(void **state, unsigned connections, unsigned per_address)
{
	static struct fixture fixture;
	const struct http_settings settings = { .address = "127.0.0.1",
						.max_connections = connections,
						.max_connections_per_address = per_address,
						.timeout_seconds = 1,
						.request_seconds = 1,
						.handler = answer,
						.refuse = refuse,
						.context = &fixture };

	log_set_level(LOG_LEVEL_ERROR);
	*state = &fixture;
	return http_server_start(&settings, &fixture.server, NULL) == STATUS_OK ? 0 : -1;
}

static int start(void **state)
{
	return start_with(state, 0, 0);
}

static int start_few(void **state)
{
	return start_with(state, CONNECTIONS, 2 * CONNECTIONS);
}

static int start_few_per_address(void **state)
{
	return start_with(state, 2 * CONNECTIONS, PER_ADDRESS);
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	return 0;
}

/* Sends @head, then @piece again and again, never pausing as long as the idle timeout, until the
 * server has something to say or closes. */
static unsigned trickle(struct fixture *fixture, const char *head, const char *piece)
{
	int descriptor = http_socket_connect(http_server_port(fixture->server));
	struct pollfd watched = { .fd = descriptor, .events = POLLIN };
	bool is_open = http_socket_send_text(descriptor, head);

	while (is_open && poll(&watched, 1, 100) == 0)
		is_open = http_socket_send_text(descriptor, piece);

	unsigned status =
		http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text));
	assert_true(http_socket_is_closed(descriptor));
	(void)close(descriptor);
	return status;
}

static void test_watch_trickled_headers_are_cut_off_with_408(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(trickle(fixture, "GET / HTTP/1.1\r\nHost: h\r\n", "X-A: b\r\n"), 408);
	assert_non_null(strstr(fixture->text, "\r\nx-ms-request-id: "));
	assert_non_null(strstr(fixture->text, "\r\nx-test: "));
	assert_string_equal(http_socket_body(fixture->text), "too late 408");
}

static void test_watch_trickled_request_line_is_cut_off(void **state)
{
	assert_int_equal(trickle(*state, "GET /", "a"), 408);
}

static void test_watch_trickled_body_is_cut_off(void **state)
{
	assert_int_equal(
		trickle(*state, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n", "{"),
		408);
	assert_int_equal(trickle(*state,
				 "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
				 "1\r\na\r\n"),
			 408);
}

/* Each request has its own time. */
static void test_watch_a_busy_connection_lives_on(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));
	int64_t end = clock_monotonic(&system_clock) + 2500;

	do {
		struct pollfd watched = { .fd = descriptor, .events = POLLIN };

		assert_true(
			http_socket_send_text(descriptor, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"));
		assert_int_equal(http_socket_receive(descriptor, false, fixture->text,
						     sizeof(fixture->text)),
				 200);
		assert_int_equal(poll(&watched, 1, 100), 0);
	} while (clock_monotonic(&system_clock) < end);
	(void)close(descriptor);
}

static unsigned get(struct fixture *fixture, int descriptor)
{
	assert_true(http_socket_send_text(descriptor, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	return http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text));
}

/* Answers of the connections that were opened one after the other; they stay open meanwhile. */
static void answers_of(struct fixture *fixture, unsigned *answers, size_t count)
{
	int descriptors[2 * CONNECTIONS];

	for (size_t i = 0; i < count; i++) {
		descriptors[i] = http_socket_connect(http_server_port(fixture->server));
		answers[i] = get(fixture, descriptors[i]);
	}
	for (size_t i = 0; i < count; i++)
		(void)close(descriptors[i]);
}

static void test_watch_connections_over_the_limit_get_503(void **state)
{
	unsigned answers[CONNECTIONS + 1];
	struct fixture *fixture = *state;

	answers_of(fixture, answers, CONNECTIONS + 1);
	for (size_t i = 0; i < CONNECTIONS; i++)
		assert_int_equal(answers[i], 200);
	assert_int_equal(answers[CONNECTIONS], 503);
	assert_non_null(strcasestr(fixture->text, "\r\nConnection: close"));
}

static void test_watch_connections_of_one_address_over_the_limit_get_429(void **state)
{
	unsigned answers[PER_ADDRESS + 1];
	struct fixture *fixture = *state;

	answers_of(fixture, answers, PER_ADDRESS + 1);
	for (size_t i = 0; i < PER_ADDRESS; i++)
		assert_int_equal(answers[i], 200);
	assert_int_equal(answers[PER_ADDRESS], 429);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_watch_trickled_headers_are_cut_off_with_408,
						start, stop),
		cmocka_unit_test_setup_teardown(test_watch_trickled_request_line_is_cut_off, start,
						stop),
		cmocka_unit_test_setup_teardown(test_watch_trickled_body_is_cut_off, start, stop),
		cmocka_unit_test_setup_teardown(test_watch_a_busy_connection_lives_on, start, stop),
		cmocka_unit_test_setup_teardown(test_watch_connections_over_the_limit_get_503,
						start_few, stop),
		cmocka_unit_test_setup_teardown(
			test_watch_connections_of_one_address_over_the_limit_get_429,
			start_few_per_address, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
