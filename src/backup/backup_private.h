/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module backup share: the service, its keys, and how to open its share. */
#ifndef BACKUP_PRIVATE_H
#define BACKUP_PRIVATE_H

#include "infrabackup/archive/lease.h"
#include "infrabackup/backup.h"
#include "infrabackup/crypto.h"

#include <stdatomic.h>

/* Names in the state directory. */
#define STATE_DATABASE "state.sqlite"
#define STATE_CATALOGUE "catalogue.sqlite"
#define STATE_MASTER_KEY "master.key"
#define STATE_LOCK "lock"
#define STATE_TEMPORARY "temporary"
#define STATE_CACHE "cache"

/* Names of sealed secrets; each is also the purpose that its sealing binds. */
#define SECRET_IDENTITY "identity-key"
#define SECRET_DRILL_PFX "drill-pfx"
#define SECRET_DRILL_PASSWORD "drill-pfx-password"
#define PURPOSE_SHARE_PASSWORD "share-password"
#define PURPOSE_DEDUP_SECRET "dedup-secret"

/* Names of settings. */
#define SETTING_DRILL_CERTIFICATE "drill-certificate" /* base64 DER */
#define SETTING_REPOSITORY "repository" /* id of the repository at the location's path */
#define SETTING_CONNECTION_REPORT "connection-report" /* newest test of the location's share */
#define SETTING_GENERATION_REPOSITORY "generation-repository"
#define SETTING_HEAD_PREFIX "head-" /* + repository id: "<sequence> <backup id> <sha256>" */

#define BACKUP_KIND_LOCATION_UPDATE "locationUpdate"
#define BACKUP_KIND_BACKUP "backup"
#define BACKUP_KIND_HISTORY_CHECK "historyCheck"
#define BACKUP_KIND_VERIFY "verify"
#define BACKUP_KIND_CONNECTION_TEST "connectionTest"
#define BACKUP_KIND_PRUNE "prune"
#define BACKUP_KIND_RESTORE "restore"
#define BACKUP_KIND_COUNT 7

/* error_step of a share whose marker is not what is expected. */
#define BACKUP_STEP_MARKER "check repository marker"

/* How this process holds the repository; see backup_lease.h. */
struct backup_lease {
	char controller_id[GUID_TEXT_SIZE];
	char instance_id[GUID_TEXT_SIZE];
	char host[ARCHIVE_HOST_SIZE];
	atomic_bool is_held;
	atomic_bool owes_barriers; /* took it over, and the old holder is not shut out yet */
	/* the keeper */
	pthread_mutex_t mutex;
	pthread_cond_t stopping;
	pthread_t thread;
	struct cancel *cancel;
	bool is_running, is_stopping;
};

/* What opens the backup of the restore that is queued; see backup_restore.h. */
struct backup_restore_secrets {
	pthread_mutex_t mutex;
	char job_id[GUID_TEXT_SIZE]; /* empty: none */
	struct secret pfx, password;
};

struct backup_service {
	const struct config *config;
	const struct share_registry *shares;
	const struct clock *clock;
	char *temporary_directory;
	char *cache_directory;
	int lock; /* descriptor that holds the lock of the state directory */
	struct backup_lease lease;
	struct db_pool *state;
	struct db_pool *catalogue;
	struct secret master_key;
	struct signing_key *identity;
	char signer[FINGERPRINT_TEXT_SIZE];
	struct certificate *drill; /* NULL when the drill recipient is turned off */
	struct certificate **escrow;
	size_t escrow_count;
	struct jobs_kind kinds[BACKUP_KIND_COUNT];
	_Atomic(struct jobs_engine *) engine;
	struct alert_book *alerts;
	struct backup_restore_secrets restore;
	struct audit_log *audit;
	_Atomic(int64_t) verify_looked;  /* when it was asked last what there is to verify */
	atomic_bool is_schedule_failing; /* the last look failed, which is in the log */
};

/* A location with everything that is needed to open its share; see backup_target_load(). */
struct backup_target {
	struct db_location row;
	struct share_address address;
	struct secret password;
};

/* STATUS_NOT_CONFIGURED when the location has no path. Release with backup_target_done() in every
 * case. */
MUST_CHECK enum status backup_target_load(struct backup_service *service, struct db *state,
					  struct backup_target *target, struct error *err);
/* The second half of it: from target->row, whose path is set, to address and password. */
MUST_CHECK enum status backup_target_prepare(const struct backup_service *service,
					     struct backup_target *target, struct error *err);
void backup_target_done(struct backup_target *target);
/* How to open it; borrows @target. */
struct share_options backup_target_options(const struct backup_service *service,
					   const struct backup_target *target,
					   const struct cancel *cancel);
MUST_CHECK enum status backup_target_open(const struct backup_service *service,
					  const struct backup_target *target,
					  const struct cancel *cancel, struct share **out,
					  struct error *err);

/* The same with another deadline of a call, in ms. */
MUST_CHECK enum status backup_target_open_within(const struct backup_service *service,
						 const struct backup_target *target,
						 const struct cancel *cancel, long deadline,
						 struct share **out, struct error *err);

/* One warning in the log when the certificate has expired. */
void backup_target_warn_expired(const struct backup_service *service,
				const struct certificate *certificate);

/* The lock that one process a state directory holds, as an open descriptor. STATUS_CONFLICT. */
MUST_CHECK enum status backup_state_lock(const char *state_directory, int *out, struct error *err);
/* STATUS_NOT_FOUND, with what to do. */
MUST_CHECK enum status backup_state_load_master_key(const char *state_directory, struct secret *out,
						    struct error *err);

/* --- backup_audit.c --- */
MUST_CHECK enum status backup_audit_open_with(const struct config *config,
					      const struct clock *clock,
					      const struct secret *master_key,
					      struct audit_log **out, struct error *err);
/* A row for a job that the service queued by itself, in the same transaction. */
MUST_CHECK enum status backup_audit_job(struct backup_service *service, struct db *state,
					const struct db_job *job, struct error *err);
/* Faults are logged. The stop writes the refusals that were still counted. */
void backup_audit_start(struct backup_service *service);
void backup_audit_stop(struct backup_service *service);

/* Seals @plain under the master key into the database, and back. */
MUST_CHECK enum status backup_secret_store(struct db *state, const struct secret *master_key,
					   const char *name, const struct secret *plain,
					   struct error *err);
MUST_CHECK enum status backup_secret_load(struct db *state, const struct secret *master_key,
					  const char *name, struct secret *out, struct error *err);

/* The private key of the service's drill recipient; *@out NULL, with OK: there is none. */
MUST_CHECK enum status backup_drill_key_load(const struct backup_service *service, struct db *state,
					     struct private_key **out, struct error *err);

struct backup_job_request {
	const char *kind;
	const char *caller;
	bool is_automatic;
	const char *parameters; /* NULL: none */
};

/* Adds the row alone: within a transaction, after which somebody wakes the engine. */
MUST_CHECK enum status backup_add_job(struct backup_service *service, struct db *state,
				      const struct backup_job_request *request,
				      char id[GUID_TEXT_SIZE], struct error *err);
/* The engine, if there is one. */
void backup_wake(struct backup_service *service);
/* STATUS_NOT_CONFIGURED when the location has no path or no certificate. */
MUST_CHECK enum status backup_check_configured(struct backup_service *service, struct db *state,
					       struct error *err);
/* Adds the row and wakes the engine. */
MUST_CHECK enum status backup_queue_job(struct backup_service *service, struct db *state,
					const struct backup_job_request *request,
					char id[GUID_TEXT_SIZE], struct error *err);

/* The jobs; context is the struct backup_service. */
enum status backup_location_run(struct jobs_run *run, void *context, struct error *err);
enum status backup_connection_run(struct jobs_run *run, void *context, struct error *err);
enum status backup_history_run(struct jobs_run *run, void *context, struct error *err);
enum status backup_verify_run(struct jobs_run *run, void *context, struct error *err);
enum status backup_prune_run(struct jobs_run *run, void *context, struct error *err);
enum status backup_restore_run(struct jobs_run *run, void *context, struct error *err);
/* What a prune by the stored settings would do, as the result of the job that @run runs. */
MUST_CHECK enum status backup_prune_preview(struct backup_service *service, struct jobs_run *run,
					    struct error *err);
enum status backup_run(struct jobs_run *run, void *context, struct error *err);

#endif
