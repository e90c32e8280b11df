/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a pack's clear index: foreign bytes, each number checked before it is used. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive_pack_format.h"
#include "archive_seal.h"
#include "infrabackup/archive/pack.h"

struct trailer {
	uint64_t index_offset;
	uint64_t index_length;
	uint32_t block_count;
	uint32_t chunk_count;
};

static enum status fail_pack(struct error *err, const char *what)
{
	return fail(err, STATUS_INTEGRITY, "read pack index", NULL, "%s", what);
}

static bool is_zero(const unsigned char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (data[i] != 0)
			return false;
	}
	return true;
}

static enum status parse_header(const unsigned char header[ARCHIVE_PACK_HEADER_SIZE],
				struct archive_pack_index *index, struct error *err)
{
	if (memcmp(header, PACK_HEADER_MAGIC, PACK_MAGIC_SIZE) != 0)
		return fail_pack(err, "the file does not begin as a pack of version 1");
	if (!is_zero(header + PACK_HEADER_ZEROS, ARCHIVE_PACK_HEADER_SIZE - PACK_HEADER_ZEROS))
		return fail_pack(err, "the header's last bytes are not zero");
	memcpy(index->repository_id, header + PACK_HEADER_REPOSITORY, GUID_SIZE);
	memcpy(index->session_id, header + PACK_HEADER_SESSION, GUID_SIZE);
	index->pack_number = load_u32(header + PACK_HEADER_NUMBER);
	return STATUS_OK;
}

/* After this, the index lies inside the file and is as long as its counts say, a few MiB at most.
 */
static enum status parse_trailer(const unsigned char bytes[ARCHIVE_PACK_TRAILER_SIZE],
				 uint64_t size, struct trailer *trailer, struct error *err)
{
	uint64_t index_end = size - ARCHIVE_PACK_TRAILER_SIZE;

	if (memcmp(bytes + PACK_TRAILER_END, PACK_TRAILER_MAGIC, PACK_MAGIC_SIZE) != 0)
		return fail_pack(err, "the file does not end as a pack of version 1");
	trailer->index_offset = load_u64(bytes);
	trailer->block_count = load_u32(bytes + PACK_TRAILER_BLOCKS);
	trailer->chunk_count = load_u32(bytes + PACK_TRAILER_CHUNKS);
	trailer->index_length = load_u64(bytes + PACK_TRAILER_INDEX_LENGTH);
	if (trailer->block_count > ARCHIVE_PACK_BLOCKS_MAX ||
	    trailer->chunk_count > ARCHIVE_PACK_CHUNKS_MAX)
		return fail_pack(err, "it counts more blocks or chunks than a pack may have");
	if (trailer->index_offset < ARCHIVE_PACK_HEADER_SIZE || trailer->index_offset > index_end ||
	    trailer->index_length != index_end - trailer->index_offset)
		return fail_pack(err, "the index is not between the blocks and the trailer");
	if (trailer->index_length != (uint64_t)trailer->block_count * PACK_BLOCK_ENTRY_SIZE +
					     (uint64_t)trailer->chunk_count * PACK_CHUNK_ENTRY_SIZE)
		return fail_pack(err, "the index has another length than its counts");
	return STATUS_OK;
}

static enum status allocate(struct archive_pack_index *index, const struct trailer *trailer,
			    struct error *err)
{
	/* One more each, so that no array is empty. */
	size_t blocks = (size_t)trailer->block_count + 1;

	index->blocks = calloc(blocks, sizeof(*index->blocks));
	index->by_number = calloc(blocks, sizeof(*index->by_number));
	index->first_chunk = calloc(blocks, sizeof(*index->first_chunk));
	index->chunks = calloc((size_t)trailer->chunk_count + 1, sizeof(*index->chunks));
	if (index->blocks == NULL || index->by_number == NULL || index->first_chunk == NULL ||
	    index->chunks == NULL)
		return fail_memory(err, "read pack index");
	return STATUS_OK;
}

/* @count chunks that fill @plain_length bytes exactly; there is room for them. */
static enum status parse_chunks(struct byte_reader *reader, struct archive_pack_index *index,
				uint32_t count, uint32_t plain_length, struct error *err)
{
	uint32_t offset = 0;

	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *id = byte_reader_bytes(reader, SHA256_SIZE);
		uint32_t length = byte_reader_u32(reader);
		struct archive_chunk *chunk = &index->chunks[index->chunk_count];

		if (reader->failed)
			return fail_pack(err, "the index ends inside a chunk");
		if (length == 0 || length > ARCHIVE_CHUNK_MAX || length > plain_length - offset)
			return fail_pack(err, "a chunk is empty, too long or not inside its block");
		memcpy(chunk->id, id, SHA256_SIZE);
		chunk->offset = offset;
		chunk->length = length;
		offset += length;
		index->chunk_count++;
	}
	if (offset != plain_length)
		return fail_pack(err, "the chunks of a block do not fill it");
	return STATUS_OK;
}

/* One entry; *@offset moves over its sealed bytes. */
static enum status parse_block(struct byte_reader *reader, struct archive_pack_index *index,
			       const struct trailer *trailer, uint64_t *offset, struct error *err)
{
	struct archive_block_header *block = &index->blocks[index->block_count];
	struct archive_stored stored;

	block->block_number = byte_reader_u32(reader);
	stored.stored_length = block->stored_length = byte_reader_u32(reader);
	stored.plain_length = block->plain_length = byte_reader_u32(reader);
	stored.codec = block->codec = byte_reader_u8(reader);
	const unsigned char *zeros = byte_reader_bytes(reader, 3);
	uint32_t count = byte_reader_u32(reader);

	if (reader->failed)
		return fail_pack(err, "the index ends inside a block");
	const char *fault = archive_stored_fault(&stored);
	if (fault != NULL)
		return fail_pack(err, fault);
	if (!is_zero(zeros, 3))
		return fail_pack(err, "a block's reserved bytes are not zero");
	if (block->stored_length > trailer->index_offset - *offset)
		return fail_pack(err, "the blocks reach into the index");
	if (count == 0 || count > ARCHIVE_BLOCK_CHUNKS_MAX ||
	    count > trailer->chunk_count - index->chunk_count)
		return fail_pack(err, "a block has no chunks, or more than are counted");
	block->offset = *offset;
	*offset += block->stored_length;
	index->by_number[index->block_count] = index->block_count;
	index->first_chunk[index->block_count++] = index->chunk_count;
	return parse_chunks(reader, index, count, block->plain_length, err);
}

static int compare_blocks(const void *left, const void *right, void *context)
{
	const struct archive_block_header *blocks = context;
	uint32_t a = blocks[*(const uint32_t *)left].block_number;
	uint32_t b = blocks[*(const uint32_t *)right].block_number;

	return (a > b) - (a < b);
}

static enum status sort_blocks(struct archive_pack_index *index, struct error *err)
{
	qsort_r(index->by_number, index->block_count, sizeof(*index->by_number), compare_blocks,
		index->blocks);
	for (uint32_t i = 1; i < index->block_count; i++) {
		if (index->blocks[index->by_number[i - 1]].block_number ==
		    index->blocks[index->by_number[i]].block_number)
			return fail_pack(err, "two blocks have the same number");
	}
	return STATUS_OK;
}

static enum status parse_index(const unsigned char *data, const struct trailer *trailer,
			       struct archive_pack_index *index, struct error *err)
{
	struct byte_reader reader;
	uint64_t offset = ARCHIVE_PACK_HEADER_SIZE;
	enum status status = allocate(index, trailer, err);

	byte_reader_init(&reader, data, (size_t)trailer->index_length);
	while (status == STATUS_OK && index->block_count < trailer->block_count)
		status = parse_block(&reader, index, trailer, &offset, err);
	if (status != STATUS_OK)
		return status;
	index->first_chunk[index->block_count] = index->chunk_count;
	if (index->chunk_count != trailer->chunk_count || byte_reader_left(&reader) != 0)
		return fail_pack(err, "there are fewer chunks than are counted");
	if (offset != trailer->index_offset)
		return fail_pack(err, "there is a gap between the blocks and the index");
	return sort_blocks(index, err);
}

static enum status read_parts(archive_pack_read read, void *context,
			      struct archive_pack_index *index, struct error *err)
{
	unsigned char header[ARCHIVE_PACK_HEADER_SIZE];
	unsigned char bytes[ARCHIVE_PACK_TRAILER_SIZE];
	struct trailer trailer = { 0 };
	enum status status = read(context, 0, header, sizeof(header), err);

	if (status == STATUS_OK)
		status = parse_header(header, index, err);
	if (status == STATUS_OK)
		status = read(context, index->size - sizeof(bytes), bytes, sizeof(bytes), err);
	if (status == STATUS_OK)
		status = parse_trailer(bytes, index->size, &trailer, err);
	if (status != STATUS_OK)
		return status;

	AUTO_FREE unsigned char *data = malloc((size_t)trailer.index_length + 1);
	if (data == NULL)
		return fail_memory(err, "read pack index");
	status = read(context, trailer.index_offset, data, (size_t)trailer.index_length, err);
	return status != STATUS_OK ? status : parse_index(data, &trailer, index, err);
}

enum status archive_pack_index_read(archive_pack_read read, void *context, uint64_t size,
				    struct archive_pack_index **out, struct error *err)
{
	if (size < ARCHIVE_PACK_HEADER_SIZE + ARCHIVE_PACK_TRAILER_SIZE || size > ARCHIVE_PACK_MAX)
		return fail(err, STATUS_INTEGRITY, "read pack index", NULL,
			    "the file has %" PRIu64 " bytes, a pack has %u to %u", size,
			    ARCHIVE_PACK_HEADER_SIZE + ARCHIVE_PACK_TRAILER_SIZE, ARCHIVE_PACK_MAX);

	struct archive_pack_index *index = calloc(1, sizeof(*index));
	if (index == NULL)
		return fail_memory(err, "read pack index");
	index->size = size;
	enum status status = read_parts(read, context, index, err);
	if (status == STATUS_OK)
		*out = index;
	else
		archive_pack_index_free(index);
	return status;
}

void archive_pack_index_free(struct archive_pack_index *index)
{
	if (index == NULL)
		return;
	free(index->blocks);
	free(index->by_number);
	free(index->first_chunk);
	free(index->chunks);
	free(index);
}

const struct archive_block_header *archive_pack_index_block(const struct archive_pack_index *index,
							    uint32_t block_number)
{
	uint32_t from = 0;
	uint32_t to = index->block_count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		const struct archive_block_header *block = &index->blocks[index->by_number[middle]];

		if (block->block_number == block_number)
			return block;
		if (block->block_number < block_number)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}
