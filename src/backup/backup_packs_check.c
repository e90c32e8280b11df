/* SPDX-License-Identifier: Apache-2.0 */
/* Every pack that the backup names is listed once more before COMMIT: what the share said an hour
 * ago is not what counts. */
#include <stdio.h>
#include <string.h>

#include "backup_commit.h"

struct wanted_pack {
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	bool found;
};

struct wanted {
	struct wanted_pack *items;
	size_t count;
};

static int compare_wanted(const void *left, const void *right)
{
	const struct wanted_pack *left_pack = left, *right_pack = right;
	return memcmp(left_pack->sha256, right_pack->sha256, SHA256_SIZE);
}

static enum status see_pack(const struct share_entry *entry, void *context, struct error *err)
{
	struct wanted *wanted = context;
	struct wanted_pack key;
	char digits[2 * SHA256_SIZE + 1] = "";
	(void)err;
	if (strlen(entry->name) != 2 * SHA256_SIZE + strlen(".pack"))
		return STATUS_OK;
	memcpy(digits, entry->name, sizeof digits - 1);
	if (!hex_decode(digits, key.sha256, SHA256_SIZE))
		return STATUS_OK;
	struct wanted_pack *found =
		bsearch(&key, wanted->items, wanted->count, sizeof *wanted->items, compare_wanted);
	if (found != NULL && found->size == entry->size)
		found->found = true;
	return STATUS_OK;
}

static enum status list_folders(struct backup_session *session, struct share *share,
				struct wanted *wanted, struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		char folder[ARCHIVE_NAME_SIZE];
		if (i > 0 && wanted->items[i].sha256[0] == wanted->items[i - 1].sha256[0])
			continue;
		archive_pack_folder(session->generation.name, wanted->items[i].sha256, folder);
		enum status status = share_list(share, folder, see_pack, wanted, err);
		if (status != STATUS_OK && status != STATUS_NOT_FOUND)
			return status;
	}
	return STATUS_OK;
}

static enum status report_missing(const struct backup_session *session, const struct wanted *wanted,
				  struct error *err)
{
	for (size_t i = 0; i < wanted->count; i++) {
		char name[ARCHIVE_NAME_SIZE];
		if (wanted->items[i].found)
			continue;
		archive_pack_name(session->generation.name, wanted->items[i].sha256, name);
		return fail(err, STATUS_SHARE_UPLOAD, "list packs before commit", name,
			    "the pack is no longer on the share, or has another size");
	}
	return STATUS_OK;
}

enum status backup_packs_check(struct backup_session *session, struct error *err)
{
	struct wanted wanted = { .count = backup_packs_reference_count(session->packs) };
	struct share *share = NULL;
	wanted.items = calloc(wanted.count + 1, sizeof *wanted.items);
	if (wanted.items == NULL)
		return fail_memory(err, "list packs before commit");
	for (size_t i = 0; i < wanted.count; i++) {
		struct backup_pack_view view;
		backup_packs_view(session->packs, (uint32_t)i, &view);
		memcpy(wanted.items[i].sha256, view.sha256, SHA256_SIZE);
		wanted.items[i].size = view.size;
	}
	qsort(wanted.items, wanted.count, sizeof *wanted.items, compare_wanted);
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = list_folders(session, share, &wanted, err);
	backup_connection_give(session, share, status != STATUS_OK);
	if (status == STATUS_OK)
		status = report_missing(session, &wanted, err);
	free(wanted.items);
	return status;
}
