/* SPDX-License-Identifier: Apache-2.0 */
/* What blocks and manifest segments have in common: compress then encrypt, decrypt then decompress.
 */
#ifndef ARCHIVE_SEAL_H
#define ARCHIVE_SEAL_H

#include "archive_codec.h"

#define ARCHIVE_BLOCK_PURPOSE "infrabackup-1 block"
#define ARCHIVE_MANIFEST_PURPOSE "infrabackup-1 manifest"
#define ARCHIVE_BLOCK_CONTEXT_SIZE 57
#define ARCHIVE_SEALED_MAX (ARCHIVE_BLOCK_MAX + GCM_TAG_SIZE)

/* How the plain bytes were stored. */
struct archive_stored {
	uint32_t plain_length;
	uint32_t stored_length; /* tag included */
	uint8_t codec;
};

/* Makes @buffer at least @length bytes long; its content is lost when it grows. */
MUST_CHECK enum status archive_room(struct secret *buffer, size_t length, struct error *err);

/* NULL when they agree with each other and the limits, else what is wrong with them. */
const char *archive_stored_fault(const struct archive_stored *stored);

MUST_CHECK enum status archive_sealer_new_for(const struct secret *session_key, const char *purpose,
					      enum archive_codec codec, int level,
					      struct archive_sealer **out, struct error *err);
/* First step: @length bytes compressed, or left alone; @stored says how. *@data is borrowed from
 * @plain or @sealer. */
MUST_CHECK enum status archive_sealer_compress(struct archive_sealer *sealer,
					       const unsigned char *plain, size_t length,
					       const unsigned char **data,
					       struct archive_stored *stored, struct error *err);
/* Second step: @out gets stored->stored_length bytes. */
MUST_CHECK enum status
archive_sealer_encrypt(struct archive_sealer *sealer, const unsigned char nonce[GCM_NONCE_SIZE],
		       const void *context, size_t context_length, const unsigned char *data,
		       const struct archive_stored *stored, unsigned char *out, struct error *err);

MUST_CHECK enum status archive_opener_new_for(const struct secret *session_key, const char *purpose,
					      struct archive_opener **out, struct error *err);
/* Checks @stored, decrypts and decompresses into @plain, which has room for stored->plain_length
 * bytes. */
MUST_CHECK enum status archive_opener_run(struct archive_opener *opener,
					  const unsigned char nonce[GCM_NONCE_SIZE],
					  const void *context, size_t context_length,
					  const struct archive_stored *stored, const void *sealed,
					  unsigned char *plain, struct error *err);

/* Nonce and context of a block. */
void archive_block_bind(const struct archive_position *position,
			const struct archive_stored *stored, unsigned char nonce[GCM_NONCE_SIZE],
			unsigned char context[ARCHIVE_BLOCK_CONTEXT_SIZE]);

#endif
