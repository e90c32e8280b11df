/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered steps from an empty file to the present schema; migrations/embed.sh makes the data from
 * the .sql files. */
#ifndef DB_MIGRATIONS_H
#define DB_MIGRATIONS_H

#include "infrabackup/db.h"

struct db_migration {
	enum db_kind kind;
	unsigned number; /* 1, 2, ... within its kind, without gaps */
	const char *name;
	const char *sql;
	const char *sha256; /* of the file, lower-case hex */
};

extern const struct db_migration db_migrations[];
extern const size_t db_migration_count;

/* Is this file ours, no newer than @migrations, and made by the same ones? Reads only.
 * STATUS_UNSUPPORTED with a text for the operator. */
MUST_CHECK enum status db_migrate_check(struct db *db, const struct db_migration *migrations,
					size_t count, struct error *err);
/* Applies what is missing of the connection's kind, each in a transaction of its own that records
 * it; a failure leaves the file as the last complete one made it. Other connections may do the same
 * at the same time. */
MUST_CHECK enum status db_migrate(struct db *db, const struct db_migration *migrations,
				  size_t count, struct error *err);

#endif
