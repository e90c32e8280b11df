/* SPDX-License-Identifier: Apache-2.0 */
/* The route table: every path that is served, by method, with the right that it needs. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

#define API_SUBSCRIPTION "/subscriptions/{subscription}"
#define API_GROUP API_SUBSCRIPTION "/resourceGroups/{group}/providers/" API_PROVIDER
#define API_LOCATION API_GROUP "/backupLocations/{location}"
#define API_REGIONS API_SUBSCRIPTION "/resourceGroups/{group}/providers/" API_REGION_TYPE
#define API_REGION API_REGIONS "/{location}"
#define API_SERVICE API_REGION "/serviceHealths/{service}"

static const struct api_route api_routes[] = {
	{ .method = "GET",
	  .path = "/healthz",
	  .operation_id = "Health_Get",
	  .access = API_OPEN,
	  .handle = api_health_get },
	{ .method = "GET",
	  .path = "/readyz",
	  .operation_id = "Ready_Get",
	  .access = API_OPEN,
	  .handle = api_ready_get },
	{ .method = "GET",
	  .path = "/metadata/endpoints",
	  .operation_id = "Metadata_Endpoints",
	  .access = API_OPEN,
	  .provider = API_PROVIDER_METADATA,
	  .handle = api_metadata_get },
	{ .method = "GET",
	  .path = "/tenants",
	  .operation_id = "Tenants_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_tenants_list },
	{ .method = "GET",
	  .path = "/subscriptions",
	  .operation_id = "Subscriptions_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_subscriptions_list },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION,
	  .operation_id = "Subscriptions_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_subscriptions_get },
	{ .method = "PUT",
	  .path = API_SUBSCRIPTION,
	  .operation_id = "Subscriptions_Put",
	  .access = API_ADMINISTRATOR,
	  .provider = API_PROVIDER_LIFE_CYCLE,
	  .handle = api_subscriptions_put },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION "/locations",
	  .operation_id = "Subscriptions_ListLocations",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_locations_list },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION "/resourceGroups",
	  .operation_id = "ResourceGroups_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_groups_list },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION "/resourceGroups/{group}",
	  .operation_id = "ResourceGroups_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_groups_get },
	{ .method = "GET",
	  .path = "/providers",
	  .operation_id = "Providers_ListAtTenantScope",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_providers_list },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION "/providers",
	  .operation_id = "Providers_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_providers_list },
	{ .method = "GET",
	  .path = API_SUBSCRIPTION "/providers/{provider}",
	  .operation_id = "Providers_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_providers_get },
	{ .method = "POST",
	  .path = API_SUBSCRIPTION "/providers/{provider}/register",
	  .operation_id = "Providers_Register",
	  .access = API_ADMINISTRATOR,
	  .provider = API_PROVIDER_RESOURCES,
	  .handle = api_providers_register },
	{ .method = "GET",
	  .path = "/providers/" API_PROVIDER "/operations",
	  .operation_id = "Operations_List",
	  .access = API_READER,
	  .handle = api_operations_list },
	{ .method = "GET",
	  .path = API_GROUP "/backupLocations",
	  .operation_id = "BackupLocations_List",
	  .access = API_READER,
	  .handle = api_backup_locations_list },
	{ .method = "GET",
	  .path = API_LOCATION,
	  .operation_id = "BackupLocations_Get",
	  .access = API_READER,
	  .handle = api_backup_locations_get },
	{ .method = "PUT",
	  .path = API_LOCATION,
	  .operation_id = "BackupLocations_Update",
	  .access = API_ADMINISTRATOR,
	  .handle = api_backup_locations_put },
	{ .method = "PATCH",
	  .path = API_LOCATION,
	  .operation_id = "BackupLocations_Update",
	  .access = API_ADMINISTRATOR,
	  .versions = API_BIT(API_2021_09_01),
	  .handle = api_backup_locations_patch },
	{ .method = "GET",
	  .path = API_LOCATION "/capacity",
	  .operation_id = "Capacity_Get",
	  .access = API_READER,
	  .handle = api_capacity_get },
	{ .method = "POST",
	  .path = API_LOCATION "/createBackup",
	  .operation_id = "BackupLocations_CreateBackup",
	  .access = API_OPERATOR,
	  .handle = api_backups_create },
	{ .method = "POST",
	  .path = API_LOCATION "/testConnection",
	  .operation_id = "BackupLocations_TestConnection",
	  .access = API_OPERATOR,
	  .handle = api_connection_test },
	{ .method = "GET",
	  .path = API_LOCATION "/testConnection",
	  .operation_id = "BackupLocations_GetConnection",
	  .access = API_READER,
	  .handle = api_connection_get },
	{ .method = "GET",
	  .path = API_LOCATION "/backups",
	  .operation_id = "Backups_List",
	  .access = API_READER,
	  .handle = api_backups_list },
	{ .method = "GET",
	  .path = API_LOCATION "/backups/{id}",
	  .operation_id = "Backups_Get",
	  .access = API_READER,
	  .handle = api_backups_get },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/restore",
	  .operation_id = "Backups_Restore",
	  .access = API_ADMINISTRATOR,
	  .handle = api_backups_restore },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/retry",
	  .operation_id = "Backups_Retry",
	  .access = API_OPERATOR,
	  .handle = api_backups_retry },
	{ .method = "POST",
	  .path = API_LOCATION "/pruneExternalStore",
	  .operation_id = "BackupLocations_PruneExternalStore",
	  .access = API_ADMINISTRATOR,
	  .versions = API_SINCE_2018,
	  .handle = api_prune },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/pin",
	  .operation_id = "Backups_Pin",
	  .access = API_OPERATOR,
	  .handle = api_backups_pin },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/unpin",
	  .operation_id = "Backups_Unpin",
	  .access = API_ADMINISTRATOR,
	  .handle = api_backups_unpin },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/cancel",
	  .operation_id = "Backups_Cancel",
	  .access = API_OPERATOR,
	  .handle = api_backups_cancel },
	{ .method = "POST",
	  .path = API_LOCATION "/backups/{id}/verify",
	  .operation_id = "Backups_Verify",
	  .access = API_OPERATOR,
	  .handle = api_backups_verify },
	{ .method = "POST",
	  .path = API_LOCATION "/verify",
	  .operation_id = "BackupLocations_Verify",
	  .access = API_OPERATOR,
	  .handle = api_backups_verify_all },
	{ .method = "GET",
	  .path = API_LOCATION "/operationResults/{id}",
	  .operation_id = "OperationResults_Get",
	  .access = API_READER,
	  .handle = api_operation_results_get },
	{ .method = "GET",
	  .path = API_LOCATION "/operations",
	  .operation_id = "Jobs_List",
	  .access = API_READER,
	  .handle = api_jobs_list },
	{ .method = "GET",
	  .path = API_LOCATION "/activityLogs",
	  .operation_id = "ActivityLogs_List",
	  .access = API_READER,
	  .handle = api_activity_list },
	{ .method = "GET",
	  .path = API_LOCATION "/operations/{id}",
	  .operation_id = "Jobs_Get",
	  .access = API_READER,
	  .handle = api_jobs_get },
	{ .method = "POST",
	  .path = API_LOCATION "/operations/{id}/cancel",
	  .operation_id = "Jobs_Cancel",
	  .access = API_OPERATOR,
	  .handle = api_jobs_cancel },
	{ .method = "GET",
	  .path = API_LOCATION "/maintenance",
	  .operation_id = "Maintenance_Get",
	  .access = API_READER,
	  .handle = api_maintenance_get },
	{ .method = "POST",
	  .path = API_LOCATION "/maintenance",
	  .operation_id = "Maintenance_Begin",
	  .access = API_ADMINISTRATOR,
	  .handle = api_maintenance_begin },
	{ .method = "POST",
	  .path = API_LOCATION "/maintenance/end",
	  .operation_id = "Maintenance_End",
	  .access = API_ADMINISTRATOR,
	  .handle = api_maintenance_end },
	{ .method = "GET",
	  .path = "/providers/" API_INSIGHTS "/operations",
	  .operation_id = "InsightsOperations_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_insights_operations_list },
	{ .method = "GET",
	  .path = API_REGIONS,
	  .operation_id = "RegionHealths_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_region_healths_list },
	{ .method = "GET",
	  .path = API_REGION,
	  .operation_id = "RegionHealths_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_region_healths_get },
	{ .method = "GET",
	  .path = API_REGION "/alerts",
	  .operation_id = "Alerts_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_alerts_list },
	{ .method = "GET",
	  .path = API_REGION "/alerts/{id}",
	  .operation_id = "Alerts_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_alerts_get },
	{ .method = "PUT",
	  .path = API_REGION "/alerts/{id}",
	  .operation_id = "Alerts_Close",
	  .access = API_OPERATOR,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_alerts_close },
	{ .method = "POST",
	  .path = API_REGION "/alerts/{id}/repair",
	  .operation_id = "Alerts_Repair",
	  .access = API_OPERATOR,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_alerts_repair },
	{ .method = "GET",
	  .path = API_REGION "/serviceHealths",
	  .operation_id = "ServiceHealths_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_service_healths_list },
	{ .method = "GET",
	  .path = API_REGION "/serviceHealths/{id}",
	  .operation_id = "ServiceHealths_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_service_healths_get },
	{ .method = "GET",
	  .path = API_SERVICE "/resourceHealths",
	  .operation_id = "ResourceHealths_List",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_resource_healths_list },
	{ .method = "GET",
	  .path = API_SERVICE "/resourceHealths/{id}",
	  .operation_id = "ResourceHealths_Get",
	  .access = API_READER,
	  .provider = API_PROVIDER_INSIGHTS,
	  .handle = api_resource_healths_get },
};

struct api_segment {
	const char *start;
	size_t length;
};

/* The next segment of a path; false at its end. One trailing slash is not a segment. */
static bool api_segment_next(const char **at, struct api_segment *segment)
{
	if (**at != '/' || (*at)[1] == '\0')
		return false;
	segment->start = *at + 1;
	segment->length = strcspn(segment->start, "/");
	*at = segment->start + segment->length;
	return true;
}

static char *api_parameter(struct api_path *parameters, const struct api_segment *name)
{
	static const struct {
		const char *name;
		size_t offset;
	} members[] = {
		{ "{subscription}", offsetof(struct api_path, subscription) },
		{ "{group}", offsetof(struct api_path, group) },
		{ "{location}", offsetof(struct api_path, location) },
		{ "{provider}", offsetof(struct api_path, provider) },
		{ "{service}", offsetof(struct api_path, service) },
		{ "{id}", offsetof(struct api_path, id) },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
		if (strlen(members[i].name) == name->length &&
		    memcmp(members[i].name, name->start, name->length) == 0)
			return (char *)parameters + members[i].offset;
	return NULL;
}

static bool api_segment_match(const struct api_segment *pattern, const struct api_segment *segment,
			      struct api_path *parameters)
{
	char *parameter = api_parameter(parameters, pattern);

	if (parameter == NULL)
		return pattern->length == segment->length &&
		       strncasecmp(pattern->start, segment->start, segment->length) == 0;
	if (segment->length == 0 || segment->length >= API_PARAMETER_SIZE)
		return false;
	memcpy(parameter, segment->start, segment->length);
	parameter[segment->length] = '\0';
	return true;
}

static bool api_path_match(const char *pattern, const char *path, struct api_path *parameters)
{
	struct api_segment expected, found;

	memset(parameters, 0, sizeof(*parameters));
	for (;;) {
		bool is_expected = api_segment_next(&pattern, &expected);
		bool is_found = api_segment_next(&path, &found);

		if (!is_expected || !is_found)
			return is_expected == is_found;
		if (!api_segment_match(&expected, &found, parameters))
			return false;
	}
}

static void api_allow_add(char *allow, size_t size, const char *method)
{
	size_t length = strlen(allow);
	/* HEAD comes with GET: the transport leaves the body out. */
	const char *text = strcmp(method, "GET") == 0 ? "GET, HEAD" : method;

	(void)snprintf(allow + length, size - length, "%s%s", length == 0 ? "" : ", ", text);
}

static unsigned api_route_versions(const struct api_route *route)
{
	return route->versions != 0 ? route->versions : api_provider_versions(route->provider);
}

static bool api_route_is_hidden(const struct api_route *route, enum api_version version)
{
	return (api_provider_versions(route->provider) & API_BIT(version)) != 0 &&
	       (api_route_versions(route) & API_BIT(version)) == 0;
}

enum api_match api_route_find(const char *method, const char *path, enum api_version version,
			      const struct api_route **route, struct api_path *parameters,
			      char *allow, size_t allow_size)
{
	allow[0] = '\0';
	for (size_t i = 0; i < ARRAY_LENGTH(api_routes); i++) {
		if (api_route_is_hidden(&api_routes[i], version) ||
		    !api_path_match(api_routes[i].path, path, parameters))
			continue;
		if (strcmp(api_routes[i].method, method) == 0) {
			*route = &api_routes[i];
			return API_MATCH;
		}
		api_allow_add(allow, allow_size, api_routes[i].method);
	}
	return allow[0] == '\0' ? API_MATCH_NO_PATH : API_MATCH_NO_METHOD;
}

bool api_route_describe(size_t index, struct api_route_description *out)
{
	if (index >= ARRAY_LENGTH(api_routes))
		return false;

	const struct api_route *route = &api_routes[index];

	out->method = route->method;
	out->path = route->path;
	out->operation_id = route->operation_id;
	out->role = NULL;
	memset(out->versions, 0, sizeof(out->versions));
	if (route->access == API_OPEN)
		return true;
	out->role = auth_role_name((enum auth_role)(route->access - API_READER));
	for (int version = API_2016_05_01, count = 0; version < API_VERSION_COUNT; version++)
		if ((api_route_versions(route) & API_BIT(version)) != 0)
			out->versions[count++] = api_version_name((enum api_version)version);
	return true;
}
