/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, migrating and sharing connections; transactions. */
#ifndef INFRABACKUP_DB_CONNECTION_H
#define INFRABACKUP_DB_CONNECTION_H

#include "infrabackup/base.h"

enum db_kind { DB_STATE, DB_CATALOGUE };

struct db; /* one connection */

/* Every function of this module that meets a full disk returns STATUS_FAILED with error.cause_name
 * "SQLITE_FULL" and keeps nothing of its change; a damaged file is STATUS_INTEGRITY; a lock that
 * another process does not give up within seconds is STATUS_FAILED, "SQLITE_BUSY". */

/* Opens @path (created with mode 0600 when missing), sets every pragma, applies the migrations of
 * its kind, each in one transaction, recorded with number, name, hash and time. STATUS_UNSUPPORTED
 * with a clear text when the file is newer than this program, a recorded migration has another
 * hash, or it is another program's or the other kind's database; nothing is changed then. */
MUST_CHECK enum status db_open(const char *path, enum db_kind kind, struct db **out,
			       struct error *err);
/* NULL is legal. */
void db_close(struct db *db);
/* A consistent copy of the whole database into a new file of mode 0600 that stands alone (online
 * backup API). STATUS_EXISTS. */
MUST_CHECK enum status db_copy_to(struct db *db, const char *path, struct error *err);

/* The same of a state database, of its jobs only those that made a backup that exists. */
MUST_CHECK enum status db_copy_without_history(struct db *db, const char *path, struct error *err);

/* Connections for many threads, opened when needed, at most @max. */
struct db_pool;
MUST_CHECK enum status db_pool_new(const char *path, enum db_kind kind, size_t max,
				   struct db_pool **out, struct error *err);
/* All connections were given back. NULL is legal. */
void db_pool_free(struct db_pool *pool);
/* Waits for a free one. Whoever holds one and takes another may wait for ever. */
MUST_CHECK enum status db_pool_take(struct db_pool *pool, struct db **out, struct error *err);
/* NULL is legal. */
void db_pool_give(struct db_pool *pool, struct db *db);

/* BEGIN IMMEDIATE, @body, COMMIT; ROLLBACK when @body fails; repeated from the start when the
 * database was busy. Inside another transaction a savepoint takes its place. */
MUST_CHECK enum status
db_transaction(struct db *db, enum status (*body)(struct db *db, void *context, struct error *err),
	       void *context, struct error *err);
/* The same, kept over the end of the process but perhaps not over a power failure, which leaves all
 * of it or nothing. Inside another transaction it is as durable as that. */
MUST_CHECK enum status db_transaction_undurable(struct db *db,
						enum status (*body)(struct db *db, void *context,
								    struct error *err),
						void *context, struct error *err);

#endif
