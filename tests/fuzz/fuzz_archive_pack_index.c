/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a pack: what is accepted must hold together. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/archive.h"

struct input {
	const uint8_t *data;
	size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status read_input(void *context, uint64_t offset, void *data, size_t length,
			      struct error *err)
{
	const struct input *input = context;

	if (offset > input->size || length > input->size - offset)
		return fail(err, STATUS_SHARE_READ_WRITE, "read", NULL, "past the end");
	if (length > 0)
		memcpy(data, input->data + offset, length);
	return STATUS_OK;
}

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void check_index(const struct archive_pack_index *index)
{
	uint64_t offset = ARCHIVE_PACK_HEADER_SIZE;

	for (uint32_t i = 0; i < index->block_count; i++) {
		const struct archive_block_header *block = &index->blocks[i];
		uint32_t filled = 0;

		require(block->offset == offset);
		offset += block->stored_length;
		require(offset <= index->size);
		require(block->plain_length <= ARCHIVE_BLOCK_MAX);
		require(index->first_chunk[i] < index->first_chunk[i + 1]);
		for (uint32_t j = index->first_chunk[i]; j < index->first_chunk[i + 1]; j++) {
			require(index->chunks[j].offset == filled);
			filled += index->chunks[j].length;
		}
		require(filled == block->plain_length);
		require(archive_pack_index_block(index, block->block_number) == block);
	}
	require(index->first_chunk[index->block_count] == index->chunk_count);
}

/* Mutations rarely keep the counts of the trailer: the input is read as it is, and once with a
 * header and a trailer that fit it, so that the entries are reached. The first two bytes say how
 * many there are. */
static void read_as_entries(const uint8_t *data, size_t size)
{
	if (size < 4)
		return;
	uint32_t blocks = data[0];
	uint32_t chunks = data[1];
	size_t blocks_size = (size_t)data[2] * 257;
	size_t length = (size_t)blocks * 20 + (size_t)chunks * 36;
	size_t total = 64 + blocks_size + length + 64;
	unsigned char *pack = calloc(1, total);
	struct archive_pack_index *index = NULL;
	struct input input = { pack, total };

	if (pack == NULL)
		return;
	memcpy(pack, "IBPACK01", 8);
	memcpy(pack + 64 + blocks_size, data + 3, size - 3 < length ? size - 3 : length);
	unsigned char *trailer = pack + total - 64;
	store_u64(trailer, 64 + blocks_size);
	store_u32(trailer + 8, blocks);
	store_u32(trailer + 12, chunks);
	store_u64(trailer + 16, length);
	memcpy(trailer + 56, "IBPKEND1", 8);
	if (archive_pack_index_read(read_input, &input, total, &index, NULL) == STATUS_OK)
		check_index(index);
	archive_pack_index_free(index);
	free(pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct archive_pack_index *index = NULL;

	if (archive_pack_index_read(read_input, &input, size, &index, NULL) == STATUS_OK)
		check_index(index);
	archive_pack_index_free(index);
	read_as_entries(data, size);
	return 0;
}
