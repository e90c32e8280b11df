/* SPDX-License-Identifier: Apache-2.0 */
/* The job "verify": reads backups back from the share, remembers what was whole when, puts damaged
 * packs into quarantine and takes them out again when they are whole. It writes nothing to the
 * share, makes way for every job that does, and goes on where an earlier one stopped. What the
 * states of a backup mean stands at enum db_verified. */
#ifndef INFRABACKUP_BACKUP_VERIFY_H
#define INFRABACKUP_BACKUP_VERIFY_H

#include "infrabackup/base.h"

struct backup_service;
struct db;

enum backup_verify_depth {
	BACKUP_VERIFY_HASHES,  /* every file that the backup needs: size, SHA-256, signature */
	BACKUP_VERIFY_CONTENT, /* also every block decrypted, chunk ids, extents looked up */
	BACKUP_VERIFY_FILES,   /* also every file put together and its SHA-256 compared */
	BACKUP_VERIFY_DEPTH_COUNT
};
/* "Hashes", "Content", "Files". */
const char *backup_verify_depth_name(enum backup_verify_depth depth);
bool backup_verify_depth_parse(const char *name, enum backup_verify_depth *out);

/* Queues a verification of one backup, or of all (@backup_id NULL). All of it is read, whatever
 * engine.verifyGiBPerDay is, except what a verification that asked for the same and was interrupted
 * within the last day has read. Without the service's own key (engine.drillRecipient off, or off
 * when the backup was made) hashes are all that is checked. The job fails with STATUS_INTEGRITY
 * when something is damaged; its result is schema/responses/verification.json either way.
 * STATUS_NOT_FOUND, STATUS_NOT_CONFIGURED, STATUS_CONFLICT while another one is queued or running.
 */
MUST_CHECK enum status backup_verify_submit(struct backup_service *service, struct db *state,
					    const char *backup_id, enum backup_verify_depth depth,
					    const char *caller, char operation_id[GUID_TEXT_SIZE],
					    struct error *err);

/* Queues a verification of what was read longest ago, when the
 * day's share of engine.verifyGiBPerDay is not used up and something is to be done: a backup was
 * made since the last one came to its end, that was more than a day ago, or it was interrupted. Its
 * id is in @operation_id, which is empty when nothing is due. */
MUST_CHECK enum status backup_verify_due(struct backup_service *service, struct db *state,
					 int64_t now, char operation_id[GUID_TEXT_SIZE],
					 struct error *err);

#endif
