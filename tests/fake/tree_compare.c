/* SPDX-License-Identifier: Apache-2.0 */
/* Walks two folders side by side; see the header. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fake/tree_compare.h"

#define PRINTED_MAX 20
#define PIECE 65536
#define SPARSE_SLACK (256 * 1024) /* bytes that may be allocated beyond the left side's */

struct link_pair {
	dev_t left_device, right_device;
	ino_t left_inode, right_inode;
};

struct comparison {
	unsigned flags;
	FILE *out;
	unsigned differences;
	struct link_pair *pairs;
	size_t pair_count, pair_capacity;
};

/* One side of the pair that is being looked at. */
struct side {
	int directory;
	const char *name;
	struct stat info;
};

static void print_name(FILE *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name >= ' ' && *name < 0x7F && *name != '\\')
			(void)fputc(*name, out);
		else
			(void)fprintf(out, "\\x%02x", (unsigned char)*name);
	}
}

static void differs(struct comparison *comparison, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void differs(struct comparison *comparison, const char *name, const char *format, ...)
{
	va_list arguments;

	if (comparison->differences++ >= PRINTED_MAX || comparison->out == NULL)
		return;
	print_name(comparison->out, name);
	(void)fputs(": ", comparison->out);
	va_start(arguments, format);
	(void)vfprintf(comparison->out, format, arguments);
	va_end(arguments);
	(void)fputc('\n', comparison->out);
}

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

struct names {
	char **items;
	size_t count;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static void names_add(struct names *names, const char *name)
{
	if (names->count % 64 == 0) {
		char **items = realloc(names->items, (names->count + 64) * sizeof(char *));

		if (items == NULL)
			abort();
		names->items = items;
	}
	names->items[names->count] = strdup(name);
	if (names->items[names->count++] == NULL)
		abort();
}

static void names_sort(struct names *names)
{
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(char *), compare_texts);
}

static struct names read_folder(int descriptor)
{
	struct names names = { 0 };
	DIR *directory = fdopendir(dup(descriptor));
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names_add(&names, entry->d_name);
	}
	if (directory != NULL)
		(void)closedir(directory);
	names_sort(&names);
	return names;
}

static void side_path(const struct side *side, char path[NAME_MAX + 64])
{
	(void)snprintf(path, NAME_MAX + 64, "/proc/self/fd/%d/%s", side->directory, side->name);
}

static struct names read_xattr_names(const struct side *side)
{
	static char list[65536];
	struct names names = { 0 };
	char path[NAME_MAX + 64];

	side_path(side, path);

	ssize_t length = llistxattr(path, list, sizeof(list));

	for (const char *at = list; length > 0 && at < list + length; at += strlen(at) + 1)
		names_add(&names, at);
	names_sort(&names);
	return names;
}

static void compare_xattr(struct comparison *comparison, const struct side *left,
			  const struct side *right, const char *name)
{
	static char left_value[65536];
	static char right_value[65536];
	char path[NAME_MAX + 64];

	side_path(left, path);
	ssize_t left_length = lgetxattr(path, name, left_value, sizeof(left_value));
	side_path(right, path);
	ssize_t right_length = lgetxattr(path, name, right_value, sizeof(right_value));

	if (left_length != right_length ||
	    (left_length > 0 && memcmp(left_value, right_value, (size_t)left_length) != 0))
		differs(comparison, left->name, "xattr %s differs", name);
}

static void compare_xattrs(struct comparison *comparison, const struct side *left,
			   const struct side *right)
{
	struct names left_names = read_xattr_names(left);
	struct names right_names = read_xattr_names(right);
	size_t i = 0;
	size_t j = 0;

	while (i < left_names.count || j < right_names.count) {
		int order = i == left_names.count ? 1
			    : j == right_names.count
				    ? -1
				    : strcmp(left_names.items[i], right_names.items[j]);

		if (order == 0)
			compare_xattr(comparison, left, right, left_names.items[i]);
		else
			differs(comparison, left->name, "xattr %s only on the %s",
				order < 0 ? left_names.items[i] : right_names.items[j],
				order < 0 ? "left" : "right");
		i += order <= 0;
		j += order >= 0;
	}
	names_done(&left_names);
	names_done(&right_names);
}

/* The first place from @at on where either file has data. */
static off_t next_data(int left, int right, off_t at, off_t size)
{
	off_t left_data = lseek(left, at, SEEK_DATA);
	off_t right_data = lseek(right, at, SEEK_DATA);

	if (left_data < 0)
		left_data = errno == ENXIO ? size : at;
	if (right_data < 0)
		right_data = errno == ENXIO ? size : at;
	return left_data < right_data ? left_data : right_data;
}

static void compare_bytes(struct comparison *comparison, const char *name, int left, int right,
			  off_t size)
{
	static char left_data[PIECE];
	static char right_data[PIECE];

	for (off_t at = next_data(left, right, 0, size); at < size;
	     at = next_data(left, right, at, size)) {
		ssize_t left_count = pread(left, left_data, PIECE, at);
		ssize_t right_count = pread(right, right_data, PIECE, at);

		if (left_count <= 0 || left_count != right_count ||
		    memcmp(left_data, right_data, (size_t)left_count) != 0) {
			differs(comparison, name, "content differs near offset %lld",
				(long long)at);
			return;
		}
		at += left_count;
	}
}

static void compare_files(struct comparison *comparison, const struct side *left,
			  const struct side *right)
{
	if (left->info.st_size != right->info.st_size) {
		differs(comparison, left->name, "size %lld and %lld", (long long)left->info.st_size,
			(long long)right->info.st_size);
		return;
	}
	if ((comparison->flags & TREE_COMPARE_NO_SPARSE) == 0 &&
	    right->info.st_blocks * 512 > left->info.st_blocks * 512 + SPARSE_SLACK &&
	    left->info.st_blocks * 512 < left->info.st_size)
		differs(comparison, left->name, "%lld and %lld allocated bytes",
			(long long)left->info.st_blocks * 512,
			(long long)right->info.st_blocks * 512);

	int left_file = openat(left->directory, left->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int right_file = openat(right->directory, right->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (left_file < 0 || right_file < 0)
		differs(comparison, left->name, "cannot be opened: %s", strerror(errno));
	else
		compare_bytes(comparison, left->name, left_file, right_file, left->info.st_size);
	if (left_file >= 0)
		(void)close(left_file);
	if (right_file >= 0)
		(void)close(right_file);
}

static void compare_links(struct comparison *comparison, const struct side *left,
			  const struct side *right)
{
	char left_target[4096];
	char right_target[4096];
	ssize_t left_length =
		readlinkat(left->directory, left->name, left_target, sizeof(left_target));
	ssize_t right_length =
		readlinkat(right->directory, right->name, right_target, sizeof(right_target));

	if (left_length < 0 || left_length != right_length ||
	    memcmp(left_target, right_target, (size_t)left_length) != 0)
		differs(comparison, left->name, "link targets differ");
}

/* Names of one file on the left have to be names of one file on the right, and no others. */
static void compare_hard_links(struct comparison *comparison, const struct side *left,
			       const struct side *right)
{
	const struct stat *from = &left->info;
	const struct stat *to = &right->info;

	for (size_t i = 0; i < comparison->pair_count; i++) {
		const struct link_pair *pair = &comparison->pairs[i];
		bool same_left =
			pair->left_device == from->st_dev && pair->left_inode == from->st_ino;
		bool same_right =
			pair->right_device == to->st_dev && pair->right_inode == to->st_ino;

		if (same_left != same_right)
			differs(comparison, left->name, "hard link groups differ");
		if (same_left || same_right)
			return;
	}
	if (comparison->pair_count == comparison->pair_capacity) {
		comparison->pair_capacity = comparison->pair_capacity * 2 + 64;
		comparison->pairs = realloc(comparison->pairs,
					    comparison->pair_capacity * sizeof(struct link_pair));
		if (comparison->pairs == NULL)
			abort();
	}
	comparison->pairs[comparison->pair_count++] = (struct link_pair) {
		.left_device = from->st_dev,
		.left_inode = from->st_ino,
		.right_device = to->st_dev,
		.right_inode = to->st_ino,
	};
}

static void compare_metadata(struct comparison *comparison, const struct side *left,
			     const struct side *right)
{
	const struct stat *from = &left->info;
	const struct stat *to = &right->info;

	if (from->st_mode != to->st_mode)
		differs(comparison, left->name, "mode %o and %o", from->st_mode, to->st_mode);
	if ((comparison->flags & TREE_COMPARE_NO_OWNERS) == 0 &&
	    (from->st_uid != to->st_uid || from->st_gid != to->st_gid))
		differs(comparison, left->name, "owner %u:%u and %u:%u", from->st_uid, from->st_gid,
			to->st_uid, to->st_gid);
	if (from->st_mtim.tv_sec != to->st_mtim.tv_sec ||
	    from->st_mtim.tv_nsec != to->st_mtim.tv_nsec)
		differs(comparison, left->name, "mtime %lld.%09ld and %lld.%09ld",
			(long long)from->st_mtim.tv_sec, from->st_mtim.tv_nsec,
			(long long)to->st_mtim.tv_sec, to->st_mtim.tv_nsec);
	if ((S_ISCHR(from->st_mode) || S_ISBLK(from->st_mode)) && from->st_rdev != to->st_rdev)
		differs(comparison, left->name, "device numbers differ");
	if ((comparison->flags & TREE_COMPARE_NO_XATTRS) == 0)
		compare_xattrs(comparison, left, right);
}

static void compare_folders(struct comparison *comparison, int left, int right);

static void compare_content(struct comparison *comparison, const struct side *left,
			    const struct side *right)
{
	if (S_ISREG(left->info.st_mode)) {
		compare_files(comparison, left, right);
	} else if (S_ISLNK(left->info.st_mode)) {
		compare_links(comparison, left, right);
	} else if (S_ISDIR(left->info.st_mode)) {
		const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
		int left_folder = openat(left->directory, left->name, flags);
		int right_folder = openat(right->directory, right->name, flags);

		if (left_folder < 0 || right_folder < 0)
			differs(comparison, left->name, "cannot be opened: %s", strerror(errno));
		else
			compare_folders(comparison, left_folder, right_folder);
		if (left_folder >= 0)
			(void)close(left_folder);
		if (right_folder >= 0)
			(void)close(right_folder);
	}
}

static void compare_pair(struct comparison *comparison, int left_folder, int right_folder,
			 const char *name)
{
	struct side left = { .directory = left_folder, .name = name };
	struct side right = { .directory = right_folder, .name = name };

	if (fstatat(left_folder, name, &left.info, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(right_folder, name, &right.info, AT_SYMLINK_NOFOLLOW) != 0) {
		differs(comparison, name, "cannot be looked at: %s", strerror(errno));
		return;
	}
	if ((left.info.st_mode & S_IFMT) != (right.info.st_mode & S_IFMT)) {
		differs(comparison, name, "types %o and %o", left.info.st_mode & S_IFMT,
			right.info.st_mode & S_IFMT);
		return;
	}
	if (strcmp(name, ".") != 0 || (comparison->flags & TREE_COMPARE_NO_ROOT) == 0)
		compare_metadata(comparison, &left, &right);
	if (!S_ISDIR(left.info.st_mode) && (left.info.st_nlink > 1 || right.info.st_nlink > 1))
		compare_hard_links(comparison, &left, &right);
	compare_content(comparison, &left, &right);
}

static bool may_miss(const struct comparison *comparison, int folder, const char *name)
{
	struct stat info;

	return (comparison->flags & TREE_COMPARE_NO_SOCKETS) != 0 &&
	       fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(info.st_mode);
}

static void compare_folders(struct comparison *comparison, int left, int right)
{
	struct names left_names = read_folder(left);
	struct names right_names = read_folder(right);
	size_t i = 0;
	size_t j = 0;

	while (i < left_names.count || j < right_names.count) {
		int order = i == left_names.count ? 1
			    : j == right_names.count
				    ? -1
				    : strcmp(left_names.items[i], right_names.items[j]);

		if (order == 0)
			compare_pair(comparison, left, right, left_names.items[i]);
		else if (order > 0)
			differs(comparison, right_names.items[j], "only on the right");
		else if (!may_miss(comparison, left, left_names.items[i]))
			differs(comparison, left_names.items[i], "only on the left");
		i += order <= 0;
		j += order >= 0;
	}
	names_done(&left_names);
	names_done(&right_names);
}

/* Two descriptors a level are open at a time, and test trees are deep. */
static void raise_descriptor_limit(struct rlimit *before)
{
	struct rlimit raised;

	if (getrlimit(RLIMIT_NOFILE, before) != 0)
		return;
	raised = *before;
	raised.rlim_cur = raised.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &raised);
}

unsigned tree_compare(const char *left, const char *right, unsigned flags, FILE *out)
{
	struct comparison comparison = { .flags = flags, .out = out };
	struct rlimit limit;
	int left_folder = open(left, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int right_folder = open(right, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	raise_descriptor_limit(&limit);
	if (left_folder < 0 || right_folder < 0)
		differs(&comparison, left_folder < 0 ? left : right, "cannot be opened: %s",
			strerror(errno));
	else
		compare_pair(&comparison, left_folder, right_folder, ".");
	if (left_folder >= 0)
		(void)close(left_folder);
	if (right_folder >= 0)
		(void)close(right_folder);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	free(comparison.pairs);
	return comparison.differences;
}
