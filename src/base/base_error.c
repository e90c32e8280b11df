/* SPDX-License-Identifier: Apache-2.0 */
/* Records of faults: filled where they are detected, turned into one line of text at the top. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/base/error.h"
#include "infrabackup/base/owned.h"

static const char *const status_names[STATUS_COUNT] = {
	[STATUS_OK] = "ok",
	[STATUS_FAILED] = "failed",
	[STATUS_INVALID] = "invalid",
	[STATUS_NOT_FOUND] = "not-found",
	[STATUS_EXISTS] = "exists",
	[STATUS_CONFLICT] = "conflict",
	[STATUS_NOT_CONFIGURED] = "not-configured",
	[STATUS_NO_MEMORY] = "no-memory",
	[STATUS_TOO_LARGE] = "too-large",
	[STATUS_UNSUPPORTED] = "unsupported",
	[STATUS_INTEGRITY] = "integrity",
	[STATUS_AUTHENTICATION] = "authentication",
	[STATUS_FORBIDDEN] = "forbidden",
	[STATUS_CANCELLED] = "cancelled",
	[STATUS_PARTIAL] = "partial",
	[STATUS_SHARE_FULL] = "share-full",
	[STATUS_SHARE_CONNECTION] = "share-connection",
	[STATUS_SHARE_PATH] = "share-path",
	[STATUS_SHARE_AUTHENTICATION] = "share-authentication",
	[STATUS_SHARE_NOT_ACCESSIBLE] = "share-not-accessible",
	[STATUS_SHARE_READ_WRITE] = "share-read-write",
	[STATUS_SHARE_UPLOAD] = "share-upload",
};

const char *status_name(enum status status)
{
	if ((unsigned)status >= STATUS_COUNT)
		return status_names[STATUS_FAILED];
	return status_names[status];
}

enum status status_from_name(const char *name)
{
	for (unsigned status = 0; name != NULL && status < STATUS_COUNT; status++) {
		if (strcmp(status_names[status], name) == 0)
			return (enum status)status;
	}
	return STATUS_FAILED;
}

/* A cut must not split a UTF-8 character: these texts end up in JSON, which would refuse them. */
static void drop_split_character(char *text, size_t length)
{
	size_t start = length;

	while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (needed > length - start + 1)
		text[start - 1] = '\0';
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = from == NULL ? 0 : strnlen(from, size);
	bool cut = length == size;

	if (cut)
		length = size - 1;
	if (length > 0)
		memcpy(to, from, length);
	to[length] = '\0';
	if (cut)
		drop_split_character(to, length);
}

static void format_text(char *to, size_t size, const char *format, va_list arguments)
	PRINTF_LIKE(3, 0);

static void format_text(char *to, size_t size, const char *format, va_list arguments)
{
	int length = vsnprintf(to, size, format, arguments);

	if (length < 0)
		to[0] = '\0';
	else if ((size_t)length >= size)
		drop_split_character(to, size - 1);
}

/* The record is built apart because arguments may point into the record that it replaces. */
static void set_error(struct error *err, const struct error *made)
{
	if (err != NULL)
		*err = *made;
}

enum status fail(struct error *err, enum status status, const char *step, const char *path,
		 const char *format, ...)
{
	struct error made = { .status = status };
	va_list arguments;

	copy_text(made.step, sizeof(made.step), step);
	copy_text(made.path, sizeof(made.path), path);
	va_start(arguments, format);
	format_text(made.message, sizeof(made.message), format, arguments);
	va_end(arguments);
	set_error(err, &made);
	return status;
}

enum status fail_errno(struct error *err, enum status status, const char *step, const char *path)
{
	struct error made = { .status = status, .cause = errno };
	char text[128];
	const char *message = strerror_r(made.cause, text, sizeof(text));

	copy_text(made.step, sizeof(made.step), step);
	copy_text(made.path, sizeof(made.path), path);
	copy_text(made.cause_name, sizeof(made.cause_name), strerrorname_np(made.cause));
	copy_text(made.message, sizeof(made.message), message);
	/* The text follows a colon; "RPC ..." and the like keep their capitals. */
	if (made.message[0] >= 'A' && made.message[0] <= 'Z' && made.message[1] >= 'a')
		made.message[0] = (char)(made.message[0] - 'A' + 'a');
	set_error(err, &made);
	errno = made.cause;
	return status;
}

enum status fail_field(struct error *err, const char *field, const char *format, ...)
{
	struct error made = { .status = STATUS_INVALID };
	va_list arguments;

	copy_text(made.field, sizeof(made.field), field);
	va_start(arguments, format);
	format_text(made.message, sizeof(made.message), format, arguments);
	va_end(arguments);
	set_error(err, &made);
	return STATUS_INVALID;
}

enum status fail_memory(struct error *err, const char *step)
{
	return fail(err, STATUS_NO_MEMORY, step, NULL, "out of memory");
}

void error_add_context(struct error *err, const char *format, ...)
{
	struct error old;
	va_list arguments;
	size_t used;

	if (err == NULL)
		return;
	old = *err;
	va_start(arguments, format);
	format_text(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	used = strlen(err->message);
	if (used + 2 >= sizeof(err->message))
		return;
	memcpy(err->message + used, ": ", 2);
	copy_text(err->message + used + 2, sizeof(err->message) - used - 2, old.message);
}

const char *error_text(const struct error *err, char *text, size_t text_size)
{
	const char *const parts[] = { err->step, err->path, err->field };
	char subject[sizeof(err->step) + sizeof(err->path) + sizeof(err->field) + 4] = "";
	char cause[sizeof(err->cause_name) + 4] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		if (parts[i][0] != '\0')
			used += (size_t)snprintf(subject + used, sizeof(subject) - used, "%s%s",
						 used > 0 ? " " : "", parts[i]);
	}
	if (err->cause_name[0] != '\0')
		(void)snprintf(cause, sizeof(cause), " (%s)", err->cause_name);
	else if (err->cause != 0)
		(void)snprintf(cause, sizeof(cause), " (%d)", err->cause);
	int length =
		snprintf(text, text_size, "%s%s%s%s", subject, used > 0 ? ": " : "",
			 err->message[0] != '\0' ? err->message : status_name(err->status), cause);
	if (length > 0 && text_size > 0 && (size_t)length >= text_size)
		drop_split_character(text, text_size - 1);
	return text;
}
