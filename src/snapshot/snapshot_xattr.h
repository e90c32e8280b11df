/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes (ACLs and capabilities among them) of anything, without opening it. */
#ifndef SNAPSHOT_XATTR_H
#define SNAPSHOT_XATTR_H

#include "infrabackup/snapshot.h"

/* Memory for one entry's attributes, used again for the next entry. Zeroed memory is ready. */
struct snapshot_xattr_list {
	char *names;
	struct buffer values;
	struct snapshot_xattr *items;
	size_t item_capacity;
	size_t count;
};

/* False when /proc is not there, without which this does not work. */
bool snapshot_xattr_is_possible(void);
void snapshot_xattr_list_done(struct snapshot_xattr_list *list);
/* Reads those of @name in @directory, never through a link, sorted by name. *@cause: errno of what
 * could not be read, 0 when all is there; a file system without attributes has none. */
MUST_CHECK enum status snapshot_xattr_list_read(struct snapshot_xattr_list *list, int directory,
						const char *name, int *cause, struct error *err);

#endif
