/* SPDX-License-Identifier: Apache-2.0 */
/* ETags, If-Match and If-None-Match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define BACKUP API_FIXTURE_LOCATION "/backups/" ID
#define MISSING API_FIXTURE_LOCATION "/backups/3f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"

enum { TAG_SIZE = 64 };

/* The status of a request with one condition; @value NULL: without. */
static unsigned ask(struct api_fixture *fixture, const char *method, const char *target,
		    const char *condition, const char *value)
{
	fixture->sent_header = value == NULL ? NULL : condition;
	fixture->sent_header_value = value;
	return api_fixture_call(fixture, method, target, strcmp(method, "PUT") == 0 ? "[]" : NULL);
}

static const char *tag_of(struct api_fixture *fixture, const char *target, char tag[TAG_SIZE])
{
	assert_int_equal(ask(fixture, "GET", target, "If-Match", NULL), 200);
	assert_non_null(api_fixture_header(fixture, "ETag"));
	(void)snprintf(tag, TAG_SIZE, "%s", api_fixture_header(fixture, "ETag"));
	return tag;
}

static void change_location(struct api_fixture *fixture,
			    void (*change)(struct db_location *location))
{
	struct db_location location = { 0 };

	assert_int_equal(db_location_get(fixture->state, "north", &location, NULL), STATUS_OK);
	change(&location);
	assert_int_equal(db_location_put(fixture->state, &location, NULL), STATUS_OK);
	db_location_done(&location);
}

static void change_what_changes_by_itself(struct db_location *location)
{
	location->capacity_free = 123456789;
	location->next_backup_time = API_FIXTURE_NOW + 1000;
	location->last_backup_time = API_FIXTURE_NOW - 1000;
}

static void change_retention(struct db_location *location)
{
	location->retention_days++;
}

/* A new password does not show otherwise. */
static void change_time(struct db_location *location)
{
	location->changed_time++;
}

static void test_tag_of_a_location_follows_what_operators_set(void **state)
{
	struct api_fixture *fixture = *state;
	char first[TAG_SIZE], second[TAG_SIZE], third[TAG_SIZE];

	(void)tag_of(fixture, API_FIXTURE_LOCATION, first);
	change_location(fixture, change_what_changes_by_itself);
	assert_string_equal(tag_of(fixture, API_FIXTURE_LOCATION, second), first);
	fixture->sent_version = "2021-09-01";
	assert_string_equal(tag_of(fixture, API_FIXTURE_LOCATION, second), first);
	change_location(fixture, change_retention);
	assert_string_not_equal(tag_of(fixture, API_FIXTURE_LOCATION, second), first);
	change_location(fixture, change_time);
	assert_string_not_equal(tag_of(fixture, API_FIXTURE_LOCATION, third), second);
}

static void test_get_with_its_tag_is_304(void **state)
{
	struct api_fixture *fixture = *state;
	char tag[TAG_SIZE], value[4 * TAG_SIZE];

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	const char *targets[] = { API_FIXTURE_LOCATION, BACKUP };

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		(void)tag_of(fixture, targets[i], tag);
		assert_int_equal(ask(fixture, "GET", targets[i], "If-None-Match", tag), 304);
		assert_string_equal(fixture->text, "");
		assert_string_equal(api_fixture_header(fixture, "ETag"), tag);
		(void)snprintf(value, sizeof(value), "\"other\" ,, W/%s,", tag);
		assert_int_equal(ask(fixture, "GET", targets[i], "If-None-Match", value), 304);
		assert_int_equal(ask(fixture, "GET", targets[i], "If-None-Match", "*"), 304);
		assert_int_equal(ask(fixture, "GET", targets[i], "If-None-Match", "\"other\""),
				 200);
	}
}

static void test_get_with_another_tag_is_412(void **state)
{
	struct api_fixture *fixture = *state;
	char tag[TAG_SIZE];

	(void)tag_of(fixture, API_FIXTURE_LOCATION, tag);
	assert_int_equal(ask(fixture, "GET", API_FIXTURE_LOCATION, "If-Match", tag), 200);
	assert_int_equal(ask(fixture, "GET", API_FIXTURE_LOCATION, "If-Match", "*"), 200);
	assert_int_equal(ask(fixture, "GET", API_FIXTURE_LOCATION, "If-Match", "\"a\""), 412);
	assert_string_equal(api_fixture_code(fixture), "PreconditionFailedException");
	assert_string_equal(api_fixture_target(fixture), "If-Match");
}

/* The body is not an object: 400 says that the condition let it through. */
static void test_put_goes_on_only_when_the_condition_holds(void **state)
{
	struct api_fixture *fixture = *state;
	char tag[TAG_SIZE], weak[TAG_SIZE + 2], list[2 * TAG_SIZE];

	(void)tag_of(fixture, API_FIXTURE_LOCATION, tag);
	(void)snprintf(weak, sizeof(weak), "W/%s", tag);
	(void)snprintf(list, sizeof(list), "\"a\", %s", tag);
	const struct {
		const char *condition, *value;
		unsigned status;
	} cases[] = {
		{ "If-Match", NULL, 400 },         { "If-Match", tag, 400 },
		{ "If-Match", "*", 400 },          { "If-Match", list, 400 },
		{ "If-Match", "\"a\"", 412 },      { "If-Match", weak, 412 },
		{ "If-None-Match", "\"a\"", 400 }, { "If-None-Match", "*", 412 },
		{ "If-None-Match", tag, 412 },     { "If-None-Match", weak, 412 },
		{ "If-None-Match", list, 412 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		unsigned status = ask(fixture, "PUT", API_FIXTURE_LOCATION, cases[i].condition,
				      cases[i].value);

		if (status != cases[i].status)
			fail_msg("%s: %s: %u", cases[i].condition, cases[i].value, status);
		if (status == 412)
			assert_string_equal(api_fixture_target(fixture), cases[i].condition);
	}
}

/* An action is about the resource that it belongs to. */
static void test_post_looks_at_the_resource_of_its_action(void **state)
{
	struct api_fixture *fixture = *state;
	char tag[TAG_SIZE];

	api_fixture_add_backup(fixture, ID, 1, "Succeeded");
	(void)tag_of(fixture, BACKUP, tag);
	assert_int_equal(ask(fixture, "POST", BACKUP "/cancel", "If-Match", "\"a\""), 412);
	assert_int_not_equal(ask(fixture, "POST", BACKUP "/cancel", "If-Match", tag), 412);
	assert_int_equal(ask(fixture, "POST", MISSING "/cancel", "If-Match", "*"), 412);
	assert_int_equal(ask(fixture, "POST", MISSING "/cancel", "If-None-Match", "*"), 404);
	(void)tag_of(fixture, API_FIXTURE_LOCATION, tag);
	assert_int_equal(
		ask(fixture, "POST", API_FIXTURE_LOCATION "/testConnection", "If-None-Match", tag),
		412);
}

static void test_condition_with_bad_syntax_is_400(void **state)
{
	static const char *const values[] = { "",        "abc",     "\"abc",   "abc\"",
					      "\"a\"b",  "w/\"a\"", "W/abc",   "*, \"a\"",
					      "\"a\",*", ",",       "\"a b\"", "\"a\" \"b\" x",
					      "**",      "W/ \"a\"" };
	struct api_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		const char *names[] = { "If-Match", "If-None-Match" };
		const char *methods[] = { "GET", "PUT" };

		for (size_t k = 0; k < 4; k++) {
			unsigned status = ask(fixture, methods[k / 2], API_FIXTURE_LOCATION,
					      names[k % 2], values[i]);
			if (status != 400)
				fail_msg("%s: %s: %u", names[k % 2], values[i], status);
			assert_string_equal(api_fixture_target(fixture), names[k % 2]);
		}
	}
}

/* Who may not do it learns nothing about the resource. */
static void test_right_comes_before_the_condition(void **state)
{
	struct api_fixture *fixture = *state;

	fixture->sent_authorization = fixture->authorization[AUTH_READER];
	assert_int_equal(ask(fixture, "PUT", API_FIXTURE_LOCATION, "If-Match", "\"a\""), 403);
}

#define FIXTURE_TEST(test)                                                                         \
	cmocka_unit_test_setup_teardown(test, api_fixture_start, api_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_tag_of_a_location_follows_what_operators_set),
		FIXTURE_TEST(test_get_with_its_tag_is_304),
		FIXTURE_TEST(test_get_with_another_tag_is_412),
		FIXTURE_TEST(test_put_goes_on_only_when_the_condition_holds),
		FIXTURE_TEST(test_post_looks_at_the_resource_of_its_action),
		FIXTURE_TEST(test_condition_with_bad_syntax_is_400),
		FIXTURE_TEST(test_right_comes_before_the_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
