/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys out of PFX files, those of old Windows versions included. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "crypto_private.h"

#define PFX_MAX ((size_t)1024 * 1024)
#define MAC_ITERATIONS_MAX 10000000L /* about ten seconds; a hostile file asks for an hour */
#define STEP "open PFX"

/* A library context of our own, in which RC2 and its like are known: they decrypt old PFX files and
 * are known nowhere else in the program. */
struct old_library {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *present;
	OSSL_PROVIDER *old; /* NULL when its module is not installed */
};

static void old_library_done(struct old_library *library)
{
	if (library->old != NULL)
		(void)OSSL_PROVIDER_unload(library->old);
	if (library->present != NULL)
		(void)OSSL_PROVIDER_unload(library->present);
	OSSL_LIB_CTX_free(library->context);
}

#define AUTO_OLD_LIBRARY __attribute__((cleanup(old_library_done))) struct old_library

static enum status old_library_init(struct old_library *library, struct error *err)
{
	library->context = OSSL_LIB_CTX_new();
	if (library->context != NULL)
		library->present = OSSL_PROVIDER_load(library->context, "default");
	if (library->present == NULL)
		return crypto_fail(err, STATUS_FAILED, STEP, "OpenSSL cannot be initialised");
	library->old = OSSL_PROVIDER_load(library->context, "legacy");
	ERR_clear_error();
	return STATUS_OK;
}

/* What a PFX gave; it belongs to the library context it was opened in. */
struct pfx {
	PKCS12 *file;
	EVP_PKEY *key;
	X509 *certificate;
};

static void pfx_done(struct pfx *pfx)
{
	X509_free(pfx->certificate);
	EVP_PKEY_free(pfx->key);
	PKCS12_free(pfx->file);
}

#define AUTO_PFX __attribute__((cleanup(pfx_done))) struct pfx

static const char *password_text(const struct secret *password)
{
	union {
		const unsigned char *bytes;
		const char *text;
	} secret = { .bytes = password->data };

	return password->length == 0 ? "" : secret.text;
}

static enum status decode_pfx(struct pfx *pfx, const struct old_library *library, const void *data,
			      size_t length, struct error *err)
{
	const unsigned char *at = data;

	if (length > PFX_MAX)
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "%zu bytes, a PFX (PKCS#12) file has at most %zu", length, PFX_MAX);
	pfx->file = PKCS12_init_ex(NID_pkcs7_data, library->context, NULL);
	if (pfx->file == NULL)
		return crypto_fail(err, STATUS_FAILED, STEP, "no PFX can be read");
	/* On failure it frees the object and clears the pointer. */
	if (d2i_PKCS12(&pfx->file, &at, (long)length) == NULL) {
		pfx->file = NULL;
		return crypto_fail(err, STATUS_INVALID, STEP,
				   "these %zu bytes are no PFX (PKCS#12) file in DER", length);
	}
	return STATUS_OK;
}

/* The MAC covers everything else, so that a password it accepts is the right one. */
static enum status check_password(PKCS12 *file, const struct secret *password, struct error *err)
{
	const ASN1_INTEGER *iterations = NULL;
	bool fits;

	if (password->length > 0 && memchr(password->data, '\0', password->length) != NULL)
		return fail(err, STATUS_AUTHENTICATION, STEP, NULL,
			    "the password of the PFX is wrong: it holds a zero byte");
	if (PKCS12_mac_present(file) != 1)
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "the PFX has no MAC that protects it; export it again with one");
	PKCS12_get0_mac(NULL, NULL, NULL, &iterations, file);
	if (iterations != NULL &&
	    (ASN1_INTEGER_get(iterations) < 0 || ASN1_INTEGER_get(iterations) > MAC_ITERATIONS_MAX))
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "the PFX wants its password hashed more than %ld times",
			    MAC_ITERATIONS_MAX);
	fits = PKCS12_verify_mac(file, password_text(password), -1) == 1;
	/* There are two ways to write no password. */
	if (!fits && password->length == 0)
		fits = PKCS12_verify_mac(file, NULL, 0) == 1;
	if (fits)
		return STATUS_OK;
	if (ERR_peek_error() != 0)
		return crypto_fail(err, STATUS_INVALID, STEP,
				   "the PFX is protected in a way that cannot be checked; "
				   "export it again with AES-256 and SHA-256");
	return fail(err, STATUS_AUTHENTICATION, STEP, NULL,
		    "the password of the PFX is wrong, or the file is damaged");
}

/* After check_password(): what fails now is not the password's fault. */
static enum status unpack_pfx(struct pfx *pfx, const struct old_library *library,
			      const struct secret *password, struct error *err)
{
	if (PKCS12_parse(pfx->file, password_text(password), &pfx->key, &pfx->certificate, NULL) ==
	    1)
		return STATUS_OK;
	if (library->old == NULL)
		return crypto_fail(
			err, STATUS_INVALID, STEP,
			"the PFX cannot be decrypted; if it uses RC2 or other old ciphers, export "
			"it again with AES-256, or install OpenSSL's legacy provider (legacy.so)");
	return crypto_fail(err, STATUS_INVALID, STEP,
			   "the PFX cannot be decrypted; export it again with AES-256 and SHA-256");
}

static enum status check_content(const struct pfx *pfx, struct error *err)
{
	if (pfx->key == NULL)
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "the PFX holds no private key; export it again together with the key");
	if (EVP_PKEY_is_a(pfx->key, "RSA") != 1 && EVP_PKEY_is_a(pfx->key, "EC") != 1)
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "the private key is of type %s, it must be RSA or EC",
			    EVP_PKEY_get0_type_name(pfx->key));
	if (pfx->certificate == NULL)
		return fail(err, STATUS_INVALID, STEP, NULL,
			    "the PFX holds no certificate that belongs to its private key");
	return STATUS_OK;
}

/* Copies that have nothing to do with the library context of @pfx, which is about to go. */
static enum status copy_content(const struct pfx *pfx, struct private_key *made, struct error *err)
{
	PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(pfx->key);
	unsigned char *der = NULL;
	int length = i2d_X509(pfx->certificate, &der);
	const unsigned char *at = der;

	if (key != NULL && length > 0) {
		made->key = EVP_PKCS82PKEY(key);
		made->certificate = d2i_X509(NULL, &at, length);
	}
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(key);
	if (made->key == NULL || made->certificate == NULL)
		return crypto_fail(err, STATUS_INVALID, STEP, "the private key cannot be used");
	return certificate_thumbprint(made->certificate, made->thumbprint, err);
}

static enum status open_pfx(const void *data, size_t length, const struct secret *password,
			    struct private_key *made, struct error *err)
{
	AUTO_OLD_LIBRARY library = { NULL, NULL, NULL };
	AUTO_PFX pfx = { NULL, NULL, NULL };
	enum status status = old_library_init(&library, err);

	if (status == STATUS_OK)
		status = decode_pfx(&pfx, &library, data, length, err);
	if (status == STATUS_OK)
		status = check_password(pfx.file, password, err);
	if (status == STATUS_OK)
		status = unpack_pfx(&pfx, &library, password, err);
	if (status == STATUS_OK)
		status = check_content(&pfx, err);
	if (status == STATUS_OK)
		status = copy_content(&pfx, made, err);
	return status;
}

enum status private_key_from_pfx(const void *data, size_t length, const struct secret *password,
				 struct private_key **out, struct error *err)
{
	struct private_key *made = calloc(1, sizeof(*made));
	enum status status;

	if (made == NULL)
		return fail_memory(err, STEP);
	ERR_clear_error();
	status = open_pfx(data, length, password, made, err);
	ERR_clear_error();
	if (status != STATUS_OK) {
		private_key_free(made);
		return status;
	}
	*out = made;
	return STATUS_OK;
}

void private_key_free(struct private_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	X509_free(key->certificate);
	free(key);
}

const char *private_key_thumbprint(const struct private_key *key)
{
	return key->thumbprint;
}
