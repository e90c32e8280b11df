/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of state.sqlite other than jobs: settings, sealed secrets, the backup location, generations,
 * backups, the key inventory, API tokens. */
#ifndef INFRABACKUP_DB_STATE_H
#define INFRABACKUP_DB_STATE_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

/* --- settings: name -> text --- */
/* STATUS_NOT_FOUND. @out replaced, terminated. */
MUST_CHECK enum status db_setting_get(struct db *db, const char *name, struct buffer *out,
				      struct error *err);
MUST_CHECK enum status db_setting_set(struct db *db, const char *name, const char *value,
				      struct error *err);

/* --- sealed secrets: name -> bytes that crypto_seal() made --- */
MUST_CHECK enum status db_secret_get(struct db *db, const char *name, struct buffer *out,
				     struct error *err);
MUST_CHECK enum status db_secret_set(struct db *db, const char *name, const void *sealed,
				     size_t length, struct error *err);
/* A missing one is fine. */
MUST_CHECK enum status db_secret_delete(struct db *db, const char *name, struct error *err);

/* --- the backup location --- */
#define DB_LOCATION_FREQUENCY_HOURS 12
#define DB_LOCATION_RETENTION_DAYS 7

struct db_location {
	char *name;                    /* region */
	char *path;                    /* NULL: not configured */
	char *user_name;               /* NULL: none */
	struct buffer password_sealed; /* empty: none */
	struct buffer certificate;     /* DER; empty: none */
	char thumbprint[41];           /* empty: none */
	int frequency_hours;
	int retention_days;
	bool scheduler_enabled;
	int64_t next_backup_time; /* 0: none */
	int64_t last_backup_time; /* 0: none */
	int64_t capacity_total;   /* bytes; -1: unknown */
	int64_t capacity_free;
	int64_t changed_time;
};
/* The row of @name; a location that was never configured yields defaults (path NULL), not
 * STATUS_NOT_FOUND. */
MUST_CHECK enum status db_location_get(struct db *db, const char *name, struct db_location *out,
				       struct error *err);
MUST_CHECK enum status db_location_put(struct db *db, const struct db_location *location,
				       struct error *err);
/* Only the three figures that a backup moves. Values < 0 are left as they are. A location without a
 * row gets one. */
MUST_CHECK enum status db_location_note(struct db *db, const char *name, int64_t last_backup_time,
					int64_t capacity_total, int64_t capacity_free,
					struct error *err);
void db_location_done(struct db_location *location);

/* --- generations --- */
struct db_generation {
	uint32_t number; /* from 1 */
	char name[32];   /* its folder */
	char thumbprint[41];
	struct buffer dedup_secret_sealed;
	int64_t created_time;
	uint32_t backups; /* committed ones in it */
};
/* The newest; STATUS_NOT_FOUND when there is none. */
MUST_CHECK enum status db_generation_newest(struct db *db, struct db_generation *out,
					    struct error *err);
/* STATUS_EXISTS on the same number or name. */
MUST_CHECK enum status db_generation_add(struct db *db, const struct db_generation *generation,
					 struct error *err);
void db_generation_done(struct db_generation *generation);

/* --- committed backups --- */
struct db_backup {
	char id[GUID_TEXT_SIZE]; /* == id of the job that made it */
	char *location;
	uint64_t sequence;
	char *folder;
	char *generation;
	char *status; /* "Succeeded", "PartialSucceeded", "Corrupted" (given up), "Deleted" */
	int64_t started_time, completed_time;
	char *stamp_version;
	char *oem_version; /* NULL */
	char *deployment_id;
	char thumbprint[41];
	bool is_automatic, is_cloud_recovery_ready;
	uint64_t bytes, new_bytes;
	unsigned char record_sha256[32];
	char *repository;     /* GUID; NULL: unknown */
	int64_t pinned_until; /* 0: not pinned; INT64_MAX: for ever */
};
/* One transaction: the row, location.last_backup_time, generation.backups + 1. STATUS_EXISTS on the
 * same id or sequence, STATUS_INVALID when its generation was never added. */
MUST_CHECK enum status db_backup_add(struct db *db, const struct db_backup *backup,
				     struct error *err);
MUST_CHECK enum status db_backup_get(struct db *db, const char *location, const char *id,
				     struct db_backup *out, struct error *err);
/* The one with the highest sequence; STATUS_NOT_FOUND. */
MUST_CHECK enum status db_backup_newest(struct db *db, const char *location, struct db_backup *out,
					struct error *err);
/* All, ordered by id (CONTRACT 4.1), each passed to @each until it returns not OK. */
MUST_CHECK enum status db_backup_list(struct db *db, const char *location,
				      enum status (*each)(const struct db_backup *backup,
							  void *context, struct error *err),
				      void *context, struct error *err);
/* STATUS_NOT_FOUND. */
MUST_CHECK enum status db_backup_set_status(struct db *db, const char *location, const char *id,
					    const char *backup_status, struct error *err);
/* @until as in struct db_backup. STATUS_NOT_FOUND, also for a deleted one. */
MUST_CHECK enum status db_backup_pin(struct db *db, const char *location, const char *id,
				     int64_t until, struct error *err);
void db_backup_done(struct db_backup *backup);

/* What the committed backups of a location tell about time and growth. */
struct db_backup_summary {
	int64_t last_ready_time; /* the newest undamaged one to recover the cloud from; 0: none */
	/* Of the newest 28: the most that one stored which began a generation, and the sum and
	 * number of the others. */
	uint64_t full_bytes, grown_bytes, grown_count;
};
MUST_CHECK enum status db_backup_summarize(struct db *db, const char *location,
					   struct db_backup_summary *out, struct error *err);

/* --- key inventory: which certificates were ever recipients, and of what --- */
struct db_key {
	char thumbprint[41];
	char *purpose; /* "location", "escrow", "drill" */
	char *subject;
	int64_t not_after;
	int64_t first_used, last_used;
	uint64_t backups;
};
/* Inserts, or moves last_used and adds one to backups. */
MUST_CHECK enum status db_key_note_use(struct db *db, const struct db_key *key, struct error *err);
/* Used last first. */
MUST_CHECK enum status db_key_list(struct db *db,
				   enum status (*each)(const struct db_key *key, void *context,
						       struct error *err),
				   void *context, struct error *err);

/* --- API tokens --- */
struct db_token {
	char id[GUID_TEXT_SIZE];
	char *name;
	unsigned char hash[32]; /* SHA-256 of the token */
	char *role;             /* "Reader", "Operator", "Administrator" */
	int64_t created_time;
	int64_t expires_time;   /* 0: never */
	int64_t revoked_time;   /* 0: not */
	int64_t last_used_time; /* 0: never */
};
/* STATUS_EXISTS when an unrevoked token has that name. */
MUST_CHECK enum status db_token_add(struct db *db, const struct db_token *token, struct error *err);
/* STATUS_NOT_FOUND. */
MUST_CHECK enum status db_token_find(struct db *db, const unsigned char hash[32],
				     struct db_token *out, struct error *err);
MUST_CHECK enum status db_token_list(struct db *db,
				     enum status (*each)(const struct db_token *token,
							 void *context, struct error *err),
				     void *context, struct error *err);
/* By id or name. STATUS_NOT_FOUND. */
MUST_CHECK enum status db_token_revoke(struct db *db, const char *id_or_name, int64_t time,
				       struct error *err);
/* Sets last_used_time. */
MUST_CHECK enum status db_token_used(struct db *db, const char *id, int64_t time,
				     struct error *err);
void db_token_done(struct db_token *token);

#endif
