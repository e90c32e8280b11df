/* SPDX-License-Identifier: Apache-2.0 */
/* A share that is a local or mounted directory: the embedded default. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "share_directory_private.h"

#define FOLDER_MODE 0700

/* The root may be a symbolic link: the operator chose it. */
static enum status directory_open(void *state, const struct share_options *options, void **out,
				  struct error *err)
{
	const char *path = options->address->path;
	AUTO_FREE struct directory *directory = malloc(sizeof(*directory));

	(void)state;
	if (directory == NULL)
		return fail_memory(err, "open share");
	directory->root = RETRY(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (directory->root < 0)
		return directory_fail(err, DIRECTORY_ACCESS_ROOT, "open share", path);
	*out = TAKE(directory);
	return STATUS_OK;
}

static void directory_close(void *share)
{
	struct directory *directory = share;

	owned_close(&directory->root);
	free(directory);
}

/* Delivers one entry, or nothing when it has gone since it was read. */
static enum status deliver(DIR *folder, const char *name,
			   enum status (*each)(const struct share_entry *entry, void *context,
					       struct error *err),
			   void *context, struct error *err)
{
	struct share_entry entry = { .name = name };
	struct stat facts;

	if (RETRY(fstatat(dirfd(folder), name, &facts, AT_SYMLINK_NOFOLLOW)) != 0)
		return errno == ENOENT
			       ? STATUS_OK
			       : directory_fail(err, DIRECTORY_ACCESS_READ, "list folder", name);
	entry.is_directory = S_ISDIR(facts.st_mode);
	entry.size = entry.is_directory ? 0 : (uint64_t)facts.st_size;
	entry.modified = (int64_t)facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000;
	return each(&entry, context, err);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static enum status directory_list(void *share, const char *name,
				  enum status (*each)(const struct share_entry *entry,
						      void *context, struct error *err),
				  void *context, struct error *err)
{
	AUTO_CLOSE descriptor = directory_open_folder(share, name);

	if (descriptor < 0)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "list folder", name);
	AUTO_CLOSEDIR folder = fdopendir(descriptor);
	if (folder == NULL)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "list folder", name);
	descriptor = -1;
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(folder);

		if (entry == NULL && errno == EINTR)
			continue;
		if (entry == NULL && errno != 0)
			return directory_fail(err, DIRECTORY_ACCESS_READ, "list folder", name);
		if (entry == NULL)
			return STATUS_OK;
		if (is_dots(entry->d_name))
			continue;
		enum status status = deliver(folder, entry->d_name, each, context, err);
		if (status != STATUS_OK)
			return status;
	}
}

static enum status directory_make(void *share, const char *name, struct error *err)
{
	const char *leaf;
	AUTO_CLOSE folder = directory_open_parent(share, name, &leaf);

	if (folder < 0 || RETRY(mkdirat(folder, leaf, FOLDER_MODE)) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "make folder", name);
	if (directory_flush_folder(folder) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "flush folder", name);
	return STATUS_OK;
}

static int remove_patiently(int folder, const char *leaf)
{
	struct stat facts;

	if (RETRY(fstatat(folder, leaf, &facts, AT_SYMLINK_NOFOLLOW)) != 0)
		return -1;
	for (int attempt = 1;; attempt++) {
		if (RETRY(unlinkat(folder, leaf, S_ISDIR(facts.st_mode) ? AT_REMOVEDIR : 0)) == 0)
			return 0;
		if (!directory_wait_while_busy(attempt))
			return -1;
	}
}

static enum status directory_remove(void *share, const char *name, struct error *err)
{
	const char *leaf;
	AUTO_CLOSE folder = directory_open_parent(share, name, &leaf);

	if (folder < 0 || remove_patiently(folder, leaf) != 0) {
		/* Either may say that a folder is not empty. */
		if (errno == EEXIST)
			errno = ENOTEMPTY;
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "remove file", name);
	}
	if (directory_flush_folder(folder) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_WRITE, "flush folder", name);
	return STATUS_OK;
}

static enum status directory_free_space(void *share, struct share_space *out, struct error *err)
{
	const struct directory *directory = share;
	struct statvfs facts;

	if (RETRY(fstatvfs(directory->root, &facts)) != 0)
		return directory_fail(err, DIRECTORY_ACCESS_READ, "read free space", NULL);
	*out = (struct share_space) {
		.total = (uint64_t)facts.f_blocks * facts.f_frsize,
		.free = (uint64_t)facts.f_bavail * facts.f_frsize,
	};
	return STATUS_OK;
}

const struct share_driver share_directory_driver = {
	.scheme = "file",
	.features = SHARE_FEATURE_FREE_SPACE,
	.open = directory_open,
	.create = directory_create,
	.write = directory_write,
	.flush = directory_flush,
	.open_read = directory_open_read,
	.read = directory_read,
	.close_file = directory_close_file,
	.list = directory_list,
	.make_directory = directory_make,
	.rename_new = directory_rename_new,
	.remove = directory_remove,
	.free_space = directory_free_space,
	.describe = directory_describe,
	.close = directory_close,
};
