/* SPDX-License-Identifier: Apache-2.0 */
/* The table of packs a run knows: those of the generation that are on the share already, and those
 * it makes. A slot names a pack in memory, a reference names it in this backup's manifest (in order
 * of first use). Any thread. */
#ifndef BACKUP_PACKS_H
#define BACKUP_PACKS_H

#include "infrabackup/archive.h"
#include "infrabackup/db.h"

#define BACKUP_SLOT_NONE UINT32_MAX

struct backup_packs;

struct backup_packs *backup_packs_new(void);
void backup_packs_free(struct backup_packs *packs);
/* A pack of the catalogue. Called in order of row, before any thread runs. */
MUST_CHECK enum status backup_packs_add_known(struct backup_packs *packs,
					      const struct db_pack *pack, struct error *err);
/* A pack that will be written; referenced at once. */
MUST_CHECK enum status backup_packs_add_new(struct backup_packs *packs, const char *session_id,
					    uint32_t *slot, struct error *err);
/* It is on the share now. */
void backup_packs_complete(struct backup_packs *packs, uint32_t slot,
			   const unsigned char sha256[SHA256_SIZE], uint64_t size, int64_t row);
/* BACKUP_SLOT_NONE when unknown. */
uint32_t backup_packs_find_row(struct backup_packs *packs, int64_t row);
/* Among the known packs only. */
uint32_t backup_packs_find_digest(struct backup_packs *packs,
				  const unsigned char sha256[SHA256_SIZE]);
/* The number that stands in the manifest; assigned at the first call. */
MUST_CHECK enum status backup_packs_reference(struct backup_packs *packs, uint32_t slot,
					      uint32_t *reference, struct error *err);

struct backup_pack_view {
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	char session_id[GUID_TEXT_SIZE];
	int64_t row; /* 0: not in the catalogue yet */
	bool is_new;
};

/* The referenced packs, after everything is complete: reference 0 .. count - 1. */
uint32_t backup_packs_reference_count(struct backup_packs *packs);
void backup_packs_view(struct backup_packs *packs, uint32_t reference,
		       struct backup_pack_view *out);

#endif
