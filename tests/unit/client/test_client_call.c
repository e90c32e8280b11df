/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a real server: answers, faults, and where the token goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/client.h"
#include "infrabackup/http.h"
#include "unit/http/http_certificate.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	struct client *client;
	struct error err;
	struct client_answer answer;
	char folder[64], certificate[96], key[96], url[64];
	unsigned calls;
	char method[16], authorization[128], content_type[64], body[256];
};

static void note_request(struct fixture *fixture, const struct http_request *request)
{
	const char *authorization = http_request_header(request, "Authorization");
	const char *type = http_request_header(request, "Content-Type");

	fixture->calls++;
	(void)snprintf(fixture->method, sizeof(fixture->method), "%s", request->method);
	(void)snprintf(fixture->authorization, sizeof(fixture->authorization), "%s",
		       authorization == NULL ? "(none)" : authorization);
	(void)snprintf(fixture->content_type, sizeof(fixture->content_type), "%s",
		       type == NULL ? "(none)" : type);
	(void)snprintf(fixture->body, sizeof(fixture->body), "%.*s", (int)request->body_length,
		       request->body == NULL ? "" : (const char *)request->body);
}

static const struct {
	const char *path;
	unsigned status;
	const char *body;
} replies[] = {
	{ "/ok", 200, "{\"value\":[]}" },
	{ "/accepted", 202, "" },
	{ "/moved", 302, "" },
	{ "/broken", 200, "{\"value\":" },
	{ "/html", 502, "<html>bad gateway</html>" },
	{ "/400", 400, "{\"error\":{\"code\":\"BadRequest\",\"message\":\"No.\"}}" },
	{ "/401", 401, "{\"error\":{\"code\":\"AuthenticationFailed\",\"message\":\"No.\"}}" },
	{ "/403", 403, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"No.\"}}" },
	{ "/404", 404, "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"No.\"}}" },
	{ "/409", 409, "{\"error\":{\"code\":\"BackupConflictException\",\"message\":\"No.\"}}" },
	{ "/500", 500, "{\"error\":{\"code\":\"BcdrOperationException\",\"message\":\"No.\"}}" },
};

/* Just over the client's limit: 17 answers of 1 MiB would do, one chunk of the response's own limit
 * would not. */
static void fill_body(struct http_response *response)
{
	static const char piece[] =
		"                                                              ";

	response->body.max = 20u << 20;
	while (response->body.length <= 16u << 20)
		assert_int_equal(buffer_append_text(&response->body, piece, NULL), STATUS_OK);
}

static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	struct fixture *fixture = context;
	char text[128];

	note_request(fixture, request);
	if (strcmp(request->path, "/huge") == 0)
		fill_body(response);
	for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
		if (strcmp(request->path, replies[i].path) != 0)
			continue;
		response->status = replies[i].status;
		response->content_type = "application/json";
		assert_int_equal(buffer_append_text(&response->body, replies[i].body, NULL),
				 STATUS_OK);
	}
	if (response->status == 202 || response->status == 302) {
		(void)snprintf(text, sizeof(text), "%s/ok", fixture->url);
		http_response_header(response, "Location", text);
		http_response_header(response, "Retry-After", "5");
	}
}

static int start_server(struct fixture *fixture, bool is_tls)
{
	struct http_settings settings = { .address = "127.0.0.1",
					  .certificate_file = is_tls ? fixture->certificate : NULL,
					  .key_file = is_tls ? fixture->key : NULL,
					  .handler = answer,
					  .context = fixture };

	if (http_server_start(&settings, &fixture->server, &fixture->err) != STATUS_OK)
		return -1;
	(void)snprintf(fixture->url, sizeof(fixture->url), "http%s://127.0.0.1:%u",
		       is_tls ? "s" : "", http_server_port(fixture->server));
	return 0;
}

static int start(void **state)
{
	static struct fixture fixture;
	AUTO_SECRET token = SECRET_EMPTY;
	struct client_settings settings = { .url = fixture.url, .token = &token };

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	*state = &fixture;
	if (start_server(&fixture, false) != 0 ||
	    secret_copy(&token, "ib_test", 7, &fixture.err) != STATUS_OK)
		return -1;
	return client_new(&settings, &fixture.client, &fixture.err) == STATUS_OK ? 0 : -1;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	client_answer_done(&fixture->answer);
	client_free(fixture->client);
	http_server_stop(fixture->server, 1000);
	return 0;
}

static enum status call(struct fixture *fixture, const char *method, const char *path,
			const json_t *body)
{
	client_answer_done(&fixture->answer);
	return client_call(fixture->client, method, path, body, &fixture->answer, &fixture->err);
}

static void test_call_get_returns_status_and_body(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call(fixture, "GET", "/ok?x=1", NULL), STATUS_OK);
	assert_int_equal(fixture->answer.status, 200);
	assert_true(json_is_array(json_object_get(fixture->answer.body, "value")));
	assert_string_equal(fixture->method, "GET");
	assert_string_equal(fixture->authorization, "Bearer ib_test");
	assert_string_equal(fixture->content_type, "(none)");
}

static void test_call_put_sends_json(void **state)
{
	struct fixture *fixture = *state;
	AUTO_JSON body = json_pack("{s:i}", "a", 1);

	assert_int_equal(call(fixture, "PUT", "/ok", body), STATUS_OK);
	assert_string_equal(fixture->method, "PUT");
	assert_string_equal(fixture->content_type, "application/json");
	assert_string_equal(fixture->body, "{\"a\":1}");
	/* The next call on the same handle starts from nothing. */
	assert_int_equal(call(fixture, "GET", "/ok", NULL), STATUS_OK);
	assert_string_equal(fixture->method, "GET");
	assert_string_equal(fixture->body, "");
}

static void test_call_post_without_body_gets_location_and_retry_after(void **state)
{
	struct fixture *fixture = *state;
	char expected[128];

	assert_int_equal(call(fixture, "POST", "/accepted", NULL), STATUS_OK);
	(void)snprintf(expected, sizeof(expected), "%s/ok", fixture->url);
	assert_int_equal(fixture->answer.status, 202);
	assert_null(fixture->answer.body);
	assert_string_equal(fixture->answer.location, expected);
	assert_int_equal(fixture->answer.retry_after, 5);
	assert_string_equal(fixture->content_type, "(none)");
	/* A Location can be followed as it is. */
	assert_int_equal(call(fixture, "GET", expected, NULL), STATUS_OK);
}

static void test_call_redirect_is_not_followed(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call(fixture, "GET", "/moved", NULL), STATUS_FAILED);
	assert_int_equal(fixture->calls, 1);
	assert_int_equal(fixture->answer.status, 302);
}

static void test_call_error_envelope_becomes_status_and_message(void **state)
{
	static const struct {
		const char *path;
		enum status status;
		const char *message;
	} cases[] = {
		{ "/400", STATUS_INVALID, "BadRequest: No." },
		{ "/401", STATUS_AUTHENTICATION, "AuthenticationFailed: No." },
		{ "/403", STATUS_FORBIDDEN, "AuthorizationFailed: No." },
		{ "/404", STATUS_NOT_FOUND, "ResourceNotFound: No." },
		{ "/409", STATUS_CONFLICT, "BackupConflictException: No." },
		{ "/500", STATUS_FAILED, "BcdrOperationException: No." },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(call(fixture, "GET", cases[i].path, NULL), cases[i].status);
		assert_string_equal(fixture->err.message, cases[i].message);
		assert_non_null(json_object_get(fixture->answer.body, "error"));
	}
}

static void test_call_proxy_page_is_failure_with_its_status(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call(fixture, "GET", "/html", NULL), STATUS_FAILED);
	assert_int_equal(fixture->answer.status, 502);
	assert_non_null(strstr(fixture->err.message, "502"));
}

static void test_call_broken_json_is_failure(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call(fixture, "GET", "/broken", NULL), STATUS_FAILED);
}

static void test_call_answer_over_the_limit_is_too_large(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call(fixture, "GET", "/huge", NULL), STATUS_TOO_LARGE);
	/* The handle still works. */
	assert_int_equal(call(fixture, "GET", "/ok", NULL), STATUS_OK);
}

static void test_call_foreign_origin_is_refused_without_a_call(void **state)
{
	struct fixture *fixture = *state;
	unsigned port = http_server_port(fixture->server);
	char targets[6][160];

	(void)snprintf(targets[0], sizeof(targets[0]), "http://127.0.0.1:%u1/ok", port);
	(void)snprintf(targets[1], sizeof(targets[1]), "https://127.0.0.1:%u/ok", port);
	(void)snprintf(targets[2], sizeof(targets[2]), "http://localhost:%u/ok", port);
	(void)snprintf(targets[3], sizeof(targets[3]), "http://127.0.0.1:%u@localhost:%u/ok", port,
		       port);
	(void)snprintf(targets[4], sizeof(targets[4]), "//127.0.0.1:%u/ok", port);
	(void)snprintf(targets[5], sizeof(targets[5]), "file:///etc/passwd");
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++)
		assert_int_equal(call(fixture, "GET", targets[i], NULL), STATUS_INVALID);
	assert_int_equal(fixture->calls, 0);
}

static void test_call_nobody_listens_is_failure_with_the_reason(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 0);
	fixture->server = NULL;
	assert_int_equal(call(fixture, "GET", "/ok", NULL), STATUS_FAILED);
	assert_true(fixture->err.message[0] != '\0');
	assert_null(strstr(fixture->err.message, "ib_test"));
}

static void test_new_bad_address_is_invalid(void **state)
{
	static const char *const urls[] = { "", "ftp://h", "127.0.0.1:80", "http://",
					    "http://a@b" };
	struct error err;
	struct client *client = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		struct client_settings settings = { .url = urls[i] };

		assert_int_equal(client_new(&settings, &client, &err), STATUS_INVALID);
		assert_string_equal(err.field, "url");
	}
	assert_null(client);
}

static void test_new_token_with_line_break_is_invalid(void **state)
{
	struct error err;
	struct client *client = NULL;
	AUTO_SECRET token = SECRET_EMPTY;
	struct client_settings settings = { .url = "http://h", .token = &token };

	(void)state;
	assert_int_equal(secret_copy(&token, "a\r\nX: y", 7, &err), STATUS_OK);
	assert_int_equal(client_new(&settings, &client, &err), STATUS_INVALID);
	assert_null(client);
}

static int start_tls(void **state)
{
	static struct fixture fixture;
	const char *base = getenv("TMPDIR");

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	*state = &fixture;
	(void)snprintf(fixture.folder, sizeof(fixture.folder), "%.40s/client-XXXXXX",
		       base == NULL ? "/tmp" : base);
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	(void)snprintf(fixture.certificate, sizeof(fixture.certificate), "%s/server.pem",
		       fixture.folder);
	(void)snprintf(fixture.key, sizeof(fixture.key), "%s/server.key", fixture.folder);
	if (!http_certificate_write(fixture.certificate, fixture.key))
		return -1;
	return start_server(&fixture, true);
}

static int stop_tls(void **state)
{
	struct fixture *fixture = *state;

	(void)stop(state);
	return file_remove_tree(fixture->folder, NULL) == STATUS_OK ? 0 : -1;
}

static void test_call_tls_checks_the_certificate(void **state)
{
	struct fixture *fixture = *state;
	struct client_settings settings = { .url = fixture->url };

	assert_int_equal(client_new(&settings, &fixture->client, &fixture->err), STATUS_OK);
	assert_int_equal(call(fixture, "GET", "/ok", NULL), STATUS_FAILED);
	assert_int_equal(fixture->calls, 0);
	client_free(fixture->client);
	fixture->client = NULL;

	settings.ca_file = fixture->certificate;
	assert_int_equal(client_new(&settings, &fixture->client, &fixture->err), STATUS_OK);
	assert_int_equal(call(fixture, "GET", "/ok", NULL), STATUS_OK);
	assert_string_equal(fixture->authorization, "(none)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call_get_returns_status_and_body, start, stop),
		cmocka_unit_test_setup_teardown(test_call_put_sends_json, start, stop),
		cmocka_unit_test_setup_teardown(
			test_call_post_without_body_gets_location_and_retry_after, start, stop),
		cmocka_unit_test_setup_teardown(test_call_redirect_is_not_followed, start, stop),
		cmocka_unit_test_setup_teardown(test_call_error_envelope_becomes_status_and_message,
						start, stop),
		cmocka_unit_test_setup_teardown(test_call_proxy_page_is_failure_with_its_status,
						start, stop),
		cmocka_unit_test_setup_teardown(test_call_broken_json_is_failure, start, stop),
		cmocka_unit_test_setup_teardown(test_call_answer_over_the_limit_is_too_large, start,
						stop),
		cmocka_unit_test_setup_teardown(test_call_foreign_origin_is_refused_without_a_call,
						start, stop),
		cmocka_unit_test_setup_teardown(test_call_nobody_listens_is_failure_with_the_reason,
						start, stop),
		cmocka_unit_test(test_new_bad_address_is_invalid),
		cmocka_unit_test(test_new_token_with_line_break_is_invalid),
		cmocka_unit_test_setup_teardown(test_call_tls_checks_the_certificate, start_tls,
						stop_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
