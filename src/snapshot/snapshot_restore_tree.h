/* SPDX-License-Identifier: Apache-2.0 */
/* The restore half of the directory driver: entries into a folder, by openat() only. */
#ifndef SNAPSHOT_RESTORE_TREE_H
#define SNAPSHOT_RESTORE_TREE_H

#include "infrabackup/snapshot.h"

/* As the driver's members of the same name. */
MUST_CHECK enum status snapshot_restore_tree_open(const struct snapshot_settings *settings,
						  const struct cancel *cancel, struct restore **out,
						  struct error *err);
MUST_CHECK enum status snapshot_restore_tree_begin(struct restore *restore,
						   const struct snapshot_entry *entry,
						   struct error *err);
MUST_CHECK enum status snapshot_restore_tree_write(struct restore *restore, const void *data,
						   size_t length, struct error *err);
MUST_CHECK enum status snapshot_restore_tree_hole(struct restore *restore, uint64_t length,
						  struct error *err);
MUST_CHECK enum status snapshot_restore_tree_end(struct restore *restore, struct error *err);
MUST_CHECK enum status snapshot_restore_tree_commit(struct restore *restore, struct error *err);
void snapshot_restore_tree_report(const struct restore *restore, struct restore_report *out);
void snapshot_restore_tree_close(struct restore *restore);

#endif
