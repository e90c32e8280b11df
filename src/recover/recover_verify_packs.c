/* SPDX-License-Identifier: Apache-2.0 */
/* The packs of all backups that are verified, each once. */
#include <stdio.h>
#include <string.h>

#include "recover_verify_private.h"

static int compare_packs(const void *left, const void *right)
{
	const struct recover_pack *left_pack = left, *right_pack = right;
	return memcmp(left_pack->sha256, right_pack->sha256, SHA256_SIZE);
}

void recover_verify_fill_pack(const struct verified_backup *verified,
			      const struct archive_record_pack *pack, struct recover_pack *out)
{
	const struct archive_record *record = verified->backup->record;
	memset(out, 0, sizeof *out);
	memcpy(out->sha256, pack->sha256, SHA256_SIZE);
	out->size = pack->size;
	memcpy(out->generation, record->generation, sizeof out->generation);
	memcpy(out->session_id, record->sessions[pack->session].session_id, sizeof out->session_id);
	if (!verified->has_keys)
		return;
	out->session_key = &verified->keys.sessions[pack->session];
	if (!secret_is_empty(&verified->dedup_secret))
		out->dedup_secret = &verified->dedup_secret;
}

/* Of two backups that name the same pack the one whose keys are there counts. */
static void merge_equal(struct verify_run *run)
{
	size_t kept = 0;
	for (size_t i = 0; i < run->pack_count; i++) {
		if (kept > 0 && compare_packs(&run->packs[kept - 1], &run->packs[i]) == 0) {
			if (run->packs[kept - 1].dedup_secret == NULL)
				run->packs[kept - 1] = run->packs[i];
			continue;
		}
		run->packs[kept++] = run->packs[i];
	}
	run->pack_count = kept;
}

enum status recover_verify_collect(struct verify_run *run, struct error *err)
{
	size_t total = 0;
	for (size_t i = 0; i < run->backup_count; i++)
		total += run->backups[i].backup->record->pack_count;
	run->packs = calloc(total + 1, sizeof *run->packs);
	if (run->packs == NULL)
		return fail_memory(err, "collect packs");
	for (size_t i = 0; i < run->backup_count; i++) {
		const struct archive_record *record = run->backups[i].backup->record;
		for (size_t pack = 0; pack < record->pack_count; pack++)
			recover_verify_fill_pack(&run->backups[i], &record->packs[pack],
						 &run->packs[run->pack_count++]);
	}
	qsort(run->packs, run->pack_count, sizeof *run->packs, compare_packs);
	merge_equal(run);
	return STATUS_OK;
}

struct recover_pack *recover_verify_find(const struct verify_run *run,
					 const struct archive_record_pack *pack)
{
	struct recover_pack key;
	memcpy(key.sha256, pack->sha256, SHA256_SIZE);
	return bsearch(&key, run->packs, run->pack_count, sizeof *run->packs, compare_packs);
}
