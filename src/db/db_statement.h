/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements: named parameters, typed values, rows described by tables. Faults stick: what
 * fails first is reported by the next step, and everything between does nothing, so that callers
 * check once. */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include <sqlite3.h>

#include "db_connection.h"

/* SQL text with the name of the step that its faults carry. Constants; their address is their
 * identity. */
struct db_query {
	const char *step;
	const char *sql;
};

/* All the queries of one source file, for the test that prepares each of them. */
struct db_query_set {
	enum db_kind kind;
	const struct db_query *queries;
	size_t count;
};

struct db_statement {
	struct db *db;
	const struct db_query *query;
	sqlite3_stmt *handle;
	bool is_cached;  /* belongs to the connection's cache */
	bool is_checked; /* every parameter was bound */
	int bound;
	int code;            /* SQLITE_OK, or what went wrong first */
	const char *mistake; /* text when it was our own */
};

#define AUTO_STATEMENT __attribute__((cleanup(db_statement_end))) struct db_statement

/* From the connection's cache, or prepared. */
struct db_statement db_statement_begin(struct db *db, const struct db_query *query);
/* Gives it back to the cache; bound memory is no longer used. */
void db_statement_end(struct db_statement *statement);
/* To be run again with other values. */
void db_statement_reset(struct db_statement *statement);

/* Values are borrowed until the statement ends or is reset. @name with its colon. NULL text, NULL
 * or empty bytes are NULL. */
void db_bind_text(struct db_statement *statement, const char *name, const char *value);
void db_bind_bytes(struct db_statement *statement, const char *name, const void *value,
		   size_t length);
void db_bind_integer(struct db_statement *statement, const char *name, int64_t value);
/* Beyond INT64_MAX is a fault. */
void db_bind_unsigned(struct db_statement *statement, const char *name, uint64_t value);

/* *@row: there is one. The raw loop for what has no struct. */
MUST_CHECK enum status db_statement_step(struct db_statement *statement, bool *row,
					 struct error *err);
/* To its end; no rows are expected. @changed (may be NULL): rows changed. */
MUST_CHECK enum status db_statement_run(struct db_statement *statement, int *changed,
					struct error *err);
/* The bytes of @column into @out (replaced, terminated). */
MUST_CHECK enum status db_statement_bytes(struct db_statement *statement, int column,
					  struct buffer *out, struct error *err);

/* How a member of a row is kept in a column of the same name. */
enum db_column_type {
	DB_TEXT,   /* char *; NULL is NULL */
	DB_NAME,   /* char[n]; empty is NULL */
	DB_DIGEST, /* unsigned char[n]; exactly n bytes */
	DB_BYTES,  /* struct buffer; empty is NULL */
	DB_INT64,
	DB_UINT64,
	DB_UINT32,
	DB_INT,
	DB_BOOL,
};

struct db_column {
	const char *parameter; /* ":name"; without the colon the column's name */
	enum db_column_type type;
	size_t offset, size;
};

#define DB_COLUMN(column_type, row_type, member)                                                   \
	{                                                                                          \
		":" #member, column_type, offsetof(struct row_type, member),                       \
			sizeof(((struct row_type *)NULL)->member)                                  \
	}

struct db_columns {
	const struct db_column *items;
	size_t count;
};

#define DB_COLUMNS(array)                                                                          \
	{                                                                                          \
		(array), ARRAY_LENGTH(array)                                                       \
	}

/* Binds every column; the statement must name all of them. */
void db_bind_row(struct db_statement *statement, const struct db_columns *columns, const void *row);
/* The next row into @row, which the caller has zeroed; *@more says whether there was one. The
 * selected columns must be exactly @columns, in order. On failure @row is zeroed again. */
MUST_CHECK enum status db_statement_next(struct db_statement *statement,
					 const struct db_columns *columns, void *row, bool *more,
					 struct error *err);
/* The only row: as db_statement_next(), STATUS_NOT_FOUND without filling @err when there is none,
 * and run to the end. */
MUST_CHECK enum status db_statement_only(struct db_statement *statement,
					 const struct db_columns *columns, void *row,
					 struct error *err);
/* Frees what the row owns and zeroes it. */
void db_row_done(const struct db_columns *columns, void *row);

#endif
