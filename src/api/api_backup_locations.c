/* SPDX-License-Identifier: Apache-2.0 */
/* The backup location: list, get, put, patch. */
#include "api_private.h"

/* Seconds until the first poll of an update, as recorded. */
static const long api_put_retry_after[API_VERSION_COUNT] = {
	[API_2016_05_01] = 60,
	[API_2018_09_01] = 5,
	[API_2021_09_01] = 60,
};
static const long api_patch_retry_after = 5;

static enum status api_location_load(struct api_call *call, bool is_tagged, json_t **out,
				     struct error *err)
{
	struct db_location location = { 0 };
	enum status status = db_location_get(
		call->state, call->api->settings.config->deployment.location, &location, err);

	if (status != STATUS_OK)
		return status;
	*out = api_location_json(call, API_AS_REQUESTED, &location);
	if (*out == NULL)
		status = fail_memory(err, "show the backup location");
	else if (is_tagged)
		status = api_etag_of_location(call, &location, err);
	db_location_done(&location);
	if (status != STATUS_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return status;
}

enum status api_backup_locations_get(struct api_call *call, struct error *err)
{
	json_t *location = NULL;
	enum status status = api_location_load(call, true, &location, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8, location, err);
}

enum status api_backup_locations_list(struct api_call *call, struct error *err)
{
	struct api_page page;
	AUTO_JSON value = json_array();
	enum status status = api_contract_page_read(call, "backupLocations", &page, err);

	/* There is exactly one location. */
	if (status == STATUS_OK && page.skip == 0 && page.top > 0) {
		json_t *location = NULL;

		status = api_location_load(call, false, &location, err);
		if (status == STATUS_OK && json_array_append_new(value, location) != 0)
			status = fail_memory(err, "list the backup locations");
	}
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:O, s:n}", "value", value, "nextLink"), err);
}

static enum status api_location_change(struct api_call *call, enum backup_location_manner manner,
				       long retry_after, struct error *err)
{
	struct api_location_values values = { 0 };
	struct backup_location_update update = { 0 };
	char operation_id[GUID_TEXT_SIZE];
	AUTO_JSON body = NULL;
	enum status status = api_body_read(call, false, &body, err);

	if (status == STATUS_OK)
		status = api_location_read(call, body, &values, &update, err);
	update.manner = manner;
	if (status == STATUS_OK)
		status = backup_location_submit(call->api->settings.backup, call->state, &update,
						call->caller.name, operation_id, err);
	api_body_wipe(body);
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted(call, operation_id, retry_after, err);
}

/* A merge in the older versions, whose clients send single settings. */
enum status api_backup_locations_put(struct api_call *call, struct error *err)
{
	return api_location_change(call,
				   call->version >= API_2021_09_01 ? BACKUP_LOCATION_REPLACE
								   : BACKUP_LOCATION_MERGE,
				   api_put_retry_after[call->version], err);
}

enum status api_backup_locations_patch(struct api_call *call, struct error *err)
{
	return api_location_change(call, BACKUP_LOCATION_MERGE, api_patch_retry_after, err);
}
