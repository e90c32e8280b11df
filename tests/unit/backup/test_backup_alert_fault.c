/* SPDX-License-Identifier: Apache-2.0 */
/* The table from how a backup ended to its alert. */
#include "../../../src/backup/backup_alerts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_backup_alert_fault_every_status_has_its_own_row(void **state)
{
	/* Written a second time on purpose: a new status must be thought about here too. */
	static const enum alert_fault expected[] = {
		[STATUS_SHARE_FULL] = ALERT_BACKUP_FAILED_SHARE_FULL,
		[STATUS_SHARE_CONNECTION] = ALERT_BACKUP_FAILED_SHARE_CONNECTION,
		[STATUS_SHARE_PATH] = ALERT_BACKUP_FAILED_SHARE_PATH,
		[STATUS_SHARE_AUTHENTICATION] = ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION,
		[STATUS_SHARE_NOT_ACCESSIBLE] = ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE,
		[STATUS_SHARE_READ_WRITE] = ALERT_BACKUP_FAILED_SHARE_READ_WRITE,
		[STATUS_SHARE_UPLOAD] = ALERT_BACKUP_FAILED_SHARE_UPLOAD,
	};
	(void)state;
	assert_int_equal(ARRAY_LENGTH(expected), STATUS_COUNT);
	for (int status = STATUS_OK; status < STATUS_COUNT; status++) {
		enum alert_fault wanted = ALERT_BACKUP_FAILED_GENERAL;
		if (status >= STATUS_SHARE_FULL)
			wanted = expected[status];
		else if (status == STATUS_INTEGRITY)
			wanted = ALERT_BACKUP_FAILED_DATA_DAMAGED;
		else if (status == STATUS_PARTIAL)
			wanted = ALERT_BACKUP_PARTIAL;
		assert_int_equal(backup_alert_fault((enum status)status, NULL), wanted);
		assert_int_equal(backup_alert_fault((enum status)status, "write pack"), wanted);
	}
}

/* What the jobs' API calls the failure is in the name of the alert. */
static void test_backup_alert_fault_agrees_with_the_failure_class(void **state)
{
	(void)state;
	for (int status = STATUS_SHARE_FULL; status < STATUS_COUNT; status++) {
		enum alert_fault fault = backup_alert_fault((enum status)status, NULL);
		assert_non_null(
			strstr(alert_fault_name(fault), share_failure_class((enum status)status)));
	}
	assert_non_null(strstr(alert_fault_name(backup_alert_fault(STATUS_FAILED, NULL)),
			       share_failure_class(STATUS_FAILED)));
}

static void test_backup_alert_fault_foreign_share_is_told_by_its_step(void **state)
{
	(void)state;
	assert_int_equal(backup_alert_fault(STATUS_CONFLICT, BACKUP_STEP_MARKER),
			 ALERT_BACKUP_FAILED_SHARE_FOREIGN);
	assert_int_equal(backup_alert_fault(STATUS_SHARE_PATH, BACKUP_STEP_MARKER),
			 ALERT_BACKUP_FAILED_SHARE_PATH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_alert_fault_every_status_has_its_own_row),
		cmocka_unit_test(test_backup_alert_fault_agrees_with_the_failure_class),
		cmocka_unit_test(test_backup_alert_fault_foreign_share_is_told_by_its_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
