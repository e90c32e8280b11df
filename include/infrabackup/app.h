/* SPDX-License-Identifier: Apache-2.0 */
/* app: the command line: options, help, exit codes, progress, and the wiring of the modules below.
 * Contains no knowledge of its own. Exposed is what main() calls and what tests look at. */
#ifndef INFRABACKUP_APP_H
#define INFRABACKUP_APP_H

#include "infrabackup/base.h"

#include <stdint.h>
#include <stdio.h>

#define INFRABACKUP_VERSION "0.1.0"

/* Runs one command; the exit code of the process. */
int app_run(int argc, char **argv);

/* --- exit codes --- */
enum app_exit {
	APP_EXIT_DONE = 0,
	APP_EXIT_FAILED = 1,
	APP_EXIT_USAGE = 2,
	APP_EXIT_PARTIAL = 3,
	APP_EXIT_NOT_FOUND = 4,
	APP_EXIT_AUTHENTICATION = 5,
	APP_EXIT_INTEGRITY = 6,
};
enum app_exit app_exit_code(enum status status);

/* --- options --- */
enum app_option_type {
	APP_FLAG,   /* bool */
	APP_TEXT,   /* const char *, borrowed from argv */
	APP_NUMBER, /* struct app_number */
	APP_LIST,   /* struct app_list */
};

struct app_number {
	bool is_given;
	int64_t value;
};

#define APP_LIST_MAX 64
struct app_list {
	const char *items[APP_LIST_MAX + 1]; /* NULL-terminated */
	size_t count;
};

/* One row of a command's table. */
struct app_option {
	const char *name; /* long, without its dashes */
	char letter;      /* 0: none */
	enum app_option_type type;
	bool is_required;
	size_t destination;         /* offset in the caller's struct */
	const char *argument;       /* how help calls it; NULL for a flag */
	const char *help;           /* lines end with \n, except the last */
	int64_t min, max;           /* of a number */
	const char *const *allowed; /* NULL-terminated texts; NULL: any */
};

struct app_option_table {
	const struct app_option *options;
	size_t count;
	const char *
		operand; /* name of the one argument without dashes that is needed; NULL: none is */
	size_t operand_destination; /* const char * */
};

/* Reads @argv (without its first word) by the table into @destination, which the caller cleared.
 * STATUS_INVALID: error.field is the option, the text says what was found and what is allowed.
 * --help ends the reading with *@wants_help. */
MUST_CHECK enum status app_options_read(const struct app_option_table *table, int argc, char **argv,
					void *destination, bool *wants_help, struct error *err);
/* The lines of help for the table. */
MUST_CHECK enum status app_options_help(const struct app_option_table *table, struct buffer *out,
					struct error *err);

/* False when @index is past the last command. Borrowed, constant. */
bool app_command_describe(size_t index, const char **name, const struct app_option_table **table);

/* --- progress --- */
struct app_progress_view {
	const char *phase;
	const char *detail;   /* what of it is being worked on; NULL: nothing to say */
	uint64_t done, total; /* total 0: unknown */
	int64_t rate;         /* bytes a second; -1: unknown */
	int64_t seconds_left; /* -1: unknown */
};

/* A bar of at most @width columns; plain text of one line. Both return @text. */
const char *app_progress_bar(const struct app_progress_view *view, size_t width, char *text,
			     size_t text_size);
const char *app_progress_line(const struct app_progress_view *view, char *text, size_t text_size);

/* Progress of one command on @stream: a bar that is redrawn at most ten times a second on a
 * terminal, elsewhere a line at most every five seconds. One thread at a time. */
struct app_progress {
	FILE *stream;
	const struct clock *clock;
	bool is_terminal, is_quiet;
	bool is_drawn;        /* a bar stands in the terminal's last line */
	bool has_shown;       /* last_shown means something */
	const char *detail;   /* shown beside the phase; set between calls, NULL: none */
	char phase[32];       /* of the last call */
	int64_t phase_start;  /* monotonic */
	uint64_t phase_first; /* done at its start */
	int64_t last_shown;
};
void app_progress_init(struct app_progress *progress, FILE *stream, bool is_terminal,
		       const struct clock *clock);
/* Rate and time left follow from the calls of the same phase. */
void app_progress_show(struct app_progress *progress, const char *phase, uint64_t done,
		       uint64_t total);
/* Takes the bar away, so that other text can follow. */
void app_progress_end(struct app_progress *progress);

#endif
