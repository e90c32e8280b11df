/* SPDX-License-Identifier: Apache-2.0 */
/* The chain: every backup.json names the hash of the one before it, so that a backup that was
 * removed, added or rolled back shows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

static enum status check_link(struct recover_source *source, const struct recover_backup *backup,
			      const struct recover_backup *before, struct error *err)
{
	const struct archive_record *record = backup->record;
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(backup->folder, ARCHIVE_RECORD_FILE, name);
	if (!record->has_previous && before == NULL)
		return STATUS_OK;
	if (!record->has_previous)
		return recover_note(
			&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			"it says that it is the first backup, but backup %s (number %" PRIu64
			") comes before it",
			before->backup_id, before->sequence);
	if (before != NULL && strcmp(before->backup_id, record->previous.backup_id) == 0) {
		if (memcmp(before->record_sha256, record->previous.sha256, SHA256_SIZE) == 0)
			return STATUS_OK;
		return recover_note(
			&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			"backup %s before it was replaced: its backup.json has another hash",
			before->backup_id);
	}
	return recover_note(
		&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
		"backup %s (number %" PRIu64
		") that it follows is not on the share: it was removed, or the share was "
		"rolled back",
		record->previous.backup_id, record->previous.sequence);
}

static const struct recover_backup *newest_committed(const struct recover_source *source)
{
	for (size_t i = source->backup_count; i > 0; i--)
		if (source->backups[i - 1].is_committed)
			return &source->backups[i - 1];
	return NULL;
}

static enum status check_head(struct recover_source *source, struct error *err)
{
	char head[FINGERPRINT_TEXT_SIZE] = "none";
	const char *expected = source->settings.head;
	const struct recover_backup *newest = newest_committed(source);
	if (expected == NULL)
		return STATUS_OK;
	if (newest != NULL)
		hash_fingerprint_text(newest->record_sha256, head);
	if (text_equal_ignoring_case(expected, head))
		return STATUS_OK;
	return recover_note(
		&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, ARCHIVE_BACKUPS, err,
		"the newest backup.json has the hash %s, expected was %s: newer backups were "
		"removed, or the share was rolled back",
		head, expected);
}

enum status recover_check_chain(struct recover_source *source, struct error *err)
{
	const struct recover_backup *before = NULL;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < source->backup_count && status == STATUS_OK; i++) {
		const struct recover_backup *backup = &source->backups[i];
		if (!backup->is_committed)
			continue;
		if (backup->record != NULL)
			status = check_link(source, backup, before, err);
		before = backup;
	}
	return status == STATUS_OK ? check_head(source, err) : status;
}
