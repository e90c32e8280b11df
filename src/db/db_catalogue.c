/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's packs and sessions. */
#include "db_catalogue.h"

enum {
	Q_PACK_ADD,
	Q_PACK_GET,
	Q_PACK_LIST,
	Q_PACK_REMOVE,
	Q_SESSION_ADD,
	Q_SESSION_GET,
	Q_FORGET_PACKS,
	Q_FORGET_SESSIONS,
};

#define COLUMNS "id, generation, sha256, size, session_id"

static const struct db_query queries[] = {
	[Q_PACK_ADD] = { "add pack",
			 "INSERT INTO pack (generation, sha256, size, session_id)"
			 " VALUES (:generation, :sha256, :size, :session_id) RETURNING id" },
	[Q_PACK_GET] = { "read pack", "SELECT " COLUMNS " FROM pack WHERE id = :id" },
	[Q_PACK_LIST] = { "list packs", "SELECT " COLUMNS " FROM pack"
					" WHERE generation = :generation ORDER BY id" },
	[Q_PACK_REMOVE] = { "forget pack", "DELETE FROM pack WHERE id = :id" },
	[Q_SESSION_ADD] = { "add session", "INSERT INTO session (id, generation, wrapped_key)"
					   " VALUES (:id, :generation, :wrapped_key)" },
	[Q_SESSION_GET] = { "read session", "SELECT wrapped_key FROM session WHERE id = :id" },
	[Q_FORGET_PACKS] = { "forget packs", "DELETE FROM pack WHERE generation IS NOT :keep" },
	[Q_FORGET_SESSIONS] = { "forget sessions",
				"DELETE FROM session WHERE generation IS NOT :keep" },
};

const struct db_query_set db_catalogue_queries = { DB_CATALOGUE, queries, ARRAY_LENGTH(queries) };

static const struct db_column pack_items[] = {
	DB_COLUMN(DB_INT64, db_pack, id),        DB_COLUMN(DB_NAME, db_pack, generation),
	DB_COLUMN(DB_DIGEST, db_pack, sha256),   DB_COLUMN(DB_UINT64, db_pack, size),
	DB_COLUMN(DB_NAME, db_pack, session_id),
};
static const struct db_columns pack_columns = DB_COLUMNS(pack_items);

struct addition {
	const struct db_pack *pack;
	const struct db_chunk *chunks;
	size_t chunk_count;
	int64_t id;
};

static enum status insert_pack(struct db *db, const struct db_pack *pack, int64_t *id,
			       struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_PACK_ADD]);
	db_bind_text(&statement, ":generation", pack->generation);
	db_bind_bytes(&statement, ":sha256", pack->sha256, sizeof pack->sha256);
	db_bind_unsigned(&statement, ":size", pack->size);
	db_bind_text(&statement, ":session_id", pack->session_id);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status == STATUS_EXISTS) {
		char name[65];
		hex_encode(pack->sha256, sizeof pack->sha256, false, name);
		return fail(err, STATUS_EXISTS, queries[Q_PACK_ADD].step, name,
			    "the pack is in the catalogue already");
	}
	if (status != STATUS_OK)
		return status;
	*id = sqlite3_column_int64(statement.handle, 0);
	return db_statement_run(&statement, NULL, err);
}

static enum status add(struct db *db, void *context, struct error *err)
{
	struct addition *addition = context;
	enum status status = insert_pack(db, addition->pack, &addition->id, err);
	if (status == STATUS_OK)
		status = db_chunk_insert(db, addition->id, addition->chunks, addition->chunk_count,
					 err);
	return status;
}

enum status db_pack_add(struct db *db, const struct db_pack *pack, const struct db_chunk *chunks,
			size_t chunk_count, int64_t *pack_id, struct error *err)
{
	struct addition addition = { .pack = pack, .chunks = chunks, .chunk_count = chunk_count };
	enum status status = db_transaction(db, add, &addition, err);
	if (status == STATUS_OK && pack_id != NULL)
		*pack_id = addition.id;
	return status;
}

enum status db_pack_get(struct db *db, int64_t id, struct db_pack *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_PACK_GET]);
	db_bind_integer(&statement, ":id", id);
	struct db_pack row = { 0 };
	enum status status = db_statement_only(&statement, &pack_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_PACK_GET].step, NULL,
			    "the catalogue has no pack %lld", (long long)id);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

enum status db_pack_list(struct db *db, const char *generation,
			 enum status (*each)(const struct db_pack *pack, void *context,
					     struct error *err),
			 void *context, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_PACK_LIST]);
	db_bind_text(&statement, ":generation", generation);
	for (;;) {
		struct db_pack row = { 0 };
		bool more = false;
		enum status status = db_statement_next(&statement, &pack_columns, &row, &more, err);
		if (status == STATUS_OK && more)
			status = each(&row, context, err);
		if (status != STATUS_OK || !more)
			return status;
	}
}

static enum status remove_pack(struct db *db, void *context, struct error *err)
{
	const int64_t *id = context;
	enum status status = db_chunk_delete_pack(db, *id, err);
	if (status != STATUS_OK)
		return status;
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_PACK_REMOVE]);
	db_bind_integer(&statement, ":id", *id);
	return db_statement_run(&statement, NULL, err);
}

enum status db_pack_remove(struct db *db, int64_t id, struct error *err)
{
	return db_transaction(db, remove_pack, &id, err);
}

enum status db_session_add(struct db *db, const char *session_id, const char *generation,
			   const void *wrapped_key, size_t length, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SESSION_ADD]);
	db_bind_text(&statement, ":id", session_id);
	db_bind_text(&statement, ":generation", generation);
	db_bind_bytes(&statement, ":wrapped_key", wrapped_key, length);
	enum status status = db_statement_run(&statement, NULL, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_EXISTS, queries[Q_SESSION_ADD].step, session_id,
			    "the session is in the catalogue already");
	return status;
}

enum status db_session_get(struct db *db, const char *session_id, struct buffer *wrapped_key,
			   struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SESSION_GET]);
	db_bind_text(&statement, ":id", session_id);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status != STATUS_OK)
		return status;
	if (!row)
		return fail(err, STATUS_NOT_FOUND, queries[Q_SESSION_GET].step, session_id,
			    "the catalogue has no session with this id");
	return db_statement_bytes(&statement, 0, wrapped_key, err);
}

static enum status forget_rows(struct db *db, const struct db_query *query, const char *keep,
			       struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, query);
	db_bind_text(&statement, ":keep", keep);
	return db_statement_run(&statement, NULL, err);
}

struct forgetting {
	const char *keep;
};

static enum status forget(struct db *db, void *context, struct error *err)
{
	const struct forgetting *forgetting = context;
	const char *keep = forgetting->keep;
	enum status status = db_chunk_forget(db, keep, err);
	if (status == STATUS_OK)
		status = forget_rows(db, &queries[Q_FORGET_PACKS], keep, err);
	if (status == STATUS_OK)
		status = forget_rows(db, &queries[Q_FORGET_SESSIONS], keep, err);
	return status;
}

enum status db_catalogue_forget(struct db *db, const char *keep_generation, struct error *err)
{
	struct forgetting forgetting = { .keep = keep_generation };
	return db_transaction(db, forget, &forgetting, err);
}
