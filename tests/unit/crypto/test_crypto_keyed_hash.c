/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 against RFC 4231. Its keys are shorter than ours; HMAC pads keys with zeros, so that
 * a key with zeros behind it is the same key. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

#define ZEROS_12 "000000000000000000000000"

static const struct {
	const char *key, *data, *digest;
} vectors[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b" ZEROS_12, "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665" ZEROS_12 ZEROS_12 "00000000",
	  "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ZEROS_12,
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
};

static void check_vector(size_t i)
{
	AUTO_SECRET key = secret_of_hex(vectors[i].key);
	unsigned char data[64], digest[SHA256_SIZE];
	size_t length = bytes_of_hex(vectors[i].data, data, sizeof(data));
	struct keyed_hash *keyed = NULL;
	struct error err;

	expect_ok(keyed_hash_new(&key, &keyed, &err), &err);
	keyed_hash_digest(keyed, data, length, digest);
	expect_hex(vectors[i].digest, digest, sizeof(digest));
	/* The key schedule is still there, and nothing of the last message. */
	keyed_hash_digest(keyed, "another", 7, digest);
	keyed_hash_digest(keyed, data, length, digest);
	expect_hex(vectors[i].digest, digest, sizeof(digest));
	keyed_hash_free(keyed);
}

static void test_keyed_hash_digest_known_messages_give_known_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_vector(i);
}

static void test_keyed_hash_digest_of_nothing_depends_on_the_key(void **state)
{
	AUTO_SECRET key = secret_of_hex(vectors[0].key);
	AUTO_SECRET other = secret_of_hex(vectors[1].key);
	struct keyed_hash *keyed = NULL, *keyed_other = NULL;
	unsigned char digest[SHA256_SIZE], digest_other[SHA256_SIZE];
	struct error err;

	(void)state;
	expect_ok(keyed_hash_new(&key, &keyed, &err), &err);
	expect_ok(keyed_hash_new(&other, &keyed_other, &err), &err);
	keyed_hash_digest(keyed, NULL, 0, digest);
	keyed_hash_digest(keyed_other, NULL, 0, digest_other);
	assert_memory_not_equal(digest, digest_other, sizeof(digest));
	keyed_hash_free(keyed);
	keyed_hash_free(keyed_other);
}

static void test_keyed_hash_new_short_key_is_refused(void **state)
{
	AUTO_SECRET key = secret_of_text("short");
	struct keyed_hash *keyed = NULL;
	struct error err;

	(void)state;
	expect_error(STATUS_INVALID, keyed_hash_new(&key, &keyed, &err), &err, "5 bytes");
	assert_null(keyed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keyed_hash_digest_known_messages_give_known_digests),
		cmocka_unit_test(test_keyed_hash_digest_of_nothing_depends_on_the_key),
		cmocka_unit_test(test_keyed_hash_new_short_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
