/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, made from the same tables that the options are read by. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define HELP_COLUMN 32
#define HELP_MAX 65536

static const char exit_text[] = "Exit codes: 0 done, 1 failed, 2 usage, 3 partial, 4 not found, 5 "
				"authentication, 6 integrity\n";

/* @help line by line, each but the first indented to its column. */
static enum status add_help(struct buffer *out, const char *help, struct error *err)
{
	enum status status = STATUS_OK;
	while (status == STATUS_OK) {
		size_t length = strcspn(help, "\n");
		status = buffer_append_format(out, err, "%.*s\n", (int)length, help);
		help += length;
		if (*help == '\0')
			break;
		help++;
		if (status == STATUS_OK)
			status = buffer_append_format(out, err, "%*s", HELP_COLUMN, "");
	}
	return status;
}

static enum status add_option(struct buffer *out, const struct app_option *option,
			      struct error *err)
{
	char letter[8] = "";
	char head[96];
	if (option->letter != 0)
		(void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
	(void)snprintf(head, sizeof head, "  %s--%s%s%s", letter, option->name,
		       option->argument != NULL ? " " : "",
		       option->argument != NULL ? option->argument : "");
	/* A head that reaches into the column gets a line of its own. */
	enum status status =
		strlen(head) + 2 > HELP_COLUMN
			? buffer_append_format(out, err, "%s\n%*s", head, HELP_COLUMN, "")
			: buffer_append_format(out, err, "%-*s", HELP_COLUMN, head);
	if (status == STATUS_OK)
		status = add_help(out, option->help, err);
	return status;
}

enum status app_options_help(const struct app_option_table *table, struct buffer *out,
			     struct error *err)
{
	static const struct app_option help = { .name = "help",
						.letter = 'h',
						.help = "this text" };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < table->count && status == STATUS_OK; i++)
		status = add_option(out, &table->options[i], err);
	if (status == STATUS_OK)
		status = add_option(out, &help, err);
	if (status == STATUS_OK)
		status = buffer_terminate(out, err);
	return status;
}

static void print_usage_line(FILE *stream, const struct app_command *command)
{
	const struct app_option_table *table = &command->table;
	(void)fprintf(stream, "usage: infrabackup %s", command->name);
	for (size_t i = 0; i < table->count; i++) {
		const struct app_option *option = &table->options[i];
		if (option->is_required)
			(void)fprintf(stream, " --%s %s", option->name, option->argument);
	}
	(void)fprintf(stream, " [options]");
	if (table->operand != NULL)
		(void)fprintf(stream, " %s", table->operand);
	(void)fprintf(stream, "\n");
}

static void print_command(FILE *stream, const struct app_command *command)
{
	struct buffer options;
	buffer_init(&options, HELP_MAX);
	print_usage_line(stream, command);
	(void)fprintf(stream, "\n%s\n\nOptions:\n", command->description);
	if (app_options_help(&command->table, &options, NULL) == STATUS_OK)
		(void)fprintf(stream, "%s", (const char *)options.data);
	(void)fprintf(stream, "\nExamples:\n%s\n%s", command->examples, exit_text);
	buffer_done(&options);
}

void app_help_commands(FILE *stream, const char *word)
{
	const struct app_command *command;
	for (size_t i = 0; (command = app_command_at(i)) != NULL; i++)
		if (word == NULL ||
		    (text_starts_with(command->name, word) && command->name[strlen(word)] == ' '))
			(void)fprintf(stream, "  %-17s %s\n", command->name, command->summary);
}

void app_help_print(FILE *stream, const struct app_command *command)
{
	if (command != NULL) {
		print_command(stream, command);
		return;
	}
	(void)fprintf(
		stream,
		"usage: infrabackup COMMAND [options]\n\n"
		"Backs the services of a private cloud up to a file share, encrypted, and brings "
		"them back.\n\nCommands:\n");
	app_help_commands(stream, NULL);
	(void)fprintf(stream,
		      "\n`infrabackup COMMAND --help` explains one with examples; `infrabackup "
		      "--version` "
		      "says which program this is.\n"
		      "Every command takes --json. Passwords and tokens come from files, the "
		      "environment\n(" ENVIRONMENT_TOKEN ", " ENVIRONMENT_PASSWORD
		      ", " ENVIRONMENT_PFX_PASSWORD ") or a prompt, never as options.\n%s",
		      exit_text);
}

void app_help_usage(FILE *stream, const struct app_command *command)
{
	if (command == NULL) {
		(void)fprintf(stream, "usage: infrabackup COMMAND [options]\n\nCommands:\n");
		app_help_commands(stream, NULL);
		return;
	}
	print_usage_line(stream, command);
	(void)fprintf(stream, "`infrabackup %s --help` explains the options\n", command->name);
}
