/* SPDX-License-Identifier: Apache-2.0 */
/* Packs that a verification found damaged: no backup uses one before a verification has found it
 * whole again, so that the next backup stores their content anew where the services still have it.
 */
#ifndef BACKUP_QUARANTINE_H
#define BACKUP_QUARANTINE_H

#include "backup_commit.h"

struct backup_quarantine {
	unsigned char (*items)[SHA256_SIZE]; /* sorted */
	size_t count, capacity;
};

/* Every damaged pack of the repository. @out is initialised by this; release it in every case. */
MUST_CHECK enum status backup_quarantine_load(struct db *state, const char *repository_id,
					      struct backup_quarantine *out, struct error *err);
bool backup_quarantine_has(const struct backup_quarantine *quarantine,
			   const unsigned char sha256[SHA256_SIZE]);
void backup_quarantine_done(struct backup_quarantine *quarantine);

/* What is known about a backup the moment it is committed: its packs were read back; it is damaged
 * at once when a pack that it shares was found damaged while it ran. In the commit's transaction.
 */
MUST_CHECK enum status backup_verification_begin(const struct backup_commit *commit,
						 struct db *state, struct error *err);

#endif
