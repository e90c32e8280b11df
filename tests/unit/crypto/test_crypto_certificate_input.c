/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is sent instead of a certificate is refused, and the text says what it was. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static int pair_set_up(void **state)
{
	if (folder_set_up(state) != 0)
		return -1;
	make_pair(*state, "own", "rsa:2048");
	return 0;
}

static void expect_refused(const void *data, size_t length, const char *part)
{
	struct certificate *certificate = NULL;
	struct error err;

	expect_error(STATUS_INVALID,
		     certificate_parse(data, length, "encryptionCertBase64", &certificate, &err),
		     &err, part);
	assert_string_equal(err.field, "encryptionCertBase64");
	assert_null(certificate);
}

static void expect_file_refused(const char *folder, const char *file, const char *part)
{
	struct buffer bytes = { NULL, 0, 0, 0 };

	load_file(folder, file, &bytes);
	expect_refused(bytes.data, bytes.length, part);
	buffer_done(&bytes);
}

/* The files of @names one behind the other. */
static void join_files(const char *folder, const char *first, const char *second, const char *out)
{
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct buffer joined;
	struct error err;

	buffer_init(&joined, 1024 * 1024);
	load_file(folder, first, &bytes);
	expect_ok(buffer_append(&joined, bytes.data, bytes.length, &err), &err);
	load_file(folder, second, &bytes);
	expect_ok(buffer_append(&joined, bytes.data, bytes.length, &err), &err);
	save_file(folder, out, joined.data, joined.length);
	buffer_done(&bytes);
	buffer_done(&joined);
}

static void test_certificate_parse_pfx_is_refused_as_pfx(void **state)
{
	expect_file_refused(*state, "own.pfx", "a PFX (PKCS#12) file was sent");
}

static void test_certificate_parse_private_key_is_refused_as_private_key(void **state)
{
	const char *folder = *state;

	expect_file_refused(folder, "own.key", "a private key was sent");
	run_openssl(folder, "pkey -in own.key -outform DER -out key.der");
	expect_file_refused(folder, "key.der", "a private key was sent");
	run_openssl(folder, "rsa -in own.key -traditional -outform DER -out old.der");
	expect_file_refused(folder, "old.der", "a private key was sent");
	run_openssl(folder,
		    "pkcs8 -topk8 -in own.key -outform DER -out locked.der -passout pass:x");
	expect_file_refused(folder, "locked.der", "a private key was sent");
	run_openssl(folder, "pkey -in own.key -aes256 -passout pass:x -out locked.key");
	expect_file_refused(folder, "locked.key", "a private key was sent");
}

static void test_certificate_parse_pem_with_private_key_beside_is_refused(void **state)
{
	const char *folder = *state;
	struct buffer bytes = { NULL, 0, 0, 0 };

	join_files(folder, "own.crt", "own.key", "both.pem");
	expect_file_refused(folder, "both.pem", "a private key was sent");
	join_files(folder, "own.key", "own.crt", "both.pem");
	expect_file_refused(folder, "both.pem", "a private key was sent");
	/* Half a key is said to be a key, not only damage. */
	join_files(folder, "own.crt", "own.key", "both.pem");
	load_file(folder, "both.pem", &bytes);
	expect_refused(bytes.data, bytes.length - 200, "a private key was sent");
	buffer_done(&bytes);
}

static void test_certificate_parse_other_documents_are_refused_by_name(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "req -config plain.cnf -new -key own.key -subj /CN=x -out own.csr");
	expect_file_refused(folder, "own.csr", "CERTIFICATE REQUEST");
	run_openssl(folder, "req -in own.csr -outform DER -out csr.der");
	expect_file_refused(folder, "csr.der", "signing request");
	run_openssl(folder, "crl2pkcs7 -nocrl -certfile own.crt -outform DER -out own.p7b");
	expect_file_refused(folder, "own.p7b", "PKCS#7");
	run_openssl(folder, "pkey -in own.key -pubout -outform DER -out public.der");
	expect_file_refused(folder, "public.der", "bare public key");
	run_openssl(folder, "pkey -in own.key -pubout -out public.pem");
	expect_file_refused(folder, "public.pem", "PUBLIC KEY");
	join_files(folder, "own.crt", "own.crt", "two.pem");
	expect_file_refused(folder, "two.pem", "several certificates");
}

static void test_certificate_parse_garbage_is_refused(void **state)
{
	static unsigned char large[70000];
	const char *folder = *state;

	expect_refused("", 0, "nothing was sent");
	expect_refused("hello", 5, "no certificate");
	expect_refused(large, sizeof(large), "70000 bytes");
	join_files(folder, "own.cer", "own.cer", "two.cer");
	expect_file_refused(folder, "two.cer", "no certificate");
}

static void test_certificate_parse_cut_der_is_refused_everywhere(void **state)
{
	struct buffer bytes = { NULL, 0, 0, 0 };

	load_file(*state, "own.cer", &bytes);
	for (size_t length = 1; length < bytes.length; length++)
		expect_refused(bytes.data, length, "no certificate");
	buffer_done(&bytes);
}

static void test_certificate_parse_damaged_pem_is_refused(void **state)
{
	struct buffer bytes = { NULL, 0, 0, 0 };

	load_file(*state, "own.crt", &bytes);
	expect_refused(bytes.data, bytes.length - 30, "PEM text is damaged");
	bytes.data[100] = '!';
	expect_refused(bytes.data, bytes.length, "PEM text is damaged");
	buffer_done(&bytes);
}

static void test_certificate_parse_text_around_the_pem_is_accepted(void **state)
{
	const char *folder = *state;
	struct certificate *certificate = NULL;

	run_openssl(folder, "x509 -in own.crt -text -out talkative.crt");
	load_certificate(folder, "talkative.crt", &certificate);
	certificate_free(certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_parse_pfx_is_refused_as_pfx),
		cmocka_unit_test(test_certificate_parse_private_key_is_refused_as_private_key),
		cmocka_unit_test(test_certificate_parse_pem_with_private_key_beside_is_refused),
		cmocka_unit_test(test_certificate_parse_other_documents_are_refused_by_name),
		cmocka_unit_test(test_certificate_parse_garbage_is_refused),
		cmocka_unit_test(test_certificate_parse_cut_der_is_refused_everywhere),
		cmocka_unit_test(test_certificate_parse_damaged_pem_is_refused),
		cmocka_unit_test(test_certificate_parse_text_around_the_pem_is_accepted),
	};

	return cmocka_run_group_tests(tests, pair_set_up, folder_tear_down);
}
