/* SPDX-License-Identifier: Apache-2.0 */
/* The job "locationUpdate": tries the share with the new settings, if there is one, and only then
 * stores them. */
#include <stdio.h>
#include <string.h>

#include "backup_connection.h"
#include "backup_kept.h"
#include "backup_lease.h"
#include "backup_psk.h"
#include "backup_repository.h"
#include "backup_scheduler.h"
#include "backup_submit.h"

#define PROBE_SIZE 4096

/* What an update changes of the way to the share. */
struct change {
	bool is_new_place;
	bool is_new_account;
};

static bool differs(const char *left, const char *right)
{
	return (left == NULL) != (right == NULL) || (left != NULL && strcmp(left, right) != 0);
}

/* A password counts as new whenever it is sent: whoever sends it wants to know whether it works. */
static struct change find_change(const json_t *parameters, const struct db_location *before,
				 const struct db_location *after)
{
	return (struct change) {
		.is_new_place = differs(before->path, after->path),
		.is_new_account = differs(before->user_name, after->user_name) ||
				  json_object_get(parameters, PARAMETER_PASSWORD) != NULL,
	};
}

/* Create, write, flush, read back, rename, delete: enough for a share that was tested before. */
static enum status probe_share(struct share *share, struct error *err)
{
	unsigned char probe[PROBE_SIZE];
	char guid[GUID_TEXT_SIZE];
	char name[ARCHIVE_NAME_SIZE];
	guid_generate(guid);
	(void)snprintf(name, sizeof name, ARCHIVE_ROOT "/probe-%s", guid);
	enum status status = crypto_random(probe, sizeof probe, err);
	if (status == STATUS_OK)
		status = share_make_directories(share, ARCHIVE_ROOT, err);
	if (status == STATUS_OK)
		status = share_put(share, name, probe, sizeof probe, err);
	if (status == STATUS_OK)
		status = share_remove(share, name, err);
	return status;
}

static enum status measure_share(struct share *share, struct db_location *row, struct error *err)
{
	row->capacity_total = -1;
	row->capacity_free = -1;
	if ((share_features(share) & SHARE_FEATURE_FREE_SPACE) == 0)
		return STATUS_OK;
	struct share_space space;
	enum status status = share_free_space(share, &space, err);
	if (status == STATUS_OK) {
		row->capacity_total = (int64_t)space.total;
		row->capacity_free = (int64_t)space.free;
	}
	return status;
}

static enum status test_share(struct backup_service *service, struct jobs_run *run,
			      const struct backup_target *target, const struct change *change,
			      struct buffer *report, struct error *err)
{
	if (!change->is_new_place && !change->is_new_account)
		return STATUS_OK;
	return backup_connection_try(service, run, target, SHARE_CONFORMANCE_ESSENTIAL, report,
				     err);
}

/* The marker must be ours or absent; a new place gets one. */
static enum status use_share(struct backup_service *service, struct backup_target *target,
			     const struct cancel *cancel, bool is_tested,
			     char repository_id[GUID_TEXT_SIZE], struct error *err)
{
	struct share *share = NULL;
	struct backup_repository repository;
	enum status status = backup_target_open(service, target, cancel, &share, err);
	if (status == STATUS_OK && !is_tested)
		status = probe_share(share, err);
	if (status == STATUS_OK)
		status = measure_share(share, &target->row, err);
	if (status == STATUS_OK)
		status = backup_repository_open(service, share, NULL, &repository, err);
	if (status == STATUS_OK)
		status = backup_lease_acquire(service, share, err);
	if (status == STATUS_OK)
		memcpy(repository_id, repository.marker.repository_id, GUID_TEXT_SIZE);
	share_close(share);
	return status;
}

struct store_request {
	struct backup_service *service;
	struct db_location *row;
	const json_t *parameters;
	const char *repository_id;   /* empty: as before */
	const struct buffer *report; /* empty: the way to the share is the same as before */
};

/* The schedule has moved on while the share was tested: only its owner writes it. Without a share
 * nothing is planned. */
static enum status plan(const struct store_request *request, struct db *state,
			struct db_schedule *schedule, struct error *err)
{
	if (request->row->path != NULL)
		return backup_scheduler_change(request->service, state, request->row, schedule,
					       err);
	memset(schedule, 0, sizeof *schedule);
	request->row->next_backup_time = 0;
	return STATUS_OK;
}

static enum status store_body(struct db *state, void *context, struct error *err)
{
	const struct store_request *request = context;
	struct db_schedule schedule;
	enum status status = plan(request, state, &schedule, err);
	if (status == STATUS_OK)
		status = backup_psk_store(request->service, state, request->parameters,
					  request->row->thumbprint, err);
	if (status == STATUS_OK)
		status = db_location_put(state, request->row, err);
	if (status == STATUS_OK)
		status = db_schedule_put(state, request->row->name, &schedule, err);
	if (status == STATUS_OK && request->repository_id[0] != '\0')
		status = db_setting_set(state, SETTING_REPOSITORY, request->repository_id, err);
	if (status == STATUS_OK && request->report->length > 0)
		status = backup_connection_keep(state, request->report, err);
	return status;
}

/* Whoever shortens the retention learns what the next prune lets go. The settings are stored by
 * now, whatever comes of this. */
static void show_what_goes(struct backup_service *service, struct jobs_run *run)
{
	struct error err;
	if (backup_prune_preview(service, run, &err) != STATUS_OK)
		log_error("what the shorter retention lets go is not known", &err);
}

/* What the job of one update works with. */
struct update {
	struct backup_service *service;
	struct jobs_run *run;
	struct db_location before;
	struct backup_target target; /* after */
	struct change change;
	char repository_id[GUID_TEXT_SIZE]; /* empty: as before */
	struct buffer report;
	json_t *parameters; /* owned */
};

static enum status load(struct update *update, struct db *state, struct error *err)
{
	const char *name = update->service->config->deployment.location;
	const char *text = jobs_run_job(update->run)->parameters;
	enum status status = json_parse(text, strlen(text), &update->parameters, err);
	if (status == STATUS_OK)
		status = db_location_get(state, name, &update->before, err);
	if (status == STATUS_OK)
		status = db_location_get(state, name, &update->target.row, err);
	if (status == STATUS_OK)
		status = backup_location_merge(update->service, update->parameters,
					       &update->target.row, err);
	if (status == STATUS_OK)
		update->change =
			find_change(update->parameters, &update->before, &update->target.row);
	return status;
}

static enum status try_share(struct update *update, struct error *err)
{
	struct backup_target *target = &update->target;
	enum status status = backup_target_prepare(update->service, target, err);
	jobs_run_progress(update->run, "testing the share", 0, 0);
	if (status == STATUS_OK)
		status = test_share(update->service, update->run, target, &update->change,
				    &update->report, err);
	if (status == STATUS_OK)
		status = use_share(update->service, target, jobs_run_cancel(update->run),
				   update->report.length > 0, update->repository_id, err);
	/* Where backups go already, being full is no reason to refuse a new password or a shorter
	 * retention: nobody could make room. */
	if (status == STATUS_SHARE_FULL && !update->change.is_new_place)
		status = STATUS_OK;
	return status;
}

static enum status run_update(struct update *update, struct db *state, struct error *err)
{
	struct db_location *row = &update->target.row;
	enum status status = load(update, state, err);
	if (status == STATUS_OK && row->path != NULL)
		status = try_share(update, err);
	if (status != STATUS_OK)
		return status;
	if (row->path == NULL)
		backup_keeper_release(update->service);
	struct store_request request = { update->service, row, update->parameters,
					 update->repository_id, &update->report };
	status = db_transaction(state, store_body, &request, err);
	if (status == STATUS_OK)
		backup_kept_store(update->service, state);
	if (status == STATUS_OK && row->path != NULL &&
	    row->retention_days < update->before.retention_days)
		show_what_goes(update->service, update->run);
	return status;
}

enum status backup_location_run(struct jobs_run *run, void *context, struct error *err)
{
	struct db *state = NULL;
	struct update update = { .service = context, .run = run };
	enum status status = db_pool_take(update.service->state, &state, err);
	if (status == STATUS_OK)
		status = run_update(&update, state, err);
	json_decref(update.parameters);
	buffer_done(&update.report);
	backup_target_done(&update.target);
	db_location_done(&update.before);
	db_pool_give(update.service->state, state);
	return status;
}
