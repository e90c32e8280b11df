/* SPDX-License-Identifier: Apache-2.0 */
/* Sources for whole backups, and all roles brought back at once. */
#ifndef TESTS_UNIT_BACKUP_TREE_H
#define TESTS_UNIT_BACKUP_TREE_H

#include "fake/service_fixture.h"
#include "fake/tree_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A started, configured service whose clock runs ahead, so that every file is older than the stat
 * cache's granularity. */
struct service_fixture *backup_tree_service(const char *services);
int backup_tree_setup(void **state);
int backup_tree_teardown(void **state);

/* "source/@name" in new memory. */
char *backup_tree_path(const struct service_fixture *fixture, const char *name);
void backup_tree_folder(const struct service_fixture *fixture, const char *name);
void backup_tree_text(const struct service_fixture *fixture, const char *name, const char *text);

/* Backs up, verifies without and with the key, and compares: all must be equal. */
void backup_tree_assert_equal(struct service_fixture *fixture, unsigned flags);
/* Runs a backup; its state must be @state. */
void backup_tree_back_up_as(struct service_fixture *fixture, const char *state, struct db_job *out);
/* Recovers all roles of a backup (its id or "latest") below folder/all-roles, which is removed
 * before. */
enum status backup_tree_recover_all(struct service_fixture *fixture, const char *backup,
				    struct recover_result *out, struct error *err);
const struct recover_role_result *backup_tree_role(const struct recover_result *result,
						   const char *role);
/* A file below folder/all-roles; false when it is not there. */
bool backup_tree_recovered(const struct service_fixture *fixture, const char *path,
			   struct buffer *out);

#endif
