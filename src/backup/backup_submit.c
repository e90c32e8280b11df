/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for jobs: checked, merged, queued. Nothing here touches a share. */
#include <stdio.h>
#include <string.h>

#include "backup_maintenance.h"
#include "backup_psk.h"
#include "backup_restore.h"
#include "backup_retry.h"
#include "backup_submit.h"

#define STORE_FIELD "properties.externalStoreDefault."
#define CERTIFICATE_MAX (256u << 10)

/* What is stored wins where the update is silent. A location without a path cannot be tested, so it
 * is refused, unless that is what is wanted. */
static enum status check_complete(struct backup_service *service, struct db *state,
				  const struct backup_location_update *update, struct error *err)
{
	if (update->path != NULL || update->blob_url != NULL ||
	    update->manner == BACKUP_LOCATION_REPLACE)
		return STATUS_OK;
	struct db_location stored;
	memset(&stored, 0, sizeof stored);
	enum status status =
		db_location_get(state, service->config->deployment.location, &stored, err);
	if (status == STATUS_OK && stored.path == NULL)
		status = fail_field(
			err, STORE_FIELD "path",
			"missing, and no share is configured yet; allowed is "
			"\\\\server\\share[\\folder], smb://server[:port]/share[/folder] "
			"or an absolute path");
	db_location_done(&stored);
	return status;
}

static enum status set_numbers(json_t *object, const struct backup_location_update *update,
			       struct error *err)
{
	int failed = 0;
	if (update->frequency_hours != NULL)
		failed |= json_object_set_new(object, PARAMETER_FREQUENCY,
					      json_integer(*update->frequency_hours));
	if (update->retention_days != NULL)
		failed |= json_object_set_new(object, PARAMETER_RETENTION,
					      json_integer(*update->retention_days));
	if (update->scheduler_enabled != NULL)
		failed |= json_object_set_new(object, PARAMETER_SCHEDULER,
					      json_boolean(*update->scheduler_enabled));
	return failed == 0 ? STATUS_OK : fail_memory(err, "write job parameters");
}

static enum status set_certificate(json_t *object, const struct backup_location_update *update,
				   const struct buffer *der, struct error *err)
{
	if (der->length == 0)
		return backup_parameter_put_text(object, PARAMETER_CERTIFICATE,
						 update->certificate_base64, err);
	struct buffer text;
	buffer_init(&text, 2 * CERTIFICATE_MAX);
	enum status status = base64_encode(der->data, der->length, &text, err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(object, PARAMETER_CERTIFICATE,
						   (const char *)text.data, err);
	buffer_done(&text);
	return status;
}

static const char *manner_of(const struct backup_location_update *update)
{
	if (update->manner != BACKUP_LOCATION_REPLACE)
		return NULL;
	return backup_location_is_blank(update) ? MANNER_CLEAR : MANNER_REPLACE;
}

/* The job carries only what was asked for; the merge happens when it runs. */
static enum status write_parameters(struct backup_service *service, struct db *state,
				    const struct backup_location_update *update, struct buffer *der,
				    struct buffer *out, struct error *err)
{
	AUTO_JSON object = json_object();
	if (object == NULL)
		return fail_memory(err, "write job parameters");
	enum status status =
		backup_parameter_put_text(object, PARAMETER_MANNER, manner_of(update), err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(object, PARAMETER_PATH, update->path, err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(object, PARAMETER_USER_NAME, update->user_name,
						   err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(object, PARAMETER_BLOB_URL, update->blob_url,
						   err);
	if (status == STATUS_OK)
		status = backup_parameter_put_password(service, object, update->password, err);
	if (status == STATUS_OK)
		status = backup_psk_prepare(service, state, update->encryption_key_base64, der,
					    object, err);
	if (status == STATUS_OK)
		status = set_certificate(object, update, der, err);
	if (status == STATUS_OK)
		status = set_numbers(object, update, err);
	if (status == STATUS_OK)
		status = json_write(object, out, err);
	return status;
}

struct addition {
	struct backup_service *service;
	const struct db_job *job;
};

/* What somebody asked for is in the audit log as his request. */
static enum status add_job(struct db *state, void *context, struct error *err)
{
	const struct addition *addition = context;
	const struct db_job *job = addition->job;
	enum status status = db_job_add(state, job, err);
	if (status == STATUS_OK && job->is_automatic)
		status = backup_audit_job(addition->service, state, job, err);
	return status;
}

enum status backup_add_job(struct backup_service *service, struct db *state,
			   const struct backup_job_request *request, char id[GUID_TEXT_SIZE],
			   struct error *err)
{
	struct db_job job;
	AUTO_FREE char *kind = strdup(request->kind);
	AUTO_FREE char *location = strdup(service->config->deployment.location);
	AUTO_FREE char *caller = strdup(request->caller);
	AUTO_FREE char *parameters = strdup(request->parameters != NULL ? request->parameters : "");
	if (kind == NULL || location == NULL || caller == NULL || parameters == NULL)
		return fail_memory(err, "queue job");
	memset(&job, 0, sizeof job);
	guid_generate(job.id);
	job.kind = kind;
	job.location = location;
	job.requested_by = caller;
	job.is_automatic = request->is_automatic;
	job.parameters = request->parameters != NULL ? parameters : NULL;
	job.created_time = clock_now(service->clock);
	struct addition addition = { .service = service, .job = &job };
	enum status status = db_transaction(state, add_job, &addition, err);
	if (status == STATUS_OK)
		memcpy(id, job.id, GUID_TEXT_SIZE);
	return status;
}

void backup_wake(struct backup_service *service)
{
	struct jobs_engine *engine = atomic_load(&service->engine);
	if (engine != NULL)
		jobs_engine_wake(engine);
}

enum status backup_queue_job(struct backup_service *service, struct db *state,
			     const struct backup_job_request *request, char id[GUID_TEXT_SIZE],
			     struct error *err)
{
	enum status status = backup_add_job(service, state, request, id, err);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}

enum status backup_location_submit(struct backup_service *service, struct db *state,
				   const struct backup_location_update *update, const char *caller,
				   char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	struct buffer der, parameters;
	buffer_init(&der, CERTIFICATE_MAX);
	buffer_init(&parameters, 4u << 20);
	enum status status = backup_location_check(update, &der, err);
	if (status == STATUS_OK)
		status = check_complete(service, state, update, err);
	if (status == STATUS_OK)
		status = write_parameters(service, state, update, &der, &parameters, err);
	if (status == STATUS_OK) {
		const struct backup_job_request request = {
			.kind = BACKUP_KIND_LOCATION_UPDATE,
			.caller = caller,
			.parameters = (const char *)parameters.data,
		};
		status = backup_queue_job(service, state, &request, operation_id, err);
	}
	buffer_done(&parameters);
	buffer_done(&der);
	return status;
}

static enum status refuse_without_certificate(const char *location, struct error *err)
{
	enum status status = fail(err, STATUS_NOT_CONFIGURED, "read backup location", location,
				  "no encryption certificate is configured; set " STORE_FIELD
				  "encryptionCertBase64 of the backup location first");
	if (err != NULL)
		(void)snprintf(err->field, sizeof err->field, STORE_FIELD "encryptionCertBase64");
	return status;
}

enum status backup_check_configured(struct backup_service *service, struct db *state,
				    struct error *err)
{
	struct backup_target target;
	enum status status = backup_target_load(service, state, &target, err);
	if (status == STATUS_OK && target.row.certificate.length == 0)
		status = refuse_without_certificate(target.row.name, err);
	backup_target_done(&target);
	return status;
}

struct submission {
	struct backup_service *service;
	struct backup_job_request request;
	char *id;
};

static enum status add_backup(struct db *state, void *context, struct error *err)
{
	const struct submission *submission = context;
	enum status status = backup_maintenance_refuse(submission->service, state, err);
	if (status == STATUS_OK)
		status = backup_add_job(submission->service, state, &submission->request,
					submission->id, err);
	return status;
}

static enum status submit_backup(struct backup_service *service, struct db *state,
				 const struct backup_job_request *request,
				 char backup_id[GUID_TEXT_SIZE], struct error *err)
{
	struct submission submission = { service, *request, backup_id };
	enum status status = backup_check_configured(service, state, err);
	if (status == STATUS_OK)
		status = db_transaction(state, add_backup, &submission, err);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}

enum status backup_submit(struct backup_service *service, struct db *state, const char *caller,
			  bool is_automatic, char backup_id[GUID_TEXT_SIZE], struct error *err)
{
	const struct backup_job_request request = { .kind = BACKUP_KIND_BACKUP,
						    .caller = caller,
						    .is_automatic = is_automatic };
	return submit_backup(service, state, &request, backup_id, err);
}

enum status backup_retry_submit(struct backup_service *service, struct db *state,
				const char *earlier_id, const char *caller,
				char backup_id[GUID_TEXT_SIZE], struct error *err)
{
	char parameters[64 + GUID_TEXT_SIZE];
	const struct backup_job_request request = { .kind = BACKUP_KIND_BACKUP,
						    .caller = caller,
						    .parameters = parameters };
	enum status status = backup_retry_check(service, state, earlier_id, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(parameters, sizeof parameters, "{\"" RETRY_PARAMETER_OF "\":\"%s\"}",
		       earlier_id);
	return submit_backup(service, state, &request, backup_id, err);
}

enum status backup_cancel(struct backup_service *service, struct db *state, const char *job_id,
			  const char *caller, const char *reason, struct error *err)
{
	struct jobs_engine *engine = atomic_load(&service->engine);
	if (engine == NULL)
		return fail(err, STATUS_CONFLICT, "cancel job", job_id,
			    "the service is stopping; what runs ends with it");
	enum status status = jobs_engine_cancel(engine, state, job_id, caller, reason, err);
	/* One that was queued never takes it. */
	if (status == STATUS_OK)
		backup_restore_forget(service, job_id);
	return status;
}
