/* SPDX-License-Identifier: Apache-2.0 */
/* Folders below the root of a directory share, reached without following symbolic links. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "share_directory_private.h"

static int open_folder_at(int folder, const char *name, int flags)
{
	return RETRY(openat(folder, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

#define BUSY_ATTEMPTS 6

static void close_keeping_errno(int descriptor)
{
	int cause = errno;

	(void)close(descriptor);
	errno = cause;
}

/* Walks one component at a time: O_NOFOLLOW guards only the last one of a path. */
int directory_open_parent(const struct directory *directory, const char *name, const char **leaf)
{
	int folder = open_folder_at(directory->root, ".", O_PATH);
	char component[SHARE_NAME_SIZE];
	const char *slash;

	while (folder >= 0 && (slash = strchr(name, '/')) != NULL) {
		size_t length = (size_t)(slash - name);
		memcpy(component, name, length);
		component[length] = '\0';
		int next = open_folder_at(folder, component, O_PATH);
		close_keeping_errno(folder);
		folder = next;
		name = slash + 1;
	}
	*leaf = name;
	return folder;
}

int directory_open_folder(const struct directory *directory, const char *name)
{
	const char *leaf;

	if (name[0] == '\0')
		return open_folder_at(directory->root, ".", O_RDONLY);
	int parent = directory_open_parent(directory, name, &leaf);
	if (parent < 0)
		return -1;
	int folder = open_folder_at(parent, leaf, O_RDONLY);
	close_keeping_errno(parent);
	return folder;
}

/* Shares differ in how they say that folders cannot be flushed; read-back is what commits rely on.
 */
static bool is_unsupported(int cause)
{
	static const int causes[] = { EINVAL, ENOTSUP, ENOSYS, ENOTTY, EBADF,
				      EACCES, EPERM,   ENOENT, EISDIR, EROFS };

	for (size_t i = 0; i < ARRAY_LENGTH(causes); i++)
		if (causes[i] == cause)
			return true;
	return false;
}

bool directory_wait_while_busy(int attempt)
{
	int cause = errno;
	long pause = 10L * 1000 * 1000 << attempt;

	if ((cause != EBUSY && cause != ETXTBSY) || attempt >= BUSY_ATTEMPTS)
		return false;
	(void)nanosleep(&(struct timespec) { .tv_nsec = pause }, NULL);
	errno = cause;
	return true;
}

int directory_flush_folder(int folder)
{
	AUTO_CLOSE readable = open_folder_at(folder, ".", O_RDONLY);

	if (readable < 0)
		return is_unsupported(errno) ? 0 : -1;
	if (RETRY(fsync(readable)) == 0 || is_unsupported(errno))
		return 0;
	return -1;
}
