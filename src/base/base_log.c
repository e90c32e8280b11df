/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines on stderr, each written by one call so that threads do not mix them. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "infrabackup/base/clock.h"
#include "infrabackup/base/log.h"

#define LOG_LINE_MAX 4096
#define LOG_TEXT_MAX 2048
#define LOG_CORRELATION_MAX 192

static _Atomic int log_level_now = LOG_LEVEL_INFO;
static _Thread_local char log_correlation_now[LOG_CORRELATION_MAX];

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
	atomic_store(&log_level_now, (int)level);
}

void log_set_correlation(const char *id)
{
	(void)snprintf(log_correlation_now, sizeof(log_correlation_now), "%s",
		       id == NULL ? "" : id);
}

const char *log_correlation(void)
{
	return log_correlation_now;
}

/* Foreign text must not forge lines or drive a terminal: C0, DEL and the C1 controls (two bytes in
 * UTF-8) become \xNN. Keeps room for the newline. */
static size_t append_escaped(char *line, size_t used, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		bool pair = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;

		if (used + sizeof("\\xNN") + 1 > LOG_LINE_MAX)
			break;
		if (pair)
			at++;
		if (pair || *at < 0x20 || *at == 0x7f)
			used += (size_t)snprintf(line + used, LOG_LINE_MAX - used, "\\x%02x", *at);
		else
			line[used++] = (char)*at;
	}
	return used;
}

void log_message(enum log_level level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	char line[LOG_LINE_MAX];
	char time[CLOCK_TEXT_SIZE];
	va_list arguments;

	if ((int)level > atomic_load(&log_level_now))
		return;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;

	size_t used =
		(size_t)snprintf(line, sizeof(line), "%s %s ",
				 clock_text(clock_now(&system_clock), time), level_names[level]);
	if (log_correlation_now[0] != '\0') {
		line[used++] = '[';
		used = append_escaped(line, used, log_correlation_now);
		line[used++] = ']';
		line[used++] = ' ';
	}
	used = append_escaped(line, used, text);
	line[used++] = '\n';
	/* There is nowhere left to report that stderr does not take it. */
	ssize_t written = write(STDERR_FILENO, line, used);
	(void)written;
}

void log_error(const char *what, const struct error *err)
{
	char text[LOG_TEXT_MAX];

	log_message(LOG_LEVEL_ERROR, "%s: %s", what, error_text(err, text, sizeof(text)));
}
