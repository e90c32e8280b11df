/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a restore into a folder, shared by its source files. */
#ifndef SNAPSHOT_RESTORE_TREE_PRIVATE_H
#define SNAPSHOT_RESTORE_TREE_PRIVATE_H

#include "snapshot_restore_tree.h"
#include "snapshot_sink.h"

/* A folder whose metadata waits until its content is there. */
struct restore_folder {
	struct restore_folder *above;
	struct snapshot_entry *entry;
};

struct restore {
	int root;
	dev_t root_device;
	const struct cancel *cancel;
	struct restore_report report;
	struct restore_folder *folders; /* the deepest first */

	/* The folder of the last entry: the next one is mostly in it, too. */
	int parent;
	char *parent_path;
	bool parent_is_foreign; /* on another file system than the root */

	struct snapshot_entry *entry; /* begun and not ended; NULL: none */
	const char *name;             /* its last component */
	char temporary_name[40];      /* in the same folder */
	bool temporary_exists;
	struct snapshot_sink sink; /* files */
};

/* Makes sure that parent is the open folder of the first @length bytes of @path. */
MUST_CHECK enum status snapshot_restore_parent_open(struct restore *restore, const char *path,
						    size_t length, struct error *err);

/* Make the present entry under its temporary name (folders: under its own). *@made false: refused
 * by the system and counted. */
MUST_CHECK enum status snapshot_restore_node_file(struct restore *restore, struct error *err);
MUST_CHECK enum status snapshot_restore_node_folder(struct restore *restore, struct error *err);
MUST_CHECK enum status snapshot_restore_node_symbolic_link(struct restore *restore,
							   struct error *err);
MUST_CHECK enum status snapshot_restore_node_hard_link(struct restore *restore, struct error *err);
MUST_CHECK enum status snapshot_restore_node_special(struct restore *restore, bool *made,
						     struct error *err);
/* Gives the temporary name's file its own name, replacing what has it. */
MUST_CHECK enum status snapshot_restore_node_place(struct restore *restore, struct error *err);

#endif
