/* SPDX-License-Identifier: Apache-2.0 */
/* An entry on its way into the manifest. */
#include "backup_item.h"

struct backup_item *backup_item_new(struct backup_role *role, const struct snapshot_entry *entry)
{
	struct backup_item *item = calloc(1, sizeof *item);
	if (item == NULL)
		return NULL;
	item->role = role;
	item->state = BACKUP_ITEM_DONE;
	item->end.problem = (uint8_t)entry->problem;
	item->end.cause = entry->cause;
	if (snapshot_entry_copy(entry, &item->entry, NULL) != STATUS_OK)
		free(TAKE(item));
	return item;
}

void backup_item_free(struct backup_item *item)
{
	if (item == NULL)
		return;
	snapshot_entry_free(item->entry);
	free(item->extents);
	free(item);
}

/* A file with more extents than an item holds is written out piece by piece, so that memory does
 * not grow with the file. Only the oldest item of a role is written out; files are given to readers
 * in walk order, so it is always one that some reader has. */
static enum status flush(struct backup_item *item, struct error *err)
{
	struct backup_role *role = item->role;
	enum status status = STATUS_OK;
	(void)pthread_mutex_lock(&role->mutex);
	item->state = BACKUP_ITEM_FLUSH;
	item->flushed = true;
	(void)pthread_cond_broadcast(&role->moved);
	while (item->state == BACKUP_ITEM_FLUSH && status == STATUS_OK) {
		(void)thread_condition_wait(&role->moved, &role->mutex, 100);
		status = backup_session_check(role->session, err);
	}
	(void)pthread_mutex_unlock(&role->mutex);
	return status;
}

enum status backup_item_add(struct backup_item *item, const struct archive_extent *extent,
			    struct error *err)
{
	if (item->extent_count == ARCHIVE_MANIFEST_CHUNKS_MAX) {
		enum status status = flush(item, err);
		if (status != STATUS_OK)
			return status;
	}
	if (item->extent_count == item->extent_capacity) {
		size_t capacity = item->extent_capacity == 0 ? 2 : item->extent_capacity * 2;
		struct archive_extent *extents =
			reallocarray(item->extents, capacity, sizeof *extents);
		if (extents == NULL)
			return fail_memory(err, "note extent");
		item->extents = extents;
		item->extent_capacity = capacity;
	}
	item->extents[item->extent_count++] = *extent;
	return STATUS_OK;
}
