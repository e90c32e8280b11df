/* SPDX-License-Identifier: Apache-2.0 */
/* What was found whole on the share when: rows of state.sqlite about packs and backups. Times are
 * ms since 1970 UTC, 0: never. */
#ifndef INFRABACKUP_DB_VERIFICATION_H
#define INFRABACKUP_DB_VERIFICATION_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

/* --- packs --- */
struct db_pack_check {
	char repository[GUID_TEXT_SIZE];
	char generation[32];
	unsigned char sha256[32];
	uint64_t size;
	int64_t hashed_time;  /* every byte was read and the SHA-256 is right */
	int64_t opened_time;  /* and every block was decrypted, every chunk id recomputed */
	int64_t tried_time;   /* read last, whatever came of it */
	int64_t damaged_time; /* since then it is known to be damaged or missing: never used again
				 until a verification finds it whole */
	char *problem;        /* of a damaged one; NULL */
};
/* Inserts, or replaces by (repository, generation, sha256). */
MUST_CHECK enum status db_pack_check_put(struct db *db, const struct db_pack_check *check,
					 struct error *err);
/* Reading at @time found it whole (opened too when @opened): the times move, never back, and damage
 * is forgotten. Only repository, generation, sha256 and size of @check are taken. */
MUST_CHECK enum status db_pack_check_note(struct db *db, const struct db_pack_check *check,
					  int64_t time, bool opened, struct error *err);
/* Ordered by generation and digest; @damaged_only: the quarantine. */
MUST_CHECK enum status db_pack_check_list(struct db *db, const char *repository, bool damaged_only,
					  enum status (*each)(const struct db_pack_check *check,
							      void *context, struct error *err),
					  void *context, struct error *err);
/* A missing one is fine. */
MUST_CHECK enum status db_pack_check_remove(struct db *db, const struct db_pack_check *check,
					    struct error *err);
void db_pack_check_done(struct db_pack_check *check);

/* --- backups --- */

/* In order of trust, so that callers may compare: a backup counts as verified from
 * DB_VERIFIED_READ_BACK on, or from whatever depth they ask for. */
enum db_verified {
	/* A file of it, or a pack that it names, is missing or not what was written: it cannot be
	 * recovered as it was. */
	DB_VERIFIED_DAMAGED,
	/* It is on the share with COMMIT and signature; nothing else is known: it was taken in
	 * from the share, or made before verification existed. */
	DB_VERIFIED_COMMITTED,
	/* Every byte that this backup added (new packs, manifest, backup.json, signature, COMMIT)
	 * was read back through a new handle and compared before its name appeared. The packs that
	 * it shares with earlier backups were only listed with their size. */
	DB_VERIFIED_READ_BACK,
	/* Since its commit every file that it needs, shared packs included, was read from the share
	 * from end to end and has its hash, and the signature is ours. */
	DB_VERIFIED_HASHES,
	/* And every block of its packs was decrypted, every chunk's id recomputed, and every file
	 * of its manifest put together, its SHA-256 compared: what a recovery does. */
	DB_VERIFIED_DEEP,
	DB_VERIFIED_COUNT
};
/* "Damaged", "Committed", "ReadBack", "HashVerified", "DeepVerified". */
const char *db_verified_name(enum db_verified verified);

/* Each time says: nothing of that was read earlier than this. */
struct db_verification {
	char backup_id[GUID_TEXT_SIZE];
	char repository[GUID_TEXT_SIZE]; /* that it is in; empty: not seen there yet */
	int64_t read_back_time;
	int64_t hashes_time;
	int64_t content_time;
	int64_t files_time;
	int64_t files_since; /* a check of files that goes on: when it began; 0: none */
	uint64_t files_done; /* and how many of them, in the manifest's order, it has behind it */
	int64_t damaged_time;
	bool is_own_damage; /* in the backup's own folder, sessions or certificates */
	char *problem;      /* NULL: none */
	char *harm;         /* JSON of what cannot be read; NULL: not looked for */
};
/* A backup without a row yields one without times, which is DB_VERIFIED_COMMITTED. */
MUST_CHECK enum status db_verification_get(struct db *db, const char *backup_id,
					   struct db_verification *out, struct error *err);
/* Inserts or replaces. STATUS_INVALID when there is no such backup. */
MUST_CHECK enum status db_verification_put(struct db *db, const struct db_verification *row,
					   struct error *err);
/* Damage that is not made good: of the location's backups the damaged ones that no good backup has
 * followed since, found last first. A good one is undamaged and the cloud can be recovered from it.
 */
MUST_CHECK enum status db_verification_list_damaged(
	struct db *db, const char *location,
	enum status (*each)(const struct db_verification *row, void *context, struct error *err),
	void *context, struct error *err);
enum db_verified db_verification_state(const struct db_verification *row);
void db_verification_done(struct db_verification *row);

#endif
