/* SPDX-License-Identifier: Apache-2.0 */
/* Every query of the module by source file, so that one test prepares them all on a fresh database.
 */
#ifndef DB_QUERIES_H
#define DB_QUERIES_H

#include "db_statement.h"

extern const struct db_query_set db_setting_queries;
extern const struct db_query_set db_location_queries;
extern const struct db_query_set db_schedule_queries;
extern const struct db_query_set db_maintenance_queries;
extern const struct db_query_set db_generation_queries;
extern const struct db_query_set db_backup_queries;
extern const struct db_query_set db_key_queries;
extern const struct db_query_set db_token_queries;
extern const struct db_query_set db_audit_queries;
extern const struct db_query_set db_alert_queries;
extern const struct db_query_set db_job_queries;
extern const struct db_query_set db_job_role_queries;
extern const struct db_query_set db_catalogue_queries;
extern const struct db_query_set db_chunk_queries;
extern const struct db_query_set db_pack_check_queries;
extern const struct db_query_set db_verification_queries;

#endif
