/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers and encodings in text. */
#ifndef INFRABACKUP_BASE_TEXT_H
#define INFRABACKUP_BASE_TEXT_H

#include "infrabackup/base/buffer.h"

#define GUID_TEXT_SIZE 37 /* 36 lower-case characters and the NUL */
#define GUID_SIZE 16

/* A random version 4 GUID (RFC 9562) from the kernel's generator. */
void guid_generate(char text[GUID_TEXT_SIZE]);
/* 8-4-4-4-12 hexadecimal digits in any case. */
bool guid_is_valid(const char *text);
/* The 16 bytes in the order of the text; false if it is not a GUID. */
bool guid_to_bytes(const char *text, unsigned char bytes[GUID_SIZE]);
void guid_from_bytes(const unsigned char bytes[GUID_SIZE], char text[GUID_TEXT_SIZE]);

/* @text needs 2 * @length + 1 bytes. */
void hex_encode(const void *data, size_t length, bool upper_case, char *text);
/* False unless @text is exactly 2 * @length digits in either case. */
bool hex_decode(const char *text, void *data, size_t length);

/* Both replace the content of @out, terminated and within its maximum; an @out that is all zero
 * takes whatever it needs. */
MUST_CHECK enum status base64_encode(const void *data, size_t length, struct buffer *out,
				     struct error *err);
/* White space is skipped; anything else that is not base64 (RFC 4648 section 4) is
 * STATUS_INVALID. */
MUST_CHECK enum status base64_decode(const char *text, struct buffer *out, struct error *err);

/* "1.36 TB", "979 GB": three significant digits, powers of 1024 (CONTRACT: availableCapacity). */
const char *capacity_text(uint64_t bytes, char text[16]);

bool text_equal_ignoring_case(const char *left, const char *right); /* ASCII */
bool text_starts_with(const char *text, const char *prefix);
/* False for NULL, invalid UTF-8 and control characters; for values that end up in logs. */
bool text_is_printable_utf8(const char *text);

#endif
