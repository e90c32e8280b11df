/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and sorts the names of a folder. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "snapshot_walk_level.h"

#define DIRECTORY_BUFFER_SIZE 32768

static enum status level_grow(struct snapshot_walk_level *level, size_t name_length,
			      struct error *err)
{
	if (level->names_capacity - level->names_length < name_length + 2) {
		size_t capacity = level->names_capacity * 2 + 1024 + name_length;
		char *names = realloc(level->names, capacity);

		if (names == NULL)
			return fail_memory(err, "read folder");
		level->names = names;
		level->names_capacity = capacity;
	}
	if (level->count == level->capacity) {
		size_t capacity = level->capacity * 2 + 16;
		size_t *offsets = realloc(level->offsets, capacity * sizeof(*offsets));

		if (offsets == NULL)
			return fail_memory(err, "read folder");
		level->offsets = offsets;
		level->capacity = capacity;
	}
	return STATUS_OK;
}

static enum status level_add(struct snapshot_walk_level *level, const struct dirent64 *found,
			     struct error *err)
{
	size_t length = strlen(found->d_name);

	if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
		return STATUS_OK;

	enum status status = level_grow(level, length, err);

	if (status != STATUS_OK)
		return status;
	level->names[level->names_length] = (char)found->d_type;
	level->offsets[level->count++] = level->names_length + 1;
	memcpy(level->names + level->names_length + 1, found->d_name, length + 1);
	level->names_length += length + 2;
	return STATUS_OK;
}

static int compare_names(const void *left, const void *right, void *names)
{
	const char *base = names;

	return strcmp(base + *(const size_t *)left, base + *(const size_t *)right);
}

enum status snapshot_walk_level_read(struct snapshot_walk_level *level, int descriptor,
				     const struct stat *folder, size_t path_length, int *cause,
				     struct error *err)
{
	_Alignas(struct dirent64) char data[DIRECTORY_BUFFER_SIZE];
	ssize_t length;

	*level = (struct snapshot_walk_level) {
		.descriptor = descriptor,
		.device = folder->st_dev,
		.inode = folder->st_ino,
		.path_length = path_length,
	};
	while ((length = getdents64(descriptor, data, sizeof(data))) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *found = (const struct dirent64 *)(void *)(data + at);
			enum status status = level_add(level, found, err);

			if (status != STATUS_OK)
				return status;
			at += found->d_reclen;
		}
	}
	/* A folder removed while it is open has no names any more. */
	*cause = length < 0 && errno != ENOENT ? errno : 0;
	if (level->count > 1)
		qsort_r(level->offsets, level->count, sizeof(*level->offsets), compare_names,
			level->names);
	return STATUS_OK;
}

void snapshot_walk_level_done(struct snapshot_walk_level *level)
{
	if (level->descriptor >= 0)
		(void)close(level->descriptor);
	free(level->names);
	free(level->offsets);
	*level = (struct snapshot_walk_level) { .descriptor = -1 };
}

const char *snapshot_walk_level_next(struct snapshot_walk_level *level, unsigned char *type)
{
	if (level->next == level->count)
		return NULL;

	const char *name = level->names + level->offsets[level->next++];

	*type = (unsigned char)name[-1];
	return name;
}
