/* SPDX-License-Identifier: Apache-2.0 */
/* The names of failure classes. */
#include "infrabackup/share.h"

#include "share_cmocka.h"

static void test_share_failure_class_every_status_has_one(void **state)
{
	(void)state;
	assert_string_equal(share_failure_class(STATUS_SHARE_FULL), "ShareOutOfCapacity");
	assert_string_equal(share_failure_class(STATUS_SHARE_CONNECTION), "ShareConnection");
	assert_string_equal(share_failure_class(STATUS_SHARE_PATH), "SharePathInvalid");
	assert_string_equal(share_failure_class(STATUS_SHARE_AUTHENTICATION),
			    "ShareAuthentication");
	assert_string_equal(share_failure_class(STATUS_SHARE_NOT_ACCESSIBLE), "ShareNotAccessible");
	assert_string_equal(share_failure_class(STATUS_SHARE_READ_WRITE), "ShareReadWrite");
	assert_string_equal(share_failure_class(STATUS_SHARE_UPLOAD), "ShareUploadData");
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		if (status < STATUS_SHARE_FULL || status > STATUS_SHARE_UPLOAD)
			assert_string_equal(share_failure_class((enum status)status), "General");
	assert_string_equal(share_failure_class(STATUS_COUNT), "General");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share_failure_class_every_status_has_one),
	};

	return cmocka_run_group_tests_name("share_failure", tests, NULL, NULL);
}
