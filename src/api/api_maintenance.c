/* SPDX-License-Identifier: Apache-2.0 */
/* Maintenance of the cloud: our extension .../maintenance, during which no backup is made. */
#include <string.h>

#include "api_private.h"

/* Seconds until the first poll of the backup that comes before, as for any backup. */
static const long api_before_retry_after = 60;

enum { API_TIME_MAX = 64 };

static const char *const api_states[] = {
	[BACKUP_MAINTENANCE_NONE] = "None",          [BACKUP_MAINTENANCE_PENDING] = "Pending",
	[BACKUP_MAINTENANCE_ACTIVE] = "Active",      [BACKUP_MAINTENANCE_ENDED] = "Ended",
	[BACKUP_MAINTENANCE_NOT_BEGUN] = "NotBegun",
};

/* A backup before can still be had: nothing has been done to the cloud yet. */
static bool api_before_is_offered(const struct db_maintenance *maintenance)
{
	return backup_maintenance_state(maintenance) == BACKUP_MAINTENANCE_ACTIVE &&
	       maintenance->backup_before[0] == '\0';
}

static const char *api_maintenance_note(const struct db_maintenance *maintenance)
{
	if (api_before_is_offered(maintenance))
		return "No backup was made before it. To have one, end it and begin it again with "
		       "\"backupBefore\": true.";
	return maintenance->note;
}

static json_t *api_maintenance_json(const struct api_call *call,
				    const struct db_maintenance *maintenance)
{
	char id[API_ID_SIZE];
	json_t *properties = json_object();
	bool complete =
		api_set(properties, "state",
			json_string(api_states[backup_maintenance_state(maintenance)])) &&
		api_set(properties, "operation", api_text_or_null(maintenance->operation)) &&
		api_set(properties, "requestedBy", api_text_or_null(maintenance->requested_by)) &&
		api_set(properties, "createdTime", api_time_or_null(maintenance->created_time)) &&
		api_set(properties, "startedTime", api_time_or_null(maintenance->started_time)) &&
		api_set(properties, "plannedEnd", api_time_or_null(maintenance->planned_end)) &&
		api_set(properties, "endedTime", api_time_or_null(maintenance->ended_time)) &&
		api_set(properties, "endedBy", api_text_or_null(maintenance->ended_by)) &&
		api_set(properties, "backupBefore", api_text_or_null(maintenance->backup_before)) &&
		api_set(properties, "isBackupBeforeOffered",
			json_boolean(api_before_is_offered(maintenance))) &&
		api_set(properties, "isBackupAfterWanted",
			json_boolean(maintenance->is_backup_after)) &&
		api_set(properties, "backupAfter", api_text_or_null(maintenance->backup_after)) &&
		api_set(properties, "note", json_foreign_text(api_maintenance_note(maintenance)));

	if (!complete) {
		json_decref(properties);
		return NULL;
	}
	return json_pack(
		"{s:o, s:s, s:s, s:o}", "id",
		json_sprintf("%s/maintenance", api_location_id(call, API_AS_REQUESTED, id)), "name",
		"maintenance", "type", API_LOCATION_TYPE "/maintenance", "properties", properties);
}

static enum status api_maintenance_answer(struct api_call *call,
					  const struct db_maintenance *maintenance,
					  struct error *err)
{
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       api_maintenance_json(call, maintenance), err);
}

enum status api_maintenance_get(struct api_call *call, struct error *err)
{
	struct db_maintenance maintenance = { .sequence = 0 };
	enum status status =
		backup_maintenance_read(call->api->settings.backup, call->state, &maintenance, err);

	return status == STATUS_OK ? api_maintenance_answer(call, &maintenance, err) : status;
}

static enum status api_maintenance_read(const json_t *body,
					struct backup_maintenance_request *request,
					struct error *err)
{
	const char *planned_end = NULL;
	const struct json_field fields[] = {
		{ .name = "operation",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &request->operation,
		  .max = API_TIME_MAX },
		{ .name = "plannedEnd",
		  .type = JSON_FIELD_STRING,
		  .destination = &planned_end,
		  .max = API_TIME_MAX },
		{ .name = "backupBefore",
		  .type = JSON_FIELD_BOOLEAN,
		  .destination = &request->backup_before },
	};
	enum status status = json_read_fields(body, "$", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, true, err);

	if (status == STATUS_OK && request->operation == NULL)
		return fail_field(err, "operation", "It is needed");
	if (status == STATUS_OK && planned_end != NULL &&
	    clock_parse(planned_end, &request->planned_end, NULL) != STATUS_OK)
		return fail_field(err, "plannedEnd",
				  "'%.32s' is no time in UTC such as 2026-03-01T20:00:00Z",
				  text_is_printable_utf8(planned_end) ? planned_end : "?");
	return status;
}

enum status api_maintenance_begin(struct api_call *call, struct error *err)
{
	struct backup_maintenance_request request = { .operation = NULL };
	struct db_maintenance maintenance = { .sequence = 0 };
	AUTO_JSON body = NULL;
	enum status status = api_body_read(call, false, &body, err);

	if (status == STATUS_OK)
		status = api_maintenance_read(body, &request, err);
	if (status == STATUS_OK)
		status = backup_maintenance_begin(call->api->settings.backup, call->state, &request,
						  call->caller.name, &maintenance, err);
	if (status == STATUS_NOT_CONFIGURED && strstr(err->field, "encryptionCert") != NULL)
		call->fault = API_FAULT_CERTIFICATE;
	if (status != STATUS_OK)
		return status;
	if (maintenance.backup_before[0] == '\0')
		return api_maintenance_answer(call, &maintenance, err);
	return api_answer_accepted(call, maintenance.backup_before, api_before_retry_after, err);
}

enum status api_maintenance_end(struct api_call *call, struct error *err)
{
	bool backup_after = true;
	struct db_maintenance maintenance = { .sequence = 0 };
	AUTO_JSON body = NULL;
	const struct json_field field = { .name = "backupAfter",
					  .type = JSON_FIELD_BOOLEAN,
					  .destination = &backup_after };
	enum status status = api_body_read(call, true, &body, err);

	if (status == STATUS_OK && body != NULL)
		status = json_read_fields(body, "$", &field, 1, JSON_UNKNOWN_REFUSE, true, err);
	if (status == STATUS_OK)
		status = backup_maintenance_end(call->api->settings.backup, call->state,
						backup_after, call->caller.name, &maintenance, err);
	if (status == STATUS_CONFLICT)
		call->fault = API_FAULT_STATE;
	return status == STATUS_OK ? api_maintenance_answer(call, &maintenance, err) : status;
}
