/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of fields: what they read, what they refuse and how they say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

struct values {
	const char *name;
	const char *color;
	int64_t count;
	bool enabled;
	bool has_enabled;
	json_t *inner;
	json_t *list;
};

static enum status read_values(const char *text, bool ignore_case, enum json_unknown unknown,
			       json_t **json, struct values *values, struct error *err)
{
	static const char *const colors[] = { "red", "green", NULL };
	const struct json_field fields[] = {
		{ "name", JSON_FIELD_STRING, true, &values->name, NULL, 1, 5, NULL },
		{ "color", JSON_FIELD_STRING, false, &values->color, NULL, 0, 0, colors },
		{ "count", JSON_FIELD_INTEGER, false, &values->count, NULL, -2, 9, NULL },
		{ "enabled", JSON_FIELD_BOOLEAN, false, &values->enabled, &values->has_enabled, 0,
		  0, NULL },
		{ "inner", JSON_FIELD_OBJECT, false, &values->inner, NULL, 0, 0, NULL },
		{ "list", JSON_FIELD_ARRAY, false, &values->list, NULL, 0, 0, NULL },
	};

	assert_int_equal(json_parse(text, strlen(text), json, err), STATUS_OK);
	return json_read_fields(*json, "$.at", fields, ARRAY_LENGTH(fields), unknown, ignore_case,
				err);
}

static void test_json_read_fields_reads_every_type(void **state)
{
	AUTO_JSON json = NULL;
	struct values values = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(read_values("{\"name\":\"abc\",\"color\":\"green\",\"count\":-2,"
				     "\"enabled\":true,\"inner\":{\"x\":1},\"list\":[1,2]}",
				     false, JSON_UNKNOWN_REFUSE, &json, &values, &err),
			 STATUS_OK);
	assert_string_equal(values.name, "abc");
	assert_string_equal(values.color, "green");
	assert_int_equal(values.count, -2);
	assert_true(values.enabled);
	assert_true(values.has_enabled);
	assert_int_equal(json_object_size(values.inner), 1);
	assert_int_equal(json_array_size(values.list), 2);
}

static void test_json_read_fields_absent_or_null_keeps_the_default(void **state)
{
	AUTO_JSON json = NULL;
	struct values values = { .count = 5, .enabled = true, .has_enabled = true };
	struct error err;

	(void)state;
	assert_int_equal(read_values("{\"name\":\"a\",\"enabled\":null}", false,
				     JSON_UNKNOWN_REFUSE, &json, &values, &err),
			 STATUS_OK);
	assert_int_equal(values.count, 5);
	assert_true(values.enabled);
	assert_false(values.has_enabled);
	assert_null(values.inner);
}

static void test_json_read_fields_bad_value_names_path_found_and_allowed(void **state)
{
	static const struct {
		const char *text;
		const char *field;
		const char *message;
	} cases[] = {
		{ "[]", "$.at", "found an array, allowed is an object" },
		{ "{}", "$.at.name", "found nothing, a string is required" },
		{ "{\"name\":null}", "$.at.name", "found nothing, a string is required" },
		{ "{\"name\":7}", "$.at.name", "found an integer, allowed is a string" },
		{ "{\"name\":\"\"}", "$.at.name", "found a text of 0 bytes, allowed are 1 to 5" },
		{ "{\"name\":\"secret\"}", "$.at.name",
		  "found a text of 6 bytes, allowed are 1 to 5" },
		{ "{\"name\":\"a\",\"color\":\"blue\"}", "$.at.color",
		  "found \"blue\", allowed are: red, green" },
		{ "{\"name\":\"a\",\"count\":10}", "$.at.count", "found 10, allowed are -2 to 9" },
		{ "{\"name\":\"a\",\"count\":-3}", "$.at.count", "found -3, allowed are -2 to 9" },
		{ "{\"name\":\"a\",\"count\":1.0}", "$.at.count",
		  "found a fraction, allowed is an integer" },
		{ "{\"name\":\"a\",\"enabled\":\"true\"}", "$.at.enabled",
		  "found a string, allowed is true or false" },
		{ "{\"name\":\"a\",\"inner\":[]}", "$.at.inner",
		  "found an array, allowed is an object" },
		{ "{\"name\":\"a\",\"list\":false}", "$.at.list",
		  "found false, allowed is an array" },
		{ "{\"name\":\"a\",\"other\":1}", "$.at.other",
		  "found unknown key \"other\", allowed are: name, color, count, enabled, inner, "
		  "list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		AUTO_JSON json = NULL;
		struct values values = { 0 };
		struct error err = { 0 };

		assert_int_equal(read_values(cases[i].text, false, JSON_UNKNOWN_REFUSE, &json,
					     &values, &err),
				 STATUS_INVALID);
		assert_string_equal(err.field, cases[i].field);
		assert_string_equal(err.message, cases[i].message);
		assert_null(values.name);
	}
}

static void test_json_read_fields_near_key_is_suggested(void **state)
{
	static const char *const near_count[] = { "Count", "coun",  "counts",
						  "cuont", "coumt", "ount" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(near_count); i++) {
		struct values values = { 0 };
		AUTO_JSON object = json_object();
		AUTO_JSON again = NULL;
		struct buffer text = { 0 };

		assert_int_equal(json_object_set_new(object, near_count[i], json_true()), 0);
		assert_int_equal(json_write(object, &text, &err), STATUS_OK);
		assert_int_equal(read_values((char *)text.data, false, JSON_UNKNOWN_REFUSE, &again,
					     &values, &err),
				 STATUS_INVALID);
		assert_non_null(strstr(err.message, "did you mean \"count\"?"));
		buffer_done(&text);
	}
}

static void test_json_read_fields_far_key_is_not_suggested(void **state)
{
	static const char *const texts[] = { "{\"c\":1}", "{\"counter\":1}", "{\"\":1}",
					     "{\"tnuoc\":1}" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct values values = { 0 };
		AUTO_JSON json = NULL;

		assert_int_equal(
			read_values(texts[i], false, JSON_UNKNOWN_REFUSE, &json, &values, &err),
			STATUS_INVALID);
		assert_null(strstr(err.message, "did you mean"));
	}
}

static void test_json_read_fields_unknown_may_be_ignored(void **state)
{
	AUTO_JSON json = NULL;
	struct values values = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(read_values("{\"name\":\"a\",\"etag\":{}}", false, JSON_UNKNOWN_IGNORE,
				     &json, &values, &err),
			 STATUS_OK);
	assert_string_equal(values.name, "a");
}

static void test_json_read_fields_ignoring_case_matches_any_spelling(void **state)
{
	AUTO_JSON json = NULL;
	AUTO_JSON twice = NULL;
	struct values values = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(read_values("{\"NAME\":\"a\",\"Count\":3}", true, JSON_UNKNOWN_REFUSE,
				     &json, &values, &err),
			 STATUS_OK);
	assert_string_equal(values.name, "a");
	assert_int_equal(values.count, 3);
	assert_int_equal(read_values("{\"name\":\"a\",\"Name\":\"b\"}", true, JSON_UNKNOWN_REFUSE,
				     &twice, &values, &err),
			 STATUS_INVALID);
	assert_string_equal(err.field, "$.at.name");
	assert_string_equal(values.name, "a");
}

static void test_json_read_fields_nothing_is_stored_before_all_is_good(void **state)
{
	AUTO_JSON json = NULL;
	struct values values = { .name = "old" };
	struct error err;

	(void)state;
	assert_int_equal(read_values("{\"name\":\"new\",\"list\":1}", false, JSON_UNKNOWN_REFUSE,
				     &json, &values, &err),
			 STATUS_INVALID);
	assert_string_equal(values.name, "old");
	assert_int_equal(json_read_fields(NULL, "$", NULL, 0, JSON_UNKNOWN_REFUSE, false, &err),
			 STATUS_INVALID);
	assert_string_equal(err.message, "found nothing, allowed is an object");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_read_fields_reads_every_type),
		cmocka_unit_test(test_json_read_fields_absent_or_null_keeps_the_default),
		cmocka_unit_test(test_json_read_fields_bad_value_names_path_found_and_allowed),
		cmocka_unit_test(test_json_read_fields_near_key_is_suggested),
		cmocka_unit_test(test_json_read_fields_far_key_is_not_suggested),
		cmocka_unit_test(test_json_read_fields_unknown_may_be_ignored),
		cmocka_unit_test(test_json_read_fields_ignoring_case_matches_any_spelling),
		cmocka_unit_test(test_json_read_fields_nothing_is_stored_before_all_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
