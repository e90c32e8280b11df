/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints that a client without a token is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static void ask(struct api_fixture *fixture)
{
	fixture->sent_authorization = NULL;
	fixture->sent_version = "2015-01-01";
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 200);
}

static void test_metadata_get_nothing_configured_names_no_endpoints_and_itself(void **state)
{
	struct api_fixture *fixture = *state;

	ask(fixture);
	assert_string_equal(fixture->text,
			    "{\"galleryEndpoint\":\"\",\"graphEndpoint\":\"\",\"portalEndpoint\":"
			    "\"\",\"authentication\":{\"loginEndpoint\":\"\",\"audiences\":"
			    "[\"https://backup.example.com:8443/\"]}}");
	fixture->config.http.public_url = "https://adminmanagement.north.example.com";
	ask(fixture);
	assert_non_null(strstr(fixture->text,
			       "\"audiences\":[\"https://adminmanagement.north.example.com/\"]"));
}

static void test_metadata_get_tells_what_is_configured(void **state)
{
	static const char *const audiences[] = { "api://one", "api://two", NULL };
	struct api_fixture *fixture = *state;

	fixture->config.arm.login_endpoint = "https://adfs.example.com/adfs";
	fixture->config.arm.graph_endpoint = "https://graph.example.com/";
	fixture->config.arm.portal_endpoint = "https://adminportal.example.com/";
	fixture->config.arm.gallery_endpoint = "https://gallery.example.com/";
	fixture->config.arm.audiences = audiences;
	ask(fixture);
	assert_string_equal(
		fixture->text,
		"{\"galleryEndpoint\":\"https://gallery.example.com/\","
		"\"graphEndpoint\":\"https://graph.example.com/\","
		"\"portalEndpoint\":\"https://adminportal.example.com/\","
		"\"authentication\":{\"loginEndpoint\":\"https://adfs.example.com/adfs\","
		"\"audiences\":[\"api://one\",\"api://two\"]}}");
}

static void test_metadata_get_audiences_are_those_that_the_issuer_gives(void **state)
{
	static const char *const audiences[] = { "api://backup", NULL };
	static struct config_issuer issuer = { .issuer = "i", .audiences = audiences };
	struct api_fixture *fixture = *state;

	fixture->config.authentication.issuers = &issuer;
	fixture->config.authentication.issuer_count = 1;
	ask(fixture);
	assert_non_null(strstr(fixture->text, "\"audiences\":[\"api://backup\"]"));
}

static void test_metadata_get_versions(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = NULL;
	fixture->sent_version = "1.0";
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 200);
	fixture->sent_version = "2018-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "InvalidApiVersionParameter");
	assert_non_null(strstr(fixture->text, "supported: 1.0, 2015-01-01"));
	fixture->sent_version = NULL;
	assert_int_equal(api_fixture_call(fixture, "GET", "/metadata/endpoints", NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "MissingApiVersionParameter");
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_metadata_get_nothing_configured_names_no_endpoints_and_itself),
		FIXTURE_TEST(test_metadata_get_tells_what_is_configured),
		FIXTURE_TEST(test_metadata_get_audiences_are_those_that_the_issuer_gives),
		FIXTURE_TEST(test_metadata_get_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
