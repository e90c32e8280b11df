/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged packs, and what is known about a backup when it is committed. */
#include <stdio.h>
#include <string.h>

#include "backup_packs.h"
#include "backup_quarantine.h"

static int compare_digests(const void *left, const void *right)
{
	return memcmp(left, right, SHA256_SIZE);
}

static enum status add_damaged(const struct db_pack_check *check, void *context, struct error *err)
{
	struct backup_quarantine *quarantine = context;
	if (quarantine->count == quarantine->capacity) {
		size_t capacity = quarantine->capacity == 0 ? 16 : quarantine->capacity * 2;
		void *items = reallocarray(quarantine->items, capacity, sizeof *quarantine->items);
		if (items == NULL)
			return fail_memory(err, "list damaged packs");
		quarantine->items = items;
		quarantine->capacity = capacity;
	}
	memcpy(quarantine->items[quarantine->count++], check->sha256, SHA256_SIZE);
	return STATUS_OK;
}

enum status backup_quarantine_load(struct db *state, const char *repository_id,
				   struct backup_quarantine *out, struct error *err)
{
	*out = (struct backup_quarantine) { .items = NULL };
	enum status status = db_pack_check_list(state, repository_id, true, add_damaged, out, err);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof *out->items, compare_digests);
	return status;
}

bool backup_quarantine_has(const struct backup_quarantine *quarantine,
			   const unsigned char sha256[SHA256_SIZE])
{
	return quarantine->count > 0 && bsearch(sha256, quarantine->items, quarantine->count,
						sizeof *quarantine->items, compare_digests) != NULL;
}

void backup_quarantine_done(struct backup_quarantine *quarantine)
{
	free(quarantine->items);
	*quarantine = (struct backup_quarantine) { .items = NULL };
}

/* All of it was read back since the run began; no later moment is certain for every pack. */
static enum status note_written(const struct backup_commit *commit, struct db *state,
				const struct backup_pack_view *view, struct error *err)
{
	const struct backup_session *session = commit->session;
	struct db_pack_check check = { .size = view->size };
	memcpy(check.repository, session->repository.marker.repository_id, GUID_TEXT_SIZE);
	memcpy(check.generation, session->generation.name, sizeof check.generation);
	memcpy(check.sha256, view->sha256, SHA256_SIZE);
	return db_pack_check_note(state, &check, session->started_time, false, err);
}

static enum status note_packs(const struct backup_commit *commit, struct db *state,
			      const struct backup_quarantine *quarantine, bool *damaged,
			      struct error *err)
{
	struct backup_packs *packs = commit->session->packs;
	uint32_t count = backup_packs_reference_count(packs);
	enum status status = STATUS_OK;
	*damaged = false;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		struct backup_pack_view view;
		backup_packs_view(packs, i, &view);
		if (view.is_new)
			status = note_written(commit, state, &view, err);
		else if (backup_quarantine_has(quarantine, view.sha256))
			*damaged = true;
	}
	return status;
}

enum status backup_verification_begin(const struct backup_commit *commit, struct db *state,
				      struct error *err)
{
	static const char damage[] =
		"a pack that it shares with earlier backups was found damaged "
		"while the backup ran; the next backup stores its content anew";
	char problem[sizeof damage];
	struct backup_quarantine quarantine;
	struct db_verification row = { .read_back_time = commit->completed_time };
	bool damaged = false;
	memcpy(row.repository, commit->session->repository.marker.repository_id,
	       sizeof row.repository);
	(void)snprintf(row.backup_id, sizeof row.backup_id, "%s",
		       jobs_run_job(commit->session->run)->id);
	enum status status = backup_quarantine_load(
		state, commit->session->repository.marker.repository_id, &quarantine, err);
	if (status == STATUS_OK)
		status = note_packs(commit, state, &quarantine, &damaged, err);
	if (damaged) {
		memcpy(problem, damage, sizeof damage);
		row.damaged_time = commit->completed_time;
		row.problem = problem;
	}
	if (status == STATUS_OK)
		status = db_verification_put(state, &row, err);
	backup_quarantine_done(&quarantine);
	return status;
}
