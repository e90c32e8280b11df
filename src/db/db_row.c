/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: structs bound to parameters and read from columns by a table. */
#include <string.h>

#include "db_statement.h"

static void bind_column(struct db_statement *statement, const struct db_column *column,
			const void *at)
{
	const char *name = column->parameter;
	switch (column->type) {
	case DB_TEXT:
		db_bind_text(statement, name, *(const char *const *)at);
		break;
	case DB_NAME:
		db_bind_text(statement, name, *(const char *)at == '\0' ? NULL : at);
		break;
	case DB_DIGEST:
		db_bind_bytes(statement, name, at, column->size);
		break;
	case DB_BYTES: {
		const struct buffer *bytes = at;
		db_bind_bytes(statement, name, bytes->data, bytes->length);
		break;
	}
	case DB_INT64:
		db_bind_integer(statement, name, *(const int64_t *)at);
		break;
	case DB_UINT64:
		db_bind_unsigned(statement, name, *(const uint64_t *)at);
		break;
	case DB_UINT32:
		db_bind_integer(statement, name, *(const uint32_t *)at);
		break;
	case DB_INT:
		db_bind_integer(statement, name, *(const int *)at);
		break;
	case DB_BOOL:
		db_bind_integer(statement, name, *(const bool *)at);
		break;
	}
}

void db_bind_row(struct db_statement *statement, const struct db_columns *columns, const void *row)
{
	for (size_t i = 0; i < columns->count; i++)
		bind_column(statement, &columns->items[i],
			    (const char *)row + columns->items[i].offset);
}

/* STRICT tables hold what was bound; these are for files that were changed by other hands. */
static enum status fail_column(struct db_statement *statement, int index, struct error *err)
{
	return fail(err, STATUS_INTEGRITY, statement->query->step, statement->db->path,
		    "column %s holds a value that the program cannot have written",
		    sqlite3_column_name(statement->handle, index));
}

static enum status read_text(struct db_statement *statement, int index, char **out,
			     struct error *err)
{
	const unsigned char *text = sqlite3_column_text(statement->handle, index);
	if (text == NULL && sqlite3_column_type(statement->handle, index) == SQLITE_NULL)
		return STATUS_OK;
	char *copy = text == NULL ? NULL : strdup((const char *)text);
	if (copy == NULL)
		return fail_memory(err, statement->query->step);
	*out = copy;
	return STATUS_OK;
}

static enum status read_fixed(struct db_statement *statement, int index,
			      const struct db_column *column, unsigned char *out, struct error *err)
{
	const void *data = sqlite3_column_blob(statement->handle, index);
	size_t length = (size_t)sqlite3_column_bytes(statement->handle, index);
	bool fits = column->type == DB_DIGEST ? length == column->size : length < column->size;
	if (!fits)
		return fail_column(statement, index, err);
	memset(out, 0, column->size);
	if (length > 0)
		memcpy(out, data, length);
	return STATUS_OK;
}

static enum status read_number(struct db_statement *statement, int index,
			       const struct db_column *column, void *out, struct error *err)
{
	int64_t value = sqlite3_column_int64(statement->handle, index);
	bool fits = true;
	switch (column->type) {
	case DB_UINT64:
		fits = value >= 0;
		*(uint64_t *)out = (uint64_t)value;
		break;
	case DB_UINT32:
		fits = value >= 0 && value <= UINT32_MAX;
		*(uint32_t *)out = (uint32_t)value;
		break;
	case DB_INT:
		fits = value >= INT32_MIN && value <= INT32_MAX;
		*(int *)out = (int)value;
		break;
	case DB_BOOL:
		*(bool *)out = value != 0;
		break;
	default:
		*(int64_t *)out = value;
		break;
	}
	return fits ? STATUS_OK : fail_column(statement, index, err);
}

static enum status read_column(struct db_statement *statement, int index,
			       const struct db_column *column, void *at, struct error *err)
{
	switch (column->type) {
	case DB_TEXT:
		return read_text(statement, index, at, err);
	case DB_NAME:
	case DB_DIGEST:
		return read_fixed(statement, index, column, at, err);
	case DB_BYTES:
		buffer_init(at, (size_t)sqlite3_column_bytes(statement->handle, index));
		return db_statement_bytes(statement, index, at, err);
	default:
		return read_number(statement, index, column, at, err);
	}
}

static bool columns_fit(struct db_statement *statement, const struct db_columns *columns)
{
	if ((size_t)sqlite3_column_count(statement->handle) != columns->count)
		return false;
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(sqlite3_column_name(statement->handle, (int)i),
			   columns->items[i].parameter + 1) != 0)
			return false;
	return true;
}

static enum status read_row(struct db_statement *statement, const struct db_columns *columns,
			    void *row, struct error *err)
{
	if (!columns_fit(statement, columns))
		return fail(err, STATUS_FAILED, statement->query->step, statement->db->path,
			    "the query does not select the columns that are read");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < columns->count && status == STATUS_OK; i++)
		status = read_column(statement, (int)i, &columns->items[i],
				     (char *)row + columns->items[i].offset, err);
	if (status != STATUS_OK)
		db_row_done(columns, row);
	return status;
}

enum status db_statement_next(struct db_statement *statement, const struct db_columns *columns,
			      void *row, bool *more, struct error *err)
{
	enum status status = db_statement_step(statement, more, err);
	if (status == STATUS_OK && *more)
		status = read_row(statement, columns, row, err);
	return status;
}

enum status db_statement_only(struct db_statement *statement, const struct db_columns *columns,
			      void *row, struct error *err)
{
	bool more = false;
	enum status status = db_statement_next(statement, columns, row, &more, err);
	if (status != STATUS_OK)
		return status;
	if (!more)
		return STATUS_NOT_FOUND;
	/* A change that returns its row is only complete at the end of the statement. */
	status = db_statement_run(statement, NULL, err);
	if (status != STATUS_OK)
		db_row_done(columns, row);
	return status;
}

void db_row_done(const struct db_columns *columns, void *row)
{
	for (size_t i = 0; i < columns->count; i++) {
		const struct db_column *column = &columns->items[i];
		void *at = (char *)row + column->offset;
		if (column->type == DB_TEXT)
			free(*(char **)at);
		else if (column->type == DB_BYTES)
			buffer_done(at);
		memset(at, 0, column->size);
	}
}
