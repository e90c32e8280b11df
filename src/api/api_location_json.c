/* SPDX-License-Identifier: Apache-2.0 */
/* The wire shape of a backup location: order of keys and explicit nulls as recorded (CONTRACT 3).
 */
#include "api_private.h"

static json_t *api_capacity_or_null(int64_t bytes)
{
	char text[16];

	return bytes < 0 ? json_null() : json_string(capacity_text((uint64_t)bytes, text));
}

static json_t *api_store_json(const struct db_location *location)
{
	json_t *store = json_object();
	bool is_set = location->path != NULL;
	const char *user = is_set && location->user_name != NULL ? location->user_name : "";
	bool complete =
		api_set(store, "path", json_string(is_set ? location->path : "")) &&
		api_set(store, "userName", json_string(user)) &&
		api_set(store, "password", json_null()) &&
		api_set(store, "encryptionCertBase64", json_null()) &&
		api_set(store, "encryptionCertThumbprint",
			api_text_or_null(location->thumbprint)) &&
		api_set(store, "backupFrequencyInHours", json_integer(location->frequency_hours)) &&
		api_set(store, "availableCapacity",
			is_set ? api_capacity_or_null(location->capacity_free) : json_null()) &&
		api_set(store, "isBackupSchedulerEnabled",
			is_set ? json_boolean(location->scheduler_enabled) : json_null()) &&
		api_set(store, "nextBackupTime",
			is_set ? api_time_or_null(location->next_backup_time) : json_null()) &&
		api_set(store, "lastBackupTime", api_time_or_null(location->last_backup_time)) &&
		api_set(store, "backupRetentionPeriodInDays",
			json_integer(location->retention_days));

	if (!complete) {
		json_decref(store);
		return NULL;
	}
	return store;
}

json_t *api_location_json(const struct api_call *call, enum api_spelling spelling,
			  const struct db_location *location)
{
	const char *name = call->api->settings.config->deployment.location;
	json_t *store = api_store_json(location);
	char id[API_ID_SIZE];

	if (store == NULL)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:{}, s:{s:o}}", "id",
			 api_location_id(call, spelling, id), "name", name, "type",
			 API_LOCATION_TYPE, "location", name, "tags", "properties",
			 "externalStoreDefault", store);
}
