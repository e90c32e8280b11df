/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of crypto share: a folder, the openssl program in it, bytes from hexadecimal
 * digits. */
#ifndef TESTS_CRYPTO_CASE_H
#define TESTS_CRYPTO_CASE_H

#include "infrabackup/crypto.h"

/* A folder of the test program's own, for cmocka's group setup and teardown; its path is *@state.
 */
int folder_set_up(void **state);
int folder_tear_down(void **state);

/* Runs openssl in @folder with arguments that are separated by single blanks; the test fails unless
 * it ends with 0. */
void run_openssl(const char *folder, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same, and gives what it printed; released by buffer_done(). */
void run_openssl_for(const char *folder, struct buffer *output, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* A key pair made by openssl: <name>.key (PEM), <name>.crt (PEM), <name>.cer (DER) and <name>.pfx,
 * whose password is PAIR_PASSWORD. @algorithm: the words behind -newkey. The certificate has no
 * extensions. */
#define PAIR_PASSWORD "correct horse"
void make_pair(const char *folder, const char *name, const char *algorithm);
void load_certificate(const char *folder, const char *file, struct certificate **out);
void load_private_key(const char *folder, const char *file, struct private_key **out);

/* Released by buffer_done(). */
void load_file(const char *folder, const char *name, struct buffer *out);
void save_file(const char *folder, const char *name, const void *data, size_t length);

/* Fails the test with the text of @err unless @status is STATUS_OK. */
void expect_ok(enum status status, const struct error *err);
/* Fails the test unless @status and @err are @wanted and the message holds @part. */
void expect_error(enum status wanted, enum status status, const struct error *err,
		  const char *part);

/* Released by secret_free(). */
struct secret secret_of_text(const char *text);
struct secret secret_of_hex(const char *digits);
/* Returns the number of bytes. */
size_t bytes_of_hex(const char *digits, unsigned char *bytes, size_t size);
/* Fails the test unless the bytes are those of @digits. */
void expect_hex(const char *digits, const void *data, size_t length);

#endif
