/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of crypto share: errors with OpenSSL's reason, owned OpenSSL objects, output
 * buffers. */
#ifndef INFRABACKUP_CRYPTO_PRIVATE_H
#define INFRABACKUP_CRYPTO_PRIVATE_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "infrabackup/crypto.h"

/* OpenSSL's reason for the oldest fault in its queue goes behind the text in brackets, and the
 * queue is emptied. Running out of memory inside OpenSSL becomes STATUS_NO_MEMORY whatever @status
 * says. */
enum status crypto_fail(struct error *err, enum status status, const char *step, const char *format,
			...) PRINTF_LIKE(4, 5);
/* The same for bad input, as fail_field(). */
enum status crypto_fail_field(struct error *err, const char *field, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Replaces the content of @out; an @out that is all zero takes whatever it needs. */
MUST_CHECK enum status crypto_replace(struct buffer *out, const void *data, size_t length,
				      struct error *err);

/* A digest that could not be computed, which only happens without memory, and whose function has no
 * way to say so: random bytes, because they equal nothing. A comparison then fails, and no two
 * chunks share an id. */
void crypto_fill_failed_digest(unsigned char digest[SHA256_SIZE]);

/* Objects that are released when their variable goes out of scope. */
#define CRYPTO_OWNED(function, type, release)                                                      \
	static inline void function(type **object)                                                 \
	{                                                                                          \
		release(*object);                                                                  \
	}

CRYPTO_OWNED(owned_bio, BIO, BIO_free_all)
CRYPTO_OWNED(owned_x509, X509, X509_free)
CRYPTO_OWNED(owned_pkey, EVP_PKEY, EVP_PKEY_free)
CRYPTO_OWNED(owned_pkey_context, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
CRYPTO_OWNED(owned_cms, CMS_ContentInfo, CMS_ContentInfo_free)

#define AUTO_BIO __attribute__((cleanup(owned_bio))) BIO *
#define AUTO_X509 __attribute__((cleanup(owned_x509))) X509 *
#define AUTO_PKEY __attribute__((cleanup(owned_pkey))) EVP_PKEY *
#define AUTO_PKEY_CONTEXT __attribute__((cleanup(owned_pkey_context))) EVP_PKEY_CTX *
#define AUTO_CMS __attribute__((cleanup(owned_cms))) CMS_ContentInfo *

/* crypto_certificate_input.c: the one certificate in @data; see certificate_parse(). */
MUST_CHECK enum status certificate_read(const void *data, size_t length, const char *field,
					X509 **out, struct error *err);

/* crypto_certificate.c */
MUST_CHECK enum status certificate_thumbprint(const X509 *certificate,
					      char text[THUMBPRINT_TEXT_SIZE], struct error *err);

struct private_key {
	EVP_PKEY *key;
	X509 *certificate;
	char thumbprint[THUMBPRINT_TEXT_SIZE];
};

/* crypto_cms_envelope.c: what certificates and passwords have in common. */

/* An EnvelopedData without recipients. */
MUST_CHECK enum status envelope_new(CMS_ContentInfo **out, struct error *err);
/* Encrypts @plain into @cms, whose recipients are complete, and gives the DER. */
MUST_CHECK enum status envelope_seal(CMS_ContentInfo *cms, const struct secret *plain,
				     struct buffer *out, struct error *err);
/* STATUS_INTEGRITY unless @data is one EnvelopedData and nothing behind it. */
MUST_CHECK enum status envelope_parse(const void *data, size_t length, CMS_ContentInfo **out,
				      struct error *err);
/* Decrypts the content of @cms, one of whose recipients has been opened. */
MUST_CHECK enum status envelope_open(CMS_ContentInfo *cms, struct secret *out, struct error *err);

#endif
