/* SPDX-License-Identifier: Apache-2.0 */
/* pruneExternalStore, and what comes of it (CONTRACT 4.5). */
#include <string.h>

#include "api_private.h"

enum {
	/* Seconds until the first poll, as recorded. */
	API_PRUNE_RETRY_AFTER = 60,
	API_CONFIRM_MAX = 64,
};

static enum status api_prune_read(struct api_call *call, json_t **body,
				  struct backup_prune_request *request, struct error *err)
{
	const char *type = NULL;
	const struct json_field fields[] = {
		{ .name = "operationType",
		  .type = JSON_FIELD_STRING,
		  .destination = &type,
		  .max = API_CONFIRM_MAX },
		{ .name = "confirm",
		  .type = JSON_FIELD_STRING,
		  .destination = &request->confirm,
		  .max = API_CONFIRM_MAX },
	};
	enum status status = api_body_read(call, true, body, err);

	if (status == STATUS_OK && *body != NULL)
		status = json_read_fields(*body, "$", fields, ARRAY_LENGTH(fields),
					  JSON_UNKNOWN_IGNORE, true, err);
	if (status != STATUS_OK || type == NULL)
		return status;
	request->is_dry = text_equal_ignoring_case(type, "DryRun");
	if (request->is_dry || text_equal_ignoring_case(type, "Default"))
		return STATUS_OK;
	return fail_field(err, "operationType", "found '%.32s', allowed is Default or DryRun",
			  text_is_printable_utf8(type) ? type : "?");
}

enum status api_prune(struct api_call *call, struct error *err)
{
	struct backup_prune_request request = { .caller = call->caller.name };
	char operation_id[GUID_TEXT_SIZE];
	AUTO_JSON body = NULL;
	enum status status = api_prune_read(call, &body, &request, err);

	if (status == STATUS_OK)
		status = backup_prune_submit(call->api->settings.backup, call->state, &request,
					     operation_id, err);
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted_async(call, operation_id, API_PRUNE_RETRY_AFTER, err);
}

static json_t *api_paths(const struct db_job *job)
{
	AUTO_JSON result = NULL;

	if (job->result == NULL ||
	    json_parse(job->result, strlen(job->result), &result, NULL) != STATUS_OK)
		return json_array();
	json_t *paths = json_object_get(result, "pathsToDelete");
	return json_is_array(paths) ? json_incref(paths) : json_array();
}

json_t *api_prune_json(const struct api_call *call, const struct db_job *job)
{
	const char *name = call->api->settings.config->deployment.location;
	char id[API_ID_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:{}, s:{s:o}}", "id",
			 api_location_id(call, API_CANONICAL, id), "name", name, "type",
			 API_LOCATION_TYPE, "location", name, "tags", "properties", "pathsToDelete",
			 api_paths(job));
}
