/* SPDX-License-Identifier: Apache-2.0 */
/* Applies metadata by descriptor; where a call does not take an O_PATH one, by /proc/self/fd. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "snapshot_restore_metadata.h"

static const char acl_access[] = "system.posix_acl_access";
static const char acl_default[] = "system.posix_acl_default";

struct target {
	int descriptor;
	bool direct; /* the descriptor is of an open file, not O_PATH */
	char path[40];
};

static bool has_xattr(const struct snapshot_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		if (strcmp(entry->xattrs[i].name, name) == 0)
			return true;
	}
	return false;
}

/* What the folder above passed on, or an older state left, is not in the backup. */
static void remove_foreign_acls(const struct target *target, const struct snapshot_entry *entry)
{
	if (!has_xattr(entry, acl_access))
		(void)(target->direct ? fremovexattr(target->descriptor, acl_access)
				      : removexattr(target->path, acl_access));
	if (entry->type == SNAPSHOT_DIRECTORY && !has_xattr(entry, acl_default))
		(void)removexattr(target->path, acl_default);
}

static void set_xattrs(const struct target *target, const struct snapshot_entry *entry,
		       uint64_t *refused)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct snapshot_xattr *xattr = &entry->xattrs[i];
		int result = target->direct ? fsetxattr(target->descriptor, xattr->name,
							xattr->value, xattr->value_length, 0)
					    : setxattr(target->path, xattr->name, xattr->value,
						       xattr->value_length, 0);

		if (result != 0)
			(*refused)++;
	}
}

static void set_times(const struct target *target, const struct snapshot_entry *entry,
		      uint64_t *refused)
{
	const int64_t second = 1000000000;
	int64_t nanoseconds = entry->modified_ns % second;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	if (nanoseconds < 0)
		nanoseconds += second;
	times[1].tv_nsec = nanoseconds;
	times[1].tv_sec = entry->modified_ns / second - (entry->modified_ns % second < 0 ? 1 : 0);

	int result = target->direct ? futimens(target->descriptor, times)
				    : utimensat(AT_FDCWD, target->path, times, 0);

	if (result != 0)
		(*refused)++;
}

void snapshot_restore_metadata_apply(int descriptor, const struct snapshot_entry *entry,
				     uint64_t *refused)
{
	struct target target = {
		.descriptor = descriptor,
		.direct = entry->type == SNAPSHOT_FILE,
	};
	mode_t mode = entry->mode & 07777;

	(void)snprintf(target.path, sizeof(target.path), "/proc/self/fd/%d", descriptor);
	/* First the owner: chown takes setuid bits and capabilities away. Then attributes, while
	 * the mode still lets us write them. */
	if (fchownat(descriptor, "", entry->user_id, entry->group_id, AT_EMPTY_PATH) != 0) {
		(*refused)++;
		/* Nobody else's programs become programs of the present owner. */
		if (entry->type != SNAPSHOT_DIRECTORY)
			mode &= 01777;
	}
	set_xattrs(&target, entry, refused);
	if (entry->type != SNAPSHOT_SYMBOLIC_LINK) {
		remove_foreign_acls(&target, entry);
		if ((target.direct ? fchmod(descriptor, mode) : chmod(target.path, mode)) != 0)
			(*refused)++;
	}
	set_times(&target, entry, refused);
}
