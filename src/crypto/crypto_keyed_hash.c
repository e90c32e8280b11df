/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 under a key that stays: one context, whose key schedule every digest starts from. */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto_private.h"

struct keyed_hash {
	EVP_MAC *method;
	EVP_MAC_CTX *context;
};

static enum status set_key(struct keyed_hash *keyed, const struct secret *key, struct error *err)
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	keyed->method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (keyed->method != NULL)
		keyed->context = EVP_MAC_CTX_new(keyed->method);
	if (keyed->context == NULL ||
	    EVP_MAC_init(keyed->context, key->data, key->length, parameters) != 1)
		return crypto_fail(err, STATUS_FAILED, "prepare keyed hash",
				   "HMAC-SHA-256 is not available");
	return STATUS_OK;
}

enum status keyed_hash_new(const struct secret *key, struct keyed_hash **out, struct error *err)
{
	struct keyed_hash *made;
	enum status status;

	if (key->length != KEY_SIZE)
		return fail(err, STATUS_INVALID, "prepare keyed hash", NULL,
			    "the key has %zu bytes, it must have %d", key->length, KEY_SIZE);
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return fail_memory(err, "prepare keyed hash");
	ERR_clear_error();
	status = set_key(made, key, err);
	if (status != STATUS_OK) {
		keyed_hash_free(made);
		return status;
	}
	*out = made;
	return STATUS_OK;
}

void keyed_hash_free(struct keyed_hash *keyed)
{
	if (keyed == NULL)
		return;
	EVP_MAC_CTX_free(keyed->context);
	EVP_MAC_free(keyed->method);
	free(keyed);
}

void keyed_hash_digest(struct keyed_hash *keyed, const void *data, size_t length,
		       unsigned char digest[SHA256_SIZE])
{
	size_t written = 0;

	/* Without a key, init goes back to the state after the key. */
	if (EVP_MAC_init(keyed->context, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(keyed->context, data, length) != 1 ||
	    EVP_MAC_final(keyed->context, digest, &written, SHA256_SIZE) != 1 ||
	    written != SHA256_SIZE)
		crypto_fill_failed_digest(digest);
}
