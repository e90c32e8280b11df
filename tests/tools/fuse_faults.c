/* SPDX-License-Identifier: Apache-2.0 */
/* A file system in front of a folder, which fails on order:
 *   fuse_faults FOLDER CONTROL MOUNTPOINT
 * runs in the foreground until it is unmounted. CONTROL is a file of lines "OPERATION ERRNO" or
 * "OPERATION ERRNO PART", read at every operation: as long as it says "write 5", writing fails with
 * EIO, with a PART only where the path (of a rename: the new one) contains it. Operations: create,
 * write, read, flush (when a file is closed), fsync, rename, mkdir; "corrupt" changes what is read,
 * whatever its number. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int folder = -1; /* everything is relative to it */
static const char *control;

/* What the script wants @operation on @path to fail with, negative; 0: nothing. */
static int fault(const char *operation, const char *path)
{
	FILE *orders = fopen(control, "re");
	char line[256], name[16], part[128];
	int number;
	int found = 0;

	if (orders == NULL)
		return 0;
	while (fgets(line, sizeof(line), orders) != NULL) {
		part[0] = '\0';
		if (sscanf(line, "%15s %d %127s", name, &number, part) >= 2 &&
		    strcmp(name, operation) == 0 && strstr(path, part) != NULL)
			found = -number;
	}
	(void)fclose(orders);
	return found;
}

static const char *relative(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

static int done(long result)
{
	return result < 0 ? -errno : (int)result;
}

static int get_attributes(const char *path, struct stat *out, struct fuse_file_info *file)
{
	(void)file;
	return done(fstatat(folder, relative(path), out, AT_SYMLINK_NOFOLLOW));
}

static int read_folder(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
		       struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	int descriptor = openat(folder, relative(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listed = descriptor < 0 ? NULL : fdopendir(descriptor);

	(void)offset;
	(void)file;
	(void)flags;
	if (listed == NULL)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(listed)) != NULL;)
		(void)fill(buffer, entry->d_name, NULL, 0, 0);
	(void)closedir(listed);
	return 0;
}

static int open_at(const char *path, int flags, mode_t mode, struct fuse_file_info *file)
{
	int descriptor = openat(folder, relative(path), flags | O_CLOEXEC, mode);

	if (descriptor < 0)
		return -errno;
	file->fh = (uint64_t)descriptor;
	return 0;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
	return open_at(path, file->flags, 0, file);
}

/* What this process makes belongs to whoever asked for it. */
static int give_away(const char *path)
{
	const struct fuse_context *context = fuse_get_context();

	return done(
		fchownat(folder, relative(path), context->uid, context->gid, AT_SYMLINK_NOFOLLOW));
}

static int create_file(const char *path, mode_t mode, struct fuse_file_info *file)
{
	int result = fault("create", path);

	if (result == 0)
		result = open_at(path, file->flags | O_CREAT, mode, file);
	return result != 0 ? result : give_away(path);
}

static int make_folder(const char *path, mode_t mode)
{
	int result = fault("mkdir", path);

	if (result == 0)
		result = done(mkdirat(folder, relative(path), mode));
	return result != 0 ? result : give_away(path);
}

static int read_file(const char *path, char *data, size_t length, off_t offset,
		     struct fuse_file_info *file)
{
	int result = fault("read", path);

	if (result == 0)
		result = done(pread((int)file->fh, data, length, offset));
	if (result > 0 && fault("corrupt", path) != 0)
		data[result - 1] ^= 1;
	return result;
}

static int write_file(const char *path, const char *data, size_t length, off_t offset,
		      struct fuse_file_info *file)
{
	int result = fault("write", path);

	return result != 0 ? result : done(pwrite((int)file->fh, data, length, offset));
}

static int flush_file(const char *path, struct fuse_file_info *file)
{
	(void)file;
	return fault("flush", path);
}

static int sync_file(const char *path, int only_data, struct fuse_file_info *file)
{
	int result = fault("fsync", path);

	(void)only_data;
	return result != 0 ? result : done(fsync((int)file->fh));
}

static int release_file(const char *path, struct fuse_file_info *file)
{
	(void)path;
	return done(close((int)file->fh));
}

static int remove_file(const char *path)
{
	return done(unlinkat(folder, relative(path), 0));
}

static int remove_folder(const char *path)
{
	return done(unlinkat(folder, relative(path), AT_REMOVEDIR));
}

static int rename_entry(const char *from, const char *to, unsigned flags)
{
	int result = fault("rename", to);

	return result != 0 ? result
			   : done(renameat2(folder, relative(from), folder, relative(to), flags));
}

static int resize_file(const char *path, off_t size, struct fuse_file_info *file)
{
	int descriptor = openat(folder, relative(path), O_WRONLY | O_CLOEXEC);

	(void)file;
	if (descriptor < 0)
		return -errno;
	int result = done(ftruncate(descriptor, size));
	(void)close(descriptor);
	return result;
}

static int get_space(const char *path, struct statvfs *out)
{
	(void)path;
	return done(fstatvfs(folder, out));
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file)
{
	(void)file;
	return done(fchmodat(folder, relative(path), mode, 0));
}

static int change_owner(const char *path, uid_t user, gid_t group, struct fuse_file_info *file)
{
	(void)file;
	return done(fchownat(folder, relative(path), user, group, AT_SYMLINK_NOFOLLOW));
}

static int change_times(const char *path, const struct timespec times[2],
			struct fuse_file_info *file)
{
	(void)file;
	return done(utimensat(folder, relative(path), times, AT_SYMLINK_NOFOLLOW));
}

static const struct fuse_operations operations = {
	.getattr = get_attributes,
	.readdir = read_folder,
	.open = open_file,
	.create = create_file,
	.mkdir = make_folder,
	.read = read_file,
	.write = write_file,
	.flush = flush_file,
	.fsync = sync_file,
	.release = release_file,
	.unlink = remove_file,
	.rmdir = remove_folder,
	.rename = rename_entry,
	.truncate = resize_file,
	.statfs = get_space,
	.chmod = change_mode,
	.chown = change_owner,
	.utimens = change_times,
};

int main(int argc, char **argv)
{
	if (argc != 4) {
		(void)fprintf(stderr, "usage: fuse_faults FOLDER CONTROL MOUNTPOINT\n");
		return 2;
	}
	char options[] = "-oallow_other,default_permissions,attr_timeout=0,entry_timeout=0";
	char foreground[] = "-f", one_thread[] = "-s";
	char *arguments[] = { argv[0], foreground, one_thread, options, argv[3], NULL };

	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	control = argv[2];
	if (folder < 0) {
		perror(argv[1]);
		return 1;
	}
	(void)umask(0);
	return fuse_main((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments,
			 &operations, NULL);
}
