/* SPDX-License-Identifier: Apache-2.0 */
/* The provider's operations, as role assignments and portals list them (CONTRACT: no nextLink). */
#include "api_private.h"

static const struct {
	const char *name, *resource, *operation, *description;
} api_operations[] = {
	{ API_PROVIDER "/backupLocations/read", "Backup location", "Returns backup locations",
	  "Returns the backup locations and their settings." },
	{ API_PROVIDER "/backupLocations/write", "Backup location", "Update a backup location",
	  "Changes where, how often and for how long backups are kept." },
	{ API_PROVIDER "/backupLocations/createBackup/action", "Backup", "Create a new backup",
	  "Starts a backup of the infrastructure." },
	{ API_PROVIDER "/backupLocations/backups/read", "Backup", "Get a backup",
	  "Returns backups and the state of their roles." },
	{ API_PROVIDER "/backupLocations/operations/read", "Operation", "Get an operation",
	  "Returns jobs and their progress." },
};

static json_t *api_operation_entry(size_t index)
{
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:s}}", "name", api_operations[index].name,
			 "display", "provider", "Microsoft Backup Resource Provider.", "resource",
			 api_operations[index].resource, "operation",
			 api_operations[index].operation, "description",
			 api_operations[index].description);
}

enum status api_operations_list(struct api_call *call, struct error *err)
{
	json_t *value = json_array();

	for (size_t i = 0; i < ARRAY_LENGTH(api_operations); i++)
		if (json_array_append_new(value, api_operation_entry(i)) != 0) {
			json_decref(value);
			return fail_memory(err, "list the operations");
		}
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:o}", "value", value), err);
}
