/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what was sealed: the tag first, then the decompressor. */
#include <stdlib.h>
#include <string.h>

#include "archive_seal.h"

struct archive_opener {
	struct aead *aead;
	struct archive_decompressor *decompressor;
	struct secret compressed; /* as large as was needed; secret, as plain bytes can be */
};

#define ROOM_STEP ((size_t)64 << 10)

enum status archive_room(struct secret *buffer, size_t length, struct error *err)
{
	struct secret larger = SECRET_EMPTY;

	if (buffer->length >= length)
		return STATUS_OK;
	enum status status =
		secret_new(&larger, (length + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP, err);
	if (status == STATUS_OK)
		secret_move(buffer, &larger);
	return status;
}

enum status archive_opener_new_for(const struct secret *session_key, const char *purpose,
				   struct archive_opener **out, struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct archive_opener *opener = calloc(1, sizeof(*opener));

	if (opener == NULL)
		return fail_memory(err, "make opener");
	enum status status = crypto_derive_key(session_key, purpose, &key, err);
	if (status == STATUS_OK)
		status = aead_new(&key, &opener->aead, err);
	if (status == STATUS_OK)
		status = archive_decompressor_new(&opener->decompressor, err);
	if (status == STATUS_OK)
		*out = opener;
	else
		archive_opener_free(opener);
	return status;
}

enum status archive_opener_new(const struct secret *session_key, struct archive_opener **out,
			       struct error *err)
{
	return archive_opener_new_for(session_key, ARCHIVE_BLOCK_PURPOSE, out, err);
}

void archive_opener_free(struct archive_opener *opener)
{
	if (opener == NULL)
		return;
	aead_free(opener->aead);
	archive_decompressor_free(opener->decompressor);
	secret_free(&opener->compressed);
	free(opener);
}

enum status archive_opener_run(struct archive_opener *opener,
			       const unsigned char nonce[GCM_NONCE_SIZE], const void *context,
			       size_t context_length, const struct archive_stored *stored,
			       const void *sealed, unsigned char *plain, struct error *err)
{
	bool is_plain = stored->codec == ARCHIVE_CODEC_NONE;
	const char *fault = archive_stored_fault(stored);

	if (fault != NULL)
		return fail(err, STATUS_INTEGRITY, "decrypt", NULL, "%s", fault);
	/* Lengths have been checked: this is a block at most. */
	enum status status =
		is_plain ? STATUS_OK
			 : archive_room(&opener->compressed, stored->stored_length, err);
	if (status == STATUS_OK)
		status = aead_open(opener->aead, nonce, context, context_length, sealed,
				   stored->stored_length,
				   is_plain ? plain : opener->compressed.data, err);
	if (status != STATUS_OK || is_plain)
		return status;
	return archive_decompress(opener->decompressor, stored->codec, opener->compressed.data,
				  stored->stored_length - GCM_TAG_SIZE, plain, stored->plain_length,
				  err);
}

enum status archive_block_open(struct archive_opener *opener,
			       const struct archive_position *position,
			       const struct archive_block_header *header, const void *sealed,
			       unsigned char *plain, struct error *err)
{
	unsigned char nonce[GCM_NONCE_SIZE];
	unsigned char context[ARCHIVE_BLOCK_CONTEXT_SIZE];
	const struct archive_stored stored = {
		.plain_length = header->plain_length,
		.stored_length = header->stored_length,
		.codec = header->codec,
	};

	archive_block_bind(position, &stored, nonce, context);
	enum status status = archive_opener_run(opener, nonce, context, sizeof(context), &stored,
						sealed, plain, err);
	if (status != STATUS_OK)
		error_add_context(err, "block %u of pack %u", position->block_number,
				  position->pack_number);
	return status;
}
