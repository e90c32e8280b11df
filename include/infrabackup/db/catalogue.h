/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.sqlite: which packs, chunks and sessions are on the share. A cache: rebuilt from the
 * packs' clear indexes. */
#ifndef INFRABACKUP_DB_CATALOGUE_H
#define INFRABACKUP_DB_CATALOGUE_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

struct db_pack {
	int64_t id; /* row id; assigned by db_pack_add() */
	char generation[32];
	unsigned char sha256[32];
	uint64_t size;
	char session_id[GUID_TEXT_SIZE];
};

struct db_chunk {
	unsigned char id[32];
	int64_t pack; /* db_pack.id */
	uint32_t block, offset, length;
};

/* The pack and all its chunks in one transaction (chunks already known elsewhere are left where
 * they are). @chunks need not be sorted; chunk.pack is ignored. A pack already there:
 * STATUS_EXISTS, nothing changed. */
MUST_CHECK enum status db_pack_add(struct db *db, const struct db_pack *pack,
				   const struct db_chunk *chunks, size_t chunk_count,
				   int64_t *pack_id, struct error *err);
MUST_CHECK enum status db_pack_get(struct db *db, int64_t id, struct db_pack *out,
				   struct error *err);
/* Every pack of a generation, by id. */
MUST_CHECK enum status db_pack_list(struct db *db, const char *generation,
				    enum status (*each)(const struct db_pack *pack, void *context,
							struct error *err),
				    void *context, struct error *err);
/* Forgets a pack that is gone from the share, or damaged, with its chunks. */
MUST_CHECK enum status db_pack_remove(struct db *db, int64_t id, struct error *err);
/* STATUS_NOT_FOUND without filling @err (the common case, kept cheap). */
MUST_CHECK enum status db_chunk_find(struct db *db, const unsigned char id[32],
				     struct db_chunk *out, struct error *err);
MUST_CHECK enum status db_chunk_count(struct db *db, uint64_t *out, struct error *err);

/* Wrapped session keys (.p7m bytes), so that a later backup can name the sessions of the packs it
 * uses. */
MUST_CHECK enum status db_session_add(struct db *db, const char *session_id, const char *generation,
				      const void *wrapped_key, size_t length, struct error *err);
MUST_CHECK enum status db_session_get(struct db *db, const char *session_id,
				      struct buffer *wrapped_key, struct error *err);
/* Packs, chunks and sessions of every generation but @generation (NULL: of all). */
MUST_CHECK enum status db_catalogue_forget(struct db *db, const char *keep_generation,
					   struct error *err);

#endif
