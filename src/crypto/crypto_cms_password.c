/* SPDX-License-Identifier: Apache-2.0 */
/* CMS key wrapping for a pre-shared key: PasswordRecipientInfo (RFC 3211, PBKDF2). */
#include <inttypes.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto_private.h"

#define PASSWORD_MAX ((size_t)4096)
#define ITERATIONS 600000
#define ITERATIONS_MAX                                                                             \
	INT64_C(5000000) /* seconds of work; a hostile share would ask for an hour                 \
			  */

/* The content bytes of id-PBKDF2, 1.2.840.113549.1.5.12. */
static const unsigned char pbkdf2_id[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c };

/* The password stays the caller's: every path takes it away again before the message is freed,
 * which would free it too. */
static enum status seal_for_password(CMS_ContentInfo *cms, const struct secret *password,
				     const struct secret *plain, struct buffer *out,
				     struct error *err)
{
	CMS_RecipientInfo *added = CMS_add0_recipient_password(
		cms, ITERATIONS, NID_undef, NID_undef, NULL, 0, EVP_aes_256_cbc());
	enum status status;

	if (added == NULL || CMS_RecipientInfo_set0_password(added, password->data,
							     (ossl_ssize_t)password->length) != 1)
		return crypto_fail(err, STATUS_FAILED, "wrap key",
				   "nothing can be encrypted for the pre-shared key");
	status = envelope_seal(cms, plain, out, err);
	(void)CMS_RecipientInfo_set0_password(added, NULL, 0);
	return status;
}

enum status cms_wrap_password(const struct secret *password, const struct secret *plain,
			      struct buffer *out, struct error *err)
{
	AUTO_CMS cms = NULL;
	enum status status;

	if (password->length == 0 || password->length > PASSWORD_MAX)
		return fail(err, STATUS_INVALID, "wrap key", NULL,
			    "the pre-shared key has %zu bytes, allowed are 1 to %zu",
			    password->length, PASSWORD_MAX);
	status = envelope_new(&cms, err);
	if (status == STATUS_OK)
		status = seal_for_password(cms, password, plain, out, err);
	return status;
}

/* Adds up what the parameters behind each id of PBKDF2 ask for; -1: they cannot be read. The
 * library shows them nowhere, but the bytes of an object identifier are the same in every encoding.
 */
static int64_t count_iterations(const unsigned char *data, size_t length)
{
	const unsigned char *end = data + length;
	const unsigned char *at = data;
	int64_t sum = 0;

	while ((at = memmem(at, (size_t)(end - at), pbkdf2_id, sizeof(pbkdf2_id))) != NULL) {
		PBKDF2PARAM *parameters;
		int64_t one = -1;

		at += sizeof(pbkdf2_id);
		const unsigned char *next = at;
		parameters = d2i_PBKDF2PARAM(NULL, &next, (long)(end - at));
		if (parameters == NULL || ASN1_INTEGER_get_int64(&one, parameters->iter) != 1)
			one = -1;
		PBKDF2PARAM_free(parameters);
		if (one < 1 || one > ITERATIONS_MAX)
			return one < 1 ? -1 : one;
		sum += one;
	}
	return sum;
}

static enum status check_iterations(const void *data, size_t length, struct error *err)
{
	int64_t iterations = count_iterations(data, length);

	ERR_clear_error();
	if (iterations < 0 || iterations > ITERATIONS_MAX)
		return fail(err, STATUS_INTEGRITY, "unwrap key", NULL,
			    "the pre-shared key would have to be hashed an unreadable number of "
			    "times or more than %" PRId64 " times",
			    ITERATIONS_MAX);
	return STATUS_OK;
}

static enum status open_with_password(CMS_ContentInfo *cms, const struct secret *password,
				      struct error *err)
{
	STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);
	bool found = false;

	for (int i = 0; i < sk_CMS_RecipientInfo_num(recipients); i++) {
		CMS_RecipientInfo *one = sk_CMS_RecipientInfo_value(recipients, i);
		bool opened;

		if (CMS_RecipientInfo_type(one) != CMS_RECIPINFO_PASS)
			continue;
		found = true;
		opened = CMS_RecipientInfo_set0_password(one, password->data,
							 (ossl_ssize_t)password->length) == 1 &&
			 CMS_RecipientInfo_decrypt(cms, one) == 1;
		(void)CMS_RecipientInfo_set0_password(one, NULL, 0);
		if (opened) {
			ERR_clear_error();
			return STATUS_OK;
		}
	}
	if (!found)
		return crypto_fail(err, STATUS_AUTHENTICATION, "unwrap key",
				   "it was not encrypted for a pre-shared key");
	return crypto_fail(err, STATUS_AUTHENTICATION, "unwrap key",
			   "the pre-shared key is wrong, or what it was to open is damaged");
}

enum status cms_unwrap_password(const void *data, size_t length, const struct secret *password,
				struct secret *out, struct error *err)
{
	AUTO_CMS cms = NULL;
	enum status status;

	if (password->length == 0 || password->length > PASSWORD_MAX)
		return fail(err, STATUS_AUTHENTICATION, "unwrap key", NULL,
			    "the pre-shared key has %zu bytes, allowed are 1 to %zu",
			    password->length, PASSWORD_MAX);
	status = envelope_parse(data, length, &cms, err);
	if (status == STATUS_OK)
		status = check_iterations(data, length, err);
	if (status == STATUS_OK)
		status = open_with_password(cms, password, err);
	if (status == STATUS_OK)
		status = envelope_open(cms, out, err);
	ERR_clear_error();
	return status;
}
