/* SPDX-License-Identifier: Apache-2.0 */
/* Which backup is meant. */
#include <string.h>

#include "recover_private.h"

static enum status find_latest(const struct recover_source *source,
			       const struct recover_backup **out, struct error *err)
{
	const struct recover_backup *newest = NULL, *ready = NULL;
	const struct recover_backup *uncommitted = NULL;
	for (size_t i = 0; i < source->backup_count; i++) {
		const struct recover_backup *backup = &source->backups[i];
		if (!backup->is_committed) {
			if (recover_is_refused(&source->findings, backup->backup_id))
				uncommitted = backup;
			continue;
		}
		uncommitted = NULL;
		newest = backup;
		if (backup->record != NULL && backup->record->is_cloud_recovery_ready)
			ready = backup;
	}
	if (uncommitted != NULL)
		return fail(
			err, STATUS_INTEGRITY, "find latest backup", uncommitted->folder,
			"the newest backup is complete and signed but its COMMIT is missing; to "
			"take an older one, name it with --backup");
	if (newest == NULL)
		return fail(err, STATUS_NOT_FOUND, "find latest backup", ARCHIVE_BACKUPS,
			    "there is no committed backup on this share");
	bool damaged = recover_is_refused(&source->findings, newest->backup_id);
	*out = ready != NULL && !damaged ? ready : newest;
	return STATUS_OK;
}

/* The newest counts even when it is damaged: an older one is only taken by name, never silently. */
enum status recover_find(struct recover_source *source, const char *id,
			 const struct recover_backup **out, struct error *err)
{
	const struct recover_backup *backups;
	size_t count;
	enum status status = recover_list(source, &backups, &count, err);
	if (status != STATUS_OK)
		return status;
	if (strcmp(id, "latest") == 0)
		return find_latest(source, out, err);
	for (size_t i = 0; i < count; i++)
		if (text_equal_ignoring_case(backups[i].backup_id, id) ||
		    strcmp(backups[i].folder, id) == 0) {
			*out = &backups[i];
			return STATUS_OK;
		}
	return fail(
		err, STATUS_NOT_FOUND, "find backup", id,
		"there is no such backup on this share; `infrabackup list` shows what is there");
}
