/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer with a hard maximum, and a bounded reader over foreign bytes. */
#ifndef INFRABACKUP_BASE_BUFFER_H
#define INFRABACKUP_BASE_BUFFER_H

#include "infrabackup/base/error.h"

#include <stdint.h>

/* Members are read freely, written only by the functions below. */
struct buffer {
	unsigned char *data;
	size_t length;
	size_t capacity;
	size_t max;
};

/* @max: bytes it may ever hold. Nothing is allocated yet. */
void buffer_init(struct buffer *buffer, size_t max);
/* Frees the bytes; the buffer may be used again. NULL is legal. */
void buffer_done(struct buffer *buffer);
/* Length 0, memory kept. */
void buffer_clear(struct buffer *buffer);
/* Room for @more bytes after the present ones; STATUS_TOO_LARGE over max, STATUS_NO_MEMORY. */
MUST_CHECK enum status buffer_reserve(struct buffer *buffer, size_t more, struct error *err);
MUST_CHECK enum status buffer_append(struct buffer *buffer, const void *data, size_t length,
				     struct error *err);
/* The same for what nobody may find in freed memory: where the content has to move, the old place
 * is overwritten. The owner overwrites the last one before buffer_done(). */
MUST_CHECK enum status buffer_append_secret(struct buffer *buffer, const void *data, size_t length,
					    struct error *err);
MUST_CHECK enum status buffer_append_text(struct buffer *buffer, const char *text,
					  struct error *err);
MUST_CHECK enum status buffer_append_format(struct buffer *buffer, struct error *err,
					    const char *format, ...) PRINTF_LIKE(3, 4);
/* Little-endian integers, as everywhere on the share. */
MUST_CHECK enum status buffer_append_u8(struct buffer *buffer, uint8_t value, struct error *err);
MUST_CHECK enum status buffer_append_u32(struct buffer *buffer, uint32_t value, struct error *err);
MUST_CHECK enum status buffer_append_u64(struct buffer *buffer, uint64_t value, struct error *err);
/* Terminates the bytes with a NUL that is not counted in length; data is then a C string. */
MUST_CHECK enum status buffer_terminate(struct buffer *buffer, struct error *err);

/* Reads bytes that somebody else wrote. Every function that would pass the end sets failed, returns
 * zero or NULL and moves nothing; callers check failed once at the end. */
struct byte_reader {
	const unsigned char *data;
	size_t length;
	size_t position;
	bool failed;
};

void byte_reader_init(struct byte_reader *reader, const void *data, size_t length);
uint8_t byte_reader_u8(struct byte_reader *reader);
uint32_t byte_reader_u32(struct byte_reader *reader);
uint64_t byte_reader_u64(struct byte_reader *reader);
/* Borrowed bytes inside the reader's memory. */
const unsigned char *byte_reader_bytes(struct byte_reader *reader, size_t length);
size_t byte_reader_left(const struct byte_reader *reader);

void store_u32(unsigned char *at, uint32_t value);
void store_u64(unsigned char *at, uint64_t value);
uint32_t load_u32(const unsigned char *at);
uint64_t load_u64(const unsigned char *at);

#endif
