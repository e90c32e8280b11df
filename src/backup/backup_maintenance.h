/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance as the scheduler and the queue of backups see it. */
#ifndef BACKUP_MAINTENANCE_H
#define BACKUP_MAINTENANCE_H

#include "backup_scheduler.h"

/* STATUS_CONFLICT, naming the operation, while maintenance is on. In the transaction that queues.
 */
MUST_CHECK enum status backup_maintenance_refuse(struct backup_service *service, struct db *state,
						 struct error *err);
/* Follows the jobs: begins what waited for its backup, queues the backup after the end.
 * *@maintenance: the newest, as it is then. In a transaction. */
MUST_CHECK enum status backup_maintenance_settle(struct backup_service *service, struct db *state,
						 struct db_maintenance *maintenance,
						 bool *is_after_queued, struct error *err);
/* "maintenance (Update) is on since ..., begun by ann" of one that is on. */
void backup_maintenance_describe(const struct db_maintenance *maintenance, char *text, size_t size);

#endif
