/* SPDX-License-Identifier: Apache-2.0 */
/* Judgements about room and time from measured figures: arithmetic alone, no database, no share. */
#ifndef BACKUP_FORECAST_H
#define BACKUP_FORECAST_H

#include "infrabackup/config.h"
#include "infrabackup/db.h"

struct backup_forecast_facts {
	int64_t free; /* bytes on the share; -1: unknown */
	struct db_backup_summary backups;
	int frequency_hours, retention_days;
	unsigned generation_backups;
	uint64_t reserve; /* bytes of the reserve, see backup_reserve.h */
};
/* Of a location that is not configured nothing is free that is known. */
struct backup_forecast_facts backup_forecast_facts(const struct config *config,
						   const struct db_location *location,
						   const struct db_backup_summary *backups);

struct backup_forecast {
	bool is_known;         /* something was measured */
	uint64_t kept;         /* backups of one retention period, at least the floor */
	uint64_t growth, full; /* bytes that a backup adds; one that begins a generation */
	/* The share must take the backups of one retention period before the oldest ones go, the
	 * next generation's first one, which is whole, and the reserve. */
	uint64_t needed;
	bool is_almost_full;  /* less than that is free */
	int64_t days_to_full; /* at the present growth and without deletion; -1: it does not grow */
};
struct backup_forecast backup_forecast(const struct backup_forecast_facts *facts);

/* Bytes that the next backup is expected to store; 0: nothing is known. */
uint64_t backup_forecast_next(const struct db_backup_summary *backups, bool begins_generation);

/* Two intervals have passed since the newest good backup; when there is none, since the settings
 * were changed. */
bool backup_is_overdue(const struct db_location *location, int64_t last_ready_time, int64_t now);

#endif
