/* SPDX-License-Identifier: Apache-2.0 */
/* Content-defined cutting: the gear hash and normalized chunking of Xia et al., "FastCDC: a Fast
 * and Efficient Content-Defined Chunking Approach for Data Deduplication", USENIX ATC 2016.
 *
 * The hash of a position is the sum of the gear values of the bytes before it, each shifted left
 * once for every byte that followed: only the last 64 bytes count, so that cut points find
 * themselves again after an insertion. A position is a cut when the hash's top bits are zero: many
 * bits (strict) while the chunk is short, few (loose) when it has become long, which pulls the
 * lengths towards the mean. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/archive/block.h"

#define GEAR_COUNT 256
#define GEAR_PURPOSE "infrabackup-1 gear"
#define CHUNK_ID_PURPOSE "infrabackup-1 chunk"

/* 2^-18 a position up to the centre, 2^-14 from there on: with the minimum of 16 KiB skipped,
 * random data has 64 KiB a chunk on average. */
#define MASK_STRICT UINT64_C(0xffffc00000000000)
#define MASK_LOOSE UINT64_C(0xfffc000000000000)
#define CHUNK_CENTRE (52u << 10)

struct chunker {
	uint64_t gear[GEAR_COUNT];
};

/* The table is the output of HMAC-SHA-256 over a counter: without the secret it cannot be told from
 * random numbers. */
static enum status fill_gear(struct chunker *chunker, const struct secret *key, struct error *err)
{
	struct keyed_hash *keyed = NULL;
	enum status status = keyed_hash_new(key, &keyed, err);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < GEAR_COUNT;) {
		unsigned char counter[sizeof(uint32_t)];
		unsigned char digest[SHA256_SIZE];

		store_u32(counter, (uint32_t)i);
		keyed_hash_digest(keyed, counter, sizeof(counter), digest);
		for (size_t at = 0; at < sizeof(digest); at += sizeof(uint64_t))
			chunker->gear[i++] = load_u64(digest + at);
	}
	keyed_hash_free(keyed);
	return STATUS_OK;
}

enum status chunker_new(const struct secret *dedup_secret, struct chunker **out, struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	AUTO_FREE struct chunker *chunker = malloc(sizeof(*chunker));

	if (chunker == NULL)
		return fail_memory(err, "make chunker");
	enum status status = crypto_derive_key(dedup_secret, GEAR_PURPOSE, &key, err);
	if (status == STATUS_OK)
		status = fill_gear(chunker, &key, err);
	if (status == STATUS_OK)
		*out = TAKE(chunker);
	return status;
}

void chunker_free(struct chunker *chunker)
{
	if (chunker == NULL)
		return;
	explicit_bzero(chunker, sizeof(*chunker));
	free(chunker);
}

/* The first cut in (@from, @to], or 0; *@hash carries on. */
static size_t find_cut(const struct chunker *chunker, const unsigned char *data, size_t from,
		       size_t to, uint64_t mask, uint64_t *hash)
{
	const uint64_t *gear = chunker->gear;
	uint64_t rolling = *hash;

	for (size_t at = from; at < to; at++) {
		rolling = (rolling << 1) + gear[data[at]];
		if ((rolling & mask) == 0)
			return at + 1;
	}
	*hash = rolling;
	return 0;
}

size_t chunker_cut(const struct chunker *chunker, const unsigned char *data, size_t length,
		   bool last)
{
	size_t end = length < ARCHIVE_CHUNK_MAX ? length : ARCHIVE_CHUNK_MAX;
	size_t centre = end < CHUNK_CENTRE ? end : CHUNK_CENTRE;
	bool is_complete = last || length >= ARCHIVE_CHUNK_MAX;
	uint64_t hash = 0;
	size_t cut = 0;

	if (end <= ARCHIVE_CHUNK_MIN)
		return is_complete ? end : 0;
	cut = find_cut(chunker, data, ARCHIVE_CHUNK_MIN, centre, MASK_STRICT, &hash);
	if (cut == 0)
		cut = find_cut(chunker, data, centre, end, MASK_LOOSE, &hash);
	if (cut == 0 && is_complete)
		cut = end;
	return cut;
}

enum status archive_chunk_hash_new(const struct secret *dedup_secret, struct keyed_hash **out,
				   struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;
	enum status status = crypto_derive_key(dedup_secret, CHUNK_ID_PURPOSE, &key, err);

	return status != STATUS_OK ? status : keyed_hash_new(&key, out, err);
}
