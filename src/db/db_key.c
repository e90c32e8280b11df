/* SPDX-License-Identifier: Apache-2.0 */
/* The key inventory: which certificates were recipients, and of how much. */
#include "db_queries.h"

enum { Q_KEY_NOTE, Q_KEY_LIST };

#define COLUMNS "thumbprint, purpose, subject, not_after, first_used, last_used, backups"

static const struct db_query queries[] = {
	[Q_KEY_NOTE] = { "note use of key",
			 "INSERT INTO key_use (" COLUMNS ") VALUES (:thumbprint, :purpose,"
			 " :subject, :not_after, :first_used, :last_used, max(:backups, 1))"
			 " ON CONFLICT (thumbprint, purpose) DO UPDATE SET"
			 " last_used = max(last_used, excluded.last_used), backups = backups + 1" },
	[Q_KEY_LIST] = { "list keys", "SELECT " COLUMNS " FROM key_use"
				      " ORDER BY last_used DESC, thumbprint, purpose" },
};

const struct db_query_set db_key_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column key_items[] = {
	DB_COLUMN(DB_NAME, db_key, thumbprint),  DB_COLUMN(DB_TEXT, db_key, purpose),
	DB_COLUMN(DB_TEXT, db_key, subject),     DB_COLUMN(DB_INT64, db_key, not_after),
	DB_COLUMN(DB_INT64, db_key, first_used), DB_COLUMN(DB_INT64, db_key, last_used),
	DB_COLUMN(DB_UINT64, db_key, backups),
};
static const struct db_columns key_columns = DB_COLUMNS(key_items);

enum status db_key_note_use(struct db *db, const struct db_key *key, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_KEY_NOTE]);
	db_bind_row(&statement, &key_columns, key);
	return db_statement_run(&statement, NULL, err);
}

enum status db_key_list(struct db *db,
			enum status (*each)(const struct db_key *key, void *context,
					    struct error *err),
			void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_KEY_LIST]);
	for (;;) {
		struct db_key row = { 0 };
		bool more = false;
		enum status status = db_statement_next(&statement, &key_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_row_done(&key_columns, &row);
		if (status != STATUS_OK)
			return status;
	}
}
