/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a database to the present schema, and refuses one that it does not understand. */
#include <string.h>

#include "db_migrations.h"
#include "db_statement.h"

static const char STEP[] = "migrate database";

/* In the file's header, so that the two databases are told apart, and from everybody else's:
 * "IBst", "IBct". */
#define APPLICATION_STATE 0x49427374
#define APPLICATION_CATALOGUE 0x49426374

static const char RECORDS[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
			      " number INTEGER PRIMARY KEY,"
			      " name TEXT NOT NULL,"
			      " sha256 TEXT NOT NULL,"
			      " applied_time INTEGER NOT NULL) STRICT";

enum { Q_APPLICATION, Q_TABLES, Q_RECORDED, Q_RECORD, Q_FOREIGN_KEYS };

static const struct db_query queries[] = {
	[Q_APPLICATION] = { STEP, "PRAGMA application_id" },
	[Q_TABLES] = { STEP, "SELECT name = 'schema_migration' FROM sqlite_schema"
			     " WHERE type = 'table' ORDER BY 1 DESC LIMIT 1" },
	[Q_RECORDED] = { STEP,
			 "SELECT number, name, sha256 FROM schema_migration ORDER BY number" },
	[Q_RECORD] = { STEP, "INSERT INTO schema_migration (number, name, sha256, applied_time)"
			     " VALUES (:number, :name, :sha256,"
			     " CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))" },
	[Q_FOREIGN_KEYS] = { STEP, "PRAGMA foreign_key_check" },
};

struct recorded {
	uint32_t number;
	char *name;
	char sha256[65];
};

static const struct db_column recorded_items[] = {
	DB_COLUMN(DB_UINT32, recorded, number),
	DB_COLUMN(DB_TEXT, recorded, name),
	DB_COLUMN(DB_NAME, recorded, sha256),
};
static const struct db_columns recorded_columns = DB_COLUMNS(recorded_items);

static int application_of(enum db_kind kind)
{
	return kind == DB_STATE ? APPLICATION_STATE : APPLICATION_CATALOGUE;
}

static const char *kind_name(enum db_kind kind)
{
	return kind == DB_STATE ? "state" : "catalogue";
}

static const struct db_migration *find_migration(enum db_kind kind, unsigned number,
						 const struct db_migration *migrations,
						 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (migrations[i].kind == kind && migrations[i].number == number)
			return &migrations[i];
	return NULL;
}

/* The first number that a query gives; @missing when it gives none. */
static enum status read_number(struct db *db, const struct db_query *query, int missing, int *out,
			       struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, query);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status == STATUS_OK)
		*out = row ? sqlite3_column_int(statement.handle, 0) : missing;
	return status;
}

static enum status check_recorded(struct db *db, const struct recorded *recorded,
				  const struct db_migration *migrations, size_t count,
				  struct error *err)
{
	const struct db_migration *migration =
		find_migration(db->kind, recorded->number, migrations, count);
	if (migration == NULL)
		return fail(err, STATUS_UNSUPPORTED, STEP, db->path,
			    "the %s database has migration %u (%s), which this program does not "
			    "know: a newer version wrote it; start that version, or restore a "
			    "database from before it",
			    kind_name(db->kind), recorded->number, recorded->name);
	if (strcmp(migration->sha256, recorded->sha256) != 0)
		return fail(
			err, STATUS_UNSUPPORTED, STEP, db->path,
			"migration %u (%s) of the %s database was made from another text (SHA-256 "
			"%s, this program has %s): the file belongs to another build of the "
			"program",
			recorded->number, recorded->name, kind_name(db->kind), recorded->sha256,
			migration->sha256);
	return STATUS_OK;
}

/* The highest recorded number, every one checked. */
static enum status read_recorded(struct db *db, const struct db_migration *migrations, size_t count,
				 unsigned *newest, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_RECORDED]);
	*newest = 0;
	for (;;) {
		struct recorded recorded = { 0 };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &recorded_columns, &recorded, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = check_recorded(db, &recorded, migrations, count, err);
		*newest = recorded.number;
		db_row_done(&recorded_columns, &recorded);
		if (status != STATUS_OK)
			return status;
	}
}

/* *@recorded: the table of migrations is there. */
static enum status check_owner(struct db *db, bool *recorded, struct error *err)
{
	/* In this order: whoever creates the tables at this moment sets the id in the same
	 * transaction. */
	int application = 0, tables = -1;
	enum status status = read_number(db, &queries[Q_TABLES], -1, &tables, err);
	if (status == STATUS_OK)
		status = read_number(db, &queries[Q_APPLICATION], 0, &application, err);
	if (status != STATUS_OK)
		return status;
	if (tables >= 0 && application != application_of(db->kind))
		return fail(err, STATUS_UNSUPPORTED, STEP, db->path,
			    "the file is an SQLite database, but not the %s database of this "
			    "program (application id %#x, expected %#x)",
			    kind_name(db->kind), (unsigned)application,
			    (unsigned)application_of(db->kind));
	*recorded = tables == 1;
	return STATUS_OK;
}

enum status db_migrate_check(struct db *db, const struct db_migration *migrations, size_t count,
			     struct error *err)
{
	bool recorded = false;
	unsigned newest = 0;
	enum status status = check_owner(db, &recorded, err);
	if (status == STATUS_OK && recorded)
		status = read_recorded(db, migrations, count, &newest, err);
	return status;
}

struct step {
	const struct db_migration *migrations;
	size_t count;
	bool complete;
};

static enum status record(struct db *db, const struct db_migration *migration, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_RECORD]);
	db_bind_integer(&statement, ":number", migration->number);
	db_bind_text(&statement, ":name", migration->name);
	db_bind_text(&statement, ":sha256", migration->sha256);
	return db_statement_run(&statement, NULL, err);
}

/* Keys are off while tables are rebuilt, so that they are checked before the commit instead. */
static enum status check_foreign_keys(struct db *db, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_FOREIGN_KEYS]);
	bool row = false;
	enum status status = db_statement_step(&statement, &row, err);
	if (status == STATUS_OK && row)
		return fail(err, STATUS_INTEGRITY, STEP, db->path,
			    "a row of table %s refers to one that does not exist",
			    (const char *)sqlite3_column_text(statement.handle, 0));
	return status;
}

static enum status apply(struct db *db, const struct db_migration *migration, struct error *err)
{
	enum status status = db_execute(db, migration->sql, STEP, err);
	if (status == STATUS_OK)
		status = record(db, migration, err);
	if (status == STATUS_OK)
		status = check_foreign_keys(db, err);
	if (status != STATUS_OK)
		error_add_context(err, "migration %u (%s) of the %s database", migration->number,
				  migration->name, kind_name(db->kind));
	return status;
}

/* One transaction: looks again at what is there, since another process may have been faster. */
static enum status apply_next(struct db *db, void *context, struct error *err)
{
	struct step *step = context;
	unsigned newest = 0;
	enum status status = db_execute(db, RECORDS, STEP, err);
	if (status == STATUS_OK)
		status = db_execute(db,
				    db->kind == DB_STATE ? "PRAGMA application_id = 1229091700"
							 : "PRAGMA application_id = 1229087604",
				    STEP, err);
	if (status == STATUS_OK)
		status = read_recorded(db, step->migrations, step->count, &newest, err);
	if (status != STATUS_OK)
		return status;
	const struct db_migration *next =
		find_migration(db->kind, newest + 1, step->migrations, step->count);
	step->complete = next == NULL;
	return step->complete ? STATUS_OK : apply(db, next, err);
}

static bool is_current(struct db *db, const struct db_migration *migrations, size_t count)
{
	bool recorded = false;
	unsigned newest = 0;
	return check_owner(db, &recorded, NULL) == STATUS_OK && recorded &&
	       read_recorded(db, migrations, count, &newest, NULL) == STATUS_OK &&
	       find_migration(db->kind, newest + 1, migrations, count) == NULL;
}

enum status db_migrate(struct db *db, const struct db_migration *migrations, size_t count,
		       struct error *err)
{
	/* The common case takes no lock and writes nothing. */
	if (is_current(db, migrations, count))
		return STATUS_OK;
	struct step step = { .migrations = migrations, .count = count };
	enum status status = db_execute(db, "PRAGMA foreign_keys = OFF", STEP, err);
	while (status == STATUS_OK && !step.complete)
		status = db_transaction(db, apply_next, &step, err);
	if (status == STATUS_OK)
		status = db_execute(db, "PRAGMA foreign_keys = ON", STEP, err);
	return status;
}
