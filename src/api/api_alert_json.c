/* SPDX-License-Identifier: Apache-2.0 */
/* The wire shape of an alert: order of keys, tokens and values as recorded (CONTRACT 11.1). */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

#define API_NEVER "0001-01-01T00:00:00Z"

static json_t *api_text_token(const char *text)
{
	return json_pack("{s:s, s:s}", "text", text, "type", "Text");
}

static json_t *api_description(const struct alert_view *alert)
{
	return json_pack("[o]", api_text_token(alert->description));
}

/* "1. ...", a new line, "2. ..." */
static json_t *api_remediation(const struct alert_view *alert)
{
	json_t *tokens = json_array();

	for (size_t i = 0; i < alert->remediation_count; i++) {
		char step[1024];

		(void)snprintf(step, sizeof(step), "%zu. %s", i + 1, alert->remediation[i]);
		if ((i > 0 &&
		     json_array_append_new(tokens, json_pack("{s:s}", "type", "NewLine")) != 0) ||
		    json_array_append_new(tokens, api_text_token(step)) != 0) {
			json_decref(tokens);
			return NULL;
		}
	}
	return tokens;
}

static json_t *api_evidence(const struct alert_view *alert)
{
	json_t *evidence = json_copy(alert->evidence);
	char times[24];

	(void)snprintf(times, sizeof(times), "%lld", (long long)alert->row->times_raised);
	if (!api_set(evidence, "timesRaised", json_string(times))) {
		json_decref(evidence);
		return NULL;
	}
	return evidence;
}

static bool api_alert_origin(const struct api_call *call, const struct alert_view *alert,
			     json_t *properties)
{
	const struct db_alert *row = alert->row;
	char id[API_ID_SIZE];
	size_t length = strlen(api_system_id(call, API_PROVIDER, id));

	(void)snprintf(id + length, sizeof(id) - length, "/");
	return api_set(properties, "resourceProviderRegistrationId",
		       json_string(API_SERVICE_REGISTRATION)) &&
	       api_set(properties, "severity", json_string(alert_severity_name(alert->severity))) &&
	       api_set(properties, "state",
		       json_string(row->closed_time == 0 ? "Active" : "Closed")) &&
	       api_set(properties, "title", json_string(alert->title)) &&
	       api_set(properties, "impactedResourceId", json_string(id)) &&
	       api_set(properties, "impactedResourceDisplayName",
		       json_string(API_SERVICE_DISPLAY_NAME)) &&
	       (row->closed_by == NULL ||
		api_set(properties, "closedByUserAlias", json_foreign_text(row->closed_by))) &&
	       api_set(properties, "preview", json_string("False")) &&
	       api_set(properties, "hasValidRemediationAction", json_false()) &&
	       api_set(properties, "remediationHistory", json_object());
}

static json_t *api_alert_properties(const struct api_call *call, const struct alert_view *alert)
{
	const struct db_alert *row = alert->row;
	json_t *properties = json_object();
	char closed[CLOCK_TEXT_SIZE], created[CLOCK_TEXT_SIZE], updated[CLOCK_TEXT_SIZE];
	bool complete = api_set(properties, "closedTimestamp",
				json_string(row->closed_time == 0
						    ? API_NEVER
						    : clock_text(row->closed_time, closed))) &&
			api_set(properties, "createdTimestamp",
				json_string(clock_text(row->created_time, created))) &&
			api_set(properties, "description", api_description(alert)) &&
			api_set(properties, "faultHash", json_string("")) &&
			api_set(properties, "faultId", json_string(row->fault_id)) &&
			api_set(properties, "alertId", json_string(row->id)) &&
			api_set(properties, "faultTypeId",
				json_sprintf(ALERT_FAULT_TYPE_PREFIX "%s", row->fault)) &&
			api_set(properties, "lastUpdatedTimestamp",
				json_string(clock_text(row->updated_time, updated))) &&
			api_set(properties, "alertProperties", api_evidence(alert)) &&
			api_set(properties, "remediation", api_remediation(alert)) &&
			api_alert_origin(call, alert, properties);

	if (!complete) {
		json_decref(properties);
		return NULL;
	}
	return properties;
}

json_t *api_alert_json(const struct api_call *call, const struct alert_view *alert)
{
	const char *region = call->api->settings.config->deployment.location;
	json_t *properties = api_alert_properties(call, alert);
	char base[API_ID_SIZE];

	if (properties == NULL)
		return NULL;
	return json_pack("{s:o, s:o, s:s, s:s, s:{}, s:o}", "id",
			 json_sprintf("%s/%s/alerts/%s", api_system_id(call, API_REGION_TYPE, base),
				      region, alert->row->id),
			 "name", json_sprintf("%s/%s", region, alert->row->id), "type",
			 API_ALERT_TYPE, "location", region, "tags", "properties", properties);
}
