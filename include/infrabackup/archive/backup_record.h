/* SPDX-License-Identifier: Apache-2.0 */
/* The clear JSON files repository.json, backup.json, COMMIT and the marks of deletions:
 * api/FORMAT.md sections 3, 8, 9, 11. */
#ifndef INFRABACKUP_ARCHIVE_BACKUP_RECORD_H
#define INFRABACKUP_ARCHIVE_BACKUP_RECORD_H

#include "infrabackup/archive/layout.h"

struct archive_repository {
	char repository_id[GUID_TEXT_SIZE];
	char deployment_id[GUID_TEXT_SIZE];
	char external_domain[256];
	char region[64];
	int64_t created_time;
	unsigned char signer_public_key[ED25519_PUBLIC_SIZE];
};

/* @out is replaced. All writers here: STATUS_INVALID names the member that no reader would take. */
MUST_CHECK enum status archive_repository_write(const struct archive_repository *repository,
						struct buffer *out, struct error *err);
MUST_CHECK enum status archive_repository_parse(const void *data, size_t length,
						struct archive_repository *out, struct error *err);

struct archive_recipient {
	char thumbprint[THUMBPRINT_TEXT_SIZE];
	unsigned char sha256[SHA256_SIZE]; /* of the DER: the file in certificates/ */
	char purpose[16];                  /* "location", "escrow", "drill" */
};

struct archive_record_role {
	char *name;
	char *provider;
	bool essential;
	int32_t restore_priority;
	char status[24]; /* "Succeeded", "PartialSucceeded", "Failed" */
	uint64_t entries, bytes, new_bytes, problems;
	char *error_message; /* NULL when there is none */
	bool is_taken;       /* not read by this backup: taken over from the one it repeats */
	struct {
		char backup_id[GUID_TEXT_SIZE]; /* that read it */
		int64_t started_time, ended_time;
	} taken; /* when is_taken */
};

struct archive_record_session {
	char session_id[GUID_TEXT_SIZE];
	unsigned char *wrapped_key; /* the .p7m, byte for byte */
	size_t wrapped_key_length;
};

struct archive_record_pack {
	unsigned char sha256[SHA256_SIZE];
	uint64_t size;
	uint32_t session; /* index in sessions */
};

/* Names another backup. */
struct archive_link {
	char backup_id[GUID_TEXT_SIZE];
	uint64_t sequence;
	unsigned char sha256[SHA256_SIZE]; /* of its backup.json */
};

/* backup.json. All pointers owned. */
struct archive_record {
	char repository_id[GUID_TEXT_SIZE];
	unsigned char repository_sha256[SHA256_SIZE]; /* of repository.json */
	char deployment_id[GUID_TEXT_SIZE];
	char external_domain[256];
	char region[64];
	char backup_id[GUID_TEXT_SIZE];
	uint64_t sequence;
	char session_id[GUID_TEXT_SIZE];
	char generation[ARCHIVE_GENERATION_SIZE];
	int64_t started_time, completed_time;
	char status[24]; /* "Succeeded" or "PartialSucceeded" */
	bool is_automatic;
	bool is_cloud_recovery_ready;
	char stamp_version[64];
	char oem_version[64];                  /* empty: null */
	char thumbprint[THUMBPRINT_TEXT_SIZE]; /* of the location's certificate */
	uint64_t manifest_size;
	unsigned char manifest_sha256[SHA256_SIZE];
	uint64_t bytes;     /* of source data */
	uint64_t new_bytes; /* stored by this backup: packs it wrote, manifest */
	bool has_previous;
	struct archive_link previous;
	struct archive_recipient *recipients;
	size_t recipient_count;
	struct archive_record_role *roles;
	size_t role_count;
	struct archive_record_session *sessions;
	size_t session_count;
	struct archive_record_pack *packs;
	size_t pack_count;
};

/* Frees what the members own, and @record itself. NULL is legal. */
void archive_record_free(struct archive_record *record);
MUST_CHECK enum status archive_record_write(const struct archive_record *record, struct buffer *out,
					    struct error *err);
/* Strict: unknown format, missing or odd members, an index out of range are STATUS_INTEGRITY
 * (STATUS_UNSUPPORTED for a newer format). */
MUST_CHECK enum status archive_record_parse(const void *data, size_t length,
					    struct archive_record **out, struct error *err);

struct archive_commit {
	char backup_id[GUID_TEXT_SIZE];
	uint64_t sequence;
	unsigned char record_sha256[SHA256_SIZE];    /* of backup.json */
	unsigned char signature_sha256[SHA256_SIZE]; /* of backup.sig */
};

MUST_CHECK enum status archive_commit_write(const struct archive_commit *commit, struct buffer *out,
					    struct error *err);
MUST_CHECK enum status archive_commit_parse(const void *data, size_t length,
					    struct archive_commit *out, struct error *err);

/* The mark that a deleted backup leaves, so that what the service deleted can be told from what
 * somebody else removed. */
struct archive_deletion {
	char repository_id[GUID_TEXT_SIZE];
	struct archive_link backup; /* that was deleted */
	int64_t deleted_time;
	char reason[32]; /* "expired" */
	/* The newest older backup that was not deleted by then; everything between was. */
	bool has_previous;
	struct archive_link previous;
};

MUST_CHECK enum status archive_deletion_write(const struct archive_deletion *deletion,
					      struct buffer *out, struct error *err);
MUST_CHECK enum status archive_deletion_parse(const void *data, size_t length,
					      struct archive_deletion *out, struct error *err);

#endif
