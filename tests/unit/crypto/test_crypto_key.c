/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA-256 against RFC 5869, and the generator. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

/* RFC 5869 A.3: no salt, no info. Its 42 bytes of output begin with the 32 that we take. */
static void test_crypto_derive_key_known_key_gives_known_key(void **state)
{
	AUTO_SECRET key = secret_of_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	AUTO_SECRET derived = SECRET_EMPTY;
	struct error err;

	(void)state;
	expect_ok(crypto_derive_key(&key, "", &derived, &err), &err);
	expect_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d", derived.data,
		   derived.length);
}

static void keyed_digest(const struct secret *key, const void *data, size_t length,
			 struct secret *out)
{
	unsigned char digest[SHA256_SIZE];
	struct keyed_hash *keyed = NULL;
	struct error err;

	expect_ok(keyed_hash_new(key, &keyed, &err), &err);
	keyed_hash_digest(keyed, data, length, digest);
	keyed_hash_free(keyed);
	expect_ok(secret_copy(out, digest, sizeof(digest), &err), &err);
}

static void test_crypto_derive_key_with_purpose_is_extract_and_expand(void **state)
{
	AUTO_SECRET key = secret_of_text("thirty-two bytes of key material");
	AUTO_SECRET salt = SECRET_EMPTY;
	AUTO_SECRET extracted = SECRET_EMPTY;
	AUTO_SECRET expanded = SECRET_EMPTY;
	AUTO_SECRET derived = SECRET_EMPTY;
	struct error err;

	(void)state;
	expect_ok(secret_new(&salt, SHA256_SIZE, &err), &err);
	keyed_digest(&salt, key.data, key.length, &extracted);
	keyed_digest(&extracted, "pack content\001", 13, &expanded);
	expect_ok(crypto_derive_key(&key, "pack content", &derived, &err), &err);
	assert_true(secret_equal(&derived, &expanded));
}

static void test_crypto_derive_key_from_nothing_is_refused(void **state)
{
	AUTO_SECRET key = secret_of_text("");
	AUTO_SECRET derived = SECRET_EMPTY;
	struct error err;

	(void)state;
	expect_error(STATUS_INVALID, crypto_derive_key(&key, "purpose", &derived, &err), &err,
		     "empty");
	assert_null(derived.data);
}

static void test_crypto_random_twice_gives_different_bytes(void **state)
{
	unsigned char first[32] = { 0 }, second[32] = { 0 };
	struct error err;

	(void)state;
	expect_ok(crypto_random(first, sizeof(first), &err), &err);
	expect_ok(crypto_random(second, sizeof(second), &err), &err);
	assert_memory_not_equal(first, second, sizeof(first));
}

static void test_crypto_random_secret_twice_gives_different_keys(void **state)
{
	AUTO_SECRET first = SECRET_EMPTY;
	AUTO_SECRET second = SECRET_EMPTY;
	struct error err;

	(void)state;
	expect_ok(crypto_random_secret(&first, KEY_SIZE, &err), &err);
	expect_ok(crypto_random_secret(&second, KEY_SIZE, &err), &err);
	assert_int_equal(first.length, KEY_SIZE);
	assert_false(secret_equal(&first, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypto_derive_key_known_key_gives_known_key),
		cmocka_unit_test(test_crypto_derive_key_with_purpose_is_extract_and_expand),
		cmocka_unit_test(test_crypto_derive_key_from_nothing_is_refused),
		cmocka_unit_test(test_crypto_random_twice_gives_different_bytes),
		cmocka_unit_test(test_crypto_random_secret_twice_gives_different_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
