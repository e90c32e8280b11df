/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's chunks: the table that is asked once for every chunk of every backup. */
#include <string.h>

#include "db_catalogue.h"

enum { Q_CHUNK_ADD, Q_CHUNK_FIND, Q_CHUNK_COUNT, Q_CHUNK_DELETE, Q_CHUNK_FORGET, Q_CHUNK_CLEAR };

#define CHUNK_ID_SIZE 32

static const struct db_query queries[] = {
	[Q_CHUNK_ADD] = { "add chunks",
			  "INSERT INTO chunk (id, pack, block, offset, length)"
			  " VALUES (:id, :pack, :block, :offset, :length) ON CONFLICT DO NOTHING" },
	[Q_CHUNK_FIND] = { "find chunk", "SELECT pack, block, offset, length FROM chunk"
					 " WHERE id = :id" },
	[Q_CHUNK_COUNT] = { "count chunks", "SELECT count(*) FROM chunk" },
	[Q_CHUNK_DELETE] = { "forget chunks", "DELETE FROM chunk WHERE pack = :pack" },
	[Q_CHUNK_FORGET] = { "forget chunks", "DELETE FROM chunk WHERE pack NOT IN"
					      " (SELECT id FROM pack WHERE generation = :keep)" },
	[Q_CHUNK_CLEAR] = { "forget chunks", "DELETE FROM chunk" },
};

const struct db_query_set db_chunk_queries = { DB_CATALOGUE, queries, ARRAY_LENGTH(queries) };

static int compare_ids(const void *left, const void *right)
{
	const struct db_chunk *const *first = left, *const *second = right;
	return memcmp((*first)->id, (*second)->id, CHUNK_ID_SIZE);
}

static enum status insert_one(struct db_statement *statement, int64_t pack,
			      const struct db_chunk *chunk, struct error *err)
{
	db_bind_bytes(statement, ":id", chunk->id, CHUNK_ID_SIZE);
	db_bind_integer(statement, ":pack", pack);
	db_bind_integer(statement, ":block", chunk->block);
	db_bind_integer(statement, ":offset", chunk->offset);
	db_bind_integer(statement, ":length", chunk->length);
	enum status status = db_statement_run(statement, NULL, err);
	db_statement_reset(statement);
	return status;
}

/* In the order of the key, so that neighbours meet the same page of the tree while it is in memory.
 */
enum status db_chunk_insert(struct db *db, int64_t pack, const struct db_chunk *chunks,
			    size_t count, struct error *err)
{
	if (count == 0)
		return STATUS_OK;
	AUTO_FREE const struct db_chunk **sorted = calloc(count, sizeof(*sorted));
	if (sorted == NULL)
		return fail_memory(err, queries[Q_CHUNK_ADD].step);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &chunks[i];
	qsort(sorted, count, sizeof(*sorted), compare_ids);
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_CHUNK_ADD]);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = insert_one(&statement, pack, sorted[i], err);
	return status;
}

enum status db_chunk_delete_pack(struct db *db, int64_t pack, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_CHUNK_DELETE]);
	db_bind_integer(&statement, ":pack", pack);
	return db_statement_run(&statement, NULL, err);
}

enum status db_chunk_forget(struct db *db, const char *keep_generation, struct error *err)
{
	bool all = keep_generation == NULL;
	AUTO_STATEMENT statement =
		db_statement_begin(db, &queries[all ? Q_CHUNK_CLEAR : Q_CHUNK_FORGET]);
	if (!all)
		db_bind_text(&statement, ":keep", keep_generation);
	return db_statement_run(&statement, NULL, err);
}

enum status db_chunk_find(struct db *db, const unsigned char id[32], struct db_chunk *out,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_CHUNK_FIND]);
	db_bind_bytes(&statement, ":id", id, CHUNK_ID_SIZE);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status != STATUS_OK)
		return status;
	if (!row)
		return STATUS_NOT_FOUND;
	memcpy(out->id, id, CHUNK_ID_SIZE);
	out->pack = sqlite3_column_int64(statement.handle, 0);
	out->block = (uint32_t)sqlite3_column_int64(statement.handle, 1);
	out->offset = (uint32_t)sqlite3_column_int64(statement.handle, 2);
	out->length = (uint32_t)sqlite3_column_int64(statement.handle, 3);
	return STATUS_OK;
}

enum status db_chunk_count(struct db *db, uint64_t *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_CHUNK_COUNT]);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status == STATUS_OK)
		*out = (uint64_t)sqlite3_column_int64(statement.handle, 0);
	return status;
}
