/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks (the unit of deduplication) and blocks (the unit of compression and encryption):
 * api/FORMAT.md sections 4 and 5. */
#ifndef INFRABACKUP_ARCHIVE_BLOCK_H
#define INFRABACKUP_ARCHIVE_BLOCK_H

#include "infrabackup/base.h"
#include "infrabackup/crypto.h"

#define ARCHIVE_CHUNK_MIN (16u << 10)
#define ARCHIVE_CHUNK_MEAN (64u << 10)
#define ARCHIVE_CHUNK_MAX (256u << 10)
#define ARCHIVE_BLOCK_MAX (1u << 20)  /* plain bytes of a block */
#define ARCHIVE_BLOCK_CHUNKS_MAX 8192 /* chunks of a block */

/* --- cutting --- */

/* Content-defined cutting (FastCDC, Xia et al., USENIX ATC 2016: gear hash, two masks) with a gear
 * table drawn from the dedup secret, so that cut points tell nothing without it. Immutable once
 * made: shared by threads. */
struct chunker;
MUST_CHECK enum status chunker_new(const struct secret *dedup_secret, struct chunker **out,
				   struct error *err);
void chunker_free(struct chunker *chunker);
/* Length of the chunk at the start of @data. Up to ARCHIVE_CHUNK_MAX bytes are looked at; with
 * fewer than that available, @last must say whether the file ends here; otherwise 0 = more bytes
 * are needed. Never 0 when @last and @length > 0. */
size_t chunker_cut(const struct chunker *chunker, const unsigned char *data, size_t length,
		   bool last);

/* The keyed hash that makes chunk ids (FORMAT section 4: chunk id key); one thread at a time. */
MUST_CHECK enum status archive_chunk_hash_new(const struct secret *dedup_secret,
					      struct keyed_hash **out, struct error *err);

/* --- blocks under construction --- */

struct archive_chunk {
	unsigned char id[SHA256_SIZE]; /* HMAC-SHA-256(chunk id key, plaintext) */
	uint32_t offset;               /* in the plain block */
	uint32_t length;
};

struct archive_block {
	unsigned char *plain; /* ARCHIVE_BLOCK_MAX bytes, owned */
	size_t length;
	struct archive_chunk *chunks; /* ARCHIVE_BLOCK_CHUNKS_MAX, owned */
	uint32_t chunk_count;
};

/* NULL when memory is out. */
struct archive_block *archive_block_new(void);
void archive_block_free(struct archive_block *block);
void archive_block_clear(struct archive_block *block);
/* Whether a chunk of @length bytes still fits. */
bool archive_block_has_room(const struct archive_block *block, size_t length);
/* Appends; returns the offset in the block. Must have room. */
uint32_t archive_block_append(struct archive_block *block, const unsigned char id[SHA256_SIZE],
			      const void *data, size_t length);

/* --- sealing and opening --- */

enum archive_codec { ARCHIVE_CODEC_NONE = 0, ARCHIVE_CODEC_ZLIB = 1, ARCHIVE_CODEC_ZSTD = 2 };

/* What binds a block to its place; goes into nonce and context. */
struct archive_position {
	unsigned char repository_id[GUID_SIZE];
	unsigned char session_id[GUID_SIZE];
	uint32_t pack_number;  /* in the session, never used twice */
	uint32_t block_number; /* in the pack, never used twice */
};

/* How a block was stored: one entry of the pack's index. */
struct archive_block_header {
	uint32_t block_number;
	uint64_t offset;        /* of the sealed bytes in the pack */
	uint32_t stored_length; /* sealed bytes, tag included */
	uint32_t plain_length;
	uint8_t codec; /* enum archive_codec */
};

/* A compressor and cipher for one session; one thread at a time. @session_key: the unwrapped key,
 * from which the block key is derived. */
struct archive_sealer;
MUST_CHECK enum status archive_sealer_new(const struct secret *session_key,
					  enum archive_codec codec, int level,
					  struct archive_sealer **out, struct error *err);
void archive_sealer_free(struct archive_sealer *sealer);
/* Compresses (stored plain when that does not save 1/32) and encrypts. @sealed is replaced;
 * header->offset is left for the pack to fill. */
MUST_CHECK enum status archive_block_seal(struct archive_sealer *sealer,
					  const struct archive_position *position,
					  const struct archive_block *block, struct buffer *sealed,
					  struct archive_block_header *header, struct error *err);

struct archive_opener;
MUST_CHECK enum status archive_opener_new(const struct secret *session_key,
					  struct archive_opener **out, struct error *err);
void archive_opener_free(struct archive_opener *opener);
/* Decrypts and decompresses @sealed into @plain (ARCHIVE_BLOCK_MAX bytes of room),
 * header->plain_length bytes. */
MUST_CHECK enum status archive_block_open(struct archive_opener *opener,
					  const struct archive_position *position,
					  const struct archive_block_header *header,
					  const void *sealed, unsigned char *plain,
					  struct error *err);

#endif
