/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of prunes ask of their fixture; a failure fails the test. */
#ifndef TESTS_UNIT_BACKUP_PRUNE_CASE_H
#define TESTS_UNIT_BACKUP_PRUNE_CASE_H

#include "fake/prune_fixture.h"

/* Of a group of cmocka's: *state becomes a struct prune_fixture *. */
int prune_case_setup(void **state);
int prune_case_teardown(void **state);
/* After a test: share, state and clock are as they were. */
int prune_case_restore(void **state);

json_t *prune_case_result(const struct db_job *job);
/* Runs one that must be refused, with @text in its message; its id when @plan_id is not NULL. */
void prune_case_assert_refused(struct prune_fixture *fixture, const char *confirm, const char *text,
			       char plan_id[32]);
/* A path below MASBackup of the first entry of @folder that holds @pattern; malloc. */
char *prune_case_entry(const struct prune_fixture *fixture, const char *folder,
		       const char *pattern);
void prune_case_status(const struct prune_fixture *fixture, size_t number, char status[32],
		       int64_t *pinned_until);
void prune_case_pin(const struct prune_fixture *fixture, size_t number, int64_t until);
/* By a job of the location, which must succeed. */
void prune_case_set_retention(struct prune_fixture *fixture, int64_t days, struct db_job *out);

#endif
