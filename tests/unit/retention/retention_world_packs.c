/* SPDX-License-Identifier: Apache-2.0 */
/* The packs of a random history, and how those that nothing needs go. */
#include <string.h>

#include "retention_world.h"

#define PACKS 64 /* at most, of a generation */

static void next_generation(struct world *world)
{
	world->generation++;
	world->generation_left = 1 + world_draw(world, 5);
	world->pack_count = 0;
}

/* Some of what the generation has, and some new ones. */
void world_write_packs(struct world *world, struct world_need *need)
{
	unsigned new_packs = 1 + world_draw(world, 3);
	if (world->generation_left == 0 || world->pack_count + new_packs > PACKS)
		next_generation(world);
	world->generation_left--;
	need->generation = world->generation;
	need->packs = world->packs[world->generation] &
		      ((uint64_t)world_draw(world, 1u << 31) << 31 | world_draw(world, 1u << 31));
	for (; new_packs > 0; new_packs--)
		need->packs |= UINT64_C(1) << world->pack_count++;
	world->packs[world->generation] |= need->packs;
}

void world_lose_pack(struct world *world)
{
	if (world->generation == 0)
		return;
	unsigned generation = 1 + world_draw(world, world->generation);
	uint64_t lost = UINT64_C(1) << world_draw(world, 12);
	world->packs[generation] &= ~lost;
	for (size_t i = 0; i < world->count; i++)
		if (world->needs[i].generation == generation && (world->needs[i].packs & lost) != 0)
			world->backups[i].is_verified = false;
}

/* --- collecting --- */

struct collection {
	struct world *world;
	struct retention_usage *usage;
	bool is_unknown; /* there is a record that nobody can read or knows */
	bool is_clean;   /* every listing was complete and every record readable and unchanged */
};

static const char *generation_name(unsigned generation, char name[16])
{
	memcpy(name, "0000", 5);
	for (int i = 3; i >= 0; i--, generation /= 10)
		name[i] = (char)('0' + generation % 10);
	return name;
}

static size_t expand(unsigned generation, uint64_t packs, struct retention_pack out[PACKS])
{
	size_t count = 0;
	for (unsigned bit = 0; bit < PACKS; bit++) {
		if ((packs >> bit & 1) == 0)
			continue;
		memset(&out[count], 0, sizeof out[count]);
		memcpy(out[count].sha256, &generation, sizeof generation);
		out[count++].sha256[RETENTION_DIGEST_SIZE - 1] = (unsigned char)bit;
	}
	return count;
}

static void digest_of(const struct world_need *need, bool is_changed,
		      unsigned char digest[RETENTION_DIGEST_SIZE])
{
	memset(digest, 0, RETENTION_DIGEST_SIZE);
	memcpy(digest, &need->sequence, sizeof need->sequence);
	digest[RETENTION_DIGEST_SIZE - 1] = is_changed ? 1 : 0;
}

static enum status add(struct collection *collection, const struct world_need *need,
		       bool is_changed)
{
	struct world *world = collection->world;
	char name[16];
	unsigned char digest[RETENTION_DIGEST_SIZE];
	struct retention_pack packs[PACKS];
	uint64_t named = is_changed ? need->packs & world_draw(world, 256) : need->packs;
	digest_of(need, is_changed, digest);
	return retention_usage_add(collection->usage, digest,
				   generation_name(need->generation, name), packs,
				   expand(need->generation, named, packs), NULL);
}

/* One folder, as the share shows it at this moment. */
static enum status see(struct collection *collection, const struct world_need *need, bool is_known,
		       bool is_changed)
{
	char name[16];
	unsigned fate = world_draw(collection->world, 60);
	if (fate < 3 || (is_known && is_changed))
		collection->is_clean = false;
	if (fate == 0)
		return STATUS_OK;
	collection->is_unknown = collection->is_unknown || (fate == 1 && !is_known);
	if (fate == 1)
		return retention_usage_add_unknown(
			collection->usage,
			is_known ? generation_name(need->generation, name) : NULL, NULL);
	return add(collection, need, fate == 2 || (is_known && is_changed));
}

static enum status expect(struct collection *collection, const struct world_need *need)
{
	char name[16];
	unsigned char digest[RETENTION_DIGEST_SIZE];
	digest_of(need, false, digest);
	return retention_usage_expect(collection->usage, digest,
				      generation_name(need->generation, name), NULL);
}

static enum status see_all(struct collection *collection)
{
	struct world *world = collection->world;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < world->count && status == STATUS_OK; i++)
		if (world->backups[i].is_on_share)
			status = see(collection, &world->needs[i], world->backups[i].is_known,
				     !world->backups[i].is_ours);
	for (size_t i = 0; i < world->trash_count && status == STATUS_OK; i++)
		status = see(collection, &world->trash[i].need, true, false);
	for (size_t i = 0; i < world->count && status == STATUS_OK; i++)
		if (world->backups[i].is_on_share && world->backups[i].is_known)
			status = expect(collection, &world->needs[i]);
	for (size_t i = 0; i < world->trash_count && status == STATUS_OK; i++)
		status = expect(collection, &world->trash[i].need);
	return status;
}

static void empty_trash(struct world *world)
{
	size_t kept = 0;
	for (size_t i = 0; i < world->trash_count; i++)
		if (world_now(world) - world->trash[i].time < WORLD_DAY)
			world->trash[kept++] = world->trash[i];
	world->trash_count = kept;
}

/* @strict: only of backups that nobody else made. */
static uint64_t needed(const struct world *world, unsigned generation, bool strict)
{
	uint64_t packs = 0;
	for (size_t i = 0; i < world->count; i++)
		if (world->needs[i].generation == generation && world->backups[i].is_on_share &&
		    (world->backups[i].is_known || !strict))
			packs |= world->needs[i].packs;
	for (size_t i = 0; i < world->trash_count; i++)
		if (world->trash[i].need.generation == generation)
			packs |= world->trash[i].need.packs;
	return packs;
}

static uint64_t decide(struct collection *collection, unsigned generation)
{
	struct world *world = collection->world;
	struct retention_pack packs[PACKS];
	bool goes[PACKS];
	char name[16];
	uint64_t listed = world->packs[generation], gone = 0;
	if (world_draw(world, 30) == 0) {
		listed &= world_draw(world, 256);
		collection->is_clean = false;
	}
	size_t count = expand(generation, listed, packs);
	enum retention_fate fate = retention_usage_decide(
		collection->usage, generation_name(generation, name), packs, count, goes);
	if (fate == RETENTION_GENERATION_GOES)
		return UINT64_MAX;
	for (size_t i = 0; i < count && fate == RETENTION_GENERATION_SHRINKS; i++)
		gone |= goes[i] ? UINT64_C(1) << packs[i].sha256[RETENTION_DIGEST_SIZE - 1] : 0;
	return gone;
}

static const char *collect_generation(struct collection *collection, unsigned generation,
				      size_t *removed)
{
	struct world *world = collection->world;
	uint64_t gone = decide(collection, generation);
	if ((gone & needed(world, generation, true)) != 0)
		return "a pack goes that a kept backup, or one in the trash, names";
	if (gone != 0 && collection->is_unknown)
		return "a pack goes although nobody knows who needs it";
	*removed += (size_t)__builtin_popcountll(world->packs[generation] & gone);
	world->packs[generation] &= ~gone;
	if (collection->is_clean &&
	    (world->packs[generation] & ~needed(world, generation, false)) != 0)
		return "a pack stays that nothing names";
	return NULL;
}

const char *world_collect(struct world *world, size_t *removed)
{
	struct collection collection = { .world = world, .is_clean = true };
	const char *broken = NULL;
	empty_trash(world);
	if (retention_usage_new(&collection.usage, NULL) != STATUS_OK ||
	    see_all(&collection) != STATUS_OK)
		broken = "memory is out";
	for (unsigned i = 1; i < world->generation && broken == NULL; i++)
		broken = collect_generation(&collection, i, removed);
	retention_usage_free(collection.usage);
	return broken;
}
