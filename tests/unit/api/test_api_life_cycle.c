/* SPDX-License-Identifier: Apache-2.0 */
/* The states of the subscription that the resource manager tells, and what each forbids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define SUBSCRIPTION "/subscriptions/" API_FIXTURE_SUBSCRIPTION
#define ALERT                                                                                      \
	SUBSCRIPTION "/resourceGroups/system.north/providers/"                                     \
		     "Microsoft.InfrastructureInsights.Admin/regionHealths/north/alerts/"          \
		     "90b1c0de-7c2d-4f6a-9d61-3f4d0a3f0003"

static unsigned tell(struct api_fixture *fixture, const char *body)
{
	fixture->sent_version = "2.0";
	return api_fixture_call(fixture, "PUT", SUBSCRIPTION, body);
}

static void tell_state(struct api_fixture *fixture, const char *name)
{
	AUTO_FREE char *body = NULL;

	assert_true(asprintf(&body, "{\"state\":\"%s\"}", name) > 0);
	assert_int_equal(tell(fixture, body), 200);
}

static void test_subscriptions_put_repeats_what_was_sent(void **state)
{
	static const char body[] =
		"{\"state\":\"Warned\",\"registrationDate\":\"Tue, 15 Nov 1994 08:12:31 GMT\","
		"\"properties\":{\"tenantId\":\"x\",\"additionalProperties\":{\"a\":[1,null]}},"
		"\"new\":true}";
	struct api_fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(tell(fixture, body), 200);
		assert_string_equal(fixture->text, body);
	}
}

static void test_subscriptions_put_states_that_are_none(void **state)
{
	static const struct {
		const char *body, *target;
	} cases[] = {
		{ "{}", "state" },
		{ "{\"state\":null}", "state" },
		{ "{\"state\":\"registered\"}", "state" },
		{ "{\"state\":\"Enabled\"}", "state" },
		{ "{\"state\":1}", "state" },
		{ "{\"state\":\"Warned\",\"properties\":[]}", "properties" },
		{ NULL, "" },
		{ "[]", "" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(tell(fixture, cases[i].body), 400);
		assert_string_equal(api_fixture_target(fixture), cases[i].target);
	}
	fixture->sent_version = "2016-05-01";
	assert_int_equal(api_fixture_call(fixture, "PUT", SUBSCRIPTION, "{\"state\":\"Warned\"}"),
			 400);
	assert_string_equal(api_fixture_code(fixture), "InvalidApiVersionParameter");
	assert_int_equal(api_fixture_call(fixture, "GET", SUBSCRIPTION, NULL), 200);
	assert_non_null(strstr(fixture->text, "\"state\":\"Enabled\""));
}

static void test_subscriptions_put_only_the_configured_one_by_an_administrator(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2.0";
	assert_int_equal(api_fixture_call(fixture, "PUT",
					  "/subscriptions/00000000-0000-0000-0000-000000000000",
					  "{\"state\":\"Warned\"}"),
			 404);
	fixture->sent_authorization = fixture->authorization[AUTH_OPERATOR];
	assert_int_equal(tell(fixture, "{\"state\":\"Warned\"}"), 403);
}

static void test_states_as_clients_see_them(void **state)
{
	static const struct {
		const char *told, *shown;
	} cases[] = {
		{ "Unregistered", "\"state\":\"Enabled\"" }, { "Warned", "\"state\":\"Warned\"" },
		{ "Suspended", "\"state\":\"Disabled\"" },   { "Deleted", "\"state\":\"Deleted\"" },
		{ "Registered", "\"state\":\"Enabled\"" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		tell_state(fixture, cases[i].told);
		fixture->sent_version = "2016-05-01";
		assert_int_equal(api_fixture_call(fixture, "GET", SUBSCRIPTION, NULL), 200);
		assert_non_null(strstr(fixture->text, cases[i].shown));
	}
}

static void test_any_state_but_registered_allows_reading_only(void **state)
{
	static const struct {
		const char *state, *code;
	} cases[] = {
		{ "Unregistered", "MissingSubscriptionRegistration" },
		{ "Warned", "ReadOnlyDisabledSubscription" },
		{ "Suspended", "ReadOnlyDisabledSubscription" },
		{ "Deleted", "ReadOnlyDisabledSubscription" },
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		tell_state(fixture, cases[i].state);
		fixture->sent_version = "2018-09-01";
		assert_int_equal(api_fixture_call(fixture, "PUT", API_FIXTURE_LOCATION, "{}"), 409);
		assert_string_equal(api_fixture_code(fixture), cases[i].code);
		assert_int_equal(api_fixture_call(fixture, "POST",
						  API_FIXTURE_LOCATION "/createBackup", NULL),
				 409);
		assert_string_equal(api_fixture_code(fixture), cases[i].code);
		assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL), 200);
		fixture->sent_version = "2016-05-01";
		assert_int_equal(api_fixture_call(fixture, "PUT", ALERT, "{}"), 409);
		assert_int_equal(api_fixture_call(fixture, "GET", ALERT, NULL), 404);
	}
	tell_state(fixture, "Registered");
	fixture->sent_version = "2016-05-01";
	assert_int_equal(api_fixture_call(fixture, "PUT", ALERT, "{}"), 404);
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_subscriptions_put_repeats_what_was_sent),
		FIXTURE_TEST(test_subscriptions_put_states_that_are_none),
		FIXTURE_TEST(test_subscriptions_put_only_the_configured_one_by_an_administrator),
		FIXTURE_TEST(test_states_as_clients_see_them),
		FIXTURE_TEST(test_any_state_but_registered_allows_reading_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
