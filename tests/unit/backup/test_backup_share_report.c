/* SPDX-License-Identifier: Apache-2.0 */
/* A conformance report as JSON: what is in it, what is left out, and words for the whole. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct share_check check_of(enum share_check_result result)
{
	struct share_check check = {
		.id = "create-file",
		.title = "a file can be created and written",
		.result = result,
		.milliseconds = 12,
		.found = "4.00 KB",
	};
	return check;
}

static void add(struct share_conformance *report, enum share_check_result result)
{
	report->checks[report->count++] = check_of(result);
	report->results[result]++;
}

static void assert_text(const json_t *json, const char *expected)
{
	struct buffer text = { .data = NULL };
	assert_non_null(json);
	assert_int_equal(json_write(json, &text, NULL), STATUS_OK);
	assert_string_equal((const char *)text.data, expected);
	buffer_done(&text);
}

static void test_backup_share_check_json_of_a_good_one_has_no_remedy(void **state)
{
	(void)state;
	struct share_check check = check_of(SHARE_CHECK_PASSED);
	AUTO_JSON json = backup_share_check_json(&check);
	assert_text(json, "{\"id\":\"create-file\",\"title\":\"a file can be created and written\","
			  "\"result\":\"passed\",\"milliseconds\":12,\"found\":\"4.00 KB\"}");
}

static void test_backup_share_check_json_of_a_failure_has_evidence_and_remedy(void **state)
{
	(void)state;
	struct share_check check = check_of(SHARE_CHECK_FAILED);
	check.remedy = "Free space.";
	check.status = STATUS_SHARE_FULL;
	(void)snprintf(check.cause, sizeof check.cause, "ENOSPC");
	AUTO_JSON json = backup_share_check_json(&check);
	assert_text(json, "{\"id\":\"create-file\",\"title\":\"a file can be created and written\","
			  "\"result\":\"failed\",\"milliseconds\":12,\"found\":\"4.00 KB\","
			  "\"remedy\":\"Free space.\",\"status\":\"share-full\","
			  "\"cause\":\"ENOSPC\"}");
}

/* A text that was cut in the middle of a letter must not cost the report a check. */
static void test_backup_share_report_json_keeps_checks_with_foreign_bytes(void **state)
{
	(void)state;
	static struct share_conformance report;
	memset(&report, 0, sizeof report);
	add(&report, SHARE_CHECK_PASSED);
	(void)snprintf(report.checks[0].found, sizeof report.checks[0].found, "ab\xc3");
	AUTO_JSON json = backup_share_report_json("/srv/\xff", 0, &report);
	const json_t *check = json_array_get(json_object_get(json, "checks"), 0);
	assert_string_equal(json_string_value(json_object_get(check, "found")), "ab?");
	assert_string_equal(json_string_value(json_object_get(json, "share")), "/srv/?");
}

static void test_backup_share_report_json_has_time_and_transport(void **state)
{
	(void)state;
	static struct share_conformance report;
	memset(&report, 0, sizeof report);
	report.milliseconds = 700;
	report.transport.is_encrypted = true;
	(void)snprintf(report.transport.protocol, sizeof report.transport.protocol, "SMB 3.1.1");
	(void)snprintf(report.transport.cipher, sizeof report.transport.cipher, "AES-256-GCM");
	AUTO_JSON json = backup_share_report_json("\\\\filer\\backup", 1709325000000, &report);
	assert_text(json, "{\"share\":\"\\\\\\\\filer\\\\backup\","
			  "\"testedTime\":\"2024-03-01T20:30:00Z\",\"result\":\"passed\","
			  "\"milliseconds\":700,\"transport\":{\"protocol\":\"SMB 3.1.1\","
			  "\"cipher\":\"AES-256-GCM\",\"isEncrypted\":true},\"checks\":[]}");
}

static void test_backup_share_report_json_without_a_connection_has_no_transport(void **state)
{
	(void)state;
	static struct share_conformance report;
	memset(&report, 0, sizeof report);
	AUTO_JSON json = backup_share_report_json("/srv", 0, &report);
	assert_non_null(json);
	assert_null(json_object_get(json, "transport"));
}

static void test_backup_share_report_json_says_the_worst_of_all(void **state)
{
	(void)state;
	static const struct {
		enum share_check_result results[3];
		const char *verdict;
	} cases[] = {
		{ { SHARE_CHECK_PASSED, SHARE_CHECK_NOT_APPLICABLE, SHARE_CHECK_PASSED },
		  "passed" },
		{ { SHARE_CHECK_PASSED, SHARE_CHECK_WARNING, SHARE_CHECK_PASSED }, "warning" },
		{ { SHARE_CHECK_WARNING, SHARE_CHECK_NOT_RUN, SHARE_CHECK_PASSED }, "incomplete" },
		{ { SHARE_CHECK_NOT_RUN, SHARE_CHECK_FAILED, SHARE_CHECK_WARNING }, "failed" },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		static struct share_conformance report;
		memset(&report, 0, sizeof report);
		for (size_t j = 0; j < 3; j++)
			add(&report, cases[i].results[j]);
		AUTO_JSON json = backup_share_report_json("/srv", 0, &report);
		assert_string_equal(json_string_value(json_object_get(json, "result")),
				    cases[i].verdict);
		assert_int_equal(json_array_size(json_object_get(json, "checks")), 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_share_check_json_of_a_good_one_has_no_remedy),
		cmocka_unit_test(test_backup_share_check_json_of_a_failure_has_evidence_and_remedy),
		cmocka_unit_test(test_backup_share_report_json_keeps_checks_with_foreign_bytes),
		cmocka_unit_test(test_backup_share_report_json_has_time_and_transport),
		cmocka_unit_test(
			test_backup_share_report_json_without_a_connection_has_no_transport),
		cmocka_unit_test(test_backup_share_report_json_says_the_worst_of_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
