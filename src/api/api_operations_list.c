/* SPDX-License-Identifier: Apache-2.0 */
/* The providers' operations, as role assignments and portals list them (CONTRACT: no nextLink). */
#include <string.h>

#include "api_private.h"

struct api_operation {
	const char *name, *resource, *operation, *description;
};

static const struct api_operation api_backup_operations[] = {
	{ API_PROVIDER "/backupLocations/read", "Backup location", "Returns backup locations",
	  "Returns the backup locations and their settings." },
	{ API_PROVIDER "/backupLocations/write", "Backup location", "Update a backup location",
	  "Changes where, how often and for how long backups are kept." },
	{ API_PROVIDER "/backupLocations/capacity/read", "Capacity", "Get the capacity",
	  "Returns what is free on the share and what will be needed." },
	{ API_PROVIDER "/backupLocations/createBackup/action", "Backup", "Create a new backup",
	  "Starts a backup of the infrastructure." },
	{ API_PROVIDER "/backupLocations/testConnection/action", "Backup location",
	  "Test the connection", "Tests whether a share does what backups rely on." },
	{ API_PROVIDER "/backupLocations/pruneExternalStore/action", "Backup location",
	  "Prune the external store", "Deletes what the retention period lets go." },
	{ API_PROVIDER "/backupLocations/backups/pin/action", "Backup", "Pin a backup",
	  "Keeps a backup from being deleted." },
	{ API_PROVIDER "/backupLocations/backups/unpin/action", "Backup", "Unpin a backup",
	  "Lets the retention period decide about a backup again." },
	{ API_PROVIDER "/backupLocations/backups/read", "Backup", "Get a backup",
	  "Returns backups and the state of their roles." },
	{ API_PROVIDER "/backupLocations/backups/restore/action", "Backup", "Restore a backup.",
	  "Brings roles of a backup back into their services." },
	{ API_PROVIDER "/backupLocations/backups/retry/action", "Backup", "Retry a backup",
	  "Starts a backup that repeats what failed in an earlier one." },
	{ API_PROVIDER "/backupLocations/backups/cancel/action", "Backup", "Cancel a backup",
	  "Asks a backup that is queued or running to end." },
	{ API_PROVIDER "/backupLocations/backups/verify/action", "Backup", "Verify a backup",
	  "Reads a backup back from the share and checks it." },
	{ API_PROVIDER "/backupLocations/verify/action", "Backup", "Verify all backups",
	  "Reads all backups back from the share and checks them." },
	{ API_PROVIDER "/backupLocations/operations/cancel/action", "Operation",
	  "Cancel an operation", "Asks a job that is queued or running to end." },
	{ API_PROVIDER "/backupLocations/maintenance/read", "Maintenance", "Get maintenance",
	  "Returns whether maintenance keeps backups from being made." },
	{ API_PROVIDER "/backupLocations/maintenance/action", "Maintenance",
	  "Begin or end maintenance", "Keeps backups from being made meanwhile." },
	{ API_PROVIDER "/backupLocations/operations/read", "Operation", "Get an operation",
	  "Returns jobs and their progress." },
	{ API_PROVIDER "/register/action", "Subscription", "Register the provider",
	  "Registers the subscription to use the provider." },
	/* Only ever listed: no client calls it. */
	{ API_PROVIDER "/generateBackupEncryptionKey/action", "",
	  "Generate a backup encryption key", "Generate a backup encryption key" },
};

/* Names that not every version has. */
static const struct {
	const char *name;
	unsigned versions; /* API_BIT()s */
} api_operation_limits[] = {
	{ API_PROVIDER "/backupLocations/pruneExternalStore/action", API_SINCE_2018 },
	{ API_PROVIDER "/generateBackupEncryptionKey/action", API_BIT(API_2016_05_01) },
};

static const struct api_operation api_insights_operations[] = {
	{ API_REGION_TYPE "/read", "Region health", "Get the health of a region",
	  "Returns regions and how many alerts they have." },
	{ API_ALERT_TYPE "/read", "Alert", "Get an alert",
	  "Returns alerts with what was found and what to do." },
	{ API_ALERT_TYPE "/write", "Alert", "Close an alert", "Closes an alert." },
	{ API_ALERT_TYPE "/repair/action", "Alert", "Repair an alert",
	  "Starts the remediation that an alert offers." },
	{ API_SERVICE_TYPE "/read", "Service health", "Get the health of a service",
	  "Returns services and how many alerts they have." },
	{ API_RESOURCE_TYPE "/read", "Resource health", "Get the health of a resource",
	  "Returns resources and how many alerts they have." },
	{ API_INSIGHTS "/register/action", "Subscription", "Register the provider",
	  "Registers the subscription to use the provider." },
};

static bool api_operation_is_listed(const struct api_operation *operation, enum api_version version)
{
	for (size_t i = 0; i < ARRAY_LENGTH(api_operation_limits); i++)
		if (strcmp(operation->name, api_operation_limits[i].name) == 0)
			return (api_operation_limits[i].versions & API_BIT(version)) != 0;
	return true;
}

/* None touches data that a tenant owns, and each is done by people and by the system alike. */
static json_t *api_operation_entry(const char *provider, const struct api_operation *operation)
{
	return json_pack("{s:s, s:{s:s, s:s, s:s, s:s}, s:b, s:s}", "name", operation->name,
			 "display", "provider", provider, "resource", operation->resource,
			 "operation", operation->operation, "description", operation->description,
			 "isDataAction", 0, "origin", "user,system");
}

static enum status api_operations_answer(struct api_call *call, const char *provider,
					 const struct api_operation *operations, size_t count,
					 struct error *err)
{
	json_t *value = json_array();

	for (size_t i = 0; i < count; i++) {
		if (!api_operation_is_listed(&operations[i], call->version))
			continue;
		if (json_array_append_new(value, api_operation_entry(provider, &operations[i])) !=
		    0) {
			json_decref(value);
			return fail_memory(err, "list the operations");
		}
	}
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:o}", "value", value), err);
}

enum status api_operations_list(struct api_call *call, struct error *err)
{
	return api_operations_answer(call, "Microsoft Backup Resource Provider.",
				     api_backup_operations, ARRAY_LENGTH(api_backup_operations),
				     err);
}

enum status api_insights_operations_list(struct api_call *call, struct error *err)
{
	return api_operations_answer(call, "Microsoft Infrastructure Insights Resource Provider.",
				     api_insights_operations, ARRAY_LENGTH(api_insights_operations),
				     err);
}
