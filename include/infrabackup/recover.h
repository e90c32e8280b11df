/* SPDX-License-Identifier: Apache-2.0 */
/* recover: the way back. Needs a share, and a PFX for content; no service, no database. Everything
 * on the share is taken for hostile until it has been checked. */
#ifndef INFRABACKUP_RECOVER_H
#define INFRABACKUP_RECOVER_H

#include "infrabackup/archive.h"
#include "infrabackup/base.h"
#include "infrabackup/crypto.h"
#include "infrabackup/recover/check.h"
#include "infrabackup/share.h"
#include "infrabackup/snapshot.h"

/* An opened share with its marker. */
struct recover_source;

struct recover_settings {
	const struct share_registry *shares; /* all borrowed */
	const struct share_options *share;
	const char *signer; /* expected fingerprint "SHA256:..."; NULL: the marker's key is trusted
			       and origin is not proven */
	const char *head; /* expected hash of the newest backup.json "SHA256:..."; NULL: none. Shows
			     a rollback. */
	unsigned threads; /* that check packs side by side; 0: one a processor */
	/* Progress; may be NULL. @done and @total in bytes of packs or files. Called from one
	 * thread at a time. */
	void (*progress)(void *context, const char *phase, uint64_t done, uint64_t total);
	void *progress_context;
};

/* STATUS_NOT_FOUND when there is no MASBackup; STATUS_INTEGRITY when the marker is damaged is not
 * raised here but reported as a finding, as long as one of its two copies can be read. */
MUST_CHECK enum status recover_source_open(const struct recover_settings *settings,
					   struct recover_source **out, struct error *err);
void recover_source_close(struct recover_source *source);
/* What is free on it; STATUS_UNSUPPORTED when it does not tell. */
MUST_CHECK enum status recover_source_space(struct recover_source *source, struct share_space *out,
					    struct error *err);

/* The private key of the backups that were made with the pre-shared key @key, as psk_parse() has
 * it. STATUS_AUTHENTICATION when nothing on the share is opened by it. */
MUST_CHECK enum status recover_source_key(struct recover_source *source, const struct secret *key,
					  struct private_key **out, struct error *err);

/* Something that is not as it must be; the texts are for a person and name the file on the share.
 */
enum recover_scope {
	RECOVER_SCOPE_REPOSITORY, /* nothing on the share can be trusted */
	RECOVER_SCOPE_BACKUP,     /* that backup cannot be restored as it was */
	RECOVER_SCOPE_CHAIN, /* another backup is missing, added or rolled back; this one is sound
			      */
};

struct recover_finding {
	char *path;    /* relative to the share */
	char *text;    /* what is wrong and what it means */
	bool is_fatal; /* false: worth knowing (origin not proven, an interrupted run's leftovers)
			*/
	enum recover_scope scope;
	char backup_id[GUID_TEXT_SIZE]; /* of RECOVER_SCOPE_BACKUP */
};

struct recover_findings {
	struct recover_finding *items;
	size_t count;
	size_t fatal_count;
};
void recover_findings_done(struct recover_findings *findings);

/* --- list --- */

/* One backup folder in order of sequence. */
struct recover_backup {
	char folder[ARCHIVE_FOLDER_SIZE];
	uint64_t sequence;
	char backup_id[GUID_TEXT_SIZE];
	bool is_committed;
	bool is_signed;                /* by the key in the marker */
	struct archive_record *record; /* NULL when backup.json cannot be used */
	unsigned char record_sha256[SHA256_SIZE];
};

/* Every backup folder; valid while the source is open. Reads the small files, checks hashes,
 * signatures and the chain; what is wrong is in the findings of recover_source_findings(). */
MUST_CHECK enum status recover_list(struct recover_source *source,
				    const struct recover_backup **out, size_t *count,
				    struct error *err);
/* Findings about marker, certificates, small files, chain; filled by recover_list(). */
const struct recover_findings *recover_source_findings(const struct recover_source *source);
/* Whether recover_list() found nothing that makes this backup unusable. */
bool recover_is_sound(const struct recover_source *source, const struct recover_backup *backup);
/* The valid marks of deleted backups, by backup id; known after recover_list(). NULL: none of that
 * id. */
const struct archive_deletion *recover_deletions(const struct recover_source *source,
						 size_t *count);
const struct archive_deletion *recover_deletion_find(const struct recover_source *source,
						     const char *backup_id);
/* What a link to a predecessor leads to. */
enum recover_way {
	RECOVER_WAY_THERE,       /* a backup that is there, at once or past deleted ones */
	RECOVER_WAY_ENDS,        /* past deleted ones to where nothing older was left */
	RECOVER_WAY_GONE,        /* a backup that is not there and that no mark calls deleted */
	RECOVER_WAY_UNCOMMITTED, /* a backup without its COMMIT */
	RECOVER_WAY_CONTRADICTS, /* a backup or a mark that is not the one that is named */
};
struct recover_step {
	enum recover_way way;
	struct archive_link link;            /* the last one followed */
	const struct recover_backup *backup; /* that it leads to; NULL: none is there */
	const struct archive_deletion *mark; /* the last one passed; NULL: none */
};
/* Follows @link past marks of deletions. */
struct recover_step recover_follow(const struct recover_source *source,
				   const struct archive_link *link);
/* @id: a backup GUID, a folder name, or "latest" (the newest committed and cloud-recovery-ready
 * one, else the newest committed one; STATUS_INTEGRITY when a newer one is signed but lacks its
 * COMMIT). STATUS_NOT_FOUND. */
MUST_CHECK enum status recover_find(struct recover_source *source, const char *id,
				    const struct recover_backup **out, struct error *err);

/* --- verify --- */

struct recover_verify_result {
	uint64_t backups, packs, bytes;   /* checked */
	uint64_t blocks, chunks, files;   /* decrypted and checked; 0 without a key */
	struct recover_findings findings; /* all, those of recover_list() included */
};

/* Checks one backup, or all when @backup is NULL. Without @key: marker, chain, signatures,
 * certificates, sessions, manifest and packs by hash and size, packs' indexes; each pack is read
 * once, by several threads. With @key also: every block opened, chunk ids recomputed, every file's
 * extents looked up. With @files: every file is put together and its SHA-256 compared, as a
 * recovery would, but written nowhere. Damage is not an error but a finding; the status is OK
 * unless the share itself failed, or STATUS_AUTHENTICATION when @key is no recipient (the text
 * lists the thumbprints that are).
 * Asked about one backup, the faults of others are findings that are not fatal. */
MUST_CHECK enum status recover_verify(struct recover_source *source,
				      const struct recover_backup *backup,
				      const struct private_key *key, bool files,
				      struct recover_verify_result *out, struct error *err);
void recover_verify_result_done(struct recover_verify_result *result);

/* --- recover --- */

/* Where a role goes. */
struct recover_target {
	const char *role;
	const struct snapshot_driver *driver;
	struct snapshot_settings settings;
};

struct recover_options {
	const struct recover_backup *backup;
	const struct private_key *key;
	const char *const *roles; /* NULL-terminated; NULL: all */
	/* Exactly one of the two: every role below @directory/<role>/, or into the services listed
	 * (a role of the backup that has no target is a fatal finding before anything is written,
	 * unless @roles leaves it out). */
	const char *directory;
	const struct recover_target *targets;
	size_t target_count;
	const char *stamp_version; /* of the target, for the version rule; NULL: not checked */
	const struct cancel *cancel;
};

struct recover_role_result {
	char *role;
	/* problems: recorded by the backup (unreadable, changed, ...). What vanished and files
	 * without any content are not written. */
	uint64_t entries, files, bytes, problems;
	uint64_t refused; /* metadata that the target system did not take */
	enum status status;
	struct error error;
};

struct recover_result {
	struct recover_role_result *roles;
	size_t role_count;
	struct recover_findings findings; /* fatal ones: nothing was written */
};

/* Verifies everything the wanted roles need (as recover_verify() with a key does), and only then
 * writes, role by role in order of restore priority. STATUS_INTEGRITY with fatal findings: nothing
 * was written. STATUS_AUTHENTICATION: the PFX is no recipient (the text lists the thumbprints that
 * are). STATUS_UNSUPPORTED: the version rule. STATUS_PARTIAL: a role failed while writing, or the
 * backup itself holds problems or lacks a wanted role, which had failed then. Can be run again. */
MUST_CHECK enum status recover_run(struct recover_source *source,
				   const struct recover_options *options,
				   struct recover_result *out, struct error *err);
void recover_result_done(struct recover_result *result);
/* New values, or NULL when memory is out: a list, and schema/responses/restore.json without its
 * backupId. */
json_t *recover_findings_json(const struct recover_findings *findings);
json_t *recover_result_json(const struct recover_result *result);

/* The version rule: @target may be the backup's stamp version or one release newer, never older.
 * OK, or STATUS_UNSUPPORTED with both versions and the rule in the message. */
MUST_CHECK enum status recover_check_versions(const char *backup, const char *target,
					      struct error *err);

#endif
