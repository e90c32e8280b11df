/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read within a limit, written so that a crash leaves the old or the new one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/base/file.h"
#include "infrabackup/base/owned.h"

#define FILE_READ_STEP ((size_t)64 * 1024)

static enum status file_status(int cause)
{
	return cause == ENOENT ? STATUS_NOT_FOUND : cause == EEXIST ? STATUS_EXISTS : STATUS_FAILED;
}

/* Appends up to @out's maximum; reading on past it tells an exact fit from too much. */
static enum status read_all(int descriptor, const char *path, struct buffer *out, struct error *err)
{
	unsigned char beyond;

	for (;;) {
		size_t room = out->max - out->length;
		bool full = room == 0;

		if (room > FILE_READ_STEP)
			room = FILE_READ_STEP;
		enum status status = buffer_reserve(out, room, err);
		if (status != STATUS_OK)
			return status;
		ssize_t got = full ? read(descriptor, &beyond, 1)
				   : read(descriptor, out->data + out->length, room);
		if (got == 0)
			return buffer_terminate(out, err);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(err, STATUS_FAILED, "read file", path);
		if (full)
			return fail(err, STATUS_TOO_LARGE, "read file", path,
				    "the file is larger than the allowed %zu bytes", out->max);
		out->length += (size_t)got;
	}
}

enum status file_read(const char *path, size_t max, struct buffer *out, struct error *err)
{
	AUTO_CLOSE descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct buffer content;
	enum status status;

	if (descriptor < 0)
		return fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "open file", path);
	buffer_init(&content, max);
	status = read_all(descriptor, path, &content, err);
	if (status != STATUS_OK) {
		buffer_done(&content);
		return status;
	}
	buffer_done(out);
	*out = content;
	return STATUS_OK;
}

enum status file_write_all(int descriptor, const char *path, const void *data, size_t length,
			   struct error *err)
{
	const unsigned char *at = data;

	while (length > 0) {
		ssize_t written = write(descriptor, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail_errno(err, STATUS_FAILED, "write file", path);
		at += written;
		length -= (size_t)written;
	}
	return STATUS_OK;
}

static enum status sync_directory_of(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *directory = slash == NULL   ? strdup(".")
				    : slash == path ? strdup("/")
						    : strndup(path, (size_t)(slash - path));

	if (directory == NULL)
		return fail_memory(err, "sync directory");
	AUTO_CLOSE descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return fail_errno(err, file_status(errno), "open directory", directory);
	/* File systems without directory sync say EINVAL; there is nothing more to do on them. */
	if (fsync(descriptor) != 0 && errno != EINVAL)
		return fail_errno(err, STATUS_FAILED, "sync directory", directory);
	return STATUS_OK;
}

/* Content and mode into the open temporary file, durable, with the result of close checked. */
static enum status fill_temporary(int descriptor, const char *path, mode_t mode, const void *data,
				  size_t length, struct error *err)
{
	AUTO_CLOSE owned = descriptor;
	enum status status = file_write_all(owned, path, data, length, err);

	if (status != STATUS_OK)
		return status;
	if (fchmod(owned, mode) != 0)
		return fail_errno(err, STATUS_FAILED, "set mode of file", path);
	if (fsync(owned) != 0)
		return fail_errno(err, STATUS_FAILED, "sync file", path);
	if (close(TAKE_DESCRIPTOR(owned)) != 0)
		return fail_errno(err, STATUS_FAILED, "close file", path);
	return STATUS_OK;
}

static int rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot rename without replacing: a hard link refuses an old name. */
	if (link(from, to) != 0)
		return -1;
	return unlink(from);
}

enum status file_write(const char *path, mode_t mode, bool replace, const void *data, size_t length,
		       struct error *err)
{
	AUTO_FREE char *temporary = NULL;
	enum status status;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return fail_memory(err, "write file");
	}
	int descriptor = mkostemp(temporary, O_CLOEXEC);
	if (descriptor < 0)
		return fail_errno(err, file_status(errno), "create file", path);
	status = fill_temporary(descriptor, path, mode, data, length, err);
	if (status == STATUS_OK &&
	    (replace ? rename(temporary, path) : rename_new(temporary, path)) != 0)
		status = fail_errno(err, file_status(errno), "rename file", path);
	if (status != STATUS_OK) {
		(void)unlink(temporary);
		return status;
	}
	return sync_directory_of(path, err);
}

char *file_join(const char *directory, const char *name)
{
	size_t length = strlen(directory);
	const char *separator = length > 0 && directory[length - 1] == '/' ? "" : "/";
	char *path = NULL;

	return asprintf(&path, "%s%s%s", directory, separator, name) < 0 ? NULL : path;
}
