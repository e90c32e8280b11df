/* SPDX-License-Identifier: Apache-2.0 */
/* The trash on the share: folders of backups wait there until their grace is over. The names say
 * since when, because no share's times can be relied on. */
#ifndef BACKUP_TRASH_H
#define BACKUP_TRASH_H

#include "infrabackup/archive.h"
#include "infrabackup/share.h"

struct backup_trashed {
	char name[ARCHIVE_TRASHED_SIZE]; /* in the trash */
	int64_t time;                    /* when it was moved there */
	char backup_id[GUID_TEXT_SIZE];
};

struct backup_trash {
	struct backup_trashed *items;
	size_t count;
};

/* Moves a whole folder of backups/, in one step: no reader ever sees half of it there. */
MUST_CHECK enum status backup_trash_move(struct share *share, const char *folder, int64_t now,
					 struct error *err);
/* What the service put there; foreign names are left out. A folder without its time, as earlier
 * versions moved them, gets @now. */
MUST_CHECK enum status backup_trash_list(struct share *share, int64_t now, struct backup_trash *out,
					 struct error *err);
/* Whether its grace (ms) is over. */
bool backup_trash_is_due(const struct backup_trashed *item, int64_t now, int64_t grace);
void backup_trash_done(struct backup_trash *trash);

#endif
