/* SPDX-License-Identifier: Apache-2.0 */
/* When each pack was last found whole, and which are damaged. */
#include "db_queries.h"

enum {
	Q_PACK_CHECK_PUT,
	Q_PACK_CHECK_NOTE,
	Q_PACK_CHECK_LIST,
	Q_PACK_CHECK_DAMAGED,
	Q_PACK_CHECK_REMOVE,
};

#define COLUMNS                                                                                    \
	"repository, generation, sha256, size, hashed_time, opened_time, tried_time,"              \
	" damaged_time, problem"
#define VALUES                                                                                     \
	":repository, :generation, :sha256, :size, :hashed_time, :opened_time, :tried_time,"       \
	" :damaged_time, :problem"

static const struct db_query queries[] = {
	[Q_PACK_CHECK_PUT] = { "record check of pack", "INSERT OR REPLACE INTO pack_check (" COLUMNS
						       ") VALUES (" VALUES ")" },
	[Q_PACK_CHECK_NOTE] = { "record check of pack",
				"INSERT INTO pack_check (" COLUMNS ") VALUES (" VALUES ")"
				" ON CONFLICT (repository, generation, sha256) DO UPDATE SET"
				" size = excluded.size,"
				" hashed_time = max(hashed_time, excluded.hashed_time),"
				" opened_time = max(opened_time, excluded.opened_time),"
				" tried_time = max(tried_time, excluded.tried_time),"
				" damaged_time = 0, problem = NULL" },
	[Q_PACK_CHECK_LIST] = { "list checks of packs",
				"SELECT " COLUMNS " FROM pack_check WHERE repository = :repository"
				" ORDER BY generation, sha256" },
	[Q_PACK_CHECK_DAMAGED] = { "list damaged packs",
				   "SELECT " COLUMNS " FROM pack_check"
				   " WHERE repository = :repository AND damaged_time <> 0"
				   " ORDER BY generation, sha256" },
	[Q_PACK_CHECK_REMOVE] = { "forget check of pack",
				  "DELETE FROM pack_check WHERE repository = :repository"
				  " AND generation = :generation AND sha256 = :sha256" },
};

const struct db_query_set db_pack_check_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column check_items[] = {
	DB_COLUMN(DB_NAME, db_pack_check, repository),
	DB_COLUMN(DB_NAME, db_pack_check, generation),
	DB_COLUMN(DB_DIGEST, db_pack_check, sha256),
	DB_COLUMN(DB_UINT64, db_pack_check, size),
	DB_COLUMN(DB_INT64, db_pack_check, hashed_time),
	DB_COLUMN(DB_INT64, db_pack_check, opened_time),
	DB_COLUMN(DB_INT64, db_pack_check, tried_time),
	DB_COLUMN(DB_INT64, db_pack_check, damaged_time),
	DB_COLUMN(DB_TEXT, db_pack_check, problem),
};
static const struct db_columns check_columns = DB_COLUMNS(check_items);

static enum status run_row(struct db *db, const struct db_query *query,
			   const struct db_pack_check *check, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, query);
	db_bind_row(&statement, &check_columns, check);
	return db_statement_run(&statement, NULL, err);
}

enum status db_pack_check_put(struct db *db, const struct db_pack_check *check, struct error *err)
{
	return run_row(db, &queries[Q_PACK_CHECK_PUT], check, err);
}

enum status db_pack_check_note(struct db *db, const struct db_pack_check *check, int64_t time,
			       bool opened, struct error *err)
{
	struct db_pack_check row = *check;
	row.hashed_time = time;
	row.opened_time = opened ? time : 0;
	row.tried_time = time;
	row.damaged_time = 0;
	row.problem = NULL;
	return run_row(db, &queries[Q_PACK_CHECK_NOTE], &row, err);
}

enum status db_pack_check_list(struct db *db, const char *repository, bool damaged_only,
			       enum status (*each)(const struct db_pack_check *check, void *context,
						   struct error *err),
			       void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(
		db, &queries[damaged_only ? Q_PACK_CHECK_DAMAGED : Q_PACK_CHECK_LIST]);
	db_bind_text(&statement, ":repository", repository);
	for (;;) {
		struct db_pack_check row = { .repository = "" };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &check_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_pack_check_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

enum status db_pack_check_remove(struct db *db, const struct db_pack_check *check,
				 struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_PACK_CHECK_REMOVE]);
	db_bind_text(&statement, ":repository", check->repository);
	db_bind_text(&statement, ":generation", check->generation);
	db_bind_bytes(&statement, ":sha256", check->sha256, sizeof check->sha256);
	return db_statement_run(&statement, NULL, err);
}

void db_pack_check_done(struct db_pack_check *check)
{
	if (check != NULL)
		db_row_done(&check_columns, check);
}
