/* SPDX-License-Identifier: Apache-2.0 */
/* CMS EnvelopedData around a key: made, parsed, its content encrypted and decrypted. */
#include <limits.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "crypto_private.h"

/* Keys are wrapped, never bulk data. The maximum of the whole bounds how many recipients, each of
 * them milliseconds of work, a hostile share can make us try. */
#define PLAIN_MAX ((size_t)64 * 1024)
#define ENVELOPE_MAX ((size_t)256 * 1024)

enum status envelope_new(CMS_ContentInfo **out, struct error *err)
{
	CMS_ContentInfo *made;

	ERR_clear_error();
	made = CMS_EnvelopedData_create(EVP_aes_256_cbc());
	if (made == NULL || CMS_set_detached(made, 0) != 1) {
		CMS_ContentInfo_free(made);
		return crypto_fail(err, STATUS_FAILED, "wrap key", "no CMS message can be made");
	}
	*out = made;
	return STATUS_OK;
}

/* Writes the bytes straight into the cipher: CMS_final() would leave a copy of them in freed
 * memory. */
static bool encrypt_content(CMS_ContentInfo *cms, const struct secret *plain)
{
	AUTO_BIO cipher = CMS_dataInit(cms, NULL);

	return cipher != NULL &&
	       BIO_write(cipher, plain->data, (int)plain->length) == (int)plain->length &&
	       BIO_flush(cipher) == 1 && CMS_dataFinal(cms, cipher) == 1;
}

enum status envelope_seal(CMS_ContentInfo *cms, const struct secret *plain, struct buffer *out,
			  struct error *err)
{
	unsigned char *der = NULL;
	int length = 0;
	enum status status;

	if (plain->length == 0 || plain->length > PLAIN_MAX)
		return fail(err, STATUS_INVALID, "wrap key", NULL,
			    "%zu bytes, allowed are 1 to %zu", plain->length, PLAIN_MAX);
	if (encrypt_content(cms, plain))
		length = i2d_CMS_ContentInfo(cms, &der);
	if (length <= 0)
		return crypto_fail(err, STATUS_FAILED, "wrap key",
				   "the CMS message cannot be encrypted");
	status = crypto_replace(out, der, (size_t)length, err);
	OPENSSL_free(der);
	return status;
}

enum status envelope_parse(const void *data, size_t length, CMS_ContentInfo **out,
			   struct error *err)
{
	AUTO_CMS parsed = NULL;
	const unsigned char *at = data;

	ERR_clear_error();
	if (length > ENVELOPE_MAX)
		return fail(err, STATUS_INTEGRITY, "unwrap key", NULL,
			    "%zu bytes, a wrapped key has at most %zu", length, ENVELOPE_MAX);
	parsed = d2i_CMS_ContentInfo(NULL, &at, (long)length);
	if (parsed == NULL)
		return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
				   "these %zu bytes are no CMS message in DER", length);
	if (at != (const unsigned char *)data + length)
		return fail(err, STATUS_INTEGRITY, "unwrap key", NULL,
			    "there are further bytes behind the CMS message");
	if (OBJ_obj2nid(CMS_get0_type(parsed)) != NID_pkcs7_enveloped)
		return fail(err, STATUS_INTEGRITY, "unwrap key", NULL,
			    "the CMS message is no EnvelopedData");
	*out = TAKE(parsed);
	return STATUS_OK;
}

/* Reads all there is, at most @room->length bytes, and says how many. */
static bool decrypt_content(BIO *cipher, struct secret *room, size_t *used)
{
	int got;

	while (*used < room->length &&
	       (got = BIO_read(cipher, room->data + *used, (int)(room->length - *used))) > 0)
		*used += (size_t)got;
	return *used < room->length && BIO_get_cipher_status(cipher) == 1;
}

enum status envelope_open(CMS_ContentInfo *cms, struct secret *out, struct error *err)
{
	AUTO_SECRET room = SECRET_EMPTY;
	AUTO_SECRET made = SECRET_EMPTY;
	AUTO_BIO cipher = NULL;
	size_t used = 0;
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);
	enum status status;

	if (content == NULL || *content == NULL)
		return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
				   "the CMS message has no content");
	status = secret_new(&room, (size_t)ASN1_STRING_length(*content) + 1, err);
	if (status != STATUS_OK)
		return status;
	cipher = CMS_dataInit(cms, NULL);
	if (cipher == NULL || !decrypt_content(cipher, &room, &used))
		return crypto_fail(err, STATUS_INTEGRITY, "unwrap key",
				   "the content of the CMS message is damaged");
	status = secret_copy(&made, room.data, used, err);
	if (status == STATUS_OK)
		secret_move(out, &made);
	return status;
}
