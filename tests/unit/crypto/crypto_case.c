/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of crypto share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/base.h"
#include "infrabackup/crypto.h"

#include "fake/run_program.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define WORDS_MAX 64

/* Without the extensions that the system's own configuration would add. */
static const char configuration[] = "[req]\ndistinguished_name = name\n[name]\n";

int folder_set_up(void **state)
{
	const char *parent = getenv("TMPDIR");
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/crypto-test-XXXXXX",
		       parent != NULL ? parent : "/tmp");
	if (mkdtemp(path) == NULL)
		return -1;
	*state = strdup(path);
	if (*state == NULL)
		return -1;
	save_file(*state, "plain.cnf", configuration, sizeof(configuration) - 1);
	return 0;
}

int folder_tear_down(void **state)
{
	enum status status = file_remove_tree(*state, NULL);

	free(*state);
	return status == STATUS_OK ? 0 : -1;
}

static void run_words(const char *folder, char *line, struct buffer *output)
{
	char program[] = "openssl";
	char *words[WORDS_MAX] = { program };
	size_t count = 1;
	struct buffer printed = { NULL, 0, 0, 0 };

	for (char *word = line; word != NULL && count < WORDS_MAX - 1; count++)
		words[count] = strsep(&word, " ");
	int result = run_program(folder, words, &printed);
	if (result != 0)
		print_error("openssl %s ended with %d: %s\n", words[1], result,
			    printed.data != NULL ? (const char *)printed.data : "");
	if (output != NULL)
		*output = printed;
	else
		buffer_done(&printed);
	assert_int_equal(result, 0);
}

void run_openssl(const char *folder, const char *format, ...)
{
	char line[2048];
	va_list arguments;

	va_start(arguments, format);
	assert_in_range(vsnprintf(line, sizeof(line), format, arguments), 1, sizeof(line) - 1);
	va_end(arguments);
	run_words(folder, line, NULL);
}

void run_openssl_for(const char *folder, struct buffer *output, const char *format, ...)
{
	char line[2048];
	va_list arguments;

	va_start(arguments, format);
	assert_in_range(vsnprintf(line, sizeof(line), format, arguments), 1, sizeof(line) - 1);
	va_end(arguments);
	run_words(folder, line, output);
}

void make_pair(const char *folder, const char *name, const char *algorithm)
{
	run_openssl(folder,
		    "req -x509 -config plain.cnf -newkey %s -nodes -keyout %s.key -out %s.crt "
		    "-subj /O=Contoso/CN=%s -days 30",
		    algorithm, name, name, name);
	run_openssl(folder, "x509 -in %s.crt -outform DER -out %s.cer", name, name);
	save_file(folder, "password", PAIR_PASSWORD, strlen(PAIR_PASSWORD));
	run_openssl(folder,
		    "pkcs12 -export -inkey %s.key -in %s.crt -out %s.pfx -passout file:password",
		    name, name, name);
}

void load_certificate(const char *folder, const char *file, struct certificate **out)
{
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct error err;

	load_file(folder, file, &bytes);
	expect_ok(certificate_parse(bytes.data, bytes.length, "certificate", out, &err), &err);
	buffer_done(&bytes);
}

void load_private_key(const char *folder, const char *file, struct private_key **out)
{
	AUTO_SECRET password = secret_of_text(PAIR_PASSWORD);
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct error err;

	load_file(folder, file, &bytes);
	expect_ok(private_key_from_pfx(bytes.data, bytes.length, &password, out, &err), &err);
	buffer_done(&bytes);
}

void load_file(const char *folder, const char *name, struct buffer *out)
{
	AUTO_FREE char *path = file_join(folder, name);
	struct error err;

	assert_non_null(path);
	expect_ok(file_read(path, FILE_MAX, out, &err), &err);
}

void save_file(const char *folder, const char *name, const void *data, size_t length)
{
	AUTO_FREE char *path = file_join(folder, name);
	struct error err;

	assert_non_null(path);
	expect_ok(file_write(path, 0600, true, data, length, &err), &err);
}

void expect_ok(enum status status, const struct error *err)
{
	char text[1024];

	if (status != STATUS_OK)
		print_error("%s: %s\n", status_name(status), error_text(err, text, sizeof(text)));
	assert_int_equal(status, STATUS_OK);
}

void expect_error(enum status wanted, enum status status, const struct error *err, const char *part)
{
	char text[1024];

	if (status == STATUS_OK || status != wanted || strstr(err->message, part) == NULL)
		print_error("%s instead of %s with \"%s\": %s\n", status_name(status),
			    status_name(wanted), part,
			    status == STATUS_OK ? "" : error_text(err, text, sizeof(text)));
	assert_int_equal(status, wanted);
	assert_int_equal(err->status, wanted);
	assert_non_null(strstr(err->message, part));
}

struct secret secret_of_text(const char *text)
{
	struct secret made;
	struct error err;

	expect_ok(secret_copy(&made, text, strlen(text), &err), &err);
	return made;
}

struct secret secret_of_hex(const char *digits)
{
	unsigned char bytes[256];
	size_t length = bytes_of_hex(digits, bytes, sizeof(bytes));
	struct secret made;
	struct error err;

	expect_ok(secret_copy(&made, bytes, length, &err), &err);
	return made;
}

size_t bytes_of_hex(const char *digits, unsigned char *bytes, size_t size)
{
	size_t length = strlen(digits) / 2;

	assert_true(length <= size);
	assert_true(hex_decode(digits, bytes, length));
	return length;
}

void expect_hex(const char *digits, const void *data, size_t length)
{
	AUTO_FREE char *text = malloc(2 * length + 1);

	assert_non_null(text);
	hex_encode(data, length, false, text);
	assert_string_equal(text, digits);
}
