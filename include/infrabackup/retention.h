/* SPDX-License-Identifier: Apache-2.0 */
/* retention: which backups may be deleted, and which packs. Pure: what is known goes in, a plan
 * with a reason for every backup comes out; nothing here touches a share, a database or a clock. In
 * doubt a backup stays. */
#ifndef INFRABACKUP_RETENTION_H
#define INFRABACKUP_RETENTION_H

#include "infrabackup/base.h"

#define RETENTION_FLOOR 7 /* newest verified backups that stay whatever their age */
/* Without a run for longer than this the clock is more likely wrong than the service idle. */
#define RETENTION_AHEAD_DAYS 7
#define RETENTION_DAYS_MAX 36500
#define RETENTION_FOREVER INT64_MAX /* of pinned_until */

/* What a backup holds of a role. */
enum retention_content { RETENTION_NOTHING, RETENTION_PARTIAL, RETENTION_WHOLE };

struct retention_role {
	const char *name;
	bool is_essential;
	enum retention_content content;
};

/* One backup, as the share and the catalogue see it. Everything is borrowed. */
struct retention_backup {
	uint64_t sequence;
	char id[GUID_TEXT_SIZE];
	int64_t completed_time;
	int64_t pinned_until; /* 0: not pinned */
	bool is_known;        /* the catalogue has it, and not as deleted or given up */
	bool is_on_share;     /* with its COMMIT */
	bool is_ours;         /* signed by this service, and what was signed is unchanged */
	bool is_verified;     /* everything that it needs is there */
	bool is_recovery_ready;
	const struct retention_role *roles;
	size_t role_count;
};

struct retention_settings {
	int days;                 /* 1 to RETENTION_DAYS_MAX */
	size_t floor;             /* at least 1 */
	const char *const *roles; /* essential ones, NULL-terminated; NULL: none */
	/* Ids that an operator has agreed to lose, NULL-terminated: lifts the brakes when they are
	 * exactly what would go. NULL: none. */
	const char *const *confirmed;
};

struct retention_input {
	const struct retention_backup *backups; /* in any order */
	size_t count;
	struct retention_settings settings;
	int64_t now;
	int64_t last_run_time; /* of the last run whose clock was believed; 0: none */
};

/* Why a backup stays or goes: the first that holds. */
enum retention_reason {
	RETENTION_FOREIGN, /* not this service's, or changed: never touched, never counted */
	RETENTION_MISSING, /* known, but not on the share */
	RETENTION_PINNED,
	RETENTION_NEWEST_READY, /* newest from which the cloud can be recovered */
	RETENTION_ABOVE_FLOOR,  /* one of the newest verified ones, or newer than the oldest of
				   those */
	RETENTION_ROLE_FLOOR,   /* one of the newest verified ones with an essential role */
	RETENTION_LAST_OF_ROLE, /* last one with a role that was essential when it was made */
	RETENTION_WITHIN_DAYS,  /* not expired */
	RETENTION_HELD_BACK,    /* expired, but a brake forbids to delete */
	RETENTION_EXPIRED,      /* goes */
	RETENTION_REASON_COUNT
};

/* Why nothing may go. */
enum retention_brake {
	RETENTION_BRAKE_MISSING = 1 << 0,    /* the listing is shorter than the catalogue */
	RETENTION_BRAKE_HALF = 1 << 1,       /* more than half would go at once */
	RETENTION_BRAKE_CLOCK_BACK = 1 << 2, /* it is earlier than a backup was completed */
	/* The last run was more than RETENTION_AHEAD_DAYS ago. */
	RETENTION_BRAKE_CLOCK_AHEAD = 1 << 3,
};

struct retention_decision {
	const struct retention_backup *backup;
	enum retention_reason reason; /* RETENTION_EXPIRED alone means that it goes */
	const char *role;             /* of RETENTION_ROLE_FLOOR and RETENTION_LAST_OF_ROLE */
};

struct retention_plan {
	struct retention_decision *decisions; /* by sequence, then by id */
	size_t count;
	size_t going;           /* decisions with RETENTION_EXPIRED */
	unsigned brakes;        /* what was found, lifted or not */
	bool brakes_are_lifted; /* by what the operator confirmed */
};

/* The same input gives the same plan. STATUS_INVALID for settings out of range. @out borrows the
 * backups and the settings' names; release it with retention_plan_done(). */
MUST_CHECK enum status retention_plan_make(const struct retention_input *input,
					   struct retention_plan *out, struct error *err);
void retention_plan_done(struct retention_plan *plan);

/* --- packs --- */

#define RETENTION_DIGEST_SIZE 32

struct retention_pack {
	unsigned char sha256[RETENTION_DIGEST_SIZE];
	uint64_t size;
};

/* Which packs are needed, gathered from every backup.json that was found, whoever wrote it, and
 * from what the catalogue knows: a listing that lacks a backup costs none of its packs. */
struct retention_usage;
MUST_CHECK enum status retention_usage_new(struct retention_usage **out, struct error *err);
void retention_usage_free(struct retention_usage *usage);
/* A backup.json, by the hash of its bytes, and the packs that it names. */
MUST_CHECK enum status retention_usage_add(struct retention_usage *usage,
					   const unsigned char record[RETENTION_DIGEST_SIZE],
					   const char *generation,
					   const struct retention_pack *packs, size_t count,
					   struct error *err);
/* A backup whose packs cannot be told. @generation NULL: nor their generation, so that nothing may
 * go anywhere. */
MUST_CHECK enum status retention_usage_add_unknown(struct retention_usage *usage,
						   const char *generation, struct error *err);
/* Once everything is added: a backup that must be there. When its backup.json was not added,
 * nothing of its generation may go. */
MUST_CHECK enum status retention_usage_expect(struct retention_usage *usage,
					      const unsigned char record[RETENTION_DIGEST_SIZE],
					      const char *generation, struct error *err);
bool retention_usage_is_unknown(const struct retention_usage *usage);

enum retention_fate {
	RETENTION_GENERATION_STAYS,
	RETENTION_GENERATION_SHRINKS, /* packs that nothing needs go */
	RETENTION_GENERATION_GOES,    /* as a whole */
};
/* What may go of a generation that holds @packs: goes[i] for packs[i]. */
enum retention_fate retention_usage_decide(struct retention_usage *usage, const char *generation,
					   const struct retention_pack *packs, size_t count,
					   bool *goes);

/* "pinned", "withinRetention", ...: stable, for machines. */
const char *retention_reason_name(enum retention_reason reason);
/* "missingBackups", "moreThanHalf", "clockBack", "clockAhead"; of one brake. */
const char *retention_brake_name(enum retention_brake brake);
/* One sentence for a person. */
const char *retention_brake_text(enum retention_brake brake);

#endif
