/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM under one key: the context and its key schedule are kept, each call brings its nonce.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto_private.h"

struct aead {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *context;
};

static enum status set_key(struct aead *aead, const struct secret *key, struct error *err)
{
	aead->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	aead->context = EVP_CIPHER_CTX_new();
	if (aead->cipher == NULL || aead->context == NULL ||
	    EVP_EncryptInit_ex2(aead->context, aead->cipher, key->data, NULL, NULL) != 1)
		return crypto_fail(err, STATUS_FAILED, "prepare encryption",
				   "AES-256-GCM is not available");
	return STATUS_OK;
}

enum status aead_new(const struct secret *key, struct aead **out, struct error *err)
{
	struct aead *made;
	enum status status;

	if (key->length != KEY_SIZE)
		return fail(err, STATUS_INVALID, "prepare encryption", NULL,
			    "the key has %zu bytes, it must have %d", key->length, KEY_SIZE);
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return fail_memory(err, "prepare encryption");
	ERR_clear_error();
	status = set_key(made, key, err);
	if (status != STATUS_OK) {
		aead_free(made);
		return status;
	}
	*out = made;
	return STATUS_OK;
}

void aead_free(struct aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->context);
	EVP_CIPHER_free(aead->cipher);
	free(aead);
}

static enum status check_lengths(size_t length, size_t context_length, const char *step,
				 struct error *err)
{
	if (length > INT_MAX - GCM_TAG_SIZE || context_length > INT_MAX)
		return fail(err, STATUS_TOO_LARGE, step, NULL,
			    "%zu bytes with a context of %zu bytes, allowed are %d each", length,
			    context_length, INT_MAX - GCM_TAG_SIZE);
	return STATUS_OK;
}

/* Nonce, context and data; what is left is to take or check the tag. */
static bool run_cipher(struct aead *aead, bool sealing, const unsigned char *nonce,
		       const void *context, size_t context_length, const void *data, size_t length,
		       unsigned char *out)
{
	int done = 0;

	if (EVP_CipherInit_ex2(aead->context, NULL, NULL, nonce, sealing ? 1 : 0, NULL) != 1)
		return false;
	if (context_length > 0 &&
	    EVP_CipherUpdate(aead->context, NULL, &done, context, (int)context_length) != 1)
		return false;
	return length == 0 ||
	       (EVP_CipherUpdate(aead->context, out, &done, data, (int)length) == 1 &&
		(size_t)done == length);
}

enum status aead_seal(struct aead *aead, const unsigned char nonce[GCM_NONCE_SIZE],
		      const void *context, size_t context_length, const void *data, size_t length,
		      unsigned char *out, struct error *err)
{
	unsigned char rest[GCM_TAG_SIZE];
	int rest_length = 0;
	enum status status = check_lengths(length, context_length, "encrypt", err);

	if (status != STATUS_OK)
		return status;
	ERR_clear_error();
	if (!run_cipher(aead, true, nonce, context, context_length, data, length, out) ||
	    EVP_CipherFinal_ex(aead->context, rest, &rest_length) != 1 ||
	    EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, out + length) !=
		    1)
		return crypto_fail(err, STATUS_FAILED, "encrypt", "AES-256-GCM failed");
	return STATUS_OK;
}

enum status aead_open(struct aead *aead, const unsigned char nonce[GCM_NONCE_SIZE],
		      const void *context, size_t context_length, const void *sealed, size_t length,
		      unsigned char *out, struct error *err)
{
	unsigned char tag[GCM_TAG_SIZE], rest[GCM_TAG_SIZE];
	int rest_length = 0;
	size_t plain_length = length - GCM_TAG_SIZE;
	enum status status;

	if (length < GCM_TAG_SIZE)
		return fail(err, STATUS_INTEGRITY, "decrypt", NULL,
			    "%zu bytes are shorter than the tag of %d bytes", length, GCM_TAG_SIZE);
	status = check_lengths(plain_length, context_length, "decrypt", err);
	if (status != STATUS_OK)
		return status;
	ERR_clear_error();
	/* A copy, because @out may be @sealed and the library wants to write to it. */
	memcpy(tag, (const unsigned char *)sealed + plain_length, sizeof(tag));
	if (!run_cipher(aead, false, nonce, context, context_length, sealed, plain_length, out) ||
	    EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, tag) != 1)
		status = crypto_fail(err, STATUS_FAILED, "decrypt", "AES-256-GCM failed");
	else if (EVP_CipherFinal_ex(aead->context, rest, &rest_length) != 1)
		status = crypto_fail(err, STATUS_INTEGRITY, "decrypt",
				     "the authentication tag does not fit: "
				     "the bytes were changed, or the key is another one");
	if (status != STATUS_OK && plain_length > 0)
		OPENSSL_cleanse(out, plain_length);
	return status;
}
