/* SPDX-License-Identifier: Apache-2.0 */
/* The state database can be lost: what it knows and the share does not say in clear (the identity
 * key, the secrets of deduplication, the location, tokens) is kept sealed under the master key, in
 * a file beside the database and in one on the share with every backup. What came later is read
 * from the backups themselves. */
#ifndef BACKUP_KEPT_H
#define BACKUP_KEPT_H

#include "backup_commit.h"

/* The file beside the database, replaced. A failure is logged, not returned: the one on the share
 * is as good. */
void backup_kept_store(struct backup_service *service, struct db *state);
/* The same with every backup that is about to be committed, beside the database and on the share,
 * where the oldest ones go. The backup itself is not in it: it is taken in from the share. */
MUST_CHECK enum status backup_kept_put(struct backup_commit *commit, struct error *err);
/* Makes the missing database at @path from the file beside it. STATUS_NOT_FOUND when there is none,
 * with what to do. */
MUST_CHECK enum status backup_kept_restore(const struct backup_service *service, const char *path,
					   struct error *err);

/* "1" from a rebuild until the share has been compared with the database. */
#define SETTING_REBUILT "rebuilt"

#endif
