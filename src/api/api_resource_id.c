/* SPDX-License-Identifier: Apache-2.0 */
/* Resource ids: the scope in the path is checked, the ids in answers are built. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

static bool api_group_is_ours(const char *group, const char *location)
{
	static const char prefix[] = "system.";
	size_t length = sizeof(prefix) - 1;

	return strncasecmp(group, prefix, length) == 0 &&
	       text_equal_ignoring_case(group + length, location);
}

enum status api_scope_check(struct api_call *call, enum api_provider provider, struct error *err)
{
	static const char *const types[] = {
		[API_PROVIDER_BACKUP] = API_LOCATION_TYPE,
		[API_PROVIDER_INSIGHTS] = API_REGION_TYPE,
	};
	const struct config *config = call->api->settings.config;
	const char *location = config->deployment.location;

	if (!text_equal_ignoring_case(call->path.subscription, config->deployment.subscription_id))
		return api_fail(call, API_FAULT_SUBSCRIPTION, STATUS_NOT_FOUND, NULL, err,
				"The subscription '%s' could not be found",
				call->path.subscription);
	if (call->path.group[0] != '\0' && !api_group_is_ours(call->path.group, location))
		return fail(err, STATUS_NOT_FOUND, "find the resource", NULL,
			    "The resource group '%s' could not be found", call->path.group);
	if (call->path.location[0] != '\0' &&
	    !text_equal_ignoring_case(call->path.location, location))
		return api_resource_not_found(call, types[provider], call->path.location, err);
	return STATUS_OK;
}

const char *api_location_id(const struct api_call *call, enum api_spelling spelling,
			    char id[API_ID_SIZE])
{
	const struct config *config = call->api->settings.config;
	const char *location = config->deployment.location;
	const char *subscription = spelling == API_AS_REQUESTED
					   ? call->path.subscription
					   : config->deployment.subscription_id;
	char group[API_PARAMETER_SIZE];

	(void)snprintf(group, sizeof(group), "system.%s", location);
	(void)snprintf(id, API_ID_SIZE,
		       "/subscriptions/%s/resourceGroups/%s/providers/" API_LOCATION_TYPE "/%s",
		       subscription, spelling == API_AS_REQUESTED ? call->path.group : group,
		       location);
	return id;
}

const char *api_child_id(const struct api_call *call, enum api_spelling spelling,
			 const char *collection, const char *name, char id[API_ID_SIZE])
{
	(void)api_location_id(call, spelling, id);

	size_t length = strlen(id);

	(void)snprintf(id + length, API_ID_SIZE - length, "/%s/%s", collection, name);
	return id;
}

const char *api_system_id(const struct api_call *call, const char *name, char id[API_ID_SIZE])
{
	const struct config *config = call->api->settings.config;

	(void)snprintf(id, API_ID_SIZE, "/subscriptions/%s/resourceGroups/System.%s/providers/%s",
		       config->deployment.subscription_id, config->deployment.location, name);
	return id;
}

/* Leaves room for the longest path in a Location. */
#define API_BASE_MAX 256

/* "https://", a host and perhaps a path: nothing that a client could read as something else. */
static bool api_is_plain_base(const char *text, size_t length)
{
	static const char scheme[] = "https://";
	static const char host[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789.-:[]";
	static const char path[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789/._~-";
	size_t start = sizeof(scheme) - 1;

	if (!text_starts_with(text, scheme))
		return false;
	size_t host_length = strspn(text + start, host);
	if (host_length == 0)
		return false;
	start += host_length;
	return (text[start] == '/' || text[start] == '?' || text[start] == '\0') &&
	       start + strspn(text + start, path) >= length;
}

/* A front door sends the address that its client used as the referer. Its part before our path;
 * false when it is no https address of this very path. */
static bool api_referer_base(const struct api_call *call, char url[API_ID_SIZE])
{
	const char *referer = http_request_header(call->request, "referer");
	const char *path = call->request->path;

	if (referer == NULL || !auth_is_front_door(call->api->auth, call->request))
		return false;
	size_t length = strcspn(referer, "?#");
	size_t path_length = strlen(path);
	if (length < path_length)
		return false;
	size_t base = length - path_length;
	if (strncasecmp(referer + base, path, path_length) != 0 || base >= API_BASE_MAX ||
	    !api_is_plain_base(referer, base))
		return false;
	(void)snprintf(url, API_ID_SIZE, "%.*s", (int)base, referer);
	return true;
}

const char *api_base_url(const struct api_call *call, char url[API_ID_SIZE])
{
	if (api_referer_base(call, url))
		return url;

	const struct config *config = call->api->settings.config;
	const char *scheme = call->request->is_tls ? "https" : "http";
	const char *address = config->http.listen_address;

	if (config->http.public_url != NULL)
		(void)snprintf(url, API_ID_SIZE, "%s", config->http.public_url);
	else if (call->request->host[0] != '\0')
		(void)snprintf(url, API_ID_SIZE, "%s://%s", scheme, call->request->host);
	else
		(void)snprintf(url, API_ID_SIZE,
			       strchr(address, ':') == NULL ? "%s://%s:%u" : "%s://[%s]:%u", scheme,
			       address, config->http.listen_port);
	return url;
}
