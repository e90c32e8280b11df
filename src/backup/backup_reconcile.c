/* SPDX-License-Identifier: Apache-2.0 */
/* Before a run: the catalogue is made to say what the share holds. Packs of the generation that are
 * missing, have another size or were found damaged are forgotten, so that their bytes are stored
 * again; complete packs
 * that the catalogue does not know (an interrupted run's, or the catalogue was lost) are adopted
 * once their hash and the service's own MAC are right; temporary leftovers are removed. */
#include <stdio.h>
#include <string.h>

#include "backup_leftovers.h"
#include "backup_packs.h"
#include "backup_quarantine.h"
#include "backup_session.h"

/* A pack as one of the two sides sees it. */
struct seen_pack {
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	int64_t row; /* catalogue only */
};

struct seen_list {
	struct seen_pack *items;
	size_t count, capacity;
};

struct reconcile {
	struct backup_session *session;
	struct share *share;
	struct db *catalogue;
	struct seen_list on_share;
	struct seen_list in_catalogue;
	struct backup_quarantine quarantine;
	char packs[ARCHIVE_NAME_SIZE];  /* the folder */
	char folder[ARCHIVE_NAME_SIZE]; /* the sub-folder that is listed now */
	struct backup_leftovers leftovers;
};

static enum status add_seen(struct seen_list *list, const struct seen_pack *pack, struct error *err)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
		struct seen_pack *items = reallocarray(list->items, capacity, sizeof *items);
		if (items == NULL)
			return fail_memory(err, "list packs");
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *pack;
	return STATUS_OK;
}

static int compare_seen(const void *left, const void *right)
{
	const struct seen_pack *left_pack = left, *right_pack = right;
	return memcmp(left_pack->sha256, right_pack->sha256, SHA256_SIZE);
}

static void sort_seen(struct seen_list *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, compare_seen);
}

static const struct seen_pack *find_seen(const struct seen_list *list, const struct seen_pack *pack)
{
	if (list->count == 0)
		return NULL;
	return bsearch(pack, list->items, list->count, sizeof *list->items, compare_seen);
}

static enum status see_file(const struct share_entry *entry, void *context, struct error *err)
{
	struct reconcile *reconcile = context;
	struct seen_pack pack = { .size = entry->size };
	char digits[2 * SHA256_SIZE + 1] = "";
	bool is_leftover = false;
	enum status status = backup_leftovers_note(&reconcile->leftovers, reconcile->folder,
						   entry->name, &is_leftover, err);
	if (status != STATUS_OK || is_leftover ||
	    strlen(entry->name) != 2 * SHA256_SIZE + strlen(".pack"))
		return status;
	memcpy(digits, entry->name, sizeof digits - 1);
	if (!hex_decode(digits, pack.sha256, SHA256_SIZE))
		return STATUS_OK;
	return add_seen(&reconcile->on_share, &pack, err);
}

static enum status see_folder(const struct share_entry *entry, void *context, struct error *err)
{
	struct reconcile *reconcile = context;
	bool is_leftover = false;
	if (!entry->is_directory)
		return backup_leftovers_note(&reconcile->leftovers, reconcile->packs, entry->name,
					     &is_leftover, err);
	/* The share delivers a listing after it is complete, so another one may begin inside it. */
	(void)snprintf(reconcile->folder, sizeof reconcile->folder, "%.180s/%.60s",
		       reconcile->packs, entry->name);
	return share_list(reconcile->share, reconcile->folder, see_file, reconcile, err);
}

static enum status list_share(struct reconcile *reconcile, struct error *err)
{
	enum status status =
		share_list(reconcile->share, reconcile->packs, see_folder, reconcile, err);
	if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	sort_seen(&reconcile->on_share);
	return status;
}

static enum status see_row(const struct db_pack *row, void *context, struct error *err)
{
	struct reconcile *reconcile = context;
	struct seen_pack pack = { .size = row->size, .row = row->id };
	memcpy(pack.sha256, row->sha256, SHA256_SIZE);
	return add_seen(&reconcile->in_catalogue, &pack, err);
}

static enum status list_catalogue(struct reconcile *reconcile, struct error *err)
{
	enum status status = db_pack_list(reconcile->catalogue, reconcile->session->generation.name,
					  see_row, reconcile, err);
	sort_seen(&reconcile->in_catalogue);
	return status;
}

static enum status forget_missing(struct reconcile *reconcile, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < reconcile->in_catalogue.count && status == STATUS_OK; i++) {
		const struct seen_pack *known = &reconcile->in_catalogue.items[i];
		const struct seen_pack *found = find_seen(&reconcile->on_share, known);
		bool damaged = backup_quarantine_has(&reconcile->quarantine, known->sha256);
		if (found != NULL && found->size == known->size && !damaged)
			continue;
		char digits[2 * SHA256_SIZE + 1];
		hex_encode(known->sha256, SHA256_SIZE, false, digits);
		log_message(LOG_LEVEL_WARNING,
			    "pack %s %s; its content is stored again where the services still "
			    "have it",
			    digits,
			    damaged ? "was found damaged"
				    : "is missing on the share or has another size");
		status = db_pack_remove(reconcile->catalogue, known->row, err);
	}
	return status;
}

/* A pack that is not ours, or damaged, is left alone and not used. */
static enum status adopt_unknown(struct reconcile *reconcile, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < reconcile->on_share.count && status == STATUS_OK; i++) {
		const struct seen_pack *pack = &reconcile->on_share.items[i];
		if (find_seen(&reconcile->in_catalogue, pack) != NULL ||
		    backup_quarantine_has(&reconcile->quarantine, pack->sha256))
			continue;
		struct error pack_err;
		status = backup_adopt_pack(reconcile->session, reconcile->share,
					   reconcile->catalogue, pack->sha256, pack->size,
					   &pack_err);
		if (status == STATUS_INTEGRITY || status == STATUS_NOT_FOUND) {
			log_error("pack not adopted", &pack_err);
			status = STATUS_OK;
		} else if (status != STATUS_OK && err != NULL) {
			*err = pack_err;
		}
	}
	return status;
}

/* The folders of small files; those of packs were looked at while they were listed. */
static enum status list_leftovers(struct reconcile *reconcile, struct error *err)
{
	char sessions[ARCHIVE_NAME_SIZE];
	(void)snprintf(sessions, sizeof sessions, ARCHIVE_GENERATIONS "/%s/sessions",
		       reconcile->session->generation.name);
	const char *const folders[] = { ARCHIVE_ROOT,     ARCHIVE_CERTIFICATES, ARCHIVE_LEASES,
					ARCHIVE_SEQUENCE, ARCHIVE_DELETIONS,    ARCHIVE_SERVICE,
					sessions };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < ARRAY_LENGTH(folders) && status == STATUS_OK; i++)
		status = backup_leftovers_find(&reconcile->leftovers, folders[i], err);
	return status;
}

static enum status load_known(const struct db_pack *pack, void *context, struct error *err)
{
	return backup_packs_add_known(context, pack, err);
}

static enum status reconcile_all(struct reconcile *reconcile, struct error *err)
{
	struct backup_session *session = reconcile->session;
	enum status status = list_share(reconcile, err);
	if (status == STATUS_OK)
		status = list_catalogue(reconcile, err);
	if (status == STATUS_OK)
		status = forget_missing(reconcile, err);
	if (status == STATUS_OK)
		status = adopt_unknown(reconcile, err);
	if (status == STATUS_OK)
		status = list_leftovers(reconcile, err);
	if (status == STATUS_OK)
		status = backup_leftovers_remove(&reconcile->leftovers, err);
	if (status == STATUS_OK)
		status = db_pack_list(reconcile->catalogue, session->generation.name, load_known,
				      session->packs, err);
	return status;
}

enum status backup_reconcile(struct backup_session *session, struct db *state, struct error *err)
{
	struct reconcile reconcile = { .session = session };
	struct db_pool *pool = session->service->catalogue;
	(void)snprintf(reconcile.packs, sizeof reconcile.packs, ARCHIVE_GENERATIONS "/%s/packs",
		       session->generation.name);
	enum status status = backup_quarantine_load(state, session->repository.marker.repository_id,
						    &reconcile.quarantine, err);
	if (status == STATUS_OK)
		status = db_pool_take(pool, &reconcile.catalogue, err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &reconcile.share, err);
	backup_leftovers_init(&reconcile.leftovers, reconcile.share);
	if (status == STATUS_OK)
		status = reconcile_all(&reconcile, err);
	backup_connection_give(session, reconcile.share, status != STATUS_OK);
	db_pool_give(pool, reconcile.catalogue);
	free(reconcile.on_share.items);
	free(reconcile.in_catalogue.items);
	backup_leftovers_done(&reconcile.leftovers);
	backup_quarantine_done(&reconcile.quarantine);
	return status;
}
