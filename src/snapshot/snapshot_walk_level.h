/* SPDX-License-Identifier: Apache-2.0 */
/* One folder of a walk: its names in order, and its descriptor while there are enough of them. */
#ifndef SNAPSHOT_WALK_LEVEL_H
#define SNAPSHOT_WALK_LEVEL_H

#include <sys/stat.h>

#include "infrabackup/base.h"

struct snapshot_walk_level {
	int descriptor; /* -1: given up to spare descriptors; opened again when needed */
	dev_t device;
	ino_t inode;
	size_t path_length; /* bytes of the folder's own path */
	char *names;        /* each: one byte d_type, the name, NUL */
	size_t names_length, names_capacity;
	size_t *offsets; /* of the names' first bytes, sorted */
	size_t count, capacity, next;
};

/* Takes over @descriptor and reads all names, sorted by their bytes. *@cause: errno when the folder
 * could not be read to its end; what was read is there. @level is to be released in every case. */
MUST_CHECK enum status snapshot_walk_level_read(struct snapshot_walk_level *level, int descriptor,
						const struct stat *folder, size_t path_length,
						int *cause, struct error *err);
void snapshot_walk_level_done(struct snapshot_walk_level *level);
/* The next name with its d_type, or NULL. */
const char *snapshot_walk_level_next(struct snapshot_walk_level *level, unsigned char *type);

#endif
