/* SPDX-License-Identifier: Apache-2.0 */
/* What is stored of a location's schedule. */
#ifndef INFRABACKUP_DB_SCHEDULE_H
#define INFRABACKUP_DB_SCHEDULE_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

struct db_schedule {
	int64_t next_backup_time; /* kept in the location's row; 0: none planned */
	int64_t last_slot_time;   /* 0: none yet */
	bool is_owed;             /* a skipped run is to be made up */
};
/* A location that has none yet yields zeros. */
MUST_CHECK enum status db_schedule_get(struct db *db, const char *location, struct db_schedule *out,
				       struct error *err);
/* All of it in one transaction. A location without a row of its own has no next_backup_time. */
MUST_CHECK enum status db_schedule_put(struct db *db, const char *location,
				       const struct db_schedule *schedule, struct error *err);

#endif
