/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-shared key: what is one, and what it opens. */
#include <stdio.h>
#include <string.h>

#include "unit/crypto/crypto_case.h"

#include "crypto_cmocka.h"

/* 64 letters, as New-AzsEncryptionKeyBase64 makes them. */
#define KEY                                                                                        \
	"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXpBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWmFiY2RlZmdoaWprbA=="

static void parse(const char *text, struct secret *out)
{
	assert_int_equal(psk_parse(text, "key", out, NULL), STATUS_OK);
}

static void test_psk_parse_has_one_form(void **state)
{
	AUTO_SECRET plain = SECRET_EMPTY;
	AUTO_SECRET spaced = SECRET_EMPTY;

	(void)state;
	parse(KEY, &plain);
	parse(" " KEY "\r\n", &spaced);
	assert_true(secret_equal(&plain, &spaced));
	assert_string_equal((const char *)plain.data, KEY);
}

static void test_psk_parse_refuses_what_is_no_key(void **state)
{
	static const char *const bad[] = { "", "not base64!", "c2hvcnQ=",
					   /* 31 bytes */
					   "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==" };
	char large[1400];

	(void)state;
	memset(large, 'A', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(bad) + 1; i++) {
		AUTO_SECRET out = SECRET_EMPTY;
		struct error err;
		const char *text = i < ARRAY_LENGTH(bad) ? bad[i] : large;

		assert_int_equal(psk_parse(text, "key", &out, &err), STATUS_INVALID);
		assert_string_equal(err.field, "key");
		assert_non_null(strstr(err.message, "32 to 1024"));
		assert_null(out.data);
	}
}

static void test_psk_opens_its_private_key_alone(void **state)
{
	AUTO_SECRET key = SECRET_EMPTY;
	AUTO_SECRET other = SECRET_EMPTY;
	AUTO_SECRET session = SECRET_EMPTY;
	AUTO_SECRET opened = SECRET_EMPTY;
	struct buffer der, wrapped, message;
	struct certificate *certificate = NULL;
	struct private_key *private_key = NULL;

	(void)state;
	memset(&der, 0, sizeof(der));
	memset(&wrapped, 0, sizeof(wrapped));
	memset(&message, 0, sizeof(message));
	parse(KEY, &key);
	parse("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=", &other);
	assert_int_equal(psk_certificate_generate(&key, &der, &wrapped, NULL), STATUS_OK);
	assert_int_equal(certificate_parse(der.data, der.length, "", &certificate, NULL),
			 STATUS_OK);
	assert_int_equal(
		private_key_from_psk(wrapped.data, wrapped.length, &other, &private_key, NULL),
		STATUS_AUTHENTICATION);
	assert_int_equal(
		private_key_from_psk(wrapped.data, wrapped.length, &key, &private_key, NULL),
		STATUS_OK);
	assert_string_equal(private_key_thumbprint(private_key), certificate->thumbprint);
	assert_int_equal(crypto_random_secret(&session, KEY_SIZE, NULL), STATUS_OK);
	const struct certificate *recipient = certificate;

	assert_int_equal(cms_wrap(&recipient, 1, &session, &message, NULL), STATUS_OK);
	assert_int_equal(cms_unwrap(message.data, message.length, private_key, &opened, NULL),
			 STATUS_OK);
	assert_true(secret_equal(&session, &opened));
	private_key_free(private_key);
	certificate_free(certificate);
	buffer_done(&der);
	buffer_done(&wrapped);
	buffer_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk_parse_has_one_form),
		cmocka_unit_test(test_psk_parse_refuses_what_is_no_key),
		cmocka_unit_test(test_psk_opens_its_private_key_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
