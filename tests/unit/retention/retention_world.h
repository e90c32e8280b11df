/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories of a location for the tests of the plan. */
#ifndef TESTS_UNIT_RETENTION_WORLD_H
#define TESTS_UNIT_RETENTION_WORLD_H

#include "infrabackup/retention.h"

#define WORLD_BACKUPS 64
#define WORLD_ROLES 4
#define WORLD_DAY (24 * 60 * 60 * 1000LL)

struct world {
	uint64_t random;
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
/* Something happens: time passes, a backup is made, files vanish, are damaged or forged, somebody
 * pins, settings change, the clock jumps. */
void world_step(struct world *world);
int64_t world_now(const struct world *world);
struct retention_input world_input(const struct world *world);
/* Deletes what the plan lets go. */
void world_apply(struct world *world, const struct retention_plan *plan);

#endif
