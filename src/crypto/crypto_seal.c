/* SPDX-License-Identifier: Apache-2.0 */
/* Small secrets at rest: nonce, ciphertext, tag. */
#include <string.h>

#include "crypto_private.h"

#define SEALED_OVERHEAD (GCM_NONCE_SIZE + GCM_TAG_SIZE)

static enum status seal_into(struct aead *aead, const char *purpose, const struct secret *plain,
			     struct buffer *made, struct error *err)
{
	enum status status = buffer_reserve(made, SEALED_OVERHEAD + plain->length, err);

	if (status == STATUS_OK)
		status = crypto_random(made->data, GCM_NONCE_SIZE, err);
	if (status == STATUS_OK)
		status = aead_seal(aead, made->data, purpose, strlen(purpose), plain->data,
				   plain->length, made->data + GCM_NONCE_SIZE, err);
	return status;
}

enum status crypto_seal(const struct secret *key, const char *purpose, const struct secret *plain,
			struct buffer *out, struct error *err)
{
	struct aead *aead = NULL;
	struct buffer made;
	enum status status = aead_new(key, &aead, err);

	buffer_init(&made, SEALED_OVERHEAD + plain->length);
	if (status == STATUS_OK)
		status = seal_into(aead, purpose, plain, &made, err);
	if (status == STATUS_OK)
		status = crypto_replace(out, made.data, SEALED_OVERHEAD + plain->length, err);
	buffer_done(&made);
	aead_free(aead);
	return status;
}

enum status crypto_unseal(const struct secret *key, const char *purpose, const void *sealed,
			  size_t length, struct secret *out, struct error *err)
{
	struct aead *aead = NULL;
	AUTO_SECRET made = SECRET_EMPTY;
	const unsigned char *bytes = sealed;
	enum status status;

	if (length < SEALED_OVERHEAD)
		return fail(err, STATUS_INTEGRITY, "open sealed secret", purpose,
			    "%zu bytes are too short for a sealed secret", length);
	status = aead_new(key, &aead, err);
	if (status == STATUS_OK)
		status = secret_new(&made, length - SEALED_OVERHEAD, err);
	if (status == STATUS_OK)
		status = aead_open(aead, bytes, purpose, strlen(purpose), bytes + GCM_NONCE_SIZE,
				   length - GCM_NONCE_SIZE, made.data, err);
	aead_free(aead);
	if (status == STATUS_OK)
		secret_move(out, &made);
	return status;
}
