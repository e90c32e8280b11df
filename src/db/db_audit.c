/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the audit log and of the ends of its chain. */
#include <string.h>

#include "db_queries.h"

enum {
	Q_AUDIT_ADD,
	Q_AUDIT_END,
	Q_AUDIT_NEXT,
	Q_AUDIT_NEXT_SEQUENCE,
	Q_AUDIT_LAST,
	Q_AUDIT_CHAIN_GET,
	Q_AUDIT_CHAIN_PUT,
	Q_AUDIT_EXPIRED,
	Q_AUDIT_PRUNE,
	Q_AUDIT_LIST,
};

#define TEXTS                                                                                      \
	"caller, caller_identity, caller_kind, address, method, path, operation, api_version, "    \
	"request_id, "                                                                             \
	"correlation_id"
#define OUTCOME "ended_time, http_status, error_code, job_id, requests, outcome_hash"
#define COLUMNS "sequence, event_time, " TEXTS ", hash, " OUTCOME
/* What reads as another value than it is: '' as NULL, and a text only up to a zero byte. */
#define IS_ODD                                                                                     \
	"ifnull('' IN (" TEXTS ", error_code, job_id), 0) OR instr(CAST(concat_texts AS BLOB), "   \
	"x'00') > 0"
#define JOINED                                                                                     \
	"ifnull(caller, '') || ifnull(caller_identity, '') || caller_kind || ifnull(address, '') " \
	"|| ifnull(method, '') || "                                                                \
	"ifnull(path, '') || ifnull(operation, '') || ifnull(api_version, '') || "                 \
	"ifnull(request_id, '') || ifnull(correlation_id, '') || ifnull(error_code, '') || "       \
	"ifnull(job_id, '')"
#define CHAIN                                                                                      \
	"pruned_sequence, pruned_hash, last_sequence, last_hash, damaged_sequence, "               \
	"open_sequences, hash"

static const struct db_query queries[] = {
	[Q_AUDIT_ADD] = { "add to the audit log",
			  "INSERT INTO audit_event (" COLUMNS ") VALUES (:sequence, :event_time,"
			  " :caller, :caller_identity, :caller_kind, :address, :method, :path, "
			  ":operation,"
			  " :api_version, :request_id, :correlation_id, :hash, :ended_time,"
			  " :http_status, :error_code, :job_id, :requests, :outcome_hash)" },
	[Q_AUDIT_END] = { "add an outcome to the audit log",
			  "UPDATE audit_event SET ended_time = :ended_time,"
			  " http_status = :http_status, error_code = :error_code,"
			  " job_id = :job_id, requests = :requests, outcome_hash = :outcome_hash"
			  " WHERE sequence = :sequence AND outcome_hash IS NULL" },
	[Q_AUDIT_NEXT] = { "read the audit log",
			   "SELECT " COLUMNS ", " IS_ODD " AS is_odd FROM"
			   " (SELECT *, " JOINED " AS concat_texts FROM audit_event"
			   " WHERE sequence > :after ORDER BY sequence LIMIT 1)" },
	[Q_AUDIT_NEXT_SEQUENCE] = { "read the audit log", "SELECT min(sequence) FROM audit_event"
							  " WHERE sequence > :after" },
	[Q_AUDIT_LAST] = { "read the audit log", "SELECT max(sequence) FROM audit_event" },
	[Q_AUDIT_CHAIN_GET] = { "read the audit log's end", "SELECT " CHAIN " FROM audit_chain" },
	[Q_AUDIT_CHAIN_PUT] = { "store the audit log's end",
				"INSERT INTO audit_chain (id, " CHAIN ") VALUES (1,"
				" :pruned_sequence, :pruned_hash, :last_sequence, :last_hash,"
				" :damaged_sequence, :open_sequences, :hash)"
				" ON CONFLICT (id) DO UPDATE SET"
				" pruned_sequence = excluded.pruned_sequence,"
				" pruned_hash = excluded.pruned_hash,"
				" last_sequence = excluded.last_sequence,"
				" last_hash = excluded.last_hash,"
				" damaged_sequence = excluded.damaged_sequence,"
				" open_sequences = excluded.open_sequences,"
				" hash = excluded.hash" },
	[Q_AUDIT_EXPIRED] = { "look for old rows of the audit log",
			      "SELECT max(sequence) FROM (SELECT sequence, event_time FROM"
			      " audit_event ORDER BY sequence LIMIT :most) AS oldest"
			      " WHERE sequence <= :sequence OR sequence <"
			      " ifnull((SELECT min(sequence) FROM (SELECT sequence, event_time"
			      " FROM audit_event ORDER BY sequence LIMIT :most) AS kept"
			      " WHERE kept.event_time >= :time), 9223372036854775807)" },
	[Q_AUDIT_PRUNE] = { "prune the audit log",
			    "DELETE FROM audit_event WHERE sequence <= :sequence" },
	[Q_AUDIT_LIST] = { "list the audit log",
			   "SELECT " COLUMNS ", 0 AS is_odd FROM audit_event"
			   " WHERE (:before = 0 OR sequence < :before)"
			   " AND (:from_time = 0 OR event_time >= :from_time)"
			   " AND (:to_time = 0 OR event_time <= :to_time)"
			   " AND (:caller IS NULL OR caller = :caller COLLATE NOCASE)"
			   " AND (:operation IS NULL OR operation = :operation COLLATE NOCASE)"
			   " AND (:http_status = 0 OR http_status = :http_status)"
			   " AND (:status IS NULL OR :status = CASE WHEN ended_time = 0 THEN"
			   " 'Started' WHEN error_code IS NULL AND"
			   " http_status < 400 THEN 'Succeeded'"
			   " ELSE 'Failed' END COLLATE NOCASE)"
			   " ORDER BY sequence DESC LIMIT :max" },
};

const struct db_query_set db_audit_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

/* A member of a part of the row, under its own name. */
#define PART_COLUMN(column_type, part, member)                                                     \
	{                                                                                          \
		":" #member, column_type, offsetof(struct db_audit_event, part.member),            \
			sizeof(((struct db_audit_event *)NULL)->part.member)                       \
	}
#define OUTCOME_ITEMS                                                                              \
	PART_COLUMN(DB_INT64, outcome, ended_time), PART_COLUMN(DB_INT, outcome, http_status),     \
		PART_COLUMN(DB_NAME, outcome, error_code), PART_COLUMN(DB_NAME, outcome, job_id),  \
		PART_COLUMN(DB_INT64, outcome, requests),                                          \
		DB_COLUMN(DB_BYTES, db_audit_event, outcome_hash)

static const struct db_column event_items[] = {
	DB_COLUMN(DB_INT64, db_audit_event, sequence),
	DB_COLUMN(DB_INT64, db_audit_event, event_time),
	PART_COLUMN(DB_NAME, origin, caller),
	PART_COLUMN(DB_NAME, origin, caller_identity),
	PART_COLUMN(DB_NAME, origin, caller_kind),
	PART_COLUMN(DB_NAME, origin, address),
	PART_COLUMN(DB_NAME, origin, method),
	PART_COLUMN(DB_NAME, origin, path),
	PART_COLUMN(DB_NAME, origin, operation),
	PART_COLUMN(DB_NAME, origin, api_version),
	PART_COLUMN(DB_NAME, origin, request_id),
	PART_COLUMN(DB_NAME, origin, correlation_id),
	DB_COLUMN(DB_DIGEST, db_audit_event, hash),
	OUTCOME_ITEMS,
	DB_COLUMN(DB_BOOL, db_audit_event, is_odd),
};
/* The last one is computed. */
static const struct db_columns event_columns = DB_COLUMNS(event_items);
static const struct db_columns stored_columns = { event_items, ARRAY_LENGTH(event_items) - 1 };

static const struct db_column outcome_items[] = { DB_COLUMN(DB_INT64, db_audit_event, sequence),
						  OUTCOME_ITEMS };
static const struct db_columns outcome_columns = DB_COLUMNS(outcome_items);

static const struct db_column chain_items[] = {
	DB_COLUMN(DB_INT64, db_audit_chain, pruned_sequence),
	DB_COLUMN(DB_DIGEST, db_audit_chain, pruned_hash),
	DB_COLUMN(DB_INT64, db_audit_chain, last_sequence),
	DB_COLUMN(DB_DIGEST, db_audit_chain, last_hash),
	DB_COLUMN(DB_INT64, db_audit_chain, damaged_sequence),
	DB_COLUMN(DB_BYTES, db_audit_chain, open_sequences),
	DB_COLUMN(DB_DIGEST, db_audit_chain, hash),
};
static const struct db_columns chain_columns = DB_COLUMNS(chain_items);

enum status db_audit_add(struct db *db, const struct db_audit_event *event, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_ADD]);
	db_bind_row(&statement, &stored_columns, event);
	return db_statement_run(&statement, NULL, err);
}

enum status db_audit_end(struct db *db, const struct db_audit_event *event, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_END]);
	db_bind_row(&statement, &outcome_columns, event);
	int changed = 0;
	enum status status = db_statement_run(&statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return fail(err, STATUS_NOT_FOUND, queries[Q_AUDIT_END].step, NULL,
			    "row %lld of the audit log is gone or has an outcome already",
			    (long long)event->sequence);
	return status;
}

/* The number that an aggregate gives; 0 for NULL. */
static enum status read_sequence(struct db_statement *statement, int64_t *out, struct error *err)
{
	bool row = false;
	enum status status = db_statement_step(statement, &row, err);
	if (status == STATUS_OK)
		*out = row ? sqlite3_column_int64(statement->handle, 0) : 0;
	return status;
}

static enum status next_sequence(struct db *db, int64_t after, int64_t *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_NEXT_SEQUENCE]);
	db_bind_integer(&statement, ":after", after);
	return read_sequence(&statement, out, err);
}

enum status db_audit_next(struct db *db, int64_t after, struct db_audit_event *out, bool *more,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_NEXT]);
	memset(out, 0, sizeof *out);
	*more = false;
	db_bind_integer(&statement, ":after", after);
	enum status status = db_statement_next(&statement, &event_columns, out, more, err);
	if (status == STATUS_INTEGRITY &&
	    next_sequence(db, after, &out->sequence, NULL) != STATUS_OK)
		*more = false;
	return status;
}

enum status db_audit_last_sequence(struct db *db, int64_t *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_LAST]);
	return read_sequence(&statement, out, err);
}

void db_audit_event_done(struct db_audit_event *event)
{
	if (event != NULL)
		db_row_done(&event_columns, event);
}

enum status db_audit_chain_get(struct db *db, struct db_audit_chain *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_CHAIN_GET]);
	memset(out, 0, sizeof *out);
	return db_statement_only(&statement, &chain_columns, out, err);
}

enum status db_audit_chain_put(struct db *db, const struct db_audit_chain *chain, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_CHAIN_PUT]);
	db_bind_row(&statement, &chain_columns, chain);
	return db_statement_run(&statement, NULL, err);
}

void db_audit_chain_done(struct db_audit_chain *chain)
{
	if (chain != NULL)
		db_row_done(&chain_columns, chain);
}

enum status db_audit_find_expired(struct db *db, int64_t time, int64_t sequence, int64_t most,
				  int64_t *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_EXPIRED]);
	db_bind_integer(&statement, ":time", time);
	db_bind_integer(&statement, ":sequence", sequence);
	db_bind_integer(&statement, ":most", most);
	return read_sequence(&statement, out, err);
}

enum status db_audit_prune(struct db *db, int64_t sequence, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_PRUNE]);
	db_bind_integer(&statement, ":sequence", sequence);
	return db_statement_run(&statement, NULL, err);
}

const char *db_audit_status(const struct db_audit_event *event)
{
	if (event->outcome.ended_time == 0)
		return "Started";
	return event->outcome.error_code[0] == '\0' && event->outcome.http_status < 400
		       ? "Succeeded"
		       : "Failed";
}

static void bind_filter(struct db_statement *statement, const struct db_audit_filter *filter)
{
	db_bind_integer(statement, ":before", filter->before);
	db_bind_integer(statement, ":from_time", filter->from_time);
	db_bind_integer(statement, ":to_time", filter->to_time);
	db_bind_text(statement, ":caller", filter->caller[0] == '\0' ? NULL : filter->caller);
	db_bind_text(statement, ":operation",
		     filter->operation[0] == '\0' ? NULL : filter->operation);
	db_bind_integer(statement, ":http_status", filter->http_status);
	db_bind_text(statement, ":status", filter->status[0] == '\0' ? NULL : filter->status);
	db_bind_unsigned(statement, ":max", filter->max);
}

enum status db_audit_list(struct db *db, const struct db_audit_filter *filter,
			  enum status (*each)(const struct db_audit_event *event, void *context,
					      struct error *err),
			  void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_AUDIT_LIST]);
	bind_filter(&statement, filter);
	for (;;) {
		struct db_audit_event event = { .sequence = 0 };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &event_columns, &event, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&event, context, err);
		db_audit_event_done(&event);
		if (status != STATUS_OK)
			return status;
	}
}
