/* SPDX-License-Identifier: Apache-2.0 */
/* The job "backup", from the stored location to the commit. */
#include <stdio.h>
#include <string.h>

#include "backup_commit.h"
#include "backup_lease.h"
#include "backup_progress.h"
#include "backup_retry.h"
#include "backup_space.h"

#define ROLES_AT_ONCE 4

struct backup_job {
	struct backup_session session;
	struct backup_history history;
	struct backup_role *roles;
	size_t role_count;
	atomic_size_t next_role;
	struct db *state;
	struct backup_readers *readers;
	char folder[ARCHIVE_FOLDER_SIZE]; /* of the backup on the share; empty: none yet */
	bool commit_tried;
};

static enum status open_job(struct backup_job *job, struct jobs_run *run,
			    struct backup_service *service, struct error *err)
{
	struct backup_session *session = &job->session;
	enum status status = backup_session_open(session, service, run, err);
	if (status == STATUS_OK)
		status = db_pool_take(service->state, &job->state, err);
	if (status == STATUS_OK)
		status = backup_target_load(service, job->state, &session->target, err);
	if (status == STATUS_OK)
		status = certificate_parse(session->target.row.certificate.data,
					   session->target.row.certificate.length,
					   "encryptionCertBase64", &session->certificate, err);
	if (status == STATUS_OK)
		backup_target_warn_expired(service, session->certificate);
	session->packs = backup_packs_new();
	session->files = queue_new(ROLES_AT_ONCE * BACKUP_ROLE_WINDOW);
	if (status == STATUS_OK && (session->packs == NULL || session->files == NULL))
		status = fail_memory(err, "begin backup");
	return status;
}

static void close_job(struct backup_job *job)
{
	struct backup_session *session = &job->session;
	backup_readers_stop(job->readers);
	backup_packer_stop(session->packer);
	for (size_t i = 0; i < job->role_count; i++)
		backup_role_done(&job->roles[i]);
	free(job->roles);
	queue_free(session->files);
	backup_packs_free(session->packs);
	db_pool_give(session->service->state, job->state);
	backup_session_close(session);
}

/* Nothing may be written any more when what was written goes. */
static void give_back(struct backup_job *job)
{
	backup_readers_stop(TAKE(job->readers));
	backup_packer_stop(TAKE(job->session.packer));
	backup_space_give_back(&job->session, job->state, job->folder);
}

static enum status prepare(struct backup_job *job, struct error *err)
{
	struct backup_session *session = &job->session;
	jobs_run_progress(session->run, "checking the share", 0, 0);
	enum status status = backup_session_open_repository(session, job->state, err);
	if (status == STATUS_OK)
		status = backup_lease_begin(session, err);
	if (status == STATUS_OK)
		status = backup_history_load(session, job->state, &job->history, err);
	if (status == STATUS_OK)
		status = backup_generation_choose(session, job->state, err);
	if (status == STATUS_OK)
		status = backup_space_begin(session, job->state, err);
	if (status == STATUS_OK)
		status = backup_generation_begin(session, err);
	if (status == STATUS_OK)
		status = backup_reconcile(session, job->state, err);
	if (status == STATUS_OK)
		status = backup_packer_start(session, &session->packer, err);
	if (status == STATUS_OK)
		status = backup_readers_start(session, &job->readers, err);
	return status;
}

/* The service's own role comes first: recovered first, and named even when no service is
 * configured. */
static enum status make_roles(struct backup_job *job, struct error *err)
{
	const struct config *config = job->session.service->config;
	job->roles = calloc(config->service_count + 1, sizeof *job->roles);
	if (job->roles == NULL)
		return fail_memory(err, "begin backup");
	enum status status = STATUS_OK;
	for (size_t i = 0; i <= config->service_count && status == STATUS_OK; i++) {
		const struct config_service *service = i == 0 ? NULL : &config->services[i - 1];
		job->role_count++;
		status = backup_role_init(&job->roles[i], &job->session, service, (int)i, err);
	}
	return status;
}

static void *role_thread(void *argument)
{
	struct backup_job *job = argument;
	for (;;) {
		struct error err;
		size_t next = atomic_fetch_add(&job->next_role, 1);
		if (next >= job->role_count)
			return NULL;
		if (!job->roles[next].is_taken &&
		    backup_role_run(&job->roles[next], &err) != STATUS_OK)
			backup_fault_raise(&job->session.fault, &err);
	}
}

static enum status run_roles(struct backup_job *job, struct error *err)
{
	pthread_t threads[ROLES_AT_ONCE];
	size_t count = 0;
	enum status status = STATUS_OK;
	while (count < ROLES_AT_ONCE && count < job->role_count && status == STATUS_OK) {
		status = thread_start(&threads[count], "role", role_thread, job, err);
		if (status == STATUS_OK)
			count++;
	}
	if (status != STATUS_OK)
		backup_fault_raise(&job->session.fault, err);
	for (size_t i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	return backup_session_check(&job->session, err);
}

/* When every service that was read failed there is nothing worth a backup; the first one's reason
 * is the job's. */
static enum status check_roles(const struct backup_job *job, struct error *err)
{
	const struct backup_role *failed = NULL;
	for (size_t i = 1; i < job->role_count; i++) {
		if (job->roles[i].is_taken)
			continue;
		if (job->roles[i].status == STATUS_OK)
			return STATUS_OK;
		if (failed == NULL)
			failed = &job->roles[i];
	}
	if (failed == NULL)
		return STATUS_OK;
	*err = failed->error;
	error_add_context(err, "every role failed, %s first", failed->name);
	err->status = STATUS_FAILED;
	return STATUS_FAILED;
}

static enum status set_result(const struct backup_commit *commit, struct error *err)
{
	struct buffer text;
	AUTO_JSON result = json_pack("{s:s, s:I, s:I, s:I}", "folder", commit->folder, "sequence",
				     (json_int_t)commit->history->sequence, "backupSizeInKb",
				     (json_int_t)(commit->bytes / 1024), "compressedBackupSizeInKb",
				     (json_int_t)(commit->new_bytes / 1024));
	if (result == NULL)
		return fail_memory(err, "write job result");
	buffer_init(&text, 65536);
	enum status status = json_write(result, &text, err);
	if (status == STATUS_OK)
		status = jobs_run_set_result(commit->session->run, (const char *)text.data, err);
	buffer_done(&text);
	return status;
}

static enum status commit(struct backup_job *job, struct error *err)
{
	struct backup_commit commit = {
		.session = &job->session,
		.history = &job->history,
		.roles = job->roles,
		.role_count = job->role_count,
		.is_automatic = jobs_run_job(job->session.run)->is_automatic,
	};
	backup_progress_show(&job->session, "committing");
	enum status status = backup_commit_to_share(&commit, err);
	memcpy(job->folder, commit.folder, sizeof job->folder);
	job->commit_tried = commit.commit_tried;
	if (status == STATUS_OK)
		status = backup_commit_to_database(&commit, job->state, err);
	if (status == STATUS_OK)
		status = set_result(&commit, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < job->role_count; i++)
		backup_role_keep_cache(&job->roles[i]);
	if (commit.state == JOB_SUCCEEDED)
		return STATUS_OK;
	return fail(err, STATUS_PARTIAL, "run backup", NULL,
		    "some roles are not complete; each says why");
}

static enum status run_all(struct backup_job *job, struct error *err)
{
	enum status status = prepare(job, err);
	if (status == STATUS_OK)
		status = make_roles(job, err);
	if (status == STATUS_OK)
		status = backup_progress_expect(&job->session, job->state, job->roles,
						job->role_count, err);
	if (status == STATUS_OK)
		status = backup_retry_take_over(&job->session, job->state, job->roles,
						job->role_count, err);
	if (status == STATUS_OK)
		status = run_roles(job, err);
	if (status == STATUS_OK)
		status = check_roles(job, err);
	if (status == STATUS_OK)
		backup_progress_show(&job->session, "uploading");
	if (status == STATUS_OK)
		status = backup_packer_finish(job->session.packer, err);
	if (status == STATUS_OK)
		status = commit(job, err);
	return status;
}

enum status backup_run(struct jobs_run *run, void *context, struct error *err)
{
	struct backup_job *job = calloc(1, sizeof *job);
	if (job == NULL)
		return fail_memory(err, "begin backup");
	enum status status = open_job(job, run, context, err);
	if (status == STATUS_OK)
		status = backup_lease_explain(&job->session, run_all(job, err), err);
	if (status == STATUS_SHARE_FULL && !job->commit_tried)
		give_back(job);
	close_job(job);
	free(job);
	return status;
}
