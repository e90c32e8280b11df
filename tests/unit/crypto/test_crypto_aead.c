/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM against test case 16 of McGrew and Viega, and against every changed bit. */
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const char key_digits[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
static const char plain_digits[] =
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
static const char sealed_digits[] =
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	"76fc6ece0f4e1768cddf8853bb2d551b";

#define PLAIN_SIZE 60
#define SEALED_SIZE (PLAIN_SIZE + GCM_TAG_SIZE)
#define CONTEXT_SIZE 20

struct vector {
	struct aead *aead;
	unsigned char nonce[GCM_NONCE_SIZE];
	unsigned char context[CONTEXT_SIZE];
	unsigned char plain[PLAIN_SIZE];
	unsigned char sealed[SEALED_SIZE];
};

static struct vector vector_new(void)
{
	AUTO_SECRET key = secret_of_hex(key_digits);
	struct vector made;
	struct error err;

	expect_ok(aead_new(&key, &made.aead, &err), &err);
	bytes_of_hex("cafebabefacedbaddecaf888", made.nonce, sizeof(made.nonce));
	bytes_of_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", made.context,
		     sizeof(made.context));
	bytes_of_hex(plain_digits, made.plain, sizeof(made.plain));
	bytes_of_hex(sealed_digits, made.sealed, sizeof(made.sealed));
	return made;
}

static enum status open_vector(struct vector *vector, unsigned char *out, struct error *err)
{
	return aead_open(vector->aead, vector->nonce, vector->context, CONTEXT_SIZE, vector->sealed,
			 SEALED_SIZE, out, err);
}

static void test_aead_seal_known_message_gives_known_bytes(void **state)
{
	struct vector vector = vector_new();
	unsigned char sealed[SEALED_SIZE];
	struct error err;

	(void)state;
	/* Twice, with an opening between: a context that is used again must not remember. */
	for (int round = 0; round < 2; round++) {
		unsigned char plain[PLAIN_SIZE];

		expect_ok(aead_seal(vector.aead, vector.nonce, vector.context, CONTEXT_SIZE,
				    vector.plain, PLAIN_SIZE, sealed, &err),
			  &err);
		expect_hex(sealed_digits, sealed, sizeof(sealed));
		expect_ok(open_vector(&vector, plain, &err), &err);
		expect_hex(plain_digits, plain, sizeof(plain));
	}
	aead_free(vector.aead);
}

/* Turns every bit of the @size bytes at @part, which lie inside @vector, and expects each to be
 * noticed. */
static void expect_every_bit_counts(struct vector *vector, unsigned char *part, size_t size)
{
	static const unsigned char zeros[PLAIN_SIZE];

	for (size_t bit = 0; bit < size * 8; bit++) {
		unsigned char plain[PLAIN_SIZE];
		struct error err;

		part[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		memset(plain, 0xee, sizeof(plain));
		expect_error(STATUS_INTEGRITY, open_vector(vector, plain, &err), &err, "tag");
		assert_memory_equal(plain, zeros, sizeof(plain));
		part[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
}

static void test_aead_open_any_changed_bit_is_noticed(void **state)
{
	struct vector vector = vector_new();
	unsigned char plain[PLAIN_SIZE];
	struct error err;

	(void)state;
	expect_every_bit_counts(&vector, vector.nonce, sizeof(vector.nonce));
	expect_every_bit_counts(&vector, vector.context, sizeof(vector.context));
	expect_every_bit_counts(&vector, vector.sealed, sizeof(vector.sealed));
	expect_ok(open_vector(&vector, plain, &err), &err);
	assert_memory_equal(plain, vector.plain, sizeof(plain));
	aead_free(vector.aead);
}

static void test_aead_open_with_another_key_is_refused(void **state)
{
	struct vector vector = vector_new();
	AUTO_SECRET other = secret_of_text("thirty-two bytes of another key!");
	unsigned char plain[PLAIN_SIZE];
	struct error err;

	(void)state;
	aead_free(vector.aead);
	expect_ok(aead_new(&other, &vector.aead, &err), &err);
	expect_error(STATUS_INTEGRITY, open_vector(&vector, plain, &err), &err, "key");
	aead_free(vector.aead);
}

static void test_aead_open_shorter_than_the_tag_is_refused(void **state)
{
	struct vector vector = vector_new();
	unsigned char plain[PLAIN_SIZE];
	struct error err;

	(void)state;
	for (size_t length = 0; length < GCM_TAG_SIZE; length++)
		expect_error(STATUS_INTEGRITY,
			     aead_open(vector.aead, vector.nonce, NULL, 0, vector.sealed, length,
				       plain, &err),
			     &err, "shorter");
	aead_free(vector.aead);
}

static void test_aead_seal_nothing_round_trips_and_binds_the_context(void **state)
{
	struct vector vector = vector_new();
	unsigned char sealed[GCM_TAG_SIZE], plain[1];
	struct error err;

	(void)state;
	expect_ok(aead_seal(vector.aead, vector.nonce, "a", 1, NULL, 0, sealed, &err), &err);
	expect_ok(aead_open(vector.aead, vector.nonce, "a", 1, sealed, sizeof(sealed), plain, &err),
		  &err);
	expect_error(
		STATUS_INTEGRITY,
		aead_open(vector.aead, vector.nonce, NULL, 0, sealed, sizeof(sealed), plain, &err),
		&err, "tag");
	aead_free(vector.aead);
}

static void test_aead_seal_and_open_in_place(void **state)
{
	struct vector vector = vector_new();
	unsigned char bytes[SEALED_SIZE];
	struct error err;

	(void)state;
	memcpy(bytes, vector.plain, PLAIN_SIZE);
	expect_ok(aead_seal(vector.aead, vector.nonce, vector.context, CONTEXT_SIZE, bytes,
			    PLAIN_SIZE, bytes, &err),
		  &err);
	expect_hex(sealed_digits, bytes, sizeof(bytes));
	expect_ok(aead_open(vector.aead, vector.nonce, vector.context, CONTEXT_SIZE, bytes,
			    SEALED_SIZE, bytes, &err),
		  &err);
	expect_hex(plain_digits, bytes, PLAIN_SIZE);
	aead_free(vector.aead);
}

static void test_aead_new_short_key_is_refused(void **state)
{
	AUTO_SECRET key = secret_of_text("sixteen bytes...");
	struct aead *aead = NULL;
	struct error err;

	(void)state;
	expect_error(STATUS_INVALID, aead_new(&key, &aead, &err), &err, "16 bytes");
	assert_null(aead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aead_seal_known_message_gives_known_bytes),
		cmocka_unit_test(test_aead_open_any_changed_bit_is_noticed),
		cmocka_unit_test(test_aead_open_with_another_key_is_refused),
		cmocka_unit_test(test_aead_open_shorter_than_the_tag_is_refused),
		cmocka_unit_test(test_aead_seal_nothing_round_trips_and_binds_the_context),
		cmocka_unit_test(test_aead_seal_and_open_in_place),
		cmocka_unit_test(test_aead_new_short_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
