/* SPDX-License-Identifier: Apache-2.0 */
/* The chain: every backup.json names the hash of the one before it, so that a backup that was
 * removed, added or rolled back shows. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

static const struct recover_backup *find_by_id(const struct recover_source *source,
					       const char *backup_id)
{
	for (size_t i = 0; i < source->backup_count; i++)
		if (strcmp(source->backups[i].backup_id, backup_id) == 0)
			return &source->backups[i];
	return NULL;
}

/* @before: the sound backup next to it in order of sequence; NULL: none. */
static enum status check_first(struct recover_source *source, const struct recover_backup *before,
			       const char *name, struct error *err)
{
	if (before == NULL)
		return STATUS_OK;
	return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			    "it says that it is the first backup, but backup %s (number %" PRIu64
			    ") comes before it",
			    before->backup_id, before->sequence);
}

static enum status check_link(struct recover_source *source, const struct recover_backup *backup,
			      const struct recover_backup *before, struct error *err)
{
	const struct archive_record *record = backup->record;
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(backup->folder, ARCHIVE_RECORD_FILE, name);
	if (!record->has_previous)
		return check_first(source, before, name, err);
	const struct recover_backup *previous = find_by_id(source, record->previous.backup_id);
	if (previous == NULL)
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "backup %s (number %" PRIu64
				    ") that it follows is not on the share: it was removed, or the "
				    "share was rolled back",
				    record->previous.backup_id, record->previous.sequence);
	if (!previous->is_committed)
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "backup %s (number %" PRIu64
				    ") that it follows has no COMMIT any more",
				    previous->backup_id, previous->sequence);
	if (memcmp(previous->record_sha256, record->previous.sha256, SHA256_SIZE) != 0)
		return recover_note(
			&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			"backup %s (number %" PRIu64
			") that it follows was damaged or replaced: its backup.json has "
			"another hash",
			previous->backup_id, previous->sequence);
	if (before != NULL && before != previous && before->sequence >= previous->sequence)
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "it follows backup %s (number %" PRIu64
				    ") and knows nothing of %s (number %" PRIu64
				    "): the share was rolled back, or two services write to it",
				    previous->backup_id, previous->sequence, before->backup_id,
				    before->sequence);
	return STATUS_OK;
}

/* What somebody else signed has its own finding and no part in the chain. */
static bool is_link(const struct recover_source *source, const struct recover_backup *backup)
{
	return backup->is_committed && (backup->is_signed || !source->has_marker);
}

static const struct recover_backup *newest_link(const struct recover_source *source)
{
	for (size_t i = source->backup_count; i > 0; i--)
		if (is_link(source, &source->backups[i - 1]))
			return &source->backups[i - 1];
	return NULL;
}

static enum status check_head(struct recover_source *source, struct error *err)
{
	char head[FINGERPRINT_TEXT_SIZE] = "none";
	const char *expected = source->settings.head;
	const struct recover_backup *newest = newest_link(source);
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
		if (!is_link(source, backup))
			continue;
		if (backup->record != NULL)
			status = check_link(source, backup, before, err);
		before = backup;
	}
	return status == STATUS_OK ? check_head(source, err) : status;
}
