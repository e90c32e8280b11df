/* SPDX-License-Identifier: Apache-2.0 */
/* Queueing restores: what can be known without the share is checked at once; what opens the backup
 * is kept in memory until the job takes it. */
#include <stdio.h>
#include <string.h>

#include "backup_psk.h"
#include "backup_restore.h"

#define STEP "queue restore"

struct snapshot_settings backup_snapshot_settings(const struct config_service *service,
						  const char *temporary_directory)
{
	return (struct snapshot_settings) {
		.role = service->role,
		.provider = service->provider,
		.path = service->path,
		.exclude = service->exclude,
		.command = service->command,
		.restore_command = service->restore_command,
		.entry_name = service->entry_name,
		.timeout = service->timeout,
		.temporary_directory = temporary_directory,
	};
}

/* --- the role --- */

struct role_search {
	const char *role;
	bool is_known; /* the backup's roles are known at all */
	bool is_found, is_empty;
	char names[256]; /* of all, for the message */
};

static enum status see_role(const struct db_job_role *row, void *context, struct error *err)
{
	struct role_search *search = context;
	size_t used = strlen(search->names);
	(void)err;
	if (text_equal_ignoring_case(row->role, BACKUP_SERVICE_ROLE))
		return STATUS_OK;
	search->is_known = true;
	(void)snprintf(search->names + used, sizeof search->names - used, "%s%s",
		       used > 0 ? ", " : "", row->role);
	if (text_equal_ignoring_case(row->role, search->role)) {
		search->is_found = true;
		search->is_empty =
			strcmp(row->state, "Failed") == 0 || strcmp(row->state, "Cancelled") == 0;
	}
	return STATUS_OK;
}

static enum status check_role(const struct backup_service *service, struct db *state,
			      const struct backup_restore_request *request, struct error *err)
{
	struct role_search search = { .role = request->role };
	if (request->role == NULL)
		return STATUS_OK;
	if (text_equal_ignoring_case(request->role, BACKUP_SERVICE_ROLE))
		return fail_field(err, BACKUP_RESTORE_FIELD_ROLE,
				  "role " BACKUP_SERVICE_ROLE " is this service, which cannot "
				  "replace its own keys while it runs; `infrabackup recover` "
				  "restores it into a new state directory");
	enum status status = db_job_role_list(state, request->backup_id, see_role, &search, err);
	if (status != STATUS_OK)
		return status;
	if (search.is_known && !search.is_found)
		return fail_field(err, BACKUP_RESTORE_FIELD_ROLE,
				  "found '%.64s', backup %s has the roles %s", request->role,
				  request->backup_id, search.names);
	if (search.is_empty)
		return fail_field(err, BACKUP_RESTORE_FIELD_ROLE,
				  "role %.64s failed when backup %s was made: there is nothing to "
				  "restore",
				  request->role, request->backup_id);
	if (config_find_service(service->config, request->role) == NULL)
		return fail_field(err, BACKUP_RESTORE_FIELD_ROLE,
				  "role %.64s has no service in the configuration to restore it "
				  "into",
				  request->role);
	return STATUS_OK;
}

/* --- the key --- */

struct recipient_search {
	const char *thumbprint;
	bool is_found;
};

static enum status see_recipient(const struct db_key *key, void *context, struct error *err)
{
	struct recipient_search *search = context;
	(void)err;
	if (strcmp(key->thumbprint, search->thumbprint) == 0)
		search->is_found = true;
	return STATUS_OK;
}

/* Which recipients a backup has besides the location's certificate is written on the share alone;
 * but every certificate that ever was one is in the inventory. */
static enum status check_recipient(struct db *state, const struct db_backup *backup,
				   const struct private_key *key, struct error *err)
{
	struct recipient_search search = { .thumbprint = private_key_thumbprint(key) };
	search.is_found = strcmp(backup->thumbprint, search.thumbprint) == 0;
	enum status status = db_key_list(state, see_recipient, &search, err);
	if (status != STATUS_OK || search.is_found)
		return status;
	return fail_field(err, BACKUP_RESTORE_FIELD_PFX,
			  "the PFX holds the private key of certificate %s, which is not the "
			  "backup's: backup %s was encrypted for %s",
			  search.thumbprint, backup->id, backup->thumbprint);
}

static enum status check_stored_key(struct db *state, const struct db_backup *backup,
				    struct error *err)
{
	bool is_known = false;
	enum status status = backup_psk_is_known(state, backup->thumbprint, &is_known, err);
	if (status != STATUS_OK || is_known)
		return status;
	return fail_field(err, BACKUP_RESTORE_FIELD_PFX,
			  "missing; backup %s was encrypted for the certificate %s, whose PFX the "
			  "service does not have: send it with api-version 2018-09-01 or later",
			  backup->id, backup->thumbprint);
}

static enum status check_key(struct db *state, const struct db_backup *backup,
			     const struct backup_restore_request *request, struct error *err)
{
	struct private_key *key = NULL;
	struct error fault = { .status = STATUS_OK };
	enum status status = private_key_from_pfx(request->pfx->data, request->pfx->length,
						  request->password, &key, &fault);
	if (status == STATUS_AUTHENTICATION)
		return fail_field(err, BACKUP_RESTORE_FIELD_PASSWORD, "%s", fault.message);
	if (status == STATUS_INVALID)
		return fail_field(err, BACKUP_RESTORE_FIELD_PFX, "%s", fault.message);
	if (status != STATUS_OK) {
		*err = fault;
		return status;
	}
	status = check_recipient(state, backup, key, err);
	private_key_free(key);
	return status;
}

/* @thumbprint: of the backup. */
static enum status check_request(struct backup_service *service, struct db *state,
				 const struct backup_restore_request *request,
				 char thumbprint[THUMBPRINT_TEXT_SIZE], struct error *err)
{
	struct backup_target target;
	struct db_backup backup;
	memset(&backup, 0, sizeof backup);
	enum status status = backup_target_load(service, state, &target, err);
	backup_target_done(&target);
	if (status == STATUS_OK)
		status = db_backup_get(state, service->config->deployment.location,
				       request->backup_id, &backup, err);
	if (status == STATUS_OK)
		status = check_role(service, state, request, err);
	if (status == STATUS_OK)
		status = request->pfx == NULL ? check_stored_key(state, &backup, err)
					      : check_key(state, &backup, request, err);
	if (status == STATUS_OK)
		memcpy(thumbprint, backup.thumbprint, THUMBPRINT_TEXT_SIZE);
	db_backup_done(&backup);
	return status;
}

/* --- what the job needs besides its parameters --- */

static void forget(struct backup_restore_secrets *kept)
{
	secret_free(&kept->pfx);
	secret_free(&kept->password);
	kept->job_id[0] = '\0';
}

void backup_restore_forget(struct backup_service *service, const char *job_id)
{
	struct backup_restore_secrets *kept = &service->restore;
	(void)pthread_mutex_lock(&kept->mutex);
	if (strcmp(kept->job_id, job_id) == 0)
		forget(kept);
	(void)pthread_mutex_unlock(&kept->mutex);
}

enum status backup_restore_take(struct backup_service *service, const char *job_id,
				struct secret *pfx, struct secret *password, struct error *err)
{
	struct backup_restore_secrets *kept = &service->restore;
	(void)pthread_mutex_lock(&kept->mutex);
	bool is_there = strcmp(kept->job_id, job_id) == 0;
	if (is_there) {
		secret_move(pfx, &kept->pfx);
		secret_move(password, &kept->password);
		forget(kept);
	}
	(void)pthread_mutex_unlock(&kept->mutex);
	if (is_there)
		return STATUS_OK;
	return fail(err, STATUS_FAILED, "open PFX", NULL,
		    "the service ended before the restore began, and the PFX is kept in memory "
		    "only; ask again with the PFX");
}

/* The engine may claim the job as soon as it is in the table; it waits for the mutex then. Only one
 * restore is queued at a time, so that whoever may add one finds the place free or left over from a
 * job that is no more. */
static enum status queue_with_pfx(struct backup_service *service, struct db *state,
				  const struct backup_job_request *job,
				  const struct backup_restore_request *request,
				  char id[GUID_TEXT_SIZE], struct error *err)
{
	struct backup_restore_secrets *kept = &service->restore;
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	enum status status = secret_copy(&pfx, request->pfx->data, request->pfx->length, err);
	if (status == STATUS_OK)
		status = secret_copy(&password, request->password->data, request->password->length,
				     err);
	if (status != STATUS_OK)
		return status;
	(void)pthread_mutex_lock(&kept->mutex);
	status = backup_add_job(service, state, job, id, err);
	if (status == STATUS_OK) {
		secret_move(&kept->pfx, &pfx);
		secret_move(&kept->password, &password);
		memcpy(kept->job_id, id, sizeof kept->job_id);
	}
	(void)pthread_mutex_unlock(&kept->mutex);
	if (status == STATUS_OK)
		backup_wake(service);
	return status;
}

enum status backup_restore_submit(struct backup_service *service, struct db *state,
				  const struct backup_restore_request *request, const char *caller,
				  char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	char thumbprint[THUMBPRINT_TEXT_SIZE];
	enum status status = check_request(service, state, request, thumbprint, err);
	if (status != STATUS_OK)
		return status;
	struct buffer text;
	AUTO_JSON parameters =
		json_pack("{s:s, s:s*, s:s*}", RESTORE_PARAMETER_BACKUP, request->backup_id,
			  RESTORE_PARAMETER_ROLE, request->role, RESTORE_PARAMETER_STORED,
			  request->pfx == NULL ? thumbprint : NULL);
	if (parameters == NULL)
		return fail_memory(err, STEP);
	buffer_init(&text, 4096);
	status = json_write(parameters, &text, err);
	if (status == STATUS_OK) {
		const struct backup_job_request job = {
			.kind = BACKUP_KIND_RESTORE,
			.caller = caller,
			.parameters = (const char *)text.data,
		};
		status = request->pfx == NULL
				 ? backup_queue_job(service, state, &job, operation_id, err)
				 : queue_with_pfx(service, state, &job, request, operation_id, err);
	}
	buffer_done(&text);
	return status;
}
