/* SPDX-License-Identifier: Apache-2.0 */
/* The backup location. */
#include <string.h>

#include "db_queries.h"

enum { Q_LOCATION_GET, Q_LOCATION_PUT, Q_LOCATION_NOTE };

#define COLUMNS                                                                                    \
	"name, path, user_name, password_sealed, certificate, thumbprint, frequency_hours, "       \
	"retention_days, scheduler_enabled, next_backup_time, last_backup_time, capacity_total, "  \
	"capacity_free, changed_time"

static const struct db_query queries[] = {
	[Q_LOCATION_GET] = { "read backup location",
			     "SELECT " COLUMNS " FROM backup_location WHERE name = :name" },
	[Q_LOCATION_PUT] = { "store backup location",
			     "INSERT OR REPLACE INTO backup_location (" COLUMNS ") VALUES (:name,"
			     " :path, :user_name, :password_sealed, :certificate, :thumbprint,"
			     " :frequency_hours, :retention_days, :scheduler_enabled,"
			     " :next_backup_time, :last_backup_time, :capacity_total,"
			     " :capacity_free, :changed_time)" },
	/* Also for a location without a row: the figures are facts, whatever was configured. */
	[Q_LOCATION_NOTE] = { "note figures of backup location",
			      "INSERT INTO backup_location"
			      " (name, last_backup_time, capacity_total, capacity_free)"
			      " VALUES (:name, max(:last_backup_time, 0), max(:capacity_total, -1),"
			      " max(:capacity_free, -1))"
			      " ON CONFLICT (name) DO UPDATE SET"
			      " last_backup_time = iif(:last_backup_time < 0, last_backup_time,"
			      " :last_backup_time),"
			      " capacity_total = iif(:capacity_total < 0, capacity_total,"
			      " :capacity_total),"
			      " capacity_free = iif(:capacity_free < 0, capacity_free,"
			      " :capacity_free)" },
};

const struct db_query_set db_location_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column location_items[] = {
	DB_COLUMN(DB_TEXT, db_location, name),
	DB_COLUMN(DB_TEXT, db_location, path),
	DB_COLUMN(DB_TEXT, db_location, user_name),
	DB_COLUMN(DB_BYTES, db_location, password_sealed),
	DB_COLUMN(DB_BYTES, db_location, certificate),
	DB_COLUMN(DB_NAME, db_location, thumbprint),
	DB_COLUMN(DB_INT, db_location, frequency_hours),
	DB_COLUMN(DB_INT, db_location, retention_days),
	DB_COLUMN(DB_BOOL, db_location, scheduler_enabled),
	DB_COLUMN(DB_INT64, db_location, next_backup_time),
	DB_COLUMN(DB_INT64, db_location, last_backup_time),
	DB_COLUMN(DB_INT64, db_location, capacity_total),
	DB_COLUMN(DB_INT64, db_location, capacity_free),
	DB_COLUMN(DB_INT64, db_location, changed_time),
};
static const struct db_columns location_columns = DB_COLUMNS(location_items);

static enum status make_default(const char *name, struct db_location *out, struct error *err)
{
	char *copy = strdup(name);
	if (copy == NULL)
		return fail_memory(err, queries[Q_LOCATION_GET].step);
	*out = (struct db_location) {
		.name = copy,
		.frequency_hours = DB_LOCATION_FREQUENCY_HOURS,
		.retention_days = DB_LOCATION_RETENTION_DAYS,
		.capacity_total = -1,
		.capacity_free = -1,
	};
	return STATUS_OK;
}

enum status db_location_get(struct db *db, const char *name, struct db_location *out,
			    struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_LOCATION_GET]);
	db_bind_text(&statement, ":name", name);
	struct db_location row = { 0 };
	enum status status = db_statement_only(&statement, &location_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return make_default(name, out, err);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_location_put(struct db *db, const struct db_location *location, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_LOCATION_PUT]);
	db_bind_row(&statement, &location_columns, location);
	return db_statement_run(&statement, NULL, err);
}

enum status db_location_note(struct db *db, const char *name, int64_t last_backup_time,
			     int64_t capacity_total, int64_t capacity_free, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_LOCATION_NOTE]);
	db_bind_text(&statement, ":name", name);
	db_bind_integer(&statement, ":last_backup_time", last_backup_time);
	db_bind_integer(&statement, ":capacity_total", capacity_total);
	db_bind_integer(&statement, ":capacity_free", capacity_free);
	return db_statement_run(&statement, NULL, err);
}

void db_location_done(struct db_location *location)
{
	if (location != NULL)
		db_row_done(&location_columns, location);
}
