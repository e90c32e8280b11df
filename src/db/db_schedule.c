/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of the backup location. */
#include "db_queries.h"

enum { Q_SCHEDULE_GET, Q_SCHEDULE_PUT, Q_SCHEDULE_PUT_NEXT };

static const struct db_query queries[] = {
	[Q_SCHEDULE_GET] = { "read schedule",
			     "SELECT coalesce((SELECT next_backup_time FROM backup_location"
			     " WHERE name = :location), 0) AS next_backup_time,"
			     " coalesce(last_slot_time, 0) AS last_slot_time,"
			     " coalesce(is_owed, 0) AS is_owed"
			     " FROM (SELECT :location AS wanted) LEFT JOIN backup_schedule"
			     " ON location = wanted" },
	[Q_SCHEDULE_PUT] = { "store schedule",
			     "INSERT OR REPLACE INTO backup_schedule (location, last_slot_time,"
			     " is_owed) VALUES (:location, :last_slot_time, :is_owed)" },
	[Q_SCHEDULE_PUT_NEXT] = { "store schedule",
				  "UPDATE backup_location SET next_backup_time = :next_backup_time"
				  " WHERE name = :location" },
};

const struct db_query_set db_schedule_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column schedule_items[] = {
	DB_COLUMN(DB_INT64, db_schedule, next_backup_time),
	DB_COLUMN(DB_INT64, db_schedule, last_slot_time),
	DB_COLUMN(DB_BOOL, db_schedule, is_owed),
};
static const struct db_columns schedule_columns = DB_COLUMNS(schedule_items);

enum status db_schedule_get(struct db *db, const char *location, struct db_schedule *out,
			    struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SCHEDULE_GET]);
	db_bind_text(&statement, ":location", location);
	*out = (struct db_schedule) { .is_owed = false };
	return db_statement_only(&statement, &schedule_columns, out, err);
}

struct change {
	const char *location;
	const struct db_schedule *schedule;
};

static enum status put(struct db *db, void *context, struct error *err)
{
	const struct change *change = context;
	const struct db_schedule *schedule = change->schedule;
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SCHEDULE_PUT]);
	db_bind_text(&statement, ":location", change->location);
	db_bind_integer(&statement, ":last_slot_time", schedule->last_slot_time);
	db_bind_integer(&statement, ":is_owed", schedule->is_owed);
	enum status status = db_statement_run(&statement, NULL, err);
	if (status != STATUS_OK)
		return status;
	AUTO_STATEMENT next = db_statement_begin(db, &queries[Q_SCHEDULE_PUT_NEXT]);
	db_bind_text(&next, ":location", change->location);
	db_bind_integer(&next, ":next_backup_time", schedule->next_backup_time);
	return db_statement_run(&next, NULL, err);
}

enum status db_schedule_put(struct db *db, const char *location, const struct db_schedule *schedule,
			    struct error *err)
{
	struct change change = { .location = location, .schedule = schedule };
	return db_transaction(db, put, &change, err);
}
