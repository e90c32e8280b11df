/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-shared key of api-version 2016-05-01. It is turned into a certificate of its own, so that
 * all that is encrypted is encrypted in one way; what the key itself opens is that certificate's
 * private key. */
#include <string.h>

#include "crypto_private.h"

#define STEP "open pre-shared key"
#define KEY_BYTES_MIN 32
#define KEY_BYTES_MAX 1024
#define TEXT_MAX 4096 /* the base64 of such a key, with white space */
#define NAME "infrabackup pre-shared key"
#define VALID_DAYS 36500

static void wipe(struct buffer *buffer)
{
	if (buffer->data != NULL)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_done(buffer);
}

static enum status encode(const struct buffer *bytes, struct secret *out, struct error *err)
{
	struct buffer text;

	buffer_init(&text, TEXT_MAX);
	enum status status = base64_encode(bytes->data, bytes->length, &text, err);

	if (status == STATUS_OK)
		status = secret_copy(out, text.data, text.length, err);
	wipe(&text);
	return status;
}

enum status psk_parse(const char *text, const char *field, struct secret *out, struct error *err)
{
	struct buffer bytes;
	enum status status = STATUS_OK;

	buffer_init(&bytes, TEXT_MAX);
	if (strlen(text) > TEXT_MAX || base64_decode(text, &bytes, NULL) != STATUS_OK)
		status = fail_field(err, field,
				    "found text that is not base64; allowed is the base64 of %d to "
				    "%d random bytes",
				    KEY_BYTES_MIN, KEY_BYTES_MAX);
	else if (bytes.length < KEY_BYTES_MIN || bytes.length > KEY_BYTES_MAX)
		status = fail_field(err, field,
				    "found a key of %zu bytes; allowed is the base64 of %d to %d "
				    "random bytes",
				    bytes.length, KEY_BYTES_MIN, KEY_BYTES_MAX);
	else
		status = encode(&bytes, out, err);
	wipe(&bytes);
	return status;
}

enum status psk_certificate_generate(const struct secret *key, struct buffer *out_certificate,
				     struct buffer *out_wrapped, struct error *err)
{
	struct buffer pfx;
	AUTO_SECRET plain = SECRET_EMPTY;

	memset(&pfx, 0, sizeof(pfx));
	enum status status =
		certificate_generate(NAME, false, VALID_DAYS, key, out_certificate, &pfx, err);

	if (status == STATUS_OK)
		status = secret_copy(&plain, pfx.data, pfx.length, err);
	if (status == STATUS_OK)
		status = cms_wrap_password(key, &plain, out_wrapped, err);
	wipe(&pfx);
	return status;
}

enum status private_key_from_psk(const void *wrapped, size_t length, const struct secret *key,
				 struct private_key **out, struct error *err)
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	enum status status = cms_unwrap_password(wrapped, length, key, &pfx, err);

	if (status == STATUS_OK)
		status = private_key_from_pfx(pfx.data, pfx.length, key, out, err);
	if (status == STATUS_INVALID)
		status = fail(err, STATUS_INTEGRITY, STEP, NULL,
			      "what the pre-shared key opens holds no private key");
	return status;
}
