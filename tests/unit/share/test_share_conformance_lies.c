/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the conformance test is seen failing: a share that lies in one way is caught by
 * the checks for it and by no other. */
#include <stdio.h>
#include <string.h>

#include "share_conformance_case.h"

/* not under valgrind: forty runs with a large file each; test_share_conformance runs there */
/* not under tsan: the same */

static const struct {
	enum share_lie lie;
	const char *about;         /* names it lies about; NULL: all */
	const char *bad;           /* checks that fail, warnings with '?' */
	const char *check, *found; /* what that one says */
} cases[] = {
	{ SHARE_LIE_CREATE_REPLACES, "/existing", "create-existing", "create-existing",
	  "creates a file that is there already" },
	{ SHARE_LIE_MAKES_AGAIN, "-test-", "create-folder", "create-folder",
	  "makes a folder that is there already" },
	{ SHARE_LIE_RENAME_REPLACES, NULL, "rename-existing rename-onto-folder", "rename-existing",
	  "renames onto a file" },
	{ SHARE_LIE_RENAME_LOSES, "new-name", "rename-file", "rename-file", "has 0 bytes" },
	{ SHARE_LIE_RENAME_KEEPS, "new-name", "rename-file", "rename-file", "must not be there" },
	{ SHARE_LIE_RENAME_EMPTIES, "new-folder", "rename-folder", "rename-folder", "inside" },
	{ SHARE_LIE_RENAME_LOSES, "published", "publish", "publish", "has 0 bytes" },
	{ SHARE_LIE_RENAME_KEEPS, "published", "publish", "publish", "must not be there" },
	{ SHARE_LIE_REMOVE_KEEPS, "/deleted", "delete-file delete-folder clean-up", "delete-folder",
	  "can still be listed" },
	{ SHARE_LIE_REMOVES_FULL, "full-folder", "delete-full-folder", "delete-full-folder",
	  "deletes a folder with files" },
	{ SHARE_LIE_HIDES, "seen-elsewhere", "read-elsewhere", "read-elsewhere", "not yet" },
	{ SHARE_LIE_HIDES, "empty", "empty-file", "empty-file", "not yet" },
	{ SHARE_LIE_HIDES, "first-file", "read-together", "read-together", "not yet" },
	{ SHARE_LIE_HIDES_UNCLOSED, "flushed", "flush?", "flush", "not yet" },
	{ SHARE_LIE_LOCKS, "first-file", "read-together", "read-together", "open elsewhere" },
	{ SHARE_LIE_LISTS_LATE, "listed-file", "list-folder clean-up", "list-folder",
	  "lists it 0 times" },
	{ SHARE_LIE_LISTS_TWICE, "listed-folder", "list-folder", "list-folder",
	  "lists it 2 times" },
	{ SHARE_LIE_LISTS_SIZES, NULL, "list-folder", "list-folder", "with 0 bytes" },
	{ SHARE_LIE_LISTS_KINDS, "listed-folder", "list-folder", "list-folder", "as a file" },
	{ SHARE_LIE_LISTS_LATE, "0123", "many-files clean-up", "many-files",
	  "number 123 is listed 0 times" },
	{ SHARE_LIE_LISTS_TWICE, "0123", "many-files", "many-files",
	  "number 123 is listed 2 times" },
	{ SHARE_LIE_REFUSES_NAMES, "deep-path/folder", "deep-folders", "deep-folders", "" },
	{ SHARE_LIE_REFUSES_NAMES, ".pack", "repository-names", "repository-names", "" },
	{ SHARE_LIE_MERGES_NAMES, "COMMIT", "repository-names", "repository-names", "" },
	{ SHARE_LIE_REFUSES_NAMES, "nnnnnnnn", "long-name?", "long-name", "not such a name" },
	{ SHARE_LIE_REFUSES_NAMES, "\U0001F5C4", "unicode-names?", "unicode-names",
	  "not such a name" },
	{ SHARE_LIE_MERGES_NAMES, "cafe\u0301", "composed-names?", "composed-names", "the same" },
	{ SHARE_LIE_CREATE_REPLACES, "cASE", "", "case", "different files" },
	{ SHARE_LIE_MERGES_NAMES, "cASE", "", "case", "the same file" },
	{ SHARE_LIE_CLOCK_AHEAD, "clock", "clock?", "clock", "86400 s ahead" },
	{ SHARE_LIE_CLOCK_BEHIND, "clock", "clock?", "clock", "86400 s behind" },
	{ SHARE_LIE_CLOCK_NONE, NULL, "", "clock", "tells no times" },
	{ SHARE_LIE_SPACE_LITTLE, NULL, "free-space", "free-space",
	  "MB of 1.00 TB are free, this test" },
	{ SHARE_LIE_SPACE_SCARCE, NULL, "free-space?", "free-space", "MB of 1.00 TB are free" },
	{ SHARE_LIE_SPACE_STANDS, NULL, "free-space-truth?", "free-space-truth", "fell by 0" },
	{ SHARE_LIE_SLOW_WRITES, NULL, "write-speed?", "write-speed", "1.0 MB/s" },
	{ SHARE_LIE_SLOW_READS, NULL, "read-speed?", "read-speed", "1.0 MB/s" },
	{ SHARE_LIE_LATE_CANCEL, NULL, "cancel?", "cancel", "2000 ms" },
	{ SHARE_LIE_IN_MEMORY, NULL, "storage?", "storage", "nothing survives a restart" },
};

static void run_case(struct conformance_case *test, size_t i)
{
	test->liar = (struct share_liar) { .lie = cases[i].lie, .about = cases[i].about };
	enum status status = conformance_case_run(test);
	const struct share_check *check = conformance_case_check(&test->report, cases[i].check);

	print_message("  %-40s %s: %s\n", test->bad, check->id, check->found);
	assert_string_equal(test->bad, cases[i].bad);
	assert_non_null(strstr(check->found, cases[i].found));
	/* Warnings alone are no failure. */
	bool fails = test->report.results[SHARE_CHECK_FAILED] > 0;
	assert_int_equal(status != STATUS_OK, fails);
	if (strstr(cases[i].bad, "clean-up") == NULL)
		conformance_case_expect_clean(test);
}

static void test_conformance_run_lying_share_is_caught(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		void *test = NULL;

		(void)state;
		assert_int_equal(conformance_case_setup(&test), 0);
		run_case(test, i);
		assert_int_equal(conformance_case_teardown(&test), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformance_run_lying_share_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
