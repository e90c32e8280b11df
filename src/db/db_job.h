/* SPDX-License-Identifier: Apache-2.0 */
/* How the two job tables meet. */
#ifndef DB_JOB_H
#define DB_JOB_H

#include "db_queries.h"

/* Roles of the job that are not finished end with it; within the caller's transaction. */
MUST_CHECK enum status db_job_role_close(struct db *db, const char *job_id, const char *state,
					 int64_t ended_time, const struct error *fault,
					 struct error *err);
/* ":error_status" and ":error_message" from @fault; NULL when there is none. @text holds the
 * message while the statement runs. */
#define DB_FAULT_TEXT_SIZE 1024
void db_bind_fault(struct db_statement *statement, const struct error *fault,
		   char text[DB_FAULT_TEXT_SIZE]);

#endif
