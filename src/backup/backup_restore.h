/* SPDX-License-Identifier: Apache-2.0 */
/* Between the request for a restore and its job. */
#ifndef BACKUP_RESTORE_H
#define BACKUP_RESTORE_H

#include "infrabackup/backup/restore.h"

#include "backup_private.h"

/* Parameters of the job: nothing that opens a backup. */
#define RESTORE_PARAMETER_BACKUP "backupId"
#define RESTORE_PARAMETER_ROLE "roleName" /* absent: all */
/* Whose private key a stored pre-shared key opens; absent: a PFX was sent. */
#define RESTORE_PARAMETER_STORED "storedKeyThumbprint"

/* Moves what was sent with the request of that job; once. STATUS_FAILED when it is not there: the
 * service was started anew since. */
MUST_CHECK enum status backup_restore_take(struct backup_service *service, const char *job_id,
					   struct secret *pfx, struct secret *password,
					   struct error *err);
/* Zeroes it, if it is still there. */
void backup_restore_forget(struct backup_service *service, const char *job_id);

#endif
