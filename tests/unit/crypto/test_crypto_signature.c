/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 against RFC 8032, and against every changed bit. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "crypto_case.h"
#include "crypto_cmocka.h"

static const struct {
	const char *seed, *public_key, *message, *signature;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
	  "1cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
	  "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
};

/* The seed behind the fixed bytes of a PKCS#8 for Ed25519 (RFC 8410), as PEM. */
static struct signing_key *key_of_seed(const char *seed)
{
	unsigned char der[64];
	char digits[256], text[256];
	struct buffer base64 = { NULL, 0, 0, 0 };
	struct signing_key *key = NULL;
	struct error err;

	(void)snprintf(digits, sizeof(digits), "302e020100300506032b657004220420%s", seed);
	size_t length = bytes_of_hex(digits, der, sizeof(der));
	expect_ok(base64_encode(der, length, &base64, &err), &err);
	(void)snprintf(text, sizeof(text),
		       "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
		       (const char *)base64.data);
	buffer_done(&base64);
	AUTO_SECRET pem = secret_of_text(text);
	expect_ok(signing_key_load(&pem, &key, &err), &err);
	return key;
}

static void check_vector(size_t i)
{
	struct signing_key *key = key_of_seed(vectors[i].seed);
	unsigned char public_key[ED25519_PUBLIC_SIZE], signature[ED25519_SIGNATURE_SIZE];
	unsigned char message[8];
	size_t length = bytes_of_hex(vectors[i].message, message, sizeof(message));
	struct error err;

	signing_key_public(key, public_key);
	expect_hex(vectors[i].public_key, public_key, sizeof(public_key));
	expect_ok(signing_key_sign(key, message, length, signature, &err), &err);
	expect_hex(vectors[i].signature, signature, sizeof(signature));
	expect_ok(signature_verify(public_key, message, length, signature, sizeof(signature), &err),
		  &err);
	signing_key_free(key);
}

static void test_signing_key_sign_known_messages_give_known_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_vector(i);
}

struct signed_text {
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	unsigned char text[12];
	unsigned char signature[ED25519_SIGNATURE_SIZE];
};

static struct signed_text sign_text(void)
{
	struct signed_text made = { .text = "backup.json" };
	struct signing_key *key = NULL;
	struct error err;

	expect_ok(signing_key_generate(&key, &err), &err);
	signing_key_public(key, made.public_key);
	expect_ok(signing_key_sign(key, made.text, sizeof(made.text), made.signature, &err), &err);
	signing_key_free(key);
	return made;
}

static enum status verify(const struct signed_text *text, size_t signature_length,
			  struct error *err)
{
	return signature_verify(text->public_key, text->text, sizeof(text->text), text->signature,
				signature_length, err);
}

static void expect_every_bit_counts(struct signed_text *text, unsigned char *part, size_t size)
{
	for (size_t bit = 0; bit < size * 8; bit++) {
		struct error err;

		part[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		expect_error(STATUS_INTEGRITY, verify(text, ED25519_SIGNATURE_SIZE, &err), &err,
			     "signature does not fit");
		part[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
}

static void test_signature_verify_any_changed_bit_is_noticed(void **state)
{
	struct signed_text text = sign_text();
	struct error err;

	(void)state;
	expect_every_bit_counts(&text, text.public_key, sizeof(text.public_key));
	expect_every_bit_counts(&text, text.text, sizeof(text.text));
	expect_every_bit_counts(&text, text.signature, sizeof(text.signature));
	expect_ok(verify(&text, ED25519_SIGNATURE_SIZE, &err), &err);
}

static void test_signature_verify_wrong_length_is_refused(void **state)
{
	struct signed_text text = sign_text();
	struct error err;

	(void)state;
	expect_error(STATUS_INTEGRITY, verify(&text, 0, &err), &err, "0 bytes");
	expect_error(STATUS_INTEGRITY, verify(&text, 63, &err), &err, "63 bytes");
}

static void test_signing_key_save_and_load_gives_the_same_key(void **state)
{
	struct signing_key *key = NULL, *loaded = NULL;
	unsigned char public_key[ED25519_PUBLIC_SIZE], loaded_public_key[ED25519_PUBLIC_SIZE];
	AUTO_SECRET pem = SECRET_EMPTY;
	struct error err;

	(void)state;
	expect_ok(signing_key_generate(&key, &err), &err);
	expect_ok(signing_key_save(key, &pem, &err), &err);
	expect_ok(signing_key_load(&pem, &loaded, &err), &err);
	signing_key_public(key, public_key);
	signing_key_public(loaded, loaded_public_key);
	assert_memory_equal(public_key, loaded_public_key, sizeof(public_key));
	signing_key_free(key);
	signing_key_free(loaded);
}

static void test_signing_key_save_openssl_verifies_what_it_signs(void **state)
{
	const char *folder = *state;
	struct signing_key *key = NULL;
	unsigned char signature[ED25519_SIGNATURE_SIZE];
	AUTO_SECRET pem = SECRET_EMPTY;
	struct error err;

	expect_ok(signing_key_generate(&key, &err), &err);
	expect_ok(signing_key_save(key, &pem, &err), &err);
	expect_ok(signing_key_sign(key, "message", 7, signature, &err), &err);
	save_file(folder, "identity.pem", pem.data, pem.length);
	save_file(folder, "message", "message", 7);
	save_file(folder, "message.sig", signature, sizeof(signature));
	run_openssl(folder, "pkeyutl -verify -rawin -inkey identity.pem -in message "
			    "-sigfile message.sig");
	signing_key_free(key);
}

static void expect_not_loaded(const char *folder, const char *file, const char *part)
{
	struct buffer bytes = { NULL, 0, 0, 0 };
	struct signing_key *key = NULL;
	struct error err;

	load_file(folder, file, &bytes);
	AUTO_SECRET pem = secret_of_text((const char *)bytes.data);
	expect_error(STATUS_INVALID, signing_key_load(&pem, &key, &err), &err, part);
	assert_null(key);
	buffer_done(&bytes);
}

static void test_signing_key_load_anything_else_is_refused(void **state)
{
	const char *folder = *state;

	run_openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
	expect_not_loaded(folder, "ec.pem", "type EC");
	run_openssl(folder, "genpkey -algorithm ed25519 -aes256 -pass pass:x -out locked.pem");
	expect_not_loaded(folder, "locked.pem", "unencrypted");
	save_file(folder, "text.pem", "no key at all", 13);
	expect_not_loaded(folder, "text.pem", "PEM");
	save_file(folder, "empty.pem", "", 0);
	expect_not_loaded(folder, "empty.pem", "0 bytes");
}

static void test_signer_fingerprint_is_the_hash_of_the_public_key(void **state)
{
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	char text[FINGERPRINT_TEXT_SIZE];

	(void)state;
	bytes_of_hex(vectors[0].public_key, public_key, sizeof(public_key));
	signer_fingerprint(public_key, text);
	assert_string_equal(text, "SHA256:21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef4"
				  "7f9721b9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signing_key_sign_known_messages_give_known_signatures),
		cmocka_unit_test(test_signature_verify_any_changed_bit_is_noticed),
		cmocka_unit_test(test_signature_verify_wrong_length_is_refused),
		cmocka_unit_test(test_signing_key_save_and_load_gives_the_same_key),
		cmocka_unit_test(test_signing_key_save_openssl_verifies_what_it_signs),
		cmocka_unit_test(test_signing_key_load_anything_else_is_refused),
		cmocka_unit_test(test_signer_fingerprint_is_the_hash_of_the_public_key),
	};

	return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
