/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: what goes to the system's log is written to the file SYSLOG_FILE instead, a call
 * a line, with its priority before it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

static void write_line(int priority, const char *format, va_list arguments)
{
	const char *path = getenv("SYSLOG_FILE");
	FILE *file = path == NULL ? NULL : fopen(path, "ae");

	if (file == NULL)
		abort();
	(void)fprintf(file, "<%d>", priority);
	(void)vfprintf(file, format, arguments);
	(void)fputc('\n', file);
	(void)fclose(file);
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(priority, format, arguments);
	va_end(arguments);
}

/* What syslog() is with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	write_line(priority, format, arguments);
	va_end(arguments);
}
