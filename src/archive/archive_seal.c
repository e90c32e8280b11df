/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing: compression, then AES-256-GCM bound to the place of the bytes. */
#include <stdlib.h>
#include <string.h>

#include "archive_seal.h"

static const char block_magic[] = "IBBLOCK1";

struct archive_sealer {
	struct aead *aead;
	struct archive_compressor *compressor;
	struct secret compressed; /* ARCHIVE_BLOCK_MAX bytes; secret, as plain bytes can be */
};

const char *archive_stored_fault(const struct archive_stored *stored)
{
	if (stored->plain_length == 0 || stored->plain_length > ARCHIVE_BLOCK_MAX)
		return "the plain length is not 1 byte to 1 MiB";
	if (stored->codec > ARCHIVE_CODEC_ZSTD)
		return "the codec is unknown";
	if (stored->stored_length <= GCM_TAG_SIZE)
		return "the stored length holds nothing but a tag";
	uint32_t compressed = stored->stored_length - GCM_TAG_SIZE;
	if (compressed > stored->plain_length)
		return "the compressed length is greater than the plain length";
	if (stored->codec == ARCHIVE_CODEC_NONE && compressed != stored->plain_length)
		return "nothing is compressed, but stored and plain length differ";
	return NULL;
}

void archive_block_bind(const struct archive_position *position,
			const struct archive_stored *stored, unsigned char nonce[GCM_NONCE_SIZE],
			unsigned char context[ARCHIVE_BLOCK_CONTEXT_SIZE])
{
	store_u32(nonce, position->pack_number);
	store_u32(nonce + 4, position->block_number);
	store_u32(nonce + 8, 0);

	memcpy(context, block_magic, 8);
	memcpy(context + 8, position->repository_id, GUID_SIZE);
	memcpy(context + 24, position->session_id, GUID_SIZE);
	store_u32(context + 40, position->pack_number);
	store_u32(context + 44, position->block_number);
	store_u32(context + 48, stored->plain_length);
	store_u32(context + 52, stored->stored_length - GCM_TAG_SIZE);
	context[56] = stored->codec;
}

enum status archive_sealer_new_for(const struct secret *session_key, const char *purpose,
				   enum archive_codec codec, int level, struct archive_sealer **out,
				   struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct archive_sealer *sealer = calloc(1, sizeof(*sealer));

	if (sealer == NULL)
		return fail_memory(err, "make sealer");
	enum status status = crypto_derive_key(session_key, purpose, &key, err);
	if (status == STATUS_OK)
		status = aead_new(&key, &sealer->aead, err);
	if (status == STATUS_OK)
		status = archive_compressor_new(codec, level, &sealer->compressor, err);
	if (status == STATUS_OK)
		status = secret_new(&sealer->compressed, ARCHIVE_BLOCK_MAX, err);
	if (status == STATUS_OK)
		*out = sealer;
	else
		archive_sealer_free(sealer);
	return status;
}

enum status archive_sealer_new(const struct secret *session_key, enum archive_codec codec,
			       int level, struct archive_sealer **out, struct error *err)
{
	return archive_sealer_new_for(session_key, ARCHIVE_BLOCK_PURPOSE, codec, level, out, err);
}

void archive_sealer_free(struct archive_sealer *sealer)
{
	if (sealer == NULL)
		return;
	aead_free(sealer->aead);
	archive_compressor_free(sealer->compressor);
	secret_free(&sealer->compressed);
	free(sealer);
}

enum status archive_sealer_compress(struct archive_sealer *sealer, const unsigned char *plain,
				    size_t length, const unsigned char **data,
				    struct archive_stored *stored, struct error *err)
{
	enum archive_codec codec = ARCHIVE_CODEC_NONE;
	size_t compressed = 0;
	enum status status = archive_compress(sealer->compressor, plain, length,
					      sealer->compressed.data, &compressed, &codec, err);

	if (status != STATUS_OK)
		return status;
	if (codec == ARCHIVE_CODEC_NONE)
		compressed = length;
	*data = codec == ARCHIVE_CODEC_NONE ? plain : sealer->compressed.data;
	*stored = (struct archive_stored) {
		.plain_length = (uint32_t)length,
		.stored_length = (uint32_t)compressed + GCM_TAG_SIZE,
		.codec = (uint8_t)codec,
	};
	return STATUS_OK;
}

enum status archive_sealer_encrypt(struct archive_sealer *sealer,
				   const unsigned char nonce[GCM_NONCE_SIZE], const void *context,
				   size_t context_length, const unsigned char *data,
				   const struct archive_stored *stored, unsigned char *out,
				   struct error *err)
{
	return aead_seal(sealer->aead, nonce, context, context_length, data,
			 stored->stored_length - GCM_TAG_SIZE, out, err);
}

enum status archive_block_seal(struct archive_sealer *sealer,
			       const struct archive_position *position,
			       const struct archive_block *block, struct buffer *sealed,
			       struct archive_block_header *header, struct error *err)
{
	unsigned char nonce[GCM_NONCE_SIZE];
	unsigned char context[ARCHIVE_BLOCK_CONTEXT_SIZE];
	const unsigned char *data = NULL;
	struct archive_stored stored;
	enum status status =
		archive_sealer_compress(sealer, block->plain, block->length, &data, &stored, err);

	if (status != STATUS_OK)
		return status;
	archive_block_bind(position, &stored, nonce, context);
	if (sealed->max == 0)
		sealed->max = ARCHIVE_SEALED_MAX;
	buffer_clear(sealed);
	status = buffer_reserve(sealed, stored.stored_length, err);
	if (status == STATUS_OK)
		status = archive_sealer_encrypt(sealer, nonce, context, sizeof(context), data,
						&stored, sealed->data, err);
	if (status != STATUS_OK)
		return status;
	sealed->length = stored.stored_length;
	*header = (struct archive_block_header) {
		.block_number = position->block_number,
		.stored_length = stored.stored_length,
		.plain_length = stored.plain_length,
		.codec = stored.codec,
	};
	return STATUS_OK;
}
