/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519: the service's identity key and what it signs. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto_private.h"

struct signing_key {
	EVP_PKEY *key;
	unsigned char public_key[ED25519_PUBLIC_SIZE];
};

CRYPTO_OWNED(owned_digest_context, EVP_MD_CTX, EVP_MD_CTX_free)
#define AUTO_DIGEST_CONTEXT __attribute__((cleanup(owned_digest_context))) EVP_MD_CTX *

/* Takes @key over when it returns STATUS_OK. */
static enum status signing_key_wrap(EVP_PKEY *key, struct signing_key **out, struct error *err)
{
	struct signing_key *made = calloc(1, sizeof(*made));
	size_t length = sizeof(made->public_key);

	if (made == NULL)
		return fail_memory(err, "load signing key");
	if (EVP_PKEY_get_raw_public_key(key, made->public_key, &length) != 1 ||
	    length != sizeof(made->public_key)) {
		free(made);
		return crypto_fail(err, STATUS_FAILED, "load signing key",
				   "the key has no Ed25519 public part");
	}
	made->key = key;
	*out = made;
	return STATUS_OK;
}

enum status signing_key_generate(struct signing_key **out, struct error *err)
{
	EVP_PKEY *key;
	enum status status;

	ERR_clear_error();
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (key == NULL)
		return crypto_fail(err, STATUS_FAILED, "generate signing key",
				   "no Ed25519 key could be made");
	status = signing_key_wrap(key, out, err);
	if (status != STATUS_OK)
		EVP_PKEY_free(key);
	return status;
}

enum status signing_key_save(const struct signing_key *key, struct secret *out_pem,
			     struct error *err)
{
	/* A memory BIO zeroes its bytes when it grows and when it is freed. */
	AUTO_BIO text = BIO_new(BIO_s_mem());
	AUTO_SECRET made = SECRET_EMPTY;
	char *data = NULL;
	long length;
	enum status status;

	ERR_clear_error();
	if (text == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(text, key->key, NULL, NULL, 0, NULL, NULL) != 1)
		return crypto_fail(err, STATUS_FAILED, "save signing key",
				   "the key could not be encoded");
	length = BIO_get_mem_data(text, &data);
	status = secret_copy(&made, data, (size_t)length, err);
	if (status == STATUS_OK)
		secret_move(out_pem, &made);
	return status;
}

/* Without it OpenSSL would ask for the password of an encrypted key on the terminal. */
static int refuse_password(char *password, int size, int writing, void *context)
{
	(void)password;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

enum status signing_key_load(const struct secret *pem, struct signing_key **out, struct error *err)
{
	AUTO_BIO text = NULL;
	AUTO_PKEY key = NULL;
	enum status status;

	if (pem->length == 0 || pem->length > INT_MAX)
		return fail(err, STATUS_INVALID, "load signing key", NULL,
			    "%zu bytes are no PEM file", pem->length);
	ERR_clear_error();
	text = BIO_new_mem_buf(pem->data, (int)pem->length);
	if (text != NULL)
		key = PEM_read_bio_PrivateKey(text, NULL, refuse_password, NULL);
	if (key == NULL)
		return crypto_fail(err, STATUS_INVALID, "load signing key",
				   "this is no unencrypted private key in PEM");
	if (!EVP_PKEY_is_a(key, "ED25519"))
		return fail(err, STATUS_INVALID, "load signing key", NULL,
			    "the key is of type %s, it must be Ed25519",
			    EVP_PKEY_get0_type_name(key));
	ERR_clear_error();
	status = signing_key_wrap(key, out, err);
	if (status == STATUS_OK)
		(void)TAKE(key);
	return status;
}

void signing_key_free(struct signing_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

void signing_key_public(const struct signing_key *key, unsigned char out[ED25519_PUBLIC_SIZE])
{
	memcpy(out, key->public_key, ED25519_PUBLIC_SIZE);
}

enum status signing_key_sign(const struct signing_key *key, const void *data, size_t length,
			     unsigned char signature[ED25519_SIGNATURE_SIZE], struct error *err)
{
	AUTO_DIGEST_CONTEXT context = EVP_MD_CTX_new();
	unsigned char made[ED25519_SIGNATURE_SIZE];
	size_t made_length = sizeof(made);

	ERR_clear_error();
	if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key->key) != 1 ||
	    EVP_DigestSign(context, made, &made_length, data, length) != 1 ||
	    made_length != sizeof(made))
		return crypto_fail(err, STATUS_FAILED, "sign", "Ed25519 failed");
	memcpy(signature, made, sizeof(made));
	return STATUS_OK;
}

enum status signature_verify(const unsigned char public_key[ED25519_PUBLIC_SIZE], const void *data,
			     size_t length, const void *signature, size_t signature_length,
			     struct error *err)
{
	AUTO_DIGEST_CONTEXT context = EVP_MD_CTX_new();
	AUTO_PKEY key = NULL;

	if (signature_length != ED25519_SIGNATURE_SIZE)
		return fail(err, STATUS_INTEGRITY, "verify signature", NULL,
			    "the signature has %zu bytes, it must have %d", signature_length,
			    ED25519_SIGNATURE_SIZE);
	ERR_clear_error();
	key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key,
					     ED25519_PUBLIC_SIZE);
	if (context == NULL || key == NULL ||
	    EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) != 1)
		return crypto_fail(err, STATUS_FAILED, "verify signature",
				   "Ed25519 is not available");
	if (EVP_DigestVerify(context, signature, signature_length, data, length) != 1)
		return crypto_fail(err, STATUS_INTEGRITY, "verify signature",
				   "the signature does not fit: the bytes were changed, "
				   "or another key signed them");
	return STATUS_OK;
}

void signer_fingerprint(const unsigned char public_key[ED25519_PUBLIC_SIZE],
			char text[FINGERPRINT_TEXT_SIZE])
{
	unsigned char digest[SHA256_SIZE];

	hash_sha256(public_key, ED25519_PUBLIC_SIZE, digest);
	hash_fingerprint_text(digest, text);
}
