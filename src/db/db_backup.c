/* SPDX-License-Identifier: Apache-2.0 */
/* Committed backups. */
#include "db_queries.h"

enum {
	Q_BACKUP_ADD,
	Q_BACKUP_COUNT,
	Q_BACKUP_GET,
	Q_BACKUP_NEWEST,
	Q_BACKUP_LIST,
	Q_BACKUP_SUMMARIZE,
	Q_BACKUP_STATUS,
	Q_BACKUP_PIN,
};

#define COLUMNS                                                                                    \
	"id, location, sequence, folder, generation, status, started_time, completed_time, "       \
	"stamp_version, oem_version, deployment_id, thumbprint, is_automatic, "                    \
	"is_cloud_recovery_ready, bytes, new_bytes, record_sha256, repository, pinned_until"

static const struct db_query queries[] = {
	[Q_BACKUP_ADD] = { "add backup",
			   "INSERT INTO backup (" COLUMNS ") VALUES (:id, :location, :sequence,"
			   " :folder, :generation, :status, :started_time, :completed_time,"
			   " :stamp_version, :oem_version, :deployment_id, :thumbprint,"
			   " :is_automatic, :is_cloud_recovery_ready, :bytes, :new_bytes,"
			   " :record_sha256, :repository, :pinned_until)" },
	[Q_BACKUP_COUNT] = { "count backup in its generation",
			     "UPDATE generation SET backups = backups + 1 WHERE name = :name" },
	[Q_BACKUP_GET] = { "read backup", "SELECT " COLUMNS " FROM backup"
					  " WHERE id = :id AND location = :location" },
	[Q_BACKUP_NEWEST] = { "read newest backup", "SELECT " COLUMNS " FROM backup"
						    " WHERE location = :location"
						    " ORDER BY sequence DESC LIMIT 1" },
	[Q_BACKUP_LIST] = { "list backups", "SELECT " COLUMNS " FROM backup"
					    " WHERE location = :location ORDER BY id" },
	[Q_BACKUP_SUMMARIZE] = { "summarize backups",
				 "WITH recent AS (SELECT new_bytes, sequence = (SELECT"
				 " min(other.sequence) FROM backup AS other"
				 " WHERE other.location = backup.location"
				 " AND other.generation = backup.generation) AS is_first"
				 " FROM backup WHERE location = :location"
				 " ORDER BY sequence DESC LIMIT 28)"
				 " SELECT (SELECT coalesce(max(completed_time), 0) FROM backup"
				 " WHERE location = :location AND is_cloud_recovery_ready"
				 " AND status IN ('Succeeded', 'PartialSucceeded')"
				 " AND id NOT IN (SELECT backup_id FROM backup_verification"
				 " WHERE damaged_time <> 0)) AS last_ready_time,"
				 " coalesce(max(iif(is_first, new_bytes, 0)), 0) AS full_bytes,"
				 " coalesce(sum(iif(is_first, 0, new_bytes)), 0) AS grown_bytes,"
				 " coalesce(sum(NOT is_first), 0) AS grown_count FROM recent" },
	[Q_BACKUP_STATUS] = { "note status of backup", "UPDATE backup SET status = :status"
						       " WHERE id = :id AND location = :location" },
	[Q_BACKUP_PIN] = { "pin backup", "UPDATE backup SET pinned_until = :pinned_until"
					 " WHERE id = :id AND location = :location"
					 " AND status <> 'Deleted'" },
};

const struct db_query_set db_backup_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column backup_items[] = {
	DB_COLUMN(DB_NAME, db_backup, id),
	DB_COLUMN(DB_TEXT, db_backup, location),
	DB_COLUMN(DB_UINT64, db_backup, sequence),
	DB_COLUMN(DB_TEXT, db_backup, folder),
	DB_COLUMN(DB_TEXT, db_backup, generation),
	DB_COLUMN(DB_TEXT, db_backup, status),
	DB_COLUMN(DB_INT64, db_backup, started_time),
	DB_COLUMN(DB_INT64, db_backup, completed_time),
	DB_COLUMN(DB_TEXT, db_backup, stamp_version),
	DB_COLUMN(DB_TEXT, db_backup, oem_version),
	DB_COLUMN(DB_TEXT, db_backup, deployment_id),
	DB_COLUMN(DB_NAME, db_backup, thumbprint),
	DB_COLUMN(DB_BOOL, db_backup, is_automatic),
	DB_COLUMN(DB_BOOL, db_backup, is_cloud_recovery_ready),
	DB_COLUMN(DB_UINT64, db_backup, bytes),
	DB_COLUMN(DB_UINT64, db_backup, new_bytes),
	DB_COLUMN(DB_DIGEST, db_backup, record_sha256),
	DB_COLUMN(DB_TEXT, db_backup, repository),
	DB_COLUMN(DB_INT64, db_backup, pinned_until),
};
static const struct db_columns backup_columns = DB_COLUMNS(backup_items);

static enum status insert(struct db *db, const struct db_backup *backup, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_ADD]);
	db_bind_row(&statement, &backup_columns, backup);
	enum status status = db_statement_run(&statement, NULL, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_EXISTS, queries[Q_BACKUP_ADD].step, backup->id,
			    "there is a backup with this id or with sequence %llu already",
			    (unsigned long long)backup->sequence);
	return status;
}

static enum status count_in_generation(struct db *db, const char *name, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_COUNT]);
	db_bind_text(&statement, ":name", name);
	return db_statement_run(&statement, NULL, err);
}

static enum status add(struct db *db, void *context, struct error *err)
{
	const struct db_backup *backup = context;
	enum status status = insert(db, backup, err);
	if (status == STATUS_OK)
		status = count_in_generation(db, backup->generation, err);
	if (status == STATUS_OK)
		status =
			db_location_note(db, backup->location, backup->completed_time, -1, -1, err);
	return status;
}

enum status db_backup_add(struct db *db, const struct db_backup *backup, struct error *err)
{
	struct db_backup row = *backup;
	return db_transaction(db, add, &row, err);
}

enum status db_backup_get(struct db *db, const char *location, const char *id,
			  struct db_backup *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_GET]);
	db_bind_text(&statement, ":id", id);
	db_bind_text(&statement, ":location", location);
	struct db_backup row = { 0 };
	enum status status = db_statement_only(&statement, &backup_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_BACKUP_GET].step, id,
			    "the location %s has no backup with this id", location);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_backup_newest(struct db *db, const char *location, struct db_backup *out,
			     struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_NEWEST]);
	db_bind_text(&statement, ":location", location);
	struct db_backup row = { 0 };
	enum status status = db_statement_only(&statement, &backup_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_BACKUP_NEWEST].step, location,
			    "the location has no backup yet");
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_backup_list(struct db *db, const char *location,
			   enum status (*each)(const struct db_backup *backup, void *context,
					       struct error *err),
			   void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_LIST]);
	db_bind_text(&statement, ":location", location);
	for (;;) {
		struct db_backup row = { 0 };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &backup_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_backup_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

static const struct db_column summary_items[] = {
	DB_COLUMN(DB_INT64, db_backup_summary, last_ready_time),
	DB_COLUMN(DB_UINT64, db_backup_summary, full_bytes),
	DB_COLUMN(DB_UINT64, db_backup_summary, grown_bytes),
	DB_COLUMN(DB_UINT64, db_backup_summary, grown_count),
};
static const struct db_columns summary_columns = DB_COLUMNS(summary_items);

enum status db_backup_summarize(struct db *db, const char *location, struct db_backup_summary *out,
				struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_SUMMARIZE]);
	db_bind_text(&statement, ":location", location);
	*out = (struct db_backup_summary) { 0 };
	return db_statement_only(&statement, &summary_columns, out, err);
}

static enum status run_on_one(struct db_statement *statement, const char *location, const char *id,
			      struct error *err)
{
	int changed = 0;
	db_bind_text(statement, ":id", id);
	db_bind_text(statement, ":location", location);
	enum status status = db_statement_run(statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		status = fail(err, STATUS_NOT_FOUND, statement->query->step, id,
			      "the location %s has no backup with this id", location);
	return status;
}

enum status db_backup_set_status(struct db *db, const char *location, const char *id,
				 const char *backup_status, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_STATUS]);
	db_bind_text(&statement, ":status", backup_status);
	return run_on_one(&statement, location, id, err);
}

enum status db_backup_pin(struct db *db, const char *location, const char *id, int64_t until,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_BACKUP_PIN]);
	db_bind_integer(&statement, ":pinned_until", until);
	return run_on_one(&statement, location, id, err);
}

void db_backup_done(struct db_backup *backup)
{
	if (backup != NULL)
		db_row_done(&backup_columns, backup);
}
