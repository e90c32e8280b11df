/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of packs under construction: open addressing with linear probing; removal shifts back, so
 * there are no tombstones (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm
 * R). */
#include <stdlib.h>
#include <string.h>

#include "backup_chunks.h"

#define FIRST_CAPACITY 4096

struct slot {
	unsigned char id[SHA256_SIZE];
	struct backup_place place;
	bool used;
};

struct backup_chunks {
	struct slot *slots;
	size_t capacity; /* a power of two */
	size_t count;
};

struct backup_chunks *backup_chunks_new(void)
{
	struct backup_chunks *chunks = calloc(1, sizeof *chunks);
	if (chunks == NULL)
		return NULL;
	chunks->slots = calloc(FIRST_CAPACITY, sizeof *chunks->slots);
	chunks->capacity = FIRST_CAPACITY;
	if (chunks->slots == NULL)
		free(TAKE(chunks));
	return chunks;
}

void backup_chunks_free(struct backup_chunks *chunks)
{
	if (chunks == NULL)
		return;
	free(chunks->slots);
	free(chunks);
}

/* Ids are the output of a keyed hash: any eight bytes of them are uniformly spread. */
static size_t home(const struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE])
{
	return (size_t)load_u64(id) & (chunks->capacity - 1);
}

/* The slot that holds @id, or the free one where it belongs. */
static size_t probe(const struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE])
{
	size_t at = home(chunks, id);
	while (chunks->slots[at].used && memcmp(chunks->slots[at].id, id, SHA256_SIZE) != 0)
		at = (at + 1) & (chunks->capacity - 1);
	return at;
}

bool backup_chunks_find(const struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE],
			struct backup_place *out)
{
	const struct slot *slot = &chunks->slots[probe(chunks, id)];
	if (slot->used)
		*out = slot->place;
	return slot->used;
}

static enum status grow(struct backup_chunks *chunks, struct error *err)
{
	struct backup_chunks larger = { .capacity = chunks->capacity * 2 };
	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (larger.slots == NULL)
		return fail_memory(err, "grow chunk table");
	for (size_t i = 0; i < chunks->capacity; i++)
		if (chunks->slots[i].used)
			larger.slots[probe(&larger, chunks->slots[i].id)] = chunks->slots[i];
	free(chunks->slots);
	chunks->slots = larger.slots;
	chunks->capacity = larger.capacity;
	return STATUS_OK;
}

enum status backup_chunks_add(struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE],
			      const struct backup_place *place, struct error *err)
{
	if (chunks->count >= chunks->capacity / 2) {
		enum status status = grow(chunks, err);
		if (status != STATUS_OK)
			return status;
	}
	struct slot *slot = &chunks->slots[probe(chunks, id)];
	memcpy(slot->id, id, SHA256_SIZE);
	slot->place = *place;
	slot->used = true;
	chunks->count++;
	return STATUS_OK;
}

void backup_chunks_remove(struct backup_chunks *chunks, const unsigned char id[SHA256_SIZE])
{
	size_t mask = chunks->capacity - 1;
	size_t hole = probe(chunks, id);
	if (!chunks->slots[hole].used)
		return;
	chunks->count--;
	/* Whoever probed past the hole to reach its slot moves back into it. */
	for (size_t at = (hole + 1) & mask; chunks->slots[at].used; at = (at + 1) & mask) {
		size_t distance_home = (at - home(chunks, chunks->slots[at].id)) & mask;
		size_t distance_hole = (at - hole) & mask;
		if (distance_home >= distance_hole) {
			chunks->slots[hole] = chunks->slots[at];
			hole = at;
		}
	}
	chunks->slots[hole].used = false;
}
