/* SPDX-License-Identifier: Apache-2.0 */
/* Where the chunks of packs under construction are: a hash table from chunk id to place. Its
 * entries leave when their pack is in the catalogue, so its size is bounded by the packs in flight.
 * Not thread-safe. */
#ifndef BACKUP_CHUNKS_H
#define BACKUP_CHUNKS_H

#include "infrabackup/archive.h"

struct backup_place {
	uint32_t slot; /* of the pack, see backup_packs.h */
	uint32_t block;
	uint32_t offset;
	uint32_t length;
};

struct backup_chunks;

struct backup_chunks *backup_chunks_new(void);
void backup_chunks_free(struct backup_chunks *chunks);
bool backup_chunks_find(const struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE],
			struct backup_place *out);
/* Must not be there yet. */
MUST_CHECK enum status backup_chunks_add(struct backup_chunks *chunks,
					 const unsigned char id[SHA256_SIZE],
					 const struct backup_place *place, struct error *err);
/* A missing one is fine. */
void backup_chunks_remove(struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE]);

#endif
