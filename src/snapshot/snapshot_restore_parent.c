/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the folder that an entry goes into. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_path.h"
#include "snapshot_restore_tree_private.h"

static enum status fail_parent(const char *path, struct error *err)
{
	if (errno == ELOOP || errno == ENOTDIR)
		return fail(err, STATUS_INTEGRITY, "restore entry", path,
			    "the path passes through a symbolic link or something else that is "
			    "not a folder");
	return fail_errno(err, STATUS_FAILED, "open folder", path);
}

static enum status make_folder(int root, const char *path, struct error *err)
{
	size_t length;
	const char *name = snapshot_path_name(path, &length);
	AUTO_FREE char *above = strndup(path, length);

	if (above == NULL)
		return fail_memory(err, "make folder");

	AUTO_CLOSE parent = snapshot_path_open(root, above, O_PATH | O_DIRECTORY);

	if (parent < 0)
		return fail_parent(path, err);
	if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
		return fail_errno(err, STATUS_FAILED, "make folder", path);
	return STATUS_OK;
}

/* A restore of some files of a backup does not name the folders above them. @path is cut after each
 * component in turn. */
static enum status make_folders(int root, char *path, struct error *err)
{
	for (char *slash = path; slash != NULL;) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';

		enum status status = make_folder(root, path, err);

		if (slash != NULL)
			*slash = '/';
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status snapshot_restore_parent_open(struct restore *restore, const char *path, size_t length,
					 struct error *err)
{
	if (restore->parent >= 0 && strncmp(restore->parent_path, path, length) == 0 &&
	    restore->parent_path[length] == '\0')
		return STATUS_OK;

	AUTO_FREE char *parent_path = strndup(path, length);

	if (parent_path == NULL)
		return fail_memory(err, "restore entry");

	AUTO_CLOSE parent = snapshot_path_open(restore->root, parent_path, O_PATH | O_DIRECTORY);

	if (parent < 0 && errno == ENOENT) {
		enum status status = make_folders(restore->root, parent_path, err);

		if (status != STATUS_OK)
			return status;
		parent = snapshot_path_open(restore->root, parent_path, O_PATH | O_DIRECTORY);
	}

	struct stat found;

	if (parent < 0 || fstat(parent, &found) != 0)
		return fail_parent(path, err);
	restore->parent_is_foreign = found.st_dev != restore->root_device;
	if (restore->parent >= 0)
		(void)close(restore->parent);
	restore->parent = TAKE_DESCRIPTOR(parent);
	free(restore->parent_path);
	restore->parent_path = TAKE(parent_path);
	return STATUS_OK;
}
