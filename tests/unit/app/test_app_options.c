/* SPDX-License-Identifier: Apache-2.0 */
/* Reading options by a table: what is stored, and how bad input is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/app.h"

#undef fail
#include <cmocka.h>

struct values {
	const char *config, *mode, *operand;
	bool json;
	struct app_number hours;
	struct app_list roles;
};

static const char *const modes[] = { "on", "off", NULL };
static const struct app_option options[] = {
	{ .name = "config",
	  .letter = 'c',
	  .type = APP_TEXT,
	  .is_required = true,
	  .destination = offsetof(struct values, config),
	  .argument = "FILE",
	  .help = "first line\nsecond line" },
	{ .name = "json",
	  .type = APP_FLAG,
	  .destination = offsetof(struct values, json),
	  .help = "flag" },
	{ .name = "hours",
	  .type = APP_NUMBER,
	  .destination = offsetof(struct values, hours),
	  .argument = "N",
	  .help = "number",
	  .min = 4,
	  .max = 12 },
	{ .name = "role",
	  .type = APP_LIST,
	  .destination = offsetof(struct values, roles),
	  .argument = "ROLE",
	  .help = "list" },
	{ .name = "mode",
	  .type = APP_TEXT,
	  .destination = offsetof(struct values, mode),
	  .argument = "on|off",
	  .help = "choice",
	  .allowed = modes },
};
static const struct app_option_table plain = { .options = options, .count = ARRAY_LENGTH(options) };
static const struct app_option_table with_operand = {
	.options = options,
	.count = ARRAY_LENGTH(options),
	.operand = "NAME",
	.operand_destination = offsetof(struct values, operand),
};

/* @words: separated by spaces; kept in @memory, which the values point into. */
static enum status read_words(const struct app_option_table *table, const char *words,
			      char memory[256], struct values *out, bool *wants_help,
			      struct error *err)
{
	char *argv[32];
	int argc = 0;
	memset(out, 0, sizeof *out);
	memset(err, 0, sizeof *err);
	(void)snprintf(memory, 256, "command %s", words);
	for (char *word = memory; word != NULL && argc < 31;)
		argv[argc++] = strsep(&word, " ");
	argv[argc] = NULL;
	return app_options_read(table, argc, argv, out, wants_help, err);
}

static void assert_refused(const struct app_option_table *table, const char *words,
			   const char *field, const char *part)
{
	char memory[256];
	struct values values;
	struct error err;
	bool wants_help = false;
	assert_int_equal(read_words(table, words, memory, &values, &wants_help, &err),
			 STATUS_INVALID);
	assert_string_equal(err.field, field);
	assert_non_null(strstr(err.message, part));
}

static void test_app_options_read_all_kinds_are_stored(void **state)
{
	char memory[256];
	struct values values;
	struct error err;
	bool wants_help = false;
	(void)state;
	assert_int_equal(read_words(&plain,
				    "-c a.json --json --hours 8 --role A --role=B --mode off",
				    memory, &values, &wants_help, &err),
			 STATUS_OK);
	assert_false(wants_help);
	assert_string_equal(values.config, "a.json");
	assert_true(values.json);
	assert_true(values.hours.is_given);
	assert_int_equal(values.hours.value, 8);
	assert_int_equal(values.roles.count, 2);
	assert_string_equal(values.roles.items[0], "A");
	assert_string_equal(values.roles.items[1], "B");
	assert_null(values.roles.items[2]);
	assert_string_equal(values.mode, "off");
}

static void test_app_options_read_second_reading_starts_afresh(void **state)
{
	char memory[256];
	struct values values;
	struct error err;
	bool wants_help = false;
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read_words(&with_operand, "--config x name", memory, &values,
					    &wants_help, &err),
				 STATUS_OK);
		assert_string_equal(values.operand, "name");
	}
}

static void test_app_options_read_unknown_option_is_named(void **state)
{
	(void)state;
	assert_refused(&plain, "-c x --nonsense", "--nonsense", "unknown");
	assert_refused(&plain, "-c x --nonsense=secret", "--nonsense", "unknown");
	assert_refused(&plain, "-c x -z", "-z", "unknown");
	assert_refused(&plain, "-c x --json=yes", "--json", "no argument");
}

static void test_app_options_read_missing_is_named(void **state)
{
	(void)state;
	assert_refused(&plain, "--json", "--config", "missing");
	assert_refused(&plain, "--config", "--config", "FILE");
	assert_refused(&plain, "--config=", "--config", "empty");
	assert_refused(&with_operand, "-c x", "NAME", "missing");
}

static void test_app_options_read_number_out_of_range_names_the_range(void **state)
{
	static const char *const bad[] = {
		"3", "13", "x", "8x", "", "99999999999999999999", "8.5"
	};
	char words[64];
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		(void)snprintf(words, sizeof words, "-c x --hours=%s", bad[i]);
		assert_refused(&plain, words, "--hours", bad[i][0] == '\0' ? "empty" : "4 to 12");
	}
}

static void test_app_options_read_choice_names_what_is_allowed(void **state)
{
	(void)state;
	assert_refused(&plain, "-c x --mode maybe", "--mode", "on or off");
}

static void test_app_options_read_given_twice_is_refused(void **state)
{
	(void)state;
	assert_refused(&plain, "-c x -c y", "--config", "twice");
}

static void test_app_options_read_too_many_words_are_refused(void **state)
{
	(void)state;
	assert_refused(&plain, "-c x stray", "stray", "unexpected");
	assert_refused(&with_operand, "-c x one two", "two", "unexpected");
}

static void test_app_options_read_help_needs_nothing_else(void **state)
{
	char memory[256];
	struct values values;
	struct error err;
	bool wants_help = false;
	(void)state;
	assert_int_equal(read_words(&plain, "--help", memory, &values, &wants_help, &err),
			 STATUS_OK);
	assert_true(wants_help);
}

static void test_app_options_help_shows_every_row_in_its_column(void **state)
{
	struct buffer text;
	(void)state;
	buffer_init(&text, 65536);
	assert_int_equal(app_options_help(&plain, &text, NULL), STATUS_OK);
	assert_non_null(strstr((const char *)text.data,
			       "  -c, --config FILE             first line\n"
			       "                                second line\n"));
	assert_non_null(strstr((const char *)text.data, "--hours N "));
	assert_non_null(strstr((const char *)text.data, "--help"));
	buffer_done(&text);
}

static void test_app_command_describe_tables_are_well_formed(void **state)
{
	const struct app_option_table *table;
	const char *name;
	size_t count = 0;
	(void)state;
	for (; app_command_describe(count, &name, &table); count++) {
		bool has_json = false;
		for (size_t i = 0; i < table->count; i++) {
			const struct app_option *option = &table->options[i];
			has_json = has_json || strcmp(option->name, "json") == 0;
			assert_true(option->help != NULL && option->help[0] != '\0');
			assert_int_equal(option->argument == NULL, option->type == APP_FLAG);
			assert_true(option->type != APP_NUMBER || option->min < option->max);
			/* What is secret never comes by argv. */
			assert_true(strstr(option->name, "password") == NULL ||
				    strcmp(option->argument, "FILE") == 0);
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(option->name, table->options[k].name);
		}
		assert_true(has_json);
	}
	assert_true(count >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_app_options_read_all_kinds_are_stored),
		cmocka_unit_test(test_app_options_read_second_reading_starts_afresh),
		cmocka_unit_test(test_app_options_read_unknown_option_is_named),
		cmocka_unit_test(test_app_options_read_missing_is_named),
		cmocka_unit_test(test_app_options_read_number_out_of_range_names_the_range),
		cmocka_unit_test(test_app_options_read_choice_names_what_is_allowed),
		cmocka_unit_test(test_app_options_read_given_twice_is_refused),
		cmocka_unit_test(test_app_options_read_too_many_words_are_refused),
		cmocka_unit_test(test_app_options_read_help_needs_nothing_else),
		cmocka_unit_test(test_app_options_help_shows_every_row_in_its_column),
		cmocka_unit_test(test_app_command_describe_tables_are_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
