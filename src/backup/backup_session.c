/* SPDX-License-Identifier: Apache-2.0 */
/* What the threads of a run share: the first fault, connections to the share. */
#include <string.h>

#include "backup_session.h"

void backup_fault_init(struct backup_fault *fault)
{
	(void)pthread_mutex_init(&fault->mutex, NULL);
	atomic_init(&fault->raised, false);
	memset(&fault->first, 0, sizeof fault->first);
}

void backup_fault_done(struct backup_fault *fault)
{
	(void)pthread_mutex_destroy(&fault->mutex);
}

void backup_fault_raise(struct backup_fault *fault, const struct error *err)
{
	(void)pthread_mutex_lock(&fault->mutex);
	if (!atomic_load(&fault->raised)) {
		fault->first = *err;
		atomic_store(&fault->raised, true);
	}
	(void)pthread_mutex_unlock(&fault->mutex);
}

bool backup_fault_is_raised(const struct backup_fault *fault)
{
	return atomic_load_explicit(&fault->raised, memory_order_relaxed);
}

enum status backup_fault_get(struct backup_fault *fault, struct error *err)
{
	(void)pthread_mutex_lock(&fault->mutex);
	enum status status = fault->first.status;
	if (err != NULL)
		*err = fault->first;
	(void)pthread_mutex_unlock(&fault->mutex);
	return status;
}

enum status backup_session_open(struct backup_session *session, struct backup_service *service,
				struct jobs_run *run, struct error *err)
{
	memset(session, 0, sizeof *session);
	session->service = service;
	session->run = run;
	session->cancel = jobs_run_cancel(run);
	session->started_time = clock_now(service->clock);
	backup_fault_init(&session->fault);
	(void)pthread_mutex_init(&session->connections.mutex, NULL);
	if (!guid_to_bytes(jobs_run_job(run)->id, session->backup_id))
		return fail(err, STATUS_INTEGRITY, "begin job", jobs_run_job(run)->id,
			    "the job's id is not a GUID");
	return STATUS_OK;
}

void backup_session_close(struct backup_session *session)
{
	while (session->connections.count > 0)
		share_close(session->connections.idle[--session->connections.count]);
	(void)pthread_mutex_destroy(&session->connections.mutex);
	secret_free(&session->session_key);
	secret_free(&session->dedup_secret);
	buffer_done(&session->wrapped_key);
	db_generation_done(&session->generation);
	certificate_free(session->certificate);
	backup_target_done(&session->target);
	backup_fault_done(&session->fault);
}

enum status backup_session_open_repository(struct backup_session *session, struct db *state,
					   struct error *err)
{
	struct buffer expected;
	struct share *share = NULL;
	buffer_init(&expected, 256);
	enum status status = db_setting_get(state, SETTING_REPOSITORY, &expected, err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status =
			backup_repository_open(session->service, share, (const char *)expected.data,
					       &session->repository, err);
	backup_connection_give(session, share, status != STATUS_OK);
	buffer_done(&expected);
	return status;
}

enum status backup_session_check(struct backup_session *session, struct error *err)
{
	if (backup_fault_is_raised(&session->fault))
		return backup_fault_get(&session->fault, err);
	return cancel_check(session->cancel, "run backup", err);
}

/* The first one finds the repository; from then on every other must lead to the same. */
static enum status open_connection(struct backup_session *session, struct share **out,
				   struct error *err)
{
	struct share *share = NULL;
	enum status status = backup_target_open(session->service, &session->target, session->cancel,
						&share, err);
	if (status == STATUS_OK && session->repository.marker.repository_id[0] != '\0')
		status = backup_repository_recognise(share, &session->repository, err);
	if (status == STATUS_OK)
		*out = TAKE(share);
	share_close(share);
	return status;
}

enum status backup_connection_take(struct backup_session *session, struct share **out,
				   struct error *err)
{
	struct backup_connections *connections = &session->connections;
	struct share *share = NULL;
	(void)pthread_mutex_lock(&connections->mutex);
	if (connections->count > 0)
		share = connections->idle[--connections->count];
	(void)pthread_mutex_unlock(&connections->mutex);
	if (share == NULL)
		return open_connection(session, out, err);
	*out = share;
	return STATUS_OK;
}

void backup_connection_give(struct backup_session *session, struct share *share, bool failed)
{
	struct backup_connections *connections = &session->connections;
	(void)pthread_mutex_lock(&connections->mutex);
	if (share != NULL && !failed && connections->count < ARRAY_LENGTH(connections->idle))
		connections->idle[connections->count++] = TAKE(share);
	(void)pthread_mutex_unlock(&connections->mutex);
	share_close(share);
}
