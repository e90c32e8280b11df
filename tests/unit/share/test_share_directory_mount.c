/* SPDX-License-Identifier: Apache-2.0 */
/* The directory driver on a mount that is full, read-only or gone: in a mount namespace of its own.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "infrabackup/share.h"

#include "share_folder.h"
#include "share_cmocka.h"

/* In the child there is no cmocka: a failed check ends it with its line as message. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void write_text(const char *path, const char *text)
{
	int descriptor = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(descriptor >= 0);
	CHECK(write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(close(descriptor) == 0);
}

/* Everybody may mount in a user namespace; root needs none. */
static void enter_namespace(void)
{
	char map[64];
	unsigned user = geteuid();
	unsigned group = getegid();

	CHECK(unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) == 0);
	if (user != 0) {
		(void)snprintf(map, sizeof(map), "0 %u 1", user);
		write_text("/proc/self/uid_map", map);
		write_text("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof(map), "0 %u 1", group);
		write_text("/proc/self/gid_map", map);
	}
	CHECK(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
}

static void run(const char *folder, const char *mount_options, void (*body)(const char *folder))
{
	pid_t child = fork();
	int result;

	assert_true(child >= 0);
	if (child == 0) {
		enter_namespace();
		CHECK(mount("none", folder, "tmpfs", 0, mount_options) == 0);
		body(folder);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), 0);
}

static struct share *open_share(const char *folder)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share;

	share_registry_init(&registry);
	share_folder_options(&options, folder);
	CHECK(share_open(&registry, &options.options, &share, NULL) == STATUS_OK);
	return share;
}

static enum status count_entry(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)err;
	++*(size_t *)context;
	return STATUS_OK;
}

static size_t count(struct share *share)
{
	size_t entries = 0;

	CHECK(share_list(share, "", count_entry, &entries, NULL) == STATUS_OK);
	return entries;
}

static void check_kept(struct share *share)
{
	struct buffer content;

	buffer_init(&content, 0);
	CHECK(share_get(share, "kept", 100, &content, NULL) == STATUS_OK);
	CHECK(strcmp((const char *)content.data, "precious") == 0);
	buffer_done(&content);
}

static void on_full_mount(const char *folder)
{
	struct share *share = open_share(folder);
	char *block = calloc(1, 100000);
	struct share_file *file;
	struct share_space space;
	struct error err;
	enum status status;

	CHECK(block != NULL);
	CHECK(share_put(share, "kept", "precious", 8, NULL) == STATUS_OK);
	CHECK(share_create(share, "large", &file, NULL) == STATUS_OK);
	do
		status = share_write(file, block, 100000, &err);
	while (status == STATUS_OK);
	CHECK(status == STATUS_SHARE_FULL);
	CHECK(strcmp(err.cause_name, "ENOSPC") == 0);
	CHECK(strcmp(err.path, "large") == 0);
	CHECK(share_close_file(file, NULL) == STATUS_OK);
	CHECK(share_free_space(share, &space, NULL) == STATUS_OK);
	CHECK(space.free < 100000 && space.total == 1 << 20);

	CHECK(share_put(share, "more", block, 100000, NULL) == STATUS_SHARE_FULL);
	CHECK(count(share) == 2);
	check_kept(share);
	CHECK(share_remove(share, "large", NULL) == STATUS_OK);
	CHECK(share_put(share, "more", block, 100000, NULL) == STATUS_OK);
	share_close(share);
	free(block);
}

static void on_mount_without_inodes(const char *folder)
{
	struct share *share = open_share(folder);
	struct share_file *file;

	CHECK(share_put(share, "kept", "precious", 8, NULL) == STATUS_OK);
	CHECK(share_make_directory(share, "folder", NULL) == STATUS_OK);
	CHECK(share_make_directory(share, "other", NULL) == STATUS_SHARE_FULL);
	CHECK(share_create(share, "file", &file, NULL) == STATUS_SHARE_FULL);
	check_kept(share);
	share_close(share);
}

static void on_read_only_mount(const char *folder)
{
	struct share *share = open_share(folder);
	struct share_file *file;
	struct error err;

	CHECK(share_put(share, "kept", "precious", 8, NULL) == STATUS_OK);
	CHECK(mount("none", folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK(share_create(share, "file", &file, &err) == STATUS_SHARE_READ_WRITE);
	CHECK(strcmp(err.cause_name, "EROFS") == 0);
	CHECK(share_make_directory(share, "folder", NULL) == STATUS_SHARE_READ_WRITE);
	CHECK(share_rename_new(share, "kept", "other", NULL) == STATUS_SHARE_READ_WRITE);
	CHECK(share_remove(share, "kept", NULL) == STATUS_SHARE_READ_WRITE);
	check_kept(share);
	share_close(share);
}

/* What a handle holds stays what it was; a new one sees the empty folder below the mount. */
static void on_vanished_mount(const char *folder)
{
	struct share *share = open_share(folder);
	struct share_file *file;

	CHECK(share_put(share, "kept", "precious", 8, NULL) == STATUS_OK);
	CHECK(share_create(share, "file", &file, NULL) == STATUS_OK);
	CHECK(umount2(folder, MNT_DETACH) == 0);
	CHECK(share_write(file, "x", 1, NULL) == STATUS_OK);
	CHECK(share_flush(file, NULL) == STATUS_OK);
	CHECK(share_close_file(file, NULL) == STATUS_OK);
	check_kept(share);

	struct share *other = open_share(folder);
	CHECK(count(other) == 0);
	CHECK(share_open_read(other, "kept", &file, NULL, NULL) == STATUS_NOT_FOUND);
	share_close(other);
	share_close(share);
}

static void test_directory_full_mount_says_full_and_harms_nothing(void **state)
{
	run(*state, "size=1m", on_full_mount);
}

static void test_directory_mount_without_inodes_says_full(void **state)
{
	run(*state, "size=1m,nr_inodes=3", on_mount_without_inodes);
}

static void test_directory_read_only_mount_refuses_writes_only(void **state)
{
	run(*state, "size=1m", on_read_only_mount);
}

static void test_directory_vanished_mount_is_not_written_beside(void **state)
{
	run(*state, "size=1m", on_vanished_mount);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, share_folder_setup, share_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_directory_full_mount_says_full_and_harms_nothing),
		TEST(test_directory_mount_without_inodes_says_full),
		TEST(test_directory_read_only_mount_refuses_writes_only),
		TEST(test_directory_vanished_mount_is_not_written_beside),
	};

	return cmocka_run_group_tests_name("share_directory_mount", tests, NULL, NULL);
}
