/* SPDX-License-Identifier: Apache-2.0 */
/* Opening what a relative path names below a root, whatever its length, through no symbolic link.
 */
#ifndef SNAPSHOT_PATH_H
#define SNAPSHOT_PATH_H

#include "infrabackup/base.h"

/* Relative, no empty, "." or ".." component; "" is safe and means the root. */
bool snapshot_path_is_safe(const char *path);
/* openat(2) below @root; O_NOFOLLOW | O_CLOEXEC are added. A symbolic link anywhere gives ELOOP or
 * ENOTDIR. @path "" opens the root itself again. -1 with errno. */
int snapshot_path_open(int root, const char *path, int flags);
/* The last component of @path, and in *@parent_length how many bytes before it name its folder. */
const char *snapshot_path_name(const char *path, size_t *parent_length);

#endif
