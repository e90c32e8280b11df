/* SPDX-License-Identifier: Apache-2.0 */
/* A verification while it runs.
 *
 * It works in passes. A pass opens the share anew, lists it, plans (backup_verify_plan.c), reads
 * packs (backup_verify_packs.c), puts files together (backup_verify_files.c) and writes down whom
 * damage harms (backup_verify_harm.c). Nothing is called damaged that was not found so twice, over
 * connections of their own, on a share that shows our marker afterwards: a flipped bit on the way
 * or a mount that vanished is no damage. Nor is what a prune removed, of this controller or of
 * another one: a backup leaves its folder before anything that it needs goes, so nothing is called
 * damaged in a pass after which a backup of its plan is not in its place any more. */
#ifndef BACKUP_VERIFY_H
#define BACKUP_VERIFY_H

#include "infrabackup/recover.h"

#include "backup_quarantine.h"

#define VERIFY_DAY_MS (24 * 60 * 60 * 1000LL)
/* What was found whole is read again after so long: disks forget. */
#define VERIFY_AGE_MS (30 * VERIFY_DAY_MS)
/* Files are put together so far between two notes of how far it is. */
#define VERIFY_SAVE_BYTES (16u << 20)

/* Parameters of the job. */
#define VERIFY_PARAMETER_BACKUP "backupId" /* absent: all */
#define VERIFY_PARAMETER_DEPTH "depth"
#define VERIFY_PARAMETER_SINCE                                                                     \
	"since" /* what was read since then counts, ms; absent: by itself, within the day's bytes  \
		 */

/* When a verification by itself came to its end, ms. */
#define SETTING_VERIFY_COMPLETE "verify-complete"

enum verify_stop {
	VERIFY_GO_ON,
	VERIFY_STOP_OTHER_JOB, /* one that goes first is waiting */
	VERIFY_STOP_BUDGET,    /* the day's bytes are used up */
	VERIFY_STOP_DOUBT,     /* a file is broken: all of its backup is read again */
	VERIFY_STOP_CHANGED,   /* backups left the share meanwhile: it is looked at anew */
};

struct verify_backup {
	struct db_verification row;
	const struct recover_backup *listed; /* NULL: not on the share */
	uint64_t sequence, bytes;
	int64_t completed_time;
	bool is_in_place;            /* as the share was seen last; see verify_recognise() */
	bool is_asked;               /* the job is about it */
	struct recover_check *check; /* NULL until it is needed */
	bool without_key;            /* its keys are not for the service */
	char own_problem[512];       /* of its own files; empty: none */
	char file_problem[512];      /* of what its files are made of */
	bool is_whole;               /* this pass found all of it whole, as deep as can be */
};

struct verify_pack {
	struct db_pack_check row;
	bool is_known;       /* the database has the row */
	int64_t newest;      /* completed_time of the newest backup asked for that names it */
	size_t owner, index; /* that backup, and the pack's number in its record */
	bool is_doubtful;    /* read again whatever was known */
	bool failed_once;
};

struct verify_job {
	struct jobs_run *run;
	struct backup_service *service;
	struct db *state;
	enum status status; /* of the thread */
	struct error *err;

	bool is_rolling;
	enum backup_verify_depth depth;
	char backup_id[GUID_TEXT_SIZE]; /* empty: all */
	int64_t since;
	uint64_t allowed;        /* bytes that may still be read */
	struct private_key *key; /* NULL: hashes only */
	int64_t location_changed;

	/* one pass */
	int64_t now; /* when it began */
	struct backup_session session;
	struct share_options options;
	struct recover_source *source;
	struct verify_backup *backups; /* the newest first */
	size_t backup_count;
	struct verify_pack *packs;
	size_t pack_count;
	struct recover_pack_choice *choices; /* what is read, longest ago first */
	struct verify_pack **chosen;
	size_t choice_count;
	enum verify_stop stop;
	struct verify_backup *checked; /* whose files are put together now */
	uint64_t bytes_before;         /* of the present call */
	uint64_t bytes_unsaved;        /* since the database was told last */
	bool is_within_file;

	/* Backups that looked damaged in the pass before, by their own files or by a file put
	 * together. */
	char (*suspects)[GUID_TEXT_SIZE];
	size_t suspect_count;

	/* figures of all passes */
	uint64_t packs_read, bytes_read, bytes_planned, files_read, misread;
	bool found_damage; /* that was not known before */
	char repository_problem[512];
};

/* --- backup_verify_plan.c --- */
MUST_CHECK enum status verify_plan(struct verify_job *job, struct error *err);
void verify_plan_done(struct verify_job *job);
/* Opens the check of a backup, which is on the share with its record; its findings become its
 * own_problem. */
MUST_CHECK enum status verify_open_check(struct verify_job *job, struct verify_backup *backup,
					 struct error *err);
void verify_close_check(struct verify_backup *backup);
/* Forgets packs that no backup names any more. */
MUST_CHECK enum status verify_forget_packs(struct verify_job *job, struct error *err);
struct verify_pack *verify_find_pack(const struct verify_job *job, const char *generation,
				     const unsigned char sha256[SHA256_SIZE]);
bool verify_has_record(const struct verify_backup *backup);

/* --- backup_verify_packs.c --- */
/* Reads what is due; sets job->stop when it ends before all is read. */
MUST_CHECK enum status verify_packs(struct verify_job *job, struct error *err);
/* So much was read: adds to account and progress in memory. */
MUST_CHECK enum status verify_read(struct verify_job *job, uint64_t bytes, const char *phase,
				   struct error *err);
/* The day's account into the database. */
MUST_CHECK enum status verify_settle(struct verify_job *job, struct error *err);
/* The same between two reads, with a look around; STATUS_CANCELLED with job->stop when the pass is
 * to end. */
MUST_CHECK enum status verify_save(struct verify_job *job, struct error *err);
/* The share is still there: a connection of its own shows our marker. Then job->stop is
 * VERIFY_STOP_CHANGED when backups of the plan are not: what was found missing says nothing. */
MUST_CHECK enum status verify_recognise(struct verify_job *job, struct error *err);

/* --- backup_verify_files.c --- */
/* Manifests and files of the backups whose packs are whole; their times. */
MUST_CHECK enum status verify_files(struct verify_job *job, struct error *err);

/* --- backup_verify_harm.c --- */
/* Writes down which backups are damaged and which are no longer. */
MUST_CHECK enum status verify_harm(struct verify_job *job, struct error *err);

/* --- backup_verify_account.c --- */
/* Bytes that may be read at @now: a day's share flows in evenly, what was read flows out. */
MUST_CHECK enum status verify_account_left(const struct backup_service *service, struct db *state,
					   int64_t now, uint64_t *left, struct error *err);
MUST_CHECK enum status verify_account_spend(const struct backup_service *service, struct db *state,
					    int64_t now, uint64_t bytes, struct error *err);

/* --- backup_verify_result.c --- */
MUST_CHECK enum status verify_set_result(struct verify_job *job, struct error *err);
/* OK, or STATUS_INTEGRITY with a text that names what is damaged. */
MUST_CHECK enum status verify_judge(struct verify_job *job, struct error *err);

#endif
