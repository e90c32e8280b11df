/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of secrets: whole pages that core dumps leave out, zeroed before they are released. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/base/owned.h"
#include "infrabackup/base/secret.h"

#define SECRET_FILE_MAX ((size_t)64 * 1024)

/* Whole pages for @length bytes and the NUL; 0 when that overflows. */
static size_t secret_page_bytes(size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (length > SIZE_MAX - page)
		return 0;
	return (length / page + 1) * page;
}

enum status secret_new(struct secret *out, size_t length, struct error *err)
{
	size_t size = secret_page_bytes(length);
	unsigned char *data = size == 0 ? NULL : aligned_alloc((size_t)sysconf(_SC_PAGESIZE), size);

	if (data == NULL)
		return fail_memory(err, "allocate secret");
	/* Best effort: a kernel built without it still gets the zeroing. */
	(void)madvise(data, size, MADV_DONTDUMP);
	memset(data, 0, size);
	*out = (struct secret) { data, length };
	return STATUS_OK;
}

enum status secret_copy(struct secret *out, const void *data, size_t length, struct error *err)
{
	struct secret made;
	enum status status = secret_new(&made, length, err);

	if (status != STATUS_OK)
		return status;
	if (length > 0)
		memcpy(made.data, data, length);
	*out = made;
	return STATUS_OK;
}

void secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	if (secret->data != NULL) {
		size_t size = secret_page_bytes(secret->length);

		explicit_bzero(secret->data, size);
		/* The allocator reuses the pages for things that belong into a dump. */
		(void)madvise(secret->data, size, MADV_DODUMP);
		free(secret->data);
	}
	*secret = SECRET_EMPTY;
}

void secret_move(struct secret *to, struct secret *from)
{
	if (to == from)
		return;
	secret_free(to);
	*to = *from;
	*from = SECRET_EMPTY;
}

bool secret_equal(const struct secret *left, const struct secret *right)
{
	/* volatile: no compiler may leave the loop at the first difference. */
	const volatile unsigned char *a = left->data;
	const volatile unsigned char *b = right->data;
	unsigned difference = 0;

	if (left->length != right->length)
		return false;
	for (size_t i = 0; i < left->length; i++)
		difference |= (unsigned)(a[i] ^ b[i]);
	return difference == 0;
}

bool secret_is_empty(const struct secret *secret)
{
	return secret->length == 0;
}

/* Fills @into with up to its length; *@used says how much there was. */
static enum status secret_read_all(int descriptor, const char *path, struct secret *into,
				   size_t *used, struct error *err)
{
	size_t length = 0;

	while (length < into->length) {
		ssize_t got = read(descriptor, into->data + length, into->length - length);

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(err, STATUS_FAILED, "read secret", path);
		length += (size_t)got;
	}
	*used = length;
	return STATUS_OK;
}

static enum status secret_check_mode(int descriptor, const char *path, struct error *err)
{
	struct stat info;

	if (fstat(descriptor, &info) != 0)
		return fail_errno(err, STATUS_FAILED, "examine secret file", path);
	if (S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0)
		return fail(err, STATUS_INVALID, "read secret", path,
			    "everybody may write this file (mode %04o), allowed is at most 0660",
			    (unsigned)(info.st_mode & 07777));
	return STATUS_OK;
}

enum status secret_read_file(struct secret *out, const char *path, struct error *err)
{
	bool from_input = strcmp(path, "-") == 0;
	AUTO_CLOSE opened = from_input ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	AUTO_SECRET read_bytes = SECRET_EMPTY;
	int descriptor = from_input ? STDIN_FILENO : opened;
	size_t used = 0;
	enum status status;

	if (descriptor < 0)
		return fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "open secret file", path);
	if (!from_input) {
		status = secret_check_mode(descriptor, path, err);
		if (status != STATUS_OK)
			return status;
	}
	status = secret_new(&read_bytes, SECRET_FILE_MAX + 1, err);
	if (status != STATUS_OK)
		return status;
	status = secret_read_all(descriptor, path, &read_bytes, &used, err);
	if (status != STATUS_OK)
		return status;
	if (used > SECRET_FILE_MAX)
		return fail(err, STATUS_TOO_LARGE, "read secret", path,
			    "more than the %zu bytes a secret may have", SECRET_FILE_MAX);
	if (used > 0 && read_bytes.data[used - 1] == '\n')
		used -= used > 1 && read_bytes.data[used - 2] == '\r' ? 2 : 1;
	return secret_copy(out, read_bytes.data, used, err);
}
