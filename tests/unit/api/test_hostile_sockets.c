/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that mean no good over real connections: HOSTILE_CONNECTIONS of them (60) from
 * HOSTILE_SEED (1), with one to four requests each, pipelined, chunked, in pieces, bent, cut off.
 * Every answer is one of the error table's or of the library's own refusals, no connection stays
 * open, and the service answers afterwards as before. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/api/hostile_draw.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

enum {
	CONNECTIONS_DEFAULT = 60,
	REQUESTS_MAX = 4,
	RAW_SIZE = 128 << 10,
	ANSWER_SIZE = 4 << 20,
	/* ms: far longer than the server lets a connection live; only a hang takes it. */
	HANG = 60000,
	SETTLE_EVERY = 20,
};

struct fixture {
	struct hostile_world *world;
	struct http_server *server;
	struct hostile_draw draw;
	struct hostile_request request;
	char raw[RAW_SIZE];
	size_t raw_length;
	char *answer;
	size_t counts[600];
	size_t own_pages; /* of libmicrohttpd */
};

static size_t number_of(const char *name, size_t standard)
{
	const char *text = getenv(name);

	return text == NULL ? standard : strtoul(text, NULL, 10);
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	void *world = NULL;

	assert_non_null(fixture);
	fixture->answer = malloc(ANSWER_SIZE);
	assert_non_null(fixture->answer);
	assert_int_equal(hostile_world_start(&world), 0);
	fixture->world = world;

	const struct http_settings settings = { .address = "127.0.0.1",
						.timeout_seconds = 1,
						.request_seconds = 1,
						.handler = api_handle,
						.refuse = api_refuse,
						.context = fixture->world->api };

	*state = fixture;
	return http_server_start(&settings, &fixture->server, NULL) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;
	void *world = fixture->world;

	http_server_stop(fixture->server, 3000);
	int result = hostile_world_stop(&world);
	free(fixture->answer);
	free(fixture);
	return result;
}

static void add(struct fixture *fixture, const char *data, size_t length)
{
	if (length > RAW_SIZE - fixture->raw_length)
		return;
	memcpy(fixture->raw + fixture->raw_length, data, length);
	fixture->raw_length += length;
}

static void add_text(struct fixture *fixture, const char *text)
{
	add(fixture, text, strlen(text));
}

/* Escaped as a client does it, or, now and then, as it is. */
static void add_escaped(struct fixture *fixture, const char *text, const char *plain)
{
	bool is_raw = hostile_percent(&fixture->draw, 3);

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		char escaped[4];
		bool is_plain = byte < 0x80 &&
				(strchr(plain, byte) != NULL || (byte >= '0' && byte <= '9') ||
				 (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'));

		(void)snprintf(escaped, sizeof(escaped), "%%%02X", byte);
		if (is_plain || is_raw)
			add(fixture, text, 1);
		else
			add_text(fixture, escaped);
	}
}

static void add_target(struct fixture *fixture)
{
	const struct hostile_request *request = &fixture->request;

	if (hostile_percent(&fixture->draw, 5))
		add_text(fixture, "http://absolute.example.com:8443");
	add_escaped(fixture, request->path, "/-._~");
	for (size_t i = 0; i < request->query_count; i++) {
		add_text(fixture, i == 0 ? "?" : "&");
		add_escaped(fixture, request->query[i].name, "$-._~");
		add_text(fixture, "=");
		add_escaped(fixture, request->query[i].value, "-._~");
	}
	if (hostile_percent(&fixture->draw, 2))
		for (int i = 0; i < 900; i++)
			add_text(fixture, "&aaaaaaa=b");
}

static void add_chunks(struct fixture *fixture, const char *body, size_t length)
{
	char size[24];

	while (length > 0) {
		size_t piece = 1 + hostile_below(&fixture->draw, length);

		(void)snprintf(size, sizeof(size), "%zx\r\n", piece);
		add_text(fixture, size);
		add(fixture, body, piece);
		add_text(fixture, "\r\n");
		body += piece;
		length -= piece;
	}
	add_text(fixture, "0\r\n\r\n");
}

static void add_body(struct fixture *fixture)
{
	const struct hostile_request *request = &fixture->request;
	char length[64];

	if (hostile_percent(&fixture->draw, 25)) {
		add_text(fixture, "Transfer-Encoding: chunked\r\n");
		if (hostile_percent(&fixture->draw, 5))
			add_text(fixture, "Content-Length: 3\r\n");
		add_text(fixture, "\r\n");
		add_chunks(fixture, request->body, request->body_length);
		return;
	}
	/* Rarely more than there is: what follows is eaten, and at the end time runs out. */
	size_t announced = request->body_length + (hostile_percent(&fixture->draw, 1) ? 9999 : 0);
	(void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n", announced);
	add_text(fixture, length);
	if (hostile_percent(&fixture->draw, 3))
		add_text(fixture, length);
	if (hostile_percent(&fixture->draw, 3))
		add_text(fixture, "Expect: 100-continue\r\n");
	add_text(fixture, "\r\n");
	add(fixture, request->body, request->body_length);
}

static void add_request(struct fixture *fixture)
{
	const struct hostile_request *request = &fixture->request;

	hostile_draw_request(&fixture->draw, &fixture->request);
	add_text(fixture, request->method);
	add_text(fixture, " ");
	add_target(fixture);
	add_text(fixture, hostile_percent(&fixture->draw, 3) ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	if (!hostile_percent(&fixture->draw, 2))
		add_text(fixture, "Host: h\r\n");
	for (size_t i = 0; i < request->header_count; i++) {
		add_text(fixture, request->headers[i].name);
		add_text(fixture, ": ");
		add_text(fixture, request->headers[i].value);
		add_text(fixture, "\r\n");
	}
	if (hostile_percent(&fixture->draw, 2))
		for (int i = 0; i < 150; i++)
			add_text(fixture, "X-Many: a\r\n");
	if (request->body != NULL)
		add_body(fixture);
	else
		add_text(fixture, "\r\n");
}

/* Everything in one piece, or in several with the server reading in between. False: it closed. */
static bool send_all(struct fixture *fixture, int descriptor)
{
	size_t at = 0;
	bool in_pieces = hostile_percent(&fixture->draw, 20);

	while (at < fixture->raw_length) {
		size_t left = fixture->raw_length - at;
		size_t piece = in_pieces ? 1 + hostile_below(&fixture->draw, left) : left;

		if (!http_socket_send(descriptor, fixture->raw + at, piece))
			return false;
		at += piece;
	}
	return true;
}

/* All that comes until the server closes; it must. */
static size_t receive_all(struct fixture *fixture, int descriptor)
{
	struct pollfd watched = { .fd = descriptor, .events = POLLIN };
	size_t used = 0;

	for (;;) {
		if (poll(&watched, 1, HANG) <= 0)
			fail_msg("a connection was left open after %zu bytes", used);
		ssize_t got = recv(descriptor, fixture->answer + used, ANSWER_SIZE - 1 - used, 0);
		if (got <= 0)
			break;
		used += (size_t)got;
		assert_true(used < ANSWER_SIZE - 1);
	}
	fixture->answer[used] = '\0';
	return used;
}

/* What libmicrohttpd refuses before anybody is asked: it has pages of its own, which it leaves out
 * for a HEAD. */
static bool is_own_page(unsigned status, const char *head, const char *body)
{
	static const unsigned statuses[] = { 400, 411, 413, 414, 431, 501, 505 };
	const char *ours = strstr(head, "\r\nx-ms-");

	if (ours != NULL && ours < body)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
		if (statuses[i] == status)
			return true;
	return false;
}

static size_t header_number(const char *head, const char *end, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL || at >= end ? 0 : strtoul(at + strlen(name), NULL, 10);
}

/* One answer at @at; where the next one begins, NULL when there is none. */
static const char *check_answer(struct fixture *fixture, const char *at, const char *end)
{
	const char *body = strstr(at, "\r\n\r\n");

	/* The connection may end in the middle: a refusal closes with data unread. */
	if (body == NULL)
		return NULL;
	body += 4;
	if (strncmp(at, "HTTP/1.", 7) != 0)
		fail_msg("no answer: %.200s", at);
	unsigned status = (unsigned)strtoul(at + 9, NULL, 10);
	assert_in_range(status, 100, 599);
	if (status == 100)
		return body;
	size_t length = header_number(at, body, "\r\nContent-Length:");
	const char *coding = strcasestr(at, "\r\nContent-Encoding: gzip");
	bool is_packed = coding != NULL && coding < body;

	/* A HEAD has the length alone: the next answer begins at once. */
	if (strncmp(body, "HTTP/1.", 7) == 0)
		length = 0;
	if (length > (size_t)(end - body))
		return NULL;
	fixture->counts[status]++;
	if (is_own_page(status, at, body)) {
		fixture->own_pages++;
		return body + length;
	}
	const char *id = strstr(at, "\r\nx-ms-request-id: ");
	const char *correlation = strstr(at, "\r\nx-ms-correlation-request-id: ");
	if (id == NULL || id > body || correlation == NULL || correlation > body)
		fail_msg("an answer without its ids: %.400s", at);
	if (length > 0 && !is_packed)
		hostile_assert_answer(status, body, length);
	return body + length;
}

static void run_connection(struct fixture *fixture)
{
	static const char last[] = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	int descriptor = http_socket_connect(http_server_port(fixture->server));
	const char *at = fixture->answer;

	assert_true(descriptor >= 0);
	fixture->raw_length = 0;
	for (size_t i = 1 + hostile_below(&fixture->draw, REQUESTS_MAX); i > 0; i--)
		add_request(fixture);
	if (hostile_percent(&fixture->draw, 15))
		fixture->raw_length =
			hostile_bend(&fixture->draw, fixture->raw, fixture->raw_length, RAW_SIZE);
	add_text(fixture, last);
	/* Some go away without waiting for an answer. */
	bool is_sent = send_all(fixture, descriptor);
	if (is_sent && hostile_percent(&fixture->draw, 5)) {
		(void)close(descriptor);
		return;
	}
	size_t length = receive_all(fixture, descriptor);
	hostile_assert_no_secret(fixture->world, fixture->answer, length);
	while (at != NULL && *at != '\0')
		at = check_answer(fixture, at, fixture->answer + length);
	(void)close(descriptor);
}

static void assert_still_serves(struct fixture *fixture)
{
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	assert_true(http_socket_send_text(descriptor, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(http_socket_receive(descriptor, false, fixture->answer, ANSWER_SIZE), 200);
	(void)close(descriptor);
}

static void test_hostile_connections_are_answered_and_end(void **state)
{
	struct fixture *fixture = *state;
	size_t count = number_of("HOSTILE_CONNECTIONS", CONNECTIONS_DEFAULT);
	size_t seed = number_of("HOSTILE_SEED", 1);

	print_message("HOSTILE_SEED=%zu HOSTILE_CONNECTIONS=%zu\n", seed, count);
	hostile_draw_init(&fixture->draw, fixture->world, seed);
	for (size_t i = 0; i < count; i++) {
		if (i % SETTLE_EVERY == 0)
			hostile_world_settle(fixture->world);
		run_connection(fixture);
	}
	assert_still_serves(fixture);
	for (unsigned status = 0; status < 600; status++)
		if (fixture->counts[status] > 0)
			print_message("  %u: %zu\n", status, fixture->counts[status]);
	print_message("  pages of the library's own: %zu\n", fixture->own_pages);
	assert_true(fixture->counts[200] > 0 && fixture->counts[400] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hostile_connections_are_answered_and_end,
						start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
