/* SPDX-License-Identifier: Apache-2.0 */
/* Suite: folders, listing, renaming, removing, space. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share_suite.h"
#include "share_suite_private.h"

#define MANY 5000

struct seen {
	size_t count, folders;
	unsigned char numbers[MANY];
	uint64_t size;
	int64_t modified; /* of the last one */
};

static enum status see(const struct share_entry *entry, void *context, struct error *err)
{
	struct seen *seen = context;
	unsigned number;

	(void)err;
	seen->count++;
	seen->folders += entry->is_directory;
	seen->size += entry->size;
	seen->modified = entry->modified;
	if (sscanf(entry->name, "entry-%u", &number) == 1 && number < MANY)
		seen->numbers[number]++;
	return STATUS_OK;
}

static void test_share_list_5000_entries_gives_each_once(void **state)
{
	struct share_suite_fixture *fixture = *state;
	AUTO_FREE struct seen *seen = calloc(1, sizeof(*seen));
	char name[32];

	for (unsigned i = 0; i < MANY; i++) {
		struct share_file *file;

		(void)snprintf(name, sizeof(name), "entry-%u", i);
		EXPECT(STATUS_OK, share_create(fixture->share, share_suite_at(fixture, name).text,
					       &file, &fixture->err));
		EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
	}
	EXPECT(STATUS_OK, share_list(fixture->share, fixture->folder, see, seen, &fixture->err));
	assert_int_equal(seen->count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(seen->numbers[i], 1);
}

static void test_share_list_tells_files_from_folders(void **state)
{
	struct share_suite_fixture *fixture = *state;
	AUTO_FREE struct seen *seen = calloc(1, sizeof(*seen));

	share_suite_write(fixture, "entry-1", "12345", 5);
	EXPECT(STATUS_OK,
	       share_make_directory(fixture->share, share_suite_at(fixture, "entry-2").text,
				    &fixture->err));
	EXPECT(STATUS_OK, share_list(fixture->share, fixture->folder, see, seen, &fixture->err));
	assert_int_equal(seen->count, 2);
	assert_int_equal(seen->folders, 1);
	assert_int_equal(seen->size, 5);
}

/* Servers keep times in steps of up to two seconds. */
static void test_share_list_tells_when_a_file_was_written(void **state)
{
	struct share_suite_fixture *fixture = *state;
	AUTO_FREE struct seen *seen = calloc(1, sizeof(*seen));
	int64_t before = clock_now(&system_clock);

	share_suite_write(fixture, "entry-1", "12345", 5);
	EXPECT(STATUS_OK, share_list(fixture->share, fixture->folder, see, seen, &fixture->err));
	assert_true(seen->modified >= before - 2000);
	assert_true(seen->modified <= clock_now(&system_clock) + 2000);
}

static void test_share_list_root_contains_folder(void **state)
{
	struct share_suite_fixture *fixture = *state;

	assert_true(share_suite_count(fixture, "") >= 1);
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
}

static void test_share_list_missing_folder_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct seen *seen = NULL;

	EXPECT(STATUS_NOT_FOUND, share_list(fixture->share, share_suite_at(fixture, "none").text,
					    see, seen, &fixture->err));
	share_suite_write(fixture, "file", "x", 1);
	EXPECT(STATUS_NOT_FOUND, share_list(fixture->share, share_suite_at(fixture, "file").text,
					    see, seen, &fixture->err));
}

static enum status stop_at_first(const struct share_entry *entry, void *context, struct error *err)
{
	size_t *count = context;

	++*count;
	return (fail)(err, STATUS_CONFLICT, "stop", entry->name, "enough");
}

static void test_share_list_callback_status_stops_it(void **state)
{
	struct share_suite_fixture *fixture = *state;
	size_t count = 0;

	share_suite_write(fixture, "a", "", 0);
	share_suite_write(fixture, "b", "", 0);
	EXPECT(STATUS_CONFLICT,
	       share_list(fixture->share, fixture->folder, stop_at_first, &count, &fixture->err));
	assert_int_equal(count, 1);
	assert_string_equal(fixture->err.message, "enough");
}

static enum status remove_listed(const struct share_entry *entry, void *context, struct error *err)
{
	struct share_suite_fixture *fixture = context;

	return share_remove(fixture->share, share_suite_at(fixture, entry->name).text, err);
}

static void test_share_list_callback_may_use_the_share(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "a", "", 0);
	share_suite_write(fixture, "b", "", 0);
	EXPECT(STATUS_OK,
	       share_list(fixture->share, fixture->folder, remove_listed, fixture, &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
}

static void test_share_make_directory_existing_says_exists(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_EXISTS, share_make_directory(fixture->share, fixture->folder, &fixture->err));
	share_suite_write(fixture, "file", "x", 1);
	EXPECT(STATUS_EXISTS,
	       share_make_directory(fixture->share, share_suite_at(fixture, "file").text,
				    &fixture->err));
}

static void test_share_make_directory_missing_parent_says_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_NOT_FOUND,
	       share_make_directory(fixture->share, share_suite_at(fixture, "a/b").text,
				    &fixture->err));
}

static void test_share_make_directories_makes_all_that_miss(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_OK,
	       share_make_directories(fixture->share, share_suite_at(fixture, "a/b").text,
				      &fixture->err));
	EXPECT(STATUS_OK,
	       share_make_directories(fixture->share, share_suite_at(fixture, "a/b/c/d").text,
				      &fixture->err));
	EXPECT(STATUS_OK,
	       share_make_directories(fixture->share, share_suite_at(fixture, "a/b/c/d").text,
				      &fixture->err));
	assert_int_equal(share_suite_count(fixture, share_suite_at(fixture, "a/b/c").text), 1);
}

static void test_share_make_directories_over_file_fails(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "file", "x", 1);
	EXPECT(STATUS_EXISTS,
	       share_make_directories(fixture->share, share_suite_at(fixture, "file").text,
				      &fixture->err));
	EXPECT(STATUS_NOT_FOUND,
	       share_make_directories(fixture->share, share_suite_at(fixture, "file/a").text,
				      &fixture->err));
	share_suite_expect_content(fixture, "file", "x", 1);
}

static void test_share_rename_new_moves_file_and_folder(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_OK, share_make_directory(fixture->share, share_suite_at(fixture, "f").text,
					       &fixture->err));
	share_suite_write(fixture, "old", "data", 4);
	assert_false(share_suite_exists(fixture, "f/new"));
	EXPECT(STATUS_OK, share_rename_new(fixture->share, share_suite_at(fixture, "old").text,
					   share_suite_at(fixture, "f/new").text, &fixture->err));
	assert_false(share_suite_exists(fixture, "old"));
	EXPECT(STATUS_OK, share_rename_new(fixture->share, share_suite_at(fixture, "f").text,
					   share_suite_at(fixture, "g").text, &fixture->err));
	share_suite_expect_content(fixture, "g/new", "data", 4);
}

static void test_share_rename_new_taken_name_harms_nothing(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "from", "one", 3);
	share_suite_write(fixture, "to", "three", 5);
	EXPECT(STATUS_EXISTS, share_rename_new(fixture->share, share_suite_at(fixture, "from").text,
					       share_suite_at(fixture, "to").text, &fixture->err));
	share_suite_expect_content(fixture, "from", "one", 3);
	share_suite_expect_content(fixture, "to", "three", 5);
}

static void test_share_rename_new_folder_onto_empty_folder_says_exists(void **state)
{
	struct share_suite_fixture *fixture = *state;
	const char *const folders[] = { "from", "to" };

	for (size_t i = 0; i < 2; i++)
		EXPECT(STATUS_OK, share_make_directory(fixture->share,
						       share_suite_at(fixture, folders[i]).text,
						       &fixture->err));
	EXPECT(STATUS_EXISTS, share_rename_new(fixture->share, share_suite_at(fixture, "from").text,
					       share_suite_at(fixture, "to").text, &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 2);
}

static void test_share_rename_new_missing_names_say_not_found(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_NOT_FOUND,
	       share_rename_new(fixture->share, share_suite_at(fixture, "none").text,
				share_suite_at(fixture, "to").text, &fixture->err));
	share_suite_write(fixture, "from", "x", 1);
	EXPECT(STATUS_NOT_FOUND,
	       share_rename_new(fixture->share, share_suite_at(fixture, "from").text,
				share_suite_at(fixture, "none/to").text, &fixture->err));
	share_suite_expect_content(fixture, "from", "x", 1);
}

static void test_share_remove_file_and_empty_folder(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "file", "x", 1);
	EXPECT(STATUS_OK,
	       share_remove(fixture->share, share_suite_at(fixture, "file").text, &fixture->err));
	EXPECT(STATUS_OK, share_make_directory(fixture->share, share_suite_at(fixture, "f").text,
					       &fixture->err));
	EXPECT(STATUS_OK,
	       share_remove(fixture->share, share_suite_at(fixture, "f").text, &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
	EXPECT(STATUS_NOT_FOUND,
	       share_remove(fixture->share, share_suite_at(fixture, "file").text, &fixture->err));
}

static void test_share_remove_folder_with_content_fails(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "file", "x", 1);
	EXPECT(STATUS_CONFLICT, share_remove(fixture->share, fixture->folder, &fixture->err));
	share_suite_expect_content(fixture, "file", "x", 1);
}

static void test_share_remove_tree_leaves_only_the_rest(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_OK,
	       share_make_directories(fixture->share, share_suite_at(fixture, "tree/a/b").text,
				      &fixture->err));
	share_suite_write(fixture, "tree/file", "x", 1);
	share_suite_write(fixture, "tree/a/b/file", "x", 1);
	share_suite_write(fixture, "tree-beside", "x", 1);
	EXPECT(STATUS_OK, share_remove_tree(fixture->share, share_suite_at(fixture, "tree").text,
					    &fixture->err));
	EXPECT(STATUS_OK, share_remove_tree(fixture->share, share_suite_at(fixture, "tree").text,
					    &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 1);
	share_suite_expect_content(fixture, "tree-beside", "x", 1);
}

static void test_share_remove_tree_root_is_refused(void **state)
{
	struct share_suite_fixture *fixture = *state;

	EXPECT(STATUS_INVALID, share_remove_tree(fixture->share, "", &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
}

static void test_share_free_space_is_plausible(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_space space = { 0, 0 };

	if ((share_features(fixture->share) & SHARE_FEATURE_FREE_SPACE) == 0) {
		EXPECT(STATUS_UNSUPPORTED, share_free_space(fixture->share, &space, &fixture->err));
		return;
	}
	EXPECT(STATUS_OK, share_free_space(fixture->share, &space, &fixture->err));
	assert_true(space.total >= (uint64_t)1 << 20);
	assert_true(space.free > 0);
	assert_true(space.free <= space.total);
}

static const struct CMUnitTest tests[] = {
	SHARE_SUITE_TEST(test_share_list_5000_entries_gives_each_once),
	SHARE_SUITE_TEST(test_share_list_tells_files_from_folders),
	SHARE_SUITE_TEST(test_share_list_tells_when_a_file_was_written),
	SHARE_SUITE_TEST(test_share_list_root_contains_folder),
	SHARE_SUITE_TEST(test_share_list_missing_folder_says_not_found),
	SHARE_SUITE_TEST(test_share_list_callback_status_stops_it),
	SHARE_SUITE_TEST(test_share_list_callback_may_use_the_share),
	SHARE_SUITE_TEST(test_share_make_directory_existing_says_exists),
	SHARE_SUITE_TEST(test_share_make_directory_missing_parent_says_not_found),
	SHARE_SUITE_TEST(test_share_make_directories_makes_all_that_miss),
	SHARE_SUITE_TEST(test_share_make_directories_over_file_fails),
	SHARE_SUITE_TEST(test_share_rename_new_moves_file_and_folder),
	SHARE_SUITE_TEST(test_share_rename_new_taken_name_harms_nothing),
	SHARE_SUITE_TEST(test_share_rename_new_folder_onto_empty_folder_says_exists),
	SHARE_SUITE_TEST(test_share_rename_new_missing_names_say_not_found),
	SHARE_SUITE_TEST(test_share_remove_file_and_empty_folder),
	SHARE_SUITE_TEST(test_share_remove_folder_with_content_fails),
	SHARE_SUITE_TEST(test_share_remove_tree_leaves_only_the_rest),
	SHARE_SUITE_TEST(test_share_remove_tree_root_is_refused),
	SHARE_SUITE_TEST(test_share_free_space_is_plausible),
};

const struct share_suite_part share_suite_folders = SHARE_SUITE_PART(tests);
