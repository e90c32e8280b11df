/* SPDX-License-Identifier: Apache-2.0 */
/* The job "historyCheck": after an interruption, or a recovery, the share may hold a committed
 * backup that the database calls interrupted or does not know. It is taken in at once, not at the
 * next backup. */
#include <string.h>

#include "backup_kept.h"
#include "backup_lease.h"

static enum status check(struct backup_session *session, struct db *state, struct error *err)
{
	struct backup_history history;
	enum status status = backup_target_load(session->service, state, &session->target, err);
	jobs_run_progress(session->run, "comparing with the share", 0, 0);
	if (status == STATUS_OK)
		status = backup_session_open_repository(session, state, err);
	if (status == STATUS_OK)
		status = backup_lease_begin(session, err);
	if (status == STATUS_OK)
		status = backup_history_load(session, state, &history, err);
	if (status == STATUS_OK)
		status = db_setting_set(state, SETTING_REBUILT, "0", err);
	return status;
}

enum status backup_history_run(struct jobs_run *run, void *context, struct error *err)
{
	struct backup_service *service = context;
	struct backup_session session;
	struct db *state = NULL;
	enum status status = backup_session_open(&session, service, run, err);
	if (status == STATUS_OK)
		status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = check(&session, state, err);
	db_pool_give(service->state, state);
	backup_session_close(&session);
	return status;
}

struct newest_job {
	const char *interrupted_step;
	bool was_interrupted;
};

static enum status see_newest(const struct db_job *job, void *context, struct error *err)
{
	struct newest_job *newest = context;
	(void)err;
	newest->was_interrupted = strcmp(job->state, "Failed") == 0 && job->error_step != NULL &&
				  strcmp(job->error_step, JOBS_INTERRUPTED_STEP) == 0;
	return STATUS_OK;
}

/* A rebuilt database knows nothing that came after its copy. */
static enum status was_rebuilt(struct db *state, bool *out, struct error *err)
{
	struct buffer value;
	buffer_init(&value, 64);
	enum status status = db_setting_get(state, SETTING_REBUILT, &value, err);
	*out = status == STATUS_OK && strcmp((const char *)value.data, "1") == 0;
	buffer_done(&value);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status backup_history_submit(struct backup_service *service, struct db *state,
				  struct error *err)
{
	struct newest_job newest = { .was_interrupted = false };
	char id[GUID_TEXT_SIZE];
	enum status status = db_job_list(state, service->config->deployment.location, "backup", 1,
					 see_newest, &newest, err);
	bool rebuilt = false;
	if (status == STATUS_OK)
		status = was_rebuilt(state, &rebuilt, err);
	if (status != STATUS_OK || (!newest.was_interrupted && !rebuilt))
		return status;
	const struct backup_job_request request = { .kind = BACKUP_KIND_HISTORY_CHECK,
						    .caller = "start" };
	return backup_queue_job(service, state, &request, id, err);
}
