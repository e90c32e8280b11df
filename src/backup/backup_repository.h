/* SPDX-License-Identifier: Apache-2.0 */
/* The repository on a share: made at the first use, recognised at every later one. */
#ifndef BACKUP_REPOSITORY_H
#define BACKUP_REPOSITORY_H

#include "infrabackup/archive.h"

#include "backup_private.h"

struct backup_repository {
	struct archive_repository marker;
	unsigned char id[GUID_SIZE];
	unsigned char marker_sha256[SHA256_SIZE]; /* of repository.json */
};

/* Reads the marker and checks that it is ours. When there is none: makes it if @expected_id is NULL
 * (a new place), else refuses with STATUS_SHARE_PATH, because a share that has lost its marker is
 * most likely not mounted. A marker of another deployment or signer is STATUS_CONFLICT, naming it.
 */
MUST_CHECK enum status backup_repository_open(struct backup_service *service, struct share *share,
					      const char *expected_id,
					      struct backup_repository *out, struct error *err);
/* Whether @share, a handle opened later, still leads there: a mount that vanished meanwhile leaves
 * an empty folder, in which nothing may be written. STATUS_SHARE_PATH. */
MUST_CHECK enum status backup_repository_recognise(struct share *share,
						   const struct backup_repository *repository,
						   struct error *err);

#endif
