/* SPDX-License-Identifier: Apache-2.0 */
/* Partial uploads: files under temporary names that a run left which was killed. To be looked for
 * by a job that holds the lease and excludes other writers of the repository: then nobody will give
 * them their names any more. */
#ifndef BACKUP_LEFTOVERS_H
#define BACKUP_LEFTOVERS_H

#include "infrabackup/share.h"

struct backup_leftovers {
	struct share *share;
	struct buffer names;          /* each with its NUL */
	char folder[SHARE_NAME_SIZE]; /* that is listed now */
};

/* Nothing is found yet; borrows @share. */
void backup_leftovers_init(struct backup_leftovers *leftovers, struct share *share);
void backup_leftovers_done(struct backup_leftovers *leftovers);
/* Notes @name in @folder if it is one; *@is_one says so. For whoever lists the folder anyway. */
MUST_CHECK enum status backup_leftovers_note(struct backup_leftovers *leftovers, const char *folder,
					     const char *name, bool *is_one, struct error *err);
/* Those of the folder; a folder that is not there has none. */
MUST_CHECK enum status backup_leftovers_find(struct backup_leftovers *leftovers, const char *folder,
					     struct error *err);
/* Those of every generation, and of the folders of small files that a job alone writes. */
MUST_CHECK enum status backup_leftovers_find_all(struct backup_leftovers *leftovers,
						 struct error *err);
/* Removes what was found. */
MUST_CHECK enum status backup_leftovers_remove(struct backup_leftovers *leftovers,
					       struct error *err);

#endif
