/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance windows. */
#include "db_queries.h"

enum { Q_MAINTENANCE_ADD, Q_MAINTENANCE_NEWEST, Q_MAINTENANCE_PUT };

#define COLUMNS                                                                                    \
	"sequence, operation, requested_by, created_time, started_time, planned_end, ended_time, " \
	"ended_by, backup_before, is_backup_after, backup_after, note"

static const struct db_query queries[] = {
	[Q_MAINTENANCE_ADD] = { "begin maintenance",
				"INSERT INTO maintenance (location, operation, requested_by,"
				" created_time, started_time, planned_end, backup_before)"
				" VALUES (:location, :operation, :requested_by, :created_time,"
				" :started_time, :planned_end, :backup_before) "
				"RETURNING " COLUMNS },
	[Q_MAINTENANCE_NEWEST] = { "read maintenance",
				   "SELECT " COLUMNS " FROM maintenance WHERE location = :location"
				   " ORDER BY sequence DESC LIMIT 1" },
	[Q_MAINTENANCE_PUT] = { "store maintenance",
				"UPDATE maintenance SET started_time = :started_time,"
				" ended_time = :ended_time, ended_by = :ended_by,"
				" is_backup_after = :is_backup_after,"
				" backup_after = :backup_after, note = :note"
				" WHERE sequence = :sequence" },
};

const struct db_query_set db_maintenance_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column maintenance_items[] = {
	DB_COLUMN(DB_INT64, db_maintenance, sequence),
	DB_COLUMN(DB_NAME, db_maintenance, operation),
	DB_COLUMN(DB_NAME, db_maintenance, requested_by),
	DB_COLUMN(DB_INT64, db_maintenance, created_time),
	DB_COLUMN(DB_INT64, db_maintenance, started_time),
	DB_COLUMN(DB_INT64, db_maintenance, planned_end),
	DB_COLUMN(DB_INT64, db_maintenance, ended_time),
	DB_COLUMN(DB_NAME, db_maintenance, ended_by),
	DB_COLUMN(DB_NAME, db_maintenance, backup_before),
	DB_COLUMN(DB_BOOL, db_maintenance, is_backup_after),
	DB_COLUMN(DB_NAME, db_maintenance, backup_after),
	DB_COLUMN(DB_NAME, db_maintenance, note),
};
static const struct db_columns maintenance_columns = DB_COLUMNS(maintenance_items);

/* Empty is NULL. */
static void bind_name(struct db_statement *statement, const char *name, const char *value)
{
	db_bind_text(statement, name, value[0] == '\0' ? NULL : value);
}

enum status db_maintenance_add(struct db *db, const char *location,
			       struct db_maintenance *maintenance, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_MAINTENANCE_ADD]);
	struct db_maintenance added = { .sequence = 0 };
	db_bind_text(&statement, ":location", location);
	db_bind_text(&statement, ":operation", maintenance->operation);
	db_bind_text(&statement, ":requested_by", maintenance->requested_by);
	db_bind_integer(&statement, ":created_time", maintenance->created_time);
	db_bind_integer(&statement, ":started_time", maintenance->started_time);
	db_bind_integer(&statement, ":planned_end", maintenance->planned_end);
	bind_name(&statement, ":backup_before", maintenance->backup_before);
	enum status status = db_statement_only(&statement, &maintenance_columns, &added, err);
	if (status == STATUS_OK)
		*maintenance = added;
	return status;
}

enum status db_maintenance_newest(struct db *db, const char *location, struct db_maintenance *out,
				  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_MAINTENANCE_NEWEST]);
	*out = (struct db_maintenance) { .sequence = 0 };
	db_bind_text(&statement, ":location", location);
	return db_statement_only(&statement, &maintenance_columns, out, err);
}

enum status db_maintenance_put(struct db *db, const struct db_maintenance *maintenance,
			       struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_MAINTENANCE_PUT]);
	db_bind_integer(&statement, ":sequence", maintenance->sequence);
	db_bind_integer(&statement, ":started_time", maintenance->started_time);
	db_bind_integer(&statement, ":ended_time", maintenance->ended_time);
	bind_name(&statement, ":ended_by", maintenance->ended_by);
	db_bind_integer(&statement, ":is_backup_after", maintenance->is_backup_after);
	bind_name(&statement, ":backup_after", maintenance->backup_after);
	bind_name(&statement, ":note", maintenance->note);
	return db_statement_run(&statement, NULL, err);
}
