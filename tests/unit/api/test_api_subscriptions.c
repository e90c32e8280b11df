/* SPDX-License-Identifier: Apache-2.0 */
/* The tenant, its subscription, that one's region and resource group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define SUBSCRIPTION "/subscriptions/" API_FIXTURE_SUBSCRIPTION
#define SHOWN                                                                                      \
	"{\"id\":\"" SUBSCRIPTION "\",\"subscriptionId\":\"" API_FIXTURE_SUBSCRIPTION              \
	"\",\"tenantId\":\"" API_FIXTURE_TENANT                                                    \
	"\",\"displayName\":\"Default Provider Subscription\",\"offerId\":null,\"state\":"         \
	"\"Enabled\",\"subscriptionPolicies\":{\"locationPlacementId\":\"AzureStack\","            \
	"\"quotaId\":null,\"spendingLimit\":\"Off\"}}"
#define GROUP                                                                                      \
	"{\"id\":\"" SUBSCRIPTION "/resourceGroups/System.north\",\"name\":\"System.north\","      \
	"\"type\":\"Microsoft.Resources/resourceGroups\",\"location\":\"north\",\"tags\":{},"      \
	"\"properties\":{\"provisioningState\":\"Succeeded\"}}"

static void test_lists_and_resources_have_their_shapes(void **state)
{
	static const struct {
		const char *target, *text;
	} cases[] = {
		{ "/tenants", "{\"value\":[{\"id\":\"/tenants/" API_FIXTURE_TENANT
			      "\",\"tenantId\":\"" API_FIXTURE_TENANT "\"}]}" },
		{ "/subscriptions", "{\"value\":[" SHOWN "]}" },
		{ SUBSCRIPTION, SHOWN },
		{ "/SUBSCRIPTIONS/7D0F5F0E-6A39-4C5E-9A64-0B6C86F1A001/", SHOWN },
		{ SUBSCRIPTION "/locations",
		  "{\"value\":[{\"id\":\"" SUBSCRIPTION "/locations/north\",\"name\":\"north\","
		  "\"displayName\":\"north\"}]}" },
		{ SUBSCRIPTION "/resourceGroups", "{\"value\":[" GROUP "]}" },
		{ SUBSCRIPTION "/resourcegroups/SYSTEM.north", GROUP },
	};
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2016-05-01";
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", cases[i].target, NULL), 200);
		assert_string_equal(fixture->text, cases[i].text);
	}
}

static void test_other_subscriptions_and_groups_are_not_found(void **state)
{
	static const struct {
		const char *target, *code;
	} cases[] = {
		{ "/subscriptions/00000000-0000-0000-0000-000000000000", "SubscriptionNotFound" },
		{ "/subscriptions/00000000-0000-0000-0000-000000000000/locations",
		  "SubscriptionNotFound" },
		{ "/subscriptions/x/providers", "SubscriptionNotFound" },
		{ SUBSCRIPTION "/resourceGroups/system.south", "ResourceNotFound" },
	};
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2016-05-01";
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", cases[i].target, NULL), 404);
		assert_string_equal(api_fixture_code(fixture), cases[i].code);
	}
}

static void test_versions_of_the_resource_manager(void **state)
{
	static const char *const good[] = { "2014-04-01", "2016-06-01", "2021-01-01",
					    "2022-12-01" };
	static const char *const bad[] = { "2018-09-01", "1.0", "2.0", "2016", "" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		fixture->sent_version = good[i];
		assert_int_equal(api_fixture_call(fixture, "GET", "/subscriptions", NULL), 200);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		fixture->sent_version = bad[i];
		assert_int_equal(api_fixture_call(fixture, "GET", "/subscriptions", NULL), 400);
		assert_non_null(strstr(fixture->text, "2014-04-01, "));
		assert_non_null(strstr(fixture->text, ", 2022-12-01"));
	}
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_lists_and_resources_have_their_shapes),
		FIXTURE_TEST(test_other_subscriptions_and_groups_are_not_found),
		FIXTURE_TEST(test_versions_of_the_resource_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
