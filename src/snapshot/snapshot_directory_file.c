/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file's data and finds its holes. */
#include <errno.h>
#include <string.h>

#include "snapshot_directory_file.h"

#define HOLE_MIN 65536 /* shorter ones cost more as records than as zeros */

enum status snapshot_directory_file_open(int descriptor, const char *path,
					 const struct cancel *cancel, struct snapshot_file **out,
					 struct error *err)
{
	AUTO_CLOSE owned = descriptor;
	size_t path_size = strlen(path) + 1;
	AUTO_FREE struct snapshot_file *file = malloc(sizeof(*file) + path_size);

	if (file == NULL)
		return fail_memory(err, "open file");
	*file = (struct snapshot_file) { .cancel = cancel };
	memcpy(file->path, path, path_size);
	if (fstat(owned, &file->opened) != 0)
		return fail_errno(err, STATUS_FAILED, "open file", path);
	if (!S_ISREG(file->opened.st_mode))
		return fail(err, STATUS_NOT_FOUND, "open file", path,
			    "something that is not a file has taken its place");
	file->size = (uint64_t)file->opened.st_size;
	/* With a block for every byte there is no hole to look for. */
	if (file->size < HOLE_MIN || (uint64_t)file->opened.st_blocks * 512 >= file->size)
		file->data_end = file->size;
	file->descriptor = TAKE_DESCRIPTOR(owned);
	*out = TAKE(file);
	return STATUS_OK;
}

static uint64_t seek_to(const struct snapshot_file *file, uint64_t from, int whence)
{
	off_t found = lseek(file->descriptor, (off_t)from, whence);

	if (found >= 0)
		return (uint64_t)found < file->size ? (uint64_t)found : file->size;
	/* No data behind @from, or a file system that does not know: then all of it is data. */
	if (errno == ENXIO)
		return file->size;
	return whence == SEEK_DATA ? from : file->size;
}

/* Moves data_end over data and short holes until @wanted bytes are known. Returns the length of the
 * hole when the file is at one. */
static uint64_t find_data(struct snapshot_file *file, size_t wanted)
{
	if (file->data_end < file->position)
		file->data_end = file->position;
	while (file->data_end < file->size && file->data_end - file->position < wanted) {
		uint64_t data = seek_to(file, file->data_end, SEEK_DATA);

		if (data - file->data_end >= HOLE_MIN)
			return file->data_end == file->position ? data - file->position : 0;
		file->data_end = data < file->size ? seek_to(file, data, SEEK_HOLE) : file->size;
	}
	return 0;
}

enum status snapshot_directory_file_read(struct snapshot_file *file, void *data, size_t length,
					 size_t *got, uint64_t *hole, struct error *err)
{
	enum status status = cancel_check(file->cancel, "read file", err);
	ssize_t count;

	if (status != STATUS_OK)
		return status;

	uint64_t empty = find_data(file, length);

	if (empty > 0) {
		file->position += empty;
		*got = 0;
		*hole = empty;
		return STATUS_OK;
	}
	if (length > file->data_end - file->position)
		length = (size_t)(file->data_end - file->position);
	do {
		count = length == 0 ? 0
				    : pread(file->descriptor, data, length, (off_t)file->position);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return fail_errno(err, STATUS_FAILED, "read file", file->path);
	file->position += (uint64_t)count;
	*got = (size_t)count;
	*hole = 0;
	return STATUS_OK;
}

static bool is_same_time(struct timespec left, struct timespec right)
{
	return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

void snapshot_directory_file_close(struct snapshot_file *file, bool *changed)
{
	struct stat now;

	*changed = fstat(file->descriptor, &now) != 0 || now.st_size != file->opened.st_size ||
		   !is_same_time(now.st_mtim, file->opened.st_mtim) ||
		   !is_same_time(now.st_ctim, file->opened.st_ctim);
	(void)close(file->descriptor);
	free(file);
}
