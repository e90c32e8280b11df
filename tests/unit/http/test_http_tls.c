/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: versions, keep-alive, the header that belongs to it, bad files. */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/http.h"
#include "unit/http/http_certificate.h"
#include "unit/http/http_socket.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	struct error err;
	char folder[64], certificate[96], key[96];
	bool was_tls;
};

static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	struct fixture *fixture = context;

	fixture->was_tls = request->is_tls;
	assert_int_equal(buffer_append_text(&response->body, "ok", NULL), STATUS_OK);
}

static struct http_settings settings_of(struct fixture *fixture)
{
	return (struct http_settings) { .address = "127.0.0.1",
					.certificate_file = fixture->certificate,
					.key_file = fixture->key,
					.handler = answer,
					.context = fixture };
}

static int start(void **state)
{
	static struct fixture fixture;
	const char *base = getenv("TMPDIR");

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(fixture.folder, sizeof(fixture.folder), "%.40s/http-tls-XXXXXX",
		       base == NULL ? "/tmp" : base);
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	(void)snprintf(fixture.certificate, sizeof(fixture.certificate), "%s/server.pem",
		       fixture.folder);
	(void)snprintf(fixture.key, sizeof(fixture.key), "%s/server.key", fixture.folder);
	if (!http_certificate_write(fixture.certificate, fixture.key))
		return -1;
	*state = &fixture;

	struct http_settings settings = settings_of(&fixture);

	return http_server_start(&settings, &fixture.server, &fixture.err) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	return file_remove_tree(fixture->folder, NULL) == STATUS_OK ? 0 : -1;
}

static size_t keep_text(char *data, size_t size, size_t count, void *context)
{
	char *text = context;

	size_t used = strlen(text);

	assert_true(used + size * count < 4096);
	memcpy(text + used, data, size * count);
	text[used + size * count] = '\0';
	return size * count;
}

static CURL *client_of(struct fixture *fixture, char *headers)
{
	CURL *curl = curl_easy_init();
	char url[64];

	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/",
		       http_server_port(fixture->server));
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, fixture->certificate);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, keep_text);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, headers);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_text);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, headers);
	return curl;
}

static void test_tls_answers_and_keeps_the_connection(void **state)
{
	struct fixture *fixture = *state;
	char headers[4096] = "";
	long connects = -1;
	CURL *curl = client_of(fixture, headers);

	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	assert_true(fixture->was_tls);
	assert_non_null(strstr(headers, "Strict-Transport-Security: max-age=31536000"));
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	assert_int_equal(curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects), CURLE_OK);
	assert_int_equal(connects, 0);
	curl_easy_cleanup(curl);
}

static void test_tls_old_version_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char headers[4096] = "";
	CURL *curl = client_of(fixture, headers);

	/* Level 0 lets the client itself go down to 1.1. */
	(void)curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=0");
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION,
			       (long)CURL_SSLVERSION_TLSv1_1 | (long)CURL_SSLVERSION_MAX_TLSv1_1);
	assert_int_equal(curl_easy_perform(curl), CURLE_SSL_CONNECT_ERROR);
	curl_easy_cleanup(curl);
}

static void test_tls_plain_request_gets_no_answer(void **state)
{
	struct fixture *fixture = *state;
	char text[256];
	int descriptor = http_socket_connect(http_server_port(fixture->server));

	assert_true(http_socket_send_text(descriptor, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_int_equal(http_socket_receive(descriptor, false, text, sizeof(text)), 0);
	(void)close(descriptor);
}

static void test_tls_missing_file_is_not_found(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = settings_of(fixture);
	struct http_server *second = NULL;

	settings.certificate_file = "/nonexistent/server.pem";
	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_NOT_FOUND);
	assert_string_equal(fixture->err.path, "/nonexistent/server.pem");
	assert_null(second);
}

static void test_tls_file_that_is_no_certificate_is_invalid(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = settings_of(fixture);
	struct http_server *second = NULL;

	settings.certificate_file = fixture->key;
	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_INVALID);
	assert_string_equal(fixture->err.path, fixture->key);
	assert_null(second);
}

static void test_tls_half_of_the_pair_is_invalid(void **state)
{
	struct fixture *fixture = *state;
	struct http_settings settings = settings_of(fixture);
	struct http_server *second = NULL;

	settings.key_file = NULL;
	assert_int_equal(http_server_start(&settings, &second, &fixture->err), STATUS_INVALID);
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tls_answers_and_keeps_the_connection, start,
						stop),
		cmocka_unit_test_setup_teardown(test_tls_old_version_is_refused, start, stop),
		cmocka_unit_test_setup_teardown(test_tls_plain_request_gets_no_answer, start, stop),
		cmocka_unit_test_setup_teardown(test_tls_missing_file_is_not_found, start, stop),
		cmocka_unit_test_setup_teardown(test_tls_file_that_is_no_certificate_is_invalid,
						start, stop),
		cmocka_unit_test_setup_teardown(test_tls_half_of_the_pair_is_invalid, start, stop),
	};

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
