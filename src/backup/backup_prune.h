/* SPDX-License-Identifier: Apache-2.0 */
/* One run that deletes what retention lets go. It looks at the share and the database, plans, moves
 * the folders of the plan to the trash (mark, rename, database, in this order), looks again, and
 * only then removes what the trash held long enough and packs that no backup.json names. Every step
 * can be repeated: a run that was killed anywhere is finished by the next one. Only the holder of
 * the lease works, and it renews before it takes anything away; what it writes on a full share has
 * the room of the reserve.
 *
 * Killed after   the mark:   the backup is there and complete; the next plan decides anew.
 *                the rename: it is in the trash with its mark; the next run notes that in the
 *                            database, instead of missing it.
 *                a removal:  what is left is in the trash, or is a pack that nothing names. */
#ifndef BACKUP_PRUNE_H
#define BACKUP_PRUNE_H

#include "infrabackup/recover.h"
#include "infrabackup/retention.h"

#include "backup_session.h"
#include "backup_trash.h"

#define SETTING_PRUNE_TIME "prune-time" /* ms of the last run that believed its clock */
#define PARAMETER_DRY_RUN "dryRun"
#define PARAMETER_CONFIRM "confirm"
#define PRUNE_PLAN_ID_SIZE 17

/* What the database says about the backups of this repository. */
struct prune_rows {
	struct db_backup *items; /* members owned */
	size_t count;
};

/* What the share holds at one moment. */
struct prune_look {
	struct share_options options;
	struct recover_source *source;
	const struct recover_backup *backups; /* of the source */
	size_t count;
	struct backup_trash trash;
};

struct prune {
	struct backup_session session;
	struct db *state;
	struct share *share;
	bool is_dry;
	int64_t held_time;   /* monotonic, ms: when the lease was renewed last */
	const char *confirm; /* id of the plan that the operator agreed to; NULL: none */
	int64_t now;
	struct prune_rows rows;
	struct prune_look look;
	struct retention_backup *backups; /* as the plan wants them */
	size_t backup_count;
	struct retention_plan plan;
	char plan_id[PRUNE_PLAN_ID_SIZE];
	struct archive_deletion *written; /* marks of this run */
	size_t written_count;
	char (*leaving)[ARCHIVE_TRASHED_SIZE]; /* what leaves, or in a dry run would leave, the
						  trash */
	size_t leaving_count;
	json_t *paths;          /* what goes, as the contract spells it */
	uint64_t freed;         /* bytes of packs */
	const char *kept_packs; /* why packs were not looked at; NULL: they were */
};

/* --- backup_prune.c --- */
/* Renews the lease, which a controller that deletes must hold: STATUS_CONFLICT when another one has
 * it. Also the fault or the cancel that ends the run. To be called directly before whatever nobody
 * could undo for a new holder: a backup, a folder of the trash, a generation. Nothing in a dry run.
 */
MUST_CHECK enum status prune_stay_holder(struct prune *prune, struct error *err);
/* The same for what is many and small: renews only when so much time has passed that somebody else
 * could hold the lease soon. */
MUST_CHECK enum status prune_may_remove(struct prune *prune, struct error *err);
/* Calls @action, which can be called again: on a full share it has the room of the reserve. */
MUST_CHECK enum status prune_spend(struct prune *prune,
				   enum status (*action)(struct share *share, void *context,
							 struct error *err),
				   void *context, struct error *err);

/* --- backup_prune_look.c --- */
MUST_CHECK enum status prune_look(struct prune *prune, struct prune_look *out, struct error *err);
void prune_look_done(struct prune_look *look);
MUST_CHECK enum status prune_rows_load(struct prune *prune, struct error *err);
void prune_rows_done(struct prune_rows *rows);
/* NULL: the database does not know it. */
struct db_backup *prune_row(const struct prune *prune, const char *backup_id);
const struct recover_backup *prune_find(const struct prune_look *look, const char *backup_id);
/* The folder that a decision is about: a forged one may carry the same id. */
const struct recover_backup *prune_find_ours(const struct prune *prune,
					     const struct retention_backup *wanted);

/* --- backup_prune_plan.c --- */
/* Notes what interrupted runs did and what came back by hand, then plans. */
MUST_CHECK enum status prune_plan(struct prune *prune, struct error *err);
void prune_plan_done(struct prune *prune);
/* Gives up backups that are missing, when the operator agreed to exactly this plan, and plans
 * again. */
MUST_CHECK enum status prune_confirm(struct prune *prune, struct error *err);
/* STATUS_CONFLICT that names the brakes and what to do. */
MUST_CHECK enum status prune_check_brakes(const struct prune *prune, struct error *err);
/* The plan with a reason for every backup. NULL when memory is out. */
json_t *prune_plan_json(const struct prune *prune);

/* --- backup_prune_delete.c --- */
/* Moves what goes to the trash. */
MUST_CHECK enum status prune_delete(struct prune *prune, struct error *err);
bool prune_is_leaving(const struct prune *prune, const char *name);
/* What the trash held long enough. A complete backup that no mark calls deleted stays: somebody
 * took its COMMIT, or moved it there. */
MUST_CHECK enum status prune_empty_trash(struct prune *prune, const struct prune_look *look,
					 struct error *err);
/* Marks that no reader needs any more, by @look, after the trash was emptied. */
MUST_CHECK enum status prune_drop_marks(struct prune *prune, const struct prune_look *look,
					struct error *err);
/* Adds a path below the share, in lower case. */
MUST_CHECK enum status prune_note_path(struct prune *prune, const char *path, struct error *err);

/* --- backup_prune_packs.c --- */
/* Which of the backups have their manifest and all their packs, by listing: @good[i] of
 * look->backups[i]. */
MUST_CHECK enum status prune_check_packs(struct prune *prune, const struct prune_look *look,
					 bool *good, struct error *err);
/* Removes packs that no backup.json on the share names, and generations without any that is named;
 * never in the generation that is written to. @look: of after the trash was emptied. */
MUST_CHECK enum status prune_packs(struct prune *prune, const struct prune_look *look,
				   struct error *err);

#endif
