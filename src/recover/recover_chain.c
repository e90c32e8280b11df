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

struct recover_step recover_follow(const struct recover_source *source,
				   const struct archive_link *link)
{
	struct recover_step step = { .way = RECOVER_WAY_GONE, .link = *link };
	for (;;) {
		step.backup = find_by_id(source, step.link.backup_id);
		if (step.backup != NULL)
			break;
		const struct archive_deletion *mark =
			recover_deletion_find(source, step.link.backup_id);
		if (mark == NULL)
			return step;
		step.mark = mark;
		step.way = RECOVER_WAY_CONTRADICTS;
		if (!recover_mark_fits(mark, &step.link))
			return step;
		step.way = RECOVER_WAY_ENDS;
		if (!mark->has_previous)
			return step;
		/* Its number is smaller, the parser saw to it: this comes to an end. */
		step.link = mark->previous;
		step.way = RECOVER_WAY_GONE;
	}
	if (!step.backup->is_committed)
		step.way = RECOVER_WAY_UNCOMMITTED;
	else if (memcmp(step.backup->record_sha256, step.link.sha256, SHA256_SIZE) != 0)
		step.way = RECOVER_WAY_CONTRADICTS;
	else
		step.way = RECOVER_WAY_THERE;
	return step;
}

/* @before: the one next to it in order of sequence, which is not where its link leads. */
static enum status check_between(struct recover_source *source, const struct recover_backup *backup,
				 const struct recover_step *step,
				 const struct recover_backup *before, const char *name,
				 struct error *err)
{
	const struct archive_link *previous = &backup->record->previous;
	uint64_t reached = step->way == RECOVER_WAY_THERE ? step->backup->sequence : 0;
	if (before == NULL || before == step->backup || before->sequence < reached)
		return STATUS_OK;
	if (before->sequence >= previous->sequence)
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "it follows backup %s (number %" PRIu64
				    ") and knows nothing of %s (number %" PRIu64
				    "): the share was rolled back, or two services write to it",
				    previous->backup_id, previous->sequence, before->backup_id,
				    before->sequence);
	return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, false, before->folder,
			    err,
			    "backup %s (number %" PRIu64 ") had been deleted and was brought back",
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
	struct recover_step step = recover_follow(source, &record->previous);
	switch (step.way) {
	case RECOVER_WAY_GONE:
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "backup %s (number %" PRIu64
				    ") that it follows is not on the share: it was removed, or the "
				    "share was rolled back; no mark says that the service deleted "
				    "it",
				    step.link.backup_id, step.link.sequence);
	case RECOVER_WAY_UNCOMMITTED:
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
				    "backup %s (number %" PRIu64
				    ") that it follows has no COMMIT any more",
				    step.link.backup_id, step.link.sequence);
	case RECOVER_WAY_CONTRADICTS:
		return recover_note(
			&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			"backup %s (number %" PRIu64 ") that it follows was damaged or replaced: "
			"%s has another hash",
			step.link.backup_id, step.link.sequence,
			step.backup != NULL ? "its backup.json" : "the mark of its deletion");
	case RECOVER_WAY_THERE:
	case RECOVER_WAY_ENDS:
		break;
	}
	return check_between(source, backup, &step, before, name, err);
}

/* One that has a mark and is there: its deletion was not finished, or somebody brought it back. Its
 * own predecessor may be gone for good, and nothing may lead to it any more. */
static enum status check_marked(struct recover_source *source, const struct recover_backup *backup,
				const struct archive_deletion *mark, struct error *err)
{
	struct archive_link link = { .sequence = backup->sequence };
	memcpy(link.sha256, backup->record_sha256, SHA256_SIZE);
	if (!recover_mark_fits(mark, &link))
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true,
				    backup->folder, err,
				    "the mark of its deletion names another backup.json");
	return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, false, backup->folder,
			    err,
			    "a mark says that it was deleted: the deletion was interrupted, or the "
			    "backup was brought back from the trash");
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
		const struct archive_deletion *mark =
			recover_deletion_find(source, backup->backup_id);
		if (mark != NULL) {
			status = check_marked(source, backup, mark, err);
			continue;
		}
		if (backup->record != NULL)
			status = check_link(source, backup, before, err);
		before = backup;
	}
	return status == STATUS_OK ? check_head(source, err) : status;
}
