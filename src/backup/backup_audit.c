/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log under the service's master key, and what the service itself adds to it. */
#include <stdio.h>
#include <string.h>

#include "backup_private.h"

enum status backup_audit_open_with(const struct config *config, const struct clock *clock,
				   const struct secret *master_key, struct audit_log **out,
				   struct error *err)
{
	const struct audit_settings settings = {
		.master_key = master_key,
		.clock = clock,
		.max_rows = config->audit.max_rows,
		.max_age = config->audit.max_age,
		.exported = config->audit.to_syslog ? audit_to_syslog : NULL,
	};
	return audit_open(&settings, out, err);
}

enum status backup_audit_open(const struct config *config, const struct clock *clock,
			      struct audit_log **out, struct error *err)
{
	AUTO_SECRET master_key = SECRET_EMPTY;
	enum status status =
		backup_state_load_master_key(config->state_directory, &master_key, err);
	if (status == STATUS_OK)
		status = backup_audit_open_with(config, clock, &master_key, out, err);
	return status;
}

static enum status note(struct backup_service *service, struct db *state,
			const struct db_audit_origin *origin, const char *job_id, struct error *err)
{
	struct db_audit_outcome outcome = { .http_status = 0 };
	(void)snprintf(outcome.job_id, sizeof outcome.job_id, "%s", job_id);
	return audit_record(service->audit, state, origin, &outcome, err);
}

enum status backup_audit_job(struct backup_service *service, struct db *state,
			     const struct db_job *job, struct error *err)
{
	struct db_audit_origin origin = { .caller_kind = "scheduler" };
	(void)snprintf(origin.caller, sizeof origin.caller, "%s", job->requested_by);
	(void)snprintf(origin.operation, sizeof origin.operation, "Job_Queue/%s", job->kind);
	return note(service, state, &origin, job->id, err);
}

/* A service that cannot tell that it starts or stops does so all the same. */
static void note_alone(struct backup_service *service, const char *operation, bool is_last)
{
	struct error err;
	struct db *state = NULL;
	struct db_audit_origin origin = { .caller = "infrabackup", .caller_kind = "service" };
	(void)snprintf(origin.operation, sizeof origin.operation, "%s", operation);
	enum status status = db_pool_take(service->state, &state, &err);
	if (status == STATUS_OK && is_last)
		status = audit_flush(service->audit, state, true, &err);
	if (status == STATUS_OK)
		status = note(service, state, &origin, "", &err);
	if (status != STATUS_OK)
		log_error("the audit log does not tell of a start or stop", &err);
	db_pool_give(service->state, state);
}

void backup_audit_start(struct backup_service *service)
{
	note_alone(service, "Service_Start", false);
}

void backup_audit_stop(struct backup_service *service)
{
	note_alone(service, "Service_Stop", true);
}
