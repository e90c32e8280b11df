/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: a stack of folders, of which a bounded number is held open. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "snapshot_path.h"
#include "snapshot_walk_private.h"

#define OPEN_LEVELS_MAX 32
#define PATH_LENGTH_MAX ((size_t)400 * 1024) /* a manifest's entry has to hold it */
#define LOOK_TRIES_MAX 3

enum status snapshot_walk_new(int root, const char *const *exclude, const struct cancel *cancel,
			      struct snapshot_walk **out, struct error *err)
{
	if (!snapshot_xattr_is_possible())
		return fail_errno(err, STATUS_UNSUPPORTED, "read extended attributes",
				  "/proc/self/fd");

	struct snapshot_walk *walk = calloc(1, sizeof(*walk));

	if (walk == NULL)
		return fail_memory(err, "walk folder");
	walk->root = root;
	walk->exclude = exclude;
	walk->cancel = cancel;
	buffer_init(&walk->path, PATH_LENGTH_MAX + NAME_MAX + 2);
	walk->links = snapshot_link_table_new();
	if (walk->links == NULL) {
		snapshot_walk_free(walk);
		return fail_memory(err, "walk folder");
	}
	*out = walk;
	return STATUS_OK;
}

void snapshot_walk_free(struct snapshot_walk *walk)
{
	if (walk == NULL)
		return;
	while (walk->depth > 0)
		snapshot_walk_level_done(&walk->levels[--walk->depth]);
	free(walk->levels);
	buffer_done(&walk->path);
	snapshot_link_table_free(walk->links);
	snapshot_xattr_list_done(&walk->xattrs);
	free(walk);
}

/* Access times are left alone where the system lets us. */
static int open_folder(int directory, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int descriptor = openat(directory, name, flags | O_NOATIME);

	if (descriptor < 0 && errno == EPERM)
		descriptor = openat(directory, name, flags);
	return descriptor;
}

/* A mount that shows a folder inside itself would never end. */
static bool is_open_above(const struct snapshot_walk *walk, const struct stat *folder)
{
	for (size_t i = 0; i < walk->depth; i++) {
		if (walk->levels[i].inode == folder->st_ino &&
		    walk->levels[i].device == folder->st_dev)
			return true;
	}
	return false;
}

/* Keeps the root and the deepest folders open. */
static void spare_descriptors(struct snapshot_walk *walk)
{
	if (walk->depth <= OPEN_LEVELS_MAX)
		return;

	struct snapshot_walk_level *level = &walk->levels[walk->depth - OPEN_LEVELS_MAX];

	if (level->descriptor >= 0)
		(void)close(level->descriptor);
	level->descriptor = -1;
}

/* Takes over @descriptor. The folder's names come after its own entry. */
static enum status enter_folder(struct snapshot_walk *walk, int descriptor,
				const struct stat *folder, int *cause, struct error *err)
{
	if (walk->depth == walk->level_capacity) {
		size_t capacity = walk->level_capacity * 2 + 16;
		struct snapshot_walk_level *levels =
			realloc(walk->levels, capacity * sizeof(*levels));

		if (levels == NULL) {
			(void)close(descriptor);
			return fail_memory(err, "walk folder");
		}
		walk->levels = levels;
		walk->level_capacity = capacity;
	}
	spare_descriptors(walk);
	return snapshot_walk_level_read(&walk->levels[walk->depth++], descriptor, folder,
					walk->path.length, cause, err);
}

enum look { LOOK_LISTED, LOOK_GONE, LOOK_AGAIN };

/* Looks into the folder @name before its entry is handed out, so that the entry can tell when that
 * is not possible. */
static enum status look_into_folder(struct snapshot_walk *walk, int directory, const char *name,
				    struct stat *found, struct snapshot_entry *entry,
				    enum look *look, struct error *err)
{
	int descriptor = open_folder(directory, name);
	int cause = 0;
	enum status status = STATUS_OK;

	*look = LOOK_LISTED;
	if (descriptor < 0 && errno == ENOENT) {
		*look = LOOK_GONE;
	} else if (descriptor < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		*look = LOOK_AGAIN;
		cause = errno;
	} else if (descriptor < 0) {
		cause = errno;
	} else if (fstat(descriptor, found) != 0) {
		cause = errno;
		(void)close(descriptor);
	} else if (is_open_above(walk, found) || walk->path.length > PATH_LENGTH_MAX) {
		cause = is_open_above(walk, found) ? ELOOP : ENAMETOOLONG;
		(void)close(descriptor);
	} else {
		snapshot_walk_entry_from_stat(entry, found, entry->path);
		status = enter_folder(walk, descriptor, found, &cause, err);
	}
	if (cause != 0)
		snapshot_walk_entry_problem(entry,
					    *look == LOOK_AGAIN ? SNAPSHOT_PROBLEM_CHANGED
								: SNAPSHOT_PROBLEM_UNREADABLE,
					    cause);
	return status;
}

static enum status look_at(struct snapshot_walk *walk, int directory, const char *name,
			   unsigned char type, struct snapshot_entry *entry, bool *listed,
			   struct error *err)
{
	const char *path = (const char *)walk->path.data;
	enum look look = LOOK_AGAIN;
	struct stat found;

	for (int try = 0; try < LOOK_TRIES_MAX && look == LOOK_AGAIN; try++) {
		look = LOOK_LISTED;
		if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
			*listed = errno != ENOENT;
			*entry = (struct snapshot_entry) { .path = path };
			entry->type = snapshot_walk_entry_type(type);
			snapshot_walk_entry_problem(entry, SNAPSHOT_PROBLEM_UNREADABLE, errno);
			if (entry->type == SNAPSHOT_SYMBOLIC_LINK)
				entry->link_target = "";
			return STATUS_OK;
		}
		snapshot_walk_entry_from_stat(entry, &found, path);
		if (entry->type != SNAPSHOT_DIRECTORY)
			break;

		enum status status =
			look_into_folder(walk, directory, name, &found, entry, &look, err);

		if (status != STATUS_OK)
			return status;
	}
	*listed = look != LOOK_GONE;
	if (!*listed)
		return STATUS_OK;
	return snapshot_walk_entry_complete(walk, directory, name, &found, entry, listed, err);
}

static bool is_excluded(const struct snapshot_walk *walk)
{
	for (size_t i = 0; walk->exclude != NULL && walk->exclude[i] != NULL; i++) {
		if (fnmatch(walk->exclude[i], (const char *)walk->path.data, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

static enum status set_path(struct snapshot_walk *walk, const struct snapshot_walk_level *level,
			    const char *name, struct error *err)
{
	walk->path.length = level->path_length;

	enum status status = STATUS_OK;

	if (level->path_length > 0)
		status = buffer_append_text(&walk->path, "/", err);
	if (status == STATUS_OK)
		status = buffer_append_text(&walk->path, name, err);
	if (status == STATUS_OK)
		status = buffer_terminate(&walk->path, err);
	return status;
}

/* False when the folder is not there any more: its remaining names are as if removed. */
static bool open_again(struct snapshot_walk *walk, struct snapshot_walk_level *level)
{
	struct stat found;

	if (level->descriptor >= 0)
		return true;
	walk->path.length = level->path_length;
	walk->path.data[level->path_length] = '\0';
	level->descriptor = snapshot_path_open(walk->root, (const char *)walk->path.data,
					       O_RDONLY | O_DIRECTORY);
	return level->descriptor >= 0 && fstat(level->descriptor, &found) == 0 &&
	       found.st_ino == level->inode && found.st_dev == level->device;
}

static enum status walk_root(struct snapshot_walk *walk, struct snapshot_entry *entry,
			     struct error *err)
{
	bool listed = false;

	walk->started = true;

	enum status status = buffer_terminate(&walk->path, err);

	if (status == STATUS_OK)
		status = look_at(walk, walk->root, ".", DT_DIR, entry, &listed, err);
	if (status == STATUS_OK && !listed)
		status = fail(err, STATUS_NOT_FOUND, "walk folder", NULL,
			      "the source folder was removed while it was read");
	return status;
}

enum status snapshot_walk_next(struct snapshot_walk *walk, struct snapshot_entry *entry, bool *end,
			       struct error *err)
{
	*end = false;
	if (!walk->started)
		return walk_root(walk, entry, err);
	while (walk->depth > 0) {
		/* By index: entering a folder may move the levels. */
		size_t at = walk->depth - 1;
		bool listed = false;
		unsigned char type;
		const char *name = snapshot_walk_level_next(&walk->levels[at], &type);
		enum status status = cancel_check(walk->cancel, "walk folder", err);

		if (status != STATUS_OK)
			return status;
		if (name == NULL || !open_again(walk, &walk->levels[at])) {
			snapshot_walk_level_done(&walk->levels[--walk->depth]);
			continue;
		}
		status = set_path(walk, &walk->levels[at], name, err);
		if (status == STATUS_OK && !is_excluded(walk))
			status = look_at(walk, walk->levels[at].descriptor, name, type, entry,
					 &listed, err);
		if (status != STATUS_OK || listed)
			return status;
	}
	*end = true;
	return STATUS_OK;
}
