/* SPDX-License-Identifier: Apache-2.0 */
/* The only home of passwords, keys and tokens in memory: zeroed when released, kept out of core
 * dumps, compared in constant time. */
#ifndef INFRABACKUP_BASE_SECRET_H
#define INFRABACKUP_BASE_SECRET_H

#include "infrabackup/base/error.h"

/* data always has a NUL after its last byte, so that a password can be passed as a C string. */
struct secret {
	unsigned char *data;
	size_t length;
};

#define SECRET_EMPTY ((struct secret) { NULL, 0 })
#define AUTO_SECRET __attribute__((cleanup(secret_free))) struct secret

/* A copy of @length bytes (pages marked MADV_DONTDUMP). *@out untouched on failure. */
MUST_CHECK enum status secret_copy(struct secret *out, const void *data, size_t length,
				   struct error *err);
/* @length zero bytes, to be filled by the caller. */
MUST_CHECK enum status secret_new(struct secret *out, size_t length, struct error *err);
/* Reads a secret from a file, or from standard input when @path is "-": at most 64 KiB, one
 * trailing newline (LF or CR LF) dropped. A file that everybody may write is refused
 * (STATUS_INVALID). */
MUST_CHECK enum status secret_read_file(struct secret *out, const char *path, struct error *err);
/* Zeroes and frees; NULL and empty are legal; leaves SECRET_EMPTY. */
void secret_free(struct secret *secret);
/* Moves @from into @to (freeing what was there). */
void secret_move(struct secret *to, struct secret *from);
bool secret_equal(const struct secret *left, const struct secret *right);
bool secret_is_empty(const struct secret *secret);

#endif
