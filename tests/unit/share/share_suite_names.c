/* SPDX-License-Identifier: Apache-2.0 */
/* Suite: which names are good, and what they may hold. */
#include <stdio.h>
#include <string.h>

#include "share_suite.h"
#include "share_suite_private.h"

static enum status ignore(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)context;
	(void)err;
	return STATUS_OK;
}

static void test_share_names_bad_ones_are_refused_everywhere(void **state)
{
	static const char *const names[] = { "/absolute", "..",       "../a",    "a/..", "a/../b",
					     ".",         "./a",      "a/.",     "a//b", "a/",
					     "a\\b",      "a:stream", "a*",      "a?",   "a\"b",
					     "a<b",       "a>b",      "a|b",     "a\nb", "a\x7f",
					     "\xff\xfe",  "/",        "a/b/../c" };
	struct share_suite_fixture *fixture = *state;
	struct share *share = fixture->share;
	struct error *err = &fixture->err;
	struct share_file *file = NULL;
	struct buffer content;

	buffer_init(&content, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const char *name = names[i];

		EXPECT(STATUS_INVALID, share_create(share, name, &file, err));
		EXPECT(STATUS_INVALID, share_open_read(share, name, &file, NULL, err));
		EXPECT(STATUS_INVALID, share_list(share, name, ignore, NULL, err));
		EXPECT(STATUS_INVALID, share_make_directory(share, name, err));
		EXPECT(STATUS_INVALID, share_make_directories(share, name, err));
		EXPECT(STATUS_INVALID, share_rename_new(share, name, "good", err));
		EXPECT(STATUS_INVALID, share_rename_new(share, fixture->folder, name, err));
		EXPECT(STATUS_INVALID, share_remove(share, name, err));
		EXPECT(STATUS_INVALID, share_remove_tree(share, name, err));
		EXPECT(STATUS_INVALID, share_put(share, name, "x", 1, err));
		EXPECT(STATUS_INVALID, share_get(share, name, 1, &content, err));
	}
	assert_null(file);
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
}

static void test_share_names_empty_is_good_for_listing_only(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;

	EXPECT(STATUS_OK, share_list(fixture->share, "", ignore, NULL, &fixture->err));
	EXPECT(STATUS_INVALID, share_create(fixture->share, "", &file, &fixture->err));
	EXPECT(STATUS_INVALID, share_remove(fixture->share, "", &fixture->err));
	EXPECT(STATUS_INVALID, share_make_directory(fixture->share, "", &fixture->err));
}

static void test_share_names_too_long_are_refused(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file = NULL;
	char name[SHARE_NAME_SIZE + 1];

	for (size_t i = 0; i < SHARE_NAME_SIZE; i++)
		name[i] = i % 2 == 0 ? 'a' : '/';
	name[SHARE_NAME_SIZE - 1] = 'a';
	name[SHARE_NAME_SIZE] = '\0';
	EXPECT(STATUS_INVALID, share_create(fixture->share, name, &file, &fixture->err));
	memset(name, 'a', 300);
	name[300] = '\0';
	enum status status = share_create(fixture->share, share_suite_at(fixture, name).text, &file,
					  &fixture->err);
	assert_true(status == STATUS_SHARE_PATH || status == STATUS_INVALID);
}

static void round_trip(struct share_suite_fixture *fixture, const char *name)
{
	EXPECT(STATUS_OK, share_put(fixture->share, share_suite_at(fixture, name).text, name,
				    strlen(name), &fixture->err));
	share_suite_expect_content(fixture, name, name, strlen(name));
}

struct search {
	const char *name;
	size_t found;
};

static enum status find(const struct share_entry *entry, void *context, struct error *err)
{
	struct search *search = context;

	(void)err;
	search->found += strcmp(entry->name, search->name) == 0;
	return STATUS_OK;
}

static void test_share_names_unicode_comes_back_from_listing(void **state)
{
	static const char *const names[] = {
		"\xc3\x84 und \xc3\x9f",
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.pack",
		"\xf0\x9f\x92\xbe disk",
		"with space, comma; and 'quotes' & %41 #1 [x] {y} ~$^+=@!",
		".hidden",
		"...three",
	};
	struct share_suite_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct search search = { .name = names[i] };

		round_trip(fixture, names[i]);
		EXPECT(STATUS_OK,
		       share_list(fixture->share, fixture->folder, find, &search, &fixture->err));
		assert_int_equal(search.found, 1);
	}
}

static void test_share_names_long_component_works(void **state)
{
	struct share_suite_fixture *fixture = *state;
	char name[201];

	memset(name, 'n', 200);
	name[200] = '\0';
	round_trip(fixture, name);
}

static void test_share_names_deep_folders_work(void **state)
{
	struct share_suite_fixture *fixture = *state;
	char name[SHARE_NAME_SIZE] = "";
	size_t length = 0;

	for (unsigned depth = 0; depth < 60; depth++)
		length += (size_t)snprintf(name + length, sizeof(name) - length, "%sfolder-%u",
					   depth == 0 ? "" : "/", depth);
	EXPECT(STATUS_OK, share_make_directories(fixture->share, share_suite_at(fixture, name).text,
						 &fixture->err));
	(void)snprintf(name + length, sizeof(name) - length, "/file");
	round_trip(fixture, name);
	EXPECT(STATUS_OK,
	       share_remove_tree(fixture->share, share_suite_at(fixture, "folder-0").text,
				 &fixture->err));
	assert_int_equal(share_suite_count(fixture, fixture->folder), 0);
}

static void test_share_names_case_is_as_the_driver_says(void **state)
{
	struct share_suite_fixture *fixture = *state;

	share_suite_write(fixture, "Name", "upper", 5);
	if ((share_features(fixture->share) & SHARE_FEATURE_CASE_SENSITIVE) != 0)
		assert_false(share_suite_exists(fixture, "name"));
	share_suite_expect_content(fixture, "Name", "upper", 5);
}

static const struct CMUnitTest tests[] = {
	SHARE_SUITE_TEST(test_share_names_bad_ones_are_refused_everywhere),
	SHARE_SUITE_TEST(test_share_names_empty_is_good_for_listing_only),
	SHARE_SUITE_TEST(test_share_names_too_long_are_refused),
	SHARE_SUITE_TEST(test_share_names_unicode_comes_back_from_listing),
	SHARE_SUITE_TEST(test_share_names_long_component_works),
	SHARE_SUITE_TEST(test_share_names_deep_folders_work),
	SHARE_SUITE_TEST(test_share_names_case_is_as_the_driver_says),
};

const struct share_suite_part share_suite_names = SHARE_SUITE_PART(tests);
