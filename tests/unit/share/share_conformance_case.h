/* SPDX-License-Identifier: Apache-2.0 */
/* A conformance test of a temporary folder, by whatever driver, and what came of it. */
#ifndef TESTS_SHARE_CONFORMANCE_CASE_H
#define TESTS_SHARE_CONFORMANCE_CASE_H

#include "infrabackup/share/conformance.h"

#include "fake/share_fake.h"
#include "fake/share_liar.h"
#include "share_folder.h"
#include "share_cmocka.h"

struct conformance_case {
	void *folder;
	struct share_folder_options options;
	struct share_registry registry;
	struct share_fake *fake;
	struct share_liar liar;
	struct clock clock;
	struct share_conformance_settings settings;
	struct share_conformance report;
	struct error err;
	char bad[1024]; /* ids of checks that failed, or warn (followed by '?'), in order */
};

/* Fixtures: the liar serves the folder, honest so far; its root has a file that is not ours. */
int conformance_case_setup(void **state);
int conformance_case_teardown(void **state);
/* From now on the breaking share serves the folder. */
void conformance_case_use_fake(struct conformance_case *test, const struct share_fake_plan *plan);

/* Runs the test; fills report, err and bad. */
enum status conformance_case_run(struct conformance_case *test);
/* The root of the share has the file that was there before, and nothing else. */
void conformance_case_expect_clean(const struct conformance_case *test);
/* Never NULL. */
const struct share_check *conformance_case_check(const struct share_conformance *report,
						 const char *id);
/* Fills @text with the ids of checks that failed or (followed by '?') warn. */
void conformance_case_bad(const struct share_conformance *report, char *text, size_t size);

#endif
