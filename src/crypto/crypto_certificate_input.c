/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the one certificate in what was sent, and says what it is when it is something else. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "crypto_private.h"

#define INPUT_MAX ((size_t)64 * 1024)
#define WANTED "allowed is one X.509 certificate (.cer) in DER or PEM, without its private key"

static const char private_key_sent[] =
	"a private key was sent, " WANTED "; consider that key as disclosed";

/* Each answers whether DER bytes are of one kind. The private key comes after the PFX: what decodes
 * private keys guesses. */
static bool is_pfx(const unsigned char *data, long length)
{
	PKCS12 *parsed = d2i_PKCS12(NULL, &data, length);
	bool fits = parsed != NULL;

	PKCS12_free(parsed);
	return fits;
}

static bool is_private_key(const unsigned char *data, long length)
{
	EVP_PKEY *parsed = d2i_AutoPrivateKey(NULL, &data, length);
	bool fits = parsed != NULL;

	EVP_PKEY_free(parsed);
	return fits;
}

static bool is_encrypted_private_key(const unsigned char *data, long length)
{
	X509_SIG *parsed = d2i_X509_SIG(NULL, &data, length);
	bool fits = parsed != NULL;

	X509_SIG_free(parsed);
	return fits;
}

static bool is_request(const unsigned char *data, long length)
{
	X509_REQ *parsed = d2i_X509_REQ(NULL, &data, length);
	bool fits = parsed != NULL;

	X509_REQ_free(parsed);
	return fits;
}

static bool is_bundle(const unsigned char *data, long length)
{
	PKCS7 *parsed = d2i_PKCS7(NULL, &data, length);
	bool fits = parsed != NULL;

	PKCS7_free(parsed);
	return fits;
}

static bool is_public_key(const unsigned char *data, long length)
{
	EVP_PKEY *parsed = d2i_PUBKEY(NULL, &data, length);
	bool fits = parsed != NULL;

	EVP_PKEY_free(parsed);
	return fits;
}

static const struct {
	bool (*fits)(const unsigned char *data, long length);
	const char *text;
} other_kinds[] = {
	{ is_pfx, "a PFX (PKCS#12) file was sent, which holds a private key, " WANTED },
	{ is_private_key, private_key_sent },
	{ is_encrypted_private_key, private_key_sent },
	{ is_request, "a certificate signing request was sent, " WANTED },
	{ is_bundle, "a bundle of certificates (PKCS#7) was sent, " WANTED },
	{ is_public_key, "a bare public key was sent, " WANTED },
};

static enum status refuse_der(const unsigned char *data, long length, const char *field,
			      struct error *err)
{
	for (size_t i = 0; i < ARRAY_LENGTH(other_kinds); i++) {
		ERR_clear_error();
		if (other_kinds[i].fits(data, length)) {
			ERR_clear_error();
			return fail_field(err, field, "%s", other_kinds[i].text);
		}
	}
	ERR_clear_error();
	return fail_field(err, field, "these %ld bytes are no certificate, " WANTED, length);
}

/* NULL unless @data is one certificate and nothing behind it. */
static X509 *parse_der(const unsigned char *data, long length)
{
	const unsigned char *at = data;
	X509 *parsed = d2i_X509(NULL, &at, length);

	if (parsed != NULL && at != data + length) {
		X509_free(parsed);
		parsed = NULL;
	}
	return parsed;
}

static enum status take_block(const char *name, const unsigned char *data, long length,
			      const char *field, X509 **found, struct error *err)
{
	if (strstr(name, "PRIVATE KEY") != NULL)
		return fail_field(err, field, "%s", private_key_sent);
	if (strcmp(name, PEM_STRING_X509) != 0)
		return fail_field(err, field, "the PEM text holds \"%.64s\", " WANTED,
				  text_is_printable_utf8(name) ? name : "unprintable bytes");
	if (*found != NULL)
		return fail_field(err, field, "several certificates were sent, " WANTED);
	*found = parse_der(data, length);
	if (*found == NULL)
		return crypto_fail_field(err, field, "the PEM text is damaged, " WANTED);
	return STATUS_OK;
}

/* Takes every block of the text, because a private key may stand behind the certificate. */
static enum status take_blocks(BIO *text, const char *field, X509 **found, struct error *err)
{
	enum status status = STATUS_OK;
	char *name, *header;
	unsigned char *data;
	long length;

	while (status == STATUS_OK && PEM_read_bio(text, &name, &header, &data, &length) == 1) {
		status = take_block(name, data, length, field, found, err);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)length);
	}
	if (status != STATUS_OK)
		return status;
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return crypto_fail_field(err, field, "the PEM text is damaged, " WANTED);
	ERR_clear_error();
	return STATUS_OK;
}

static enum status read_pem(const void *data, size_t length, const char *field, X509 **out,
			    struct error *err)
{
	static const char private_key_end[] = "PRIVATE KEY-----";
	AUTO_X509 found = NULL;
	AUTO_BIO text = NULL;
	enum status status;

	/* Also of a block that is too damaged to be read. */
	if (memmem(data, length, private_key_end, sizeof(private_key_end) - 1) != NULL)
		return fail_field(err, field, "%s", private_key_sent);
	text = BIO_new_mem_buf(data, (int)length);
	if (text == NULL)
		return fail_memory(err, "read certificate");
	status = take_blocks(text, field, &found, err);
	if (status != STATUS_OK)
		return status;
	if (found == NULL)
		return fail_field(err, field, "the PEM text holds no certificate, " WANTED);
	*out = TAKE(found);
	return STATUS_OK;
}

enum status certificate_read(const void *data, size_t length, const char *field, X509 **out,
			     struct error *err)
{
	static const char pem_begin[] = "-----BEGIN ";
	X509 *parsed;

	if (length == 0)
		return fail_field(err, field, "nothing was sent, " WANTED);
	if (length > INPUT_MAX)
		return fail_field(err, field, "%zu bytes were sent, a certificate has at most %zu",
				  length, INPUT_MAX);
	parsed = parse_der(data, (long)length);
	ERR_clear_error();
	if (parsed != NULL) {
		*out = parsed;
		return STATUS_OK;
	}
	if (memmem(data, length, pem_begin, sizeof(pem_begin) - 1) != NULL)
		return read_pem(data, length, field, out, err);
	return refuse_der(data, (long)length, field, err);
}
