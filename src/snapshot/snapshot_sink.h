/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is being restored: pieces and holes in their order. */
#ifndef SNAPSHOT_SINK_H
#define SNAPSHOT_SINK_H

#include "infrabackup/base.h"

struct snapshot_sink {
	int descriptor; /* the owner's; empty file */
	uint64_t position;
	bool hole_at_end;
};

MUST_CHECK enum status snapshot_sink_write(struct snapshot_sink *sink, const char *path,
					   const void *data, size_t length, struct error *err);
/* STATUS_INTEGRITY when the file would be longer than a file can be. */
MUST_CHECK enum status snapshot_sink_hole(struct snapshot_sink *sink, const char *path,
					  uint64_t length, struct error *err);
/* Gives the file its length. */
MUST_CHECK enum status snapshot_sink_finish(struct snapshot_sink *sink, const char *path,
					    struct error *err);

#endif
