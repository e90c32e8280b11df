/* SPDX-License-Identifier: Apache-2.0 */
/* Packs under construction: the running hash, the index, the trailer. */
#include <stdlib.h>
#include <string.h>

#include "archive_pack_format.h"
#include "infrabackup/archive/pack.h"

#define INDEX_MAX                                                                                  \
	((size_t)ARCHIVE_PACK_BLOCKS_MAX * PACK_BLOCK_ENTRY_SIZE +                                 \
	 (size_t)ARCHIVE_PACK_CHUNKS_MAX * PACK_CHUNK_ENTRY_SIZE)

struct archive_pack_writer {
	unsigned char header[ARCHIVE_PACK_HEADER_SIZE];
	struct hash *hash;
	struct buffer index;
	uint64_t data_end; /* where the next block goes */
	uint64_t size;
	uint32_t block_count;
	uint32_t chunk_count;
	bool is_ended;
};

enum status archive_pack_writer_new(const unsigned char repository_id[GUID_SIZE],
				    const unsigned char session_id[GUID_SIZE], uint32_t pack_number,
				    struct archive_pack_writer **out, struct error *err)
{
	struct archive_pack_writer *pack = calloc(1, sizeof(*pack));

	if (pack == NULL)
		return fail_memory(err, "make pack");
	buffer_init(&pack->index, INDEX_MAX);
	pack->hash = hash_new();
	if (pack->hash == NULL) {
		archive_pack_writer_free(pack);
		return fail_memory(err, "make pack");
	}
	memcpy(pack->header, PACK_HEADER_MAGIC, PACK_MAGIC_SIZE);
	memcpy(pack->header + PACK_HEADER_REPOSITORY, repository_id, GUID_SIZE);
	memcpy(pack->header + PACK_HEADER_SESSION, session_id, GUID_SIZE);
	store_u32(pack->header + PACK_HEADER_NUMBER, pack_number);
	hash_update(pack->hash, pack->header, sizeof(pack->header));
	pack->data_end = pack->size = sizeof(pack->header);
	*out = pack;
	return STATUS_OK;
}

void archive_pack_writer_free(struct archive_pack_writer *pack)
{
	if (pack == NULL)
		return;
	hash_free(pack->hash);
	buffer_done(&pack->index);
	free(pack);
}

void archive_pack_writer_header(struct archive_pack_writer *pack,
				unsigned char header[ARCHIVE_PACK_HEADER_SIZE])
{
	memcpy(header, pack->header, ARCHIVE_PACK_HEADER_SIZE);
}

static size_t entry_size(const struct archive_block *block)
{
	return PACK_BLOCK_ENTRY_SIZE + (size_t)block->chunk_count * PACK_CHUNK_ENTRY_SIZE;
}

static enum status check_room(const struct archive_pack_writer *pack,
			      const struct archive_block *block, size_t sealed_length,
			      struct error *err)
{
	uint64_t size = pack->data_end + sealed_length + pack->index.length + entry_size(block) +
			ARCHIVE_PACK_TRAILER_SIZE;

	if (pack->is_ended)
		return fail(err, STATUS_CONFLICT, "add block to pack", NULL,
			    "the pack has been ended");
	if (pack->block_count >= ARCHIVE_PACK_BLOCKS_MAX ||
	    block->chunk_count > ARCHIVE_PACK_CHUNKS_MAX - pack->chunk_count ||
	    size > ARCHIVE_PACK_MAX)
		return fail(err, STATUS_TOO_LARGE, "add block to pack", NULL,
			    "the pack is full: it has %u blocks, %u chunks and %llu bytes",
			    pack->block_count, pack->chunk_count, (unsigned long long)pack->size);
	return STATUS_OK;
}

static enum status check_block(const struct archive_block_header *header,
			       const struct archive_block *block, const struct buffer *sealed,
			       struct error *err)
{
	if (block->chunk_count == 0 || header->plain_length != block->length ||
	    header->stored_length != sealed->length)
		return fail(err, STATUS_INVALID, "add block to pack", NULL,
			    "the header of block %u does not belong to its bytes",
			    header->block_number);
	return STATUS_OK;
}

/* The memory has been reserved: written here without a way to fail half way. */
static void append_entry(struct buffer *index, const struct archive_block_header *header,
			 const struct archive_block *block)
{
	unsigned char *at = index->data + index->length;

	store_u32(at, header->block_number);
	store_u32(at + 4, header->stored_length);
	store_u32(at + 8, header->plain_length);
	at[12] = header->codec;
	memset(at + 13, 0, 3);
	store_u32(at + 16, block->chunk_count);
	at += PACK_BLOCK_ENTRY_SIZE;
	for (uint32_t i = 0; i < block->chunk_count; i++, at += PACK_CHUNK_ENTRY_SIZE) {
		memcpy(at, block->chunks[i].id, SHA256_SIZE);
		store_u32(at + SHA256_SIZE, block->chunks[i].length);
	}
	index->length += entry_size(block);
}

enum status archive_pack_writer_add(struct archive_pack_writer *pack,
				    struct archive_block_header *header,
				    const struct archive_block *block, const struct buffer *sealed,
				    struct error *err)
{
	enum status status = check_block(header, block, sealed, err);

	if (status == STATUS_OK)
		status = check_room(pack, block, sealed->length, err);
	if (status == STATUS_OK)
		status = buffer_reserve(&pack->index, entry_size(block), err);
	if (status != STATUS_OK)
		return status;
	append_entry(&pack->index, header, block);
	hash_update(pack->hash, sealed->data, sealed->length);
	header->offset = pack->data_end;
	pack->data_end += sealed->length;
	pack->size = pack->data_end;
	pack->block_count++;
	pack->chunk_count += block->chunk_count;
	return STATUS_OK;
}

uint64_t archive_pack_writer_size(const struct archive_pack_writer *pack)
{
	return pack->size;
}

uint32_t archive_pack_writer_chunk_count(const struct archive_pack_writer *pack)
{
	return pack->chunk_count;
}

static enum status pack_mac(const struct secret *dedup_secret,
			    const unsigned char digest_before_mac[SHA256_SIZE],
			    unsigned char mac[SHA256_SIZE], struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct keyed_hash *keyed = NULL;
	enum status status = crypto_derive_key(dedup_secret, PACK_MAC_PURPOSE, &key, err);

	if (status == STATUS_OK)
		status = keyed_hash_new(&key, &keyed, err);
	if (status != STATUS_OK)
		return status;
	keyed_hash_digest(keyed, digest_before_mac, SHA256_SIZE, mac);
	keyed_hash_free(keyed);
	return STATUS_OK;
}

static void fill_trailer(const struct archive_pack_writer *pack,
			 unsigned char trailer[ARCHIVE_PACK_TRAILER_SIZE])
{
	store_u64(trailer, pack->data_end);
	store_u32(trailer + PACK_TRAILER_BLOCKS, pack->block_count);
	store_u32(trailer + PACK_TRAILER_CHUNKS, pack->chunk_count);
	store_u64(trailer + PACK_TRAILER_INDEX_LENGTH, pack->index.length);
	memcpy(trailer + PACK_TRAILER_END, PACK_TRAILER_MAGIC, PACK_MAGIC_SIZE);
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* The same number twice is the same nonce twice: such a pack must not reach the share. */
static enum status check_numbers(const struct archive_pack_writer *pack, struct error *err)
{
	AUTO_FREE uint32_t *numbers = calloc((size_t)pack->block_count + 1, sizeof(*numbers));
	const unsigned char *at = pack->index.data;

	if (numbers == NULL)
		return fail_memory(err, "end pack");
	for (uint32_t i = 0; i < pack->block_count; i++) {
		numbers[i] = load_u32(at);
		at += PACK_BLOCK_ENTRY_SIZE + (size_t)load_u32(at + 16) * PACK_CHUNK_ENTRY_SIZE;
	}
	qsort(numbers, pack->block_count, sizeof(*numbers), compare_numbers);
	for (uint32_t i = 1; i < pack->block_count; i++) {
		if (numbers[i - 1] == numbers[i])
			return fail(err, STATUS_CONFLICT, "end pack", NULL,
				    "block number %u was used twice", numbers[i]);
	}
	return STATUS_OK;
}

enum status archive_pack_writer_end(struct archive_pack_writer *pack,
				    const struct secret *dedup_secret, struct buffer *out,
				    unsigned char digest[SHA256_SIZE], struct error *err)
{
	unsigned char trailer[ARCHIVE_PACK_TRAILER_SIZE];
	unsigned char before_mac[SHA256_SIZE];

	if (pack->is_ended)
		return fail(err, STATUS_CONFLICT, "end pack", NULL, "the pack has been ended");
	if (out->max == 0)
		out->max = INDEX_MAX + sizeof(trailer);
	buffer_clear(out);
	enum status status = check_numbers(pack, err);
	if (status == STATUS_OK)
		status = buffer_reserve(out, pack->index.length + sizeof(trailer), err);
	if (status != STATUS_OK)
		return status;
	pack->is_ended = true;
	fill_trailer(pack, trailer);
	hash_update(pack->hash, pack->index.data, pack->index.length);
	hash_update(pack->hash, trailer, PACK_TRAILER_MAC);
	hash_peek(pack->hash, before_mac);
	status = pack_mac(dedup_secret, before_mac, trailer + PACK_TRAILER_MAC, err);
	if (status == STATUS_OK)
		status = buffer_append(out, pack->index.data, pack->index.length, err);
	if (status == STATUS_OK)
		status = buffer_append(out, trailer, sizeof(trailer), err);
	if (status != STATUS_OK)
		return status;
	hash_update(pack->hash, trailer + PACK_TRAILER_MAC, sizeof(trailer) - PACK_TRAILER_MAC);
	hash_peek(pack->hash, digest);
	pack->size = pack->data_end + out->length;
	return STATUS_OK;
}

enum status archive_pack_check_mac(const struct secret *dedup_secret,
				   const unsigned char digest_before_mac[SHA256_SIZE],
				   const unsigned char mac[SHA256_SIZE], struct error *err)
{
	unsigned char expected[SHA256_SIZE];
	unsigned char found[SHA256_SIZE];
	const struct secret left = { expected, sizeof(expected) };
	const struct secret right = { found, sizeof(found) };
	enum status status = pack_mac(dedup_secret, digest_before_mac, expected, err);

	memcpy(found, mac, sizeof(found));
	if (status == STATUS_OK && !secret_equal(&left, &right))
		status = fail(
			err, STATUS_INTEGRITY, "check pack", NULL,
			"the MAC is not of this service: the pack is damaged or from elsewhere");
	return status;
}
