/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons and brakes by name, and in words. */
#include "infrabackup/retention.h"

const char *retention_reason_name(enum retention_reason reason)
{
	static const char *const names[RETENTION_REASON_COUNT] = {
		[RETENTION_FOREIGN] = "foreign",
		[RETENTION_MISSING] = "missing",
		[RETENTION_PINNED] = "pinned",
		[RETENTION_NEWEST_READY] = "newestRecoveryReady",
		[RETENTION_ABOVE_FLOOR] = "aboveFloor",
		[RETENTION_ROLE_FLOOR] = "roleFloor",
		[RETENTION_LAST_OF_ROLE] = "lastOfRole",
		[RETENTION_WITHIN_DAYS] = "withinRetention",
		[RETENTION_HELD_BACK] = "heldBack",
		[RETENTION_EXPIRED] = "expired",
	};
	return names[reason];
}

const char *retention_brake_name(enum retention_brake brake)
{
	switch (brake) {
	case RETENTION_BRAKE_MISSING:
		return "missingBackups";
	case RETENTION_BRAKE_HALF:
		return "moreThanHalf";
	case RETENTION_BRAKE_CLOCK_BACK:
		return "clockBack";
	case RETENTION_BRAKE_CLOCK_AHEAD:
		return "clockAhead";
	}
	return "unknown";
}

const char *retention_brake_text(enum retention_brake brake)
{
	switch (brake) {
	case RETENTION_BRAKE_MISSING:
		return "backups that this service knows are not on the share: find out who removed "
		       "them, or whether another share is mounted";
	case RETENTION_BRAKE_HALF:
		return "more than half of the backups would go at once";
	case RETENTION_BRAKE_CLOCK_BACK:
		return "the clock is earlier than a backup was completed: set the clock right";
	case RETENTION_BRAKE_CLOCK_AHEAD:
		return "the clock is more than a week later than at the last run: make sure that "
		       "it is right";
	}
	return "unknown";
}
