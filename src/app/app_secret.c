/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets for the command line: from a file, the environment or a prompt without echo. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "app_private.h"

#define SECRET_LINE_MAX 1024
#define KEY_INTERRUPT 3

static enum status read_line(int terminal, char line[SECRET_LINE_MAX], size_t *length,
			     struct error *err)
{
	size_t used = 0;
	for (;;) {
		char byte;
		ssize_t got = read(terminal, &byte, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(err, STATUS_FAILED, "read password", "/dev/tty");
		if (got == 0 || byte == KEY_INTERRUPT)
			return fail(err, STATUS_CANCELLED, "read password", NULL, "cancelled");
		if (byte == '\n' || byte == '\r')
			break;
		if (used + 1 >= SECRET_LINE_MAX)
			return fail(err, STATUS_TOO_LARGE, "read password", NULL,
				    "longer than the %d bytes a typed password may have",
				    SECRET_LINE_MAX - 1);
		line[used++] = byte;
	}
	*length = used;
	return STATUS_OK;
}

/* Signals from the keyboard are off meanwhile, so that nothing leaves the terminal without echo. */
static enum status read_hidden(int terminal, const char *prompt, const char *suffix,
			       struct secret *out, struct error *err)
{
	char line[SECRET_LINE_MAX];
	size_t length = 0;
	struct termios before, hidden;
	if (tcgetattr(terminal, &before) != 0)
		return fail_errno(err, STATUS_FAILED, "read password", "/dev/tty");
	hidden = before;
	hidden.c_lflag &= (tcflag_t) ~(ECHO | ISIG);
	(void)dprintf(terminal, "%s%s: ", prompt, suffix);
	if (tcsetattr(terminal, TCSAFLUSH, &hidden) != 0)
		return fail_errno(err, STATUS_FAILED, "read password", "/dev/tty");
	enum status status = read_line(terminal, line, &length, err);
	(void)tcsetattr(terminal, TCSAFLUSH, &before);
	(void)dprintf(terminal, "\n");
	if (status == STATUS_OK)
		status = secret_copy(out, line, length, err);
	explicit_bzero(line, sizeof line);
	return status;
}

static enum status ask(int terminal, const struct app_secret_source *source, struct secret *out,
		       struct error *err)
{
	AUTO_SECRET first = SECRET_EMPTY, second = SECRET_EMPTY;
	enum status status = read_hidden(terminal, source->prompt, "", &first, err);
	if (status == STATUS_OK && source->is_new)
		status = read_hidden(terminal, source->prompt, " (again)", &second, err);
	if (status == STATUS_OK && source->is_new && !secret_equal(&first, &second))
		status = fail_field(err, source->file_option, "the two texts typed differ");
	if (status == STATUS_OK)
		secret_move(out, &first);
	return status;
}

static enum status refuse_missing(const struct app_secret_source *source, struct error *err)
{
	return fail_field(err, source->file_option,
			  "missing; allowed are this option with a file, the environment variable "
			  "%s, or a terminal to be asked on",
			  source->environment);
}

enum status app_secret_get(const struct app_secret_source *source, struct secret *out,
			   struct error *err)
{
	AUTO_SECRET found = SECRET_EMPTY;
	enum status status;
	const char *value = source->environment == NULL ? NULL : getenv(source->environment);
	if (source->file != NULL) {
		status = secret_read_file(&found, source->file, err);
	} else if (value != NULL) {
		status = secret_copy(&found, value, strlen(value), err);
	} else {
		AUTO_CLOSE terminal =
			source->prompt == NULL ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
		if (terminal < 0)
			return refuse_missing(source, err);
		status = ask(terminal, source, &found, err);
	}
	if (status == STATUS_OK && secret_is_empty(&found))
		status = fail_field(err, source->file_option, "the secret found is empty");
	if (status == STATUS_OK)
		secret_move(out, &found);
	return status;
}
