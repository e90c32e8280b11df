/* SPDX-License-Identifier: Apache-2.0 */
/* The directory driver: the suite, and what is its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share_folder.h"
#include "share_suite.h"
#include "share_cmocka.h"

static struct share *open_folder(const char *path)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share = NULL;

	share_registry_init(&registry);
	share_folder_options(&options, path);
	assert_int_equal(share_open(&registry, &options.options, &share, NULL), STATUS_OK);
	return share;
}

static enum status open_status(const char *path, struct error *err)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share = NULL;

	share_registry_init(&registry);
	share_folder_options(&options, path);
	enum status status = share_open(&registry, &options.options, &share, err);
	share_close(share);
	return status;
}

static const char *in_root(const char *root, const char *name, char path[1024])
{
	(void)snprintf(path, 1024, "%s/%s", root, name);
	return path;
}

static void test_directory_open_missing_root_says_path(void **state)
{
	char path[1024];
	struct error err;

	assert_int_equal(open_status(in_root(*state, "missing", path), &err), STATUS_SHARE_PATH);
	assert_string_equal(err.cause_name, "ENOENT");
	assert_string_equal(err.path, path);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_directory_open_file_as_root_says_path(void **state)
{
	struct share *share = open_folder(*state);
	char path[1024];

	assert_int_equal(share_put(share, "file", "x", 1, NULL), STATUS_OK);
	share_close(share);
	assert_int_equal(open_status(in_root(*state, "file", path), NULL), STATUS_SHARE_PATH);
}

static void test_directory_open_root_by_link_works(void **state)
{
	char path[1024];
	char target[1024];

	assert_int_equal(mkdir(in_root(*state, "target", target), 0700), 0);
	assert_int_equal(symlink(target, in_root(*state, "link", path)), 0);
	assert_int_equal(open_status(path, NULL), STATUS_OK);
}

static void test_directory_describe_names_the_file_system(void **state)
{
	static const struct {
		const char *path, *protocol;
		enum share_storage storage;
	} cases[] = {
		{ "/dev/shm", "tmpfs", SHARE_STORAGE_MEMORY },
		{ "/proc", "type 0x00009FA0", SHARE_STORAGE_LOCAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct share *share = open_folder(cases[i].path);
		struct share_transport transport;

		assert_int_equal(share_describe(share, &transport, NULL), STATUS_OK);
		assert_string_equal(transport.protocol, cases[i].protocol);
		assert_int_equal(transport.storage, cases[i].storage);
		assert_string_equal(transport.authentication, "");
		assert_false(transport.is_encrypted);
		share_close(share);
	}
}

static void test_directory_create_makes_private_files_and_folders(void **state)
{
	struct share *share = open_folder(*state);
	mode_t mask = umask(0);
	char path[1024];
	struct stat facts;

	assert_int_equal(share_make_directory(share, "folder", NULL), STATUS_OK);
	assert_int_equal(share_put(share, "folder/file", "x", 1, NULL), STATUS_OK);
	(void)umask(mask);
	assert_int_equal(stat(in_root(*state, "folder", path), &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0700);
	assert_int_equal(stat(in_root(*state, "folder/file", path), &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
	share_close(share);
}

/* A link inside the share must not lead a backup out of it. */
static void test_directory_links_in_the_share_are_not_followed(void **state)
{
	struct share *share = open_folder(*state);
	struct share_file *file;
	char outside[1024];
	char path[1024];

	assert_int_equal(mkdir(in_root(*state, "outside", outside), 0700), 0);
	assert_int_equal(share_put(share, "outside/secret", "x", 1, NULL), STATUS_OK);
	assert_int_equal(symlink(outside, in_root(*state, "folder-link", path)), 0);
	assert_int_equal(symlink(in_root(*state, "outside/secret", outside),
				 in_root(*state, "file-link", path)),
			 0);
	assert_int_equal(share_create(share, "folder-link/new", &file, NULL), STATUS_NOT_FOUND);
	assert_int_equal(share_open_read(share, "folder-link/secret", &file, NULL, NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(share_open_read(share, "file-link", &file, NULL, NULL),
			 STATUS_SHARE_READ_WRITE);
	assert_int_equal(share_create(share, "file-link", &file, NULL), STATUS_EXISTS);
	assert_int_equal(share_remove_tree(share, "folder-link", NULL), STATUS_OK);
	assert_int_equal(access(outside, F_OK), 0);
	share_close(share);
}

static void test_directory_open_read_pipe_says_not_found(void **state)
{
	struct share *share = open_folder(*state);
	struct share_file *file;
	char path[1024];

	assert_int_equal(mkfifo(in_root(*state, "pipe", path), 0600), 0);
	assert_int_equal(share_open_read(share, "pipe", &file, NULL, NULL), STATUS_NOT_FOUND);
	share_close(share);
}

static void test_directory_remove_tree_takes_foreign_names(void **state)
{
	struct share *share = open_folder(*state);
	char path[1024];

	assert_int_equal(share_make_directory(share, "tree", NULL), STATUS_OK);
	assert_int_equal(mkdir(in_root(*state, "tree/a:b", path), 0700), 0);
	assert_int_equal(mkdir(in_root(*state, "tree/a:b/\xff*", path), 0700), 0);
	assert_int_equal(share_remove_tree(share, "tree", NULL), STATUS_OK);
	assert_int_equal(access(in_root(*state, "tree", path), F_OK), -1);
	share_close(share);
}

static void test_directory_root_replaced_while_open_keeps_old_one(void **state)
{
	char root[1024];
	char moved[1024];

	assert_int_equal(mkdir(in_root(*state, "root", root), 0700), 0);
	struct share *share = open_folder(root);
	assert_int_equal(rename(root, in_root(*state, "moved", moved)), 0);
	assert_int_equal(mkdir(root, 0700), 0);
	assert_int_equal(share_put(share, "file", "x", 1, NULL), STATUS_OK);
	share_close(share);
	assert_int_equal(access(in_root(*state, "moved/file", moved), F_OK), 0);
}

static int run_suite(const char *group, const struct share_driver *driver)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share_suite_fixture fixture = { .registry = &registry };
	void *folder = NULL;

	if (share_folder_setup(&folder) != 0)
		return 1;
	share_registry_init(&registry);
	share_registry_set(&registry, driver, NULL);
	share_folder_options(&options, folder);
	fixture.options = options.options;
	int failed = share_suite_run(group, &fixture);
	return share_folder_teardown(&folder) != 0 ? failed + 1 : failed;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, share_folder_setup, share_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_directory_open_missing_root_says_path),
		TEST(test_directory_open_file_as_root_says_path),
		TEST(test_directory_open_root_by_link_works),
		TEST(test_directory_describe_names_the_file_system),
		TEST(test_directory_create_makes_private_files_and_folders),
		TEST(test_directory_links_in_the_share_are_not_followed),
		TEST(test_directory_open_read_pipe_says_not_found),
		TEST(test_directory_remove_tree_takes_foreign_names),
		TEST(test_directory_root_replaced_while_open_keeps_old_one),
	};

	/* The way of drivers that need no thread, too. */
	struct share_driver inline_driver = share_directory_driver;
	inline_driver.features |= SHARE_FEATURE_OWN_DEADLINE;

	return run_suite("share_directory: suite", &share_directory_driver) +
	       run_suite("share_directory: suite without thread", &inline_driver) +
	       cmocka_run_group_tests_name("share_directory", tests, NULL, NULL);
}
