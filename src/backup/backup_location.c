/* SPDX-License-Identifier: Apache-2.0 */
/* The job "locationUpdate": tries the share with the new settings, and only then stores them. */
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

static bool differs(const json_t *parameters, const char *name, const char *saved)
{
	const char *asked = json_string_value(json_object_get(parameters, name));
	return asked != NULL && (saved == NULL || strcmp(asked, saved) != 0);
}

/* A password counts as new whenever it is sent: whoever sends it wants to know whether it works. */
static struct change find_change(const json_t *parameters, const struct db_location *saved)
{
	return (struct change) {
		.is_new_place = differs(parameters, PARAMETER_PATH, saved->path),
		.is_new_account = differs(parameters, PARAMETER_USER_NAME, saved->user_name) ||
				  json_object_get(parameters, PARAMETER_PASSWORD) != NULL,
	};
}

static enum status merge_certificate(struct backup_service *service, const json_t *parameters,
				     struct db_location *row, struct error *err)
{
	struct certificate *certificate = NULL;
	enum status status = backup_parameter_take_bytes(parameters, PARAMETER_CERTIFICATE,
							 &row->certificate, err);
	if (status != STATUS_OK || row->certificate.length == 0)
		return status;
	status = certificate_parse(row->certificate.data, row->certificate.length,
				   "properties.externalStoreDefault.encryptionCertBase64",
				   &certificate, err);
	if (status == STATUS_OK) {
		memcpy(row->thumbprint, certificate->thumbprint, sizeof row->thumbprint);
		backup_target_warn_expired(service, certificate);
	}
	certificate_free(certificate);
	return status;
}

static void merge_numbers(const json_t *parameters, struct db_location *row)
{
	const json_t *frequency = json_object_get(parameters, PARAMETER_FREQUENCY);
	const json_t *retention = json_object_get(parameters, PARAMETER_RETENTION);
	const json_t *scheduler = json_object_get(parameters, PARAMETER_SCHEDULER);
	if (frequency != NULL)
		row->frequency_hours = (int)json_integer_value(frequency);
	if (retention != NULL)
		row->retention_days = (int)json_integer_value(retention);
	if (scheduler != NULL)
		row->scheduler_enabled = json_is_true(scheduler);
}

static enum status merge(struct backup_service *service, const json_t *parameters,
			 struct db_location *row, struct error *err)
{
	enum status status =
		backup_parameter_take_text(parameters, PARAMETER_PATH, &row->path, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_text(parameters, PARAMETER_USER_NAME,
						    &row->user_name, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_bytes(parameters, PARAMETER_PASSWORD,
						     &row->password_sealed, err);
	if (status == STATUS_OK)
		status = merge_certificate(service, parameters, row, err);
	if (status == STATUS_OK) {
		merge_numbers(parameters, row);
		row->changed_time = clock_now(service->clock);
	}
	return status;
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

/* The schedule has moved on while the share was tested: only its owner writes it. */
static enum status store_body(struct db *state, void *context, struct error *err)
{
	const struct store_request *request = context;
	struct db_schedule schedule;
	enum status status =
		backup_scheduler_change(request->service, state, request->row, &schedule, err);
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

static enum status update(struct backup_service *service, struct db *state, struct jobs_run *run,
			  struct backup_target *target, struct buffer *report, struct error *err)
{
	char repository_id[GUID_TEXT_SIZE] = "";
	const char *text = jobs_run_job(run)->parameters;
	struct change change = { .is_new_place = false };
	int days_before = 0;
	AUTO_JSON parameters = NULL;
	enum status status = json_parse(text, strlen(text), &parameters, err);
	if (status == STATUS_OK)
		status = db_location_get(state, service->config->deployment.location, &target->row,
					 err);
	if (status == STATUS_OK) {
		change = find_change(parameters, &target->row);
		days_before = target->row.retention_days;
		status = merge(service, parameters, &target->row, err);
	}
	if (status == STATUS_OK)
		status = backup_target_prepare(service, target, err);
	jobs_run_progress(run, "testing the share", 0, 0);
	if (status == STATUS_OK)
		status = test_share(service, run, target, &change, report, err);
	if (status == STATUS_OK)
		status = use_share(service, target, jobs_run_cancel(run), report->length > 0,
				   repository_id, err);
	/* Where backups go already, being full is no reason to refuse a new password or a shorter
	 * retention: nobody could make room. */
	if (status == STATUS_SHARE_FULL && !change.is_new_place)
		status = STATUS_OK;
	if (status != STATUS_OK)
		return status;
	struct store_request request = { service, &target->row, parameters, repository_id, report };
	status = db_transaction(state, store_body, &request, err);
	if (status == STATUS_OK)
		backup_kept_store(service, state);
	if (status == STATUS_OK && target->row.retention_days < days_before)
		show_what_goes(service, run);
	return status;
}

enum status backup_location_run(struct jobs_run *run, void *context, struct error *err)
{
	struct backup_service *service = context;
	struct db *state = NULL;
	struct backup_target target;
	struct buffer report = { .data = NULL };
	memset(&target, 0, sizeof target);
	enum status status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = update(service, state, run, &target, &report, err);
	buffer_done(&report);
	backup_target_done(&target);
	db_pool_give(service->state, state);
	return status;
}
