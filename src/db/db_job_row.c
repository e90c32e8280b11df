/* SPDX-License-Identifier: Apache-2.0 */
/* Job rows in memory. */
#include "db_job_row.h"

static const struct db_column job_items[] = {
	DB_COLUMN(DB_NAME, db_job, id),
	DB_COLUMN(DB_TEXT, db_job, kind),
	DB_COLUMN(DB_TEXT, db_job, location),
	DB_COLUMN(DB_TEXT, db_job, state),
	DB_COLUMN(DB_TEXT, db_job, requested_by),
	DB_COLUMN(DB_BOOL, db_job, is_automatic),
	DB_COLUMN(DB_TEXT, db_job, parameters),
	DB_COLUMN(DB_TEXT, db_job, result),
	DB_COLUMN(DB_INT64, db_job, created_time),
	DB_COLUMN(DB_INT64, db_job, started_time),
	DB_COLUMN(DB_INT64, db_job, ended_time),
	DB_COLUMN(DB_TEXT, db_job, phase),
	DB_COLUMN(DB_UINT64, db_job, bytes_done),
	DB_COLUMN(DB_UINT64, db_job, bytes_total),
	DB_COLUMN(DB_INT64, db_job, heartbeat_time),
	DB_COLUMN(DB_INT64, db_job, lease_until),
	DB_COLUMN(DB_INT, db_job, attempt),
	DB_COLUMN(DB_TEXT, db_job, error_status),
	DB_COLUMN(DB_TEXT, db_job, error_message),
	DB_COLUMN(DB_TEXT, db_job, error_step),
	DB_COLUMN(DB_TEXT, db_job, error_path),
	DB_COLUMN(DB_TEXT, db_job, error_cause),
};
const struct db_columns db_job_columns = DB_COLUMNS(job_items);

void db_job_done(struct db_job *job)
{
	if (job != NULL)
		db_row_done(&db_job_columns, job);
}
