/* SPDX-License-Identifier: Apache-2.0 */
/* CMS key wrapping for certificates: RSA-OAEP with SHA-256, and ECDH with the SHA-256 KDF. */
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto_private.h"

static bool set_padding(EVP_PKEY_CTX *context)
{
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}

/* By issuer and serial number, which every certificate has; many have no subject key identifier. */
static enum status add_recipient(CMS_ContentInfo *cms, const struct certificate *recipient,
				 struct error *err)
{
	const unsigned char *at = recipient->der.data;
	AUTO_X509 certificate = d2i_X509(NULL, &at, (long)recipient->der.length);
	CMS_RecipientInfo *added = NULL;
	EVP_PKEY_CTX *context = NULL;
	bool ready = false;

	if (certificate != NULL)
		added = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
	if (added != NULL)
		context = CMS_RecipientInfo_get0_pkey_ctx(added);
	if (context != NULL)
		ready = recipient->is_rsa
				? set_padding(context)
				: EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) == 1;
	if (!ready)
		return crypto_fail(err, STATUS_FAILED, "wrap key",
				   "nothing can be encrypted for certificate %s",
				   recipient->thumbprint);
	return STATUS_OK;
}

enum status cms_wrap(const struct certificate *const *recipients, size_t count,
		     const struct secret *plain, struct buffer *out, struct error *err)
{
	AUTO_CMS cms = NULL;
	enum status status;

	if (count == 0)
		return fail(err, STATUS_INVALID, "wrap key", NULL, "there is no recipient");
	status = envelope_new(&cms, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = add_recipient(cms, recipients[i], err);
	if (status == STATUS_OK)
		status = envelope_seal(cms, plain, out, err);
	return status;
}

/* What became of one recipient of a message. */
enum attempt { ATTEMPT_OTHER, ATTEMPT_OPENED, ATTEMPT_FOREIGN_METHOD, ATTEMPT_FAILED };

static bool is_oaep_with_sha256(CMS_RecipientInfo *recipient)
{
	X509_ALGOR *method = NULL;
	RSA_OAEP_PARAMS *parameters = NULL;
	int type = V_ASN1_UNDEF;
	const void *value = NULL;
	const ASN1_OBJECT *name = NULL;
	const ASN1_OBJECT *digest = NULL;

	if (CMS_RecipientInfo_ktri_get0_algs(recipient, NULL, NULL, &method) != 1)
		return false;
	X509_ALGOR_get0(&name, &type, &value, method);
	if (OBJ_obj2nid(name) != NID_rsaesOaep || type != V_ASN1_SEQUENCE)
		return false;
	parameters = ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_OAEP_PARAMS));
	if (parameters != NULL && parameters->hashFunc != NULL)
		X509_ALGOR_get0(&digest, NULL, NULL, parameters->hashFunc);
	bool fits = digest != NULL && OBJ_obj2nid(digest) == NID_sha256;
	RSA_OAEP_PARAMS_free(parameters);
	return fits;
}

static enum attempt try_rsa(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient,
			    const struct private_key *key)
{
	bool opened;

	if (CMS_RecipientInfo_ktri_cert_cmp(recipient, key->certificate) != 0)
		return ATTEMPT_OTHER;
	if (!is_oaep_with_sha256(recipient))
		return ATTEMPT_FOREIGN_METHOD;
	if (EVP_PKEY_up_ref(key->key) != 1)
		return ATTEMPT_FAILED;
	if (CMS_RecipientInfo_set0_pkey(recipient, key->key) != 1) {
		EVP_PKEY_free(key->key);
		return ATTEMPT_FAILED;
	}
	opened = CMS_RecipientInfo_decrypt(cms, recipient) == 1;
	(void)CMS_RecipientInfo_set0_pkey(recipient, NULL);
	return opened ? ATTEMPT_OPENED : ATTEMPT_FAILED;
}

static bool is_ecdh_with_sha256(CMS_RecipientInfo *recipient)
{
	X509_ALGOR *method = NULL;
	const ASN1_OBJECT *name = NULL;

	if (CMS_RecipientInfo_kari_get0_alg(recipient, &method, NULL) != 1 || method == NULL)
		return false;
	X509_ALGOR_get0(&name, NULL, NULL, method);
	return OBJ_obj2nid(name) == NID_dhSinglePass_stdDH_sha256kdf_scheme;
}

static enum attempt try_ec(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient,
			   const struct private_key *key)
{
	STACK_OF(CMS_RecipientEncryptedKey) *wrapped = CMS_RecipientInfo_kari_get0_reks(recipient);
	enum attempt result = ATTEMPT_OTHER;

	for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(wrapped); i++) {
		CMS_RecipientEncryptedKey *one = sk_CMS_RecipientEncryptedKey_value(wrapped, i);

		if (CMS_RecipientEncryptedKey_cert_cmp(one, key->certificate) != 0)
			continue;
		if (!is_ecdh_with_sha256(recipient))
			return ATTEMPT_FOREIGN_METHOD;
		result = ATTEMPT_FAILED;
		if (CMS_RecipientInfo_kari_set0_pkey(recipient, key->key) == 1 &&
		    CMS_RecipientInfo_kari_decrypt(cms, recipient, one) == 1)
			result = ATTEMPT_OPENED;
		(void)CMS_RecipientInfo_kari_set0_pkey(recipient, NULL);
		if (result == ATTEMPT_OPENED)
			break;
	}
	return result;
}

/* CMS_decrypt() would hide that nothing fits behind a random key; each recipient is tried by
 * itself. More than one may bear the name of the certificate, so that the search goes on after a
 * failure. */
static enum attempt try_all(CMS_ContentInfo *cms, const struct private_key *key)
{
	STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);
	bool is_rsa = EVP_PKEY_is_a(key->key, "RSA") == 1;
	enum attempt best = ATTEMPT_OTHER;

	for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); i++) {
		CMS_RecipientInfo *one = sk_CMS_RecipientInfo_value(recipients, i);
		int type = CMS_RecipientInfo_type(one);
		enum attempt result = ATTEMPT_OTHER;

		if (is_rsa && type == CMS_RECIPINFO_TRANS)
			result = try_rsa(cms, one, key);
		else if (!is_rsa && type == CMS_RECIPINFO_AGREE)
			result = try_ec(cms, one, key);
		if (result == ATTEMPT_OPENED)
			return result;
		if (result > best)
			best = result;
	}
	return best;
}

static enum status open_recipient(CMS_ContentInfo *cms, const struct private_key *key,
				  struct error *err)
{
	/* Without arguments it only notes the flag: a content key of a wrong length is an error
	 * then, and no reason to go on with a random one. */
	if (CMS_decrypt(cms, NULL, NULL, NULL, NULL, CMS_DEBUG_DECRYPT) != 1)
		return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
				   "the CMS message has no content");
	switch (try_all(cms, key)) {
	case ATTEMPT_OPENED:
		ERR_clear_error();
		return STATUS_OK;
	case ATTEMPT_OTHER:
		ERR_clear_error();
		return fail(err, STATUS_AUTHENTICATION, "unwrap key", NULL,
			    "it was not encrypted for the private key of certificate %s",
			    key->thumbprint);
	case ATTEMPT_FOREIGN_METHOD:
		return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
				   "it was encrypted for certificate %s neither with RSA-OAEP nor "
				   "with ECDH and SHA-256, the only methods in use",
				   key->thumbprint);
	case ATTEMPT_FAILED:
		break;
	}
	return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
			   "the key that was encrypted for certificate %s is damaged",
			   key->thumbprint);
}

enum status cms_unwrap(const void *data, size_t length, const struct private_key *key,
		       struct secret *out, struct error *err)
{
	AUTO_CMS cms = NULL;
	enum status status = envelope_parse(data, length, &cms, err);

	if (status == STATUS_OK)
		status = open_recipient(cms, key, err);
	if (status == STATUS_OK)
		status = envelope_open(cms, out, err);
	ERR_clear_error();
	return status;
}
