/* SPDX-License-Identifier: Apache-2.0 */
/* A backup that repeats only what failed in an earlier one. The roles that were complete there are
 * taken over: their entries are copied from the earlier manifest, their packs are referenced again,
 * nothing of them is read or stored, and their times stay those of then. */
#ifndef BACKUP_RETRY_H
#define BACKUP_RETRY_H

#include "backup_role.h"

/* Member of a backup job's parameters: the id of the backup to repeat. */
#define RETRY_PARAMETER_OF "retryOf"

/* When packs are known and before the roles run: marks the roles that it took over (is_taken), of
 * the backup that the job's parameters name; a job without any changes nothing. What cannot be
 * taken over is left to be read like in any backup, and the log says why: a backup that failed as a
 * whole, another generation, a pack that is gone, a service that is another one now, no drill
 * recipient. The status is that of the run as a whole (share, database, cancel). */
MUST_CHECK enum status backup_retry_take_over(struct backup_session *session, struct db *state,
					      struct backup_role *roles, size_t count,
					      struct error *err);

/* Whether the backup can be repeated; see backup_retry_submit(). */
MUST_CHECK enum status backup_retry_check(struct backup_service *service, struct db *state,
					  const char *earlier_id, struct error *err);

/* From backup_retry_take_over() (backup_retry_copy.c): copies the roles of the manifest that
 * @record belongs to. @slots: of its packs, see backup_packs.h. STATUS_INTEGRITY: what was complete
 * before the damage is taken. */
struct backup_retry_source {
	const struct archive_record *record;
	const char *folder;
	const struct secret *session_key;
	const uint32_t *slots;
};
MUST_CHECK enum status backup_retry_copy(struct backup_session *session, struct db *state,
					 const struct backup_retry_source *source,
					 struct backup_role *roles, size_t count,
					 struct error *err);

#endif
