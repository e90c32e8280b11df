/* SPDX-License-Identifier: Apache-2.0 */
/* Which answers are compressed, over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "infrabackup/http.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

enum { LONG = 5000, SHORT = 1000 };

struct fixture {
	struct http_server *server;
	int descriptor;
	char text[16384];
};

/* LONG bytes, of "/short" SHORT, of "/tagged" with an ETag. */
static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	size_t length = strcmp(request->path, "/short") == 0 ? SHORT : LONG;

	(void)context;
	if (strcmp(request->path, "/tagged") == 0)
		http_response_header(response, "ETag", "\"a\"");
	response->content_type = "text/plain";
	for (size_t i = 0; i < length; i++)
		assert_int_equal(buffer_append_u8(&response->body, 'a', NULL), STATUS_OK);
}

static int start(void **state)
{
	static struct fixture fixture;
	const struct http_settings settings = { .address = "127.0.0.1", .handler = answer };

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

/* Whether the answer is said to be compressed. @accepted NULL: the header is not sent. */
static bool is_packed(struct fixture *fixture, const char *method, const char *path,
		      const char *accepted)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: h\r\n%s%s%s\r\n", method, path,
		       accepted == NULL ? "" : "Accept-Encoding: ",
		       accepted == NULL ? "" : accepted, accepted == NULL ? "" : "\r\n");
	assert_true(http_socket_send_text(fixture->descriptor, text));
	assert_int_equal(http_socket_receive(fixture->descriptor, strcmp(method, "HEAD") == 0,
					     fixture->text, sizeof(fixture->text)),
			 200);
	return strstr(fixture->text, "\r\nContent-Encoding: gzip\r\n") != NULL;
}

static size_t content_length(const struct fixture *fixture)
{
	const char *at = strstr(fixture->text, "\r\nContent-Length: ");

	assert_non_null(at);
	return strtoul(at + sizeof("\r\nContent-Length: ") - 1, NULL, 10);
}

static void test_gzip_weights_decide(void **state)
{
	static const struct {
		const char *accepted;
		bool is_packed;
	} cases[] = {
		{ NULL, false },
		{ "gzip", true },
		{ "GZip", true },
		{ "x-gzip", true },
		{ "deflate, gzip;q=1.0, *;q=0.5", true },
		{ "br , \t gzip ; q=0.001", true },
		{ "*", true },
		{ "gzip;q=0", false },
		{ "gzip;q=0.000", false },
		{ "gzip;q=0, *", false },
		{ "*;q=0", false },
		{ "identity", false },
		{ "identity;q=1, gzip;q=0.5", false },
		{ "identity;q=0.5, gzip;q=0.5", true },
		{ "identity;q=0, gzip;q=0.1", true },
		{ "gzip;q=2", false },
		{ "gzip;q=", false },
		{ "gzip;q=0.12345", false },
		{ "gzip;level=9", false },
		{ "gzipped", false },
		{ "", false },
		{ ",,", false },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (is_packed(fixture, "GET", "/", cases[i].accepted) != cases[i].is_packed)
			fail_msg("Accept-Encoding: %s", cases[i].accepted);
}

static void test_gzip_answer_is_the_same_bytes(void **state)
{
	struct fixture *fixture = *state;
	unsigned char plain[LONG + 1];

	assert_true(is_packed(fixture, "GET", "/", "gzip"));
	assert_true(content_length(fixture) < 200);
	assert_non_null(strstr(fixture->text, "\r\nVary: Accept-Encoding\r\n"));

	z_stream stream = { .next_in = (unsigned char *)strstr(fixture->text, "\r\n\r\n") + 4,
			    .avail_in = (uInt)content_length(fixture),
			    .next_out = plain,
			    .avail_out = sizeof(plain) };

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, LONG);
	assert_int_equal(plain[0], 'a');
	assert_int_equal(plain[LONG - 1], 'a');
	(void)inflateEnd(&stream);
}

static void test_gzip_head_has_the_length_of_get(void **state)
{
	struct fixture *fixture = *state;

	assert_true(is_packed(fixture, "GET", "/", "gzip"));

	size_t length = content_length(fixture);

	assert_true(is_packed(fixture, "HEAD", "/", "gzip"));
	assert_int_equal(content_length(fixture), length);
}

static void test_gzip_plain_answer_varies_too(void **state)
{
	struct fixture *fixture = *state;

	assert_false(is_packed(fixture, "GET", "/", NULL));
	assert_non_null(strstr(fixture->text, "\r\nVary: Accept-Encoding\r\n"));
	assert_int_equal(content_length(fixture), LONG);
}

static void test_gzip_short_and_tagged_answers_stay_plain(void **state)
{
	struct fixture *fixture = *state;

	assert_false(is_packed(fixture, "GET", "/short", "gzip"));
	assert_null(strstr(fixture->text, "\r\nVary:"));
	assert_false(is_packed(fixture, "GET", "/tagged", "gzip"));
}

#define GZIP_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GZIP_TEST(test_gzip_weights_decide),
		GZIP_TEST(test_gzip_answer_is_the_same_bytes),
		GZIP_TEST(test_gzip_head_has_the_length_of_get),
		GZIP_TEST(test_gzip_plain_answer_varies_too),
		GZIP_TEST(test_gzip_short_and_tagged_answers_stay_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
