/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of a cloud takes back a backup. */
#include <string.h>

#include "infrabackup/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct version_case {
	const char *backup, *target;
};

static void check_allowed(const struct version_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error err;
		if (recover_check_versions(cases[i].backup, cases[i].target, &err) != STATUS_OK)
			fail_msg("%s into %s: %s", cases[i].backup, cases[i].target, err.message);
	}
}

/* Every refusal names both versions and carries @rule. */
static void check_refused(const struct version_case *cases, size_t count, const char *rule)
{
	for (size_t i = 0; i < count; i++) {
		struct error err;
		if (recover_check_versions(cases[i].backup, cases[i].target, &err) !=
		    STATUS_UNSUPPORTED)
			fail_msg("%s into %s was allowed", cases[i].backup, cases[i].target);
		assert_non_null(strstr(err.message, cases[i].backup));
		assert_non_null(strstr(err.message, cases[i].target));
		assert_non_null(strstr(err.message, rule));
	}
}

static void test_recover_check_versions_same_or_next_release_is_allowed(void **state)
{
	static const struct version_case cases[] = {
		{ "1.2311.1.22", "1.2311.1.22" }, /* the same */
		{ "1.2311.1.22", "1.2311.1.23" }, /* a newer build of it */
		{ "1.2311.1.22", "1.2311.2.0" },
		{ "1.2311.1.22", "1.2406.0.8" }, /* the next release */
		{ "1.1908.0.20", "1.1910.0.58" },
		{ "1.1910.0.58", "1.2002.0.35" }, /* over the turn of the year */
		{ "1.2501.1.0", "1.2508.1.0" },   /* newer than all that are known */
		{ "1.2311", "1.2406" },           /* short forms */
		{ "1.2311.1", "1.2311.1.0" },
		{ "lab", "lab" }, /* equal whatever the form */
	};
	(void)state;
	check_allowed(cases, ARRAY_LENGTH(cases));
}

static void test_recover_check_versions_older_target_is_refused(void **state)
{
	static const struct version_case cases[] = {
		{ "1.2311.1.22", "1.2306.1.22" },
		{ "1.2311.1.22", "1.2311.1.21" },
		{ "1.2311.1.22", "1.2311.0.99" },
		{ "1.2311.1.22", "1.1712.0.0" },
		{ "2.2311.1.22", "1.2311.1.22" },
		{ "1.2311.1.10", "1.2311.1.9" }, /* numbers, not text */
	};
	(void)state;
	check_refused(cases, ARRAY_LENGTH(cases), "may not be older");
}

static void test_recover_check_versions_two_releases_newer_is_refused(void **state)
{
	static const struct version_case cases[] = {
		{ "1.2311.1.22", "1.2408.0.0" },
		{ "1.2306.1.22", "1.2406.0.0" },
		{ "1.1901.0.95", "1.2311.0.0" },
		{ "1.2311.1.22", "2.2311.1.22" },
	};
	(void)state;
	check_refused(cases, ARRAY_LENGTH(cases), "at most one release newer");
}

static void test_recover_check_versions_other_forms_are_refused(void **state)
{
	static const struct version_case cases[] = {
		{ "1.2311.1.22", "next" },
		{ "lab", "1.2311.1.22" },
		{ "1.2311.1.22", "1" },
		{ "1.2311.1.22", "1.2311.1.22.1" },
		{ "1.2311.1.22", "1.2311.1.22 " },
		{ "1.2311.1.22", "1.-2311.1.22" },
		{ "1.2311.1.22", "1..1.22" },
		{ "1.2311.1.22", "1.2311." },
		{ "1.2311.1.22", "1.99999999999999999999" },
	};
	(void)state;
	check_refused(cases, ARRAY_LENGTH(cases), "expected the form 1.2311.1.22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recover_check_versions_same_or_next_release_is_allowed),
		cmocka_unit_test(test_recover_check_versions_older_target_is_refused),
		cmocka_unit_test(test_recover_check_versions_two_releases_newer_is_refused),
		cmocka_unit_test(test_recover_check_versions_other_forms_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
