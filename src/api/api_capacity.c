/* SPDX-License-Identifier: Apache-2.0 */
/* What is free on the share, what will be needed, and when it is full: our extension. */
#include "api_private.h"

#define API_CAPACITY_TYPE API_LOCATION_TYPE "/capacity"

static json_t *api_bytes_or_null(bool is_known, uint64_t bytes)
{
	return is_known ? json_integer((json_int_t)(bytes > INT64_MAX ? INT64_MAX : bytes))
			: json_null();
}

static json_t *api_capacity_properties(const struct backup_capacity *capacity)
{
	char text[16];
	json_t *properties = json_object();
	bool is_known = capacity->is_forecast;
	bool has_free = capacity->free >= 0;
	uint64_t free_bytes = has_free ? (uint64_t)capacity->free : 0;
	bool complete =
		api_set(properties, "availableCapacity",
			has_free ? json_string(capacity_text(free_bytes, text)) : json_null()) &&
		api_set(properties, "totalBytes",
			api_bytes_or_null(capacity->total >= 0, (uint64_t)capacity->total)) &&
		api_set(properties, "freeBytes", api_bytes_or_null(has_free, free_bytes)) &&
		api_set(properties, "reserveBytes", api_bytes_or_null(true, capacity->reserve)) &&
		api_set(properties, "neededBytes", api_bytes_or_null(is_known, capacity->needed)) &&
		api_set(properties, "backupsKept", api_bytes_or_null(is_known, capacity->kept)) &&
		api_set(properties, "bytesPerBackup",
			api_bytes_or_null(is_known, capacity->growth)) &&
		api_set(properties, "bytesPerFullBackup",
			api_bytes_or_null(is_known, capacity->full)) &&
		api_set(properties, "daysToFull",
			capacity->days_to_full < 0 ? json_null()
						   : json_integer(capacity->days_to_full)) &&
		api_set(properties, "isAlmostFull", json_boolean(capacity->is_almost_full));

	if (!complete) {
		json_decref(properties);
		return NULL;
	}
	return properties;
}

enum status api_capacity_get(struct api_call *call, struct error *err)
{
	const char *location = call->api->settings.config->deployment.location;
	struct backup_capacity capacity;
	char id[API_ID_SIZE];
	enum status status =
		backup_capacity_get(call->api->settings.backup, call->state, &capacity, err);

	if (status != STATUS_OK)
		return status;
	json_t *properties = api_capacity_properties(&capacity);
	if (properties == NULL)
		return fail_memory(err, "show the capacity");
	return api_answer_json(
		call->response, 200, API_JSON_UTF8,
		json_pack("{s:o, s:s, s:s, s:s, s:{}, s:o}", "id",
			  json_sprintf("%s/capacity", api_location_id(call, API_AS_REQUESTED, id)),
			  "name", location, "type", API_CAPACITY_TYPE, "location", location, "tags",
			  "properties", properties),
		err);
}
