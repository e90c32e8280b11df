/* SPDX-License-Identifier: Apache-2.0 */
/* The provider namespaces and their registration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define SUBSCRIPTION "/subscriptions/" API_FIXTURE_SUBSCRIPTION

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void test_providers_list_has_both_and_their_types(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2016-09-01";
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "GET", SUBSCRIPTION "/providers", NULL), 200);

	json_t *value = json_object_get(fixture->json, "value");
	json_t *backup = json_array_get(value, 0);

	assert_int_equal(json_array_size(value), 2);
	assert_string_equal(member(backup, "id"), SUBSCRIPTION "/providers/Microsoft.Backup.Admin");
	assert_string_equal(member(backup, "registrationState"), "Registered");
	assert_non_null(strstr(fixture->text, "{\"resourceType\":\"backupLocations/backups\","
					      "\"locations\":[\"north\"],\"apiVersions\":["));
	assert_non_null(strstr(fixture->text, "\"2018-09-01\""));
	assert_string_equal(member(json_array_get(value, 1), "namespace"),
			    "Microsoft.InfrastructureInsights.Admin");
}

static void test_providers_list_without_subscription_has_short_ids(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2021-04-01";
	assert_int_equal(api_fixture_call(fixture, "GET", "/providers", NULL), 200);
	assert_non_null(strstr(fixture->text, "{\"id\":\"/providers/Microsoft.Backup.Admin\","));
}

static void test_providers_get_by_any_spelling(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_version = "2016-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET",
					  SUBSCRIPTION "/providers/microsoft.INFRAstructure"
						       "insights.admin",
					  NULL),
			 200);
	assert_string_equal(member(fixture->json, "namespace"),
			    "Microsoft.InfrastructureInsights.Admin");
	assert_int_equal(
		api_fixture_call(fixture, "GET", SUBSCRIPTION "/providers/Microsoft.Compute", NULL),
		404);
	assert_string_equal(api_fixture_code(fixture), "InvalidResourceNamespace");
}

static unsigned tell(struct api_fixture *fixture, const char *body)
{
	fixture->sent_version = "2.0";
	return api_fixture_call(fixture, "PUT", SUBSCRIPTION, body);
}

static unsigned do_register(struct api_fixture *fixture)
{
	fixture->sent_version = "2016-09-01";
	return api_fixture_call(fixture, "POST",
				SUBSCRIPTION "/providers/Microsoft.Backup.Admin/register", NULL);
}

static void test_providers_register_again_is_fine_and_ends_unregistered(void **state)
{
	struct api_fixture *fixture = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(do_register(fixture), 200);
		assert_string_equal(member(fixture->json, "registrationState"), "Registered");
	}
	assert_int_equal(tell(fixture, "{\"state\":\"Unregistered\"}"), 200);
	fixture->sent_version = "2016-09-01";
	assert_int_equal(api_fixture_call(fixture, "GET",
					  SUBSCRIPTION "/providers/Microsoft.Backup.Admin", NULL),
			 200);
	assert_string_equal(member(fixture->json, "registrationState"), "Unregistered");
	assert_int_equal(do_register(fixture), 200);
	assert_string_equal(member(fixture->json, "registrationState"), "Registered");
}

static void test_providers_register_does_not_end_a_suspension(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(tell(fixture, "{\"state\":\"Suspended\"}"), 200);
	assert_int_equal(do_register(fixture), 409);
	assert_string_equal(api_fixture_code(fixture), "ReadOnlyDisabledSubscription");
	assert_int_equal(do_register(fixture), 409);
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_providers_list_has_both_and_their_types),
		FIXTURE_TEST(test_providers_list_without_subscription_has_short_ids),
		FIXTURE_TEST(test_providers_get_by_any_spelling),
		FIXTURE_TEST(test_providers_register_again_is_fine_and_ends_unregistered),
		FIXTURE_TEST(test_providers_register_does_not_end_a_suspension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
