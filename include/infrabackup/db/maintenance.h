/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance windows of a location; the newest counts. */
#ifndef INFRABACKUP_DB_MAINTENANCE_H
#define INFRABACKUP_DB_MAINTENANCE_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

struct db_maintenance {
	int64_t sequence;   /* assigned by db_maintenance_add() */
	char operation[32]; /* "Update", "HardwareReplacement", "SecretRotation" */
	char requested_by[128];
	int64_t created_time;
	int64_t started_time; /* 0: the backup before it is not over */
	int64_t planned_end;  /* 0: not told */
	int64_t ended_time;   /* 0: it is on, or about to begin */
	char ended_by[128];
	char backup_before[GUID_TEXT_SIZE]; /* job; empty: none was asked for */
	bool is_backup_after;               /* one is to be made after the end */
	char backup_after[GUID_TEXT_SIZE];  /* that job; empty: not queued yet */
	char note[512];                     /* why it never began */
};

/* STATUS_EXISTS while another one of the location has not ended. */
MUST_CHECK enum status db_maintenance_add(struct db *db, const char *location,
					  struct db_maintenance *maintenance, struct error *err);
/* STATUS_NOT_FOUND, without filling @err, when there never was one; @out is zeros then. */
MUST_CHECK enum status db_maintenance_newest(struct db *db, const char *location,
					     struct db_maintenance *out, struct error *err);
/* What moves: times of start and end, who ended it, the backup after, the note. */
MUST_CHECK enum status db_maintenance_put(struct db *db, const struct db_maintenance *maintenance,
					  struct error *err);

#endif
