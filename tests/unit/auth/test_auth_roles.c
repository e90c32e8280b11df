/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: names, order, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/auth.h"

#include <cmocka.h>

static void test_auth_role_from_name_ignores_case(void **state)
{
	(void)state;
	enum auth_role role = AUTH_READER;
	assert_true(auth_role_from_name("administrator", &role));
	assert_int_equal(role, AUTH_ADMINISTRATOR);
	assert_true(auth_role_from_name("OPERATOR", &role));
	assert_int_equal(role, AUTH_OPERATOR);
	assert_true(auth_role_from_name(auth_role_name(AUTH_READER), &role));
	assert_int_equal(role, AUTH_READER);
	assert_false(auth_role_from_name("root", &role));
	assert_false(auth_role_from_name("", &role));
	assert_false(auth_role_from_name(NULL, &role));
}

static void test_auth_require_every_pair(void **state)
{
	(void)state;
	for (unsigned has = AUTH_READER; has <= AUTH_ADMINISTRATOR; has++) {
		struct auth_caller caller = { .name = "anna", .role = (enum auth_role)has };
		for (unsigned needs = AUTH_READER; needs <= AUTH_ADMINISTRATOR; needs++)
			assert_int_equal(auth_require(&caller, (enum auth_role)needs, NULL),
					 has >= needs ? STATUS_OK : STATUS_FORBIDDEN);
	}
}

static void test_auth_require_refusal_names_both_roles(void **state)
{
	(void)state;
	const struct auth_caller caller = { .name = "anna", .role = AUTH_READER };
	struct error err;
	assert_int_equal(auth_require(&caller, AUTH_OPERATOR, &err), STATUS_FORBIDDEN);
	assert_non_null(strstr(err.message, "Operator"));
	assert_non_null(strstr(err.message, "Reader"));
	assert_non_null(strstr(err.message, "anna"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_role_from_name_ignores_case),
		cmocka_unit_test(test_auth_require_every_pair),
		cmocka_unit_test(test_auth_require_refusal_names_both_roles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
