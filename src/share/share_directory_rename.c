/* SPDX-License-Identifier: Apache-2.0 */
/* Renaming without replacing, on file systems that can and on those that cannot. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share_directory_private.h"

/* One move: folders are descriptors, names have one component. */
struct move {
	int from_folder, to_folder;
	const char *from, *to;
};

/* A hard link fails when the name is there, so this is safe against others too. */
static int rename_by_link(const struct move *move)
{
	if (RETRY(linkat(move->from_folder, move->from, move->to_folder, move->to, 0)) != 0)
		return -1;
	if (RETRY(unlinkat(move->from_folder, move->from, 0)) == 0)
		return 0;

	int cause = errno;
	(void)RETRY(unlinkat(move->to_folder, move->to, 0));
	errno = cause;
	return -1;
}

/* The last resort leaves a gap between look and rename: no name is claimed by two writers here,
 * since every name on a share is written by the one service that owns it. */
static int rename_by_look(const struct move *move)
{
	struct stat facts;

	if (RETRY(fstatat(move->to_folder, move->to, &facts, AT_SYMLINK_NOFOLLOW)) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (errno != ENOENT)
		return -1;
	return RETRY(renameat(move->from_folder, move->from, move->to_folder, move->to));
}

static int rename_once(const struct move *move)
{
	if (RETRY(renameat2(move->from_folder, move->from, move->to_folder, move->to,
			    RENAME_NOREPLACE)) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (rename_by_link(move) == 0)
		return 0;
	/* Folders cannot be linked, and some shares cannot link at all. */
	if (errno == EEXIST || errno == ENOENT)
		return -1;
	return rename_by_look(move);
}

static int rename_patiently(const struct move *move)
{
	for (int attempt = 1;; attempt++) {
		if (rename_once(move) == 0)
			return 0;
		if (!directory_wait_while_busy(attempt))
			return -1;
	}
}

enum status directory_rename_new(void *share, const char *from, const char *to, struct error *err)
{
	static const char step[] = "rename file";
	struct move move;
	AUTO_CLOSE from_folder = directory_open_parent(share, from, &move.from);

	if (from_folder < 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, step, from);
	AUTO_CLOSE to_folder = directory_open_parent(share, to, &move.to);
	if (to_folder < 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, step, to);
	move.from_folder = from_folder;
	move.to_folder = to_folder;
	if (rename_patiently(&move) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, step,
				      errno == EEXIST ? to : from);
	if (directory_flush_folder(to_folder) != 0 || directory_flush_folder(from_folder) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "flush folder", to);
	return STATUS_OK;
}
