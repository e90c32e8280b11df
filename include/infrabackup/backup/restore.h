/* SPDX-License-Identifier: Apache-2.0 */
/* The job "restore": brings roles of a backup back into the services of the configuration, with a
 * key that the service does not have. What a recovery checks is checked before anything is written.
 * The role of the service itself is left out: its keys would be replaced under it. */
#ifndef INFRABACKUP_BACKUP_RESTORE_H
#define INFRABACKUP_BACKUP_RESTORE_H

#include "infrabackup/config.h"
#include "infrabackup/snapshot.h"

struct backup_service;
struct db;

/* Members of the request as REST names them; error.field of what is wrong. */
#define BACKUP_RESTORE_FIELD_ROLE "roleName"
#define BACKUP_RESTORE_FIELD_PFX "decryptionCertBase64"
#define BACKUP_RESTORE_FIELD_PASSWORD "decryptionCertPassword"

struct backup_restore_request {
	const char *backup_id; /* lower case */
	const char *role;      /* NULL: all */
	/* Borrowed; copies stay in memory, and nowhere else, until the job begins or is cancelled.
	 * Both NULL: the backup is opened by a pre-shared key that the service keeps. */
	const struct secret *pfx, *password;
};

/* Queues a restore. Nothing is queued when the role is not in the backup or has no service, the PFX
 * does not open or its certificate was never a recipient of backups (STATUS_INVALID).
 * STATUS_NOT_FOUND: the backup; STATUS_NOT_CONFIGURED; STATUS_CONFLICT while a backup, an update, a
 * prune or another restore is queued or running. The job's result is schema/responses/restore.json,
 * also of a failed one as far as it came; PartialSucceeded: a role was not restored, or was not
 * whole in the backup. A restore that is still to begin when the service ends fails when it is
 * started again. */
MUST_CHECK enum status backup_restore_submit(struct backup_service *service, struct db *state,
					     const struct backup_restore_request *request,
					     const char *caller, char operation_id[GUID_TEXT_SIZE],
					     struct error *err);

/* How the provider of a service is called, to back it up and to restore it; borrows both. */
struct snapshot_settings backup_snapshot_settings(const struct config_service *service,
						  const char *temporary_directory);

#endif
