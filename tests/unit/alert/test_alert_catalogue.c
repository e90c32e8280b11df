/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: names that clients know, and that a bad one is refused. */
#include <string.h>

#include "../../../src/alert/alert_private.h"
#include "unit/alert/alert_fixture.h"

/* What clients of the product know; never to change. */
static void test_alert_fault_name_is_the_products(void **state)
{
	static const struct {
		enum alert_fault fault;
		const char *name, *title;
	} expected[] = {
		{ ALERT_BACKUP_FAILED_SHARE_FULL, "BackupFailedShareOutOfCapacityFault",
		  "Backup failed because file share is full" },
		{ ALERT_BACKUP_FAILED_SHARE_CONNECTION, "BackupFailedShareConnectionFault",
		  "Backup failed because of network connectivity issues" },
		{ ALERT_BACKUP_FAILED_SHARE_PATH, "BackupFailedSharePathInvalidFault",
		  "Backup failed because backup file share path is not valid" },
		{ ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION, "BackupFailedShareAuthenticationFault",
		  "Backup failed because can't access backup share" },
		{ ALERT_BACKUP_FAILED_GENERAL, "BackupFailedGeneralFault",
		  "Backup failed because of an unknown error" },
		{ ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE,
		  "BackupFailedShareNotAccessibleGeneralFault",
		  "Backup file share is not accessible" },
		{ ALERT_BACKUP_FAILED_SHARE_READ_WRITE, "BackupFailedShareReadWriteFault",
		  "Cannot write to the backup file share" },
		{ ALERT_BACKUP_FAILED_SHARE_UPLOAD, "BackupFailedShareUploadDataFault",
		  "Backup failed during file copy to external share" },
		{ ALERT_BACKUP_PARTIAL, "BackupPartialSucceededFault",
		  "Backup only partially completed because of an unexpected error" },
		{ ALERT_DELETION_FAILED, "BackupDeletionFailedFault",
		  "Backup could not be deleted" },
		{ ALERT_NOT_CONFIGURED, "BackupShareNotConfiguredFault",
		  "Backup is not enabled for a location" },
		{ ALERT_SCHEDULER_PAUSED, "BackupSchedulerPausedFault",
		  "Infrastructure backups are paused" },
		{ ALERT_SKIPPED, "BackupSkippedWithFailedOperationFault",
		  "The scheduled backup was skipped due to a conflict with unfinished operations" },
		{ ALERT_SHARE_ALMOST_FULL, "ExternalShareAlmostFullFault",
		  "The backup file share is almost full" },
		{ ALERT_KEY_DEPRECATED, "KeyBasedEncryptionDeprecatedFault",
		  "Infrastructure backup settings need to be updated" },
	};
	struct alert_fixture *fixture = *state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_string_equal(alert_fault_name(expected[i].fault), expected[i].name);
		assert_string_equal(fixture->book->entries[expected[i].fault].title,
				    expected[i].title);
	}
}

static void test_alert_fault_from_name_finds_every_fault(void **state)
{
	(void)state;
	enum alert_fault found = ALERT_FAULT_COUNT;
	for (int fault = 0; fault < ALERT_FAULT_COUNT; fault++) {
		assert_non_null(alert_rules[fault].topic);
		assert_true(
			alert_fault_from_name(alert_fault_name((enum alert_fault)fault), &found));
		assert_int_equal(found, fault);
	}
	assert_false(alert_fault_from_name("backupfailedgeneralfault", &found));
	assert_false(alert_fault_from_name("", &found));
}

static enum status read_changed(json_t *document, struct error *err)
{
	struct alert_entry entries[ALERT_FAULT_COUNT];
	memset(entries, 0, sizeof entries);
	return alert_catalogue_read(document, entries, err);
}

static void test_alert_catalogue_read_bad_ones_are_refused(void **state)
{
	struct alert_fixture *fixture = *state;
	struct error err = { .message = "" };
	AUTO_JSON first = json_deep_copy(fixture->book->document);
	json_array_remove(json_object_get(first, "faults"), 3);
	assert_int_equal(read_changed(first, &err), STATUS_INTEGRITY);
	assert_non_null(strstr(err.message, "not in the catalogue"));
	AUTO_JSON second = json_deep_copy(fixture->book->document);
	json_t *faults = json_object_get(second, "faults");
	assert_int_equal(json_array_append(faults, json_array_get(faults, 0)), 0);
	assert_int_equal(read_changed(second, &err), STATUS_INTEGRITY);
	assert_non_null(strstr(err.message, "twice"));
	AUTO_JSON third = json_deep_copy(fixture->book->document);
	json_t *fault = json_array_get(json_object_get(third, "faults"), 0);
	assert_int_equal(json_object_set_new(fault, "name", json_string("NewFault")), 0);
	assert_int_equal(read_changed(third, &err), STATUS_INTEGRITY);
	AUTO_JSON fourth = json_deep_copy(fixture->book->document);
	fault = json_array_get(json_object_get(fourth, "faults"), 0);
	assert_int_equal(json_object_set_new(fault, "severity", json_string("Error")), 0);
	assert_int_equal(read_changed(fourth, &err), STATUS_INVALID);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, alert_fixture_start, alert_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_alert_fault_name_is_the_products),
		cmocka_unit_test(test_alert_fault_from_name_finds_every_fault),
		WITH(test_alert_catalogue_read_bad_ones_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
