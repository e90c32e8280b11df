/* SPDX-License-Identifier: Apache-2.0 */
/* Makes files, folders, links and special files in the open parent folder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "snapshot_path.h"
#include "snapshot_restore_tree_private.h"

enum status snapshot_restore_node_file(struct restore *restore, struct error *err)
{
	/* Readable by nobody else until its owner and mode are known to be right. */
	int descriptor = openat(restore->parent, restore->temporary_name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (descriptor < 0)
		return fail_errno(err, STATUS_FAILED, "create file", restore->entry->path);
	restore->temporary_exists = true;
	restore->sink = (struct snapshot_sink) { .descriptor = descriptor };
	return STATUS_OK;
}

enum status snapshot_restore_node_folder(struct restore *restore, struct error *err)
{
	struct stat found;

	if (mkdirat(restore->parent, restore->name, 0700) == 0)
		return STATUS_OK;
	if (errno != EEXIST ||
	    fstatat(restore->parent, restore->name, &found, AT_SYMLINK_NOFOLLOW) != 0)
		return fail_errno(err, STATUS_FAILED, "make folder", restore->entry->path);
	if (S_ISDIR(found.st_mode))
		return STATUS_OK;
	/* What comes next would go through the link: somebody has to decide that. */
	if (S_ISLNK(found.st_mode))
		return fail(err, STATUS_INTEGRITY, "make folder", restore->entry->path,
			    "a symbolic link is where the backup has a folder");
	if (unlinkat(restore->parent, restore->name, 0) != 0 ||
	    mkdirat(restore->parent, restore->name, 0700) != 0)
		return fail_errno(err, STATUS_FAILED, "make folder", restore->entry->path);
	return STATUS_OK;
}

enum status snapshot_restore_node_symbolic_link(struct restore *restore, struct error *err)
{
	if (symlinkat(restore->entry->link_target, restore->parent, restore->temporary_name) != 0)
		return fail_errno(err, STATUS_FAILED, "make symbolic link", restore->entry->path);
	restore->temporary_exists = true;
	return STATUS_OK;
}

/* The folder that holds the first name; a link by that name is linked itself, not followed. */
static int open_first_parent(const struct restore *restore, const char *path, const char **name)
{
	size_t length;

	*name = snapshot_path_name(path, &length);

	AUTO_FREE char *parent = strndup(path, length);

	return parent == NULL ? -1
			      : snapshot_path_open(restore->root, parent, O_PATH | O_DIRECTORY);
}

enum status snapshot_restore_node_hard_link(struct restore *restore, struct error *err)
{
	const struct snapshot_entry *entry = restore->entry;
	const char *name;
	AUTO_CLOSE first = open_first_parent(restore, entry->link_target, &name);

	if (first < 0 && (errno == ELOOP || errno == ENOTDIR))
		return fail(err, STATUS_INTEGRITY, "make hard link", entry->path,
			    "its first name passes through a symbolic link");
	if (first < 0 || linkat(first, name, restore->parent, restore->temporary_name, 0) != 0)
		return fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "make hard link", entry->path);
	restore->temporary_exists = true;
	return STATUS_OK;
}

enum status snapshot_restore_node_special(struct restore *restore, bool *made, struct error *err)
{
	const struct snapshot_entry *entry = restore->entry;
	mode_t type = entry->type == SNAPSHOT_FIFO           ? S_IFIFO
		      : entry->type == SNAPSHOT_BLOCK_DEVICE ? S_IFBLK
							     : S_IFCHR;
	dev_t device = type == S_IFIFO ? 0 : makedev(entry->device_major, entry->device_minor);

	*made = mknodat(restore->parent, restore->temporary_name, type | 0600, device) == 0;
	restore->temporary_exists = *made;
	if (!*made && errno == EPERM && type != S_IFIFO) {
		restore->report.devices_refused++;
		return STATUS_OK;
	}
	if (!*made)
		return fail_errno(err, STATUS_FAILED, "make special file", entry->path);
	return STATUS_OK;
}

enum status snapshot_restore_node_place(struct restore *restore, struct error *err)
{
	const char *temporary = restore->temporary_name;
	int result = renameat(restore->parent, temporary, restore->parent, restore->name);

	if (result != 0 && errno == EISDIR &&
	    unlinkat(restore->parent, restore->name, AT_REMOVEDIR) == 0)
		result = renameat(restore->parent, temporary, restore->parent, restore->name);
	if (result != 0 && (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST))
		return fail(err, STATUS_EXISTS, "restore entry", restore->entry->path,
			    "a folder with content is in its place");
	if (result != 0)
		return fail_errno(err, STATUS_FAILED, "restore entry", restore->entry->path);
	/* Between two names of one file rename does nothing and leaves both. */
	if (restore->entry->type == SNAPSHOT_HARD_LINK)
		(void)unlinkat(restore->parent, temporary, 0);
	restore->temporary_exists = false;
	return STATUS_OK;
}
