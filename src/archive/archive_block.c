/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks under construction: chunks laid end to end. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/archive/block.h"

struct archive_block *archive_block_new(void)
{
	struct archive_block *block = calloc(1, sizeof(*block));

	if (block == NULL)
		return NULL;
	block->plain = malloc(ARCHIVE_BLOCK_MAX);
	block->chunks = calloc(ARCHIVE_BLOCK_CHUNKS_MAX, sizeof(*block->chunks));
	if (block->plain == NULL || block->chunks == NULL) {
		archive_block_free(block);
		return NULL;
	}
	return block;
}

void archive_block_free(struct archive_block *block)
{
	if (block == NULL)
		return;
	free(block->plain);
	free(block->chunks);
	free(block);
}

void archive_block_clear(struct archive_block *block)
{
	block->length = 0;
	block->chunk_count = 0;
}

bool archive_block_has_room(const struct archive_block *block, size_t length)
{
	return length <= ARCHIVE_BLOCK_MAX - block->length &&
	       block->chunk_count < ARCHIVE_BLOCK_CHUNKS_MAX;
}

uint32_t archive_block_append(struct archive_block *block, const unsigned char id[SHA256_SIZE],
			      const void *data, size_t length)
{
	uint32_t offset = (uint32_t)block->length;
	struct archive_chunk *chunk = &block->chunks[block->chunk_count];

	assert(length > 0 && length <= ARCHIVE_CHUNK_MAX && archive_block_has_room(block, length));
	memcpy(chunk->id, id, SHA256_SIZE);
	chunk->offset = offset;
	chunk->length = (uint32_t)length;
	memcpy(block->plain + offset, data, length);
	block->length += length;
	block->chunk_count++;
	return offset;
}
