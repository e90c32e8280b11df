/* SPDX-License-Identifier: Apache-2.0 */
/* The exit codes that scripts rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "infrabackup/app.h"

#undef fail
#include <cmocka.h>

static void test_app_exit_code_known_statuses_keep_their_numbers(void **state)
{
	static const struct {
		enum status status;
		int code;
	} rows[] = {
		{ STATUS_OK, 0 },        { STATUS_FAILED, 1 },
		{ STATUS_CONFLICT, 1 },  { STATUS_SHARE_CONNECTION, 1 },
		{ STATUS_INVALID, 2 },   { STATUS_PARTIAL, 3 },
		{ STATUS_NOT_FOUND, 4 }, { STATUS_AUTHENTICATION, 5 },
		{ STATUS_FORBIDDEN, 5 }, { STATUS_SHARE_AUTHENTICATION, 5 },
		{ STATUS_INTEGRITY, 6 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		assert_int_equal(app_exit_code(rows[i].status), rows[i].code);
}

static void test_app_exit_code_every_fault_is_not_done(void **state)
{
	(void)state;
	for (int status = STATUS_OK + 1; status <= STATUS_COUNT; status++)
		assert_int_not_equal(app_exit_code((enum status)status), APP_EXIT_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_app_exit_code_known_statuses_keep_their_numbers),
		cmocka_unit_test(test_app_exit_code_every_fault_is_not_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
