/* SPDX-License-Identifier: Apache-2.0 */
/* The wire shape of a backup location in each api-version: order of keys and explicit nulls as
 * recorded (CONTRACT 3). */
#include "api_private.h"

static json_t *api_capacity_or_null(int64_t bytes)
{
	char text[16];

	return bytes < 0 ? json_null() : json_string(capacity_text((uint64_t)bytes, text));
}

/* What the data is encrypted for: a key until 2018, a certificate since; both are write only. */
static bool api_store_add_encryption(const struct api_call *call,
				     const struct db_location *location, json_t *store)
{
	if (call->version == API_2016_05_01)
		return api_set(store, "encryptionKeyBase64", json_null());
	return api_set(store, "encryptionCertBase64", json_null()) &&
	       api_set(store, "encryptionCertThumbprint",
		       api_thumbprint_or_null(call, location->thumbprint));
}

static bool api_store_add_schedule(const struct db_location *location, json_t *store)
{
	bool is_set = location->path != NULL;

	return api_set(store, "backupFrequencyInHours", json_integer(location->frequency_hours)) &&
	       api_set(store, "availableCapacity",
		       is_set ? api_capacity_or_null(location->capacity_free) : json_null()) &&
	       api_set(store, "isBackupSchedulerEnabled",
		       is_set ? json_boolean(location->scheduler_enabled) : json_null()) &&
	       api_set(store, "nextBackupTime",
		       is_set ? api_time_or_null(location->next_backup_time) : json_null()) &&
	       api_set(store, "lastBackupTime", api_time_or_null(location->last_backup_time)) &&
	       api_set(store, "backupRetentionPeriodInDays",
		       json_integer(location->retention_days));
}

/* No blob container is ever stored: see backup_location_submit(). */
static bool api_store_add_blob(const struct api_call *call, json_t *store)
{
	if (call->version < API_2021_09_01)
		return true;
	return api_set(store, "blobStorageUrl", json_null()) &&
	       api_set(store, "blobStorageKey", json_null());
}

static json_t *api_store_json(const struct api_call *call, const struct db_location *location)
{
	AUTO_JSON store = json_object();
	bool is_set = location->path != NULL;
	const char *user = is_set && location->user_name != NULL ? location->user_name : "";
	bool complete = api_set(store, "path", json_string(is_set ? location->path : "")) &&
			api_set(store, "userName", json_string(user)) &&
			api_set(store, "password", json_null()) &&
			api_store_add_encryption(call, location, store) &&
			api_store_add_schedule(location, store) && api_store_add_blob(call, store);

	return complete ? json_incref(store) : NULL;
}

static json_t *api_location_properties(const struct api_call *call,
				       const struct db_location *location)
{
	AUTO_JSON properties = json_object();
	bool complete =
		api_set(properties, "externalStoreDefault", api_store_json(call, location)) &&
		(call->version < API_2021_09_01 ||
		 api_set(properties, "provisioningState", json_string("Succeeded")));

	return complete ? json_incref(properties) : NULL;
}

json_t *api_location_json(const struct api_call *call, enum api_spelling spelling,
			  const struct db_location *location)
{
	const char *name = call->api->settings.config->deployment.location;
	char id[API_ID_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:{}, s:o}", "id",
			 api_location_id(call, spelling, id), "name", name, "type",
			 API_LOCATION_TYPE, "location", name, "tags", "properties",
			 api_location_properties(call, location));
}
