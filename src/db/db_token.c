/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens by their hash. */
#include "db_queries.h"

enum { Q_TOKEN_ADD, Q_TOKEN_FIND, Q_TOKEN_LIST, Q_TOKEN_REVOKE, Q_TOKEN_USED };

#define COLUMNS "id, name, hash, role, created_time, expires_time, revoked_time, last_used_time"

static const struct db_query queries[] = {
	[Q_TOKEN_ADD] = { "add token",
			  "INSERT INTO api_token (" COLUMNS ") VALUES (:id, :name, :hash, :role,"
			  " :created_time, :expires_time, :revoked_time, :last_used_time)" },
	[Q_TOKEN_FIND] = { "find token", "SELECT " COLUMNS " FROM api_token WHERE hash = :hash" },
	[Q_TOKEN_LIST] = { "list tokens", "SELECT " COLUMNS " FROM api_token"
					  " ORDER BY created_time, id" },
	[Q_TOKEN_REVOKE] = { "revoke token", "UPDATE api_token SET revoked_time = max(:time, 1)"
					     " WHERE (id = :id_or_name OR name = :id_or_name)"
					     " AND revoked_time = 0" },
	[Q_TOKEN_USED] = { "note use of token",
			   "UPDATE api_token SET last_used_time = :time WHERE id = :id" },
};

const struct db_query_set db_token_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column token_items[] = {
	DB_COLUMN(DB_NAME, db_token, id),
	DB_COLUMN(DB_TEXT, db_token, name),
	DB_COLUMN(DB_DIGEST, db_token, hash),
	DB_COLUMN(DB_TEXT, db_token, role),
	DB_COLUMN(DB_INT64, db_token, created_time),
	DB_COLUMN(DB_INT64, db_token, expires_time),
	DB_COLUMN(DB_INT64, db_token, revoked_time),
	DB_COLUMN(DB_INT64, db_token, last_used_time),
};
static const struct db_columns token_columns = DB_COLUMNS(token_items);

enum status db_token_add(struct db *db, const struct db_token *token, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_TOKEN_ADD]);
	db_bind_row(&statement, &token_columns, token);
	enum status status = db_statement_run(&statement, NULL, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_EXISTS, queries[Q_TOKEN_ADD].step, token->name,
			    "there is a token with this name already; revoke it first or choose "
			    "another name");
	return status;
}

enum status db_token_find(struct db *db, const unsigned char hash[32], struct db_token *out,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_TOKEN_FIND]);
	db_bind_bytes(&statement, ":hash", hash, 32);
	struct db_token row = { 0 };
	enum status status = db_statement_only(&statement, &token_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_TOKEN_FIND].step, NULL,
			    "there is no such token");
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_token_list(struct db *db,
			  enum status (*each)(const struct db_token *token, void *context,
					      struct error *err),
			  void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_TOKEN_LIST]);
	for (;;) {
		struct db_token row = { 0 };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &token_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_token_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

enum status db_token_revoke(struct db *db, const char *id_or_name, int64_t time, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_TOKEN_REVOKE]);
	db_bind_text(&statement, ":id_or_name", id_or_name);
	db_bind_integer(&statement, ":time", time);
	int changed = 0;
	enum status status = db_statement_run(&statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return fail(err, STATUS_NOT_FOUND, queries[Q_TOKEN_REVOKE].step, id_or_name,
			    "there is no valid token with this id or name");
	return status;
}

enum status db_token_used(struct db *db, const char *id, int64_t time, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_TOKEN_USED]);
	db_bind_text(&statement, ":id", id);
	db_bind_integer(&statement, ":time", time);
	return db_statement_run(&statement, NULL, err);
}

void db_token_done(struct db_token *token)
{
	if (token != NULL)
		db_row_done(&token_columns, token);
}
