/* SPDX-License-Identifier: Apache-2.0 */
/* What certificate_parse() tells about certificates that openssl made, and which keys it refuses.
 */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static void expect_same_as_openssl(const char *folder, const char *digest, const char *found)
{
	struct buffer output = { NULL, 0, 0, 0 };
	char plain[128];
	size_t used = 0;

	run_openssl_for(folder, &output, "x509 -in described.crt -noout -fingerprint -%s", digest);
	const char *at = strchr((const char *)output.data, '=');
	assert_non_null(at);
	for (at++; *at != '\0' && *at != '\n' && used < sizeof(plain) - 1; at++) {
		if (*at != ':')
			plain[used++] = *at;
	}
	plain[used] = '\0';
	assert_string_equal(found, plain);
	buffer_done(&output);
}

static void test_certificate_parse_rsa_in_der_is_described(void **state)
{
	const char *folder = *state;
	struct certificate *certificate = NULL;
	char digest[2 * SHA256_SIZE + 1];

	make_pair(folder, "described", "rsa:2048");
	load_certificate(folder, "described.cer", &certificate);
	assert_true(certificate->is_rsa);
	assert_int_equal(certificate->key_bits, 2048);
	assert_string_equal(certificate->subject, "CN=described,O=Contoso");
	assert_int_equal(certificate->not_after - certificate->not_before,
			 INT64_C(30) * 24 * 3600 * 1000);
	expect_same_as_openssl(folder, "sha1", certificate->thumbprint);
	hex_encode(certificate->sha256, SHA256_SIZE, true, digest);
	expect_same_as_openssl(folder, "sha256", digest);
	certificate_free(certificate);
}

static void test_certificate_parse_pem_and_der_are_the_same(void **state)
{
	const char *folder = *state;
	struct certificate *from_pem = NULL, *from_der = NULL;

	make_pair(folder, "twice", "ec -pkeyopt ec_paramgen_curve:P-256");
	load_certificate(folder, "twice.crt", &from_pem);
	load_certificate(folder, "twice.cer", &from_der);
	assert_int_equal(from_pem->der.length, from_der->der.length);
	assert_memory_equal(from_pem->der.data, from_der->der.data, from_der->der.length);
	assert_string_equal(from_pem->thumbprint, from_der->thumbprint);
	certificate_free(from_pem);
	certificate_free(from_der);
}

static void test_certificate_parse_every_allowed_curve_is_accepted(void **state)
{
	static const struct {
		const char *name;
		int bits;
	} curves[] = { { "P-256", 256 }, { "P-384", 384 }, { "P-521", 521 } };
	const char *folder = *state;

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct certificate *certificate = NULL;
		char algorithm[64];

		(void)snprintf(algorithm, sizeof(algorithm), "ec -pkeyopt ec_paramgen_curve:%s",
			       curves[i].name);
		make_pair(folder, "curve", algorithm);
		load_certificate(folder, "curve.cer", &certificate);
		assert_false(certificate->is_rsa);
		assert_int_equal(certificate->key_bits, curves[i].bits);
		certificate_free(certificate);
	}
}

static void expect_key_refused(const char *folder, const char *algorithm, const char *part)
{
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct certificate *certificate = NULL;
	struct error err;

	run_openssl(folder,
		    "req -x509 -config plain.cnf -newkey %s -nodes -keyout other.key "
		    "-out other.crt -subj /CN=other",
		    algorithm);
	load_file(folder, "other.crt", &bytes);
	expect_error(
		STATUS_INVALID,
		certificate_parse(bytes.data, bytes.length, "properties.cert", &certificate, &err),
		&err, part);
	assert_string_equal(err.field, "properties.cert");
	assert_non_null(strstr(err.message, "allowed are RSA"));
	assert_null(certificate);
	buffer_done(&bytes);
}

static void test_certificate_parse_other_keys_are_refused_by_name(void **state)
{
	const char *folder = *state;

	expect_key_refused(folder, "rsa:1024", "RSA of 1024 bits");
	expect_key_refused(folder, "rsa:2047", "RSA of 2047 bits");
	expect_key_refused(folder, "ed25519", "type ED25519");
	expect_key_refused(folder, "rsa-pss -pkeyopt rsa_keygen_bits:2048", "type RSA-PSS");
	expect_key_refused(folder, "ec -pkeyopt ec_paramgen_curve:secp256k1", "EC on secp256k1");
	expect_key_refused(folder,
			   "ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt "
			   "ec_param_enc:explicit",
			   "EC on an unnamed curve");
}

/* With the exponent 1, what is encrypted would be the message itself. */
static void test_certificate_parse_rsa_exponent_1_is_refused(void **state)
{
	static const unsigned char exponent[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };
	const char *folder = *state;
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct certificate *certificate = NULL;
	struct error err;

	make_pair(folder, "weak", "rsa:2048");
	load_file(folder, "weak.cer", &bytes);
	unsigned char *at = memmem(bytes.data, bytes.length, exponent, sizeof(exponent));
	assert_non_null(at);
	at[2] = 0x00;
	expect_error(STATUS_INVALID,
		     certificate_parse(bytes.data, bytes.length, "certificate", &certificate, &err),
		     &err, "not a valid key");
	buffer_done(&bytes);
}

static void test_certificate_parse_expired_is_accepted(void **state)
{
	const char *folder = *state;
	struct certificate *certificate = NULL;

	make_pair(folder, "old", "ec -pkeyopt ec_paramgen_curve:P-256");
	run_openssl(folder, "x509 -in old.crt -signkey old.key -days -1 -out expired.crt");
	load_certificate(folder, "expired.crt", &certificate);
	assert_true(certificate_is_expired(certificate, clock_now(&system_clock)));
	assert_false(certificate_is_expired(certificate, certificate->not_after));
	assert_true(certificate_is_expired(certificate, certificate->not_after + 1));
	certificate_free(certificate);
}

static void test_certificate_parse_long_and_foreign_subject_stays_printable(void **state)
{
	const char *folder = *state;
	struct certificate *certificate = NULL;

	run_openssl(folder,
		    "req -x509 -config plain.cnf -utf8 -newkey ec -pkeyopt "
		    "ec_paramgen_curve:P-256 -nodes -keyout name.key -out name.crt -subj "
		    "/CN=a,b\xc3\xbc/OU=%064d/OU=%064d/OU=%064d/OU=%064d",
		    1, 2, 3, 4);
	load_certificate(folder, "name.crt", &certificate);
	assert_int_equal(strlen(certificate->subject), sizeof(certificate->subject) - 1);
	assert_true(text_is_printable_utf8(certificate->subject));
	certificate_free(certificate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_parse_rsa_in_der_is_described),
		cmocka_unit_test(test_certificate_parse_pem_and_der_are_the_same),
		cmocka_unit_test(test_certificate_parse_every_allowed_curve_is_accepted),
		cmocka_unit_test(test_certificate_parse_other_keys_are_refused_by_name),
		cmocka_unit_test(test_certificate_parse_rsa_exponent_1_is_refused),
		cmocka_unit_test(test_certificate_parse_expired_is_accepted),
		cmocka_unit_test(test_certificate_parse_long_and_foreign_subject_stays_printable),
	};

	return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
