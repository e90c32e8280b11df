/* SPDX-License-Identifier: Apache-2.0 */
/* Health of the region, of the one service in it and of the one resource behind that, by their
 * alerts (CONTRACT 11.4). */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

#define API_RESOURCE_REGISTRATION "8e4f2a6c-1d7b-4c95-b3e0-2f9a7d6c4b21"
#define API_RESOURCE_NAME "BackupController"
#define API_FABRIC "Microsoft.Fabric.Admin"

typedef json_t *(*api_health_entry)(const struct api_call *call,
				    const struct alert_summary *summary);

static const char *api_region(const struct api_call *call)
{
	return call->api->settings.config->deployment.location;
}

static json_t *api_summary(const struct alert_summary *summary)
{
	return json_pack("{s:i, s:i}", "criticalAlertCount", (int)summary->critical,
			 "warningAlertCount", (int)summary->warning);
}

/* The worst alert decides. */
static const char *api_health_state(const struct alert_summary *summary)
{
	if (summary->critical > 0)
		return "Critical";
	return summary->warning > 0 ? "Warning" : "Healthy";
}

/* @path and @name: behind the region's. */
static json_t *api_entry(const struct api_call *call, const char *type, const char *path,
			 const char *name, json_t *properties)
{
	const char *region = api_region(call);
	char base[API_ID_SIZE];

	if (properties == NULL)
		return NULL;
	return json_pack(
		"{s:o, s:o, s:s, s:s, s:{}, s:o}", "id",
		json_sprintf("%s/%s%s", api_system_id(call, API_REGION_TYPE, base), region, path),
		"name", json_sprintf("%s%s", region, name), "type", type, "location", region,
		"tags", "properties", properties);
}

static json_t *api_region_entry(const struct api_call *call, const struct alert_summary *summary)
{
	return api_entry(
		call, API_REGION_TYPE, "", "",
		json_pack("{s:[], s:o}", "usageMetrics", "alertSummary", api_summary(summary)));
}

static json_t *api_service_entry(const struct api_call *call, const struct alert_summary *summary)
{
	char id[API_ID_SIZE];

	(void)api_system_id(call, API_PROVIDER, id);
	return api_entry(call, API_SERVICE_TYPE, "/serviceHealths/" API_SERVICE_REGISTRATION,
			 "/" API_SERVICE_REGISTRATION,
			 json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:s}", "registrationId",
				   API_SERVICE_REGISTRATION, "displayName",
				   API_SERVICE_DISPLAY_NAME, "namespace", API_PROVIDER,
				   "routePrefix", json_sprintf("%s/", id), "serviceLocation",
				   api_region(call), "infraURI",
				   json_sprintf("%s/infraRoles/" API_SERVICE_DISPLAY_NAME, id),
				   "alertSummary", api_summary(summary), "healthState",
				   api_health_state(summary)));
}

static json_t *api_resource_entry(const struct api_call *call, const struct alert_summary *summary)
{
	const char *region = api_region(call);
	char id[API_ID_SIZE];
	size_t length = strlen(api_system_id(call, API_FABRIC, id));

	(void)snprintf(id + length, sizeof(id) - length, "/fabricLocations/%s", region);
	return api_entry(call, API_RESOURCE_TYPE,
			 "/serviceHealths/" API_SERVICE_REGISTRATION
			 "/resourceHealths/" API_RESOURCE_REGISTRATION,
			 "/" API_SERVICE_REGISTRATION "/" API_RESOURCE_REGISTRATION,
			 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:s, s:o, s:s, s:o, s:s}",
				   "registrationId", API_RESOURCE_REGISTRATION, "namespace",
				   API_FABRIC, "routePrefix", id, "resourceType", "infraRoles",
				   "resourceName", API_RESOURCE_NAME, "resourceDisplayName",
				   "Backup controller", "usageMetrics", "resourceLocation", region,
				   "resourceURI",
				   json_sprintf("%s/infraRoles/" API_RESOURCE_NAME, id),
				   "rpRegistrationId", API_SERVICE_REGISTRATION, "alertSummary",
				   api_summary(summary), "healthState", api_health_state(summary)));
}

static enum status api_entry_load(struct api_call *call, api_health_entry make, json_t **out,
				  struct error *err)
{
	struct alert_summary summary;
	enum status status =
		alert_summarize(call->api->settings.alerts, call->state, &summary, err);

	if (status != STATUS_OK)
		return status;
	*out = make(call, &summary);
	return *out == NULL ? fail_memory(err, "show the health") : STATUS_OK;
}

/* There is exactly one of each. No nextLink, not even null: as recorded. */
static enum status api_entry_list(struct api_call *call, api_health_entry make, struct error *err)
{
	json_t *entry = NULL;
	enum status status = api_filter_refuse(call, err);

	if (status == STATUS_OK)
		status = api_entry_load(call, make, &entry, err);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:[o]}", "value", entry), err);
}

static enum status api_entry_get(struct api_call *call, api_health_entry make, struct error *err)
{
	json_t *entry = NULL;
	enum status status = api_entry_load(call, make, &entry, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8, entry, err);
}

static enum status api_registration_check(const struct api_call *call, const char *type,
					  const char *found, const char *expected,
					  struct error *err)
{
	if (text_equal_ignoring_case(found, expected))
		return STATUS_OK;
	return api_resource_not_found(call, type, found, err);
}

enum status api_region_healths_list(struct api_call *call, struct error *err)
{
	return api_entry_list(call, api_region_entry, err);
}

enum status api_region_healths_get(struct api_call *call, struct error *err)
{
	return api_entry_get(call, api_region_entry, err);
}

enum status api_service_healths_list(struct api_call *call, struct error *err)
{
	return api_entry_list(call, api_service_entry, err);
}

enum status api_service_healths_get(struct api_call *call, struct error *err)
{
	enum status status = api_registration_check(call, API_SERVICE_TYPE, call->path.id,
						    API_SERVICE_REGISTRATION, err);

	return status == STATUS_OK ? api_entry_get(call, api_service_entry, err) : status;
}

enum status api_resource_healths_list(struct api_call *call, struct error *err)
{
	enum status status = api_registration_check(call, API_SERVICE_TYPE, call->path.service,
						    API_SERVICE_REGISTRATION, err);

	return status == STATUS_OK ? api_entry_list(call, api_resource_entry, err) : status;
}

enum status api_resource_healths_get(struct api_call *call, struct error *err)
{
	enum status status = api_registration_check(call, API_SERVICE_TYPE, call->path.service,
						    API_SERVICE_REGISTRATION, err);

	if (status == STATUS_OK)
		status = api_registration_check(call, API_RESOURCE_TYPE, call->path.id,
						API_RESOURCE_REGISTRATION, err);
	return status == STATUS_OK ? api_entry_get(call, api_resource_entry, err) : status;
}
