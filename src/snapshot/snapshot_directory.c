/* SPDX-License-Identifier: Apache-2.0 */
/* The directory provider: a folder and everything below it. */
#include <errno.h>
#include <fcntl.h>

#include "infrabackup/snapshot.h"

#include "snapshot_directory_file.h"
#include "snapshot_path.h"
#include "snapshot_restore_tree.h"
#include "snapshot_walk.h"

struct snapshot {
	int root;
	uid_t user;
	const struct cancel *cancel;
	struct snapshot_walk *walk;
};

static enum status directory_close(struct snapshot *snapshot, struct error *err)
{
	(void)err;
	snapshot_walk_free(snapshot->walk);
	if (snapshot->root >= 0)
		(void)close(snapshot->root);
	free(snapshot);
	return STATUS_OK;
}

static enum status directory_open(const struct snapshot_settings *settings,
				  const struct cancel *cancel, struct snapshot **out,
				  struct error *err)
{
	AUTO_CLOSE root = open(settings->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "open source folder", settings->path);

	AUTO_FREE struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL)
		return fail_memory(err, "open source folder");

	enum status status =
		snapshot_walk_new(root, settings->exclude, cancel, &snapshot->walk, err);

	if (status != STATUS_OK)
		return status;
	snapshot->user = geteuid();
	snapshot->cancel = cancel;
	snapshot->root = TAKE_DESCRIPTOR(root);
	*out = TAKE(snapshot);
	return STATUS_OK;
}

static enum status directory_next(struct snapshot *snapshot, struct snapshot_entry *entry,
				  bool *end, struct error *err)
{
	return snapshot_walk_next(snapshot->walk, entry, end, err);
}

/* O_NONBLOCK: a FIFO that took the file's place does not hold us up. */
static int open_for_reading(const struct snapshot *snapshot, const struct snapshot_entry *entry)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int root = snapshot->root;

	if (snapshot->user == 0 || snapshot->user == entry->user_id) {
		int descriptor = snapshot_path_open(root, entry->path, flags | O_NOATIME);

		if (descriptor >= 0 || errno != EPERM)
			return descriptor;
	}
	return snapshot_path_open(root, entry->path, flags);
}

/* errno of a name that holds something else now: nothing, a link, a folder as a file or the other
 * way round, a socket. */
static bool is_vanished(int cause)
{
	return cause == ENOENT || cause == ELOOP || cause == ENOTDIR || cause == ENXIO ||
	       cause == ENODEV;
}

static enum status directory_open_file(struct snapshot *snapshot,
				       const struct snapshot_entry *entry,
				       struct snapshot_file **out, struct error *err)
{
	int descriptor = open_for_reading(snapshot, entry);

	if (descriptor < 0)
		return fail_errno(err, is_vanished(errno) ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "open file", entry->path);
	return snapshot_directory_file_open(descriptor, entry->path, snapshot->cancel, out, err);
}

const struct snapshot_driver snapshot_directory_driver = {
	.name = "directory",
	.open = directory_open,
	.next = directory_next,
	.open_file = directory_open_file,
	.read = snapshot_directory_file_read,
	.close_file = snapshot_directory_file_close,
	.close = directory_close,
	.restore_open = snapshot_restore_tree_open,
	.begin_entry = snapshot_restore_tree_begin,
	.write = snapshot_restore_tree_write,
	.hole = snapshot_restore_tree_hole,
	.end_entry = snapshot_restore_tree_end,
	.commit = snapshot_restore_tree_commit,
	.restore_report = snapshot_restore_tree_report,
	.restore_close = snapshot_restore_tree_close,
};
