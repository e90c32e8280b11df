/* SPDX-License-Identifier: Apache-2.0 */
/* A service with one backup, verifications run to their end, damage made to order. */
#ifndef TESTS_UNIT_BACKUP_VERIFY_CASE_H
#define TESTS_UNIT_BACKUP_VERIFY_CASE_H

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Files "one" (3 MB), "two" and "three" (300 KB each); the clock of the service is 10 s ahead. */
struct service_fixture *verify_case_new(const char *engine_settings);
int verify_case_setup(void **state);
int verify_case_teardown(void **state);

/* Runs a backup that must succeed; its id. */
void verify_case_back_up(struct service_fixture *fixture, char id[GUID_TEXT_SIZE]);
/* Runs a verification of one backup to its end; release @out with db_job_done(). */
void verify_case_run(struct service_fixture *fixture, const char *backup_id,
		     enum backup_verify_depth depth, struct db_job *out);
/* The same, compared with the state that the job must end in. */
void verify_case_expect(struct service_fixture *fixture, const char *backup_id,
			enum backup_verify_depth depth, const char *job_state);
/* What backup_verify_due() says @later ms from now; runs the job when there is one. */
bool verify_case_due(struct service_fixture *fixture, int64_t later, struct db_job *out);
/* A number of the result of a finished job; -1: none. */
long verify_case_figure(const struct db_job *job, const char *name);

/* What is known about a backup; release with db_verification_done(). */
void verify_case_get(struct service_fixture *fixture, const char *backup_id,
		     struct db_verification *out);
enum db_verified verify_case_state(struct service_fixture *fixture, const char *backup_id);

/* Path of the largest file on the share whose path holds @pattern, in new memory. */
char *verify_case_find(struct service_fixture *fixture, const char *pattern);
/* Flips a bit of the byte in the middle of the file. */
void verify_case_flip(const char *path);

#endif
