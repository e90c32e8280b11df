/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's error queue as part of one message, and the small things every file of crypto needs. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/err.h>

#include "crypto_private.h"

/* The oldest entry is the cause; later ones say which function passed it on. */
static const char *take_reason(enum status *status)
{
	unsigned long code = ERR_peek_error();
	const char *reason = NULL;

	if (code != 0 && !ERR_SYSTEM_ERROR(code)) {
		reason = ERR_reason_error_string(code);
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			*status = STATUS_NO_MEMORY;
	}
	ERR_clear_error();
	return reason;
}

static void format_message(char *text, size_t size, const char *reason, const char *format,
			   va_list arguments) PRINTF_LIKE(4, 0);

static void format_message(char *text, size_t size, const char *reason, const char *format,
			   va_list arguments)
{
	int used = vsnprintf(text, size, format, arguments);

	if (used >= 0 && (size_t)used < size && reason != NULL)
		(void)snprintf(text + used, size - (size_t)used, " (OpenSSL: %s)", reason);
}

enum status crypto_fail(struct error *err, enum status status, const char *step, const char *format,
			...)
{
	char text[sizeof(err->message)] = "";
	const char *reason = take_reason(&status);
	va_list arguments;

	va_start(arguments, format);
	format_message(text, sizeof(text), reason, format, arguments);
	va_end(arguments);
	return fail(err, status, step, NULL, "%s", text);
}

enum status crypto_fail_field(struct error *err, const char *field, const char *format, ...)
{
	char text[sizeof(err->message)] = "";
	enum status status = STATUS_INVALID;
	const char *reason = take_reason(&status);
	va_list arguments;

	if (status == STATUS_NO_MEMORY)
		return fail_memory(err, field);
	va_start(arguments, format);
	format_message(text, sizeof(text), reason, format, arguments);
	va_end(arguments);
	return fail_field(err, field, "%s", text);
}

enum status crypto_replace(struct buffer *out, const void *data, size_t length, struct error *err)
{
	struct buffer made;
	enum status status;

	buffer_init(&made, out->max != 0 ? out->max : INT_MAX);
	status = buffer_append(&made, data, length, err);
	if (status != STATUS_OK) {
		buffer_done(&made);
		return status;
	}
	buffer_done(out);
	*out = made;
	return STATUS_OK;
}

void crypto_fill_failed_digest(unsigned char digest[SHA256_SIZE])
{
	/* At most 256 bytes are never interrupted nor cut short (getrandom(2)). */
	(void)!getrandom(digest, SHA256_SIZE, 0);
	ERR_clear_error();
}
