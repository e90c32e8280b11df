/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves paths below a root descriptor; see the header. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include "snapshot_path.h"

bool snapshot_path_is_safe(const char *path)
{
	if (*path == '\0')
		return true;
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

const char *snapshot_path_name(const char *path, size_t *parent_length)
{
	const char *slash = strrchr(path, '/');

	*parent_length = slash == NULL ? 0 : (size_t)(slash - path);
	return slash == NULL ? path : slash + 1;
}

/* How much of @path one call can take: whole components, less than PATH_MAX bytes, or only the
 * first one. 0: a component is too long. */
static size_t path_piece(const char *path, bool single)
{
	size_t length = strcspn(path, "/");

	if (length >= PATH_MAX)
		return 0;
	while (!single && path[length] != '\0') {
		size_t more = 1 + strcspn(path + length + 1, "/");

		if (length + more >= PATH_MAX)
			break;
		length += more;
	}
	return length;
}

static int open_piece(int directory, const char *piece, int flags, bool single)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	if (single)
		return openat(directory, piece, flags);
	return (int)syscall(SYS_openat2, directory, piece, &how, sizeof(how));
}

/* @single: component by component with openat(); else as much at once as openat2() takes. */
static int open_pieces(int root, const char *path, int flags, bool single)
{
	AUTO_CLOSE held = -1;
	int directory = root;

	for (;;) {
		char piece[PATH_MAX];
		size_t length = path_piece(path, single);

		if (length == 0) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(piece, path, length);
		piece[length] = '\0';
		path += length;
		if (*path == '\0')
			return open_piece(directory, piece, flags, single);

		int next = open_piece(directory, piece,
				      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, single);

		if (next < 0)
			return -1;
		if (held >= 0)
			(void)close(held);
		held = next;
		directory = next;
		path++;
	}
}

int snapshot_path_open(int root, const char *path, int flags)
{
	flags |= O_NOFOLLOW | O_CLOEXEC;
	if (*path == '\0')
		return openat(root, ".", flags);
	if (!snapshot_path_is_safe(path)) {
		errno = EINVAL;
		return -1;
	}

	int descriptor = open_pieces(root, path, flags, false);

	/* Old kernels, system call filters and races with renames: the slow way decides. */
	if (descriptor < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		return open_pieces(root, path, flags, true);
	return descriptor;
}
