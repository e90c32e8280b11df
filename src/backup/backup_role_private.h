/* SPDX-License-Identifier: Apache-2.0 */
/* One role while it runs: the walk (backup_role.c) and the write-out (backup_role_emit.c). */
#ifndef BACKUP_ROLE_PRIVATE_H
#define BACKUP_ROLE_PRIVATE_H

#include "backup_role.h"

struct backup_role_run {
	struct backup_role *role;
	struct backup_item *window[BACKUP_ROLE_WINDOW]; /* a ring, in walk order */
	size_t first, count;
	FILE *spool_file;
	struct archive_manifest_writer *spool;
	struct backup_cache_reader *cache;
	struct backup_cache_writer *new_cache;
	struct db *state;
	int64_t reported; /* monotonic ms of the last progress row */
};

/* How far job and role are, as often as is worth it. Without the role's mutex. */
MUST_CHECK enum status backup_role_progress(struct backup_role_run *run, struct error *err);
/* Waits for the oldest item and writes it out; there is one. */
MUST_CHECK enum status backup_role_emit(struct backup_role_run *run, struct error *err);
/* A file that has not changed and has too many extents for an item: written out directly; the
 * window is empty. */
MUST_CHECK enum status backup_role_emit_unchanged(struct backup_role_run *run,
						  const struct snapshot_entry *entry,
						  const struct archive_extent *extents,
						  size_t count, struct error *err);
/* Opens the spool: the role's records, encrypted under a throw-away key, until the manifest is made
 * of all spools. */
MUST_CHECK enum status backup_role_open_spool(struct backup_role_run *run, struct error *err);
MUST_CHECK enum status backup_role_close_spool(struct backup_role_run *run, struct error *err);
/* Extents from slots to references. */
MUST_CHECK enum status backup_role_reference(struct backup_role *role,
					     struct archive_extent *extents, size_t count,
					     struct error *err);

#endif
