/* SPDX-License-Identifier: Apache-2.0 */
/* A conformance test of a temporary folder, by whatever driver, and what came of it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "share_conformance_case.h"

#define BYSTANDER "not-ours"

int conformance_case_setup(void **state)
{
	struct conformance_case *test = calloc(1, sizeof(*test));
	char path[512];

	if (test == NULL || share_folder_setup(&test->folder) != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/%s", (const char *)test->folder, BYSTANDER);
	if (file_write(path, 0600, false, "content", 7, NULL) != STATUS_OK)
		return -1;
	share_folder_options(&test->options, test->folder);
	share_registry_init(&test->registry);
	share_registry_set(&test->registry, &share_liar_driver, &test->liar);
	test->clock = share_liar_clock(&test->liar);
	test->settings = (struct share_conformance_settings) {
		.shares = &test->registry,
		.share = &test->options.options,
		.limit = SHARE_CONFORMANCE_LIMIT,
		.clock = &test->clock,
	};
	*state = test;
	return 0;
}

int conformance_case_teardown(void **state)
{
	struct conformance_case *test = *state;

	share_fake_free(test->fake);
	int result = share_folder_teardown(&test->folder);
	free(test);
	return result;
}

void conformance_case_use_fake(struct conformance_case *test, const struct share_fake_plan *plan)
{
	if (test->fake == NULL)
		test->fake = share_fake_new(&share_liar_driver, &test->liar);
	share_fake_set(test->fake, plan);
	share_registry_set(&test->registry, share_fake_driver(test->fake), test->fake);
}

void conformance_case_bad(const struct share_conformance *report, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < report->count; i++) {
		const struct share_check *check = &report->checks[i];
		bool is_warning = check->result == SHARE_CHECK_WARNING;

		if (!is_warning && check->result != SHARE_CHECK_FAILED)
			continue;
		length +=
			(size_t)snprintf(text + length, size - length, "%s%s%s",
					 length == 0 ? "" : " ", check->id, is_warning ? "?" : "");
		assert_true(length < size);
		assert_true(check->found[0] != '\0');
		assert_non_null(check->remedy);
	}
}

enum status conformance_case_run(struct conformance_case *test)
{
	test->err = (struct error) { .status = STATUS_OK };
	enum status status = share_conformance_run(&test->settings, &test->report, &test->err);

	assert_int_equal(status, test->err.status);
	conformance_case_bad(&test->report, test->bad, sizeof(test->bad));
	return status;
}

void conformance_case_expect_clean(const struct conformance_case *test)
{
	AUTO_CLOSEDIR folder = opendir(test->folder);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' && strspn(entry->d_name, ".") == strlen(entry->d_name))
			continue;
		assert_string_equal(entry->d_name, BYSTANDER);
		count++;
	}
	assert_int_equal(count, 1);
}

const struct share_check *conformance_case_check(const struct share_conformance *report,
						 const char *id)
{
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->checks[i].id, id) == 0)
			return &report->checks[i];
	fail_msg("there is no check \"%s\"", id);
	return NULL;
}
