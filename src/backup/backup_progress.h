/* SPDX-License-Identifier: Apache-2.0 */
/* How far a backup is: source bytes taken care of, of those that are expected. A role is expected
 * to be as large as it was in the newest backup, until it has ended and its size is known. */
#ifndef BACKUP_PROGRESS_H
#define BACKUP_PROGRESS_H

#include "backup_role.h"

/* Before the roles run. */
MUST_CHECK enum status backup_progress_expect(struct backup_session *session, struct db *state,
					      struct backup_role *roles, size_t count,
					      struct error *err);
/* Any thread of the job. */
void backup_progress_show(struct backup_session *session, const char *phase);
/* On the role's own thread, once. */
void backup_progress_role_ended(struct backup_role *role);

#endif
