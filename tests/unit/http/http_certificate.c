/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away certificates: a self-signed one for the server 127.0.0.1, and whatever else is wished.
 */
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/http/http_certificate.h"

static void http_certificate_extend(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension =
		value == NULL ? NULL : X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	if (extension != NULL)
		(void)X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *http_certificate_make(EVP_PKEY *key, const struct http_certificate_wish *wish)
{
	static long serial = 0;
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	(void)X509_set_version(certificate, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), wish->seconds_left);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					 (const unsigned char *)wish->common_name, -1, -1, 0);
	(void)X509_set_issuer_name(certificate, name);
	(void)X509_set_pubkey(certificate, key);
	http_certificate_extend(certificate, NID_subject_alt_name, wish->names);
	http_certificate_extend(certificate, NID_basic_constraints,
				wish->is_authority ? "critical,CA:TRUE" : NULL);
	http_certificate_extend(certificate, NID_ext_key_usage, wish->purpose);
	return certificate;
}

static bool http_certificate_sign(X509 *certificate, EVP_PKEY *own_key,
				  const struct http_certificate_wish *wish)
{
	if (wish->signer == NULL)
		return X509_sign(certificate, own_key, EVP_sha256()) > 0;

	FILE *signer_in = fopen(wish->signer, "r");
	FILE *key_in = fopen(wish->signer_key, "r");
	X509 *signer = signer_in == NULL ? NULL : PEM_read_X509(signer_in, NULL, NULL, NULL);
	EVP_PKEY *key = key_in == NULL ? NULL : PEM_read_PrivateKey(key_in, NULL, NULL, NULL);
	bool is_signed = signer != NULL && key != NULL &&
			 X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
			 X509_sign(certificate, key, EVP_sha256()) > 0;

	if (signer_in != NULL)
		(void)fclose(signer_in);
	if (key_in != NULL)
		(void)fclose(key_in);
	X509_free(signer);
	EVP_PKEY_free(key);
	return is_signed;
}

static FILE *http_certificate_open(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

bool http_certificate_write_wish(const struct http_certificate_wish *wish,
				 const char *certificate_file, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = http_certificate_make(key, wish);
	FILE *certificate_out = http_certificate_open(certificate_file);
	FILE *key_out = http_certificate_open(key_file);
	bool written = http_certificate_sign(certificate, key, wish) && certificate_out != NULL &&
		       key_out != NULL && PEM_write_X509(certificate_out, certificate) == 1 &&
		       PEM_write_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (certificate_out != NULL)
		written = fclose(certificate_out) == 0 && written;
	if (key_out != NULL)
		written = fclose(key_out) == 0 && written;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return written;
}

bool http_certificate_write(const char *certificate_file, const char *key_file)
{
	static const struct http_certificate_wish wish = { .common_name = "localhost",
							   .names = "IP:127.0.0.1,DNS:localhost",
							   .is_authority = true,
							   .seconds_left = 86400 };

	return http_certificate_write_wish(&wish, certificate_file, key_file);
}
