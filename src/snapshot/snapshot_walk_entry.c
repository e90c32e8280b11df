/* SPDX-License-Identifier: Apache-2.0 */
/* From what the file system says about a name to an entry. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "snapshot_walk_private.h"

static enum snapshot_entry_type type_from_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return SNAPSHOT_DIRECTORY;
	case S_IFLNK:
		return SNAPSHOT_SYMBOLIC_LINK;
	case S_IFIFO:
		return SNAPSHOT_FIFO;
	case S_IFSOCK:
		return SNAPSHOT_SOCKET;
	case S_IFCHR:
		return SNAPSHOT_CHARACTER_DEVICE;
	case S_IFBLK:
		return SNAPSHOT_BLOCK_DEVICE;
	default:
		return SNAPSHOT_FILE;
	}
}

enum snapshot_entry_type snapshot_walk_entry_type(unsigned char directory_type)
{
	return type_from_mode((mode_t)DTTOIF(directory_type));
}

static int64_t nanoseconds(struct timespec time)
{
	int64_t value;

	/* File systems may hold times that 64 bits of nanoseconds do not: the nearest there is. */
	if (__builtin_mul_overflow((int64_t)time.tv_sec, INT64_C(1000000000), &value) ||
	    __builtin_add_overflow(value, (int64_t)time.tv_nsec, &value))
		return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return value;
}

void snapshot_walk_entry_from_stat(struct snapshot_entry *entry, const struct stat *found,
				   const char *path)
{
	*entry = (struct snapshot_entry) {
		.path = path,
		.type = type_from_mode(found->st_mode),
		.mode = found->st_mode & 07777,
		.user_id = found->st_uid,
		.group_id = found->st_gid,
		.modified_ns = nanoseconds(found->st_mtim),
		.changed_ns = nanoseconds(found->st_ctim),
		.inode = found->st_ino,
	};
	if (entry->type == SNAPSHOT_FILE)
		entry->size = (uint64_t)found->st_size;
	if (entry->type == SNAPSHOT_CHARACTER_DEVICE || entry->type == SNAPSHOT_BLOCK_DEVICE) {
		entry->device_major = major(found->st_rdev);
		entry->device_minor = minor(found->st_rdev);
	}
}

void snapshot_walk_entry_problem(struct snapshot_entry *entry, enum snapshot_problem problem,
				 int cause)
{
	entry->problem = problem;
	entry->cause = cause;
}

static bool read_link_target(struct snapshot_walk *walk, int directory, const char *name,
			     struct snapshot_entry *entry)
{
	ssize_t length =
		readlinkat(directory, name, walk->link_target, sizeof(walk->link_target) - 1);

	if (length < 0 && (errno == ENOENT || errno == EINVAL))
		return false;
	if (length < 0) {
		snapshot_walk_entry_problem(entry, SNAPSHOT_PROBLEM_UNREADABLE, errno);
		length = 0;
	}
	walk->link_target[length] = '\0';
	entry->link_target = walk->link_target;
	return true;
}

enum status snapshot_walk_entry_complete(struct snapshot_walk *walk, int directory,
					 const char *name, const struct stat *found,
					 struct snapshot_entry *entry, bool *listed,
					 struct error *err)
{
	int cause;
	enum status status;

	*listed = true;
	if (found->st_nlink > 1 && entry->type != SNAPSHOT_DIRECTORY &&
	    entry->type != SNAPSHOT_SOCKET) {
		const char *first;

		status = snapshot_link_table_visit(walk->links, found, entry->path, &first, err);
		if (status != STATUS_OK)
			return status;
		if (first != NULL) {
			entry->type = SNAPSHOT_HARD_LINK;
			entry->link_target = first;
			return STATUS_OK;
		}
	}
	if (entry->type == SNAPSHOT_SYMBOLIC_LINK &&
	    !read_link_target(walk, directory, name, entry)) {
		*listed = false;
		return STATUS_OK;
	}
	status = snapshot_xattr_list_read(&walk->xattrs, directory, name, &cause, err);
	if (status != STATUS_OK)
		return status;
	if (cause != 0 && entry->problem == SNAPSHOT_PROBLEM_NONE)
		snapshot_walk_entry_problem(entry, SNAPSHOT_PROBLEM_UNREADABLE, cause);
	entry->xattrs = walk->xattrs.items;
	entry->xattr_count = walk->xattrs.count;
	return STATUS_OK;
}
