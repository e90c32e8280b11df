/* SPDX-License-Identifier: Apache-2.0 */
/* How far each backup is verified. */
#include <string.h>

#include "db_queries.h"

enum { Q_VERIFICATION_GET, Q_VERIFICATION_PUT, Q_VERIFICATION_DAMAGED };

#define COLUMNS                                                                                    \
	"backup_id, repository, read_back_time, hashes_time, content_time, files_time, "           \
	"files_since,"                                                                             \
	" files_done, damaged_time, is_own_damage, problem, harm"

static const struct db_query queries[] = {
	[Q_VERIFICATION_GET] = { "read verification", "SELECT " COLUMNS " FROM backup_verification"
						      " WHERE backup_id = :backup_id" },
	[Q_VERIFICATION_PUT] = { "record verification",
				 "INSERT OR REPLACE INTO backup_verification (" COLUMNS
				 ") VALUES (:backup_id, :repository, :read_back_time, :hashes_time,"
				 " :content_time, :files_time, :files_since, :files_done,"
				 " :damaged_time, :is_own_damage, :problem, :harm)" },
	[Q_VERIFICATION_DAMAGED] = { "list damaged backups",
				     "SELECT " COLUMNS
				     " FROM backup_verification WHERE backup_id IN"
				     " (SELECT id FROM backup WHERE location = :location"
				     " AND status <> 'Deleted')"
				     " AND damaged_time > coalesce((SELECT max(completed_time)"
				     " FROM backup WHERE location = :location"
				     " AND is_cloud_recovery_ready"
				     " AND status IN ('Succeeded', 'PartialSucceeded')"
				     " AND id NOT IN (SELECT backup_id FROM backup_verification"
				     " WHERE damaged_time <> 0)), 0)"
				     " ORDER BY damaged_time DESC, backup_id" },
};

const struct db_query_set db_verification_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column verification_items[] = {
	DB_COLUMN(DB_NAME, db_verification, backup_id),
	DB_COLUMN(DB_NAME, db_verification, repository),
	DB_COLUMN(DB_INT64, db_verification, read_back_time),
	DB_COLUMN(DB_INT64, db_verification, hashes_time),
	DB_COLUMN(DB_INT64, db_verification, content_time),
	DB_COLUMN(DB_INT64, db_verification, files_time),
	DB_COLUMN(DB_INT64, db_verification, files_since),
	DB_COLUMN(DB_UINT64, db_verification, files_done),
	DB_COLUMN(DB_INT64, db_verification, damaged_time),
	DB_COLUMN(DB_BOOL, db_verification, is_own_damage),
	DB_COLUMN(DB_TEXT, db_verification, problem),
	DB_COLUMN(DB_TEXT, db_verification, harm),
};
static const struct db_columns verification_columns = DB_COLUMNS(verification_items);

const char *db_verified_name(enum db_verified verified)
{
	static const char *const names[DB_VERIFIED_COUNT] = {
		[DB_VERIFIED_DAMAGED] = "Damaged",    [DB_VERIFIED_COMMITTED] = "Committed",
		[DB_VERIFIED_READ_BACK] = "ReadBack", [DB_VERIFIED_HASHES] = "HashVerified",
		[DB_VERIFIED_DEEP] = "DeepVerified",
	};
	return names[verified];
}

enum status db_verification_get(struct db *db, const char *backup_id, struct db_verification *out,
				struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_VERIFICATION_GET]);
	db_bind_text(&statement, ":backup_id", backup_id);
	struct db_verification row = { .backup_id = "" };
	enum status status = db_statement_only(&statement, &verification_columns, &row, err);
	if (status == STATUS_NOT_FOUND) {
		memcpy(row.backup_id, backup_id, strnlen(backup_id, GUID_TEXT_SIZE - 1));
		status = STATUS_OK;
	}
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_verification_put(struct db *db, const struct db_verification *row, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_VERIFICATION_PUT]);
	db_bind_row(&statement, &verification_columns, row);
	return db_statement_run(&statement, NULL, err);
}

enum status db_verification_list_damaged(struct db *db, const char *location,
					 enum status (*each)(const struct db_verification *row,
							     void *context, struct error *err),
					 void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_VERIFICATION_DAMAGED]);
	db_bind_text(&statement, ":location", location);
	for (;;) {
		struct db_verification row = { .backup_id = "" };
		bool found = false;
		enum status status =
			db_statement_next(&statement, &verification_columns, &row, &found, err);
		if (status == STATUS_OK && found) {
			status = each(&row, context, err);
			db_verification_done(&row);
		}
		if (status != STATUS_OK || !found)
			return status;
	}
}

enum db_verified db_verification_state(const struct db_verification *row)
{
	if (row->damaged_time != 0)
		return DB_VERIFIED_DAMAGED;
	if (row->files_time != 0)
		return DB_VERIFIED_DEEP;
	if (row->hashes_time != 0)
		return DB_VERIFIED_HASHES;
	return row->read_back_time != 0 ? DB_VERIFIED_READ_BACK : DB_VERIFIED_COMMITTED;
}

void db_verification_done(struct db_verification *row)
{
	if (row != NULL)
		db_row_done(&verification_columns, row);
}
