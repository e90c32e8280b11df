/* SPDX-License-Identifier: Apache-2.0 */
/* The wire shape of a backup, whether it is committed on the share or only a job so far
 * (CONTRACT 4.1). */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

/* The states of a job by the names of the contract's OperationStatus; a name that the version does
 * not have would break generated clients. */
const char *api_operation_status(enum api_version version, const char *job_state)
{
	static const struct {
		const char *name;
		enum api_version since;
	} known[] = {
		{ "Queued", API_2016_05_01 },    { "Running", API_2016_05_01 },
		{ "Succeeded", API_2016_05_01 }, { "PartialSucceeded", API_2016_05_01 },
		{ "Failed", API_2016_05_01 },    { "Skipped", API_2021_09_01 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		if (version >= known[i].since && strcmp(known[i].name, job_state) == 0)
			return known[i].name;
	return "Failed";
}

struct api_backup_view api_backup_view_committed(const struct db_backup *backup,
						 const struct db_verification *verification)
{
	bool is_damaged = db_verification_state(verification) == DB_VERIFIED_DAMAGED;

	return (struct api_backup_view) {
		.id = backup->id,
		.status = backup->status,
		.created_time = backup->completed_time,
		.duration = backup->completed_time - backup->started_time,
		.stamp_version = backup->stamp_version,
		.oem_version = backup->oem_version,
		.deployment_id = backup->deployment_id,
		.thumbprint = backup->thumbprint,
		.is_complete = true,
		.is_automatic = backup->is_automatic,
		.is_ready = backup->is_cloud_recovery_ready && !is_damaged,
		.verification = verification,
		.pinned_until = backup->pinned_until,
	};
}

struct api_backup_view api_backup_view_job(const struct api_call *call, const struct db_job *job)
{
	const struct config *config = call->api->settings.config;
	bool is_over = job->ended_time != 0;

	return (struct api_backup_view) {
		.id = job->id,
		.status = api_operation_status(call->version, job->state),
		.created_time = is_over ? job->ended_time : job->created_time,
		.duration =
			is_over && job->started_time != 0 ? job->ended_time - job->started_time : 0,
		.stamp_version = config->deployment.stamp_version,
		.oem_version = config->deployment.oem_version,
		.deployment_id = config->deployment.id,
		.is_automatic = job->is_automatic,
	};
}

/* 2016-05-01 knows neither certificates nor readiness. */
static bool api_backup_info_add_since_2018(const struct api_call *call,
					   const struct api_backup_view *view, json_t *info)
{
	return api_set(info, "encryptionCertThumbprint",
		       api_thumbprint_or_null(call, view->thumbprint)) &&
	       api_set(info, "completelyUploaded", json_boolean(view->is_complete)) &&
	       api_set(info, "isAutomaticBackup", json_boolean(view->is_automatic)) &&
	       api_set(info, "isCloudRecoveryReady", json_boolean(view->is_ready));
}

static json_t *api_backup_info(const struct api_call *call, const struct api_backup_view *view,
			       json_t *roles)
{
	char created[CLOCK_TEXT_SIZE], duration[CLOCK_TEXT_SIZE];
	json_t *info = json_object();
	bool complete = api_set(info, "backupDataVersion",
				json_string(call->version >= API_2021_09_01 ? "1.1.0" : "1.0.1")) &&
			api_set(info, "backupId", json_string(view->id)) &&
			api_set(info, "roleStatus", json_incref(roles)) &&
			api_set(info, "status", json_string(view->status)) &&
			api_set(info, "createdDateTime",
				json_string(clock_text(view->created_time, created))) &&
			api_set(info, "timeTakenToCreate",
				json_string(clock_duration_text(view->duration, duration))) &&
			api_set(info, "stampVersion", json_string(view->stamp_version)) &&
			api_set(info, "oemVersion", api_text_or_null(view->oem_version)) &&
			api_set(info, "deploymentID", json_string(view->deployment_id)) &&
			(call->version < API_2018_09_01 ||
			 api_backup_info_add_since_2018(call, view, info));

	if (!complete) {
		json_decref(info);
		return NULL;
	}
	return info;
}

/* Our addition, and only where there is something to tell: others look as the contract has them. */
static bool api_backup_add_pin(const struct api_call *call, const struct api_backup_view *view,
			       json_t *backup)
{
	bool is_timed = view->pinned_until < INT64_MAX;

	if (view->pinned_until <= clock_now(call->api->settings.clock))
		return true;
	return api_set(json_object_get(backup, "properties"), "pin",
		       json_pack("{s:b, s:o}", "isPinned", true, "pinnedUntil",
				 api_time_or_null(is_timed ? view->pinned_until : 0)));
}

json_t *api_backup_json(const struct api_call *call, enum api_spelling spelling,
			const struct api_backup_view *view, json_t **roles)
{
	const char *location = call->api->settings.config->deployment.location;
	AUTO_JSON list = json_array();
	json_t *info = list == NULL ? NULL : api_backup_info(call, view, list);
	char id[API_ID_SIZE];

	if (info == NULL)
		return NULL;
	json_t *verification = view->verification == NULL
				       ? json_null()
				       : api_verification_json(view->verification);
	json_t *backup = json_pack("{s:s, s:o, s:s, s:s, s:{}, s:{s:o, s:o}}", "id",
				   api_child_id(call, spelling, "backups", view->id, id), "name",
				   json_sprintf("%s/%s", location, view->id), "type",
				   API_BACKUP_TYPE, "location", location, "tags", "properties",
				   "backupInfo", info, "verification", verification);

	if (backup == NULL || !api_backup_add_pin(call, view, backup)) {
		json_decref(backup);
		return NULL;
	}
	/* Kept alive by the backup. */
	*roles = list;
	return backup;
}

struct api_backup_roles {
	const struct api_call *call;
	json_t *roles;
};

/* "Role;Component;-;Repository" of what a role is kept in: one repository each, which the role
 * names and the provider reads. */
static json_t *api_repositories(const struct db_job_role *role, const char *status)
{
	if (role->provider == NULL)
		return json_array();
	return json_pack("[{s:o, s:s}]", "fullRepositoryName",
			 json_sprintf("%s;%s;-;%s", role->role, role->provider, role->role),
			 "status", status);
}

static json_t *api_role_json(enum api_version version, const struct db_job_role *role)
{
	const char *status = api_operation_status(version, role->state);

	if (version < API_2021_09_01)
		return json_pack("{s:s, s:s}", "roleName", role->role, "status", status);
	return json_pack("{s:s, s:o, s:s}", "roleName", role->role, "repositoryStatus",
			 api_repositories(role, status), "status", status);
}

static enum status api_backup_role(const struct db_job_role *role, void *context, struct error *err)
{
	const struct api_backup_roles *list = context;
	json_t *item = api_role_json(list->call->version, role);

	if (json_array_append_new(list->roles, item) != 0)
		return fail_memory(err, "show the roles of a backup");
	return STATUS_OK;
}

enum status api_backup_roles(struct api_call *call, const char *job_id, json_t *roles,
			     struct error *err)
{
	struct api_backup_roles list = { .call = call, .roles = roles };

	return db_job_role_list(call->state, job_id, api_backup_role, &list, err);
}
