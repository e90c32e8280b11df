/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against the examples of FIPS 180. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const char empty_digest[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_digest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char two_blocks_digest[] =
	"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

static void test_hash_sha256_known_messages_give_known_digests(void **state)
{
	unsigned char digest[SHA256_SIZE];

	(void)state;
	hash_sha256("", 0, digest);
	expect_hex(empty_digest, digest, sizeof(digest));
	hash_sha256("abc", 3, digest);
	expect_hex(abc_digest, digest, sizeof(digest));
	hash_sha256(two_blocks, strlen(two_blocks), digest);
	expect_hex(two_blocks_digest, digest, sizeof(digest));
}

static void test_hash_update_byte_by_byte_equals_one_call(void **state)
{
	struct hash *hash = hash_new();
	unsigned char digest[SHA256_SIZE];

	(void)state;
	assert_non_null(hash);
	for (size_t i = 0; i < strlen(two_blocks); i++)
		hash_update(hash, two_blocks + i, 1);
	hash_peek(hash, digest);
	expect_hex(two_blocks_digest, digest, sizeof(digest));
	hash_free(hash);
}

static void test_hash_peek_in_the_middle_changes_nothing(void **state)
{
	struct hash *hash = hash_new();
	unsigned char digest[SHA256_SIZE];

	(void)state;
	assert_non_null(hash);
	hash_peek(hash, digest);
	expect_hex(empty_digest, digest, sizeof(digest));
	hash_update(hash, two_blocks, 20);
	hash_peek(hash, digest);
	hash_peek(hash, digest);
	hash_update(hash, two_blocks + 20, strlen(two_blocks) - 20);
	hash_peek(hash, digest);
	expect_hex(two_blocks_digest, digest, sizeof(digest));
	hash_free(hash);
}

static void test_hash_reset_starts_anew(void **state)
{
	struct hash *hash = hash_new();
	unsigned char digest[SHA256_SIZE];

	(void)state;
	assert_non_null(hash);
	hash_update(hash, "something else", 14);
	hash_reset(hash);
	hash_update(hash, "abc", 3);
	hash_peek(hash, digest);
	expect_hex(abc_digest, digest, sizeof(digest));
	hash_free(hash);
}

static void test_hash_fingerprint_text_has_prefix_and_fits(void **state)
{
	unsigned char digest[SHA256_SIZE];
	char text[FINGERPRINT_TEXT_SIZE];

	(void)state;
	hash_sha256("abc", 3, digest);
	hash_fingerprint_text(digest, text);
	assert_int_equal(strlen(text), FINGERPRINT_TEXT_SIZE - 1);
	assert_memory_equal(text, "SHA256:", 7);
	assert_string_equal(text + 7, abc_digest);
}

static void test_hash_update_zeros_equals_zero_bytes(void **state)
{
	(void)state;
	static const unsigned char zeros[70000];
	unsigned char expected[SHA256_SIZE], digest[SHA256_SIZE];
	static const size_t lengths[] = { 0, 1, 65535, 65536, 65537, 70000 };
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		struct hash *hash = hash_new();
		hash_update(hash, "x", 1);
		hash_update(hash, zeros, lengths[i]);
		hash_peek(hash, expected);
		hash_reset(hash);
		hash_update(hash, "x", 1);
		hash_update_zeros(hash, lengths[i]);
		hash_peek(hash, digest);
		assert_memory_equal(digest, expected, SHA256_SIZE);
		hash_free(hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_update_zeros_equals_zero_bytes),
		cmocka_unit_test(test_hash_sha256_known_messages_give_known_digests),
		cmocka_unit_test(test_hash_update_byte_by_byte_equals_one_call),
		cmocka_unit_test(test_hash_peek_in_the_middle_changes_nothing),
		cmocka_unit_test(test_hash_reset_starts_anew),
		cmocka_unit_test(test_hash_fingerprint_text_has_prefix_and_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
