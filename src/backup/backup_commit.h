/* SPDX-License-Identifier: Apache-2.0 */
/* From finished roles to a committed backup. */
#ifndef BACKUP_COMMIT_H
#define BACKUP_COMMIT_H

#include "backup_role.h"

struct backup_commit {
	struct backup_session *session;
	const struct backup_history *history;
	struct backup_role *roles; /* in order of restore priority */
	size_t role_count;
	bool is_automatic;
	/* filled on the way */
	char folder[ARCHIVE_FOLDER_SIZE];
	bool commit_tried; /* COMMIT may be there, whatever the call said */
	uint64_t manifest_size;
	unsigned char manifest_sha256[SHA256_SIZE];
	unsigned char record_sha256[SHA256_SIZE];
	int64_t completed_time;
	enum job_state state; /* JOB_SUCCEEDED or JOB_PARTIAL_SUCCEEDED */
	bool is_cloud_recovery_ready;
	uint64_t bytes, new_bytes;
};

/* manifest.bin, backup.json, backup.sig; every referenced pack is listed again; COMMIT last. When
 * OK, the backup exists. */
MUST_CHECK enum status backup_commit_to_share(struct backup_commit *commit, struct error *err);
/* Then the database is told, in one transaction where it matters. */
MUST_CHECK enum status backup_commit_to_database(struct backup_commit *commit, struct db *state,
						 struct error *err);

/* Steps of it with files of their own: */
MUST_CHECK enum status backup_manifest_write(struct backup_commit *commit, struct error *err);
MUST_CHECK enum status backup_record_make(struct backup_commit *commit, struct archive_record **out,
					  struct error *err);
MUST_CHECK enum status backup_packs_check(struct backup_session *session, struct error *err);

#endif
