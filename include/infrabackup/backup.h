/* SPDX-License-Identifier: Apache-2.0 */
/* backup: what our jobs do: test and store a backup location, make a backup. Owner of the settings,
 * of the service's keys and of the catalogue. */
#ifndef INFRABACKUP_BACKUP_H
#define INFRABACKUP_BACKUP_H

#include "infrabackup/alert.h"
#include "infrabackup/audit.h"
#include "infrabackup/backup/verify.h"
#include "infrabackup/base.h"
#include "infrabackup/config.h"
#include "infrabackup/db.h"
#include "infrabackup/jobs.h"
#include "infrabackup/share.h"
#include "infrabackup/snapshot.h"

/* The role under which the service backs itself up. */
#define BACKUP_SERVICE_ROLE "infrabackup"

#define BACKUP_FREQUENCY_MIN 4
#define BACKUP_FREQUENCY_MAX 12
#define BACKUP_RETENTION_MIN 2
#define BACKUP_RETENTION_MAX 14

/* --- the state directory --- */

struct backup_initialized {
	char signer[72];     /* fingerprint of the identity key */
	struct secret token; /* first administrator token */
};

/* Makes the state directory (0700): master key, identity key, drill certificate, databases, first
 * token. STATUS_EXISTS when it is initialised already; nothing is changed then. */
MUST_CHECK enum status backup_state_init(const struct config *config, const struct clock *clock,
					 struct backup_initialized *out, struct error *err);
/* Makes a lost state database again from what @share keeps of it, sealed under the master key that
 * the state directory still has; with a new administrator token. The service compares it with the
 * share when it starts. STATUS_EXISTS when the database is there, STATUS_NOT_FOUND when there is no
 * master key or nothing on the share, STATUS_INTEGRITY when it belongs to another master key. */
MUST_CHECK enum status backup_state_rebuild(const struct config *config, const struct clock *clock,
					    struct share *share, struct backup_initialized *out,
					    struct error *err);
void backup_initialized_done(struct backup_initialized *initialized);

/* The audit log of the state directory, for what is done beside the service. STATUS_NOT_FOUND names
 * `infrabackup init`. */
MUST_CHECK enum status backup_audit_open(const struct config *config, const struct clock *clock,
					 struct audit_log **out, struct error *err);

/* --- the service --- */

struct backup_service;

struct backup_service_settings {
	const struct config *config; /* all borrowed */
	const struct share_registry *shares;
	const struct clock *clock;
};

/* Opens the state directory. STATUS_NOT_FOUND with a text that names `infrabackup init` when there
 * is none; STATUS_CONFLICT when another process serves it. */
MUST_CHECK enum status backup_service_open(const struct backup_service_settings *settings,
					   struct backup_service **out, struct error *err);
/* After the job engine has stopped. NULL is legal. */
void backup_service_close(struct backup_service *service);
struct db_pool *backup_service_state(struct backup_service *service);
/* Kinds for the engine; valid while the service is. */
const struct jobs_kind *backup_service_kinds(struct backup_service *service, size_t *count);
/* For jobs_settings.tick; @service is the struct backup_service. Queues the backups that are due by
 * the schedule, as "schedule", and a verification once an hour if one is, and reviews the alerts;
 * ms until it wants to look again. Nothing before backup_service_set_engine(). */
int64_t backup_service_tick(void *service);
/* The engine to wake when jobs are added; set once after it started, NULL before it stops. */
void backup_service_set_engine(struct backup_service *service, struct jobs_engine *engine);
/* A key for @purpose that is the same after a restart, derived from the master key. */
MUST_CHECK enum status backup_service_derive_key(const struct backup_service *service,
						 const char *purpose, struct secret *out,
						 struct error *err);
/* Fingerprint of the identity key. */
const char *backup_service_signer(const struct backup_service *service);

/* What is done through the service is recorded there; valid while the service is. */
struct audit_log *backup_service_audit(const struct backup_service *service);

/* --- alerts --- */

/* The location's alerts; valid while the service is. */
const struct alert_book *backup_service_alerts(const struct backup_service *service);
/* Raises and closes what follows from the newest backup, the settings and the time. Every tick and
 * every end of a job does it; to be called besides before somebody can look; any thread. */
MUST_CHECK enum status backup_review_alerts(struct backup_service *service, struct db *state,
					    struct error *err);
/* The same for jobs_settings.ended; @service: struct backup_service. */
enum status backup_job_ended(struct db *state, void *service, struct error *err);

/* --- the location --- */

enum backup_location_manner {
	BACKUP_LOCATION_MERGE, /* what is not told stays as it is */
	/* What is not told gets its default; an update that tells nothing clears the location. Of
	 * what nobody can read, the certificate stays, and the password while path and user name
	 * stay the same: whoever sends back what was read changes nothing. */
	BACKUP_LOCATION_REPLACE,
};

/* NULL: not told. An empty text: there shall be none. Borrowed. */
struct backup_location_update {
	enum backup_location_manner manner;
	const char *path;
	const char *user_name;
	const char *password;
	const char *certificate_base64;    /* DER or PEM inside base64 */
	const char *encryption_key_base64; /* in place of a certificate; see backup/psk.h */
	const char *blob_url;              /* a container in the place of a share */
	const char *blob_key;              /* checked, and never stored */
	const int64_t *frequency_hours;
	const int64_t *retention_days;
	const bool *scheduler_enabled;
};

/* Checks the values (STATUS_INVALID, error.field e.g. "properties.externalStoreDefault.path";
 * nothing is stored then), merges them with what is stored and queues a job of kind
 * "locationUpdate" which tests the share with the result before it stores anything. A blob
 * container is taken only so far: its job fails with STATUS_UNSUPPORTED, and nothing changes.
 * STATUS_CONFLICT while a backup or another update of the location is queued or running.
 * @operation_id: of the job. */
MUST_CHECK enum status backup_location_submit(struct backup_service *service, struct db *state,
					      const struct backup_location_update *update,
					      const char *caller, char operation_id[GUID_TEXT_SIZE],
					      struct error *err);

/* --- maintenance of the cloud: no backup is made while it is on --- */

enum backup_maintenance_state {
	BACKUP_MAINTENANCE_NONE,    /* there never was any */
	BACKUP_MAINTENANCE_PENDING, /* begins when the backup before it is over */
	BACKUP_MAINTENANCE_ACTIVE,  /* until it is ended, whatever was planned */
	BACKUP_MAINTENANCE_ENDED,
	BACKUP_MAINTENANCE_NOT_BEGUN, /* the backup before it failed, or it was ended before */
};
enum backup_maintenance_state backup_maintenance_state(const struct db_maintenance *maintenance);

/* The newest. */
MUST_CHECK enum status backup_maintenance_read(struct backup_service *service, struct db *state,
					       struct db_maintenance *out, struct error *err);

struct backup_maintenance_request {
	const char *operation; /* Update, HardwareReplacement or SecretRotation */
	int64_t planned_end;   /* 0: not told */
	bool backup_before;    /* makes one, and begins when that has succeeded */
};
/* STATUS_INVALID names the field; STATUS_CONFLICT while maintenance is on or about to begin, and
 * with backup_before while a job of the location is queued or running; STATUS_NOT_CONFIGURED with
 * backup_before. Scheduled backups that fall due meanwhile become jobs of state Skipped. */
MUST_CHECK enum status backup_maintenance_begin(struct backup_service *service, struct db *state,
						const struct backup_maintenance_request *request,
						const char *caller, struct db_maintenance *out,
						struct error *err);
/* STATUS_CONFLICT when none is on or about to begin. Without @backup_after a scheduled backup that
 * was skipped is made up, once; with it that one counts. */
MUST_CHECK enum status backup_maintenance_end(struct backup_service *service, struct db *state,
					      bool backup_after, const char *caller,
					      struct db_maintenance *out, struct error *err);
/* Who holds a repository. */
struct backup_lease_holder {
	bool was_held;
	char deployment_id[GUID_TEXT_SIZE];
	char controller_id[GUID_TEXT_SIZE];
	char host[256];
	int64_t since, expires; /* ms since 1970 UTC */
};

/* Takes the repository behind @share from the controller that holds it, so that the next one that
 * comes may have it. *@out: whose it was; nothing is done when it was free. STATUS_NOT_FOUND when
 * nobody ever held it, STATUS_CONFLICT when the holder is alive enough to win the race. */
MUST_CHECK enum status backup_lease_withdraw(struct share *share, const struct clock *clock,
					     struct backup_lease_holder *out, struct error *err);

/* Room on the share as of the last look at it, and what the measured backups say about it. */
struct backup_capacity {
	int64_t total, free;  /* bytes of the share; -1: unknown */
	uint64_t reserve;     /* bytes kept for the day it is full */
	bool is_forecast;     /* the rest is known: something was measured */
	uint64_t kept;        /* backups of one retention period */
	uint64_t growth;      /* bytes that a backup adds */
	uint64_t full;        /* bytes of one that begins a generation */
	uint64_t needed;      /* bytes that should be free */
	bool is_almost_full;  /* and are not */
	int64_t days_to_full; /* if nothing were deleted; -1: unknown, or it does not grow */
};
MUST_CHECK enum status backup_capacity_get(struct backup_service *service, struct db *state,
					   struct backup_capacity *out, struct error *err);

/* --- backups --- */

/* To be called once when the engine runs: when the newest backup was interrupted, queues a job that
 * looks whether the share holds it all the same (the service ended right after COMMIT, or was
 * recovered from that very backup) and takes it in. */
MUST_CHECK enum status backup_history_submit(struct backup_service *service, struct db *state,
					     struct error *err);

/* Asks a queued or running job of any kind to end as Cancelled, which it does within 5 s; nothing
 * of it is visible then. @reason: for the record, NULL: none. STATUS_NOT_FOUND; STATUS_CONFLICT
 * when it is over, or the service is stopping. */
MUST_CHECK enum status backup_cancel(struct backup_service *service, struct db *state,
				     const char *job_id, const char *caller, const char *reason,
				     struct error *err);

/* Queues a backup. STATUS_NOT_CONFIGURED when the location has no path or no certificate,
 * STATUS_CONFLICT while one is queued or running, or maintenance is on. @backup_id is the job's id
 * and becomes the backup's. */
MUST_CHECK enum status backup_submit(struct backup_service *service, struct db *state,
				     const char *caller, bool is_automatic,
				     char backup_id[GUID_TEXT_SIZE], struct error *err);

/* Queues a backup that repeats what failed in @earlier_id (lower case), a backup that failed or is
 * PartialSucceeded and than which none is newer: roles that were complete there are taken over as
 * they were then. STATUS_NOT_FOUND; STATUS_CONFLICT also when there is nothing to repeat or a newer
 * backup; otherwise as backup_submit(). */
MUST_CHECK enum status backup_retry_submit(struct backup_service *service, struct db *state,
					   const char *earlier_id, const char *caller,
					   char backup_id[GUID_TEXT_SIZE], struct error *err);

/* --- retention --- */

struct backup_prune_request {
	const char *caller;
	bool is_automatic;
	bool is_dry;         /* says what would go, and changes nothing */
	const char *confirm; /* id of the plan that the operator agrees to although a brake
				holds it back; NULL: none */
};

/* Queues a job of kind "prune": deletes what retention lets go. Its result is
 * {"pathsToDelete":[...],"plan":{...}}, the plan also when a brake made it fail.
 * STATUS_NOT_CONFIGURED when the location has no path, STATUS_CONFLICT while a backup, an update or
 * another prune of it is queued or running. */
MUST_CHECK enum status backup_prune_submit(struct backup_service *service, struct db *state,
					   const struct backup_prune_request *request,
					   char operation_id[GUID_TEXT_SIZE], struct error *err);
/* For the scheduler, as often as it likes: queues an automatic prune when the newest backup job
 * ended well, no prune was queued since, and there may be something to delete. */
MUST_CHECK enum status backup_prune_submit_due(struct backup_service *service, struct db *state,
					       struct error *err);
/* Keeps a backup until @until (ms since 1970; 0: unpins, INT64_MAX: for ever). STATUS_NOT_FOUND,
 * STATUS_CONFLICT while a prune runs. */
MUST_CHECK enum status backup_pin(struct backup_service *service, struct db *state,
				  const char *backup_id, int64_t until, struct error *err);

#endif
