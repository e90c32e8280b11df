/* SPDX-License-Identifier: Apache-2.0 */
/* Settings and sealed secrets by name. */
#include "db_queries.h"

enum { Q_SETTING_GET, Q_SETTING_SET, Q_SECRET_GET, Q_SECRET_SET, Q_SECRET_DELETE };

static const struct db_query queries[] = {
	[Q_SETTING_GET] = { "read setting", "SELECT value FROM setting WHERE name = :name" },
	[Q_SETTING_SET] = { "store setting",
			    "INSERT INTO setting (name, value) VALUES (:name, :value)"
			    " ON CONFLICT (name) DO UPDATE SET value = excluded.value" },
	[Q_SECRET_GET] = { "read secret", "SELECT sealed FROM secret WHERE name = :name" },
	[Q_SECRET_SET] = { "store secret",
			   "INSERT INTO secret (name, sealed) VALUES (:name, :sealed)"
			   " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed" },
	[Q_SECRET_DELETE] = { "delete secret", "DELETE FROM secret WHERE name = :name" },
};

const struct db_query_set db_setting_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

static enum status get_bytes(struct db *db, const struct db_query *query, const char *name,
			     struct buffer *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, query);
	db_bind_text(&statement, ":name", name);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status != STATUS_OK)
		return status;
	if (!row)
		return fail(err, STATUS_NOT_FOUND, query->step, name,
			    "nothing is stored under this name");
	return db_statement_bytes(&statement, 0, out, err);
}

enum status db_setting_get(struct db *db, const char *name, struct buffer *out, struct error *err)
{
	return get_bytes(db, &queries[Q_SETTING_GET], name, out, err);
}

enum status db_setting_set(struct db *db, const char *name, const char *value, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SETTING_SET]);
	db_bind_text(&statement, ":name", name);
	db_bind_text(&statement, ":value", value);
	return db_statement_run(&statement, NULL, err);
}

enum status db_secret_get(struct db *db, const char *name, struct buffer *out, struct error *err)
{
	return get_bytes(db, &queries[Q_SECRET_GET], name, out, err);
}

enum status db_secret_set(struct db *db, const char *name, const void *sealed, size_t length,
			  struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SECRET_SET]);
	db_bind_text(&statement, ":name", name);
	db_bind_bytes(&statement, ":sealed", sealed, length);
	return db_statement_run(&statement, NULL, err);
}

enum status db_secret_delete(struct db *db, const char *name, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_SECRET_DELETE]);
	db_bind_text(&statement, ":name", name);
	return db_statement_run(&statement, NULL, err);
}
