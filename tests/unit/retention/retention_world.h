/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories of a location for the tests of the plan. */
#ifndef TESTS_UNIT_RETENTION_WORLD_H
#define TESTS_UNIT_RETENTION_WORLD_H

#include "infrabackup/retention.h"

#define WORLD_BACKUPS 64
#define WORLD_ROLES 4
#define WORLD_DAY (24 * 60 * 60 * 1000LL)

#define WORLD_GENERATIONS 128
#define WORLD_TRASH 64

/* What the manifest of a backup names: packs of one generation, a bit each. */
struct world_need {
	uint64_t sequence;
	unsigned generation;
	uint64_t packs;
};

struct world_trashed {
	struct world_need need;
	int64_t time;
};

struct world {
	uint64_t random;
	struct world_need needs[WORLD_BACKUPS]; /* of backups[i] */
	struct world_trashed trash[WORLD_TRASH];
	size_t trash_count;
	unsigned generation, generation_left; /* the newest; backups that still go into it */
	uint64_t packs[WORLD_GENERATIONS];    /* on the share */
	unsigned pack_count;                  /* written into the newest generation */
	struct retention_backup backups[WORLD_BACKUPS];
	struct retention_role roles[WORLD_BACKUPS][WORLD_ROLES];
	size_t count;
	uint64_t next_sequence;
	int64_t time;  /* of the world */
	int64_t clock; /* what the service believes, relative to it */
	int64_t last_run_time;
	int days;
	const char *configured[WORLD_ROLES + 1];
};

/* Below @limit. */
unsigned world_draw(struct world *world, unsigned limit);
/* The same seed gives the same history. */
void world_init(struct world *world, uint64_t seed);
/* Something happens: time passes, a backup is made or fails half-way, files vanish, packs, are
 * damaged or forged, somebody pins, settings change, the clock jumps. */
void world_step(struct world *world);
int64_t world_now(const struct world *world);
struct retention_input world_input(const struct world *world);
/* What the plan lets go is moved to the trash; missing ones are given up when the operator agreed.
 */
void world_apply(struct world *world, const struct retention_plan *plan);

/* --- retention_world_packs.c --- */
/* The packs of a backup that is made, or of one that fails before it exists. */
void world_write_packs(struct world *world, struct world_need *need);
/* A pack is gone: whoever needs it is not whole. */
void world_lose_pack(struct world *world);
/* Empties the trash and removes the packs that nothing needs, by listings that may lack anything,
 * records that may be unreadable or changed. The promise that was broken; NULL: none. @removed
 * counts. */
const char *world_collect(struct world *world, size_t *removed);

#endif
