/* SPDX-License-Identifier: Apache-2.0 */
/* The one table from how a backup ended to its alert. */
#include <string.h>

#include "backup_alerts.h"

static const enum alert_fault by_status[STATUS_COUNT] = {
	/* Never a failure; a row that says so all the same has no better explanation. */
	[STATUS_OK] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_FAILED] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_INVALID] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_NOT_FOUND] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_EXISTS] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_CONFLICT] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_NOT_CONFIGURED] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_NO_MEMORY] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_TOO_LARGE] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_UNSUPPORTED] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_INTEGRITY] = ALERT_BACKUP_FAILED_DATA_DAMAGED,
	/* Of the service's own keys; that of the share has its own status. */
	[STATUS_AUTHENTICATION] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_FORBIDDEN] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_CANCELLED] = ALERT_BACKUP_FAILED_GENERAL,
	[STATUS_PARTIAL] = ALERT_BACKUP_PARTIAL,
	[STATUS_SHARE_FULL] = ALERT_BACKUP_FAILED_SHARE_FULL,
	[STATUS_SHARE_CONNECTION] = ALERT_BACKUP_FAILED_SHARE_CONNECTION,
	[STATUS_SHARE_PATH] = ALERT_BACKUP_FAILED_SHARE_PATH,
	[STATUS_SHARE_AUTHENTICATION] = ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION,
	[STATUS_SHARE_NOT_ACCESSIBLE] = ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE,
	[STATUS_SHARE_READ_WRITE] = ALERT_BACKUP_FAILED_SHARE_READ_WRITE,
	[STATUS_SHARE_UPLOAD] = ALERT_BACKUP_FAILED_SHARE_UPLOAD,
};

/* Where the step tells more than the status. */
static const struct {
	enum status status;
	const char *step;
	enum alert_fault fault;
} by_step[] = {
	{ STATUS_CONFLICT, BACKUP_STEP_MARKER, ALERT_BACKUP_FAILED_SHARE_FOREIGN },
};

enum alert_fault backup_alert_fault(enum status status, const char *step)
{
	for (size_t i = 0; step != NULL && i < ARRAY_LENGTH(by_step); i++)
		if (by_step[i].status == status && strcmp(by_step[i].step, step) == 0)
			return by_step[i].fault;
	return by_status[status];
}
