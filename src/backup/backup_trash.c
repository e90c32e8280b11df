/* SPDX-License-Identifier: Apache-2.0 */
/* The trash on the share. */
#include <stdio.h>
#include <string.h>

#include "backup_trash.h"

static enum status move(struct share *share, const char *from, const char *folder, int64_t now,
			struct error *err)
{
	char name[ARCHIVE_TRASHED_SIZE], to[ARCHIVE_NAME_SIZE];
	archive_trashed_folder(now, folder, name);
	(void)snprintf(to, sizeof to, ARCHIVE_TRASH "/%s", name);
	return share_rename_new(share, from, to, err);
}

enum status backup_trash_move(struct share *share, const char *folder, int64_t now,
			      struct error *err)
{
	char from[ARCHIVE_NAME_SIZE];
	(void)snprintf(from, sizeof from, ARCHIVE_BACKUPS "/%.80s", folder);
	enum status status = share_make_directories(share, ARCHIVE_TRASH, err);
	return status == STATUS_OK ? move(share, from, folder, now, err) : status;
}

struct listing {
	struct share *share;
	struct backup_trash *trash;
	int64_t now;
};

static enum status add(struct backup_trash *trash, const struct backup_trashed *item,
		       struct error *err)
{
	struct backup_trashed *items = reallocarray(trash->items, trash->count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "list trash");
	trash->items = items;
	items[trash->count++] = *item;
	return STATUS_OK;
}

/* From now on its name says since when it waits. */
static enum status add_untimed(struct listing *listing, const char *folder,
			       struct backup_trashed *item, struct error *err)
{
	char from[ARCHIVE_NAME_SIZE];
	(void)snprintf(from, sizeof from, ARCHIVE_TRASH "/%.80s", folder);
	archive_trashed_folder(listing->now, folder, item->name);
	item->time = listing->now;
	enum status status = move(listing->share, from, folder, listing->now, err);
	return status == STATUS_OK ? add(listing->trash, item, err) : status;
}

static enum status see(const struct share_entry *entry, void *context, struct error *err)
{
	struct listing *listing = context;
	struct backup_trashed item;
	const char *folder = NULL;
	uint64_t sequence = 0;
	memset(&item, 0, sizeof item);
	if (!entry->is_directory || strlen(entry->name) >= sizeof item.name)
		return STATUS_OK;
	if (archive_trashed_folder_parse(entry->name, &item.time, &folder)) {
		memcpy(item.name, entry->name, strlen(entry->name) + 1);
		(void)archive_backup_folder_parse(folder, &sequence, item.backup_id);
		return add(listing->trash, &item, err);
	}
	if (strlen(entry->name) < ARCHIVE_FOLDER_SIZE &&
	    archive_backup_folder_parse(entry->name, &sequence, item.backup_id))
		return add_untimed(listing, entry->name, &item, err);
	return STATUS_OK;
}

enum status backup_trash_list(struct share *share, int64_t now, struct backup_trash *out,
			      struct error *err)
{
	struct listing listing = { share, out, now };
	memset(out, 0, sizeof *out);
	enum status status = share_list(share, ARCHIVE_TRASH, see, &listing, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

bool backup_trash_is_due(const struct backup_trashed *item, int64_t now, int64_t grace)
{
	return item->time <= now && now - item->time >= grace;
}

void backup_trash_done(struct backup_trash *trash)
{
	free(trash->items);
	memset(trash, 0, sizeof *trash);
}
