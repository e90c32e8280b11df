/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets open with their key and for their purpose, and not when a bit of them has changed.
 */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const char key_text[] = "thirty-two bytes of a master key";

static void seal_text(const char *text, struct buffer *out)
{
	AUTO_SECRET key = secret_of_text(key_text);
	AUTO_SECRET plain = secret_of_text(text);
	struct error err;

	*out = (struct buffer) { NULL, 0, 0, 0 };
	expect_ok(crypto_seal(&key, "share password", &plain, out, &err), &err);
}

static void expect_refused(const char *key, const char *purpose, const struct buffer *sealed,
			   size_t length)
{
	AUTO_SECRET secret = secret_of_text(key);
	AUTO_SECRET opened = SECRET_EMPTY;
	struct error err;

	expect_error(STATUS_INTEGRITY,
		     crypto_unseal(&secret, purpose, sealed->data, length, &opened, &err), &err,
		     "");
	assert_null(opened.data);
}

static void test_crypto_unseal_what_was_sealed_gives_it_back(void **state)
{
	static const char *const texts[] = { "", "x", "a password that is somewhat longer" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO_SECRET key = secret_of_text(key_text);
		AUTO_SECRET opened = SECRET_EMPTY;
		struct buffer sealed;
		struct error err;

		seal_text(texts[i], &sealed);
		expect_ok(crypto_unseal(&key, "share password", sealed.data, sealed.length, &opened,
					&err),
			  &err);
		assert_int_equal(opened.length, strlen(texts[i]));
		assert_memory_equal(opened.data, texts[i], opened.length);
		buffer_done(&sealed);
	}
}

static void test_crypto_seal_twice_gives_different_bytes(void **state)
{
	struct buffer first, second;

	(void)state;
	seal_text("the same", &first);
	seal_text("the same", &second);
	assert_int_equal(first.length, second.length);
	assert_memory_not_equal(first.data, second.data, first.length);
	buffer_done(&first);
	buffer_done(&second);
}

static void test_crypto_unseal_other_purpose_key_or_length_is_refused(void **state)
{
	struct buffer sealed;

	(void)state;
	seal_text("secret", &sealed);
	expect_refused(key_text, "identity key", &sealed, sealed.length);
	expect_refused("thirty-two bytes of another key!", "share password", &sealed,
		       sealed.length);
	for (size_t length = 0; length < sealed.length; length++)
		expect_refused(key_text, "share password", &sealed, length);
	buffer_done(&sealed);
}

static void test_crypto_unseal_any_changed_bit_is_noticed(void **state)
{
	struct buffer sealed;

	(void)state;
	seal_text("secret", &sealed);
	for (size_t bit = 0; bit < sealed.length * 8; bit++) {
		sealed.data[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		expect_refused(key_text, "share password", &sealed, sealed.length);
		sealed.data[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
	buffer_done(&sealed);
}

static void test_crypto_seal_over_the_maximum_leaves_the_buffer_alone(void **state)
{
	AUTO_SECRET key = secret_of_text(key_text);
	AUTO_SECRET plain = secret_of_text("too long for it");
	struct buffer out;
	struct error err;

	(void)state;
	buffer_init(&out, 10);
	expect_ok(buffer_append_text(&out, "before", &err), &err);
	expect_error(STATUS_TOO_LARGE, crypto_seal(&key, "purpose", &plain, &out, &err), &err, "");
	assert_int_equal(out.length, 6);
	assert_memory_equal(out.data, "before", 6);
	buffer_done(&out);
}

static void test_crypto_seal_into_a_used_buffer_replaces_its_content(void **state)
{
	AUTO_SECRET key = secret_of_text(key_text);
	AUTO_SECRET plain = secret_of_text("longer than what is in the buffer");
	AUTO_SECRET opened = SECRET_EMPTY;
	struct buffer out;
	struct error err;

	(void)state;
	seal_text("short", &out);
	expect_ok(crypto_seal(&key, "purpose", &plain, &out, &err), &err);
	expect_ok(crypto_unseal(&key, "purpose", out.data, out.length, &opened, &err), &err);
	assert_true(secret_equal(&plain, &opened));
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypto_unseal_what_was_sealed_gives_it_back),
		cmocka_unit_test(test_crypto_seal_twice_gives_different_bytes),
		cmocka_unit_test(test_crypto_unseal_other_purpose_key_or_length_is_refused),
		cmocka_unit_test(test_crypto_unseal_any_changed_bit_is_noticed),
		cmocka_unit_test(test_crypto_seal_over_the_maximum_leaves_the_buffer_alone),
		cmocka_unit_test(test_crypto_seal_into_a_used_buffer_replaces_its_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
