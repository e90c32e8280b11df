/* SPDX-License-Identifier: Apache-2.0 */
/* One reader of long options for all commands, driven by their tables. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/app.h"

/* Above every letter, so that a long option is told from a short one. */
#define OPTION_FIRST 1000
#define OPTION_HELP 999

struct reading {
	const struct app_option_table *table;
	struct option *long_options;
	char letters[64];
	bool *is_given; /* by row */
	unsigned char *destination;
	bool wants_help;
	struct error *err;
};

static enum status refuse(const struct reading *reading, const struct app_option *option,
			  const char *text)
{
	char field[96];
	(void)snprintf(field, sizeof field, "--%s", option->name);
	return fail_field(reading->err, field, "%s", text);
}

static enum status prepare(struct reading *reading)
{
	const struct app_option_table *table = reading->table;
	reading->long_options = calloc(table->count + 2, sizeof *reading->long_options);
	reading->is_given = calloc(table->count + 1, sizeof *reading->is_given);
	if (reading->long_options == NULL || reading->is_given == NULL)
		return fail_memory(reading->err, "read options");
	size_t used = 0;
	/* A leading ':' tells a missing argument from an unknown option. */
	reading->letters[used++] = ':';
	reading->letters[used++] = 'h';
	for (size_t i = 0; i < table->count; i++) {
		const struct app_option *option = &table->options[i];
		reading->long_options[i] = (struct option) {
			.name = option->name,
			.has_arg = option->type == APP_FLAG ? no_argument : required_argument,
			.val = (int)(OPTION_FIRST + i),
		};
		if (option->letter == 0 || used + 3 > sizeof reading->letters)
			continue;
		reading->letters[used++] = option->letter;
		if (option->type != APP_FLAG)
			reading->letters[used++] = ':';
	}
	reading->letters[used] = '\0';
	reading->long_options[table->count] =
		(struct option) { .name = "help", .val = OPTION_HELP };
	return STATUS_OK;
}

static const struct app_option *find_option(const struct app_option_table *table, int value)
{
	if (value >= OPTION_FIRST && (size_t)(value - OPTION_FIRST) < table->count)
		return &table->options[value - OPTION_FIRST];
	for (size_t i = 0; i < table->count; i++)
		if (value != 0 && table->options[i].letter == value)
			return &table->options[i];
	return NULL;
}

static enum status store_number(const struct reading *reading, const struct app_option *option,
				const char *text)
{
	struct app_number *out =
		(struct app_number *)(void *)(reading->destination + option->destination);
	char message[160];
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	bool is_number = end != text && *end == '\0' && errno == 0 && text[0] != ' ';
	if (is_number && value >= option->min && value <= option->max) {
		*out = (struct app_number) { .is_given = true, .value = value };
		return STATUS_OK;
	}
	(void)snprintf(message, sizeof message,
		       "found '%.40s', allowed are whole numbers from %lld to %lld", text,
		       (long long)option->min, (long long)option->max);
	return refuse(reading, option, message);
}

static enum status check_allowed(const struct reading *reading, const struct app_option *option,
				 const char *text)
{
	char message[256];
	int used = snprintf(message, sizeof message, "found '%.40s', allowed is", text);
	if (text[0] == '\0')
		return refuse(reading, option, "found an empty text");
	if (option->allowed == NULL)
		return STATUS_OK;
	for (size_t i = 0; option->allowed[i] != NULL; i++) {
		if (text_equal_ignoring_case(option->allowed[i], text))
			return STATUS_OK;
		if (used >= 0 && (size_t)used < sizeof message)
			used += snprintf(message + used, sizeof message - (size_t)used, "%s %s",
					 i == 0 ? "" : " or", option->allowed[i]);
	}
	return refuse(reading, option, message);
}

static enum status store_item(const struct reading *reading, const struct app_option *option,
			      const char *text)
{
	struct app_list *list =
		(struct app_list *)(void *)(reading->destination + option->destination);
	if (list->count >= APP_LIST_MAX)
		return refuse(reading, option, "given too often, at most 64 times are allowed");
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
	return STATUS_OK;
}

static enum status store(struct reading *reading, const struct app_option *option, const char *text)
{
	unsigned char *at = reading->destination + option->destination;
	bool *is_given = &reading->is_given[option - reading->table->options];
	if (*is_given && option->type != APP_LIST)
		return refuse(reading, option, "given twice, once is allowed");
	*is_given = true;
	if (option->type == APP_FLAG) {
		*(bool *)at = true;
		return STATUS_OK;
	}
	enum status status = check_allowed(reading, option, text);
	if (status != STATUS_OK)
		return status;
	if (option->type == APP_NUMBER)
		return store_number(reading, option, text);
	if (option->type == APP_LIST)
		return store_item(reading, option, text);
	*(const char **)(void *)at = text;
	return STATUS_OK;
}

static enum status refuse_unknown(const struct reading *reading, char **argv)
{
	char text[64];
	/* getopt has gone past a long option, but stands still within a group of letters. */
	if (optopt != 0 && optopt < OPTION_HELP)
		(void)snprintf(text, sizeof text, "-%c", optopt);
	else
		(void)snprintf(text, sizeof text, "%.60s", argv[optind - 1]);
	text[strcspn(text, "=")] = '\0';
	return fail_field(reading->err, text,
			  optopt >= OPTION_HELP ? "this option takes no argument"
						: "unknown option");
}

static enum status refuse_without_argument(const struct reading *reading)
{
	const struct app_option *option = find_option(reading->table, optopt);
	char message[96];
	if (option == NULL)
		return fail_field(reading->err, "", "an option lacks its argument");
	(void)snprintf(message, sizeof message, "needs an argument: %s", option->argument);
	return refuse(reading, option, message);
}

static enum status read_options(struct reading *reading, int argc, char **argv)
{
	enum status status = STATUS_OK;
	/* 0, not 1: makes glibc forget an earlier reading. */
	optind = 0;
	opterr = 0;
	while (status == STATUS_OK) {
		optopt = 0;
		int value = getopt_long(argc, argv, reading->letters, reading->long_options, NULL);
		if (value == -1)
			break;
		if (value == 'h' || value == OPTION_HELP) {
			reading->wants_help = true;
			break;
		}
		const struct app_option *option = find_option(reading->table, value);
		if (value == ':')
			status = refuse_without_argument(reading);
		else if (option == NULL)
			status = refuse_unknown(reading, argv);
		else
			status = store(reading, option, optarg);
	}
	return status;
}

static enum status read_operand(const struct reading *reading, int argc, char **argv)
{
	const struct app_option_table *table = reading->table;
	int count = argc - optind;
	if (table->operand == NULL && count > 0)
		return fail_field(reading->err, argv[optind],
				  "unexpected argument; options begin with --");
	if (table->operand == NULL)
		return STATUS_OK;
	if (count == 0)
		return fail_field(reading->err, table->operand, "missing");
	if (count > 1)
		return fail_field(reading->err, argv[optind + 1],
				  "unexpected argument; there may be one %s", table->operand);
	*(const char **)(void *)(reading->destination + table->operand_destination) = argv[optind];
	return STATUS_OK;
}

static enum status check_required(const struct reading *reading)
{
	for (size_t i = 0; i < reading->table->count; i++) {
		const struct app_option *option = &reading->table->options[i];
		if (option->is_required && !reading->is_given[i])
			return refuse(reading, option, "missing, and needed");
	}
	return STATUS_OK;
}

enum status app_options_read(const struct app_option_table *table, int argc, char **argv,
			     void *destination, bool *wants_help, struct error *err)
{
	struct reading reading = { .table = table, .destination = destination, .err = err };
	enum status status = prepare(&reading);
	if (status == STATUS_OK)
		status = read_options(&reading, argc, argv);
	*wants_help = reading.wants_help;
	if (status == STATUS_OK && !reading.wants_help)
		status = read_operand(&reading, argc, argv);
	if (status == STATUS_OK && !reading.wants_help)
		status = check_required(&reading);
	free(reading.long_options);
	free(reading.is_given);
	return status;
}
