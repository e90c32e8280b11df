/* SPDX-License-Identifier: Apache-2.0 */
/* What of a call is in the audit log: one row a write, refusals, nothing of what reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define BACKUP "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define ALERTS                                                                                     \
	"/subscriptions/" API_FIXTURE_SUBSCRIPTION "/resourceGroups/system.north/providers/"       \
	"Microsoft.InfrastructureInsights.Admin/regionHealths/north/alerts"

struct rows {
	size_t count;
	struct db_audit_event last; /* the newest */
};

static enum status take_row(const struct db_audit_event *event, void *context, struct error *err)
{
	struct rows *rows = context;

	(void)err;
	if (rows->count++ == 0)
		rows->last = *event;
	return STATUS_OK;
}

static struct rows read_rows(const struct api_fixture *fixture)
{
	const struct db_audit_filter filter = { .max = 1000 };
	struct rows rows = { .count = 0 };

	assert_int_equal(db_audit_list(fixture->state, &filter, take_row, &rows, NULL), STATUS_OK);
	return rows;
}

static bool is_write(const struct api_route_description *route)
{
	return strcmp(route->method, "GET") != 0;
}

/* A path of the route for the fixture's location. */
static void fill_path(const char *pattern, char path[512])
{
	static const struct {
		const char *name, *value;
	} values[] = { { "{subscription}", API_FIXTURE_SUBSCRIPTION },
		       { "{group}", "system.north" },
		       { "{location}", "north" } };
	size_t length = 0;

	while (*pattern != '\0') {
		const char *value = BACKUP;

		if (*pattern != '{') {
			path[length++] = *pattern++;
			continue;
		}
		for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
			if (strncmp(pattern, values[i].name, strlen(values[i].name)) == 0)
				value = values[i].value;
		length += (size_t)snprintf(path + length, 512 - length, "%s", value);
		pattern += strcspn(pattern, "}") + 1;
	}
	path[length] = '\0';
}

static void test_audit_every_write_of_every_route_is_one_row(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_route_description route;
	size_t writes = 0;
	char path[512];

	/* So none of them comes to its handler, which needs a whole service. */
	fixture->sent_version = "1999-01-01";
	for (size_t i = 0; api_route_describe(i, &route); i++) {
		if (route.role == NULL)
			continue;
		fill_path(route.path, path);
		assert_int_equal(api_fixture_call(fixture, route.method, path, "{}"), 400);
		writes += is_write(&route);
		struct rows rows = read_rows(fixture);

		assert_int_equal(rows.count, writes);
		if (!is_write(&route))
			continue;
		assert_string_equal(rows.last.origin.operation, route.operation_id);
		assert_string_equal(rows.last.origin.method, route.method);
		assert_string_equal(rows.last.origin.path, path);
		assert_string_equal(rows.last.origin.caller, "Administrator");
		assert_string_equal(rows.last.origin.caller_kind, "apiToken");
		assert_string_equal(rows.last.origin.address, "127.0.0.1");
		assert_string_equal(rows.last.origin.api_version, "1999-01-01");
		assert_int_equal(rows.last.outcome.http_status, 400);
		assert_string_equal(rows.last.outcome.error_code, api_fixture_code(fixture));
		assert_string_equal(db_audit_status(&rows.last), "Failed");
	}
	assert_true(writes > 10);
}

static void test_audit_every_write_of_a_reader_is_refused_and_recorded(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_route_description route;
	char path[512];

	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	for (size_t i = 0; api_route_describe(i, &route); i++) {
		if (!is_write(&route))
			continue;
		fill_path(route.path, path);
		/* The one version that has all of them. */
		fixture->sent_version = "2021-09-01";
		assert_int_equal(api_fixture_call(fixture, route.method, path, "{}"), 403);
	}
	struct rows rows = read_rows(fixture);

	/* The others are counted with it. */
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.last.origin.caller, "Reader");
	assert_int_equal(rows.last.outcome.http_status, 403);
	assert_string_equal(rows.last.outcome.error_code, "AuthorizationFailed");
}

static void test_audit_unknown_callers_are_recorded_without_what_they_sent(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = "Bearer ib_secret";
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "?key=secret", NULL),
			 401);
	struct rows rows = read_rows(fixture);

	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.last.origin.caller, "");
	assert_string_equal(rows.last.origin.caller_kind, "none");
	assert_string_equal(rows.last.origin.path, API_FIXTURE_LOCATION);
	assert_string_equal(rows.last.outcome.error_code, "AuthenticationFailed");
	for (int i = 0; i < 200; i++)
		(void)api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION, NULL);
	assert_int_equal(read_rows(fixture).count, 1);
}

static void test_audit_reads_leave_nothing(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/backups", NULL),
			 200);
	assert_int_equal(api_fixture_call(fixture, "GET", API_FIXTURE_LOCATION "/none", NULL), 404);
	assert_int_equal(api_fixture_call(fixture, "GET", "/healthz", NULL), 200);
	assert_int_equal(read_rows(fixture).count, 0);
}

static void test_audit_writes_to_nowhere_are_counted(void **state)
{
	struct api_fixture *fixture = *state;

	assert_int_equal(api_fixture_call(fixture, "POST", "/none", NULL), 404);
	assert_int_equal(api_fixture_call(fixture, "DELETE", API_FIXTURE_LOCATION, NULL), 405);
	assert_int_equal(api_fixture_call(fixture, "DELETE", API_FIXTURE_LOCATION, NULL), 405);
	struct rows rows = read_rows(fixture);

	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.last.origin.operation, "");
	assert_string_equal(rows.last.origin.method, "DELETE");
}

static const char *first_alert(struct api_fixture *fixture, const char *member)
{
	fixture->sent_version = "2016-05-01";
	assert_int_equal(api_fixture_call(fixture, "GET", ALERTS, NULL), 200);
	const json_t *alert = json_array_get(json_object_get(fixture->json, "value"), 0);

	return json_string_value(json_object_get(json_object_get(alert, "properties"), member));
}

/* The path of an alert that is open; closing it is a write that needs nothing but the database. */
static void raise_alert(struct api_fixture *fixture, char path[512])
{
	const struct alert_report report = { .fault = ALERT_SCHEDULER_PAUSED };

	assert_int_equal(alert_raise(fixture->alerts, fixture->state, &report, NULL), STATUS_OK);
	(void)snprintf(path, 512, ALERTS "/%s", first_alert(fixture, "alertId"));
}

static void test_audit_a_done_write_has_its_outcome(void **state)
{
	struct api_fixture *fixture = *state;
	static const char correlation[] = "6f1d6a3e-5c0b-4e57-9b1e-0a4c1d2e3f40";
	char path[512];

	raise_alert(fixture, path);
	fixture->sent_header = "x-ms-correlation-request-id";
	fixture->sent_header_value = correlation;
	assert_int_equal(api_fixture_call(fixture, "PUT", path, "{}"), 200);
	struct rows rows = read_rows(fixture);

	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.last.origin.operation, "Alerts_Close");
	assert_string_equal(rows.last.origin.correlation_id, correlation);
	assert_string_equal(db_audit_status(&rows.last), "Succeeded");
	assert_int_equal(rows.last.outcome.http_status, 200);
	assert_string_equal(rows.last.outcome.error_code, "");
}

static enum status spoil(struct db *db, void *context, struct error *err)
{
	const struct db_audit_event event = { .sequence = INT64_MAX,
					      .origin = { .caller_kind = "none" } };

	(void)context;
	return db_audit_add(db, &event, err);
}

static void test_audit_what_cannot_be_recorded_is_not_done(void **state)
{
	struct api_fixture *fixture = *state;

	char path[512];

	raise_alert(fixture, path);
	/* No row can follow this one. */
	assert_int_equal(db_transaction(fixture->state, spoil, NULL, NULL), STATUS_OK);
	assert_int_equal(api_fixture_call(fixture, "PUT", path, "{}"), 500);
	assert_string_equal(first_alert(fixture, "state"), "Active");
	assert_int_equal(read_rows(fixture).count, 1);
}

static void test_audit_what_the_transport_refuses_is_recorded(void **state)
{
	struct api_fixture *fixture = *state;
	const struct http_request request = { .method = "PUT",
					      .path = API_FIXTURE_LOCATION "\n",
					      .client_address = "192.0.2.1",
					      .host = "",
					      .request_id = BACKUP };
	struct http_response response;

	http_response_init(&response, 413);
	api_refuse(fixture->api, &request, &response);
	http_response_done(&response);
	struct rows rows = read_rows(fixture);

	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.last.outcome.http_status, 413);
	assert_string_equal(rows.last.outcome.error_code, "PayloadTooLargeException");
	assert_string_equal(rows.last.origin.address, "192.0.2.1");
	assert_string_equal(rows.last.origin.path, "");
}

static void test_audit_long_paths_are_cut_between_characters(void **state)
{
	struct api_fixture *fixture = *state;
	char path[1003] = "/x";

	for (size_t i = 2; i < sizeof(path) - 1; i += 2)
		memcpy(path + i, "\xc3\xa9", 2);
	assert_int_equal(api_fixture_call(fixture, "POST", path, NULL), 404);
	struct rows rows = read_rows(fixture);

	assert_in_range(strlen(rows.last.origin.path), 500, 511);
	assert_true(text_is_printable_utf8(rows.last.origin.path));
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_audit_every_write_of_every_route_is_one_row),
		TEST(test_audit_every_write_of_a_reader_is_refused_and_recorded),
		TEST(test_audit_unknown_callers_are_recorded_without_what_they_sent),
		TEST(test_audit_reads_leave_nothing),
		TEST(test_audit_writes_to_nowhere_are_counted),
		TEST(test_audit_a_done_write_has_its_outcome),
		TEST(test_audit_what_cannot_be_recorded_is_not_done),
		TEST(test_audit_what_the_transport_refuses_is_recorded),
		TEST(test_audit_long_paths_are_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
