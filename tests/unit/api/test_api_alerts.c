/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts and health over the interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define INSIGHTS                                                                                   \
	"/subscriptions/" API_FIXTURE_SUBSCRIPTION                                                 \
	"/resourceGroups/system.north/providers/Microsoft.InfrastructureInsights.Admin"
#define REGION INSIGHTS "/regionHealths/north"
#define ALERTS REGION "/alerts"

static int setup(void **state)
{
	if (api_fixture_start(state) != 0)
		return -1;
	((struct api_fixture *)*state)->sent_version = "2016-05-01";
	return 0;
}

static void raise_alert(struct api_fixture *fixture, enum alert_fault fault, const char *occurrence)
{
	const struct alert_evidence evidence = { "externalSharePath", "\\\\files01\\backup" };
	const struct alert_report report = {
		.fault = fault,
		.occurrence = occurrence,
		.evidence = &evidence,
		.evidence_count = fault <= ALERT_BACKUP_PARTIAL ? 1 : 0,
	};

	assert_int_equal(alert_raise(fixture->alerts, fixture->state, &report, NULL), STATUS_OK);
}

static json_t *value(const struct api_fixture *fixture)
{
	return json_object_get(fixture->json, "value");
}

static json_t *properties(const struct api_fixture *fixture)
{
	return json_object_get(fixture->json, "properties");
}

static const char *text(const json_t *object, const char *name)
{
	const char *found = json_string_value(json_object_get(object, name));

	return found == NULL ? "" : found;
}

/* The id of the only alert. */
static const char *only(struct api_fixture *fixture, char id[GUID_TEXT_SIZE])
{
	assert_int_equal(api_fixture_call(fixture, "GET", ALERTS, NULL), 200);
	assert_int_equal(json_array_size(value(fixture)), 1);
	(void)snprintf(
		id, GUID_TEXT_SIZE, "%s",
		text(json_object_get(json_array_get(value(fixture), 0), "properties"), "alertId"));
	return id;
}

static void test_alerts_get_shows_the_recorded_shape(void **state)
{
	static const char *const order[] = { "closedTimestamp",
					     "createdTimestamp",
					     "description",
					     "faultHash",
					     "faultId",
					     "alertId",
					     "faultTypeId",
					     "lastUpdatedTimestamp",
					     "alertProperties",
					     "remediation",
					     "resourceProviderRegistrationId",
					     "severity",
					     "state",
					     "title",
					     "impactedResourceId",
					     "impactedResourceDisplayName",
					     "preview",
					     "hasValidRemediationAction",
					     "remediationHistory" };
	struct api_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], target[512], expected[512];
	const char *key;
	json_t *member;
	size_t i = 0;

	raise_alert(fixture, ALERT_BACKUP_FAILED_SHARE_FULL, "job");
	(void)snprintf(target, sizeof(target), ALERTS "/%s", only(fixture, id));
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 200);
	(void)snprintf(expected, sizeof(expected),
		       "/subscriptions/" API_FIXTURE_SUBSCRIPTION
		       "/resourceGroups/System.north/providers/"
		       "Microsoft.InfrastructureInsights.Admin/regionHealths/north/alerts/%s",
		       id);
	assert_string_equal(text(fixture->json, "id"), expected);
	(void)snprintf(expected, sizeof(expected), "north/%s", id);
	assert_string_equal(text(fixture->json, "name"), expected);
	assert_string_equal(text(fixture->json, "type"),
			    "Microsoft.InfrastructureInsights.Admin/regionHealths/alerts");
	json_object_foreach(properties(fixture), key, member)
	{
		assert_true(i < ARRAY_LENGTH(order));
		assert_string_equal(key, order[i++]);
	}
	assert_int_equal(i, ARRAY_LENGTH(order));
	assert_string_equal(text(properties(fixture), "closedTimestamp"), "0001-01-01T00:00:00Z");
	assert_string_equal(text(properties(fixture), "createdTimestamp"), "2024-03-01T20:30:00Z");
	assert_string_equal(text(properties(fixture), "faultTypeId"),
			    "AzureStack.BackupController.BackupFailedShareOutOfCapacityFault");
	assert_string_equal(text(properties(fixture), "severity"), "Critical");
	member = json_object_get(properties(fixture), "alertProperties");
	assert_string_equal(text(member, "externalSharePath"), "\\\\files01\\backup");
	assert_string_equal(text(member, "timesRaised"), "1");
	member = json_object_get(properties(fixture), "remediation");
	assert_int_equal(strncmp(text(json_array_get(member, 0), "text"), "1. ", 3), 0);
	assert_string_equal(text(json_array_get(member, 1), "type"), "NewLine");
	assert_int_equal(strncmp(text(json_array_get(member, 2), "text"), "2. ", 3), 0);
}

static void test_alerts_close_keeps_the_caller_and_not_what_the_body_says(void **state)
{
	struct api_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], target[512];

	raise_alert(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	(void)snprintf(target, sizeof(target), ALERTS "/%s?user=eve", only(fixture, id));
	fixture->sent_authorization = fixture->authorization[AUTH_OPERATOR];
	assert_int_equal(api_fixture_call(fixture, "PUT", target,
					  "{\"properties\":{\"state\":\"Active\","
					  "\"closedByUserAlias\":\"eve\"}}"),
			 200);
	assert_string_equal(text(properties(fixture), "state"), "Closed");
	assert_string_equal(text(properties(fixture), "closedByUserAlias"), "Operator");
	assert_string_equal(text(properties(fixture), "closedTimestamp"), "2024-03-01T20:30:00Z");
	/* Again is no error. */
	assert_int_equal(api_fixture_call(fixture, "PUT", target, "{}"), 200);
	assert_int_equal(api_fixture_call(fixture, "PUT", target, NULL), 200);
}

static void test_alerts_close_refusals(void **state)
{
	struct api_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], target[512];

	raise_alert(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	(void)snprintf(target, sizeof(target), ALERTS "/%s", only(fixture, id));
	assert_int_equal(api_fixture_call(fixture, "PUT", target, "[]"), 400);
	assert_int_equal(api_fixture_call(fixture, "PUT", target, "{"), 400);
	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(api_fixture_call(fixture, "PUT", target, "{}"), 403);
	(void)only(fixture, id);
	assert_int_equal(api_fixture_call(fixture, "GET",
					  ALERTS "?$filter=Properties/State eq 'Active'", NULL),
			 200);
	assert_int_equal(json_array_size(value(fixture)), 1);
}

static void test_alerts_unknown_is_not_found(void **state)
{
	static const char *const targets[] = {
		ALERTS "/11111111-0000-4000-8000-000000000000",
		ALERTS "/x",
		INSIGHTS "/regionHealths/south/alerts",
		REGION "/serviceHealths/11111111-0000-4000-8000-000000000000",
		REGION "/serviceHealths/x/resourceHealths",
	};
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", targets[i], NULL), 404);
		assert_string_equal(api_fixture_code(fixture), "ResourceNotFound");
	}
	assert_int_equal(api_fixture_call(fixture, "PUT", targets[0], "{}"), 404);
	assert_int_equal(api_fixture_call(fixture, "POST", ALERTS "/x/repair", NULL), 404);
}

static void test_alerts_repair_is_refused_by_its_code(void **state)
{
	struct api_fixture *fixture = *state;
	char id[GUID_TEXT_SIZE], target[512];

	raise_alert(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	(void)snprintf(target, sizeof(target), ALERTS "/%s/repair", only(fixture, id));
	assert_int_equal(api_fixture_call(fixture, "POST", target, NULL), 400);
	assert_string_equal(api_fixture_code(fixture), "RemediateAlertPrecheckFailed");
}

static size_t filtered(struct api_fixture *fixture, const char *filter)
{
	char target[2048];

	(void)snprintf(target, sizeof(target), ALERTS "?$filter=%s", filter);
	if (api_fixture_call(fixture, "GET", target, NULL) != 200)
		print_error("%s: %s\n", filter, fixture->text);
	assert_int_equal(fixture->response.status, 200);
	return json_array_size(value(fixture));
}

static void test_alerts_filter_forms_that_clients_use(void **state)
{
	/* One critical that is open, two warnings, of which one is closed. */
	static const struct {
		const char *filter;
		size_t count;
	} cases[] = {
		{ "", 3 },
		{ "  ", 3 },
		{ "Properties/State eq 'Active'", 2 },
		{ "properties/state eq 'closed'", 1 },
		{ "State ne 'Active'", 1 },
		{ "(Properties/State eq 'Active') and (Properties/Severity eq 'Critical')", 1 },
		{ "Properties/Severity eq 'Warning'", 2 },
		{ "Severity eq 'Critical' or State eq 'Closed'", 2 },
		{ "Severity eq 'Critical' or Severity eq 'Warning' and State eq 'Closed'", 2 },
		{ "(Severity eq 'Critical' or Severity eq 'Warning') and State eq 'Closed'", 1 },
		{ "((((State eq 'Active'))))", 2 },
		{ "Properties/FaultTypeId eq "
		  "'AzureStack.BackupController.BackupShareNotConfiguredFault'",
		  1 },
		{ "State eq 'it''s'", 0 },
	};
	struct api_fixture *fixture = *state;

	raise_alert(fixture, ALERT_BACKUP_FAILED_GENERAL, "job");
	raise_alert(fixture, ALERT_NOT_CONFIGURED, NULL);
	raise_alert(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(
		alert_clear(fixture->alerts, fixture->state, ALERT_SCHEDULER_PAUSED, "x", NULL),
		STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_int_equal(filtered(fixture, cases[i].filter), cases[i].count);
}

static void test_alerts_filter_anything_else_is_refused(void **state)
{
	static const char *const filters[] = {
		"State",
		"State eq",
		"State eq Active",
		"State eq 'Active",
		"State gt 'Active'",
		"Stateeq 'Active'",
		"Title eq 'x'",
		"(State eq 'Active'",
		"State eq 'Active')",
		"State eq 'Active' and",
		"State eq 'Active' State eq 'Closed'",
		"not State eq 'Active'",
		"contains(State,'A')",
		"'Active' eq State",
		"((((((((((State eq 'Active'))))))))))",
		"()",
	};
	struct api_fixture *fixture = *state;
	char target[4096];

	for (size_t i = 0; i < ARRAY_LENGTH(filters); i++) {
		(void)snprintf(target, sizeof(target), ALERTS "?$filter=%s", filters[i]);
		if (api_fixture_call(fixture, "GET", target, NULL) != 400)
			print_error("%s\n", filters[i]);
		assert_int_equal(fixture->response.status, 400);
		assert_string_equal(api_fixture_code(fixture), "BadRequest");
		assert_string_equal(api_fixture_target(fixture), "$filter");
		assert_non_null(strstr(fixture->text, "Properties/State"));
	}
	/* Too many, and a text that is too long. */
	size_t length = (size_t)snprintf(target, sizeof(target), ALERTS "?$filter=State eq 'a'");
	for (int i = 0; i < 20; i++)
		length += (size_t)snprintf(target + length, sizeof(target) - length,
					   " or State eq 'a'");
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
	(void)snprintf(target, sizeof(target), ALERTS "?$filter=State eq '%0200d'", 0);
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 400);
	assert_int_equal(api_fixture_call(fixture, "GET",
					  REGION "/serviceHealths?$filter=State eq 'a'", NULL),
			 400);
}

static void test_alerts_orderby_and_page(void **state)
{
	struct api_fixture *fixture = *state;

	raise_alert(fixture, ALERT_NOT_CONFIGURED, NULL);
	raise_alert(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_int_equal(api_fixture_call(fixture, "GET",
					  ALERTS "?$orderby=Properties/CreatedTimestamp desc",
					  NULL),
			 200);
	assert_int_equal(json_array_size(value(fixture)), 2);
	assert_int_equal(json_object_size(fixture->json), 1);
	assert_int_equal(api_fixture_call(fixture, "GET", ALERTS "?$top=1&$skip=1", NULL), 200);
	assert_int_equal(json_array_size(value(fixture)), 1);
	assert_int_equal(api_fixture_call(fixture, "GET", ALERTS "?$skip=5", NULL), 200);
	assert_int_equal(json_array_size(value(fixture)), 0);
	assert_int_equal(api_fixture_call(fixture, "GET", ALERTS "?$orderby=title", NULL), 400);
	assert_string_equal(api_fixture_target(fixture), "$orderby");
}

static void assert_health(struct api_fixture *fixture, const char *expected, int critical,
			  int warning)
{
	static const char *const lists[] = { INSIGHTS "/regionHealths", REGION "/serviceHealths" };
	char target[512];

	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		assert_int_equal(api_fixture_call(fixture, "GET", lists[i], NULL), 200);
		json_t *entry = json_object_get(json_array_get(value(fixture), 0), "properties");
		json_t *summary = json_object_get(entry, "alertSummary");

		assert_int_equal(json_integer_value(json_object_get(summary, "criticalAlertCount")),
				 critical);
		assert_int_equal(json_integer_value(json_object_get(summary, "warningAlertCount")),
				 warning);
		if (i == 1)
			assert_string_equal(text(entry, "healthState"), expected);
	}
	/* Its resource is found by what the list says. */
	const char *name = text(json_array_get(value(fixture), 0), "name");

	(void)snprintf(target, sizeof(target), REGION "/serviceHealths/%s/resourceHealths",
		       name + strlen("north/"));
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 200);
	json_t *entry = json_array_get(value(fixture), 0);

	assert_string_equal(text(json_object_get(entry, "properties"), "resourceName"),
			    "BackupController");
	assert_string_equal(text(json_object_get(entry, "properties"), "healthState"), expected);
	(void)snprintf(target, sizeof(target), "%s", text(entry, "id"));
	assert_int_equal(api_fixture_call(fixture, "GET", target, NULL), 200);
}

static void test_health_follows_the_worst_alert(void **state)
{
	struct api_fixture *fixture = *state;

	assert_health(fixture, "Healthy", 0, 0);
	raise_alert(fixture, ALERT_NOT_CONFIGURED, NULL);
	assert_health(fixture, "Warning", 0, 1);
	raise_alert(fixture, ALERT_BACKUP_FAILED_GENERAL, "job");
	assert_health(fixture, "Critical", 1, 1);
	assert_int_equal(alert_clear(fixture->alerts, fixture->state, ALERT_BACKUP_FAILED_GENERAL,
				     "x", NULL),
			 STATUS_OK);
	assert_health(fixture, "Warning", 0, 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_alerts_get_shows_the_recorded_shape),
		WITH(test_alerts_close_keeps_the_caller_and_not_what_the_body_says),
		WITH(test_alerts_close_refusals),
		WITH(test_alerts_unknown_is_not_found),
		WITH(test_alerts_repair_is_refused_by_its_code),
		WITH(test_alerts_filter_forms_that_clients_use),
		WITH(test_alerts_filter_anything_else_is_refused),
		WITH(test_alerts_orderby_and_page),
		WITH(test_health_follows_the_worst_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
