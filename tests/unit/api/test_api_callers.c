/* SPDX-License-Identifier: Apache-2.0 */
/* Every route against every kind of caller and every role; front doors and the address that they
 * give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static struct config_client_certificate entries[] = {
	{ .common_name = "caller", .role = "Reader" },
	{ .alternative_name = "arm.north.example.com",
	  .is_front_door = true,
	  .role = "Administrator",
	  .role_header = "x-role" },
};

static const struct http_certificate caller_certificate = { .is_trusted = true,
							    .common_name = "Caller" };
static const struct http_certificate door_certificate = {
	.is_trusted = true,
	.common_name = "arm",
	.alternative_names = { "adminportal", "ARM.north.example.com" },
	.alternative_name_count = 2,
};

static int start(void **state)
{
	int failed = api_fixture_start(state);
	struct api_fixture *fixture = *state;

	fixture->config.authentication.client_certificates = entries;
	fixture->config.authentication.client_certificate_count = ARRAY_LENGTH(entries);
	entries[0].role = "Reader";
	entries[1].role = "Administrator";
	entries[1].role_header = "x-role";
	fixture->sent_authorization = NULL;
	return failed;
}

/* What a caller of @role sends; role -1: nobody. */
typedef void (*sender)(struct api_fixture *fixture, int role);

static void send_token(struct api_fixture *fixture, int role)
{
	fixture->sent_authorization = role < 0 ? NULL : fixture->authorization[role];
}

static void send_certificate(struct api_fixture *fixture, int role)
{
	fixture->sent_certificate = role < 0 ? NULL : &caller_certificate;
	if (role >= 0)
		entries[0].role = auth_role_name((enum auth_role)role);
}

static void send_front_door(struct api_fixture *fixture, int role)
{
	static struct http_pair pairs[] = { { "x-ms-client-principal-name", "anna@contoso.com" },
					    { "x-role", "Reader" },
					    { NULL, NULL } };

	/* Without the certificate the headers are anybody's. */
	fixture->sent_certificate = role < 0 ? NULL : &door_certificate;
	pairs[1].value = auth_role_name(role < 0 ? AUTH_ADMINISTRATOR : (enum auth_role)role);
	fixture->sent_pairs = pairs;
}

static void check_route(struct api_fixture *fixture, const struct api_route_description *route,
			sender send)
{
	enum auth_role needed = AUTH_READER;

	assert_true(route->role == NULL || auth_role_from_name(route->role, &needed));
	fixture->sent_version = route->versions[0];
	for (int role = -1; role <= AUTH_ADMINISTRATOR; role++) {
		send(fixture, role);
		unsigned status = api_fixture_call(fixture, route->method, route->path, NULL);

		if (route->role == NULL) {
			assert_true(status != 401 && status != 403);
		} else if (role < 0) {
			assert_int_equal(status, 401);
			assert_string_equal(api_fixture_code(fixture), "AuthenticationFailed");
		} else if (role < (int)needed) {
			assert_int_equal(status, 403);
			assert_string_equal(api_fixture_code(fixture), "AuthorizationFailed");
		} else {
			assert_true(status != 401 && status != 403);
		}
	}
}

static void test_routes_hold_for_every_kind_of_caller(void **state)
{
	static const sender senders[] = { send_token, send_certificate, send_front_door };
	struct api_fixture *fixture = *state;
	struct api_route_description route;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(senders); i++) {
		fixture->sent_authorization = NULL;
		fixture->sent_certificate = NULL;
		fixture->sent_pairs = NULL;
		for (count = 0; api_route_describe(count, &route); count++)
			check_route(fixture, &route, senders[i]);
	}
	assert_true(count > 20);
}

static void test_certificate_that_is_bad_is_forbidden_whatever_comes_with_it(void **state)
{
	struct api_fixture *fixture = *state;
	struct http_certificate certificate = caller_certificate;

	certificate.is_trusted = false;
	(void)snprintf(certificate.why, sizeof(certificate.why), "The certificate has expired");
	fixture->sent_certificate = &certificate;
	fixture->sent_authorization = fixture->authorization[AUTH_ADMINISTRATOR];
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 403);
	assert_non_null(strstr(fixture->text, "has expired"));
	/* Who is trusted, but nobody here. */
	certificate = caller_certificate;
	(void)snprintf(certificate.common_name, sizeof(certificate.common_name), "stranger");
	fixture->sent_authorization = NULL;
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 403);
	assert_non_null(strstr(fixture->text, "clientCertificates"));
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
}

static unsigned call_as(struct api_fixture *fixture, const struct http_certificate *certificate,
			const struct http_pair *pairs)
{
	fixture->sent_certificate = certificate;
	fixture->sent_pairs = pairs;
	return api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
}

static void test_front_door_names_the_caller(void **state)
{
	static const struct http_pair all[] = { { "x-ms-client-app-id", "app" },
						{ "x-ms-client-object-id", "object" },
						{ "x-ms-client-principal-name", "anna" },
						{ "x-role", "Operator" },
						{ NULL, NULL } };
	static const struct http_pair app[] = { { "x-ms-client-app-id", "app" },
						{ "x-role", "reader" },
						{ NULL, NULL } };
	static const struct http_pair strange[] = { { "x-ms-client-principal-name", "a\tb" },
						    { "x-ms-client-object-id", "object" },
						    { "x-role", "Reader" },
						    { NULL, NULL } };
	struct api_fixture *fixture = *state;

	assert_int_equal(call_as(fixture, &door_certificate, all), 200);
	assert_string_equal(fixture->response.caller, "anna");
	assert_int_equal(call_as(fixture, &door_certificate, app), 200);
	assert_string_equal(fixture->response.caller, "app");
	assert_int_equal(call_as(fixture, &door_certificate, strange), 200);
	assert_string_equal(fixture->response.caller, "object");
	/* They are ignored from a certificate that is no front door's. */
	assert_int_equal(call_as(fixture, &caller_certificate, all), 200);
	assert_string_equal(fixture->response.caller, "Caller");
	assert_int_equal(call_as(fixture, NULL, all), 401);
	/* The front door itself. */
	assert_int_equal(call_as(fixture, &door_certificate, NULL), 200);
	assert_string_equal(fixture->response.caller, "arm");
}

static void test_front_door_gives_at_most_its_own_role(void **state)
{
	static const struct http_pair none[] = { { "x-ms-client-object-id", "o" }, { NULL, NULL } };
	static const struct http_pair unknown[] = { { "x-ms-client-object-id", "o" },
						    { "x-role", "Owner" },
						    { NULL, NULL } };
	static const struct http_pair highest[] = { { "x-ms-client-object-id", "o" },
						    { "x-role", "Administrator" },
						    { NULL, NULL } };
	struct api_fixture *fixture = *state;

	assert_int_equal(call_as(fixture, &door_certificate, none), 403);
	assert_int_equal(call_as(fixture, &door_certificate, unknown), 403);
	assert_non_null(strstr(fixture->text, "x-role"));
	entries[1].role = "Operator";
	fixture->sent_certificate = &door_certificate;
	fixture->sent_pairs = highest;
	assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 403);
	/* Without a header for roles, the configured one is everybody's. */
	entries[1].role_header = NULL;
	assert_int_equal(call_as(fixture, &door_certificate, none), 200);
}

static void test_front_door_comes_before_a_token(void **state)
{
	static const struct http_pair anna[] = { { "x-ms-client-principal-name", "anna" },
						 { "x-role", "Reader" },
						 { NULL, NULL } };
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = fixture->authorization[AUTH_ADMINISTRATOR];
	assert_int_equal(call_as(fixture, &door_certificate, anna), 200);
	assert_string_equal(fixture->response.caller, "anna");
	assert_int_equal(call_as(fixture, &door_certificate, NULL), 200);
	assert_string_equal(fixture->response.caller, "Administrator");
}

#define OPERATION_ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define OPERATION API_FIXTURE_LOCATION "/operationResults/" OPERATION_ID

/* Where to follow an operation, for somebody who says to have come by @referer. */
static const char *location_for(struct api_fixture *fixture,
				const struct http_certificate *certificate, const char *referer)
{
	const struct http_pair pairs[] = { { "referer", referer },
					   { "x-role", "Administrator" },
					   { "x-ms-client-object-id", "o" },
					   { NULL, NULL } };

	fixture->sent_authorization =
		certificate == NULL ? fixture->authorization[AUTH_ADMINISTRATOR] : NULL;
	fixture->sent_certificate = certificate;
	fixture->sent_pairs = pairs;
	assert_int_equal(api_fixture_call(fixture, "GET", OPERATION, NULL), 202);
	return api_fixture_header(fixture, "Location");
}

static void test_front_door_referer_is_the_public_address(void **state)
{
	static const char *const ignored[] = {
		"http://public.example.com" OPERATION,
		"https://public.example.com" OPERATION "/x",
		"https://public.example.com/",
		"https://public.example.com",
		"https://" OPERATION,
		"https://user@public.example.com" OPERATION,
		"https://public.example.com/%2e%2e" OPERATION,
		"https://public.example.com?x=" OPERATION,
		"https://public.example.com#" OPERATION,
		"https://pub\"lic.example.com" OPERATION,
		OPERATION,
		"operations",
		"",
	};
	struct api_fixture *fixture = *state;
	char referer[512];

	api_fixture_add_job(fixture, OPERATION_ID, "backup");
	for (size_t i = 0; i < ARRAY_LENGTH(ignored); i++)
		assert_true(text_starts_with(location_for(fixture, &door_certificate, ignored[i]),
					     "https://backup.example.com:8443/subscriptions/"));
	(void)snprintf(referer, sizeof(referer), "https://public.example.com:30024%s?api-version=x",
		       OPERATION);
	assert_true(text_starts_with(location_for(fixture, &door_certificate, referer),
				     "https://public.example.com:30024/subscriptions/"));
	(void)snprintf(referer, sizeof(referer), "https://[2001:db8::1]/prefix/a%s", OPERATION);
	assert_true(text_starts_with(location_for(fixture, &door_certificate, referer),
				     "https://[2001:db8::1]/prefix/a/subscriptions/"));
	/* It counts more than publicUrl, and nothing without the certificate. */
	fixture->config.http.public_url = "https://configured.example.com";
	assert_true(text_starts_with(location_for(fixture, &door_certificate, referer),
				     "https://[2001:db8::1]/prefix/a/subscriptions/"));
	assert_true(text_starts_with(location_for(fixture, NULL, referer),
				     "https://configured.example.com/subscriptions/"));
	entries[0].role = "Administrator";
	assert_true(text_starts_with(location_for(fixture, &caller_certificate, referer),
				     "https://configured.example.com/subscriptions/"));
}

/* Nobody is asked who he is there, but a certificate that is bad makes no front door. */
static void test_front_door_that_is_not_trusted_gives_no_address(void **state)
{
	static const struct http_pair referer[] = {
		{ "referer", "https://public.example.com/metadata/endpoints" }, { NULL, NULL }
	};
	struct http_certificate certificate = door_certificate;
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2015-01-01";
	fixture->sent_certificate = &certificate;
	fixture->sent_pairs = referer;
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 200);
	assert_non_null(strstr(fixture->text, "https://public.example.com/"));
	certificate.is_trusted = false;
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 200);
	assert_null(strstr(fixture->text, "https://public.example.com/"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_routes_hold_for_every_kind_of_caller),
		WITH(test_certificate_that_is_bad_is_forbidden_whatever_comes_with_it),
		WITH(test_front_door_names_the_caller),
		WITH(test_front_door_gives_at_most_its_own_role),
		WITH(test_front_door_comes_before_a_token),
		WITH(test_front_door_referer_is_the_public_address),
		WITH(test_front_door_that_is_not_trusted_gives_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
