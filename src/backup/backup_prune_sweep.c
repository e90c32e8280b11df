/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files of generations that nobody writes to any more. */
#include <stdio.h>

#include "backup_prune.h"

struct sweep {
	struct share *share;
	char folder[ARCHIVE_NAME_SIZE];
};

static enum status sweep_file(const struct share_entry *entry, void *context, struct error *err)
{
	struct sweep *sweep = context;
	char name[2 * ARCHIVE_NAME_SIZE];
	if (entry->is_directory || !text_starts_with(entry->name, SHARE_TEMPORARY_PREFIX))
		return STATUS_OK;
	(void)snprintf(name, sizeof name, "%s/%.200s", sweep->folder, entry->name);
	enum status status = share_remove(sweep->share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status prune_sweep_generation(struct prune *prune, const char *generation, struct error *err)
{
	static const char *const folders[] = { "packs", "sessions" };
	struct sweep sweep = { .share = prune->share };
	enum status status = backup_session_check(&prune->session, err);
	for (size_t i = 0; i < ARRAY_LENGTH(folders) && status == STATUS_OK; i++) {
		(void)snprintf(sweep.folder, sizeof sweep.folder, ARCHIVE_GENERATIONS "/%.31s/%s",
			       generation, folders[i]);
		status = share_list(prune->share, sweep.folder, sweep_file, &sweep, err);
		status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
	}
	return status;
}
