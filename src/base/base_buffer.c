/* SPDX-License-Identifier: Apache-2.0 */
/* Growing byte buffers with a maximum. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/base/buffer.h"

#define BUFFER_FIRST_CAPACITY 64

void buffer_init(struct buffer *buffer, size_t max)
{
	*buffer = (struct buffer) { .max = max };
}

void buffer_done(struct buffer *buffer)
{
	if (buffer == NULL)
		return;
	free(buffer->data);
	buffer_init(buffer, buffer->max);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
}

/* @needed bytes of content plus one, so that terminating never fails for the maximum's sake. */
static enum status buffer_grow(struct buffer *buffer, size_t needed, struct error *err)
{
	if (needed < buffer->capacity)
		return STATUS_OK;

	/* No object is larger than pointers can be apart; it also keeps the sums from wrapping. */
	if (needed >= PTRDIFF_MAX)
		return fail_memory(err, "grow buffer");
	size_t capacity = buffer->capacity * 2;
	if (capacity < BUFFER_FIRST_CAPACITY)
		capacity = BUFFER_FIRST_CAPACITY;
	if (capacity > buffer->max)
		capacity = buffer->max + 1;
	if (capacity <= needed)
		capacity = needed + 1;

	unsigned char *data = realloc(buffer->data, capacity);
	if (data == NULL)
		return fail_memory(err, "grow buffer");
	buffer->data = data;
	buffer->capacity = capacity;
	return STATUS_OK;
}

enum status buffer_reserve(struct buffer *buffer, size_t more, struct error *err)
{
	if (buffer->length > buffer->max || more > buffer->max - buffer->length)
		return fail(err, STATUS_TOO_LARGE, "grow buffer", NULL,
			    "%zu bytes more than the %zu present exceed the limit of %zu bytes",
			    more, buffer->length, buffer->max);
	return buffer_grow(buffer, buffer->length + more, err);
}

enum status buffer_append(struct buffer *buffer, const void *data, size_t length, struct error *err)
{
	enum status status = buffer_reserve(buffer, length, err);

	if (status != STATUS_OK)
		return status;
	if (length > 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	return STATUS_OK;
}

enum status buffer_append_secret(struct buffer *buffer, const void *data, size_t length,
				 struct error *err)
{
	struct buffer larger;

	if (length > buffer->max - buffer->length || buffer->length + length < buffer->capacity)
		return buffer_append(buffer, data, length, err);

	size_t wanted = buffer->length + length;

	buffer_init(&larger, buffer->max);
	enum status status =
		buffer_reserve(&larger, wanted > buffer->max / 2 ? buffer->max : 2 * wanted, err);
	if (status == STATUS_OK)
		status = buffer_append(&larger, buffer->data, buffer->length, err);
	if (status == STATUS_OK)
		status = buffer_append(&larger, data, length, err);
	if (status != STATUS_OK) {
		buffer_done(&larger);
		return status;
	}
	if (buffer->data != NULL)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_done(buffer);
	*buffer = larger;
	return STATUS_OK;
}

enum status buffer_append_text(struct buffer *buffer, const char *text, struct error *err)
{
	return buffer_append(buffer, text, strlen(text), err);
}

enum status buffer_append_format(struct buffer *buffer, struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return fail_errno(err, STATUS_FAILED, "format text", NULL);

	enum status status = buffer_reserve(buffer, (size_t)length, err);
	if (status != STATUS_OK)
		return status;
	va_start(arguments, format);
	(void)vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format,
			arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
	return STATUS_OK;
}

enum status buffer_append_u8(struct buffer *buffer, uint8_t value, struct error *err)
{
	return buffer_append(buffer, &value, sizeof(value), err);
}

enum status buffer_append_u32(struct buffer *buffer, uint32_t value, struct error *err)
{
	unsigned char bytes[sizeof(value)];

	store_u32(bytes, value);
	return buffer_append(buffer, bytes, sizeof(bytes), err);
}

enum status buffer_append_u64(struct buffer *buffer, uint64_t value, struct error *err)
{
	unsigned char bytes[sizeof(value)];

	store_u64(bytes, value);
	return buffer_append(buffer, bytes, sizeof(bytes), err);
}

enum status buffer_terminate(struct buffer *buffer, struct error *err)
{
	enum status status = buffer_grow(buffer, buffer->length, err);

	if (status == STATUS_OK)
		buffer->data[buffer->length] = '\0';
	return status;
}
