/* SPDX-License-Identifier: Apache-2.0 */
/* From argv to a command and from its status to what the user sees. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

/* Whether @command is called by @word followed by a second one. */
static bool has_second_word(const struct app_command *command, const char *word)
{
	size_t length = strlen(word);
	return strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
}

/* The command whose words stand at the beginning of @argv, two of them before one; *@words says how
 * many they are. */
static const struct app_command *find_command(int argc, char **argv, int *words)
{
	const struct app_command *command, *single = NULL;
	for (size_t i = 0; (command = app_command_at(i)) != NULL; i++) {
		*words = 2;
		if (argc > 1 && has_second_word(command, argv[0]) &&
		    strcmp(command->name + strlen(argv[0]) + 1, argv[1]) == 0)
			return command;
		if (strcmp(command->name, argv[0]) == 0)
			single = command;
	}
	*words = 1;
	return single;
}

/* "token" alone, or with a second word that is none of its commands. */
static bool is_first_word(const char *word)
{
	const struct app_command *command;
	for (size_t i = 0; (command = app_command_at(i)) != NULL; i++)
		if (has_second_word(command, word))
			return true;
	return false;
}

static int refuse_command(int argc, char **argv)
{
	bool is_half = is_first_word(argv[0]);
	if (is_half && argc > 1)
		(void)fprintf(stderr, "infrabackup %s: unknown command '%s'; allowed are:\n",
			      argv[0], argv[1]);
	else if (is_half)
		(void)fprintf(stderr, "infrabackup %s: a command is missing; allowed are:\n",
			      argv[0]);
	else
		(void)fprintf(stderr, "infrabackup: unknown command '%s'\n", argv[0]);
	if (is_half)
		app_help_commands(stderr, argv[0]);
	else
		app_help_usage(stderr, NULL);
	return APP_EXIT_USAGE;
}

static json_t *error_json(const struct error *err)
{
	return json_pack("{s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "status", status_name(err->status),
			 "message", err->message, "step", err->step[0] ? err->step : NULL, "path",
			 err->path[0] ? err->path : NULL, "field",
			 err->field[0] ? err->field : NULL, "cause",
			 err->cause_name[0] ? err->cause_name : NULL);
}

/* One document whatever happened. */
static void print_json(struct app_call *call, enum status status, const struct error *err)
{
	AUTO_FREE char *text = NULL;
	if (call->json == NULL)
		call->json = json_object();
	if (status != STATUS_OK)
		(void)json_object_set_new(call->json, "error", error_json(err));
	text = json_dumps(call->json, JSON_INDENT(2));
	if (text != NULL)
		(void)printf("%s\n", text);
}

static void print_error(const struct app_command *command, const struct error *err)
{
	char text[1200];
	(void)fprintf(stderr, "infrabackup %s: %s\n", command->name,
		      error_text(err, text, sizeof text));
}

static enum status flush_output(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	return fail_errno(err, STATUS_FAILED, "write output", NULL);
}

static int run_command(const struct app_command *command, int argc, char **argv)
{
	struct app_call call = { .command = command };
	struct error err = { 0 };
	bool wants_help = false;
	enum status status =
		app_options_read(&command->table, argc, argv, &call.arguments, &wants_help, &err);
	if (status != STATUS_OK) {
		print_error(command, &err);
		app_help_usage(stderr, command);
		return (int)app_exit_code(status);
	}
	if (wants_help) {
		app_help_print(stdout, command);
		return APP_EXIT_DONE;
	}
	status = command->run(&call, &err);
	if (call.arguments.json)
		print_json(&call, status, &err);
	json_decref(call.json);
	if (status == STATUS_OK)
		status = flush_output(&err);
	if (status != STATUS_OK)
		print_error(command, &err);
	return (int)app_exit_code(status);
}

static int run_words(int argc, char **argv)
{
	int words = 0;
	if (argc < 2) {
		app_help_usage(stderr, NULL);
		return APP_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		app_help_print(stdout, NULL);
		return APP_EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("infrabackup " INFRABACKUP_VERSION "\n");
		return APP_EXIT_DONE;
	}
	const struct app_command *command = find_command(argc - 1, argv + 1, &words);
	if (command == NULL)
		return refuse_command(argc - 1, argv + 1);
	return run_command(command, argc - words, argv + words);
}

int app_run(int argc, char **argv)
{
	app_harden();
	int code = run_words(argc, argv);
	app_harden_end();
	return code;
}
