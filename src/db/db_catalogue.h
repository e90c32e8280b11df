/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of a pack as parts of the catalogue's transactions. */
#ifndef DB_CATALOGUE_H
#define DB_CATALOGUE_H

#include "db_queries.h"

/* All within the caller's transaction. */
MUST_CHECK enum status db_chunk_insert(struct db *db, int64_t pack, const struct db_chunk *chunks,
				       size_t count, struct error *err);
MUST_CHECK enum status db_chunk_delete_pack(struct db *db, int64_t pack, struct error *err);
/* Those of packs outside @keep_generation (NULL: all); before the packs go. */
MUST_CHECK enum status db_chunk_forget(struct db *db, const char *keep_generation,
				       struct error *err);

#endif
