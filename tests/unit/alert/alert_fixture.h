/* SPDX-License-Identifier: Apache-2.0 */
/* A book of alerts over an empty state database, with a clock that the test turns. Includes cmocka,
 * whose fail() must come after ours. */
#ifndef TESTS_ALERT_FIXTURE_H
#define TESTS_ALERT_FIXTURE_H

#include "infrabackup/alert.h"
#include "unit/db/db_fixture.h"

#define HOUR (60 * 60 * 1000LL)
#define DAY (24 * HOUR)

struct alert_fixture {
	void *folder; /* of db_fixture_state() */
	struct db *db;
	int64_t now;
	struct clock clock;
	struct alert_book *book;
};

int alert_fixture_start(void **state);
int alert_fixture_stop(void **state);

/* Raises with the evidence externalSharePath or, for faults without it, none. @occurrence may be
 * NULL. */
void alert_fixture_raise(struct alert_fixture *fixture, enum alert_fault fault,
			 const char *occurrence);
void alert_fixture_clear(struct alert_fixture *fixture, enum alert_fault fault);
/* How many rows, open or closed, are in the database. */
int64_t alert_fixture_rows(struct alert_fixture *fixture, const char *where);
/* The open alert of @fault, which must be there; release with db_alert_done(). */
struct db_alert alert_fixture_open(struct alert_fixture *fixture, enum alert_fault fault);

#endif
