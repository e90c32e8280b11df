/* SPDX-License-Identifier: Apache-2.0 */
/* The table of packs a run knows. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backup_packs.h"

struct pack {
	struct backup_pack_view view;
	uint32_t reference; /* BACKUP_SLOT_NONE: not used by this backup */
};

struct row_slot {
	int64_t row;
	uint32_t slot;
};

struct backup_packs {
	pthread_mutex_t mutex;
	struct pack *items;
	uint32_t count, capacity;
	uint32_t known;          /* the first @known came from the catalogue */
	struct row_slot *by_row; /* sorted by row */
	uint32_t row_count;
	uint32_t
		*by_digest; /* slots of the known packs, sorted by digest; made when first needed */
	uint32_t *by_reference;
	uint32_t reference_count;
};

struct backup_packs *backup_packs_new(void)
{
	struct backup_packs *packs = calloc(1, sizeof *packs);
	if (packs != NULL)
		(void)pthread_mutex_init(&packs->mutex, NULL);
	return packs;
}

void backup_packs_free(struct backup_packs *packs)
{
	if (packs == NULL)
		return;
	(void)pthread_mutex_destroy(&packs->mutex);
	free(packs->items);
	free(packs->by_row);
	free(packs->by_digest);
	free(packs->by_reference);
	free(packs);
}

/* Every array has room for as many as there are packs. */
static enum status grow(struct backup_packs *packs, struct error *err)
{
	if (packs->count < packs->capacity)
		return STATUS_OK;
	uint32_t capacity = packs->capacity == 0 ? 64 : packs->capacity * 2;
	struct pack *items = reallocarray(packs->items, capacity, sizeof *items);
	if (items != NULL)
		packs->items = items;
	struct row_slot *by_row = reallocarray(packs->by_row, capacity, sizeof *by_row);
	if (by_row != NULL)
		packs->by_row = by_row;
	uint32_t *by_reference = reallocarray(packs->by_reference, capacity, sizeof *by_reference);
	if (by_reference != NULL)
		packs->by_reference = by_reference;
	if (items == NULL || by_row == NULL || by_reference == NULL)
		return fail_memory(err, "grow pack table");
	packs->capacity = capacity;
	return STATUS_OK;
}

/* Rows come nearly in order, so the shift is short. */
static void insert_row(struct backup_packs *packs, int64_t row, uint32_t slot)
{
	uint32_t at = packs->row_count++;
	while (at > 0 && packs->by_row[at - 1].row > row) {
		packs->by_row[at] = packs->by_row[at - 1];
		at--;
	}
	packs->by_row[at] = (struct row_slot) { row, slot };
}

static void reference_slot(struct backup_packs *packs, uint32_t slot)
{
	packs->items[slot].reference = packs->reference_count;
	packs->by_reference[packs->reference_count++] = slot;
}

enum status backup_packs_add_known(struct backup_packs *packs, const struct db_pack *pack,
				   struct error *err)
{
	enum status status = grow(packs, err);
	if (status != STATUS_OK)
		return status;
	struct pack *item = &packs->items[packs->count];
	memset(item, 0, sizeof *item);
	memcpy(item->view.sha256, pack->sha256, SHA256_SIZE);
	memcpy(item->view.session_id, pack->session_id, GUID_TEXT_SIZE);
	item->view.size = pack->size;
	item->view.row = pack->id;
	item->reference = BACKUP_SLOT_NONE;
	insert_row(packs, pack->id, packs->count);
	packs->known = ++packs->count;
	return STATUS_OK;
}

enum status backup_packs_add_new(struct backup_packs *packs, const char *session_id, uint32_t *slot,
				 struct error *err)
{
	(void)pthread_mutex_lock(&packs->mutex);
	enum status status = grow(packs, err);
	if (status == STATUS_OK) {
		struct pack *item = &packs->items[packs->count];
		memset(item, 0, sizeof *item);
		memcpy(item->view.session_id, session_id, GUID_TEXT_SIZE);
		item->view.is_new = true;
		*slot = packs->count++;
		reference_slot(packs, *slot);
	}
	(void)pthread_mutex_unlock(&packs->mutex);
	return status;
}

void backup_packs_complete(struct backup_packs *packs, uint32_t slot,
			   const unsigned char sha256[SHA256_SIZE], uint64_t size, int64_t row)
{
	(void)pthread_mutex_lock(&packs->mutex);
	struct pack *item = &packs->items[slot];
	memcpy(item->view.sha256, sha256, SHA256_SIZE);
	item->view.size = size;
	item->view.row = row;
	insert_row(packs, row, slot);
	(void)pthread_mutex_unlock(&packs->mutex);
}

uint32_t backup_packs_find_row(struct backup_packs *packs, int64_t row)
{
	uint32_t found = BACKUP_SLOT_NONE;
	(void)pthread_mutex_lock(&packs->mutex);
	uint32_t low = 0, high = packs->row_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (packs->by_row[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < packs->row_count && packs->by_row[low].row == row)
		found = packs->by_row[low].slot;
	(void)pthread_mutex_unlock(&packs->mutex);
	return found;
}

static int compare_slots(const void *left, const void *right, void *context)
{
	const struct backup_packs *packs = context;
	const uint32_t *left_slot = left, *right_slot = right;
	return memcmp(packs->items[*left_slot].view.sha256, packs->items[*right_slot].view.sha256,
		      SHA256_SIZE);
}

static void sort_by_digest(struct backup_packs *packs)
{
	if (packs->by_digest != NULL || packs->known == 0)
		return;
	packs->by_digest = malloc(packs->known * sizeof *packs->by_digest);
	if (packs->by_digest == NULL)
		return;
	for (uint32_t i = 0; i < packs->known; i++)
		packs->by_digest[i] = i;
	qsort_r(packs->by_digest, packs->known, sizeof *packs->by_digest, compare_slots, packs);
}

uint32_t backup_packs_find_digest(struct backup_packs *packs,
				  const unsigned char sha256[SHA256_SIZE])
{
	uint32_t found = BACKUP_SLOT_NONE;
	(void)pthread_mutex_lock(&packs->mutex);
	sort_by_digest(packs);
	uint32_t low = 0, high = packs->by_digest == NULL ? 0 : packs->known;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint32_t slot = packs->by_digest[middle];
		int order = memcmp(packs->items[slot].view.sha256, sha256, SHA256_SIZE);
		if (order == 0) {
			found = slot;
			break;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	(void)pthread_mutex_unlock(&packs->mutex);
	return found;
}

enum status backup_packs_reference(struct backup_packs *packs, uint32_t slot, uint32_t *reference,
				   struct error *err)
{
	(void)pthread_mutex_lock(&packs->mutex);
	bool known = slot < packs->count;
	if (known && packs->items[slot].reference == BACKUP_SLOT_NONE)
		reference_slot(packs, slot);
	if (known)
		*reference = packs->items[slot].reference;
	(void)pthread_mutex_unlock(&packs->mutex);
	if (!known)
		return fail(err, STATUS_INTEGRITY, "look up pack", NULL,
			    "the catalogue names a pack that the run does not know");
	return STATUS_OK;
}

uint32_t backup_packs_reference_count(struct backup_packs *packs)
{
	(void)pthread_mutex_lock(&packs->mutex);
	uint32_t count = packs->reference_count;
	(void)pthread_mutex_unlock(&packs->mutex);
	return count;
}

void backup_packs_view(struct backup_packs *packs, uint32_t reference, struct backup_pack_view *out)
{
	(void)pthread_mutex_lock(&packs->mutex);
	*out = packs->items[packs->by_reference[reference]].view;
	(void)pthread_mutex_unlock(&packs->mutex);
}
