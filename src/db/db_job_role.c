/* SPDX-License-Identifier: Apache-2.0 */
/* What a job did for each role. */
#include "db_job.h"

enum { Q_ROLE_PUT, Q_ROLE_LIST, Q_ROLE_CLOSE };

#define COLUMNS                                                                                    \
	"job_id, position, role, state, entries, bytes, new_bytes, files_read, "                   \
	"files_unchanged, problems, started_time, ended_time, error_status, error_message, "       \
	"taken_from, provider"

static const struct db_query queries[] = {
	[Q_ROLE_PUT] = { "note role of job",
			 "INSERT OR REPLACE INTO job_role (" COLUMNS ") VALUES (:job_id, :position,"
			 " :role, :state, :entries, :bytes, :new_bytes, :files_read,"
			 " :files_unchanged, :problems, :started_time, :ended_time, :error_status,"
			 " :error_message, :taken_from, :provider)" },
	[Q_ROLE_LIST] = { "list roles of job", "SELECT " COLUMNS " FROM job_role"
					       " WHERE job_id = :job_id ORDER BY position, role" },
	[Q_ROLE_CLOSE] = { "finish roles of job",
			   "UPDATE job_role SET"
			   " state = iif(:state = 'Cancelled', 'Cancelled', 'Failed'),"
			   " ended_time = :ended_time,"
			   " error_status = coalesce(error_status, :error_status),"
			   " error_message = coalesce(error_message, :error_message)"
			   " WHERE job_id = :job_id AND state IN ('Queued', 'Running')" },
};

const struct db_query_set db_job_role_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column role_items[] = {
	DB_COLUMN(DB_NAME, db_job_role, job_id),
	DB_COLUMN(DB_INT, db_job_role, position),
	DB_COLUMN(DB_TEXT, db_job_role, role),
	DB_COLUMN(DB_TEXT, db_job_role, state),
	DB_COLUMN(DB_UINT64, db_job_role, entries),
	DB_COLUMN(DB_UINT64, db_job_role, bytes),
	DB_COLUMN(DB_UINT64, db_job_role, new_bytes),
	DB_COLUMN(DB_UINT64, db_job_role, files_read),
	DB_COLUMN(DB_UINT64, db_job_role, files_unchanged),
	DB_COLUMN(DB_UINT64, db_job_role, problems),
	DB_COLUMN(DB_INT64, db_job_role, started_time),
	DB_COLUMN(DB_INT64, db_job_role, ended_time),
	DB_COLUMN(DB_TEXT, db_job_role, error_status),
	DB_COLUMN(DB_TEXT, db_job_role, error_message),
	DB_COLUMN(DB_NAME, db_job_role, taken_from),
	DB_COLUMN(DB_TEXT, db_job_role, provider),
};
static const struct db_columns role_columns = DB_COLUMNS(role_items);

enum status db_job_role_put(struct db *db, const struct db_job_role *role, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ROLE_PUT]);
	db_bind_row(&statement, &role_columns, role);
	return db_statement_run(&statement, NULL, err);
}

enum status db_job_role_list(struct db *db, const char *job_id,
			     enum status (*each)(const struct db_job_role *role, void *context,
						 struct error *err),
			     void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ROLE_LIST]);
	db_bind_text(&statement, ":job_id", job_id);
	for (;;) {
		struct db_job_role row = { .job_id = "" };
		bool more = false;
		enum status status = db_statement_next(&statement, &role_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_job_role_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

enum status db_job_role_close(struct db *db, const char *job_id, const char *state,
			      int64_t ended_time, const struct error *fault, struct error *err)
{
	char text[DB_FAULT_TEXT_SIZE];
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_ROLE_CLOSE]);
	db_bind_text(&statement, ":job_id", job_id);
	db_bind_text(&statement, ":state", state);
	db_bind_integer(&statement, ":ended_time", ended_time);
	db_bind_fault(&statement, fault, text);
	return db_statement_run(&statement, NULL, err);
}

void db_job_role_done(struct db_job_role *role)
{
	if (role != NULL)
		db_row_done(&role_columns, role);
}
