/* SPDX-License-Identifier: Apache-2.0 */
/* The job "verify": passes over the share until all is read that was asked for. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "backup_kept.h"
#include "backup_verify.h"

/* Second looks that find ever new faults say that the share is not to be trusted today. */
#define DOUBTS_MAX 3
/* More backups than this do not leave between one look and the next all the time. */
#define CHANGES_MAX 64
#define WAIT_MS 500

/* --- what is asked --- */

static enum status read_parameters(struct verify_job *job, struct error *err)
{
	AUTO_JSON parameters = NULL;
	const char *text = jobs_run_job(job->run)->parameters;
	if (text == NULL)
		text = "{}";
	enum status status = json_parse(text, strlen(text), &parameters, err);
	if (status != STATUS_OK)
		return status;
	const char *backup_id =
		json_string_value(json_object_get(parameters, VERIFY_PARAMETER_BACKUP));
	const char *depth = json_string_value(json_object_get(parameters, VERIFY_PARAMETER_DEPTH));
	if (backup_id != NULL)
		(void)snprintf(job->backup_id, sizeof job->backup_id, "%s", backup_id);
	job->since = json_integer_value(json_object_get(parameters, VERIFY_PARAMETER_SINCE));
	job->is_rolling = job->since == 0;
	if (depth == NULL || !backup_verify_depth_parse(depth, &job->depth))
		return fail(err, STATUS_INVALID, "read job parameters", NULL,
			    "the depth is none of Hashes, Content, Files");
	return STATUS_OK;
}

/* --- one pass --- */

static enum status open_source(struct verify_job *job, struct error *err)
{
	const struct backup_service *service = job->service;
	const struct backup_target *target = &job->session.target;
	job->options = (struct share_options) {
		.address = &target->address,
		.user_name = target->row.user_name,
		.password = secret_is_empty(&target->password) ? NULL : &target->password,
		.cancel = job->session.cancel,
		.deadline = service->config->engine.share_deadline,
	};
	const struct recover_settings settings = {
		.shares = service->shares,
		.share = &job->options,
		.signer = service->signer,
		/* By itself it has time; somebody who asked is waiting. */
		.threads = job->is_rolling ? 1 : service->config->engine.workers,
	};
	return recover_source_open(&settings, &job->source, err);
}

/* The location may have been changed while the job waited. */
static enum status open_location(struct verify_job *job, struct error *err)
{
	struct backup_session *session = &job->session;
	enum status status = backup_target_load(job->service, job->state, &session->target, err);
	if (status == STATUS_OK && job->location_changed != 0 &&
	    job->location_changed != session->target.row.changed_time)
		status = fail(err, STATUS_CONFLICT, "verify", session->target.row.path,
			      "the backup location was changed meanwhile; start it again");
	job->location_changed = session->target.row.changed_time;
	if (status == STATUS_OK)
		status = backup_session_open_repository(session, job->state, err);
	return status;
}

static const struct verify_backup *find_asked(const struct verify_job *job)
{
	for (size_t i = 0; i < job->backup_count; i++)
		if (job->backups[i].is_asked)
			return &job->backups[i];
	return NULL;
}

static enum status check_asked(const struct verify_job *job, struct error *err)
{
	const struct verify_backup *asked = find_asked(job);
	if (job->backup_id[0] == '\0' ||
	    (asked != NULL && (asked->listed != NULL || asked->own_problem[0] != '\0')))
		return STATUS_OK;
	return fail(err, STATUS_NOT_FOUND, "verify", job->backup_id,
		    "this backup is not on the share that is configured: it was deleted, or was "
		    "made on another share");
}

static enum status work(struct verify_job *job, struct error *err)
{
	enum status status = verify_plan(job, err);
	if (status == STATUS_OK)
		status = check_asked(job, err);
	if (status == STATUS_OK)
		status = verify_save(job, err);
	if (status == STATUS_OK)
		status = verify_packs(job, err);
	if (status == STATUS_OK && job->stop == VERIFY_GO_ON)
		status = verify_files(job, err);
	if (status == STATUS_CANCELLED && job->stop != VERIFY_GO_ON)
		status = STATUS_OK;
	/* What was found is written down even when the pass ends early. */
	if (status == STATUS_OK)
		status = verify_settle(job, err);
	if (status == STATUS_OK)
		status = verify_harm(job, err);
	if (status == STATUS_OK && job->is_rolling && job->stop == VERIFY_GO_ON)
		status = verify_forget_packs(job, err);
	if (status == STATUS_OK)
		status = verify_set_result(job, err);
	return status;
}

static enum status open_pass(struct verify_job *job, struct error *err)
{
	enum status status = backup_session_open(&job->session, job->service, job->run, err);
	jobs_run_progress(job->run, "checking the share", job->bytes_read, job->bytes_planned);
	if (status == STATUS_OK)
		status = open_location(job, err);
	if (status == STATUS_OK && job->is_rolling)
		status = verify_account_left(job->service, job->state,
					     clock_now(job->service->clock), &job->allowed, err);
	if (status == STATUS_OK)
		status = open_source(job, err);
	return status;
}

static enum status run_pass(struct verify_job *job, struct error *err)
{
	job->stop = VERIFY_GO_ON;
	job->now = clock_now(job->service->clock);
	job->source = NULL;
	memset(&job->session, 0, sizeof job->session);
	enum status status = open_pass(job, err);
	if (status == STATUS_OK)
		status = work(job, err);
	if (status == STATUS_OK && job->stop == VERIFY_GO_ON)
		status = verify_judge(job, err);
	verify_plan_done(job);
	recover_source_close(job->source);
	backup_session_close(&job->session);
	return status;
}

/* --- passes --- */

static enum status wait_for_others(struct verify_job *job, struct error *err)
{
	const char *location = job->service->config->deployment.location;
	struct pollfd cancelled = { .fd = cancel_descriptor(jobs_run_cancel(job->run)),
				    .events = POLLIN };
	jobs_run_progress(job->run, "waiting for another job", job->bytes_read, job->bytes_planned);
	for (;;) {
		bool is_waiting = false;
		enum status status = db_job_goes_before_verify(job->state, location,
							       job->is_rolling, &is_waiting, err);
		if (status != STATUS_OK || !is_waiting)
			return status;
		(void)poll(&cancelled, 1, WAIT_MS);
		status = cancel_check(jobs_run_cancel(job->run), "verify", err);
		if (status != STATUS_OK)
			return status;
	}
}

static enum status note_complete(struct verify_job *job, int64_t began, struct error *err)
{
	char value[32];
	if (!job->is_rolling)
		return STATUS_OK;
	(void)snprintf(value, sizeof value, "%" PRId64, began);
	return db_setting_set(job->state, SETTING_VERIFY_COMPLETE, value, err);
}

static enum status run_passes(struct verify_job *job, struct error *err)
{
	unsigned doubts = 0, changes = 0;
	for (;;) {
		enum status status = run_pass(job, err);
		if (job->stop == VERIFY_STOP_CHANGED && status == STATUS_OK &&
		    changes++ < CHANGES_MAX)
			continue;
		if (job->stop == VERIFY_STOP_DOUBT && status == STATUS_OK && doubts++ < DOUBTS_MAX)
			continue;
		if (job->stop == VERIFY_STOP_OTHER_JOB && status == STATUS_OK && !job->is_rolling) {
			status = wait_for_others(job, err);
			if (status == STATUS_OK)
				continue;
		}
		if ((job->stop == VERIFY_STOP_DOUBT || job->stop == VERIFY_STOP_CHANGED) &&
		    status == STATUS_OK)
			return fail(
				err, STATUS_SHARE_READ_WRITE, "verify", NULL,
				"the share answers differently every time it is read; check its "
				"disks, its memory and the network");
		if (job->stop == VERIFY_GO_ON &&
		    (status == STATUS_OK || status == STATUS_INTEGRITY)) {
			enum status noted = note_complete(job, job->now, NULL);
			if (noted != STATUS_OK && status == STATUS_OK)
				return fail(err, noted, "verify", NULL,
					    "its end could not be recorded");
		}
		return status;
	}
}

/* A thread of its own, because the one that the engine lends must not stay at idle priority. */
static void *verify_thread(void *argument)
{
	struct verify_job *job = argument;
	thread_set_idle_priority();
	log_set_correlation(jobs_run_job(job->run)->id);
	job->status = run_passes(job, job->err);
	return NULL;
}

static enum status run_thread(struct verify_job *job, struct error *err)
{
	pthread_t thread;
	job->err = err;
	enum status status = thread_start(&thread, "verify", verify_thread, job, err);
	if (status != STATUS_OK)
		return status;
	(void)pthread_join(thread, NULL);
	return job->status;
}

enum status backup_verify_run(struct jobs_run *run, void *context, struct error *err)
{
	struct verify_job *job = calloc(1, sizeof *job);
	if (job == NULL)
		return fail_memory(err, "begin verification");
	job->run = run;
	job->service = context;
	enum status status = db_pool_take(job->service->state, &job->state, err);
	if (status == STATUS_OK)
		status = read_parameters(job, err);
	if (status == STATUS_OK)
		status = backup_drill_key_load(job->service, job->state, &job->key, err);
	if (status == STATUS_OK)
		status = run_thread(job, err);
	/* A lost database must not forget which packs no backup may use. */
	if (job->found_damage)
		backup_kept_store(job->service, job->state);
	private_key_free(job->key);
	db_pool_give(job->service->state, job->state);
	free(job->suspects);
	free(job);
	return status;
}
