/* SPDX-License-Identifier: Apache-2.0 */
/* Raising by those who know what happened but need not know the catalogue. */
#include <stdio.h>

#include "alert_private.h"

static const char *time_or_empty(int64_t time, char text[CLOCK_TEXT_SIZE])
{
	if (time == 0)
		return "";
	return clock_text(time, text);
}

enum status alert_raise_skipped(const struct alert_book *book, struct db *state,
				int64_t scheduled_time, const char *operations, int64_t next_time,
				struct error *err)
{
	char scheduled[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE];
	const struct alert_evidence evidence[] = {
		{ "scheduledBackupDateTime", clock_text(scheduled_time, scheduled) },
		{ "failedAdminOperations", operations },
		{ "nextBackupDateTime", time_or_empty(next_time, next) },
	};
	const struct alert_report report = { ALERT_SKIPPED, scheduled, evidence,
					     ARRAY_LENGTH(evidence) };
	return alert_raise(book, state, &report, err);
}

static enum status raise_about_backups(const struct alert_book *book, struct db *state,
				       enum alert_fault fault, const char *share_path,
				       const char *backups, const struct error *cause,
				       struct error *err)
{
	char reason[1200] = "";
	const bool is_damage = fault == ALERT_DATA_DAMAGED;
	if (cause != NULL)
		(void)error_text(cause, reason, sizeof reason);
	const struct alert_evidence evidence[] = {
		{ "externalSharePath", share_path },
		{ "backups", backups },
		{ "reason", reason },
		{ "path", cause == NULL ? NULL : cause->path },
	};
	/* Only damage is told with the file that it was found in. */
	const struct alert_report report = { fault, NULL, evidence,
					     ARRAY_LENGTH(evidence) - (is_damage ? 0 : 1) };
	return alert_raise(book, state, &report, err);
}

enum status alert_raise_deletion_failed(const struct alert_book *book, struct db *state,
					const char *share_path, const char *backups,
					const struct error *cause, struct error *err)
{
	return raise_about_backups(book, state, ALERT_DELETION_FAILED, share_path, backups, cause,
				   err);
}

enum status alert_raise_damaged(const struct alert_book *book, struct db *state,
				const char *share_path, const char *backups,
				const struct error *cause, struct error *err)
{
	return raise_about_backups(book, state, ALERT_DATA_DAMAGED, share_path, backups, cause,
				   err);
}

enum status alert_raise_no_good_backup(const struct alert_book *book, struct db *state,
				       int64_t last_time, int interval_hours, int64_t next_time,
				       struct error *err)
{
	char last[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE], interval[16];
	(void)snprintf(interval, sizeof interval, "%d", interval_hours);
	const struct alert_evidence evidence[] = {
		{ "lastBackupDateTime", time_or_empty(last_time, last) },
		{ "intervalHours", interval },
		{ "nextBackupDateTime", time_or_empty(next_time, next) },
	};
	const struct alert_report report = { ALERT_NO_GOOD_BACKUP, NULL, evidence,
					     ARRAY_LENGTH(evidence) };
	return alert_raise(book, state, &report, err);
}
