/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the directory driver share. */
#ifndef SHARE_DIRECTORY_PRIVATE_H
#define SHARE_DIRECTORY_PRIVATE_H

#include "infrabackup/share.h"

#include <errno.h>

/* What was tried when a system call failed: the same errno means different things. */
enum directory_access { DIRECTORY_ACCESS_ROOT, DIRECTORY_ACCESS_READ, DIRECTORY_ACCESS_WRITE };

struct directory {
	int root;
};

/* Repeats a system call for as long as a signal interrupts it; not for close(). */
#define RETRY(call)                                                                                \
	__extension__({                                                                            \
		__typeof__(call) retry_result;                                                     \
		do                                                                                 \
			retry_result = (call);                                                     \
		while (retry_result == -1 && errno == EINTR);                                      \
		retry_result;                                                                      \
	})

/* Fails by the present errno and the table of share_directory_error.c. */
enum status directory_fail(struct error *err, enum directory_access access, const char *step,
			   const char *path);

/* The folder that holds @name, as a descriptor that only serves *at() calls, and the name within
 * it. No symbolic link is followed. -1 with errno. */
int directory_open_parent(const struct directory *directory, const char *name, const char **leaf);
/* A folder for listing or flushing; "" is the root. -1 with errno. */
int directory_open_folder(const struct directory *directory, const char *name);
/* Makes the entries of @folder durable where that can be done. -1 with errno only when it could and
 * failed. */
int directory_flush_folder(int folder);

/* A file that was just closed may still be held by a scanner or a late close on the server: true,
 * after a pause, when errno says so and @attempt (from 1) is not the last. errno is kept. */
bool directory_wait_while_busy(int attempt);

/* The file half of the driver. */
enum status directory_create(void *share, const char *name, void **file, struct error *err);
enum status directory_write(void *file, const void *data, size_t length, struct error *err);
enum status directory_flush(void *file, struct error *err);
enum status directory_open_read(void *share, const char *name, void **file, uint64_t *size,
				struct error *err);
enum status directory_read(void *file, uint64_t offset, void *data, size_t length, size_t *got,
			   struct error *err);
enum status directory_close_file(void *file, struct error *err);
/* And the one that moves names. */
enum status directory_rename_new(void *share, const char *from, const char *to, struct error *err);
/* What file system the root is on: share_directory_describe.c. */
enum status directory_describe(void *share, struct share_transport *out, struct error *err);

#endif
