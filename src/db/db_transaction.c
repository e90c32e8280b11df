/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions, and transactions within transactions. */
#include "db_connection.h"

#define BUSY_TRIES 3

static const char STEP[] = "change database";

/* Inside another transaction: its part is undone alone, everything is kept with the outer commit.
 */
static enum status run_nested(struct db *db,
			      enum status (*body)(struct db *db, void *context, struct error *err),
			      void *context, struct error *err)
{
	enum status status = db_execute(db, "SAVEPOINT nested", STEP, err);
	if (status != STATUS_OK)
		return status;
	status = body(db, context, err);
	/* A full disk may have rolled back everything; then there is nothing left to undo. */
	if (status != STATUS_OK && sqlite3_get_autocommit(db->handle) == 0)
		(void)sqlite3_exec(db->handle, "ROLLBACK TO nested", NULL, NULL, NULL);
	if (sqlite3_get_autocommit(db->handle) != 0)
		return status;
	enum status released =
		db_execute(db, "RELEASE nested", STEP, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? released : status;
}

static enum status run_once(struct db *db,
			    enum status (*body)(struct db *db, void *context, struct error *err),
			    void *context, struct error *err)
{
	enum status status = db_execute(db, "BEGIN IMMEDIATE", STEP, err);
	if (status != STATUS_OK)
		return status;
	status = body(db, context, err);
	if (status == STATUS_OK)
		status = db_execute(db, "COMMIT", STEP, err);
	if (status != STATUS_OK && sqlite3_get_autocommit(db->handle) == 0)
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum status db_transaction(struct db *db,
			   enum status (*body)(struct db *db, void *context, struct error *err),
			   void *context, struct error *err)
{
	if (sqlite3_get_autocommit(db->handle) == 0)
		return run_nested(db, body, context, err);
	enum status status = STATUS_OK;
	for (int i = 0; i < BUSY_TRIES; i++) {
		db->busy = false;
		status = run_once(db, body, context, err);
		if (status == STATUS_OK || !db->busy)
			break;
	}
	return status;
}

enum status db_transaction_undurable(struct db *db,
				     enum status (*body)(struct db *db, void *context,
							 struct error *err),
				     void *context, struct error *err)
{
	if (sqlite3_get_autocommit(db->handle) == 0)
		return run_nested(db, body, context, err);
	enum status status = db_execute(db, "PRAGMA synchronous = NORMAL", STEP, err);
	if (status != STATUS_OK)
		return status;
	status = db_transaction(db, body, context, err);
	enum status restored =
		db_execute(db, "PRAGMA synchronous = FULL", STEP, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? restored : status;
}
