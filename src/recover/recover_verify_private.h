/* SPDX-License-Identifier: Apache-2.0 */
/* A verification while it runs: which backups, their keys, the packs of all of them. */
#ifndef RECOVER_VERIFY_PRIVATE_H
#define RECOVER_VERIFY_PRIVATE_H

#include "recover_private.h"

/* One backup that is verified. */
struct verified_backup {
	const struct recover_backup *backup;
	struct recover_keys keys;
	bool has_keys;
	bool manifest_is_sound;
	struct secret dedup_secret;
};

struct verify_run {
	struct recover_source *source;
	const struct private_key *key; /* NULL: without */
	bool files;
	struct recover_verify_result *result;
	struct verified_backup *backups;
	size_t backup_count;
	struct recover_pack *packs; /* of all, sorted by digest, each once */
	size_t pack_count;
	/* Manifests are checked so, without the packs having been read; NULL: after them. */
	const struct recover_files_check *stepwise;
};

/* Adds @backup to run->backups, which has room for it: manifest and, with a key, its secrets. */
MUST_CHECK enum status recover_verify_begin(struct verify_run *run,
					    const struct recover_backup *backup, struct error *err);
void recover_verify_fill_pack(const struct verified_backup *verified,
			      const struct archive_record_pack *pack, struct recover_pack *out);

/* The packs of all backups into run->packs. */
MUST_CHECK enum status recover_verify_collect(struct verify_run *run, struct error *err);
struct recover_pack *recover_verify_find(const struct verify_run *run,
					 const struct archive_record_pack *pack);
/* Walks the manifest: every extent must be where a block is, sizes must fit; with run->files
 * content is put together and hashed. What is wrong becomes a finding. */
MUST_CHECK enum status recover_verify_manifest(struct verify_run *run,
					       const struct verified_backup *verified,
					       struct error *err);
/* Adds a fatal finding about one backup. */
MUST_CHECK enum status recover_verify_refuse(struct verify_run *run,
					     const struct recover_backup *backup, const char *path,
					     const char *text, struct error *err);

#endif
