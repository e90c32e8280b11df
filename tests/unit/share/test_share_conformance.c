/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance test as a whole: a good share passes, faults stop what depends on them, and
 * whatever happens, it ends in time and cleans up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "share_conformance_case.h"

#define DAY_SECONDS (24L * 60 * 60)

static enum share_check_result result_of(const struct conformance_case *test, const char *id)
{
	return conformance_case_check(&test->report, id)->result;
}

static void expect_not_run(const struct conformance_case *test, const char *id, const char *reason)
{
	const struct share_check *check = conformance_case_check(&test->report, id);

	assert_int_equal(check->result, SHARE_CHECK_NOT_RUN);
	assert_non_null(strstr(check->found, reason));
	assert_null(check->remedy);
}

static void expect_failed(const struct conformance_case *test, const char *id, enum status status,
			  const char *cause)
{
	const struct share_check *check = conformance_case_check(&test->report, id);

	assert_int_equal(check->result, SHARE_CHECK_FAILED);
	assert_int_equal(check->status, status);
	assert_string_equal(check->cause, cause);
	assert_non_null(check->remedy);
}

struct counted {
	size_t count;
	bool in_order;
	const struct share_conformance *report;
};

static void count_check(const struct share_check *check, void *context)
{
	struct counted *counted = context;

	counted->in_order = counted->in_order && check == &counted->report->checks[counted->count];
	counted->count++;
}

static void test_conformance_run_good_folder_passes(void **state)
{
	struct conformance_case *test = *state;
	struct counted counted = { .in_order = true, .report = &test->report };

	test->settings.each = count_check;
	test->settings.context = &counted;
	assert_int_equal(conformance_case_run(test), STATUS_OK);
	assert_string_equal(test->bad, "");
	assert_true(counted.in_order);
	assert_int_equal(counted.count, test->report.count);
	assert_true(test->report.count >= 35);
	assert_int_equal(test->report.results[SHARE_CHECK_NOT_APPLICABLE], 6);
	assert_int_equal(test->report.results[SHARE_CHECK_PASSED], test->report.count - 6);
	assert_true(test->report.transport.protocol[0] != '\0');
	conformance_case_expect_clean(test);
	for (size_t i = 0; i < test->report.count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(test->report.checks[i].id,
						test->report.checks[j].id);
}

static void test_conformance_run_writes_what_it_says(void **state)
{
	struct conformance_case *test = *state;

	assert_int_equal(conformance_case_run(test), STATUS_OK);
	uint64_t written = (uint64_t)atomic_load(&test->liar.written);
	assert_true(written >= SHARE_CONFORMANCE_LARGE);
	assert_true(written <= SHARE_CONFORMANCE_LARGE + SHARE_CONFORMANCE_SMALL);
}

static void test_conformance_run_essential_leaves_out_what_takes_long(void **state)
{
	static const char *const left_out[] = {
		"long-name",  "unicode-names", "composed-names", "many-files",      "cancel",
		"large-file", "write-speed",   "read-speed",     "free-space-truth"
	};
	struct conformance_case *test = *state;

	assert_int_equal(conformance_case_run(test), STATUS_OK);
	size_t whole = test->report.count;
	atomic_store(&test->liar.written, 0);
	test->settings.scope = SHARE_CONFORMANCE_ESSENTIAL;
	assert_int_equal(conformance_case_run(test), STATUS_OK);
	assert_string_equal(test->bad, "");
	assert_int_equal(test->report.count, whole - ARRAY_LENGTH(left_out));
	assert_true(test->report.count >= 25);
	assert_int_equal(test->report.results[SHARE_CHECK_NOT_RUN], 0);
	for (size_t i = 0; i < test->report.count; i++)
		for (size_t j = 0; j < ARRAY_LENGTH(left_out); j++)
			assert_string_not_equal(test->report.checks[i].id, left_out[j]);
	assert_true((uint64_t)atomic_load(&test->liar.written) <= SHARE_CONFORMANCE_SMALL);
	conformance_case_expect_clean(test);
}

static void test_conformance_run_missing_folder_fails_to_open(void **state)
{
	struct conformance_case *test = *state;

	(void)snprintf(test->options.address.path, sizeof(test->options.address.path), "%s/missing",
		       (const char *)test->folder);
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_PATH);
	assert_string_equal(test->bad, "share-open");
	expect_failed(test, "share-open", STATUS_SHARE_PATH, "ENOENT");
	expect_not_run(test, "create-folder", "\"share-open\"");
	assert_int_equal(result_of(test, "clean-up"), SHARE_CHECK_NOT_APPLICABLE);
}

static void test_conformance_run_faults_are_named(void **state)
{
	static const struct {
		struct share_fake_plan plan;
		const char *bad, *check, *cause, *left_out;
		enum status status;
	} cases[] = {
		{ { .at = 2,
		    .operation = SHARE_FAKE_OPEN,
		    .fault = SHARE_FAKE_FAIL,
		    .status = STATUS_SHARE_CONNECTION,
		    .cause = EBUSY },
		  "second-connection",
		  "second-connection",
		  "EBUSY",
		  "read-elsewhere",
		  STATUS_SHARE_CONNECTION },
		{ { .at = 1,
		    .operation = SHARE_FAKE_MAKE_DIRECTORY,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EACCES },
		  "create-folder",
		  "create-folder",
		  "EACCES",
		  "create-file",
		  STATUS_SHARE_READ_WRITE },
		{ { .at = 1,
		    .operation = SHARE_FAKE_CREATE,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EACCES },
		  "create-file",
		  "create-file",
		  "EACCES",
		  "rename-existing",
		  STATUS_SHARE_READ_WRITE },
		{ { .at = 1,
		    .operation = SHARE_FAKE_FLUSH,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EINVAL,
		    .for_ever = true },
		  "create-file",
		  "create-file",
		  "EINVAL",
		  "flush",
		  STATUS_SHARE_READ_WRITE },
		{ { .at = 1, .operation = SHARE_FAKE_WRITE, .fault = SHARE_FAKE_SHORT_WRITE },
		  "read-back read-together",
		  "read-back",
		  "",
		  "",
		  STATUS_SHARE_UPLOAD },
		{ { .at = 1, .operation = SHARE_FAKE_READ, .fault = SHARE_FAKE_CORRUPT_READ },
		  "read-back",
		  "read-back",
		  "",
		  "",
		  STATUS_SHARE_UPLOAD },
		{ { .at = 1,
		    .operation = SHARE_FAKE_RENAME_NEW,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EXDEV },
		  "rename-file",
		  "rename-file",
		  "EXDEV",
		  "rename-existing",
		  STATUS_SHARE_READ_WRITE },
		{ { .at = 1,
		    .operation = SHARE_FAKE_FREE_SPACE,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EIO },
		  "free-space",
		  "free-space",
		  "EIO",
		  "large-file",
		  STATUS_SHARE_READ_WRITE },
		{ { .at = 1,
		    .operation = SHARE_FAKE_DESCRIBE,
		    .fault = SHARE_FAKE_FAIL,
		    .cause = EIO },
		  "storage",
		  "storage",
		  "EIO",
		  "",
		  STATUS_SHARE_READ_WRITE },
	};
	struct conformance_case *test = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		conformance_case_use_fake(test, &cases[i].plan);
		assert_int_equal(conformance_case_run(test), cases[i].status);
		print_message("  %-28s %s\n", test->bad, test->err.message);
		assert_string_equal(test->bad, cases[i].bad);
		expect_failed(test, cases[i].check, cases[i].status, cases[i].cause);
		assert_non_null(strstr(test->err.message, cases[i].check));
		if (cases[i].left_out[0] != '\0')
			expect_not_run(test, cases[i].left_out, "it needs \"");
		conformance_case_expect_clean(test);
	}
}

static void test_conformance_run_large_file_damaged_is_seen(void **state)
{
	struct conformance_case *test = *state;

	/* Which read that is, a run without a fault tells. */
	conformance_case_use_fake(test, NULL);
	assert_int_equal(conformance_case_run(test), STATUS_OK);
	size_t reads = 0;
	for (size_t i = 1; i <= share_fake_calls(test->fake); i++)
		reads += share_fake_call_operation(test->fake, i) == SHARE_FAKE_READ ? 1 : 0;
	conformance_case_use_fake(test,
				  &(struct share_fake_plan) { .at = reads,
							      .operation = SHARE_FAKE_READ,
							      .fault = SHARE_FAKE_CORRUPT_READ });
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_UPLOAD);
	assert_string_equal(test->bad, "large-file");
	expect_not_run(test, "write-speed", "\"large-file\"");
	conformance_case_expect_clean(test);
}

static void test_conformance_run_without_the_right_to_delete_says_what_stays(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(test, &(struct share_fake_plan) { .at = 1,
								    .operation = SHARE_FAKE_REMOVE,
								    .fault = SHARE_FAKE_FAIL,
								    .cause = EACCES,
								    .for_ever = true });
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_READ_WRITE);
	assert_string_equal(test->bad,
			    "delete-file delete-folder delete-full-folder many-files clean-up");
	const struct share_check *check = conformance_case_check(&test->report, "clean-up");
	assert_non_null(strstr(check->found, test->report.folder));
}

static void test_conformance_run_full_share_is_out_of_capacity(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(test, &(struct share_fake_plan) { .at = 1,
								    .operation = SHARE_FAKE_WRITE,
								    .fault = SHARE_FAKE_FULL });
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_FULL);
	expect_failed(test, "create-file", STATUS_SHARE_FULL, "ENOSPC");
	assert_non_null(
		strstr(conformance_case_check(&test->report, "create-file")->remedy, "Free space"));
	conformance_case_expect_clean(test);
}

static void test_conformance_run_lost_share_ends_at_once(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(test,
				  &(struct share_fake_plan) { .at = 3,
							      .operation = SHARE_FAKE_RENAME_NEW,
							      .fault = SHARE_FAKE_VANISH });
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_CONNECTION);
	assert_string_equal(test->bad, "rename-folder clean-up");
	expect_not_run(test, "publish", "lost in \"rename-folder\"");
	expect_not_run(test, "free-space", "lost in \"rename-folder\"");
}

/* --- time and cancel --- */

static void test_conformance_run_hanging_call_ends_with_the_time(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(test,
				  &(struct share_fake_plan) { .at = 1,
							      .operation = SHARE_FAKE_RENAME_NEW,
							      .fault = SHARE_FAKE_HANG });
	test->settings.limit = 4000;
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_CONNECTION);
	assert_string_equal(test->bad, "");
	expect_not_run(test, "rename-file", "was over");
	expect_not_run(test, "free-space", "was over");
	assert_int_equal(result_of(test, "clean-up"), SHARE_CHECK_PASSED);
	assert_non_null(strstr(test->err.message, "time for the test was over"));
	conformance_case_expect_clean(test);
}

static void test_conformance_run_overdue_call_is_a_lost_connection(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(test,
				  &(struct share_fake_plan) { .at = 1,
							      .operation = SHARE_FAKE_RENAME_NEW,
							      .fault = SHARE_FAKE_HANG });
	test->options.options.deadline = 500;
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_CONNECTION);
	assert_string_equal(test->bad, "rename-file");
	expect_failed(test, "rename-file", STATUS_SHARE_CONNECTION, "ETIMEDOUT");
	expect_not_run(test, "large-file", "lost in \"rename-file\"");
	conformance_case_expect_clean(test);
}

/* The clean-up hangs too: it has an end of its own. */
static void test_conformance_run_frozen_share_ends_without_clean_up(void **state)
{
	struct conformance_case *test = *state;

	conformance_case_use_fake(
		test,
		&(struct share_fake_plan) { .at = 20, .fault = SHARE_FAKE_HANG, .for_ever = true });
	test->settings.limit = 1200;
	assert_int_equal(conformance_case_run(test), STATUS_SHARE_CONNECTION);
	assert_string_equal(test->bad, "clean-up");
	assert_non_null(strstr(conformance_case_check(&test->report, "clean-up")->found,
			       test->report.folder));
}

static void cancel_after_publish(const struct share_check *check, void *context)
{
	if (strcmp(check->id, "publish") == 0)
		cancel_request(context);
}

static void test_conformance_run_cancelled_cleans_up(void **state)
{
	struct conformance_case *test = *state;
	struct cancel *cancel = cancel_new();

	test->options.options.cancel = cancel;
	test->settings.each = cancel_after_publish;
	test->settings.context = cancel;
	assert_int_equal(conformance_case_run(test), STATUS_CANCELLED);
	assert_string_equal(test->bad, "");
	expect_not_run(test, "delete-file", "cancelled");
	assert_int_equal(result_of(test, "clean-up"), SHARE_CHECK_PASSED);
	conformance_case_expect_clean(test);
	cancel_free(cancel);
}

/* --- what earlier tests left --- */

static void leave(const struct conformance_case *test, const char *name, long age)
{
	char path[512];
	const struct timespec times[] = {
		{ .tv_sec = (time_t)(clock_now(&system_clock) / 1000 - age) },
		{ .tv_sec = (time_t)(clock_now(&system_clock) / 1000 - age) },
	};

	(void)snprintf(path, sizeof(path), "%s/%s/inner", (const char *)test->folder, name);
	assert_int_equal(file_make_directories(path, 0700, NULL), STATUS_OK);
	*strrchr(path, '/') = '\0';
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const struct conformance_case *test, const char *name)
{
	char path[512];
	struct stat facts;

	(void)snprintf(path, sizeof(path), "%s/%s", (const char *)test->folder, name);
	return stat(path, &facts) == 0;
}

static void test_conformance_run_removes_only_old_leftovers(void **state)
{
	static const char old[] = SHARE_CONFORMANCE_PREFIX "5c1b0e0f-0b1c-4d2e-8f3a-123456789abc";
	static const char young[] = SHARE_CONFORMANCE_PREFIX "5c1b0e0f-0b1c-4d2e-8f3a-123456789abd";
	static const char other[] = SHARE_CONFORMANCE_PREFIX "results";
	struct conformance_case *test = *state;

	leave(test, old, DAY_SECONDS + 60);
	leave(test, young, DAY_SECONDS - 600);
	leave(test, other, 2 * DAY_SECONDS);
	assert_int_equal(conformance_case_run(test), STATUS_OK);
	assert_false(is_there(test, old));
	assert_true(is_there(test, young));
	assert_true(is_there(test, other));
	assert_false(is_there(test, test->report.folder));
	assert_non_null(strstr(conformance_case_check(&test->report, "clean-up")->found, "1 that"));
}

#define TEST(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, conformance_case_setup, conformance_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_conformance_run_good_folder_passes),
		TEST(test_conformance_run_writes_what_it_says),
		TEST(test_conformance_run_essential_leaves_out_what_takes_long),
		TEST(test_conformance_run_missing_folder_fails_to_open),
		TEST(test_conformance_run_faults_are_named),
		TEST(test_conformance_run_large_file_damaged_is_seen),
		TEST(test_conformance_run_without_the_right_to_delete_says_what_stays),
		TEST(test_conformance_run_full_share_is_out_of_capacity),
		TEST(test_conformance_run_lost_share_ends_at_once),
		TEST(test_conformance_run_hanging_call_ends_with_the_time),
		TEST(test_conformance_run_overdue_call_is_a_lost_connection),
		TEST(test_conformance_run_frozen_share_ends_without_clean_up),
		TEST(test_conformance_run_cancelled_cleans_up),
		TEST(test_conformance_run_removes_only_old_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
