/* SPDX-License-Identifier: Apache-2.0 */
/* An open regular file that is read as data and holes up to the size it had when it was opened. */
#ifndef SNAPSHOT_DIRECTORY_FILE_H
#define SNAPSHOT_DIRECTORY_FILE_H

#include <sys/stat.h>

#include "infrabackup/snapshot.h"

/* The struct snapshot_file of the providers that read files. */
struct snapshot_file {
	int descriptor;
	const struct cancel *cancel;
	struct stat opened; /* as of the opening */
	uint64_t size;
	uint64_t position;
	uint64_t data_end; /* up to here bytes are worth reading; the rest is not known yet */
	char path[];       /* for messages */
};

/* Takes over @descriptor, of a regular file, also on failure. */
MUST_CHECK enum status snapshot_directory_file_open(int descriptor, const char *path,
						    const struct cancel *cancel,
						    struct snapshot_file **out, struct error *err);
/* As the driver's read() and close_file(). */
MUST_CHECK enum status snapshot_directory_file_read(struct snapshot_file *file, void *data,
						    size_t length, size_t *got, uint64_t *hole,
						    struct error *err);
void snapshot_directory_file_close(struct snapshot_file *file, bool *changed);

#endif
