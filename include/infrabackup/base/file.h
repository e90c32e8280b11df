/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files of the local disk (state directory, key files), written so that they last. */
#ifndef INFRABACKUP_BASE_FILE_H
#define INFRABACKUP_BASE_FILE_H

#include "infrabackup/base/buffer.h"

#include <sys/types.h>

/* Reads all of @path; STATUS_TOO_LARGE over @max bytes, STATUS_NOT_FOUND, STATUS_FAILED. The bytes
 * are terminated by an uncounted NUL. @out must be initialised or zero; it is replaced. */
MUST_CHECK enum status file_read(const char *path, size_t max, struct buffer *out,
				 struct error *err);
/* Temporary name, write, fsync, checked close, rename, fsync of the directory. An existing file is
 * replaced only when @replace; otherwise STATUS_EXISTS. */
MUST_CHECK enum status file_write(const char *path, mode_t mode, bool replace, const void *data,
				  size_t length, struct error *err);
/* All bytes to a descriptor, repeating after EINTR and short writes. */
MUST_CHECK enum status file_write_all(int descriptor, const char *path, const void *data,
				      size_t length, struct error *err);
/* mkdir -p. An existing directory is fine. */
MUST_CHECK enum status file_make_directories(const char *path, mode_t mode, struct error *err);
/* rm -rf below and including @path without following symbolic links; a missing @path is fine. */
MUST_CHECK enum status file_remove_tree(const char *path, struct error *err);
/* "@directory/@name" in new memory, or NULL. */
char *file_join(const char *directory, const char *name);

#endif
