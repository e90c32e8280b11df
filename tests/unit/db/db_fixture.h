/* SPDX-License-Identifier: Apache-2.0 */
/* Databases in a private temporary folder, and rows to put into them. Includes cmocka, whose fail()
 * must come after ours. */
#ifndef TESTS_DB_FIXTURE_H
#define TESTS_DB_FIXTURE_H

#include "infrabackup/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct db_fixture {
	char folder[128];
	char path[160]; /* of the database */
	struct db *db;  /* NULL until a setup opens it */
};

/* *@state is a struct db_fixture: with a state database, with a catalogue, with nothing in the
 * folder. */
int db_fixture_state(void **state);
int db_fixture_catalogue(void **state);
int db_fixture_folder(void **state);
int db_fixture_teardown(void **state);

/* Texts are constants; not to be released. */
struct db_job db_fixture_job(const char *kind, const char *location);
/* Adds it, queued; its id is in @id. */
void db_fixture_add_job(struct db *db, const char *kind, const char *location,
			char id[GUID_TEXT_SIZE]);
/* The state of a job, compared. */
void db_fixture_assert_state(struct db *db, const char *id, const char *state);
/* A number that SQL text yields on this database. */
int64_t db_fixture_number(const char *path, const char *sql);
/* Runs SQL text behind the module's back; false when SQLite refuses it. */
bool db_fixture_sql(const char *path, const char *sql);

#endif
