/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts. */
#include "db_queries.h"

enum {
	Q_ALERT_ADD,
	Q_ALERT_UPDATE,
	Q_ALERT_GET,
	Q_ALERT_NEWEST,
	Q_ALERT_IS_KNOWN,
	Q_ALERT_LIST,
	Q_ALERT_TRIM
};

#define COLUMNS                                                                                    \
	"id, fault_id, location, fault, topic, occurrence, evidence, times_raised, created_time, " \
	"updated_time, closed_time, closed_by, close_reason, is_settled"

static const struct db_query queries[] = {
	[Q_ALERT_ADD] = { "add alert",
			  "INSERT INTO alert (" COLUMNS ") VALUES (:id, :fault_id, :location,"
			  " :fault, :topic, :occurrence, :evidence, :times_raised, :created_time,"
			  " :updated_time, :closed_time, :closed_by, :close_reason, :is_settled)" },
	[Q_ALERT_UPDATE] = { "update alert",
			     "UPDATE alert SET occurrence = :occurrence, evidence = :evidence,"
			     " times_raised = :times_raised, updated_time = :updated_time,"
			     " closed_time = :closed_time, closed_by = :closed_by,"
			     " close_reason = :close_reason, is_settled = :is_settled"
			     " WHERE id = :id" },
	[Q_ALERT_GET] = { "read alert", "SELECT " COLUMNS " FROM alert"
					" WHERE id = :id AND location = :location" },
	[Q_ALERT_NEWEST] = { "read newest alert", "SELECT " COLUMNS " FROM alert"
						  " WHERE location = :location AND topic = :topic"
						  " ORDER BY sequence DESC LIMIT 1" },
	[Q_ALERT_IS_KNOWN] = { "look up what raised alerts",
			       "SELECT EXISTS (SELECT 1 FROM alert WHERE location = :location"
			       " AND topic = :topic AND occurrence = :occurrence)" },
	[Q_ALERT_LIST] = { "list alerts",
			   "SELECT " COLUMNS " FROM alert WHERE location = :location"
			   " AND (closed_time = 0 OR closed_time > :closed_after) ORDER BY id" },
	[Q_ALERT_TRIM] = { "forget old alerts",
			   "DELETE FROM alert WHERE closed_time <> 0 AND location = :location"
			   " AND topic = :topic AND sequence NOT IN (SELECT sequence FROM alert"
			   " WHERE closed_time <> 0 AND location = :location AND topic = :topic"
			   " ORDER BY sequence DESC LIMIT :keep)" },
};

const struct db_query_set db_alert_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column alert_items[] = {
	DB_COLUMN(DB_NAME, db_alert, id),
	DB_COLUMN(DB_NAME, db_alert, fault_id),
	DB_COLUMN(DB_TEXT, db_alert, location),
	DB_COLUMN(DB_TEXT, db_alert, fault),
	DB_COLUMN(DB_TEXT, db_alert, topic),
	DB_COLUMN(DB_TEXT, db_alert, occurrence),
	DB_COLUMN(DB_TEXT, db_alert, evidence),
	DB_COLUMN(DB_INT64, db_alert, times_raised),
	DB_COLUMN(DB_INT64, db_alert, created_time),
	DB_COLUMN(DB_INT64, db_alert, updated_time),
	DB_COLUMN(DB_INT64, db_alert, closed_time),
	DB_COLUMN(DB_TEXT, db_alert, closed_by),
	DB_COLUMN(DB_TEXT, db_alert, close_reason),
	DB_COLUMN(DB_BOOL, db_alert, is_settled),
};
static const struct db_columns alert_columns = DB_COLUMNS(alert_items);

static void bind_topic(struct db_statement *statement, const char *location, const char *topic)
{
	db_bind_text(statement, ":location", location);
	db_bind_text(statement, ":topic", topic);
}

enum status db_alert_add(struct db *db, const struct db_alert *alert, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_ADD]);
	db_bind_row(&statement, &alert_columns, alert);
	return db_statement_run(&statement, NULL, err);
}

enum status db_alert_update(struct db *db, const struct db_alert *alert, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_UPDATE]);
	db_bind_text(&statement, ":id", alert->id);
	db_bind_text(&statement, ":occurrence", alert->occurrence);
	db_bind_text(&statement, ":evidence", alert->evidence);
	db_bind_integer(&statement, ":times_raised", alert->times_raised);
	db_bind_integer(&statement, ":updated_time", alert->updated_time);
	db_bind_integer(&statement, ":closed_time", alert->closed_time);
	db_bind_text(&statement, ":closed_by", alert->closed_by);
	db_bind_text(&statement, ":close_reason", alert->close_reason);
	db_bind_integer(&statement, ":is_settled", alert->is_settled);
	int changed = 0;
	enum status status = db_statement_run(&statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return fail(err, STATUS_NOT_FOUND, queries[Q_ALERT_UPDATE].step, alert->id,
			    "there is no alert with this id");
	return status;
}

enum status db_alert_get(struct db *db, const char *location, const char *id, struct db_alert *out,
			 struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_GET]);
	db_bind_text(&statement, ":id", id);
	db_bind_text(&statement, ":location", location);
	struct db_alert row = { 0 };
	enum status status = db_statement_only(&statement, &alert_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_ALERT_GET].step, id,
			    "the location %s has no alert with this id", location);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_alert_newest(struct db *db, const char *location, const char *topic,
			    struct db_alert *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_NEWEST]);
	bind_topic(&statement, location, topic);
	struct db_alert row = { 0 };
	enum status status = db_statement_only(&statement, &alert_columns, &row, err);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_alert_is_known(struct db *db, const char *location, const char *topic,
			      const char *occurrence, bool *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_IS_KNOWN]);
	bind_topic(&statement, location, topic);
	db_bind_text(&statement, ":occurrence", occurrence);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status == STATUS_OK)
		*out = row && sqlite3_column_int(statement.handle, 0) != 0;
	return status;
}

enum status db_alert_list(struct db *db, const char *location, int64_t closed_after,
			  enum status (*each)(const struct db_alert *alert, void *context,
					      struct error *err),
			  void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_LIST]);
	db_bind_text(&statement, ":location", location);
	db_bind_integer(&statement, ":closed_after", closed_after);
	for (;;) {
		struct db_alert row = { 0 };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &alert_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_alert_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

enum status db_alert_trim(struct db *db, const char *location, const char *topic, int64_t keep,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ALERT_TRIM]);
	bind_topic(&statement, location, topic);
	db_bind_integer(&statement, ":keep", keep);
	return db_statement_run(&statement, NULL, err);
}

void db_alert_done(struct db_alert *alert)
{
	if (alert != NULL)
		db_row_done(&alert_columns, alert);
}
