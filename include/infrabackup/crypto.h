/* SPDX-License-Identifier: Apache-2.0 */
/* crypto: the only user of OpenSSL. Hashes, AES-256-GCM, HKDF, certificates and PFX, CMS key
 * wrapping, Ed25519 signatures, sealing of stored secrets. All functions may be called from all
 * threads; a context object belongs to one thread at a time. */
#ifndef INFRABACKUP_CRYPTO_H
#define INFRABACKUP_CRYPTO_H

#include "infrabackup/base.h"

#define SHA256_SIZE 32
#define SHA1_SIZE 20
#define KEY_SIZE 32 /* every symmetric key: session, dedup secret, master key */
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE 16
#define ED25519_SIGNATURE_SIZE 64
#define ED25519_PUBLIC_SIZE 32
#define THUMBPRINT_TEXT_SIZE 41  /* SHA-1 of the DER, upper-case hex (CONTRACT 3.1) */
#define FINGERPRINT_TEXT_SIZE 72 /* "SHA256:" + 64 lower-case hex digits + NUL */

/* --- hashes ---
 * Digests are void: they fail only when OpenSSL cannot allocate, and then give random bytes, which
 * equal nothing, so that a comparison fails and no two chunks share an id. */
struct hash;                 /* incremental SHA-256 */
struct hash *hash_new(void); /* NULL: out of memory */
void hash_free(struct hash *hash);
void hash_reset(struct hash *hash);
void hash_update(struct hash *hash, const void *data, size_t length);
/* The same for @length zero bytes: the holes of sparse files. */
void hash_update_zeros(struct hash *hash, uint64_t length);
/* The digest so far; more may be added afterwards. */
void hash_peek(const struct hash *hash, unsigned char digest[SHA256_SIZE]);
void hash_sha256(const void *data, size_t length, unsigned char digest[SHA256_SIZE]);
void hash_fingerprint_text(const unsigned char digest[SHA256_SIZE],
			   char text[FINGERPRINT_TEXT_SIZE]);

/* HMAC-SHA-256 with a key schedule that is kept: chunk ids. */
struct keyed_hash;
MUST_CHECK enum status keyed_hash_new(const struct secret *key, struct keyed_hash **out,
				      struct error *err);
void keyed_hash_free(struct keyed_hash *keyed);
void keyed_hash_digest(struct keyed_hash *keyed, const void *data, size_t length,
		       unsigned char digest[SHA256_SIZE]);

/* HKDF-SHA-256 (RFC 5869) with an empty salt: KEY_SIZE bytes from @key for the purpose @info. */
MUST_CHECK enum status crypto_derive_key(const struct secret *key, const char *info,
					 struct secret *out, struct error *err);
/* OpenSSL's generator. */
MUST_CHECK enum status crypto_random(void *data, size_t length, struct error *err);
MUST_CHECK enum status crypto_random_secret(struct secret *out, size_t length, struct error *err);

/* --- AES-256-GCM --- */
struct aead;
MUST_CHECK enum status aead_new(const struct secret *key, struct aead **out, struct error *err);
void aead_free(struct aead *aead);
/* @out gets @length + GCM_TAG_SIZE bytes (ciphertext, tag). The caller never repeats a nonce. */
MUST_CHECK enum status aead_seal(struct aead *aead, const unsigned char nonce[GCM_NONCE_SIZE],
				 const void *context, size_t context_length, const void *data,
				 size_t length, unsigned char *out, struct error *err);
/* @out gets @length - GCM_TAG_SIZE bytes; STATUS_INTEGRITY when the tag does not fit, and @out
 * holds nothing that may be used. */
MUST_CHECK enum status aead_open(struct aead *aead, const unsigned char nonce[GCM_NONCE_SIZE],
				 const void *context, size_t context_length, const void *sealed,
				 size_t length, unsigned char *out, struct error *err);

/* Small secrets at rest: random nonce + AES-256-GCM under @key, @purpose bound as context. */
MUST_CHECK enum status crypto_seal(const struct secret *key, const char *purpose,
				   const struct secret *plain, struct buffer *out,
				   struct error *err);
MUST_CHECK enum status crypto_unseal(const struct secret *key, const char *purpose,
				     const void *sealed, size_t length, struct secret *out,
				     struct error *err);

/* --- certificates --- */
struct certificate {
	struct buffer der;
	char thumbprint[THUMBPRINT_TEXT_SIZE];
	unsigned char sha256[SHA256_SIZE];
	char subject[256];
	int64_t not_before, not_after; /* ms since 1970 */
	bool is_rsa;
	int key_bits;
};

/* Parses DER or PEM. Refused with STATUS_INVALID (error.field = @field) and a text that says which:
 * a private key or a PFX was sent, not a certificate, RSA below 2048 bits, a key that is neither
 * RSA nor EC (P-256/384/521), another document, several certificates, more than 64 KiB. An expired
 * one is accepted (see certificate_is_expired()). */
MUST_CHECK enum status certificate_parse(const void *data, size_t length, const char *field,
					 struct certificate **out, struct error *err);
void certificate_free(struct certificate *certificate);
bool certificate_is_expired(const struct certificate *certificate, int64_t now);
/* A self-signed certificate with its private key: @out_pfx is PKCS#12 (AES-256, PBKDF2) under
 * @password,
 * @out_certificate the DER. RSA 3072 when @rsa, else EC P-256. STATUS_INVALID with error.field
 * commonName (1 to 64 printable characters), validDays (1 to 36500) or password (not empty, no zero
 * byte). */
MUST_CHECK enum status certificate_generate(const char *common_name, bool rsa, int valid_days,
					    const struct secret *password,
					    struct buffer *out_certificate, struct buffer *out_pfx,
					    struct error *err);

/* --- private keys that open sessions --- */
struct private_key;
/* A PFX (PKCS#12) with its password; STATUS_AUTHENTICATION when the password is wrong,
 * STATUS_INVALID when it is no PFX, holds no private key (RSA or EC) with its certificate, has no
 * MAC or cannot be decrypted. RC2 and 3DES files of old Windows versions are opened if OpenSSL's
 * legacy provider is installed. */
MUST_CHECK enum status private_key_from_pfx(const void *data, size_t length,
					    const struct secret *password, struct private_key **out,
					    struct error *err);
void private_key_free(struct private_key *key);
/* Of the certificate that came with it. */
const char *private_key_thumbprint(const struct private_key *key);

/* CMS EnvelopedData (RFC 5652), DER, AES-256 content encryption, of @plain for @count recipients:
 * RSA-OAEP with SHA-256 (RFC 8017, RFC 4055), EC by ECDH (RFC 5753, SHA-256 KDF). `openssl cms
 * -decrypt` opens it. Recipients are named by issuer and serial number. @plain has 1 to 65536
 * bytes. */
MUST_CHECK enum status cms_wrap(const struct certificate *const *recipients, size_t count,
				const struct secret *plain, struct buffer *out, struct error *err);
/* STATUS_AUTHENTICATION when @key is not a recipient, STATUS_INTEGRITY when it is no CMS, is
 * damaged, was made by another method or has more than 256 KiB. The content itself (AES-256-CBC)
 * has no tag: whether a key of the right length is the right key shows with the first thing that it
 * decrypts. */
MUST_CHECK enum status cms_unwrap(const void *data, size_t length, const struct private_key *key,
				  struct secret *out, struct error *err);
/* The same with a pre-shared key (CMS PasswordRecipientInfo, RFC 3211, PBKDF2 with 600000
 * iterations of HMAC-SHA-1, the only one that OpenSSL writes there): api-version 2016-05-01. It has
 * 1 to 4096 bytes. */
MUST_CHECK enum status cms_wrap_password(const struct secret *password, const struct secret *plain,
					 struct buffer *out, struct error *err);
/* STATUS_AUTHENTICATION when @password is wrong or the message is for certificates;
 * STATUS_INTEGRITY as above, and when it asks for more than 5 million iterations. */
MUST_CHECK enum status cms_unwrap_password(const void *data, size_t length,
					   const struct secret *password, struct secret *out,
					   struct error *err);

/* --- the pre-shared key of api-version 2016-05-01 --- */
/* The key in @text, base64 of 32 to 1024 bytes, in its one form: base64 without white space, which
 * is what opens its messages (`openssl cms -decrypt -pwri_password`). STATUS_INVALID, and
 * error.field is @field. */
MUST_CHECK enum status psk_parse(const char *text, const char *field, struct secret *out,
				 struct error *err);
/* A certificate for @key: its DER, and its private key as a PFX with @key as password, inside a
 * CMS message for @key as cms_wrap_password() makes it. */
MUST_CHECK enum status psk_certificate_generate(const struct secret *key,
						struct buffer *out_certificate,
						struct buffer *out_wrapped, struct error *err);
/* That private key again. STATUS_AUTHENTICATION when @key is not the one, STATUS_INTEGRITY. */
MUST_CHECK enum status private_key_from_psk(const void *wrapped, size_t length,
					    const struct secret *key, struct private_key **out,
					    struct error *err);

/* --- signatures: the service's identity --- */
struct signing_key;
MUST_CHECK enum status signing_key_generate(struct signing_key **out, struct error *err);
/* PKCS#8 PEM, unencrypted: for a 0600 file or a sealed column. */
MUST_CHECK enum status signing_key_save(const struct signing_key *key, struct secret *out_pem,
					struct error *err);
MUST_CHECK enum status signing_key_load(const struct secret *pem, struct signing_key **out,
					struct error *err);
void signing_key_free(struct signing_key *key);
void signing_key_public(const struct signing_key *key, unsigned char out[ED25519_PUBLIC_SIZE]);
MUST_CHECK enum status signing_key_sign(const struct signing_key *key, const void *data,
					size_t length,
					unsigned char signature[ED25519_SIGNATURE_SIZE],
					struct error *err);
/* STATUS_INTEGRITY when it does not fit. */
MUST_CHECK enum status signature_verify(const unsigned char public_key[ED25519_PUBLIC_SIZE],
					const void *data, size_t length, const void *signature,
					size_t signature_length, struct error *err);
/* "SHA256:" + hex of SHA-256 over the 32 public bytes. */
void signer_fingerprint(const unsigned char public_key[ED25519_PUBLIC_SIZE],
			char text[FINGERPRINT_TEXT_SIZE]);

#endif
