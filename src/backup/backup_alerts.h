/* SPDX-License-Identifier: Apache-2.0 */
/* From what is in the database to the alerts that should be open: the judgements without the
 * database. */
#ifndef BACKUP_ALERTS_H
#define BACKUP_ALERTS_H

#include "backup_private.h"

/* The one table from how a backup ended to its alert. @step: error_step of the job, may be NULL. */
enum alert_fault backup_alert_fault(enum status status, const char *step);

struct backup_forecast_facts {
	int64_t free; /* bytes on the share; -1: unknown */
	struct db_backup_summary backups;
	int frequency_hours, retention_days;
	unsigned generation_backups;
};

struct backup_forecast {
	bool is_known; /* something was measured */
	/* The share must take the backups of one retention period before the oldest ones go, the
	 * next generation's first one, which is whole, and the reserve. */
	uint64_t needed;
	bool is_almost_full;  /* less than that is free */
	int64_t days_to_full; /* at the present growth and without deletion; -1: it does not grow */
};
struct backup_forecast backup_forecast(const struct backup_forecast_facts *facts);

#define BACKUP_CERTIFICATE_WARNING_MS (30 * 24 * 60 * 60 * 1000LL)

/* Two intervals have passed since the newest good backup; when there is none, since the settings
 * were changed. */
bool backup_is_overdue(const struct db_location *location, int64_t last_ready_time, int64_t now);

#endif
