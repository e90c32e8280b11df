/* SPDX-License-Identifier: Apache-2.0 */
/* PFX files that openssl made: opened with the right password, refused with the right reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static int pair_set_up(void **state)
{
	if (folder_set_up(state) != 0)
		return -1;
	make_pair(*state, "own", "rsa:2048");
	make_pair(*state, "curve", "ec -pkeyopt ec_paramgen_curve:P-256");
	return 0;
}

static enum status open_file(const char *folder, const char *file, const char *password_text,
			     struct private_key **out, struct error *err)
{
	AUTO_SECRET password = secret_of_text(password_text);
	struct buffer bytes = { NULL, 0, 0, 0 };

	load_file(folder, file, &bytes);
	enum status status = private_key_from_pfx(bytes.data, bytes.length, &password, out, err);
	buffer_done(&bytes);
	return status;
}

static void expect_refused(const char *folder, const char *file, const char *password,
			   enum status wanted, const char *part)
{
	struct private_key *key = NULL;
	struct error err;

	expect_error(wanted, open_file(folder, file, password, &key, &err), &err, part);
	assert_null(key);
}

/* Opened, and the key opens what was encrypted for @certificate_file. */
static void expect_opened(const char *folder, const char *file, const char *password,
			  const char *certificate_file)
{
	AUTO_SECRET plain = secret_of_text("thirty-two bytes of session key.");
	AUTO_SECRET opened = SECRET_EMPTY;
	struct buffer wrapped = { NULL, 0, 0, 0 };
	struct certificate *certificate = NULL;
	struct private_key *key = NULL;
	struct error err;

	expect_ok(open_file(folder, file, password, &key, &err), &err);
	load_certificate(folder, certificate_file, &certificate);
	assert_string_equal(private_key_thumbprint(key), certificate->thumbprint);
	const struct certificate *const recipients[] = { certificate };
	expect_ok(cms_wrap(recipients, 1, &plain, &wrapped, &err), &err);
	expect_ok(cms_unwrap(wrapped.data, wrapped.length, key, &opened, &err), &err);
	assert_true(secret_equal(&plain, &opened));
	buffer_done(&wrapped);
	certificate_free(certificate);
	private_key_free(key);
}

static void test_private_key_from_pfx_right_password_opens(void **state)
{
	expect_opened(*state, "own.pfx", PAIR_PASSWORD, "own.crt");
	expect_opened(*state, "curve.pfx", PAIR_PASSWORD, "curve.crt");
}

static void test_private_key_from_pfx_wrong_password_is_authentication(void **state)
{
	expect_refused(*state, "own.pfx", "wrong", STATUS_AUTHENTICATION, "password");
	expect_refused(*state, "own.pfx", "", STATUS_AUTHENTICATION, "password");
	expect_refused(*state, "own.pfx", PAIR_PASSWORD " ", STATUS_AUTHENTICATION, "password");
}

static void test_private_key_from_pfx_password_with_zero_byte_is_wrong(void **state)
{
	AUTO_SECRET password = SECRET_EMPTY;
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct private_key *key = NULL;
	struct error err;

	expect_ok(secret_copy(&password, PAIR_PASSWORD "\0x", sizeof(PAIR_PASSWORD) + 1, &err),
		  &err);
	load_file(*state, "own.pfx", &bytes);
	expect_error(STATUS_AUTHENTICATION,
		     private_key_from_pfx(bytes.data, bytes.length, &password, &key, &err), &err,
		     "zero byte");
	buffer_done(&bytes);
}

static void test_private_key_from_pfx_unusual_passwords_open(void **state)
{
	static const char *const passwords[] = { "", "p\xc3\xa4ssw\xc3\xb6rd \xe2\x82\xac" };
	const char *folder = *state;

	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		char line[64];
		int length = snprintf(line, sizeof(line), "%s\n", passwords[i]);

		save_file(folder, "unusual.password", line, (size_t)length);
		run_openssl(folder, "pkcs12 -export -inkey own.key -in own.crt -out unusual.pfx "
				    "-passout file:unusual.password");
		expect_opened(folder, "unusual.pfx", passwords[i], "own.crt");
		expect_refused(folder, "unusual.pfx", "other", STATUS_AUTHENTICATION, "password");
	}
}

/* RC2 for the certificate, 3DES for the key, SHA-1 for the MAC: what Windows wrote for twenty
 * years. */
static void test_private_key_from_pfx_of_old_windows_opens(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "pkcs12 -export -legacy -inkey own.key -in own.crt -out old.pfx "
			    "-passout file:password");
	expect_opened(folder, "old.pfx", PAIR_PASSWORD, "own.crt");
	expect_refused(folder, "old.pfx", "wrong", STATUS_AUTHENTICATION, "password");
}

static void test_private_key_from_pfx_old_ciphers_missing_says_what_to_do(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "pkcs12 -export -legacy -inkey own.key -in own.crt -out old.pfx "
			    "-passout file:password");
	assert_int_equal(setenv("OPENSSL_MODULES", folder, 1), 0);
	expect_refused(folder, "old.pfx", PAIR_PASSWORD, STATUS_INVALID, "export it again");
	expect_opened(folder, "own.pfx", PAIR_PASSWORD, "own.crt");
	assert_int_equal(unsetenv("OPENSSL_MODULES"), 0);
}

static void test_private_key_from_pfx_without_mac_is_refused(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "pkcs12 -export -nomac -inkey own.key -in own.crt -out nomac.pfx "
			    "-passout file:password");
	expect_refused(folder, "nomac.pfx", PAIR_PASSWORD, STATUS_INVALID, "no MAC");
}

static void test_private_key_from_pfx_with_issuers_takes_the_own_certificate(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "pkcs12 -export -inkey own.key -in own.crt -certfile curve.crt -out "
			    "chain.pfx -passout file:password");
	expect_opened(folder, "chain.pfx", PAIR_PASSWORD, "own.crt");
}

static void test_private_key_from_pfx_incomplete_is_refused_by_name(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "pkcs12 -export -nokeys -in own.crt -out nokey.pfx "
			    "-passout file:password");
	expect_refused(folder, "nokey.pfx", PAIR_PASSWORD, STATUS_INVALID, "no private key");
	run_openssl(folder, "pkcs12 -export -nocerts -inkey own.key -out nocert.pfx "
			    "-passout file:password");
	expect_refused(folder, "nocert.pfx", PAIR_PASSWORD, STATUS_INVALID, "no certificate");
}

static void test_private_key_from_pfx_other_key_is_refused_by_name(void **state)
{
	const char *folder = *state;

	make_pair(folder, "edwards", "ed25519");
	expect_refused(folder, "edwards.pfx", PAIR_PASSWORD, STATUS_INVALID, "type ED25519");
}

static void test_private_key_from_pfx_anything_else_is_no_pfx(void **state)
{
	static unsigned char large[1024 * 1024 + 1];
	AUTO_SECRET password = secret_of_text(PAIR_PASSWORD);
	struct private_key *key = NULL;
	struct error err;

	expect_refused(*state, "own.cer", PAIR_PASSWORD, STATUS_INVALID, "no PFX");
	expect_refused(*state, "own.key", PAIR_PASSWORD, STATUS_INVALID, "no PFX");
	expect_error(STATUS_INVALID, private_key_from_pfx("", 0, &password, &key, &err), &err,
		     "no PFX");
	expect_error(STATUS_INVALID,
		     private_key_from_pfx(large, sizeof(large), &password, &key, &err), &err,
		     "at most");
}

static void test_private_key_from_pfx_cut_never_opens(void **state)
{
	AUTO_SECRET password = secret_of_text(PAIR_PASSWORD);
	struct buffer bytes = { NULL, 0, 0, 0 };

	load_file(*state, "curve.pfx", &bytes);
	for (size_t at = 0; at < bytes.length; at += 7) {
		struct private_key *key = NULL;
		struct error err;

		assert_int_not_equal(private_key_from_pfx(bytes.data, at, &password, &key, &err),
				     STATUS_OK);
		assert_null(key);
	}
	buffer_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_key_from_pfx_right_password_opens),
		cmocka_unit_test(test_private_key_from_pfx_wrong_password_is_authentication),
		cmocka_unit_test(test_private_key_from_pfx_password_with_zero_byte_is_wrong),
		cmocka_unit_test(test_private_key_from_pfx_unusual_passwords_open),
		cmocka_unit_test(test_private_key_from_pfx_of_old_windows_opens),
		cmocka_unit_test(test_private_key_from_pfx_old_ciphers_missing_says_what_to_do),
		cmocka_unit_test(test_private_key_from_pfx_without_mac_is_refused),
		cmocka_unit_test(test_private_key_from_pfx_with_issuers_takes_the_own_certificate),
		cmocka_unit_test(test_private_key_from_pfx_incomplete_is_refused_by_name),
		cmocka_unit_test(test_private_key_from_pfx_other_key_is_refused_by_name),
		cmocka_unit_test(test_private_key_from_pfx_anything_else_is_no_pfx),
		cmocka_unit_test(test_private_key_from_pfx_cut_never_opens),
	};

	return cmocka_run_group_tests(tests, pair_set_up, folder_tear_down);
}
