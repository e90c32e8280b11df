/* SPDX-License-Identifier: Apache-2.0 */
/* What a resource manager has around the providers, as clients read it before their first call: the
 * one tenant, its one subscription, that one's region and resource group (CONTRACT 12.5). */
#include "api_private.h"

/* How operators and their scripts know the subscription of the infrastructure. */
#define API_SUBSCRIPTION_NAME "Default Provider Subscription"

/* {"value":[@entry]} with one reference to @entry, which may be NULL. */
static enum status api_answer_only(struct api_call *call, json_t *entry, struct error *err)
{
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:[o]}", "value", entry), err);
}

/* The state by which clients know a subscription; the providers' registration is another thing. */
static const char *api_subscription_state_text(enum api_subscription_state state)
{
	static const char *const texts[] = {
		[API_SUBSCRIPTION_REGISTERED] = "Enabled",
		[API_SUBSCRIPTION_UNREGISTERED] = "Enabled",
		[API_SUBSCRIPTION_WARNED] = "Warned",
		[API_SUBSCRIPTION_SUSPENDED] = "Disabled",
		[API_SUBSCRIPTION_DELETED] = "Deleted",
	};

	return texts[state];
}

static json_t *api_subscription_json(const struct api_call *call, enum api_subscription_state state)
{
	const struct config *config = call->api->settings.config;
	const char *id = config->deployment.subscription_id;

	return json_pack("{s:o, s:s, s:s, s:s, s:n, s:s, s:{s:s, s:n, s:s}}", "id",
			 json_sprintf("/subscriptions/%s", id), "subscriptionId", id, "tenantId",
			 config->arm.tenant_id, "displayName", API_SUBSCRIPTION_NAME, "offerId",
			 "state", api_subscription_state_text(state), "subscriptionPolicies",
			 "locationPlacementId", "AzureStack", "quotaId", "spendingLimit", "Off");
}

enum status api_subscriptions_list(struct api_call *call, struct error *err)
{
	enum api_subscription_state state;
	enum status status = api_subscription_read(call, &state, err);

	return status == STATUS_OK ? api_answer_only(call, api_subscription_json(call, state), err)
				   : status;
}

enum status api_subscriptions_get(struct api_call *call, struct error *err)
{
	enum api_subscription_state state;
	enum status status = api_subscription_read(call, &state, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       api_subscription_json(call, state), err);
}

enum status api_tenants_list(struct api_call *call, struct error *err)
{
	const char *id = call->api->settings.config->arm.tenant_id;

	return api_answer_only(
		call,
		json_pack("{s:o, s:s}", "id", json_sprintf("/tenants/%s", id), "tenantId", id),
		err);
}

enum status api_locations_list(struct api_call *call, struct error *err)
{
	const struct config *config = call->api->settings.config;
	const char *region = config->deployment.location;

	return api_answer_only(call,
			       json_pack("{s:o, s:s, s:s}", "id",
					 json_sprintf("/subscriptions/%s/locations/%s",
						      config->deployment.subscription_id, region),
					 "name", region, "displayName", region),
			       err);
}

static json_t *api_group_json(const struct api_call *call)
{
	const struct config *config = call->api->settings.config;
	const char *region = config->deployment.location;

	return json_pack("{s:o, s:o, s:s, s:s, s:{}, s:{s:s}}", "id",
			 json_sprintf("/subscriptions/%s/resourceGroups/System.%s",
				      config->deployment.subscription_id, region),
			 "name", json_sprintf("System.%s", region), "type",
			 "Microsoft.Resources/resourceGroups", "location", region, "tags",
			 "properties", "provisioningState", "Succeeded");
}

enum status api_groups_list(struct api_call *call, struct error *err)
{
	return api_answer_only(call, api_group_json(call), err);
}

enum status api_groups_get(struct api_call *call, struct error *err)
{
	return api_answer_json(call->response, 200, API_JSON_UTF8, api_group_json(call), err);
}
