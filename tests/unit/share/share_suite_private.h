/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the suite. */
#ifndef TESTS_SHARE_SUITE_PRIVATE_H
#define TESTS_SHARE_SUITE_PRIVATE_H

#include "share_cmocka.h"

struct share_suite_part {
	const struct CMUnitTest *tests;
	size_t count;
};

extern const struct share_suite_part share_suite_files;
extern const struct share_suite_part share_suite_folders;
extern const struct share_suite_part share_suite_names;
extern const struct share_suite_part share_suite_faults;

int share_suite_setup(void **state);
int share_suite_teardown(void **state);

#define SHARE_SUITE_TEST(test)                                                                     \
	cmocka_unit_test_setup_teardown(test, share_suite_setup, share_suite_teardown)
#define SHARE_SUITE_PART(part_tests)                                                               \
	{                                                                                          \
		part_tests, sizeof(part_tests) / sizeof((part_tests)[0])                           \
	}

#endif
