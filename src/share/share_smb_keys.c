/* SPDX-License-Identifier: Apache-2.0 */
/* The session's keys: preauth integrity (3.1.5.2) and derivation (3.1.4.2). */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <string.h>

#include "share_smb_security.h"

static enum status fail_library(struct error *err, const char *what)
{
	return fail(err, STATUS_FAILED, "derive session keys", NULL, "OpenSSL: %s failed", what);
}

enum status smb_preauth_add(unsigned char preauth[SMB_PREAUTH_SIZE], const void *data,
			    size_t length, struct error *err)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool ok = digest != NULL && EVP_DigestInit_ex(digest, EVP_sha512(), NULL) == 1 &&
		  EVP_DigestUpdate(digest, preauth, SMB_PREAUTH_SIZE) == 1 &&
		  EVP_DigestUpdate(digest, data, length) == 1 &&
		  EVP_DigestFinal_ex(digest, preauth, NULL) == 1;

	EVP_MD_CTX_free(digest);
	return ok ? STATUS_OK : fail_library(err, "SHA-512");
}

/* OSSL_PARAM takes no const, but a derivation writes to none of its inputs. */
static void *unconst(const void *data)
{
	return (void *)(uintptr_t)data;
}

enum status smb_key_derive(const void *key, size_t key_length, const char *label, size_t label_size,
			   const unsigned char preauth[SMB_PREAUTH_SIZE], unsigned char *out,
			   size_t length, struct error *err)
{
	char mode[] = "counter";
	char mac[] = "HMAC";
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, unconst(key), key_length),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, unconst(label), label_size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, unconst(preauth),
						  SMB_PREAUTH_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	bool ok = context != NULL && EVP_KDF_derive(context, out, length, parameters) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return ok ? STATUS_OK : fail_library(err, "KBKDF");
}

static bool set_mac(struct smb_security *security)
{
	bool gmac = security->signing == SMB_SIGNING_GMAC;
	char gcm[] = "AES-128-GCM";
	char cbc[] = "AES-128-CBC";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, gmac ? gcm : cbc, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, gmac ? "GMAC" : "CMAC", NULL);

	security->mac = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return security->mac != NULL && EVP_MAC_CTX_set_params(security->mac, parameters) == 1;
}

/* Keys in the cipher contexts, where they stay; a nonce is nonce_id and a counter. */
static bool set_ciphers(struct smb_security *security, const unsigned char *to_server,
			const unsigned char *from_server)
{
	const EVP_CIPHER *cipher =
		security->cipher == SMB_CIPHER_AES256_GCM ? EVP_aes_256_gcm() : EVP_aes_128_gcm();

	security->seal = EVP_CIPHER_CTX_new();
	security->open = EVP_CIPHER_CTX_new();
	security->nonce = 0;
	return security->seal != NULL && security->open != NULL &&
	       RAND_bytes((unsigned char *)&security->nonce_id, sizeof(security->nonce_id)) == 1 &&
	       EVP_EncryptInit_ex(security->seal, cipher, NULL, to_server, NULL) == 1 &&
	       EVP_DecryptInit_ex(security->open, cipher, NULL, from_server, NULL) == 1;
}

static enum status derive_ciphers(struct smb_security *security, const struct secret *session_key,
				  const unsigned char preauth[SMB_PREAUTH_SIZE], struct error *err)
{
	static const char label_out[] = "SMBC2SCipherKey";
	static const char label_in[] = "SMBS2CCipherKey";
	bool long_key = security->cipher == SMB_CIPHER_AES256_GCM;
	size_t length = long_key ? 32 : 16;
	/* AES-256 takes the whole session key, everything else its first 16 bytes (3.2.5.3.1). */
	size_t from = long_key ? session_key->length : 16;
	unsigned char keys[2][SMB_KEY_MAX];

	enum status status = smb_key_derive(session_key->data, from, label_out, sizeof(label_out),
					    preauth, keys[0], length, err);
	if (status == STATUS_OK)
		status = smb_key_derive(session_key->data, from, label_in, sizeof(label_in),
					preauth, keys[1], length, err);
	if (status == STATUS_OK && !set_ciphers(security, keys[0], keys[1]))
		status = fail_library(err, "AES-GCM");
	OPENSSL_cleanse(keys, sizeof(keys));
	return status;
}

enum status smb_keys_set(struct smb_security *security, const struct secret *session_key,
			 const unsigned char preauth[SMB_PREAUTH_SIZE], struct error *err)
{
	static const char label[] = "SMBSigningKey";
	enum status status =
		smb_key_derive(session_key->data, 16, label, sizeof(label), preauth,
			       security->signing_key, sizeof(security->signing_key), err);

	if (status == STATUS_OK && !set_mac(security))
		status = fail_library(err, "MAC");
	if (status == STATUS_OK && security->cipher != SMB_CIPHER_NONE)
		status = derive_ciphers(security, session_key, preauth, err);
	return status;
}

void smb_security_clear(struct smb_security *security)
{
	EVP_CIPHER_CTX_free(security->seal);
	EVP_CIPHER_CTX_free(security->open);
	EVP_MAC_CTX_free(security->mac);
	OPENSSL_cleanse(security, sizeof(*security));
	*security = (struct smb_security) { .protection = SMB_UNPROTECTED };
}
