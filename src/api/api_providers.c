/* SPDX-License-Identifier: Apache-2.0 */
/* The two providers as a resource manager lists them: their resource types, where and in which
 * versions these are served. */
#include "api_private.h"

#define API_TYPES_MAX 4

static const struct {
	const char *name;
	enum api_provider provider;
	const char *types[API_TYPES_MAX]; /* without the namespace; the rest NULL */
} api_namespaces[] = {
	{ API_PROVIDER,
	  API_PROVIDER_BACKUP,
	  { "backupLocations", "backupLocations/backups", "operations" } },
	{ API_INSIGHTS,
	  API_PROVIDER_INSIGHTS,
	  { "regionHealths", "regionHealths/alerts", "regionHealths/serviceHealths",
	    "operations" } },
};

/* Everything that the call needs to spell the namespaces. */
struct api_listing {
	const char *prefix; /* of the ids; "" at the tenant's level */
	const char *region;
	bool is_registered;
};

static json_t *api_versions_json(enum api_provider provider)
{
	json_t *list = json_array();
	const char *name;

	/* The newest first, as clients that take the first expect. */
	for (size_t i = 0; (name = api_provider_version(provider, i)) != NULL; i++)
		if (json_array_insert_new(list, 0, json_string(name)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *api_type_json(const char *type, const char *region, enum api_provider provider)
{
	return json_pack("{s:s, s:[s], s:o}", "resourceType", type, "locations", region,
			 "apiVersions", api_versions_json(provider));
}

static json_t *api_namespace_json(size_t index, const struct api_listing *listing)
{
	const char *name = api_namespaces[index].name;
	json_t *types = json_array();

	for (size_t i = 0; i < API_TYPES_MAX && api_namespaces[index].types[i] != NULL; i++)
		if (json_array_append_new(
			    types, api_type_json(api_namespaces[index].types[i], listing->region,
						 api_namespaces[index].provider)) != 0) {
			json_decref(types);
			return NULL;
		}
	return json_pack("{s:o, s:s, s:o, s:s}", "id",
			 json_sprintf("%s/providers/%s", listing->prefix, name), "namespace", name,
			 "resourceTypes", types, "registrationState",
			 listing->is_registered ? "Registered" : "Unregistered");
}

/* @prefix holds the text that @out points to. */
static enum status api_listing_begin(const struct api_call *call, char prefix[API_ID_SIZE],
				     struct api_listing *out, struct error *err)
{
	const struct config *config = call->api->settings.config;
	enum api_subscription_state state;
	enum status status = api_subscription_read(call, &state, err);

	if (status != STATUS_OK)
		return status;
	prefix[0] = '\0';
	if (call->path.subscription[0] != '\0')
		(void)snprintf(prefix, API_ID_SIZE, "/subscriptions/%s",
			       config->deployment.subscription_id);
	*out = (struct api_listing) { .prefix = prefix,
				      .region = config->deployment.location,
				      .is_registered = state != API_SUBSCRIPTION_UNREGISTERED };
	return STATUS_OK;
}

enum status api_providers_list(struct api_call *call, struct error *err)
{
	char prefix[API_ID_SIZE];
	struct api_listing listing;
	enum status status = api_listing_begin(call, prefix, &listing, err);

	if (status != STATUS_OK)
		return status;

	json_t *value = json_array();

	for (size_t i = 0; i < ARRAY_LENGTH(api_namespaces); i++)
		if (json_array_append_new(value, api_namespace_json(i, &listing)) != 0) {
			json_decref(value);
			return fail_memory(err, "list the providers");
		}
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:o}", "value", value), err);
}

/* By the namespace in the path, however it is spelled. */
static enum status api_namespace_find(struct api_call *call, size_t *index, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LENGTH(api_namespaces); i++)
		if (text_equal_ignoring_case(api_namespaces[i].name, call->path.provider)) {
			*index = i;
			return STATUS_OK;
		}
	return api_fail(call, API_FAULT_NAMESPACE, STATUS_NOT_FOUND, NULL, err,
			"The resource provider '%s' could not be found; there are " API_PROVIDER
			" and " API_INSIGHTS,
			call->path.provider);
}

static enum status api_namespace_answer(struct api_call *call, size_t index, struct error *err)
{
	char prefix[API_ID_SIZE];
	struct api_listing listing;
	enum status status = api_listing_begin(call, prefix, &listing, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       api_namespace_json(index, &listing), err);
}

enum status api_providers_get(struct api_call *call, struct error *err)
{
	size_t index = 0;
	enum status status = api_namespace_find(call, &index, err);

	return status == STATUS_OK ? api_namespace_answer(call, index, err) : status;
}

/* Both namespaces are one registration. A subscription that is warned or worse stays that. */
enum status api_providers_register(struct api_call *call, struct error *err)
{
	enum api_subscription_state state = API_SUBSCRIPTION_REGISTERED;
	size_t index = 0;
	enum status status = api_namespace_find(call, &index, err);

	if (status == STATUS_OK)
		status = api_subscription_read(call, &state, err);
	if (status == STATUS_OK && state == API_SUBSCRIPTION_UNREGISTERED)
		status = api_subscription_store(call, API_SUBSCRIPTION_REGISTERED, err);
	else if (status == STATUS_OK)
		status = api_subscription_check(call, err);
	return status == STATUS_OK ? api_namespace_answer(call, index, err) : status;
}
