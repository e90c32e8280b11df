/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over everything below a folder, in the order of snapshot_path_compare(), opening nothing
 * but folders. Memory: the names of the folders on the way down, and one path for each file that
 * has names still to come. */
#ifndef SNAPSHOT_WALK_H
#define SNAPSHOT_WALK_H

#include "infrabackup/snapshot.h"

struct snapshot_walk;

/* Borrows @root (a folder's descriptor) and @exclude for the life of the walk. */
MUST_CHECK enum status snapshot_walk_new(int root, const char *const *exclude,
					 const struct cancel *cancel, struct snapshot_walk **out,
					 struct error *err);
/* NULL is legal. */
void snapshot_walk_free(struct snapshot_walk *walk);
/* As the driver's next(). */
MUST_CHECK enum status snapshot_walk_next(struct snapshot_walk *walk, struct snapshot_entry *entry,
					  bool *end, struct error *err);

#endif
