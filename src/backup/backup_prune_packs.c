/* SPDX-License-Identifier: Apache-2.0 */
/* Packs that nothing needs any more. What is in use is read from the share, from every backup.json
 * below backups/ and trash/, whoever wrote it: too much is kept rather than too little. Only
 * generations that no writer will touch again are looked at. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "backup_leftovers.h"
#include "backup_prune.h"

static_assert(RETENTION_DIGEST_SIZE == SHA256_SIZE, "a pack is named by its SHA-256");

struct pack_set {
	struct retention_pack *items;
	size_t count, capacity;
};

static enum status add_key(struct pack_set *set, const struct retention_pack *key,
			   struct error *err)
{
	if (set->count == set->capacity) {
		size_t capacity = set->capacity == 0 ? 256 : set->capacity * 2;
		struct retention_pack *items = reallocarray(set->items, capacity, sizeof *items);
		if (items == NULL)
			return fail_memory(err, "list packs");
		set->items = items;
		set->capacity = capacity;
	}
	set->items[set->count++] = *key;
	return STATUS_OK;
}

static int compare_keys(const void *left, const void *right)
{
	return memcmp(((const struct retention_pack *)left)->sha256,
		      ((const struct retention_pack *)right)->sha256, SHA256_SIZE);
}

static void sort_keys(struct pack_set *set)
{
	if (set->count > 1)
		qsort(set->items, set->count, sizeof *set->items, compare_keys);
}

static const struct retention_pack *find_key(const struct pack_set *set,
					     const unsigned char sha256[SHA256_SIZE])
{
	struct retention_pack key;
	if (set->count == 0)
		return NULL;
	memcpy(key.sha256, sha256, SHA256_SIZE);
	return bsearch(&key, set->items, set->count, sizeof *set->items, compare_keys);
}

/* --- the packs of one generation on the share --- */

struct pack_listing {
	struct share *share;
	struct pack_set set;
	char packs[ARCHIVE_NAME_SIZE];
};

static enum status see_pack(const struct share_entry *entry, void *context, struct error *err)
{
	struct pack_listing *listing = context;
	struct retention_pack key = { .size = entry->size };
	char digits[2 * SHA256_SIZE + 1] = "";
	if (entry->is_directory || strlen(entry->name) != 2 * SHA256_SIZE + strlen(".pack") ||
	    strcmp(entry->name + 2 * SHA256_SIZE, ".pack") != 0)
		return STATUS_OK;
	memcpy(digits, entry->name, sizeof digits - 1);
	return hex_decode(digits, key.sha256, SHA256_SIZE) ? add_key(&listing->set, &key, err)
							   : STATUS_OK;
}

static enum status see_pack_folder(const struct share_entry *entry, void *context,
				   struct error *err)
{
	struct pack_listing *listing = context;
	char folder[ARCHIVE_NAME_SIZE];
	if (!entry->is_directory)
		return STATUS_OK;
	(void)snprintf(folder, sizeof folder, "%.180s/%.60s", listing->packs, entry->name);
	return share_list(listing->share, folder, see_pack, listing, err);
}

static enum status list_packs(struct share *share, const char *generation, struct pack_set *out,
			      struct error *err)
{
	struct pack_listing listing = { .share = share };
	(void)snprintf(listing.packs, sizeof listing.packs, ARCHIVE_GENERATIONS "/%.31s/packs",
		       generation);
	enum status status = share_list(share, listing.packs, see_pack_folder, &listing, err);
	sort_keys(&listing.set);
	*out = listing.set;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- whether backups are complete --- */

struct manifest_search {
	uint64_t size;
	bool found;
};

static enum status see_manifest(const struct share_entry *entry, void *context, struct error *err)
{
	struct manifest_search *search = context;
	(void)err;
	if (!entry->is_directory && strcmp(entry->name, ARCHIVE_MANIFEST_FILE) == 0)
		search->found = entry->size == search->size;
	return STATUS_OK;
}

static enum status check_backup(struct prune *prune, const struct recover_backup *backup,
				const struct pack_set *packs, bool *good, struct error *err)
{
	char folder[ARCHIVE_NAME_SIZE];
	struct manifest_search search = { .size = backup->record->manifest_size };
	(void)snprintf(folder, sizeof folder, ARCHIVE_BACKUPS "/%s", backup->folder);
	enum status status = share_list(prune->share, folder, see_manifest, &search, err);
	*good = search.found;
	for (size_t i = 0; i < backup->record->pack_count && *good; i++) {
		const struct archive_record_pack *wanted = &backup->record->packs[i];
		const struct retention_pack *found = find_key(packs, wanted->sha256);
		*good = found != NULL && found->size == wanted->size;
	}
	return status;
}

/* Backups of one generation follow each other: its packs are listed once. */
enum status prune_check_packs(struct prune *prune, const struct prune_look *look, bool *good,
			      struct error *err)
{
	struct pack_set packs = { 0 };
	const char *listed = "";
	enum status status = STATUS_OK;
	for (size_t i = 0; i < look->count && status == STATUS_OK; i++) {
		const struct archive_record *record = look->backups[i].record;
		if (record == NULL)
			continue;
		if (strcmp(listed, record->generation) != 0) {
			free(packs.items);
			packs = (struct pack_set) { 0 };
			listed = record->generation;
			status = list_packs(prune->share, listed, &packs, err);
		}
		if (status == STATUS_OK)
			status = check_backup(prune, &look->backups[i], &packs, &good[i], err);
	}
	free(packs.items);
	return status;
}

/* --- what is in use --- */

#define GENERATIONS_MAX 4096

struct usage {
	struct prune *prune;
	const char *parent; /* folder that is listed */
	struct retention_usage *needed;
};

static enum status use_record(struct usage *usage, const struct archive_record *record,
			      const struct buffer *bytes, struct error *err)
{
	unsigned char digest[SHA256_SIZE];
	AUTO_FREE struct retention_pack *packs = calloc(record->pack_count + 1, sizeof *packs);
	if (packs == NULL)
		return fail_memory(err, "list packs");
	for (size_t i = 0; i < record->pack_count; i++) {
		memcpy(packs[i].sha256, record->packs[i].sha256, SHA256_SIZE);
		packs[i].size = record->packs[i].size;
	}
	hash_sha256(bytes->data, bytes->length, digest);
	return retention_usage_add(usage->needed, digest, record->generation, packs,
				   record->pack_count, err);
}

/* What is going to leave the trash in this run needs nothing any more. */
static bool is_leaving(const struct prune *prune, const char *parent, const char *name)
{
	if (strcmp(parent, ARCHIVE_TRASH) == 0)
		return prune_is_leaving(prune, name);
	if (!prune->is_dry || prune->session.service->config->engine.trash_grace > 0)
		return false;
	for (size_t i = 0; i < prune->plan.count; i++) {
		const struct retention_decision *decision = &prune->plan.decisions[i];
		const struct recover_backup *backup = prune_find_ours(prune, decision->backup);
		if (decision->reason == RETENTION_EXPIRED && backup != NULL &&
		    strcmp(backup->folder, name) == 0)
			return true;
	}
	return false;
}

/* A backup.json that is gone or damaged: what the database knows of it decides. */
static enum status use_unreadable(struct usage *usage, const char *name, bool is_missing,
				  struct error *err)
{
	const struct db_backup *row = NULL;
	const char *folder = name;
	int64_t time = 0;
	(void)archive_trashed_folder_parse(name, &time, &folder);
	for (size_t i = 0; i < usage->prune->rows.count; i++)
		if (strcmp(usage->prune->rows.items[i].folder, folder) == 0)
			row = &usage->prune->rows.items[i];
	/* Without backup.json it never was a backup. */
	if (row == NULL && is_missing)
		return STATUS_OK;
	return retention_usage_add_unknown(usage->needed, row != NULL ? row->generation : NULL,
					   err);
}

static enum status see_backup(const struct share_entry *entry, void *context, struct error *err)
{
	struct usage *usage = context;
	struct archive_record *record = NULL;
	struct buffer bytes;
	char name[SHARE_NAME_SIZE];
	if (!entry->is_directory || is_leaving(usage->prune, usage->parent, entry->name))
		return STATUS_OK;
	(void)snprintf(name, sizeof name, "%s/%.700s/" ARCHIVE_RECORD_FILE, usage->parent,
		       entry->name);
	buffer_init(&bytes, ARCHIVE_RECORD_MAX + 1);
	enum status status = share_get(usage->prune->share, name, ARCHIVE_RECORD_MAX, &bytes, err);
	bool is_missing = status == STATUS_NOT_FOUND;
	if (status == STATUS_OK &&
	    archive_record_parse(bytes.data, bytes.length, &record, NULL) == STATUS_OK)
		status = use_record(usage, record, &bytes, err);
	else if (status == STATUS_OK || is_missing || status == STATUS_TOO_LARGE)
		status = use_unreadable(usage, entry->name, is_missing, err);
	archive_record_free(record);
	buffer_done(&bytes);
	return status;
}

static enum status list_usage(struct usage *usage, struct error *err)
{
	static const char *const parents[] = { ARCHIVE_BACKUPS, ARCHIVE_TRASH };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < ARRAY_LENGTH(parents) && status == STATUS_OK; i++) {
		usage->parent = parents[i];
		status = share_list(usage->prune->share, parents[i], see_backup, usage, err);
		if (status == STATUS_NOT_FOUND && i > 0)
			status = STATUS_OK;
	}
	return status;
}

static enum status expect(struct usage *usage, const char *backup_id, struct error *err)
{
	const struct db_backup *row = prune_row(usage->prune, backup_id);
	return row == NULL ? STATUS_OK
			   : retention_usage_expect(usage->needed, row->record_sha256,
						    row->generation, err);
}

/* A share that lists less than it did a moment ago must not cost a pack. */
static enum status find_usage(struct usage *usage, const struct prune_look *look, struct error *err)
{
	const struct prune *prune = usage->prune;
	enum status status = list_usage(usage, err);
	for (size_t i = 0; i < prune->plan.count && status == STATUS_OK; i++)
		if (prune->plan.decisions[i].reason != RETENTION_EXPIRED &&
		    prune->plan.decisions[i].backup->is_known)
			status = expect(usage, prune->plan.decisions[i].backup->id, err);
	for (size_t i = 0; i < look->trash.count && status == STATUS_OK; i++)
		if (!prune_is_leaving(prune, look->trash.items[i].name))
			status = expect(usage, look->trash.items[i].backup_id, err);
	return status;
}

/* --- removing --- */

/* Generations below the one that the next backup may go on with. */
struct closed {
	char (*names)[ARCHIVE_GENERATION_SIZE];
	size_t count;
	unsigned below;
};

static enum status see_generation(const struct share_entry *entry, void *context, struct error *err)
{
	struct closed *closed = context;
	unsigned number = 0;
	if (!entry->is_directory || !archive_generation_parse(entry->name, &number) ||
	    number >= closed->below || closed->count >= GENERATIONS_MAX)
		return STATUS_OK;
	char(*names)[ARCHIVE_GENERATION_SIZE] =
		reallocarray(closed->names, closed->count + 1, sizeof *names);
	if (names == NULL)
		return fail_memory(err, "list generations");
	closed->names = names;
	(void)snprintf(names[closed->count++], sizeof *names, "%s", entry->name);
	return STATUS_OK;
}

static enum status list_closed(struct prune *prune, struct closed *closed, struct error *err)
{
	struct db_generation newest;
	memset(&newest, 0, sizeof newest);
	enum status status = db_generation_newest(prune->state, &newest, err);
	if (status == STATUS_OK)
		closed->below = newest.number;
	db_generation_done(&newest);
	if (status == STATUS_OK)
		status = share_list(prune->share, ARCHIVE_GENERATIONS, see_generation, closed, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_pack(struct prune *prune, const char *generation,
			       const struct retention_pack *pack, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_pack_name(generation, pack->sha256, name);
	enum status status = prune_note_path(prune, name, err);
	if (status == STATUS_OK)
		status = prune_may_remove(prune, err);
	if (status == STATUS_OK && !prune->is_dry)
		status = share_remove(prune->share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_generation(struct prune *prune, const char *generation, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	(void)snprintf(name, sizeof name, ARCHIVE_GENERATIONS "/%s", generation);
	enum status status = prune_note_path(prune, name, err);
	if (status == STATUS_OK)
		status = prune_stay_holder(prune, err);
	if (status == STATUS_OK && !prune->is_dry)
		status = share_remove_tree(prune->share, name, err);
	return status;
}

/* A COMMIT that another run finished, not touched before the generation is closed because the run
 * that began it might only have been asleep. */
static enum status sweep_closed(struct prune *prune, const struct prune_look *look,
				const char *generation, struct error *err)
{
	struct backup_leftovers leftovers;
	char folder[ARCHIVE_NAME_SIZE];
	enum status status = backup_session_check(&prune->session, err);
	backup_leftovers_init(&leftovers, prune->share);
	for (size_t i = 0; i < look->count && status == STATUS_OK; i++) {
		const struct recover_backup *backup = &look->backups[i];
		if (!backup->is_committed || backup->record == NULL ||
		    strcmp(backup->record->generation, generation) != 0)
			continue;
		(void)snprintf(folder, sizeof folder, ARCHIVE_BACKUPS "/%s", backup->folder);
		status = backup_leftovers_find(&leftovers, folder, err);
	}
	if (status == STATUS_OK)
		status = backup_leftovers_remove(&leftovers, err);
	backup_leftovers_done(&leftovers);
	return status;
}

static enum status tidy_generation(struct prune *prune, const struct prune_look *look,
				   struct retention_usage *needed, const char *generation,
				   struct error *err)
{
	struct pack_set packs = { 0 };
	enum status status = list_packs(prune->share, generation, &packs, err);
	AUTO_FREE bool *goes = calloc(packs.count + 1, sizeof *goes);
	if (status == STATUS_OK && goes == NULL)
		status = fail_memory(err, "list packs");
	if (status == STATUS_OK) {
		enum retention_fate fate =
			retention_usage_decide(needed, generation, packs.items, packs.count, goes);
		for (size_t i = 0; i < packs.count && status == STATUS_OK; i++) {
			prune->freed += goes[i] ? packs.items[i].size : 0;
			if (goes[i] && fate == RETENTION_GENERATION_SHRINKS)
				status = remove_pack(prune, generation, &packs.items[i], err);
		}
		if (status == STATUS_OK && fate == RETENTION_GENERATION_GOES)
			status = remove_generation(prune, generation, err);
		else if (status == STATUS_OK && !prune->is_dry)
			status = sweep_closed(prune, look, generation, err);
	}
	free(packs.items);
	return status;
}

enum status prune_packs(struct prune *prune, const struct prune_look *look, struct error *err)
{
	struct usage usage = { .prune = prune };
	struct closed closed = { .below = 0 };
	enum status status = retention_usage_new(&usage.needed, err);
	if (status == STATUS_OK)
		status = list_closed(prune, &closed, err);
	if (status == STATUS_OK && closed.count > 0)
		status = find_usage(&usage, look, err);
	if (status == STATUS_OK && retention_usage_is_unknown(usage.needed))
		prune->kept_packs = "a backup.json on the share cannot be read, so that nobody "
				    "knows which packs it needs";
	for (size_t i = 0; i < closed.count && status == STATUS_OK; i++)
		status = tidy_generation(prune, look, usage.needed, closed.names[i], err);
	free(closed.names);
	retention_usage_free(usage.needed);
	return status;
}
