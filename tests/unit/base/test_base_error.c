/* SPDX-License-Identifier: Apache-2.0 */
/* Records of faults and their texts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static void test_fail_fills_the_record_and_returns_the_status(void **state)
{
	struct error err = { .cause = 5, .field = "old" };

	(void)state;
	assert_int_equal(fail(&err, STATUS_SHARE_FULL, "write pack", "a/b", "no room for %d", 7),
			 STATUS_SHARE_FULL);
	assert_int_equal(err.status, STATUS_SHARE_FULL);
	assert_string_equal(err.step, "write pack");
	assert_string_equal(err.path, "a/b");
	assert_string_equal(err.message, "no room for 7");
	assert_string_equal(err.field, "");
	assert_int_equal(err.cause, 0);
}

static void test_fail_without_record_or_path_only_returns_the_status(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(fail(NULL, STATUS_FAILED, "x", NULL, "y"), STATUS_FAILED);
	assert_int_equal(fail(&err, STATUS_FAILED, "x", NULL, "y"), STATUS_FAILED);
	assert_string_equal(err.path, "");
	assert_int_equal(fail_field(NULL, "$.a", "b"), STATUS_INVALID);
	error_add_context(NULL, "nothing");
}

static void test_fail_with_its_own_record_as_argument_keeps_the_text(void **state)
{
	struct error err;

	(void)state;
	(void)fail(&err, STATUS_FAILED, "inner", "path", "inner message");
	(void)fail(&err, STATUS_INTEGRITY, "outer", err.path, "outer: %s", err.message);
	assert_string_equal(err.message, "outer: inner message");
	assert_string_equal(err.path, "path");
}

static void test_fail_errno_names_the_cause_and_keeps_errno(void **state)
{
	struct error err;

	(void)state;
	errno = ENOSPC;
	assert_int_equal(fail_errno(&err, STATUS_SHARE_FULL, "write pack", "p"), STATUS_SHARE_FULL);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(err.cause, ENOSPC);
	assert_string_equal(err.cause_name, "ENOSPC");
	assert_string_equal(err.message, "no space left on device");
	errno = 4095;
	(void)fail_errno(&err, STATUS_FAILED, "write", "p");
	assert_int_equal(err.cause, 4095);
	assert_string_equal(err.cause_name, "");
}

static void test_fail_field_is_invalid_and_names_the_field(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(fail_field(&err, "$.http.listen", "found %d, allowed is 1", 2),
			 STATUS_INVALID);
	assert_string_equal(err.field, "$.http.listen");
	assert_string_equal(err.message, "found 2, allowed is 1");
}

static void test_fail_texts_too_long_are_cut_between_characters(void **state)
{
	struct error err;
	char text[1200];

	(void)state;
	/* Two bytes a character: every even size would be cut in the middle after its NUL. */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	(void)fail(&err, STATUS_FAILED, text, text, "%s", text);
	assert_int_equal(strlen(err.step), sizeof(err.step) - 2);
	assert_int_equal(strlen(err.path), sizeof(err.path) - 2);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 2);
	assert_true(text_is_printable_utf8(err.message));
	(void)fail(&err, STATUS_FAILED, "s", NULL, "x%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_true(text_is_printable_utf8(err.message));
}

static void test_error_add_context_goes_before_the_message(void **state)
{
	struct error err;
	char text[1200];

	(void)state;
	(void)fail(&err, STATUS_NOT_FOUND, "s", NULL, "gone");
	error_add_context(&err, "role %s", "ARM");
	assert_string_equal(err.message, "role ARM: gone");
	assert_int_equal(err.status, STATUS_NOT_FOUND);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_add_context(&err, "%s", text);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
}

static void test_error_text_has_step_path_message_and_cause(void **state)
{
	struct error err;
	char text[256];

	(void)state;
	errno = ENOSPC;
	(void)fail_errno(&err, STATUS_SHARE_FULL, "write pack", "MASBackup/x");
	assert_string_equal(error_text(&err, text, sizeof(text)),
			    "write pack MASBackup/x: no space left on device (ENOSPC)");
	(void)fail_field(&err, "$.a", "bad");
	assert_string_equal(error_text(&err, text, sizeof(text)), "$.a: bad");
	err = (struct error) { .status = STATUS_SHARE_PATH, .cause = 3 };
	assert_string_equal(error_text(&err, text, sizeof(text)), "share-path (3)");
	(void)fail(&err, STATUS_FAILED, "step", NULL, "message");
	assert_string_equal(error_text(&err, text, 8), "step: m");
}

static void test_status_name_and_back_is_the_same_status(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STATUS_COUNT; i++) {
		const char *name = status_name((enum status)i);

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		assert_int_equal(status_from_name(name), i);
	}
	assert_string_equal(status_name(STATUS_SHARE_FULL), "share-full");
	assert_string_equal(status_name((enum status)999), "failed");
	assert_int_equal(status_from_name("no such name"), STATUS_FAILED);
	assert_int_equal(status_from_name(NULL), STATUS_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_fills_the_record_and_returns_the_status),
		cmocka_unit_test(test_fail_without_record_or_path_only_returns_the_status),
		cmocka_unit_test(test_fail_with_its_own_record_as_argument_keeps_the_text),
		cmocka_unit_test(test_fail_errno_names_the_cause_and_keeps_errno),
		cmocka_unit_test(test_fail_field_is_invalid_and_names_the_field),
		cmocka_unit_test(test_fail_texts_too_long_are_cut_between_characters),
		cmocka_unit_test(test_error_add_context_goes_before_the_message),
		cmocka_unit_test(test_error_text_has_step_path_message_and_cause),
		cmocka_unit_test(test_status_name_and_back_is_the_same_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
