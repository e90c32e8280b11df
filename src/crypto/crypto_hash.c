/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, in one call and in steps. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto_private.h"

static const char fingerprint_prefix[] = "SHA256:";

struct hash {
	EVP_MD *method;
	EVP_MD_CTX *running;
	EVP_MD_CTX *peeked; /* a copy of running is finished here, so that running can go on */
	bool failed;
};

struct hash *hash_new(void)
{
	struct hash *hash = calloc(1, sizeof(*hash));

	if (hash == NULL)
		return NULL;
	hash->method = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->running = EVP_MD_CTX_new();
	hash->peeked = EVP_MD_CTX_new();
	if (hash->method == NULL || hash->running == NULL || hash->peeked == NULL) {
		hash_free(hash);
		return NULL;
	}
	hash_reset(hash);
	if (hash->failed) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

void hash_free(struct hash *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->peeked);
	EVP_MD_CTX_free(hash->running);
	EVP_MD_free(hash->method);
	free(hash);
}

void hash_reset(struct hash *hash)
{
	hash->failed = EVP_DigestInit_ex2(hash->running, hash->method, NULL) != 1;
}

void hash_update(struct hash *hash, const void *data, size_t length)
{
	if (EVP_DigestUpdate(hash->running, data, length) != 1)
		hash->failed = true;
}

void hash_update_zeros(struct hash *hash, uint64_t length)
{
	static const unsigned char zeros[65536];
	while (length > 0) {
		size_t part = length < sizeof zeros ? (size_t)length : sizeof zeros;
		hash_update(hash, zeros, part);
		length -= part;
	}
}

void hash_peek(const struct hash *hash, unsigned char digest[SHA256_SIZE])
{
	if (hash->failed || EVP_MD_CTX_copy_ex(hash->peeked, hash->running) != 1 ||
	    EVP_DigestFinal_ex(hash->peeked, digest, NULL) != 1)
		crypto_fill_failed_digest(digest);
}

void hash_sha256(const void *data, size_t length, unsigned char digest[SHA256_SIZE])
{
	if (EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) != 1)
		crypto_fill_failed_digest(digest);
}

void hash_fingerprint_text(const unsigned char digest[SHA256_SIZE],
			   char text[FINGERPRINT_TEXT_SIZE])
{
	memcpy(text, fingerprint_prefix, sizeof(fingerprint_prefix));
	hex_encode(digest, SHA256_SIZE, false, text + sizeof(fingerprint_prefix) - 1);
}
