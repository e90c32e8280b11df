/* SPDX-License-Identifier: Apache-2.0 */
/* Testing a share from within a job. */
#ifndef BACKUP_CONNECTION_H
#define BACKUP_CONNECTION_H

#include "infrabackup/backup/connection.h"

#include "backup_private.h"

/* Tests @target; the job carries the report from then on, whatever the outcome. @report: the same
 * as JSON text; replaced, and empty when there is none. A failure names the check that failed
 * first, what was found and what to do. */
MUST_CHECK enum status backup_connection_try(struct backup_service *service, struct jobs_run *run,
					     const struct backup_target *target,
					     enum share_conformance_scope scope,
					     struct buffer *report, struct error *err);
/* Within a transaction that also stores the location that @report is about. */
MUST_CHECK enum status backup_connection_keep(struct db *state, const struct buffer *report,
					      struct error *err);

#endif
