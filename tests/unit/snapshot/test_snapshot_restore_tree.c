/* SPDX-License-Identifier: Apache-2.0 */
/* Restores into folders that exist, and from backups that mean harm. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/snapshot/snapshot_fixture.h"

static const struct snapshot_driver *const directory = &snapshot_directory_driver;

static struct snapshot_entry file_entry(const char *path)
{
	return (struct snapshot_entry) {
		.path = path,
		.type = SNAPSHOT_FILE,
		.mode = 0644,
		.user_id = geteuid(),
		.group_id = getegid(),
		.modified_ns = 1000000007,
	};
}

static struct snapshot_entry typed_entry(const char *path, enum snapshot_entry_type type)
{
	struct snapshot_entry entry = file_entry(path);

	entry.type = type;
	return entry;
}

static struct snapshot_entry link_entry(const char *path, enum snapshot_entry_type type,
					const char *target)
{
	struct snapshot_entry entry = typed_entry(path, type);

	entry.link_target = target;
	return entry;
}

static const char *target_path(struct snapshot_fixture *fixture, const char *name)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture->target, name);
	return path;
}

static void assert_content(struct snapshot_fixture *fixture, const char *name, const char *content)
{
	char found[256] = "";
	AUTO_CLOSE file = open(target_path(fixture, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	assert_true(file >= 0);
	assert_true(read(file, found, sizeof(found) - 1) >= 0);
	assert_string_equal(found, content);
}

static void assert_missing(struct snapshot_fixture *fixture, const char *name)
{
	struct stat found;

	assert_int_equal(lstat(target_path(fixture, name), &found), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_begin_entry_hostile_paths_integrity_error(void **state)
{
	static const char *const paths[] = {
		"../evil", "a/../../evil", "/evil", "a//b", "./a", "a/.",
		"a/..",    "..",           ".",     "a/",   "",
	};
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = open_restore(fixture);

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		struct snapshot_entry entry = file_entry(paths[i]);

		assert_int_equal(directory->begin_entry(restore, &entry, &fixture->err),
				 STATUS_INTEGRITY);
		assert_string_equal(fixture->err.path, paths[i]);
	}
	directory->restore_close(restore);
	(void)snprintf(fixture->source, sizeof(fixture->source), "%s/evil", fixture->folder);
	assert_int_equal(access(fixture->source, F_OK), -1);
}

static void test_begin_entry_hostile_links_integrity_error(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = open_restore(fixture);
	const struct snapshot_entry entries[] = {
		link_entry("a", SNAPSHOT_HARD_LINK, "../../etc/passwd"),
		link_entry("a", SNAPSHOT_HARD_LINK, "/etc/passwd"),
		link_entry("a", SNAPSHOT_HARD_LINK, ""),
		link_entry("a", SNAPSHOT_HARD_LINK, NULL),
		link_entry("a", SNAPSHOT_SYMBOLIC_LINK, NULL),
		typed_entry("a", (enum snapshot_entry_type)0),
		typed_entry("a", (enum snapshot_entry_type)99),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
		assert_int_equal(put_entry(fixture, restore, &entries[i], NULL), STATUS_INTEGRITY);
	directory->restore_close(restore);
}

static void test_begin_entry_through_restored_link_integrity_error(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = open_restore(fixture);
	const struct snapshot_entry link = link_entry("d", SNAPSHOT_SYMBOLIC_LINK, fixture->source);
	const struct snapshot_entry folder = typed_entry("d", SNAPSHOT_DIRECTORY);
	const struct snapshot_entry file = file_entry("d/evil");
	const struct snapshot_entry hard = link_entry("stolen", SNAPSHOT_HARD_LINK, "d/f");

	make_file(fixture, "f", "of somebody else");
	assert_int_equal(put_entry(fixture, restore, &link, NULL), STATUS_OK);
	assert_int_equal(put_entry(fixture, restore, &folder, NULL), STATUS_INTEGRITY);
	assert_int_equal(put_entry(fixture, restore, &file, "x"), STATUS_INTEGRITY);
	assert_string_equal(fixture->err.path, "d/evil");
	assert_int_equal(put_entry(fixture, restore, &hard, NULL), STATUS_INTEGRITY);
	directory->restore_close(restore);
	assert_int_equal(access(source_path(fixture, "evil"), F_OK), -1);
	assert_missing(fixture, "stolen");
}

static void test_restore_existing_folder_replaces_and_keeps(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "d");
	make_file(fixture, "d/f", "new");
	make_file(fixture, "was-link", "new");
	make_folder(fixture, "was-file");
	make_file(fixture, "was-empty-folder", "new");
	assert_int_equal(mkdir(fixture->target, 0755), 0);
	assert_int_equal(mkdir(target_path(fixture, "d"), 0700), 0);
	assert_int_equal(mkdir(target_path(fixture, "was-empty-folder"), 0700), 0);
	assert_int_equal(symlink("d/kept", target_path(fixture, "was-link")), 0);
	assert_int_equal(mknod(target_path(fixture, "was-file"), S_IFREG | 0600, 0), 0);
	assert_int_equal(mknod(target_path(fixture, "d/kept"), S_IFREG | 0600, 0), 0);
	assert_int_equal(mknod(target_path(fixture, "d/f"), S_IFREG | 0600, 0), 0);
	assert_int_equal(pump(fixture, directory, directory), STATUS_OK);
	assert_content(fixture, "d/f", "new");
	assert_content(fixture, "d/kept", "");
	assert_content(fixture, "was-link", "new");
	assert_int_equal(unlink(target_path(fixture, "d/kept")), 0);

	struct stat source;

	assert_int_equal(stat(source_path(fixture, "d"), &source), 0);
	assert_int_equal(utimensat(AT_FDCWD, target_path(fixture, "d"),
				   (const struct timespec[2]) { source.st_atim, source.st_mtim },
				   0),
			 0);
	assert_int_equal(tree_compare(fixture->source, fixture->target, 0, stderr), 0);
}

static void test_restore_twice_is_equal(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "d");
	make_file(fixture, "d/f", "content");
	assert_int_equal(link(source_path(fixture, "d/f"), source_path(fixture, "d/g")), 0);
	assert_int_equal(symlink("f", source_path(fixture, "d/h")), 0);
	assert_int_equal(mkfifo(source_path(fixture, "fifo"), 0600), 0);
	assert_round_trip(fixture, 0);
	assert_round_trip(fixture, 0);
}

static void test_end_entry_folder_with_content_in_place_exists(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = open_restore(fixture);
	const struct snapshot_entry inside = file_entry("d/f");
	const struct snapshot_entry file = file_entry("d");

	assert_int_equal(put_entry(fixture, restore, &inside, "kept"), STATUS_OK);
	assert_int_equal(put_entry(fixture, restore, &file, "x"), STATUS_EXISTS);
	assert_int_equal(directory->commit(restore, &fixture->err), STATUS_OK);
	directory->restore_close(restore);
	assert_content(fixture, "d/f", "kept");
}

static void test_restore_unfinished_file_leaves_old_one(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry file = file_entry("f");
	struct restore *restore = open_restore(fixture);

	assert_int_equal(put_entry(fixture, restore, &file, "old"), STATUS_OK);
	assert_int_equal(directory->begin_entry(restore, &file, &fixture->err), STATUS_OK);
	assert_int_equal(directory->write(restore, "ne", 2, &fixture->err), STATUS_OK);
	directory->restore_close(restore);
	assert_content(fixture, "f", "old");
	/* Nothing else is left. */
	assert_int_equal(unlink(target_path(fixture, "f")), 0);
	assert_int_equal(rmdir(fixture->target), 0);
}

static void test_begin_entry_missing_folders_are_made(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry file = file_entry("a/b/c/f");
	struct restore *restore = open_restore(fixture);

	assert_int_equal(put_entry(fixture, restore, &file, "deep"), STATUS_OK);
	assert_int_equal(directory->commit(restore, &fixture->err), STATUS_OK);
	directory->restore_close(restore);
	assert_content(fixture, "a/b/c/f", "deep");
}

static void test_end_entry_hard_link_to_missing_not_found(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry link = link_entry("b", SNAPSHOT_HARD_LINK, "a");
	struct restore *restore = open_restore(fixture);

	assert_int_equal(put_entry(fixture, restore, &link, NULL), STATUS_NOT_FOUND);
	directory->restore_close(restore);
}

static void test_end_entry_hard_link_in_place_already_leaves_no_second_name(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry file = file_entry("a");
	const struct snapshot_entry link = link_entry("b", SNAPSHOT_HARD_LINK, "a");
	struct restore *restore = open_restore(fixture);
	struct stat found;

	assert_int_equal(put_entry(fixture, restore, &file, "x"), STATUS_OK);
	assert_int_equal(put_entry(fixture, restore, &link, NULL), STATUS_OK);
	assert_int_equal(put_entry(fixture, restore, &link, NULL), STATUS_OK);
	directory->restore_close(restore);
	assert_int_equal(stat(target_path(fixture, "a"), &found), 0);
	assert_int_equal(found.st_nlink, 2);
}

static void test_hole_longer_than_a_file_integrity_error(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry file = file_entry("f");
	struct restore *restore = open_restore(fixture);

	assert_int_equal(directory->begin_entry(restore, &file, &fixture->err), STATUS_OK);
	assert_int_equal(directory->write(restore, "x", 1, &fixture->err), STATUS_OK);
	assert_int_equal(directory->hole(restore, UINT64_MAX, &fixture->err), STATUS_INTEGRITY);
	assert_int_equal(directory->hole(restore, INT64_MAX, &fixture->err), STATUS_INTEGRITY);
	directory->restore_close(restore);
	assert_missing(fixture, "f");
}

static void test_write_without_begin_conflict(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = open_restore(fixture);

	assert_int_equal(directory->write(restore, "x", 1, &fixture->err), STATUS_CONFLICT);
	assert_int_equal(directory->end_entry(restore, &fixture->err), STATUS_CONFLICT);
	directory->restore_close(restore);
	directory->restore_close(NULL);
}

static void test_restore_cancelled_stops(void **state)
{
	struct snapshot_fixture *fixture = *state;
	const struct snapshot_entry file = file_entry("f");
	struct restore *restore = open_restore(fixture);

	assert_int_equal(directory->begin_entry(restore, &file, &fixture->err), STATUS_OK);
	cancel_request(fixture->cancel);
	assert_int_equal(directory->write(restore, "x", 1, &fixture->err), STATUS_CANCELLED);
	directory->restore_close(restore);
	assert_missing(fixture, "f");
}

static void test_restore_refused_attribute_is_counted(void **state)
{
	const struct snapshot_xattr xattr = { "no-such-space.name", (const unsigned char *)"x", 1 };
	struct snapshot_fixture *fixture = *state;
	struct snapshot_entry file = file_entry("f");
	struct restore *restore = open_restore(fixture);
	struct restore_report report;

	file.xattrs = &xattr;
	file.xattr_count = 1;
	assert_int_equal(put_entry(fixture, restore, &file, "x"), STATUS_OK);
	directory->restore_report(restore, &report);
	assert_int_equal(report.metadata_refused, 1);
	assert_int_equal(report.entries, 1);
	assert_int_equal(report.bytes, 1);
	directory->restore_close(restore);
}

int main(void)
{
#define RESTORE_TEST(name)                                                                         \
	cmocka_unit_test_setup_teardown(name, snapshot_fixture_setup, snapshot_fixture_teardown)
	const struct CMUnitTest tests[] = {
		RESTORE_TEST(test_begin_entry_hostile_paths_integrity_error),
		RESTORE_TEST(test_begin_entry_hostile_links_integrity_error),
		RESTORE_TEST(test_begin_entry_through_restored_link_integrity_error),
		RESTORE_TEST(test_restore_existing_folder_replaces_and_keeps),
		RESTORE_TEST(test_restore_twice_is_equal),
		RESTORE_TEST(test_end_entry_folder_with_content_in_place_exists),
		RESTORE_TEST(test_restore_unfinished_file_leaves_old_one),
		RESTORE_TEST(test_begin_entry_missing_folders_are_made),
		RESTORE_TEST(test_end_entry_hard_link_to_missing_not_found),
		RESTORE_TEST(test_end_entry_hard_link_in_place_already_leaves_no_second_name),
		RESTORE_TEST(test_hole_longer_than_a_file_integrity_error),
		RESTORE_TEST(test_write_without_begin_conflict),
		RESTORE_TEST(test_restore_cancelled_stops),
		RESTORE_TEST(test_restore_refused_attribute_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
