/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that are made here work here and in openssl. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

struct pair {
	struct buffer certificate, pfx;
};

static struct pair generate(const char *common_name, bool rsa)
{
	AUTO_SECRET password = secret_of_text(PAIR_PASSWORD);
	struct pair made = { { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 } };
	struct error err;

	expect_ok(certificate_generate(common_name, rsa, 365, &password, &made.certificate,
				       &made.pfx, &err),
		  &err);
	return made;
}

static void pair_done(struct pair *pair)
{
	buffer_done(&pair->certificate);
	buffer_done(&pair->pfx);
}

static void expect_pair_works(const struct pair *pair, bool rsa, int bits)
{
	AUTO_SECRET password = secret_of_text(PAIR_PASSWORD);
	AUTO_SECRET plain = secret_of_text("thirty-two bytes of session key.");
	AUTO_SECRET opened = SECRET_EMPTY;
	struct buffer wrapped = { NULL, 0, 0, 0 };
	struct certificate *certificate = NULL;
	struct private_key *key = NULL;
	struct error err;

	expect_ok(certificate_parse(pair->certificate.data, pair->certificate.length, "certificate",
				    &certificate, &err),
		  &err);
	assert_int_equal(certificate->is_rsa, rsa);
	assert_int_equal(certificate->key_bits, bits);
	assert_string_equal(certificate->subject, "CN=north backup");
	expect_ok(private_key_from_pfx(pair->pfx.data, pair->pfx.length, &password, &key, &err),
		  &err);
	assert_string_equal(private_key_thumbprint(key), certificate->thumbprint);
	const struct certificate *const recipients[] = { certificate };
	expect_ok(cms_wrap(recipients, 1, &plain, &wrapped, &err), &err);
	expect_ok(cms_unwrap(wrapped.data, wrapped.length, key, &opened, &err), &err);
	assert_true(secret_equal(&plain, &opened));
	buffer_done(&wrapped);
	certificate_free(certificate);
	private_key_free(key);
}

static void test_certificate_generate_rsa_wraps_and_unwraps(void **state)
{
	struct pair pair = generate("north backup", true);

	(void)state;
	expect_pair_works(&pair, true, 3072);
	pair_done(&pair);
}

static void test_certificate_generate_ec_wraps_and_unwraps(void **state)
{
	struct pair pair = generate("north backup", false);

	(void)state;
	expect_pair_works(&pair, false, 256);
	pair_done(&pair);
}

static void test_certificate_generate_openssl_reads_both_files(void **state)
{
	const char *folder = *state;
	struct pair pair = generate("north backup", false);
	struct buffer output = { NULL, 0, 0, 0 };

	save_file(folder, "made.cer", pair.certificate.data, pair.certificate.length);
	save_file(folder, "made.pfx", pair.pfx.data, pair.pfx.length);
	save_file(folder, "made.password", PAIR_PASSWORD, strlen(PAIR_PASSWORD));
	run_openssl_for(folder, &output, "x509 -in made.cer -noout -text");
	assert_non_null(strstr((const char *)output.data, "CA:FALSE"));
	assert_non_null(strstr((const char *)output.data, "Key Agreement"));
	buffer_done(&output);
	run_openssl(folder, "x509 -in made.cer -inform DER -out made.pem");
	run_openssl(folder, "verify -CAfile made.pem made.pem");
	run_openssl_for(folder, &output,
			"pkcs12 -in made.pfx -info -nodes -passin file:made.password");
	assert_non_null(strstr((const char *)output.data, "AES-256-CBC"));
	assert_null(strstr((const char *)output.data, "RC2"));
	assert_non_null(strstr((const char *)output.data, "BEGIN PRIVATE KEY"));
	buffer_done(&output);
	pair_done(&pair);
}

/* 64 characters are allowed, however many bytes they have. */
static void test_certificate_generate_longest_name_is_accepted(void **state)
{
	char name[2 * 64 + 1] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	struct pair pair = generate(name, false);
	pair_done(&pair);
}

static void test_certificate_generate_twice_gives_different_certificates(void **state)
{
	struct pair first = generate("the same", false);
	struct pair second = generate("the same", false);

	(void)state;
	assert_true(first.certificate.length != second.certificate.length ||
		    memcmp(first.certificate.data, second.certificate.data,
			   first.certificate.length) != 0);
	pair_done(&first);
	pair_done(&second);
}

static void expect_refused(const char *common_name, int valid_days, const char *password_text,
			   const char *field)
{
	AUTO_SECRET password = secret_of_text(password_text);
	struct pair pair = { { NULL, 0, 0, 0 }, { NULL, 0, 0, 0 } };
	struct error err;

	expect_error(STATUS_INVALID,
		     certificate_generate(common_name, false, valid_days, &password,
					  &pair.certificate, &pair.pfx, &err),
		     &err, "");
	assert_string_equal(err.field, field);
	assert_null(pair.certificate.data);
	assert_null(pair.pfx.data);
}

static void test_certificate_generate_bad_wishes_are_refused_by_name(void **state)
{
	char name[66];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	expect_refused("", 1, "x", "commonName");
	expect_refused("two\nlines", 1, "x", "commonName");
	expect_refused(name, 1, "x", "commonName");
	expect_refused("\xff", 1, "x", "commonName");
	expect_refused("name", 0, "x", "validDays");
	expect_refused("name", 36501, "x", "validDays");
	expect_refused("name", 1, "", "password");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_generate_rsa_wraps_and_unwraps),
		cmocka_unit_test(test_certificate_generate_ec_wraps_and_unwraps),
		cmocka_unit_test(test_certificate_generate_openssl_reads_both_files),
		cmocka_unit_test(test_certificate_generate_longest_name_is_accepted),
		cmocka_unit_test(test_certificate_generate_twice_gives_different_certificates),
		cmocka_unit_test(test_certificate_generate_bad_wishes_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
