/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module recover share. */
#ifndef RECOVER_PRIVATE_H
#define RECOVER_PRIVATE_H

#include "infrabackup/recover.h"

struct recover_source {
	struct recover_settings settings;
	struct share *share;
	struct archive_repository marker;
	bool has_marker;
	unsigned char marker_sha256[SHA256_SIZE]; /* of repository.json; what backups name */
	unsigned char copy_sha256[SHA256_SIZE];
	bool signer_is_wrong; /* not the one that was expected */
	bool listed;
	struct recover_backup *backups; /* by sequence */
	size_t backup_count;
	struct archive_deletion *deletions; /* valid marks, by backup id */
	size_t deletion_count;
	struct recover_findings findings;
};

/* --- findings --- */
/* Adds one; @backup_id NULL unless the scope is a backup. Out of memory is the only fault. */
MUST_CHECK enum status recover_note(struct recover_findings *findings, enum recover_scope scope,
				    const char *backup_id, bool is_fatal, const char *path,
				    struct error *err, const char *format, ...) PRINTF_LIKE(7, 8);
/* Appends copies of all of @from. */
MUST_CHECK enum status recover_note_all(struct recover_findings *findings,
					const struct recover_findings *from, struct error *err);
/* Whether something fatal was found about that path. */
bool recover_has_fatal(const struct recover_findings *findings, const char *path);
/* Whether something fatal concerns the repository or this backup. */
bool recover_is_refused(const struct recover_findings *findings, const char *backup_id);

/* --- reading --- */
/* A connection of one's own, for another thread. */
MUST_CHECK enum status recover_connect(const struct recover_source *source, struct share **out,
				       struct error *err);
void recover_report(const struct recover_source *source, const char *phase, uint64_t done,
		    uint64_t total);
/* Reads the marks of deletions and adds findings about those that are not as they must be. */
MUST_CHECK enum status recover_read_deletions(struct recover_source *source, struct error *err);
/* Whether the mark is of exactly the backup that @link names. */
bool recover_mark_fits(const struct archive_deletion *mark, const struct archive_link *link);
/* Checks the chain over source->backups and adds findings. */
MUST_CHECK enum status recover_check_chain(struct recover_source *source, struct error *err);

/* --- keys --- */
/* The unwrapped keys of a backup's sessions, in the order of record->sessions. */
struct recover_keys {
	struct secret *sessions;
	size_t count;
};
/* STATUS_AUTHENTICATION when @key is no recipient, listing who is. */
MUST_CHECK enum status recover_keys_open(const struct archive_record *record,
					 const struct private_key *key, struct recover_keys *out,
					 struct error *err);
void recover_keys_done(struct recover_keys *keys);

/* --- manifest --- */
struct recover_manifest;
/* @share is used by the reader until it is closed. */
MUST_CHECK enum status recover_manifest_open(struct share *share,
					     const struct recover_backup *backup,
					     const struct recover_keys *keys,
					     struct recover_manifest **out, struct error *err);
void recover_manifest_close(struct recover_manifest *manifest);
MUST_CHECK enum status recover_manifest_next(struct recover_manifest *manifest,
					     const struct archive_manifest_record **record,
					     struct error *err);

/* --- packs --- */
/* One pack to be checked, for one or more backups. */
struct recover_pack {
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	char generation[ARCHIVE_GENERATION_SIZE];
	char session_id[GUID_TEXT_SIZE];
	const struct secret *session_key;  /* NULL: not opened */
	const struct secret *dedup_secret; /* NULL: ids not recomputed */
	/* results */
	bool is_sound;
	char problem[512]; /* why not */
	uint32_t block_count, chunk_count;
	uint32_t *plain_lengths; /* by block number; 0: no such block */
	uint32_t plain_length_count;
};
/* Told of every pack that was checked, one call at a time, from any thread; when it does not return
 * OK nothing more is begun, and its status is the result. */
struct recover_packs_watch {
	enum status (*each)(const struct recover_pack *pack, void *context, struct error *err);
	void *context;
};
/* Checks all of them with several threads; a damaged pack is a result, an unusable share an error.
 * @watch may be NULL. */
MUST_CHECK enum status recover_packs_check(struct recover_source *source,
					   struct recover_pack *packs, size_t count,
					   const struct recover_packs_watch *watch,
					   struct error *err);

/* Reads a pack through its index; see archive_pack_read. */
struct recover_pack_file {
	struct share_file *file;
	char name[ARCHIVE_NAME_SIZE];
};
MUST_CHECK enum status recover_pack_read(void *pack_file, uint64_t offset, void *data,
					 size_t length, struct error *err);

/* --- content --- */
/* Bytes of extents, through a bounded cache of blocks. One thread. */
struct recover_content;
MUST_CHECK enum status recover_content_new(struct share *share, const struct archive_record *record,
					   const struct recover_keys *keys,
					   struct recover_content **out, struct error *err);
void recover_content_free(struct recover_content *content);
/* Whether there is such a block and the extent lies in it, by the pack's index alone:
 * STATUS_INTEGRITY. */
MUST_CHECK enum status recover_content_find(struct recover_content *content,
					    const struct archive_extent *extent, struct error *err);
/* The bytes of a data extent, valid until the next call. */
MUST_CHECK enum status recover_content_get(struct recover_content *content,
					   const struct archive_extent *extent,
					   const unsigned char **data, struct error *err);

#endif
