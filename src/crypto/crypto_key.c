/* SPDX-License-Identifier: Apache-2.0 */
/* Where symmetric keys come from: OpenSSL's generator, and HKDF-SHA-256 from another key. */
#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "crypto_private.h"

static bool derive(EVP_KDF_CTX *context, const struct secret *key, const char *info,
		   struct secret *out)
{
	char digest[] = "SHA256";
	/* OSSL_PARAM has no const: these two are only read. */
	union {
		const char *given;
		void *parameter;
	} purpose = { .given = info };
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key->data, key->length),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose.parameter,
						  strlen(info)),
		OSSL_PARAM_construct_end(),
	};

	return EVP_KDF_derive(context, out->data, out->length, parameters) == 1;
}

enum status crypto_derive_key(const struct secret *key, const char *info, struct secret *out,
			      struct error *err)
{
	AUTO_SECRET made = SECRET_EMPTY;
	EVP_KDF *method = NULL;
	EVP_KDF_CTX *context = NULL;
	enum status status = secret_new(&made, KEY_SIZE, err);

	if (status != STATUS_OK)
		return status;
	if (secret_is_empty(key))
		return fail(err, STATUS_INVALID, "derive key", NULL,
			    "the key to derive from is empty");
	ERR_clear_error();
	method = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (method != NULL)
		context = EVP_KDF_CTX_new(method);
	if (context == NULL || !derive(context, key, info, &made))
		status = crypto_fail(err, STATUS_FAILED, "derive key", "HKDF-SHA-256 failed");
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(method);
	if (status == STATUS_OK)
		secret_move(out, &made);
	return status;
}

enum status crypto_random(void *data, size_t length, struct error *err)
{
	ERR_clear_error();
	if (length > INT_MAX || RAND_bytes(data, (int)length) != 1)
		return crypto_fail(err, STATUS_FAILED, "generate random bytes",
				   "the random generator did not give %zu bytes", length);
	return STATUS_OK;
}

enum status crypto_random_secret(struct secret *out, size_t length, struct error *err)
{
	AUTO_SECRET made = SECRET_EMPTY;
	enum status status = secret_new(&made, length, err);

	if (status != STATUS_OK)
		return status;
	ERR_clear_error();
	if (length > INT_MAX || RAND_priv_bytes(made.data, (int)length) != 1)
		return crypto_fail(err, STATUS_FAILED, "generate key",
				   "the random generator did not give %zu bytes", length);
	secret_move(out, &made);
	return STATUS_OK;
}
