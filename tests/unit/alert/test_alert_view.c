/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of an alert, and which. */
#include <stdio.h>
#include <string.h>

#include "../../../src/alert/alert_private.h"
#include "unit/alert/alert_fixture.h"

static struct alert_view view_of(struct alert_fixture *fixture, struct db_alert *row)
{
	struct alert_view view;
	struct error err = { .message = "" };
	enum status status = alert_view_make(fixture->book, row, &view, &err);
	assert_string_equal(err.message, "");
	assert_int_equal(status, STATUS_OK);
	return view;
}

static void assert_readable(const struct alert_view *view)
{
	assert_true(strlen(view->title) > 10);
	assert_true(strlen(view->description) > 20);
	assert_null(strpbrk(view->description, "{}"));
	assert_true(view->remediation_count > 0);
	for (size_t i = 0; i < view->remediation_count; i++)
		assert_null(strpbrk(view->remediation[i], "{}"));
}

static void test_alert_view_every_fault_reads_well_without_evidence(void **state)
{
	struct alert_fixture *fixture = *state;
	for (int fault = 0; fault < ALERT_FAULT_COUNT; fault++) {
		char job[GUID_TEXT_SIZE];
		guid_generate(job);
		alert_fixture_raise(fixture, (enum alert_fault)fault, job);
		struct db_alert row = alert_fixture_open(fixture, (enum alert_fault)fault);
		struct alert_view view = view_of(fixture, &row);
		assert_readable(&view);
		alert_view_done(&view);
		db_alert_done(&row);
	}
}

/* Everything that the catalogue lists for the fault, as "<name of the evidence>". */
static void raise_with_everything(struct alert_fixture *fixture, enum alert_fault fault)
{
	const struct alert_texts *names = &fixture->book->entries[fault].evidence;
	struct alert_evidence evidence[ALERT_TEXTS_MAX];
	char values[ALERT_TEXTS_MAX][64], job[GUID_TEXT_SIZE];
	guid_generate(job);
	for (size_t i = 0; i < names->count; i++) {
		(void)snprintf(values[i], sizeof values[i], "<%s>", names->items[i]);
		evidence[i] = (struct alert_evidence) { names->items[i], values[i] };
	}
	const struct alert_report report = { fault, job, evidence, names->count };
	assert_int_equal(alert_raise(fixture->book, fixture->db, &report, NULL), STATUS_OK);
}

static void test_alert_view_every_placeholder_is_replaced(void **state)
{
	struct alert_fixture *fixture = *state;
	for (int fault = 0; fault < ALERT_FAULT_COUNT; fault++) {
		const struct alert_entry *entry = &fixture->book->entries[fault];
		raise_with_everything(fixture, (enum alert_fault)fault);
		struct db_alert row = alert_fixture_open(fixture, (enum alert_fault)fault);
		struct alert_view view = view_of(fixture, &row);
		assert_readable(&view);
		assert_int_equal(json_object_size(view.evidence), entry->evidence.count);
		/* No sentence is left out, and what closes it is told last. */
		for (size_t i = 0; i < entry->description.count; i++) {
			const char *end = strrchr(entry->description.items[i], '}');
			const char *tail = end == NULL ? entry->description.items[i] : end + 1;
			assert_non_null(strstr(view.description, tail));
		}
		size_t length = strlen(view.description), closing = strlen(entry->closes);
		assert_string_equal(view.description + length - closing, entry->closes);
		alert_view_done(&view);
		db_alert_done(&row);
	}
}

static void assert_sentence(const char *sentence, const char *expected)
{
	AUTO_JSON evidence = json_pack("{s:s, s:s}", "path", "a{b}c", "free", "1 GB");
	struct buffer out = { 0 };
	buffer_init(&out, 4096);
	assert_int_equal(alert_append_sentence(&out, "Before.", evidence, NULL), STATUS_OK);
	assert_int_equal(alert_append_sentence(&out, sentence, evidence, NULL), STATUS_OK);
	assert_int_equal(buffer_terminate(&out, NULL), STATUS_OK);
	assert_string_equal((const char *)out.data, expected);
	buffer_done(&out);
}

static void test_alert_append_sentence_fills_in_or_leaves_out(void **state)
{
	(void)state;
	assert_sentence("{free} at {path}, {free}.", "Before. 1 GB at a{b}c, 1 GB.");
	assert_sentence("{free} at {unknown}.", "Before.");
	assert_sentence("Open { free.", "Before.");
	assert_sentence("Empty {}.", "Before.");
	assert_sentence("Plain.", "Before. Plain.");
	assert_sentence(
		"{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}.",
		"Before.");
}

static void test_alert_view_fault_of_another_version_is_shown_by_name(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	assert_true(db_fixture_sql(((struct db_fixture *)fixture->folder)->path,
				   "UPDATE alert SET fault = 'FutureFault'"));
	struct alert_summary summary;
	assert_int_equal(alert_summarize(fixture->book, fixture->db, &summary, NULL), STATUS_OK);
	assert_int_equal(summary.warning, 1);
}

struct seen {
	size_t open, closed;
};

static enum status see(const struct alert_view *view, void *context, struct error *err)
{
	struct seen *seen = context;
	(void)err;
	if (view->row->closed_time == 0)
		seen->open++;
	else
		seen->closed++;
	return STATUS_OK;
}

static struct seen list(struct alert_fixture *fixture)
{
	struct seen seen = { 0 };
	assert_int_equal(alert_list(fixture->book, fixture->db, see, &seen, NULL), STATUS_OK);
	return seen;
}

static void test_alert_list_closed_ones_vanish_after_a_week(void **state)
{
	struct alert_fixture *fixture = *state;
	struct db_alert row;
	alert_fixture_raise(fixture, ALERT_NOT_CONFIGURED, NULL);
	alert_fixture_raise(fixture, ALERT_SCHEDULER_PAUSED, NULL);
	struct db_alert paused = alert_fixture_open(fixture, ALERT_SCHEDULER_PAUSED);
	alert_fixture_clear(fixture, ALERT_SCHEDULER_PAUSED);
	fixture->now += 7 * DAY - 1;
	assert_int_equal(list(fixture).closed, 1);
	assert_int_equal(alert_get(fixture->book, fixture->db, paused.id, &row, NULL), STATUS_OK);
	db_alert_done(&row);
	fixture->now += 1;
	assert_int_equal(list(fixture).closed, 0);
	assert_int_equal(list(fixture).open, 1);
	assert_int_equal(alert_get(fixture->book, fixture->db, paused.id, &row, NULL),
			 STATUS_NOT_FOUND);
	assert_int_equal(alert_close(fixture->book, fixture->db, paused.id, "ann", NULL),
			 STATUS_NOT_FOUND);
	db_alert_done(&paused);
}

static void test_alert_summarize_counts_open_ones_by_severity(void **state)
{
	struct alert_fixture *fixture = *state;
	struct alert_summary summary;
	alert_fixture_raise(fixture, ALERT_BACKUP_FAILED_GENERAL, "a");
	alert_fixture_raise(fixture, ALERT_NOT_CONFIGURED, NULL);
	alert_fixture_raise(fixture, ALERT_SHARE_ALMOST_FULL, NULL);
	alert_fixture_raise(fixture, ALERT_NO_GOOD_BACKUP, NULL);
	alert_fixture_clear(fixture, ALERT_NO_GOOD_BACKUP);
	assert_int_equal(alert_summarize(fixture->book, fixture->db, &summary, NULL), STATUS_OK);
	assert_int_equal(summary.critical, 1);
	assert_int_equal(summary.warning, 2);
}

static void test_alert_raise_reports_carry_their_evidence(void **state)
{
	struct alert_fixture *fixture = *state;
	const struct error cause = { .status = STATUS_SHARE_READ_WRITE,
				     .step = "remove file",
				     .path = "backups/1",
				     .message = "permission denied" };
	assert_int_equal(alert_raise_deletion_failed(fixture->book, fixture->db, "/mnt/share",
						     "backup 1, backup 2", &cause, NULL),
			 STATUS_OK);
	assert_int_equal(
		alert_raise_damaged(fixture->book, fixture->db, "/mnt/share", NULL, &cause, NULL),
		STATUS_OK);
	assert_int_equal(alert_raise_no_good_backup(fixture->book, fixture->db, 0, 12, 0, NULL),
			 STATUS_OK);
	struct db_alert row = alert_fixture_open(fixture, ALERT_DELETION_FAILED);
	struct alert_view view = view_of(fixture, &row);
	assert_non_null(strstr(view.description, "Concerned: backup 1, backup 2."));
	assert_non_null(strstr(view.description, "permission denied."));
	alert_view_done(&view);
	db_alert_done(&row);
	row = alert_fixture_open(fixture, ALERT_DATA_DAMAGED);
	view = view_of(fixture, &row);
	assert_non_null(strstr(view.description, "Damaged: backups/1."));
	assert_null(strstr(view.description, "Backups concerned"));
	alert_view_done(&view);
	db_alert_done(&row);
	row = alert_fixture_open(fixture, ALERT_NO_GOOD_BACKUP);
	view = view_of(fixture, &row);
	assert_non_null(strstr(view.description, "The interval is 12 hours."));
	assert_null(strstr(view.description, "newest good backup"));
	alert_view_done(&view);
	db_alert_done(&row);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, alert_fixture_start, alert_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_alert_view_every_fault_reads_well_without_evidence),
		WITH(test_alert_view_every_placeholder_is_replaced),
		cmocka_unit_test(test_alert_append_sentence_fills_in_or_leaves_out),
		WITH(test_alert_view_fault_of_another_version_is_shown_by_name),
		WITH(test_alert_list_closed_ones_vanish_after_a_week),
		WITH(test_alert_summarize_counts_open_ones_by_severity),
		WITH(test_alert_raise_reports_carry_their_evidence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
