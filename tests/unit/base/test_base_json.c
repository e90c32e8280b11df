/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text in and out, and its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

#include "base_folder.h"

static enum status parse(const char *text, json_t **out, struct error *err)
{
	return json_parse(text, strlen(text), out, err);
}

static void test_json_parse_any_single_value(void **state)
{
	static const char *const good[] = { "{}", " [1,2.5,\"x\"] \n", "null", "\"a\"", "-7" };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		AUTO_JSON json = NULL;

		assert_int_equal(parse(good[i], &json, &err), STATUS_OK);
		assert_non_null(json);
	}
}

static void test_json_parse_bad_text_is_invalid_with_line_and_column(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"{} {}",
		"[1,]",
		"{'a':1}",
		"{\"a\":1,\"a\":2}",
		"\"\xff\"",
		"\"\xc0\xaf\"",
		"[NaN]",
		"\"\\u0000\"",
		"// comment\n1",
		"\"\\ud800\"",
		"1e999",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		json_t *json = NULL;

		assert_int_equal(parse(bad[i], &json, &err), STATUS_INVALID);
		assert_null(json);
		assert_non_null(strstr(err.message, "line 1 column"));
	}
	json_t *json = NULL;
	assert_int_equal(parse("{\n\"a\":\n]", &json, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "line 3 column 1"));
}

static void test_json_parse_error_does_not_quote_the_text(void **state)
{
	json_t *json = NULL;
	struct error err;

	(void)state;
	assert_int_equal(parse("{\"password\": \"hunter2\" \"x\"}", &json, &err), STATUS_INVALID);
	assert_null(strstr(err.message, "hunter2"));
	assert_null(strstr(err.message, "near"));
	assert_int_equal(parse("{\"password\": hunter2}", &json, &err), STATUS_INVALID);
	assert_null(strstr(err.message, "hunter2"));
}

static void nested(char *text, size_t depth, char open, char close)
{
	memset(text, open, depth);
	memset(text + depth, close, depth);
	text[2 * depth] = '\0';
}

static void test_json_parse_depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3];
	AUTO_JSON json = NULL;
	struct error err;

	(void)state;
	nested(text, JSON_DEPTH_MAX, '[', ']');
	assert_int_equal(parse(text, &json, &err), STATUS_OK);
	json_t *none = NULL;
	nested(text, JSON_DEPTH_MAX + 1, '[', ']');
	assert_int_equal(parse(text, &none, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "line 1 column 33"));
	assert_non_null(strstr(err.message, "allowed 32"));
	assert_null(none);
}

static void test_json_parse_brackets_in_strings_do_not_count(void **state)
{
	AUTO_JSON json = NULL;
	struct error err;
	char text[256] = "[\"\\\\\\\"";

	(void)state;
	memset(text + strlen(text), '[', 100);
	memcpy(text + 106, "\"]", 3);
	assert_int_equal(parse(text, &json, &err), STATUS_OK);
	assert_int_equal(json_string_length(json_array_get(json, 0)), 102);
}

static void test_json_parse_file_names_the_file(void **state)
{
	AUTO_FREE char *path = file_join(*state, "x.json");
	AUTO_JSON json = NULL;
	struct error err;

	assert_int_equal(json_parse_file(path, 100, &json, &err), STATUS_NOT_FOUND);
	assert_int_equal(file_write(path, 0600, false, "[1", 2, &err), STATUS_OK);
	assert_int_equal(json_parse_file(path, 100, &json, &err), STATUS_INVALID);
	assert_string_equal(err.path, path);
	assert_int_equal(json_parse_file(path, 1, &json, &err), STATUS_TOO_LARGE);
	assert_null(json);
	assert_int_equal(file_write(path, 0600, true, "[1]", 3, &err), STATUS_OK);
	assert_int_equal(json_parse_file(path, 3, &json, &err), STATUS_OK);
	assert_int_equal(json_array_size(json), 1);
}

static void test_json_write_is_compact_and_keeps_the_order(void **state)
{
	static const char text[] = "{\"z\":1,\"a\":[true,null,\"\xc3\xa4\"],\"m\":{}}";
	AUTO_JSON json = NULL;
	struct buffer out = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(parse(text, &json, &err), STATUS_OK);
	assert_int_equal(json_write(json, &out, &err), STATUS_OK);
	assert_string_equal((char *)out.data, text);
	assert_int_equal(out.length, strlen(text));
	buffer_done(&out);
}

static void test_json_write_over_the_maximum_keeps_the_buffer(void **state)
{
	AUTO_JSON json = json_string("0123456789");
	struct buffer out;
	struct error err;

	(void)state;
	buffer_init(&out, 11);
	assert_int_equal(buffer_append_text(&out, "kept", &err), STATUS_OK);
	assert_int_equal(json_write(json, &out, &err), STATUS_TOO_LARGE);
	assert_memory_equal(out.data, "kept", 4);
	buffer_done(&out);
	buffer_init(&out, 12);
	assert_int_equal(json_write(json, &out, &err), STATUS_OK);
	assert_string_equal((char *)out.data, "\"0123456789\"");
	assert_int_equal(out.max, 12);
	buffer_done(&out);
	assert_int_equal(json_write(NULL, &out, &err), STATUS_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_parse_any_single_value),
		cmocka_unit_test(test_json_parse_bad_text_is_invalid_with_line_and_column),
		cmocka_unit_test(test_json_parse_error_does_not_quote_the_text),
		cmocka_unit_test(test_json_parse_depth_is_bounded),
		cmocka_unit_test(test_json_parse_brackets_in_strings_do_not_count),
		cmocka_unit_test_setup_teardown(test_json_parse_file_names_the_file,
						base_folder_setup, base_folder_teardown),
		cmocka_unit_test(test_json_write_is_compact_and_keeps_the_order),
		cmocka_unit_test(test_json_write_over_the_maximum_keeps_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
