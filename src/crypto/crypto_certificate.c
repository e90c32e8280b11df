/* SPDX-License-Identifier: Apache-2.0 */
/* What is told about a certificate, and which keys it may hold. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto_private.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384 /* more is refused by OpenSSL's RSA */
#define ALLOWED_KEYS "allowed are RSA of 2048 to 16384 bits and EC on P-256, P-384 or P-521"

static const char *const allowed_curves[] = { "prime256v1", "secp384r1", "secp521r1" };

static enum status check_curve(const EVP_PKEY *key, const char *field, struct error *err)
{
	char name[64] = "";
	int is_explicit = 0;

	/* Parameters that are spelled out say nothing for certain, even if they are those of a
	 * known curve; RFC 5480 forbids them. */
	if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				   &is_explicit) == 1 &&
	    is_explicit == 0 && EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1) {
		for (size_t i = 0; i < ARRAY_LENGTH(allowed_curves); i++) {
			if (strcmp(name, allowed_curves[i]) == 0)
				return STATUS_OK;
		}
	}
	ERR_clear_error();
	return fail_field(err, field, "the certificate's key is EC on %s, " ALLOWED_KEYS,
			  name[0] != '\0' ? name : "an unnamed curve");
}

/* Among others a point that is not on the curve, or an RSA exponent of 1, which would encrypt
 * nothing. */
static enum status check_key_is_sound(EVP_PKEY *key, const char *field, struct error *err)
{
	AUTO_PKEY_CONTEXT context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (context == NULL || EVP_PKEY_public_check(context) != 1)
		return crypto_fail_field(err, field,
					 "the certificate's public key is not a valid key");
	return STATUS_OK;
}

static enum status check_key(const X509 *certificate, const char *field, struct certificate *made,
			     struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key == NULL)
		return crypto_fail_field(
			err, field, "the certificate's public key cannot be read, " ALLOWED_KEYS);
	made->key_bits = EVP_PKEY_get_bits(key);
	made->is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;
	if (!made->is_rsa && EVP_PKEY_is_a(key, "EC") != 1)
		return fail_field(err, field, "the certificate's key is of type %s, " ALLOWED_KEYS,
				  EVP_PKEY_get0_type_name(key));
	if (made->is_rsa && (made->key_bits < RSA_BITS_MIN || made->key_bits > RSA_BITS_MAX))
		return fail_field(err, field,
				  "the certificate's key is RSA of %d bits, " ALLOWED_KEYS,
				  made->key_bits);
	if (!made->is_rsa && check_curve(key, field, err) != STATUS_OK)
		return STATUS_INVALID;
	return check_key_is_sound(key, field, err);
}

static bool read_time(const ASN1_TIME *from, int64_t *milliseconds)
{
	struct tm parts;

	if (from == NULL || ASN1_TIME_to_tm(from, &parts) != 1)
		return false;
	*milliseconds = (int64_t)timegm(&parts) * 1000;
	return true;
}

static enum status describe_subject(const X509 *certificate, char *text, size_t size,
				    struct error *err)
{
	AUTO_BIO out = BIO_new(BIO_s_mem());
	int length;

	if (out == NULL ||
	    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0)
		return crypto_fail(err, STATUS_INVALID, "read certificate",
				   "the subject cannot be read");
	length = BIO_read(out, text, (int)size - 1);
	text[length > 0 ? length : 0] = '\0';
	ERR_clear_error();
	return STATUS_OK;
}

enum status certificate_thumbprint(const X509 *certificate, char text[THUMBPRINT_TEXT_SIZE],
				   struct error *err)
{
	unsigned char digest[SHA1_SIZE];

	if (X509_digest(certificate, EVP_sha1(), digest, NULL) != 1)
		return crypto_fail(err, STATUS_FAILED, "read certificate",
				   "its thumbprint cannot be computed");
	hex_encode(digest, sizeof(digest), true, text);
	return STATUS_OK;
}

static enum status copy_der(const X509 *certificate, struct buffer *out, struct error *err)
{
	unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);
	enum status status;

	if (length <= 0)
		return crypto_fail(err, STATUS_FAILED, "read certificate", "it cannot be encoded");
	status = crypto_replace(out, der, (size_t)length, err);
	OPENSSL_free(der);
	return status;
}

static enum status describe(const X509 *certificate, const char *field, struct certificate *made,
			    struct error *err)
{
	enum status status = check_key(certificate, field, made, err);

	if (status == STATUS_OK &&
	    (!read_time(X509_get0_notBefore(certificate), &made->not_before) ||
	     !read_time(X509_get0_notAfter(certificate), &made->not_after)))
		status = crypto_fail_field(err, field,
					   "the certificate's times of validity cannot be read");
	if (status == STATUS_OK)
		status = describe_subject(certificate, made->subject, sizeof(made->subject), err);
	if (status == STATUS_OK)
		status = certificate_thumbprint(certificate, made->thumbprint, err);
	if (status == STATUS_OK)
		status = copy_der(certificate, &made->der, err);
	if (status == STATUS_OK)
		hash_sha256(made->der.data, made->der.length, made->sha256);
	return status;
}

enum status certificate_parse(const void *data, size_t length, const char *field,
			      struct certificate **out, struct error *err)
{
	AUTO_X509 parsed = NULL;
	struct certificate *made;
	enum status status;

	ERR_clear_error();
	status = certificate_read(data, length, field, &parsed, err);
	if (status != STATUS_OK)
		return status;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return fail_memory(err, "read certificate");
	status = describe(parsed, field, made, err);
	if (status != STATUS_OK) {
		certificate_free(made);
		return status;
	}
	*out = made;
	return STATUS_OK;
}

void certificate_free(struct certificate *certificate)
{
	if (certificate == NULL)
		return;
	buffer_done(&certificate->der);
	free(certificate);
}

bool certificate_is_expired(const struct certificate *certificate, int64_t now)
{
	return now > certificate->not_after;
}
