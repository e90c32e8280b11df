/* SPDX-License-Identifier: Apache-2.0 */
/* An audit log in a database of its own, with a clock in the test's hands. Includes cmocka, whose
 * fail() must come after ours. */
#ifndef TESTS_AUDIT_FIXTURE_H
#define TESTS_AUDIT_FIXTURE_H

#include "infrabackup/audit.h"

#include "unit/db/db_fixture.h"

/* 2026-03-01T20:21:07Z */
#define AUDIT_FIXTURE_NOW 1772396467000

struct audit_fixture {
	struct db_fixture *files;
	struct db *db;
	struct secret key;
	int64_t now; /* of both clocks */
	struct clock clock;
	struct audit_log *log;
};

/* For cmocka: *state becomes a struct audit_fixture *. */
int audit_fixture_start(void **state);
int audit_fixture_stop(void **state);
/* A log with other bounds in place of the present one; 0: the defaults. */
void audit_fixture_reopen(struct audit_fixture *fixture, int64_t max_rows, int64_t max_age);

/* A row of a Reader's that failed with @http_status, or succeeded below 300; -1: begun only. */
int64_t audit_fixture_add(struct audit_fixture *fixture, int http_status);
/* A refusal of a caller at @address. */
void audit_fixture_refuse(struct audit_fixture *fixture, const char *address, int http_status);
/* Runs SQL with every trigger and constraint out of the way, as somebody would who has the file. */
void audit_fixture_tamper(struct audit_fixture *fixture, const char *sql);
struct audit_report audit_fixture_verify(struct audit_fixture *fixture);
void audit_fixture_assert_sound(struct audit_fixture *fixture, int64_t rows);
int64_t audit_fixture_number(struct audit_fixture *fixture, const char *sql);

#endif
