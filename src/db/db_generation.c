/* SPDX-License-Identifier: Apache-2.0 */
/* Generations of packs. */
#include "db_queries.h"

enum { Q_GENERATION_NEWEST, Q_GENERATION_ADD };

#define COLUMNS "number, name, thumbprint, dedup_secret_sealed, created_time, backups"

static const struct db_query queries[] = {
	[Q_GENERATION_NEWEST] = { "read newest generation", "SELECT " COLUMNS " FROM generation"
							    " ORDER BY number DESC LIMIT 1" },
	[Q_GENERATION_ADD] = { "add generation",
			       "INSERT INTO generation (" COLUMNS ") VALUES (:number, :name,"
			       " :thumbprint, :dedup_secret_sealed, :created_time, :backups)" },
};

const struct db_query_set db_generation_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static const struct db_column generation_items[] = {
	DB_COLUMN(DB_UINT32, db_generation, number),
	DB_COLUMN(DB_NAME, db_generation, name),
	DB_COLUMN(DB_NAME, db_generation, thumbprint),
	DB_COLUMN(DB_BYTES, db_generation, dedup_secret_sealed),
	DB_COLUMN(DB_INT64, db_generation, created_time),
	DB_COLUMN(DB_UINT32, db_generation, backups),
};
static const struct db_columns generation_columns = DB_COLUMNS(generation_items);

enum status db_generation_newest(struct db *db, struct db_generation *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_GENERATION_NEWEST]);
	struct db_generation row = { 0 };
	enum status status = db_statement_only(&statement, &generation_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_GENERATION_NEWEST].step, NULL,
			    "there is no generation yet");
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_generation_add(struct db *db, const struct db_generation *generation,
			      struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_GENERATION_ADD]);
	db_bind_row(&statement, &generation_columns, generation);
	enum status status = db_statement_run(&statement, NULL, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_EXISTS, queries[Q_GENERATION_ADD].step, generation->name,
			    "there is a generation with number %u or that name already",
			    generation->number);
	return status;
}

void db_generation_done(struct db_generation *generation)
{
	if (generation != NULL)
		db_row_done(&generation_columns, generation);
}
