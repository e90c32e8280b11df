/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, xattrs, mode and times of what was restored. */
#ifndef SNAPSHOT_RESTORE_METADATA_H
#define SNAPSHOT_RESTORE_METADATA_H

#include "infrabackup/snapshot.h"

/* Flags to open a restored entry with, so that metadata can be given to it and nothing else. */
#define SNAPSHOT_RESTORE_METADATA_OPEN (O_PATH | O_NOFOLLOW | O_CLOEXEC)

/* @descriptor: of a regular file open for writing, or of anything by the flags above. Adds to
 * *@refused what the system does not let us set. */
void snapshot_restore_metadata_apply(int descriptor, const struct snapshot_entry *entry,
				     uint64_t *refused);

#endif
