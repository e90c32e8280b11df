/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a directory share. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share_directory_private.h"

#define FILE_MODE 0600

struct directory_file {
	int descriptor;
	int folder; /* of a new file, until its entry has been made durable; else -1 */
	char name[];
};

/* Takes both descriptors over, also on failure. */
static enum status file_new(int descriptor, int folder, const char *name, void **out,
			    struct error *err)
{
	size_t size = strlen(name) + 1;
	struct directory_file *file = malloc(sizeof(*file) + size);

	if (file == NULL) {
		owned_close(&descriptor);
		owned_close(&folder);
		return fail_memory(err, "open file");
	}
	file->descriptor = descriptor;
	file->folder = folder;
	memcpy(file->name, name, size);
	*out = file;
	return STATUS_OK;
}

enum status directory_create(void *share, const char *name, void **file, struct error *err)
{
	const char *leaf;
	AUTO_CLOSE folder = directory_open_parent(share, name, &leaf);

	if (folder < 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "create file", name);

	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int descriptor = RETRY(openat(folder, leaf, flags, FILE_MODE));
	if (descriptor < 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "create file", name);
	return file_new(descriptor, TAKE_DESCRIPTOR(folder), name, file, err);
}

enum status directory_write(void *file, const void *data, size_t length, struct error *err)
{
	const struct directory_file *to = file;
	const unsigned char *from = data;

	while (length > 0) {
		ssize_t written = RETRY(write(to->descriptor, from, length));

		if (written == 0)
			errno = EIO;
		if (written <= 0)
			return directory_fail(err, DIRECTORY_ACCESS_WRITE, "write file", to->name);
		from += written;
		length -= (size_t)written;
	}
	return STATUS_OK;
}

enum status directory_flush(void *file, struct error *err)
{
	struct directory_file *to = file;

	if (RETRY(fsync(to->descriptor)) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "flush file", to->name);
	if (to->folder < 0)
		return STATUS_OK;
	if (directory_flush_folder(to->folder) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "flush folder", to->name);
	owned_close(&to->folder);
	to->folder = -1;
	return STATUS_OK;
}

enum status directory_open_read(void *share, const char *name, void **file, uint64_t *size,
				struct error *err)
{
	const char *leaf;
	AUTO_CLOSE folder = directory_open_parent(share, name, &leaf);

	if (folder < 0)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "open file", name);

	/* Not to wait for the other end of a pipe that somebody put there. */
	int flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE descriptor = RETRY(openat(folder, leaf, flags));
	struct stat facts;
	if (descriptor < 0 || fstat(descriptor, &facts) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "open file", name);
	if (!S_ISREG(facts.st_mode))
		return fail(err, STATUS_NOT_FOUND, "open file", name, "this is not a file");

	enum status status = file_new(TAKE_DESCRIPTOR(descriptor), -1, name, file, err);
	if (status == STATUS_OK)
		*size = (uint64_t)facts.st_size;
	return status;
}

enum status directory_read(void *file, uint64_t offset, void *data, size_t length, size_t *got,
			   struct error *err)
{
	const struct directory_file *from = file;
	unsigned char *into = data;
	size_t total = 0;

	while (total < length) {
		ssize_t part = RETRY(pread(from->descriptor, into + total, length - total,
					   (off_t)(offset + total)));

		if (part < 0)
			return directory_fail(err, DIRECTORY_ACCESS_READ, "read file", from->name);
		if (part == 0)
			break;
		total += (size_t)part;
	}
	*got = total;
	return STATUS_OK;
}

/* Not repeated after EINTR: the descriptor is gone by then, and whether all data arrived is
 * unknown. */
enum status directory_close_file(void *file, struct error *err)
{
	struct directory_file *closed = file;
	enum status status = STATUS_OK;

	if (close(closed->descriptor) != 0)
		status = directory_fail(err, DIRECTORY_ACCESS_WRITE, "close file", closed->name);
	owned_close(&closed->folder);
	free(closed);
	return status;
}
