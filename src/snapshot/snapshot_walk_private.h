/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the walk share: where it is, and how an entry is filled. */
#ifndef SNAPSHOT_WALK_PRIVATE_H
#define SNAPSHOT_WALK_PRIVATE_H

#include <limits.h>
#include <sys/stat.h>

#include "snapshot_link_table.h"
#include "snapshot_walk.h"
#include "snapshot_walk_level.h"
#include "snapshot_xattr.h"

struct snapshot_walk {
	int root;
	const char *const *exclude;
	const struct cancel *cancel;
	struct snapshot_walk_level *levels;
	size_t depth, level_capacity;
	bool started;
	struct buffer path; /* of the present entry, terminated */
	struct snapshot_link_table *links;
	struct snapshot_xattr_list xattrs;
	char link_target[PATH_MAX + 1];
};

void snapshot_walk_entry_from_stat(struct snapshot_entry *entry, const struct stat *found,
				   const char *path);
/* The type that readdir promised, for entries that cannot be looked at. */
enum snapshot_entry_type snapshot_walk_entry_type(unsigned char directory_type);
void snapshot_walk_entry_problem(struct snapshot_entry *entry, enum snapshot_problem problem,
				 int cause);
/* Adds what stat does not tell: link target, first name of a hard link, extended attributes.
 * *@listed false: it is gone. */
MUST_CHECK enum status snapshot_walk_entry_complete(struct snapshot_walk *walk, int directory,
						    const char *name, const struct stat *found,
						    struct snapshot_entry *entry, bool *listed,
						    struct error *err);

#endif
