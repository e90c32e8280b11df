/* SPDX-License-Identifier: Apache-2.0 */
/* What include/infrabackup/share.h promises, as tests that every driver passes. */
#ifndef TESTS_SHARE_SUITE_H
#define TESTS_SHARE_SUITE_H

#include "infrabackup/share.h"

/* The caller fills the first two: the share is there, empty or not, and can be written. The suite
 * works in folders of its own and removes them. */
struct share_suite_fixture {
	const struct share_registry *registry;
	struct share_options options; /* cancel NULL; a deadline that is never met, e.g. 60 s */

	struct share *share; /* open during each test */
	char folder[64];     /* empty at the start of each test */
	struct error err;
};

/* Runs all tests under the name @group; returns the number that failed. */
int share_suite_run(const char *group, struct share_suite_fixture *fixture);
/* The same for those of reading and writing files alone. */
int share_suite_run_files(const char *group, struct share_suite_fixture *fixture);

/* A path that lives to the end of the expression it is used in. */
struct share_suite_path {
	char text[SHARE_NAME_SIZE * 2];
};

/* @name inside the folder of the test. */
struct share_suite_path share_suite_at(const struct share_suite_fixture *fixture, const char *name);

/* Fails the test, showing @err, unless @status is @expected. */
void share_suite_expect(enum status expected, enum status status, const struct error *err,
			const char *what, const char *file, int line);
#define EXPECT(expected, call)                                                                     \
	share_suite_expect(expected, call, &fixture->err, #call, __FILE__, __LINE__)

/* One more handle on the same share, with another cancel (NULL: none). */
struct share *share_suite_open(struct share_suite_fixture *fixture, const struct cancel *cancel);
/* Creates @name in the folder of the test with @length bytes, closed and checked. */
void share_suite_write(struct share_suite_fixture *fixture, const char *name, const void *data,
		       size_t length);
/* Asserts that @name in the folder of the test has exactly this content. */
void share_suite_expect_content(struct share_suite_fixture *fixture, const char *name,
				const void *data, size_t length);
bool share_suite_exists(struct share_suite_fixture *fixture, const char *name);
/* Entries of a folder given by its full name. */
size_t share_suite_count(struct share_suite_fixture *fixture, const char *folder);

#endif
