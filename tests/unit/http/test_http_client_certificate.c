/* SPDX-License-Identifier: Apache-2.0 */
/* TLS client certificates: what a handler learns about them, and who is cut off in the handshake.
 */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/http.h"
#include "unit/http/http_certificate.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

struct fixture {
	struct http_server *server;
	struct error err;
	char folder[64];
	bool was_called, was_sent;
	struct http_certificate seen;
};

static const char *path_of(const struct fixture *fixture, const char *name, char path[96])
{
	(void)snprintf(path, 96, "%s/%s", fixture->folder, name);
	return path;
}

static void look(void *context, const struct http_request *request, struct http_response *response)
{
	struct fixture *fixture = context;

	(void)response;
	fixture->was_called = true;
	fixture->was_sent = request->certificate != NULL;
	if (fixture->was_sent)
		fixture->seen = *request->certificate;
}

/* NAME.pem and NAME.key, signed by @signer.pem. */
static void make(const struct fixture *fixture, const char *name, const char *signer,
		 struct http_certificate_wish wish)
{
	char certificate[96], key[96], signer_file[96], signer_name[32], signer_key[96];

	(void)snprintf(signer_name, sizeof(signer_name), "%s.pem", signer == NULL ? "" : signer);
	(void)path_of(fixture, signer_name, signer_file);
	(void)snprintf(signer_name, sizeof(signer_name), "%s.key", signer == NULL ? "" : signer);
	(void)path_of(fixture, signer_name, signer_key);
	if (signer != NULL) {
		wish.signer = signer_file;
		wish.signer_key = signer_key;
	}
	(void)snprintf(certificate, sizeof(certificate), "%s/%s.pem", fixture->folder, name);
	(void)snprintf(key, sizeof(key), "%s/%s.key", fixture->folder, name);
	assert_true(http_certificate_write_wish(&wish, certificate, key));
}

static void make_all(const struct fixture *fixture)
{
	static const struct http_certificate_wish authority = { .common_name = "authority",
								.is_authority = true,
								.seconds_left = 86400 };
	struct http_certificate_wish client = { .common_name = "monitoring",
						.names = "DNS:one.example.com,URI:spiffe://x/two,"
							 "IP:10.0.0.1,email:three@example.com",
						.purpose = "clientAuth",
						.seconds_left = 3600 };
	char certificate[96], key[96];

	assert_true(http_certificate_write(path_of(fixture, "server.pem", certificate),
					   path_of(fixture, "server.key", key)));
	make(fixture, "ca", NULL, authority);
	make(fixture, "other-ca", NULL, authority);
	make(fixture, "right", "ca", client);
	make(fixture, "foreign", "other-ca", client);
	make(fixture, "own", NULL, client);
	client.seconds_left = -60;
	make(fixture, "expired", "ca", client);
	client.seconds_left = 3600;
	client.purpose = "serverAuth";
	make(fixture, "server-only", "ca", client);
	client.purpose = NULL;
	client.names = NULL;
	make(fixture, "plain", "ca", client);
}

static int start(void **state)
{
	static struct fixture fixture;
	const char *base = getenv("TMPDIR");

	memset(&fixture, 0, sizeof(fixture));
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(fixture.folder, sizeof(fixture.folder), "%.36s/http-client-XXXXXX",
		       base == NULL ? "/tmp" : base);
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	make_all(&fixture);
	*state = &fixture;
	return 0;
}

static int stop(void **state)
{
	struct fixture *fixture = *state;

	http_server_stop(fixture->server, 1000);
	return file_remove_tree(fixture->folder, NULL) == STATUS_OK ? 0 : -1;
}

static enum status serve(struct fixture *fixture, const char *authorities, bool is_required)
{
	char certificate[96], key[96], client_ca[96];
	const struct http_settings settings = {
		.address = "127.0.0.1",
		.certificate_file = path_of(fixture, "server.pem", certificate),
		.key_file = path_of(fixture, "server.key", key),
		.client_ca_file = path_of(fixture, authorities, client_ca),
		.client_certificate_required = is_required,
		.handler = look,
		.context = fixture,
	};

	return http_server_start(&settings, &fixture->server, &fixture->err);
}

/* One request with NAME's certificate; NULL: none. Whether it was answered. */
static bool call(struct fixture *fixture, const char *name)
{
	CURL *curl = curl_easy_init();
	char url[64], authority[96], certificate[96], key[96];

	fixture->was_called = false;
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/",
		       http_server_port(fixture->server));
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, path_of(fixture, "server.pem", authority));
	if (name != NULL) {
		(void)snprintf(certificate, sizeof(certificate), "%s/%s.pem", fixture->folder,
			       name);
		(void)snprintf(key, sizeof(key), "%s/%s.key", fixture->folder, name);
		(void)curl_easy_setopt(curl, CURLOPT_SSLCERT, certificate);
		(void)curl_easy_setopt(curl, CURLOPT_SSLKEY, key);
	}
	bool is_answered = curl_easy_perform(curl) == CURLE_OK;

	curl_easy_cleanup(curl);
	assert_int_equal(fixture->was_called, is_answered);
	return is_answered;
}

static void test_client_certificate_that_is_right_is_read(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(serve(fixture, "ca.pem", false), STATUS_OK);
	assert_true(call(fixture, "right"));
	assert_true(fixture->was_sent);
	assert_true(fixture->seen.is_trusted);
	assert_string_equal(fixture->seen.why, "");
	assert_string_equal(fixture->seen.common_name, "monitoring");
	assert_int_equal(fixture->seen.alternative_name_count, 3);
	assert_string_equal(fixture->seen.alternative_names[0], "one.example.com");
	assert_string_equal(fixture->seen.alternative_names[1], "spiffe://x/two");
	assert_string_equal(fixture->seen.alternative_names[2], "three@example.com");

	unsigned char first[32];
	memcpy(first, fixture->seen.sha256, sizeof(first));
	assert_true(call(fixture, "plain"));
	assert_true(fixture->seen.is_trusted);
	assert_int_equal(fixture->seen.alternative_name_count, 0);
	assert_memory_not_equal(first, fixture->seen.sha256, sizeof(first));
}

static void test_client_certificate_none_is_no_certificate(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(serve(fixture, "ca.pem", false), STATUS_OK);
	assert_true(call(fixture, NULL));
	assert_false(fixture->was_sent);
}

static void test_client_certificate_that_is_wrong_says_why(void **state)
{
	static const struct {
		const char *name;
		const char *why;
	} cases[] = {
		{ "expired", "expired" },
		{ "foreign", "signature" },
		{ "own", "issuer is unknown" },
		{ "server-only", "purpose" },
	};
	struct fixture *fixture = *state;

	assert_int_equal(serve(fixture, "ca.pem", false), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_true(call(fixture, cases[i].name));
		assert_true(fixture->was_sent);
		assert_false(fixture->seen.is_trusted);
		if (strstr(fixture->seen.why, cases[i].why) == NULL)
			print_error("%s: %s\n", cases[i].name, fixture->seen.why);
		assert_non_null(strstr(fixture->seen.why, cases[i].why));
	}
}

static void test_client_certificate_required_cuts_others_off(void **state)
{
	static const char *const others[] = { NULL, "expired", "foreign", "own", "server-only" };
	struct fixture *fixture = *state;

	assert_int_equal(serve(fixture, "ca.pem", true), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		assert_false(call(fixture, others[i]));
	assert_true(call(fixture, "right"));
	assert_true(fixture->seen.is_trusted);
	assert_true(call(fixture, "plain"));
}

static void test_client_certificate_bad_authorities_are_refused(void **state)
{
	static const char empty[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				    "-----END CERTIFICATE-----\n";
	struct fixture *fixture = *state;
	char path[96];

	assert_int_equal(serve(fixture, "missing.pem", false), STATUS_NOT_FOUND);
	assert_int_equal(serve(fixture, "ca.key", false), STATUS_INVALID);
	assert_string_equal(fixture->err.path, path_of(fixture, "ca.key", path));
	/* Looks like one, and is none. */
	assert_int_equal(file_write(path_of(fixture, "empty.pem", path), 0600, false, empty,
				    sizeof(empty) - 1, NULL),
			 STATUS_OK);
	assert_int_equal(serve(fixture, "empty.pem", false), STATUS_INVALID);
	assert_null(fixture->server);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_client_certificate_that_is_right_is_read),
		WITH(test_client_certificate_none_is_no_certificate),
		WITH(test_client_certificate_that_is_wrong_says_why),
		WITH(test_client_certificate_required_cuts_others_off),
		WITH(test_client_certificate_bad_authorities_are_refused),
	};

	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
