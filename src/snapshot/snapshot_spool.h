/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a restore that has exactly one file, kept until the commit. */
#ifndef SNAPSHOT_SPOOL_H
#define SNAPSHOT_SPOOL_H

#include "infrabackup/snapshot.h"

#include "snapshot_sink.h"

struct snapshot_spool {
	struct snapshot_sink sink; /* its descriptor is the owner's */
	const struct cancel *cancel;
	struct snapshot_entry *entry; /* the file, once begun */
	bool complete;
	struct restore_report report;
};

/* @descriptor: an empty file to write to, the caller's. */
void snapshot_spool_init(struct snapshot_spool *spool, int descriptor, const struct cancel *cancel);
void snapshot_spool_done(struct snapshot_spool *spool);
/* As the driver's members. Anything but one file is STATUS_INTEGRITY. */
MUST_CHECK enum status snapshot_spool_begin(struct snapshot_spool *spool,
					    const struct snapshot_entry *entry, struct error *err);
MUST_CHECK enum status snapshot_spool_write(struct snapshot_spool *spool, const void *data,
					    size_t length, struct error *err);
MUST_CHECK enum status snapshot_spool_hole(struct snapshot_spool *spool, uint64_t length,
					   struct error *err);
MUST_CHECK enum status snapshot_spool_end(struct snapshot_spool *spool, struct error *err);
/* STATUS_CONFLICT unless the file is complete. */
MUST_CHECK enum status snapshot_spool_check(const struct snapshot_spool *spool, struct error *err);

#endif
