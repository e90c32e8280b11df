/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of a folder in use, and whole round trips. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "unit/snapshot/snapshot_fixture.h"

static const struct snapshot_driver *const directory = &snapshot_directory_driver;

/* The file "f" as listed; the test changes it before it is opened. */
struct listed {
	struct snapshot *snapshot;
	struct snapshot_entry *entry;
};

static struct listed list_file(struct snapshot_fixture *fixture)
{
	struct listed listed = { 0 };

	listed.entry = find_entry(fixture, "f");
	assert_non_null(listed.entry);
	listed.snapshot = open_directory(fixture);
	return listed;
}

static void listed_done(struct snapshot_fixture *fixture, struct listed *listed)
{
	snapshot_entry_free(listed->entry);
	close_directory(fixture, listed->snapshot);
}

static void assert_open_fails(struct snapshot_fixture *fixture, enum status expected)
{
	struct listed listed = list_file(fixture);
	struct snapshot_file *file = NULL;

	assert_int_equal(unlink(source_path(fixture, "f")), 0);
	if (rename(source_path(fixture, "other"), source_path(fixture, "f")) != 0)
		assert_int_equal(errno, ENOENT);

	enum status status =
		directory->open_file(listed.snapshot, listed.entry, &file, &fixture->err);

	assert_true(status == expected);
	assert_null(file);
	assert_string_equal(fixture->err.path, "f");
	listed_done(fixture, &listed);
}

static void test_open_file_vanished_not_found(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_file(fixture, "f", "x");
	assert_open_fails(fixture, STATUS_NOT_FOUND);
}

static void test_open_file_replaced_by_fifo_does_not_block(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_file(fixture, "f", "x");
	assert_int_equal(mkfifo(source_path(fixture, "other"), 0600), 0);
	assert_open_fails(fixture, STATUS_NOT_FOUND);
}

static void test_open_file_replaced_by_link_is_not_followed(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_file(fixture, "f", "x");
	assert_int_equal(symlink("/etc/passwd", source_path(fixture, "other")), 0);
	assert_open_fails(fixture, STATUS_NOT_FOUND);
}

static void test_open_file_replaced_by_folder_not_found(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_file(fixture, "f", "x");
	make_folder(fixture, "other");
	assert_open_fails(fixture, STATUS_NOT_FOUND);
}

static void test_open_file_below_folder_replaced_by_link_is_not_followed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot_file *file = NULL;

	make_folder(fixture, "d");
	make_folder(fixture, "e");
	make_file(fixture, "d/f", "x");
	make_file(fixture, "e/f", "elsewhere");

	struct snapshot_entry *entry = find_entry(fixture, "d/f");
	struct snapshot *snapshot = open_directory(fixture);

	assert_int_equal(rename(source_path(fixture, "d"), source_path(fixture, "old")), 0);
	assert_int_equal(symlink("e", source_path(fixture, "d")), 0);

	enum status status = directory->open_file(snapshot, entry, &file, &fixture->err);

	assert_true(status == STATUS_NOT_FOUND);
	snapshot_entry_free(entry);
	close_directory(fixture, snapshot);
}

/* Reads "f" in pieces of 4 bytes, calls @change after the first, and returns what came. */
static size_t read_while(struct snapshot_fixture *fixture,
			 void (*change)(struct snapshot_fixture *fixture), char *content,
			 bool *changed)
{
	struct listed listed = list_file(fixture);
	struct snapshot_file *file;
	size_t length = 0;
	size_t got = 0;
	uint64_t hole;

	assert_int_equal(directory->open_file(listed.snapshot, listed.entry, &file, &fixture->err),
			 STATUS_OK);
	do {
		assert_int_equal(
			directory->read(file, content + length, 4, &got, &hole, &fixture->err),
			STATUS_OK);
		if (length == 0)
			change(fixture);
		length += got;
	} while (got > 0);
	directory->close_file(file, changed);
	listed_done(fixture, &listed);
	return length;
}

static void change_nothing(struct snapshot_fixture *fixture)
{
	(void)fixture;
}

static void change_grow(struct snapshot_fixture *fixture)
{
	assert_int_equal(truncate(source_path(fixture, "f"), 100), 0);
}

static void change_shrink(struct snapshot_fixture *fixture)
{
	assert_int_equal(truncate(source_path(fixture, "f"), 6), 0);
}

/* Bytes of the same length and the old mtime: only ctime tells. */
static void change_in_place(struct snapshot_fixture *fixture)
{
	struct stat before;
	AUTO_CLOSE file = open(source_path(fixture, "f"), O_WRONLY | O_CLOEXEC);

	assert_int_equal(fstat(file, &before), 0);
	assert_int_equal(pwrite(file, "XY", 2, 0), 2);
	/* Until the clock of the file system has moved on. */
	for (struct stat now = before; now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
				       now.st_ctim.tv_nsec == before.st_ctim.tv_nsec;) {
		assert_int_equal(futimens(file, (const struct timespec[2]) { before.st_atim,
									     before.st_mtim }),
				 0);
		assert_int_equal(fstat(file, &now), 0);
	}
}

static void change_remove(struct snapshot_fixture *fixture)
{
	assert_int_equal(unlink(source_path(fixture, "f")), 0);
}

static void test_read_file_at_rest_unchanged(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char content[128];
	bool changed;

	make_file(fixture, "f", "0123456789");
	assert_int_equal(read_while(fixture, change_nothing, content, &changed), 10);
	assert_memory_equal(content, "0123456789", 10);
	assert_false(changed);
}

static void test_read_file_grows_read_to_first_size_changed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char content[128];
	bool changed;

	make_file(fixture, "f", "0123456789");
	assert_int_equal(read_while(fixture, change_grow, content, &changed), 10);
	assert_true(changed);
}

static void test_read_file_shrinks_ends_early_changed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char content[128];
	bool changed;

	make_file(fixture, "f", "0123456789");
	assert_int_equal(read_while(fixture, change_shrink, content, &changed), 6);
	assert_true(changed);
}

static void test_read_file_changes_with_old_mtime_changed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char content[128];
	bool changed;

	make_file(fixture, "f", "0123456789");
	assert_int_equal(read_while(fixture, change_in_place, content, &changed), 10);
	assert_true(changed);
}

static void test_read_file_removed_while_read_changed(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char content[128];
	bool changed;

	make_file(fixture, "f", "0123456789");
	assert_int_equal(read_while(fixture, change_remove, content, &changed), 10);
	assert_memory_equal(content, "0123456789", 10);
	assert_true(changed);
}

static void test_read_sparse_file_yields_holes(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const off_t size = (off_t)3 << 30;
	static char data[65536];
	uint64_t read_bytes = 0;
	uint64_t hole_bytes = 0;
	bool changed;

	make_file(fixture, "f", "start");
	assert_int_equal(truncate(source_path(fixture, "f"), size), 0);
	{
		AUTO_CLOSE middle = open(source_path(fixture, "f"), O_WRONLY | O_CLOEXEC);

		assert_int_equal(pwrite(middle, "middle", 6, size / 2 + 5), 6);
	}

	struct listed listed = list_file(fixture);
	struct snapshot_file *file;

	assert_int_equal(directory->open_file(listed.snapshot, listed.entry, &file, &fixture->err),
			 STATUS_OK);
	for (;;) {
		size_t got;
		uint64_t hole;

		assert_int_equal(
			directory->read(file, data, sizeof(data), &got, &hole, &fixture->err),
			STATUS_OK);
		if (got == 0 && hole == 0)
			break;
		read_bytes += got;
		hole_bytes += hole;
	}
	directory->close_file(file, &changed);
	assert_int_equal(read_bytes + hole_bytes, (uint64_t)size);
	assert_true(read_bytes < 1024 * 1024);
	assert_false(changed);
	listed_done(fixture, &listed);
	assert_round_trip(fixture, 0);
}

static void test_round_trip_any_names(void **state)
{
	static const char *const names[] = {
		"new\nline", "\xff\xfe\x80", "-rf", " ",   "\t",   "*",
		"\\",        "'\"$(x)",      "..a", "...", "\x01", "~",
	};
	struct snapshot_fixture *fixture = *state;
	char longest[256];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		make_file(fixture, names[i], names[i]);
	memset(longest, 0xE9, 255);
	longest[255] = '\0';
	make_file(fixture, longest, "long");
	assert_round_trip(fixture, 0);
}

static void make_socket(struct snapshot_fixture *fixture, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_CLOSE listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		       source_path(fixture, name));
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
}

static void test_round_trip_links_and_special_files(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "d");
	make_file(fixture, "d/f", "content");
	assert_int_equal(symlink("nowhere", source_path(fixture, "dangling")), 0);
	assert_int_equal(symlink("/etc/passwd", source_path(fixture, "absolute")), 0);
	assert_int_equal(symlink("loop", source_path(fixture, "loop")), 0);
	assert_int_equal(symlink("d", source_path(fixture, "folder-link")), 0);
	assert_int_equal(symlink("\xff\n", source_path(fixture, "odd")), 0);
	assert_int_equal(link(source_path(fixture, "d/f"), source_path(fixture, "e")), 0);
	assert_int_equal(link(source_path(fixture, "d/f"), source_path(fixture, "d/g")), 0);
	assert_int_equal(link(source_path(fixture, "dangling"), source_path(fixture, "twin")), 0);
	assert_int_equal(mkfifo(source_path(fixture, "fifo"), 0620), 0);
	make_socket(fixture, "socket");
	assert_int_equal(utimensat(AT_FDCWD, source_path(fixture, "absolute"),
				   (const struct timespec[2]) { { 5, 6 }, { 7, 8 } },
				   AT_SYMLINK_NOFOLLOW),
			 0);
	assert_round_trip(fixture, TREE_COMPARE_NO_SOCKETS);
	assert_int_equal(fixture->report.sockets_skipped, 1);
	assert_int_equal(fixture->report.metadata_refused, 0);
}

static void test_round_trip_device_made_or_counted(void **state)
{
	struct snapshot_fixture *fixture = *state;

	/* Only root can; anybody else has an entry less to try. */
	if (mknod(source_path(fixture, "null"), S_IFCHR | 0666, makedev(1, 3)) == 0)
		assert_int_equal(
			mknod(source_path(fixture, "disk"), S_IFBLK | 0600, makedev(7, 200)), 0);
	assert_round_trip(fixture, 0);
	assert_int_equal(fixture->report.devices_refused, 0);
}

/* File systems without attributes have nothing to compare. */
static void set_attribute(const char *path, const char *name, const void *value, size_t length)
{
	if (setxattr(path, name, value, length, 0) != 0)
		assert_int_equal(errno, ENOTSUP);
}

static void test_round_trip_modes_times_and_attributes(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct timespec before_1970[2] = { { 0, 0 }, { -12345, 678901234 } };
	char large[2000];

	make_folder(fixture, "shut");
	make_file(fixture, "shut/f", "x");
	make_file(fixture, "setuid", "x");
	make_file(fixture, "none", "x");
	make_folder(fixture, "sticky");
	make_folder(fixture, "empty");
	memset(large, 'v', sizeof(large));
	set_attribute(source_path(fixture, "none"), "user.large", large, sizeof(large));
	set_attribute(source_path(fixture, "none"), "user.a", "", 0);
	set_attribute(source_path(fixture, "shut"), "user.on.folder", "\0\xff", 2);
	if (geteuid() == 0) {
		assert_int_equal(chown(source_path(fixture, "setuid"), 1234, 5678), 0);
		assert_int_equal(lchown(source_path(fixture, "empty"), 4321, 8765), 0);
	}
	assert_int_equal(chmod(source_path(fixture, "setuid"), 06755), 0);
	assert_int_equal(chmod(source_path(fixture, "sticky"), 01777), 0);
	/* Only root reads what nobody may. */
	assert_int_equal(chmod(source_path(fixture, "none"), geteuid() == 0 ? 0 : 0400), 0);
	assert_int_equal(utimensat(AT_FDCWD, source_path(fixture, "setuid"), before_1970, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, source_path(fixture, "empty"), before_1970, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, fixture->source, before_1970, 0), 0);
	assert_int_equal(chmod(source_path(fixture, "shut"), 0500), 0);
	assert_round_trip(fixture, 0);
	/* So that the teardown can empty them. */
	assert_int_equal(chmod(source_path(fixture, "shut"), 0700), 0);
	assert_int_equal(chmod(source_path(fixture, "../target/shut"), 0700), 0);
}

/* A POSIX ACL in the kernel's form: version 2, then tag, permission, id. */
static const unsigned char acl[] = {
	2,    0, 0, 0,                         /* version */
	1,    0, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF, /* user:: rw- */
	2,    0, 4, 0, 0xD2, 0x04, 0,    0,    /* user:1234: r-- */
	4,    0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF, /* group:: r-- */
	0x10, 0, 4, 0, 0xFF, 0xFF, 0xFF, 0xFF, /* mask:: r-- */
	0x20, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, /* other:: --- */
};

static void test_round_trip_acls(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "d");
	make_file(fixture, "d/before", "made without the default ACL");
	make_file(fixture, "f", "x");
	set_attribute(source_path(fixture, "f"), "system.posix_acl_access", acl, sizeof(acl));
	set_attribute(source_path(fixture, "d"), "system.posix_acl_default", acl, sizeof(acl));
	assert_round_trip(fixture, 0);
	/* Again, into a folder whose default ACL is there from the start. */
	assert_round_trip(fixture, 0);
}

static void test_round_trip_capability_survives_chown(void **state)
{
	/* VFS_CAP_REVISION_2, effective, CAP_NET_RAW. */
	static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct snapshot_fixture *fixture = *state;

	make_file(fixture, "program", "x");
	if (geteuid() == 0) {
		assert_int_equal(chown(source_path(fixture, "program"), 1234, 1234), 0);
		set_attribute(source_path(fixture, "program"), "security.capability", capability,
			      sizeof(capability));
	}
	assert_round_trip(fixture, 0);
}

int main(void)
{
#define DIRECTORY_TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, snapshot_fixture_setup, snapshot_fixture_teardown)
	const struct CMUnitTest tests[] = {
		DIRECTORY_TEST(test_open_file_vanished_not_found),
		DIRECTORY_TEST(test_open_file_replaced_by_fifo_does_not_block),
		DIRECTORY_TEST(test_open_file_replaced_by_link_is_not_followed),
		DIRECTORY_TEST(test_open_file_replaced_by_folder_not_found),
		DIRECTORY_TEST(test_open_file_below_folder_replaced_by_link_is_not_followed),
		DIRECTORY_TEST(test_read_file_at_rest_unchanged),
		DIRECTORY_TEST(test_read_file_grows_read_to_first_size_changed),
		DIRECTORY_TEST(test_read_file_shrinks_ends_early_changed),
		DIRECTORY_TEST(test_read_file_changes_with_old_mtime_changed),
		DIRECTORY_TEST(test_read_file_removed_while_read_changed),
		DIRECTORY_TEST(test_read_sparse_file_yields_holes),
		DIRECTORY_TEST(test_round_trip_any_names),
		DIRECTORY_TEST(test_round_trip_links_and_special_files),
		DIRECTORY_TEST(test_round_trip_device_made_or_counted),
		DIRECTORY_TEST(test_round_trip_modes_times_and_attributes),
		DIRECTORY_TEST(test_round_trip_acls),
		DIRECTORY_TEST(test_round_trip_capability_survives_chown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
