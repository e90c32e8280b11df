/* SPDX-License-Identifier: Apache-2.0 */
/* A throw-away self-signed server certificate for 127.0.0.1. */
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/http/http_certificate.h"

static X509 *http_certificate_make(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
	X509_EXTENSION *basic =
		X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	X509_NAME *name = X509_get_subject_name(certificate);

	(void)X509_set_version(certificate, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					 (const unsigned char *)"localhost", -1, -1, 0);
	(void)X509_set_issuer_name(certificate, name);
	(void)X509_set_pubkey(certificate, key);
	(void)X509_add_ext(certificate, names, -1);
	(void)X509_add_ext(certificate, basic, -1);
	X509_EXTENSION_free(names);
	X509_EXTENSION_free(basic);
	(void)X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static FILE *http_certificate_open(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

bool http_certificate_write(const char *certificate_file, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = http_certificate_make(key);
	FILE *certificate_out = http_certificate_open(certificate_file);
	FILE *key_out = http_certificate_open(key_file);
	bool written = certificate_out != NULL && key_out != NULL &&
		       PEM_write_X509(certificate_out, certificate) == 1 &&
		       PEM_write_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (certificate_out != NULL)
		written = fclose(certificate_out) == 0 && written;
	if (key_out != NULL)
		written = fclose(key_out) == 0 && written;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return written;
}
