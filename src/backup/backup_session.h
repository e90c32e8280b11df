/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a backup: what its threads share.
 *
 * Bytes go: role thread (walks a service, backup_role.c) -> reader threads (read, cut, hash,
 * backup_reader.c) -> packer (deduplicates, lays chunks into blocks; its threads compress, encrypt
 * and write packs, backup_packer.c) -> share. Places of chunks come back to the role thread, which
 * writes them in walk order into the role's spool; the manifest is made of the spools at the end
 * (backup_commit.c). All buffers are bounded; nothing grows with the size of a backup but the table
 * of packs. */
#ifndef BACKUP_SESSION_H
#define BACKUP_SESSION_H

#include "infrabackup/archive.h"

#include "backup_private.h"
#include "backup_repository.h"

/* The first fault of a run; everybody else stops when there is one. */
struct backup_fault {
	pthread_mutex_t mutex;
	struct error first;
	atomic_bool raised;
};

void backup_fault_init(struct backup_fault *fault);
void backup_fault_done(struct backup_fault *fault);
/* Keeps @err if it is the first. */
void backup_fault_raise(struct backup_fault *fault, const struct error *err);
bool backup_fault_is_raised(const struct backup_fault *fault);
/* The first fault into @err, and its status. Only when raised. */
enum status backup_fault_get(struct backup_fault *fault, struct error *err);

/* Idle connections to the share; one is used by one thread at a time. */
struct backup_connections {
	pthread_mutex_t mutex;
	struct share *idle[16];
	size_t count;
};

struct backup_session {
	struct backup_service *service;
	struct backup_target target;
	struct jobs_run *run;
	const struct cancel *cancel;
	struct backup_repository repository;
	bool began_as_holder;            /* of the repository; see backup_lease.h */
	struct certificate *certificate; /* the location's */
	unsigned char backup_id[GUID_SIZE];
	char session_id[GUID_TEXT_SIZE];
	unsigned char session_id_bytes[GUID_SIZE];
	struct secret session_key;
	struct buffer wrapped_key; /* the .p7m */
	struct db_generation generation;
	struct secret dedup_secret;
	struct backup_fault fault;
	struct backup_connections connections;
	struct backup_packs *packs;
	struct backup_packer *packer;
	struct queue *files; /* struct backup_item * on their way to the readers */
	int64_t started_time;
	/* Of all roles, as far as that is known; of so many it is not (backup_progress.c). */
	atomic_uint_fast64_t expected_bytes;
	atomic_size_t roles_unknown;
	atomic_uint_fast64_t bytes_done; /* source bytes taken care of */
};

/* For the job that @run runs; target, certificate, packs, files and packer are the caller's to add.
 * To be closed in every case. */
MUST_CHECK enum status backup_session_open(struct backup_session *session,
					   struct backup_service *service, struct jobs_run *run,
					   struct error *err);
/* Closes connections, zeroes keys, frees certificate and target. */
void backup_session_close(struct backup_session *session);
/* The repository that the location was set to; see backup_repository_open(). The target must be
 * there. */
MUST_CHECK enum status backup_session_open_repository(struct backup_session *session,
						      struct db *state, struct error *err);
/* OK, or the fault that stopped the run, or STATUS_CANCELLED. Cheap: called between chunks. */
MUST_CHECK enum status backup_session_check(struct backup_session *session, struct error *err);

MUST_CHECK enum status backup_connection_take(struct backup_session *session, struct share **out,
					      struct error *err);
/* Back into the pool; closed when it @failed. NULL is legal. */
void backup_connection_give(struct backup_session *session, struct share *share, bool failed);

/* --- a file on its way to the share: temporary name, flush, checked close, read back, rename ---
 */

struct backup_upload;
MUST_CHECK enum status backup_upload_begin(struct backup_session *session, const char *folder,
					   struct backup_upload **out, struct error *err);
/* One at a time. Once it failed, it goes on failing in the same words without asking the share. */
MUST_CHECK enum status backup_upload_write(struct backup_upload *upload, const void *data,
					   size_t length, struct error *err);
/* What was read back must have @size bytes with @digest (STATUS_SHARE_UPLOAD otherwise). A file
 * called @name that is there already is STATUS_EXISTS and left alone. The temporary file is gone in
 * every case; releases @upload. */
MUST_CHECK enum status backup_upload_finish(struct backup_upload *upload, const char *name,
					    uint64_t size, const unsigned char digest[SHA256_SIZE],
					    struct error *err);
/* Removes the temporary file as well as it can. NULL is legal. */
void backup_upload_abort(struct backup_upload *upload);

/* Picks or makes the run's generation; writes nothing on the share (backup_generation.c). */
MUST_CHECK enum status backup_generation_choose(struct backup_session *session, struct db *state,
						struct error *err);
/* Its session: draws the key, wraps it for every recipient and stores it on the share before any
 * pack. */
MUST_CHECK enum status backup_generation_begin(struct backup_session *session, struct error *err);
/* Makes catalogue and share agree: packs that are gone or in quarantine are forgotten, complete
 * packs that an interrupted run left are adopted, leftovers under temporary names removed
 * (backup_reconcile.c). */
MUST_CHECK enum status backup_reconcile(struct backup_session *session, struct db *state,
					struct error *err);
/* Adds a pack that stands on the share to the catalogue, with its session; STATUS_INTEGRITY when it
 * is not one that this service wrote, complete and undamaged (backup_adopt.c). */
MUST_CHECK enum status backup_adopt_pack(struct backup_session *session, struct share *share,
					 struct db *catalogue,
					 const unsigned char sha256[SHA256_SIZE],
					 uint64_t listed_size, struct error *err);
/* What earlier backups are there: committed ones that the database does not know (after a recovery)
 * are taken in, half ones of an interrupted run go to the trash; then the next sequence number and
 * the predecessor are known (backup_history.c). */
struct backup_history {
	uint64_t sequence; /* of the backup to be made */
	bool has_previous;
	char previous_id[GUID_TEXT_SIZE];
	uint64_t previous_sequence;
	unsigned char previous_sha256[SHA256_SIZE];
};
MUST_CHECK enum status backup_history_load(struct backup_session *session, struct db *state,
					   struct backup_history *out, struct error *err);
/* The folder of a run that ended between taking its number and COMMIT: nobody else can have the
 * number, so the backup is committed in its place. *@is_committed says whether it was
 * (backup_finish.c). */
MUST_CHECK enum status backup_finish_commit(struct backup_session *session, struct share *share,
					    const char *folder, bool *is_committed,
					    struct error *err);
/* The head that the next backup must find (and its verify). */
MUST_CHECK enum status backup_history_note(struct backup_session *session, struct db *state,
					   uint64_t sequence, const char *backup_id,
					   const unsigned char sha256[SHA256_SIZE],
					   struct error *err);
/* Notes the use of the certificates of a backup that was taken in (backup_history_keys.c). */
MUST_CHECK enum status backup_history_note_keys(struct share *share, struct db *state,
						const struct archive_record *record,
						struct error *err);
/* Certificates that can open this session: the location's, escrow, drill; at most @max. */
size_t backup_recipients(const struct backup_session *session,
			 const struct certificate **recipients, const char **purposes, size_t max);
#define BACKUP_RECIPIENTS_MAX 32

#endif
