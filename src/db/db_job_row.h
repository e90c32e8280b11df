/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the job table. */
#ifndef DB_JOB_ROW_H
#define DB_JOB_ROW_H

#include "db_statement.h"

#define DB_JOB_COLUMNS                                                                             \
	"id, kind, location, state, requested_by, is_automatic, parameters, result, "              \
	"created_time, started_time, ended_time, phase, bytes_done, bytes_total, heartbeat_time, " \
	"lease_until, attempt, error_status, error_message, error_step, error_path, error_cause"

extern const struct db_columns db_job_columns;

#endif
