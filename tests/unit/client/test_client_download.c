/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are downloaded: bounded, not from elsewhere, ended on request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/client.h"
#include "infrabackup/http.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	char url[64];
	unsigned status;
	const char *text;
	bool was_authorized;
	struct buffer document;
	struct error err;
};

static void answer(void *context, const struct http_request *request,
		   struct http_response *response)
{
	struct fixture *fixture = context;

	fixture->was_authorized = http_request_header(request, "Authorization") != NULL;
	response->status = fixture->status;
	if (fixture->status == 302)
		http_response_header(response, "Location", "/elsewhere");
	assert_int_equal(buffer_append_text(&response->body, fixture->text, NULL), STATUS_OK);
}

static int start(void **state)
{
	static struct fixture fixture;
	const struct http_settings settings = { .address = "127.0.0.1",
						.handler = answer,
						.context = &fixture };

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	fixture.status = 200;
	fixture.text = "0123456789";
	buffer_init(&fixture.document, 10);
	*state = &fixture;
	if (http_server_start(&settings, &fixture.server, NULL) != STATUS_OK)
		return -1;
	(void)snprintf(fixture.url, sizeof(fixture.url), "http://127.0.0.1:%u/keys",
		       http_server_port(fixture.server));
	return 0;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	buffer_done(&fixture->document);
	return 0;
}

static enum status download(struct fixture *fixture, struct cancel *cancel)
{
	return client_download(fixture->url, NULL, 10000, cancel, &fixture->document,
			       &fixture->err);
}

static void test_download_replaces_what_was_there(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(download(fixture, NULL), STATUS_OK);
		assert_int_equal(fixture->document.length, 10);
		assert_memory_equal(fixture->document.data, "0123456789", 10);
	}
	assert_false(fixture->was_authorized);
}

static void test_download_longer_than_the_bound_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->text = "0123456789a";
	assert_int_equal(download(fixture, NULL), STATUS_TOO_LARGE);
	assert_string_equal(fixture->err.path, fixture->url);
}

static void test_download_other_status_is_no_document(void **state)
{
	static const unsigned statuses[] = { 201, 302, 404, 500 };
	struct fixture *fixture = *state;
	char status[16];

	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		fixture->status = statuses[i];
		assert_int_equal(download(fixture, NULL), STATUS_FAILED);
		(void)snprintf(status, sizeof(status), "%u", statuses[i]);
		assert_non_null(strstr(fixture->err.message, status));
	}
}

static void test_download_ends_when_it_is_cancelled(void **state)
{
	struct fixture *fixture = *state;
	struct cancel *cancel = cancel_new();

	assert_int_equal(download(fixture, cancel), STATUS_OK);
	cancel_request(cancel);
	assert_int_equal(download(fixture, cancel), STATUS_CANCELLED);
	cancel_free(cancel);
}

static void test_download_nobody_there_says_so(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	fixture->server = NULL;
	assert_int_equal(download(fixture, NULL), STATUS_FAILED);
	assert_string_not_equal(fixture->err.message, "");
}

static void test_download_other_protocols_are_refused(void **state)
{
	struct fixture *fixture = *state;

	(void)snprintf(fixture->url, sizeof(fixture->url), "file:///etc/hostname");
	assert_int_equal(download(fixture, NULL), STATUS_FAILED);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_download_replaces_what_was_there),
		WITH(test_download_longer_than_the_bound_is_refused),
		WITH(test_download_other_status_is_no_document),
		WITH(test_download_ends_when_it_is_cancelled),
		WITH(test_download_nobody_there_says_so),
		WITH(test_download_other_protocols_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
