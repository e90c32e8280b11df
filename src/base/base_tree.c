/* SPDX-License-Identifier: Apache-2.0 */
/* Directory trees of the local disk: made whole, removed whole. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "infrabackup/base/file.h"
#include "infrabackup/base/owned.h"

static enum status make_directory(const char *path, mode_t mode, struct error *err)
{
	struct stat info;

	if (mkdir(path, mode) == 0)
		return STATUS_OK;
	/* Whatever mkdir says about one that is there (EEXIST, EROFS, ...), it will do. */
	int cause = errno;
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
		return STATUS_OK;
	errno = cause;
	return fail_errno(err, cause == EEXIST ? STATUS_EXISTS : STATUS_FAILED, "make directory",
			  path);
}

enum status file_make_directories(const char *path, mode_t mode, struct error *err)
{
	AUTO_FREE char *partial = strdup(path);

	if (partial == NULL)
		return fail_memory(err, "make directory");
	for (char *at = partial + 1; partial[0] != '\0' && *at != '\0'; at++) {
		if (*at != '/' || at[-1] == '/')
			continue;
		*at = '\0';
		enum status status = make_directory(partial, mode, err);
		if (status != STATUS_OK)
			return status;
		*at = '/';
	}
	return make_directory(partial, mode, err);
}

static enum status remove_entry(int parent, const char *name, const char *path, struct error *err);

/* Empties the directory behind @descriptor, which it takes over. */
static enum status remove_children(int descriptor, const char *path, struct error *err)
{
	AUTO_CLOSEDIR directory = fdopendir(descriptor);

	if (directory == NULL) {
		enum status status = fail_errno(err, STATUS_FAILED, "read directory", path);
		(void)close(descriptor);
		return status;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (entry == NULL && errno != 0)
			return fail_errno(err, STATUS_FAILED, "read directory", path);
		if (entry == NULL)
			return STATUS_OK;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		AUTO_FREE char *child = file_join(path, entry->d_name);
		if (child == NULL)
			return fail_memory(err, "remove directory");
		enum status status = remove_entry(dirfd(directory), entry->d_name, child, err);
		if (status != STATUS_OK)
			return status;
	}
}

/* @path only names it in errors; @name below @parent is what goes, never what a link points to. */
static enum status remove_entry(int parent, const char *name, const char *path, struct error *err)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return STATUS_OK;
	if (errno != EISDIR && errno != EPERM)
		return fail_errno(err, STATUS_FAILED, "remove file", path);

	int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0)
		return fail_errno(err, STATUS_FAILED, "remove directory", path);
	enum status status = remove_children(descriptor, path, err);
	if (status != STATUS_OK)
		return status;
	if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		return fail_errno(err, STATUS_FAILED, "remove directory", path);
	return STATUS_OK;
}

enum status file_remove_tree(const char *path, struct error *err)
{
	return remove_entry(AT_FDCWD, path, path, err);
}
