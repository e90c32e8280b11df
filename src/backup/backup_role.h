/* SPDX-License-Identifier: Apache-2.0 */
/* A role's run: walk a service, have its files read, write its part of the manifest. */
#ifndef BACKUP_ROLE_H
#define BACKUP_ROLE_H

#include "backup_cache.h"
#include "backup_item.h"

/* Items of a role that are read or wait to be written out at once. */
#define BACKUP_ROLE_WINDOW 128

/* From configuration, or (NULL @service) the service's own role. @position: order in the results.
 */
MUST_CHECK enum status backup_role_init(struct backup_role *role, struct backup_session *session,
					const struct config_service *service, int position,
					struct error *err);
void backup_role_done(struct backup_role *role);
/* Runs on the calling thread to the end. A fault of the service is kept in the role (status, error)
 * and only the role fails; the returned status is that of the run as a whole (share, database,
 * cancel). */
MUST_CHECK enum status backup_role_run(struct backup_role *role, struct error *err);
/* Of a role that has run. */
enum job_state backup_role_state(const struct backup_role *role);
/* The cache takes the place of last time's; after the commit. */
void backup_role_keep_cache(struct backup_role *role);
/* The result row into the database. */
MUST_CHECK enum status backup_role_report(struct backup_role *role, struct db *state,
					  struct error *err);

/* The service's own role: copies of its master key and state in a new folder (owned by the caller,
 * to be removed when the role is done), which the directory provider then takes. */
MUST_CHECK enum status backup_self_prepare(struct backup_session *session, char **folder,
					   struct error *err);

#endif
