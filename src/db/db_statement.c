/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements of a connection, kept for their next use. */
#include <string.h>

#include "db_statement.h"

static struct db_cached *find_cached(struct db *db, const struct db_query *query)
{
	for (size_t i = 0; i < db->cache_count; i++)
		if (db->cache[i].query == query)
			return &db->cache[i];
	return NULL;
}

static struct db_cached *add_cached(struct db *db, const struct db_query *query,
				    sqlite3_stmt *handle)
{
	if (db->cache_count == db->cache_capacity) {
		size_t capacity = db->cache_capacity == 0 ? 16 : 2 * db->cache_capacity;
		struct db_cached *cache = reallocarray(db->cache, capacity, sizeof *cache);
		if (cache == NULL)
			return NULL;
		db->cache = cache;
		db->cache_capacity = capacity;
	}
	struct db_cached *cached = &db->cache[db->cache_count++];
	*cached = (struct db_cached) { .query = query, .handle = handle, .in_use = true };
	return cached;
}

struct db_statement db_statement_begin(struct db *db, const struct db_query *query)
{
	struct db_statement statement = { .db = db, .query = query, .code = SQLITE_OK };
	struct db_cached *cached = find_cached(db, query);

	if (cached != NULL && !cached->in_use) {
		cached->in_use = true;
		statement.handle = cached->handle;
		statement.is_cached = true;
		return statement;
	}
	statement.code = sqlite3_prepare_v3(db->handle, query->sql, -1, SQLITE_PREPARE_PERSISTENT,
					    &statement.handle, NULL);
	/* A query that is run inside itself gets a statement of its own, for this once. */
	if (statement.code == SQLITE_OK && cached == NULL)
		statement.is_cached = add_cached(db, query, statement.handle) != NULL;
	return statement;
}

void db_statement_reset(struct db_statement *statement)
{
	/* The result repeats a fault that was reported by the step. */
	(void)sqlite3_reset(statement->handle);
	statement->bound = 0;
	statement->is_checked = false;
}

void db_statement_end(struct db_statement *statement)
{
	if (statement->handle == NULL)
		return;
	if (!statement->is_cached) {
		(void)sqlite3_finalize(statement->handle);
	} else {
		(void)sqlite3_reset(statement->handle);
		(void)sqlite3_clear_bindings(statement->handle);
		find_cached(statement->db, statement->query)->in_use = false;
	}
	statement->handle = NULL;
}

/* The index of a parameter, or 0 with the fault noted. */
static int parameter_index(struct db_statement *statement, const char *name)
{
	if (statement->code != SQLITE_OK)
		return 0;
	int index = sqlite3_bind_parameter_index(statement->handle, name);
	if (index == 0) {
		statement->code = SQLITE_MISUSE;
		statement->mistake = name;
	}
	statement->bound++;
	return index;
}

void db_bind_text(struct db_statement *statement, const char *name, const char *value)
{
	int index = parameter_index(statement, name);
	if (index > 0)
		statement->code =
			sqlite3_bind_text(statement->handle, index, value, -1, SQLITE_STATIC);
}

void db_bind_bytes(struct db_statement *statement, const char *name, const void *value,
		   size_t length)
{
	int index = parameter_index(statement, name);
	if (index > 0)
		statement->code =
			sqlite3_bind_blob64(statement->handle, index, length == 0 ? NULL : value,
					    length, SQLITE_STATIC);
}

void db_bind_integer(struct db_statement *statement, const char *name, int64_t value)
{
	int index = parameter_index(statement, name);
	if (index > 0)
		statement->code = sqlite3_bind_int64(statement->handle, index, value);
}

void db_bind_unsigned(struct db_statement *statement, const char *name, uint64_t value)
{
	if (value <= INT64_MAX)
		db_bind_integer(statement, name, (int64_t)value);
	else if (statement->code == SQLITE_OK)
		statement->code = SQLITE_TOOBIG;
}

static enum status fail_statement(struct db_statement *statement, struct error *err)
{
	if (statement->mistake != NULL)
		return fail(err, STATUS_FAILED, statement->query->step, statement->db->path,
			    "the query does not fit its use: %s", statement->mistake);
	return db_fail(statement->db, statement->code, statement->query->step, err);
}

enum status db_statement_step(struct db_statement *statement, bool *row, struct error *err)
{
	if (statement->code == SQLITE_OK && !statement->is_checked) {
		statement->is_checked = true;
		if (statement->bound != sqlite3_bind_parameter_count(statement->handle)) {
			statement->code = SQLITE_MISUSE;
			statement->mistake = "a parameter has no value";
		}
	}
	if (statement->code != SQLITE_OK)
		return fail_statement(statement, err);
	int code = sqlite3_step(statement->handle);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		statement->code = code;
		return fail_statement(statement, err);
	}
	*row = code == SQLITE_ROW;
	return STATUS_OK;
}

enum status db_statement_run(struct db_statement *statement, int *changed, struct error *err)
{
	bool row = false;
	enum status status = db_statement_step(statement, &row, err);
	if (status == STATUS_OK && row) {
		statement->code = SQLITE_MISUSE;
		statement->mistake = "a row where none is expected";
		return fail_statement(statement, err);
	}
	if (status == STATUS_OK && changed != NULL)
		*changed = sqlite3_changes(statement->db->handle);
	return status;
}

enum status db_statement_bytes(struct db_statement *statement, int column, struct buffer *out,
			       struct error *err)
{
	const void *data = sqlite3_column_blob(statement->handle, column);
	size_t length = (size_t)sqlite3_column_bytes(statement->handle, column);
	if (length > out->length) {
		enum status status = buffer_reserve(out, length - out->length, err);
		if (status != STATUS_OK)
			return status;
	}
	buffer_clear(out);
	enum status status = STATUS_OK;
	if (length > 0)
		status = buffer_append(out, data, length, err);
	return status == STATUS_OK ? buffer_terminate(out, err) : status;
}
