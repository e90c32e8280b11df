/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of every kind through a whole backup and back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "backup_tree.h"

#define DEEP 1000
#define NOBODY 65534

static int open_source(const struct service_fixture *fixture)
{
	int descriptor = open(fixture->source_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(descriptor >= 0);
	return descriptor;
}

static void put_at(int directory, const char *name, const char *text)
{
	AUTO_CLOSE file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
}

static void test_backup_of_an_empty_folder_restores_an_empty_folder(void **state)
{
	backup_tree_assert_equal(*state, 0);
}

static void test_backup_of_links_restores_equal(void **state)
{
	const struct service_fixture *fixture = *state;
	AUTO_CLOSE source = open_source(fixture);
	backup_tree_folder(fixture, "below");
	service_fixture_write(*state, "below/first", 300000, 1);
	assert_int_equal(linkat(source, "below/first", source, "second", 0), 0);
	assert_int_equal(linkat(source, "below/first", source, "a-third", 0), 0);
	assert_int_equal(symlinkat("below/first", source, "link"), 0);
	assert_int_equal(symlinkat("nowhere/at all", source, "dangling"), 0);
	assert_int_equal(symlinkat("/etc/passwd", source, "absolute"), 0);
	assert_int_equal(symlinkat("loop-b", source, "loop-a"), 0);
	assert_int_equal(symlinkat("loop-a", source, "loop-b"), 0);
	assert_int_equal(symlinkat("..", source, "below/upwards"), 0);
	assert_int_equal(symlinkat("\xff\n\x01", source, "any bytes"), 0);
	assert_int_equal(linkat(source, "link", source, "link-again", 0), 0);
	backup_tree_assert_equal(*state, 0);
}

static void make_socket(const struct service_fixture *fixture, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FREE char *path = backup_tree_path(fixture, name);
	AUTO_CLOSE descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
}

/* Without the right to make device files there are none to back up. */
static void test_backup_of_special_files_restores_equal(void **state)
{
	const struct service_fixture *fixture = *state;
	AUTO_CLOSE source = open_source(fixture);
	assert_int_equal(mkfifoat(source, "fifo", 0640), 0);
	assert_int_equal(linkat(source, "fifo", source, "fifo-again", 0), 0);
	make_socket(fixture, "socket");
	if (mknodat(source, "null", S_IFCHR | 0666, makedev(1, 3)) != 0)
		assert_int_equal(errno, EPERM);
	if (mknodat(source, "block", S_IFBLK | 0600, makedev(7, 200)) != 0)
		assert_int_equal(errno, EPERM);
	backup_tree_assert_equal(*state, TREE_COMPARE_NO_SOCKETS);
}

static void test_backup_of_names_in_any_bytes_restores_equal(void **state)
{
	AUTO_CLOSE source = open_source(*state);
	char name[256];
	for (int byte = 1; byte < 256; byte++) {
		name[0] = (char)byte;
		name[1] = '\0';
		if (byte != '/' && byte != '.')
			put_at(source, name, name);
	}
	memset(name, 0xff, 255);
	name[255] = '\0';
	put_at(source, name, "longest");
	memset(name, 'n', 255);
	assert_int_equal(mkdirat(source, name, 0755), 0);
	put_at(source, "two\nlines", "");
	put_at(source, "\xc3\x28 is not UTF-8", "x");
	put_at(source, " leading and trailing ", "x");
	put_at(source, "...", "x");
	put_at(source, ".temporary-name", "x");
	put_at(source, "CON", "x");
	put_at(source, "back\\slash:colon*?", "x");
	backup_tree_assert_equal(*state, 0);
}

static void test_backup_of_folders_a_thousand_deep_restores_equal(void **state)
{
	int directory = open_source(*state);
	for (int i = 0; i < DEEP; i++) {
		assert_int_equal(mkdirat(directory, "deeper", 0755), 0);
		int next = openat(directory, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(directory);
		directory = next;
	}
	put_at(directory, "bottom", "here");
	(void)close(directory);
	backup_tree_assert_equal(*state, 0);
}

/* user::rw- user:65534:r-- group::r-- mask::r-- other::--- */
static const unsigned char acl[] = {
	2, 0,    0,    0,    1,    0,    6,    0, 0xff, 0xff, 0xff, 0xff, 2,    0,    4,
	0, 0xfe, 0xff, 0,    0,    4,    0,    4, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
	4, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,    0xff, 0xff, 0xff, 0xff,
};

static void test_backup_of_metadata_restores_equal(void **state)
{
	const struct service_fixture *fixture = *state;
	AUTO_CLOSE source = open_source(fixture);
	AUTO_FREE char *file = backup_tree_path(fixture, "file");
	AUTO_FREE char *folder = backup_tree_path(fixture, "folder");
	char value[3000];
	memset(value, 0x81, sizeof value);
	put_at(source, "file", "content");
	backup_tree_folder(fixture, "folder");
	put_at(source, "folder/set-id", "x");
	assert_int_equal(setxattr(file, "user.note", "a\0b", 3, 0), 0);
	assert_int_equal(setxattr(file, "user.empty", "", 0, 0), 0);
	assert_int_equal(setxattr(file, "user.large", value, sizeof value, 0), 0);
	assert_int_equal(setxattr(file, "system.posix_acl_access", acl, sizeof acl, 0), 0);
	assert_int_equal(setxattr(folder, "system.posix_acl_default", acl, sizeof acl, 0), 0);
	assert_int_equal(fchmodat(source, "folder/set-id", 06751, 0), 0);
	const struct timespec times[2] = { { 1, 2 }, { -3, 456789 } };
	assert_int_equal(utimensat(source, "folder/set-id", times, 0), 0);
	assert_int_equal(fchmodat(source, "folder", 01700, 0), 0);
	assert_int_equal(utimensat(source, "folder", times, 0), 0);
	backup_tree_assert_equal(*state, 0);
}

/* As many chunks as make the extents of one file cross a record of the manifest, and the role's
 * memory bound. */
static void test_backup_of_a_file_with_many_chunks_restores_equal_twice(void **state)
{
	service_fixture_write(*state, "many chunks", 20u << 20, 1);
	service_fixture_write(*state, "a second one", 3u << 20, 2);
	backup_tree_assert_equal(*state, 0);
	backup_tree_assert_equal(*state, 0);
}

static void test_backup_after_changes_restores_equal(void **state)
{
	struct service_fixture *fixture = *state;
	AUTO_CLOSE source = open_source(fixture);
	backup_tree_folder(fixture, "folder");
	service_fixture_write(fixture, "folder/inside", 50000, 1);
	service_fixture_write(fixture, "changed", 400000, 2);
	service_fixture_write(fixture, "deleted", 1000, 3);
	service_fixture_write(fixture, "renamed", 200000, 4);
	service_fixture_write(fixture, "mode", 70000, 5);
	service_fixture_write(fixture, "becomes-folder", 10, 6);
	service_fixture_write(fixture, "same", 123456, 7);
	backup_tree_assert_equal(fixture, 0);

	service_fixture_write(fixture, "changed", 400001, 8);
	service_fixture_write(fixture, "new", 5000, 9);
	assert_int_equal(unlinkat(source, "deleted", 0), 0);
	assert_int_equal(renameat(source, "renamed", source, "moved"), 0);
	assert_int_equal(fchmodat(source, "mode", 0600, 0), 0);
	assert_int_equal(unlinkat(source, "becomes-folder", 0), 0);
	backup_tree_folder(fixture, "becomes-folder");
	service_fixture_write(fixture, "becomes-folder/content", 77, 10);
	assert_int_equal(unlinkat(source, "folder/inside", 0), 0);
	assert_int_equal(unlinkat(source, "folder", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("becomes-folder", source, "folder"), 0);
	backup_tree_assert_equal(fixture, 0);
}

/* The same size and the same mtime: ctime gives the change away. */
static void test_backup_after_a_hidden_change_restores_equal(void **state)
{
	struct service_fixture *fixture = *state;
	AUTO_CLOSE source = open_source(fixture);
	struct stat before;
	service_fixture_write(fixture, "file", 100000, 1);
	backup_tree_assert_equal(fixture, 0);
	assert_int_equal(fstatat(source, "file", &before, 0), 0);
	service_fixture_write(fixture, "file", 100000, 2);
	const struct timespec times[2] = { before.st_atim, before.st_mtim };
	assert_int_equal(utimensat(source, "file", times, 0), 0);
	backup_tree_assert_equal(fixture, 0);
}

/* --- what cannot be read --- */

static void check_unreadable(void)
{
	struct service_fixture *fixture = backup_tree_service(NULL);
	struct recover_result result;
	struct db_job job;
	struct buffer bytes;
	struct error err;
	AUTO_CLOSE source = open_source(fixture);
	put_at(source, "closed", "nobody reads this");
	assert_int_equal(linkat(source, "closed", source, "link-to-closed", 0), 0);
	put_at(source, "open", "anybody reads this");
	backup_tree_folder(fixture, "shut");
	put_at(source, "shut/inside", "x");
	assert_int_equal(fchmodat(source, "closed", 0, 0), 0);
	assert_int_equal(fchmodat(source, "shut", 0, 0), 0);
	backup_tree_back_up_as(fixture, "PartialSucceeded", &job);
	struct db_job_role role;
	assert_true(service_fixture_role(fixture, job.id, "Data", &role));
	assert_string_equal(role.state, "PartialSucceeded");
	assert_int_equal(role.problems, 2);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(backup_tree_recover_all(fixture, job.id, &result, &err), STATUS_PARTIAL);
	assert_int_equal(backup_tree_role(&result, "Data")->problems, 3);
	assert_int_equal(backup_tree_role(&result, "Data")->status, STATUS_OK);
	assert_true(backup_tree_recovered(fixture, "Data/open", &bytes));
	assert_string_equal((const char *)bytes.data, "anybody reads this");
	buffer_done(&bytes);
	/* Not even an empty file: it could take the place of a good one. */
	assert_false(backup_tree_recovered(fixture, "Data/closed", &bytes));
	/* Both copies of the folder must open again, or nobody could remove them. */
	assert_int_equal(fchmodat(source, "shut", 0700, 0), 0);
	AUTO_FREE char *recovered = file_join(fixture->folder, "all-roles/Data/shut");
	assert_int_equal(chmod(recovered, 0700), 0);
	recover_result_done(&result);
	db_job_role_done(&role);
	db_job_done(&job);
	service_fixture_free(fixture);
}

/* Root reads everything, so the test goes on as nobody. */
static void test_backup_of_what_cannot_be_read_is_partial_and_says_so(void **state)
{
	int result = 0;
	(void)state;
	if (geteuid() != 0) {
		check_unreadable();
		return;
	}
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) != 0)
			_exit(1);
		const struct CMUnitTest tests[] = { cmocka_unit_test(
			test_backup_of_what_cannot_be_read_is_partial_and_says_so) };
		_exit(cmocka_run_group_tests_name("as nobody", tests, NULL, NULL));
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_int_equal(result, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, backup_tree_setup, backup_tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_of_what_cannot_be_read_is_partial_and_says_so),
		CASE(test_backup_of_an_empty_folder_restores_an_empty_folder),
		CASE(test_backup_of_links_restores_equal),
		CASE(test_backup_of_special_files_restores_equal),
		CASE(test_backup_of_names_in_any_bytes_restores_equal),
		CASE(test_backup_of_folders_a_thousand_deep_restores_equal),
		CASE(test_backup_of_metadata_restores_equal),
		CASE(test_backup_of_a_file_with_many_chunks_restores_equal_twice),
		CASE(test_backup_after_changes_restores_equal),
		CASE(test_backup_after_a_hidden_change_restores_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
