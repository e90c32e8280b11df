/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing (3.1.4.3, 2.2.41) and signing (3.1.4.1) of messages, by OpenSSL. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "share_smb_security.h"

#define TAG_OFFSET 4
#define NONCE_OFFSET 20 /* the authenticated part of the header begins here */
#define NONCE_SIZE 12
#define ASSOCIATED_SIZE (SMB_TRANSFORM_SIZE - NONCE_OFFSET)
#define TAG_SIZE 16

static void write_transform(struct smb_security *security, unsigned char *frame, uint64_t session,
			    size_t length)
{
	memset(frame, 0, SMB_TRANSFORM_SIZE);
	memcpy(frame, "\xFDSMB", 4);
	store_u64(frame + NONCE_OFFSET, ++security->nonce);
	store_u32(frame + NONCE_OFFSET + 8, security->nonce_id);
	store_u32(frame + 36, (uint32_t)length);
	store_u16(frame + 42, 1);
	store_u64(frame + 44, session);
}

enum status smb_seal(struct smb_security *security, unsigned char *frame, uint64_t session,
		     size_t head, const void *payload, size_t payload_length, struct error *err)
{
	unsigned char *message = frame + SMB_TRANSFORM_SIZE;
	EVP_CIPHER_CTX *context = security->seal;
	int done;

	/* A nonce is never used twice under a key. */
	if (security->nonce == UINT64_MAX)
		return fail(err, STATUS_SHARE_CONNECTION, "encrypt request", NULL,
			    "the session is used up");
	write_transform(security, frame, session, head + payload_length);
	if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, frame + NONCE_OFFSET) != 1 ||
	    EVP_EncryptUpdate(context, NULL, &done, frame + NONCE_OFFSET, ASSOCIATED_SIZE) != 1 ||
	    EVP_EncryptUpdate(context, message, &done, message, (int)head) != 1 ||
	    (payload_length > 0 && EVP_EncryptUpdate(context, message + head, &done, payload,
						     (int)payload_length) != 1) ||
	    EVP_EncryptFinal_ex(context, message + head + payload_length, &done) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, frame + TAG_OFFSET) != 1)
		return fail(err, STATUS_FAILED, "encrypt request", NULL, "OpenSSL: AES-GCM failed");
	return STATUS_OK;
}

enum status smb_unseal(struct smb_security *security, unsigned char *frame, size_t length,
		       struct error *err)
{
	unsigned char *message = frame + SMB_TRANSFORM_SIZE;
	EVP_CIPHER_CTX *context = security->open;
	int done = 0;
	int last = 0;

	if (EVP_DecryptInit_ex(context, NULL, NULL, NULL, frame + NONCE_OFFSET) != 1 ||
	    EVP_DecryptUpdate(context, NULL, &done, frame + NONCE_OFFSET, ASSOCIATED_SIZE) != 1 ||
	    EVP_DecryptUpdate(context, message, &done, message,
			      (int)(length - SMB_TRANSFORM_SIZE)) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, frame + TAG_OFFSET) != 1 ||
	    EVP_DecryptFinal_ex(context, message + done, &last) != 1)
		return smb_refuse(err, "it was not encrypted with the session's key");
	return STATUS_OK;
}

/* The MAC of a message whose signature field is zero. For GMAC the nonce is the MessageId, who
 * sent it, and whether it is a CANCEL. */
static bool compute(struct smb_security *security, const unsigned char *message, size_t length,
		    unsigned char out[SMB_SIGNATURE_SIZE])
{
	unsigned char nonce[NONCE_SIZE];
	size_t size = 0;
	bool reply = (load_u32(message + 16) & SMB_FLAG_REPLY) != 0;
	bool cancel = load_u16(message + 12) == SMB_CANCEL;
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, nonce, sizeof(nonce)),
		OSSL_PARAM_construct_end(),
	};

	memcpy(nonce, message + 24, 8);
	store_u32(nonce + 8, (reply ? 1u : 0u) | (cancel ? 2u : 0u));
	return EVP_MAC_init(security->mac, security->signing_key, sizeof(security->signing_key),
			    security->signing == SMB_SIGNING_GMAC ? parameters : NULL) == 1 &&
	       EVP_MAC_update(security->mac, message, length) == 1 &&
	       EVP_MAC_final(security->mac, out, &size, SMB_SIGNATURE_SIZE) == 1 &&
	       size == SMB_SIGNATURE_SIZE;
}

enum status smb_sign(struct smb_security *security, unsigned char *message, size_t length,
		     struct error *err)
{
	unsigned char signature[SMB_SIGNATURE_SIZE];

	store_u32(message + 16, load_u32(message + 16) | SMB_FLAG_SIGNED);
	if (!compute(security, message, length, signature))
		return fail(err, STATUS_FAILED, "sign request", NULL, "OpenSSL: MAC failed");
	memcpy(message + SMB_SIGNATURE_OFFSET, signature, sizeof(signature));
	return STATUS_OK;
}

enum status smb_signature_verify(struct smb_security *security, unsigned char *message,
				 size_t length, struct error *err)
{
	unsigned char received[SMB_SIGNATURE_SIZE];
	unsigned char computed[SMB_SIGNATURE_SIZE];

	if ((load_u32(message + 16) & SMB_FLAG_SIGNED) == 0)
		return smb_refuse(err, "it is not signed");
	memcpy(received, message + SMB_SIGNATURE_OFFSET, sizeof(received));
	memset(message + SMB_SIGNATURE_OFFSET, 0, sizeof(received));
	if (!compute(security, message, length, computed))
		return fail(err, STATUS_FAILED, "check signature", NULL, "OpenSSL: MAC failed");
	if (CRYPTO_memcmp(received, computed, sizeof(received)) != 0)
		return smb_refuse(err, "its signature is wrong");
	return STATUS_OK;
}
