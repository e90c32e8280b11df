/* SPDX-License-Identifier: Apache-2.0 */
/* The server over real sockets: keep-alive, headers of every answer, start and stop. */
#include <setjmp.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/http.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	struct error err;
	char text[8192];
	sem_t entered, release;
};

/* "/empty" has no body; "/wait" stays in the handler until it is released; all others say their
 * method and path. */
static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	struct fixture *fixture = context;

	http_response_header(response, "x-test", "yes");
	if (strcmp(request->path, "/wait") == 0) {
		(void)sem_post(&fixture->entered);
		(void)sem_wait(&fixture->release);
	}
	if (strcmp(request->path, "/empty") == 0) {
		response->status = 202;
		return;
	}
	response->content_type = "text/plain";
	assert_int_equal(buffer_append_format(&response->body, NULL, "%s %s", request->method,
					      request->path),
			 STATUS_OK);
}

static int start(void **state)
{
	static struct fixture fixture;
	struct http_settings settings = { .address = "127.0.0.1",
					  .handler = answer,
					  .context = &fixture };

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	(void)sem_init(&fixture.entered, 0, 0);
	(void)sem_init(&fixture.release, 0, 0);
	*state = &fixture;
	return http_server_start(&settings, &fixture.server, &fixture.err) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	return 0;
}

static void test_server_many_requests_share_one_connection(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	for (int i = 0; i < 50; i++) {
		assert_true(
			http_socket_send_text(descriptor, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"));
		assert_int_equal(http_socket_receive(descriptor, false, fixture->text,
						     sizeof(fixture->text)),
				 200);
		assert_null(strcasestr(fixture->text, "\r\nConnection: close"));
		assert_string_equal(http_socket_body(fixture->text), "GET /a");
	}
	(void)close(descriptor);
}

static void test_server_posts_with_bodies_share_one_connection(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	for (int i = 0; i < 5; i++) {
		assert_true(http_socket_send_text(
			descriptor, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"));
		assert_int_equal(http_socket_receive(descriptor, false, fixture->text,
						     sizeof(fixture->text)),
				 200);
	}
	(void)close(descriptor);
}

static void assert_common_headers(const char *text)
{
	assert_non_null(strstr(text, "\r\nCache-Control: no-cache\r\n"));
	assert_non_null(strstr(text, "\r\nPragma: no-cache\r\n"));
	assert_non_null(strstr(text, "\r\nExpires: -1\r\n"));
	assert_non_null(strstr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(text, "\r\nx-ms-request-id: "));
	/* Not under plain HTTP: a browser would ignore it, and it would be untrue. */
	assert_null(strstr(text, "Strict-Transport-Security"));
}

static void test_server_answer_carries_the_common_headers(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	assert_true(http_socket_send_text(descriptor, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(
		http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text)), 200);
	assert_common_headers(fixture->text);
	assert_non_null(strstr(fixture->text, "\r\nContent-Type: text/plain\r\n"));
	assert_non_null(strstr(fixture->text, "\r\nx-test: yes\r\n"));
	(void)close(descriptor);
}

static void test_server_empty_answer_has_content_length_zero_and_no_type(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	assert_true(http_socket_send_text(descriptor, "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(
		http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text)), 202);
	assert_non_null(strstr(fixture->text, "\r\nContent-Length: 0\r\n"));
	assert_null(strstr(fixture->text, "\r\nContent-Type:"));
	assert_common_headers(fixture->text);
	(void)close(descriptor);
}

static void test_server_head_is_answered_like_get_without_body(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	assert_true(http_socket_send_text(descriptor, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(
		http_socket_receive(descriptor, true, fixture->text, sizeof(fixture->text)), 200);
	assert_non_null(strstr(fixture->text, "\r\nContent-Length: 6\r\n"));
	/* The next answer begins right behind the headers: no body was sent. */
	assert_true(http_socket_send_text(descriptor, "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(
		http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text)), 200);
	assert_string_equal(http_socket_body(fixture->text), "GET /b");
	(void)close(descriptor);
}

static void test_server_request_ids_differ(void **state)
{
	struct fixture *fixture = *state;
	int descriptor = http_socket_connect(http_server_port(fixture->server));
	char ids[2][GUID_TEXT_SIZE];

	for (int i = 0; i < 2; i++) {
		assert_true(
			http_socket_send_text(descriptor, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"));
		assert_int_equal(http_socket_receive(descriptor, false, fixture->text,
						     sizeof(fixture->text)),
				 200);
		const char *at = strstr(fixture->text, "\r\nx-ms-request-id: ");
		assert_non_null(at);
		memcpy(ids[i], at + sizeof("\r\nx-ms-request-id: ") - 1, GUID_TEXT_SIZE - 1);
		ids[i][GUID_TEXT_SIZE - 1] = '\0';
		assert_true(guid_is_valid(ids[i]));
	}
	assert_string_not_equal(ids[0], ids[1]);
	(void)close(descriptor);
}

static void *send_waiting_request(void *context)
{
	struct fixture *fixture = context;
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	(void)http_socket_send_text(descriptor, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
	unsigned status =
		http_socket_receive(descriptor, false, fixture->text, sizeof(fixture->text));
	(void)close(descriptor);
	return (void *)(uintptr_t)status;
}

static void *stop_server(void *context)
{
	struct fixture *fixture = context;

	http_server_stop(fixture->server, 60000);
	return NULL;
}

static void test_server_stop_finishes_what_was_begun(void **state)
{
	struct fixture *fixture = *state;
	pthread_t client, stopper;
	void *status = NULL;

	assert_int_equal(pthread_create(&client, NULL, send_waiting_request, fixture), 0);
	(void)sem_wait(&fixture->entered);
	assert_int_equal(pthread_create(&stopper, NULL, stop_server, fixture), 0);
	(void)sem_post(&fixture->release);
	(void)pthread_join(client, &status);
	(void)pthread_join(stopper, NULL);
	fixture->server = NULL;
	assert_int_equal((uintptr_t)status, 200);
}

static void test_server_start_port_taken_is_conflict(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = { .address = "127.0.0.1",
					  .port = http_server_port(fixture->server),
					  .handler = answer };
	struct http_server *second = NULL;

	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_CONFLICT);
	assert_null(second);
	assert_string_equal(fixture->err.cause_name, "EADDRINUSE");
}

static void test_server_start_bad_address_is_invalid(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = { .address = "localhost", .handler = answer };
	struct http_server *second = NULL;

	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_INVALID);
	assert_non_null(strstr(fixture->err.message, "localhost"));
	settings.address = "127.0.0.1";
	settings.port = 65536;
	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_INVALID);
	assert_null(second);
}

static void test_server_one_thread_serves_as_well(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = { .address = "::1", .threads = 1, .handler = answer };
	struct http_server *second = NULL;

	enum status status = http_server_start(&settings, &second, &fixture->err);
	/* A machine without IPv6 refuses the address with its own errno. */
	if (status == STATUS_INVALID)
		settings.address = "127.0.0.1",
		status = http_server_start(&settings, &second, &fixture->err);
	assert_int_equal(status, STATUS_OK);
	assert_true(http_server_port(second) > 0);
	http_server_stop(second, 0);
}

static void test_server_silent_client_is_cut_off(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = {
		.address = "127.0.0.1", .timeout_seconds = 1, .handler = answer, .context = fixture
	};
	struct http_server *second = NULL;

	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_OK);
	int descriptor = http_socket_connect(http_server_port(second));
	assert_true(http_socket_send_text(descriptor, "GET /a HTTP/1.1\r\nHo"));
	assert_true(http_socket_is_closed(descriptor));
	(void)close(descriptor);
	http_server_stop(second, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_server_many_requests_share_one_connection,
						start, stop),
		cmocka_unit_test_setup_teardown(test_server_posts_with_bodies_share_one_connection,
						start, stop),
		cmocka_unit_test_setup_teardown(test_server_answer_carries_the_common_headers,
						start, stop),
		cmocka_unit_test_setup_teardown(
			test_server_empty_answer_has_content_length_zero_and_no_type, start, stop),
		cmocka_unit_test_setup_teardown(test_server_head_is_answered_like_get_without_body,
						start, stop),
		cmocka_unit_test_setup_teardown(test_server_request_ids_differ, start, stop),
		cmocka_unit_test_setup_teardown(test_server_stop_finishes_what_was_begun, start,
						stop),
		cmocka_unit_test_setup_teardown(test_server_start_port_taken_is_conflict, start,
						stop),
		cmocka_unit_test_setup_teardown(test_server_start_bad_address_is_invalid, start,
						stop),
		cmocka_unit_test_setup_teardown(test_server_one_thread_serves_as_well, start, stop),
		cmocka_unit_test_setup_teardown(test_server_silent_client_is_cut_off, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
