/* SPDX-License-Identifier: Apache-2.0 */
/* Self-signed certificates for operators who have no certification authority, and for drills. */
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto_private.h"

#define COMMON_NAME_MAX 64 /* characters; RFC 5280, upper bound of commonName */
#define VALID_DAYS_MAX 36500
#define RSA_BITS ((size_t)3072)
#define SERIAL_SIZE 16
#define CLOCK_TOLERANCE_SECONDS 3600L
/* Of the key, the certificate and the MAC; Windows refuses more than 300 000 of one and 600 000 in
 * all. */
#define PFX_ITERATIONS 100000

/* Random and positive: certificates of one name are told apart by it. */
static bool set_serial(X509 *certificate)
{
	unsigned char random[SERIAL_SIZE];
	BIGNUM *number = NULL;
	bool done;

	if (crypto_random(random, sizeof(random), NULL) != STATUS_OK)
		return false;
	random[0] = (unsigned char)((random[0] & 0x3f) | 0x40);
	number = BN_bin2bn(random, sizeof(random), NULL);
	done = number != NULL &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return done;
}

static bool set_names(X509 *certificate, const char *common_name)
{
	X509_NAME *name = X509_NAME_new();
	union {
		const char *text;
		const unsigned char *bytes;
	} value = { .text = common_name };
	bool done = name != NULL &&
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, value.bytes, -1, -1, 0) ==
			    1 &&
		    X509_set_subject_name(certificate, name) == 1 &&
		    X509_set_issuer_name(certificate, name) == 1;

	X509_NAME_free(name);
	return done;
}

static bool add_extension(X509 *certificate, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool done;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, kind, value);
	done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return done;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *common_name, bool rsa,
		 int valid_days)
{
	return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
	       set_names(certificate, common_name) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -CLOCK_TOLERANCE_SECONDS) !=
		       NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), valid_days, 0, NULL) != NULL &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(certificate, NID_key_usage,
			     rsa ? "critical,keyEncipherment" : "critical,keyAgreement") &&
	       add_extension(certificate, NID_subject_key_identifier, "hash") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static enum status encode_pfx(EVP_PKEY *key, X509 *certificate, const char *common_name,
			      const struct secret *password, struct buffer *out, struct error *err)
{
	unsigned char *der = NULL;
	int length = 0;
	enum status status;
	union {
		const unsigned char *bytes;
		const char *text;
	} secret = { .bytes = password->data };
	PKCS12 *made =
		PKCS12_create_ex(secret.text, common_name, key, certificate, NULL, NID_aes_256_cbc,
				 NID_aes_256_cbc, PFX_ITERATIONS, PFX_ITERATIONS, 0, NULL, NULL);

	if (made != NULL)
		length = i2d_PKCS12(made, &der);
	PKCS12_free(made);
	if (length <= 0)
		return crypto_fail(err, STATUS_FAILED, "generate certificate",
				   "the PFX cannot be made");
	status = crypto_replace(out, der, (size_t)length, err);
	OPENSSL_free(der);
	return status;
}

static size_t count_characters(const char *utf8)
{
	size_t count = 0;

	for (; *utf8 != '\0'; utf8++)
		count += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return count;
}

static enum status check_wishes(const char *common_name, int valid_days,
				const struct secret *password, struct error *err)
{
	if (!text_is_printable_utf8(common_name) || count_characters(common_name) < 1 ||
	    count_characters(common_name) > COMMON_NAME_MAX)
		return fail_field(err, "commonName",
				  "the name is empty, too long or not printable, "
				  "allowed are 1 to %d characters of UTF-8",
				  COMMON_NAME_MAX);
	if (valid_days < 1 || valid_days > VALID_DAYS_MAX)
		return fail_field(err, "validDays", "%d days, allowed are 1 to %d", valid_days,
				  VALID_DAYS_MAX);
	if (password->length == 0 || memchr(password->data, '\0', password->length) != NULL)
		return fail_field(err, "password",
				  "the password of a PFX must not be empty nor hold a zero byte");
	return STATUS_OK;
}

static enum status encode_certificate(const X509 *certificate, struct buffer *out,
				      struct error *err)
{
	unsigned char *der = NULL;
	int length = i2d_X509(certificate, &der);
	enum status status;

	if (length <= 0)
		return crypto_fail(err, STATUS_FAILED, "generate certificate",
				   "the certificate cannot be encoded");
	status = crypto_replace(out, der, (size_t)length, err);
	OPENSSL_free(der);
	return status;
}

enum status certificate_generate(const char *common_name, bool rsa, int valid_days,
				 const struct secret *password, struct buffer *out_certificate,
				 struct buffer *out_pfx, struct error *err)
{
	AUTO_PKEY key = NULL;
	AUTO_X509 certificate = NULL;
	struct buffer pfx;
	enum status status = check_wishes(common_name, valid_days, password, err);

	if (status != STATUS_OK)
		return status;
	ERR_clear_error();
	key = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", RSA_BITS)
		  : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (key == NULL)
		return crypto_fail(err, STATUS_FAILED, "generate certificate",
				   "no key pair could be made");
	certificate = X509_new();
	if (certificate == NULL || !fill(certificate, key, common_name, rsa, valid_days))
		return crypto_fail(err, STATUS_FAILED, "generate certificate",
				   "the certificate cannot be made");
	/* Apart first, so that neither is handed out without the other. */
	buffer_init(&pfx, out_pfx->max != 0 ? out_pfx->max : INT_MAX);
	status = encode_pfx(key, certificate, common_name, password, &pfx, err);
	if (status == STATUS_OK)
		status = encode_certificate(certificate, out_certificate, err);
	if (status != STATUS_OK) {
		buffer_done(&pfx);
		return status;
	}
	buffer_done(out_pfx);
	*out_pfx = pfx;
	return STATUS_OK;
}
