/* SPDX-License-Identifier: Apache-2.0 */
/* Packs: a header, sealed blocks, a clear index, a trailer (api/FORMAT.md section 6). */
#ifndef INFRABACKUP_ARCHIVE_PACK_H
#define INFRABACKUP_ARCHIVE_PACK_H

#include "infrabackup/archive/block.h"

#define ARCHIVE_PACK_HEADER_SIZE 64
#define ARCHIVE_PACK_TRAILER_SIZE 64
#define ARCHIVE_PACK_TARGET (16u << 20) /* a pack takes no new blocks from here on */
#define ARCHIVE_PACK_MAX (32u << 20)    /* and is never larger */
#define ARCHIVE_PACK_BLOCKS_MAX 65536
#define ARCHIVE_PACK_CHUNKS_MAX 65536

/* A pack under construction: keeps the running hash and the index, not the bytes. Not thread-safe.
 */
struct archive_pack_writer;
MUST_CHECK enum status archive_pack_writer_new(const unsigned char repository_id[GUID_SIZE],
					       const unsigned char session_id[GUID_SIZE],
					       uint32_t pack_number,
					       struct archive_pack_writer **out, struct error *err);
void archive_pack_writer_free(struct archive_pack_writer *pack);
/* The first ARCHIVE_PACK_HEADER_SIZE bytes of the file; to be written before anything else. */
void archive_pack_writer_header(struct archive_pack_writer *pack,
				unsigned char header[ARCHIVE_PACK_HEADER_SIZE]);
/* Takes note of a sealed block that the caller writes next, at the present end of the pack; sets
 * header->offset. Blocks come in any order of their numbers. */
MUST_CHECK enum status archive_pack_writer_add(struct archive_pack_writer *pack,
					       struct archive_block_header *header,
					       const struct archive_block *block,
					       const struct buffer *sealed, struct error *err);
uint64_t archive_pack_writer_size(const struct archive_pack_writer *pack);
uint32_t archive_pack_writer_chunk_count(const struct archive_pack_writer *pack);
/* Index and trailer, the last bytes of the file, into @out (replaced); the digest names the file.
 * STATUS_CONFLICT when a block number was added twice. */
MUST_CHECK enum status
archive_pack_writer_end(struct archive_pack_writer *pack, const struct secret *dedup_secret,
			struct buffer *out, unsigned char digest[SHA256_SIZE], struct error *err);

/* A pack's clear index. Blocks are in file order; chunks of block i are
 * chunks[first_chunk[i]] .. chunks[first_chunk[i + 1]] (first_chunk has block_count + 1). */
struct archive_pack_index {
	unsigned char repository_id[GUID_SIZE];
	unsigned char session_id[GUID_SIZE];
	uint32_t pack_number;
	uint64_t size; /* of the whole file */
	uint32_t block_count;
	struct archive_block_header *blocks;
	uint32_t *by_number; /* positions in blocks, sorted by block number */
	uint32_t *first_chunk;
	uint32_t chunk_count;
	struct archive_chunk *chunks;
};

/* Reads @length bytes at @offset of the pack into @data, all of them or an error. */
typedef enum status (*archive_pack_read)(void *context, uint64_t offset, void *data, size_t length,
					 struct error *err);

/* Reads header, trailer and index of a pack of @size bytes and checks that they agree: magic
 * values, counts, limits, blocks laid end to end without gap or overlap from the header to the
 * index, block numbers unique, chunks laid end to end in their block. Nothing of it is authentic
 * yet: see the two checks below. */
MUST_CHECK enum status archive_pack_index_read(archive_pack_read read, void *context, uint64_t size,
					       struct archive_pack_index **out, struct error *err);
void archive_pack_index_free(struct archive_pack_index *index);
/* The service's check before it adopts a pack it finds: the trailer's MAC over the digest of
 * everything before it, under a key derived from the dedup secret. @digest_before_mac: SHA-256 of
 * the file up to the MAC. */
MUST_CHECK enum status archive_pack_check_mac(const struct secret *dedup_secret,
					      const unsigned char digest_before_mac[SHA256_SIZE],
					      const unsigned char mac[SHA256_SIZE],
					      struct error *err);
/* Where the MAC stands in the trailer: the file's bytes before size - ARCHIVE_PACK_MAC_FROM_END are
 * covered by it. */
#define ARCHIVE_PACK_MAC_FROM_END 40
/* The block with that number, or NULL. */
const struct archive_block_header *archive_pack_index_block(const struct archive_pack_index *index,
							    uint32_t block_number);

#endif
