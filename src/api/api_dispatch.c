/* SPDX-License-Identifier: Apache-2.0 */
/* From request to response: caller, route, right, version, scope, handler; failures become the
 * envelope. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

enum status api_new(const struct api_settings *settings, struct api **out, struct error *err)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return fail_memory(err, "start the interface");
	api->settings = *settings;
	atomic_init(&api->is_ready, false);
	/* jansson seeds its hashes on first use, which is not safe from many threads. */
	json_object_seed(0);
	*out = api;
	return STATUS_OK;
}

void api_free(struct api *api)
{
	free(api);
}

void api_set_ready(struct api *api, bool ready)
{
	atomic_store(&api->is_ready, ready);
}

static enum status api_authenticate(struct api_call *call, struct error *err)
{
	enum status status =
		auth_check(call->state, http_request_header(call->request, "Authorization"),
			   clock_now(call->api->settings.clock), &call->caller, err);

	if (status == STATUS_OK)
		(void)snprintf(call->response->caller, sizeof(call->response->caller), "%s",
			       call->caller.name);
	return status;
}

static enum status api_no_route(struct api_call *call, enum api_match match, const char *allow,
				struct error *err)
{
	const char *method = call->request->method;

	if (match == API_MATCH_NO_PATH)
		return fail(err, STATUS_NOT_FOUND, "find the route", NULL,
			    "There is no resource at this path");
	http_response_header(call->response, "Allow", allow);
	return api_fail(call, API_FAULT_METHOD, STATUS_INVALID, NULL, err,
			"The method %.32s is not allowed here; allowed: %s", method, allow);
}

/* The order is fixed: a caller without a token learns nothing about what exists. */
static enum status api_run_known_caller(struct api_call *call, const struct api_route *route,
					struct error *err)
{
	enum status status =
		auth_require(&call->caller, (enum auth_role)(route->access - API_READER), err);

	if (status == STATUS_OK)
		status = api_version_check(call, route->provider, err);
	if (status == STATUS_OK && call->path.subscription[0] != '\0')
		status = api_scope_check(call, route->provider, err);
	if (status == STATUS_OK && route->provider <= API_PROVIDER_INSIGHTS &&
	    strcmp(route->method, "GET") != 0)
		status = api_subscription_check(call, err);
	return status == STATUS_OK ? route->handle(call, err) : status;
}

static enum status api_run(struct api_call *call, struct error *err)
{
	const struct api_route *route = NULL;
	char allow[64];

	call->version = api_version_read(call->request);
	enum api_match match =
		api_route_find(call->request->method, call->request->path, call->version, &route,
			       &call->path, allow, sizeof(allow));

	if (match == API_MATCH && route->access == API_OPEN)
		return route->handle(call, err);

	enum status status = db_pool_take(call->api->settings.state, &call->state, err);

	if (status == STATUS_OK)
		status = api_authenticate(call, err);
	if (status == STATUS_OK)
		status = match == API_MATCH ? api_run_known_caller(call, route, err)
					    : api_no_route(call, match, allow, err);
	db_pool_give(call->api->settings.state, call->state);
	call->state = NULL;
	return status;
}

static void api_echo_headers(const struct http_request *request, struct http_response *response)
{
	const char *correlation = http_request_header(request, "x-ms-correlation-request-id");
	const char *client_id = http_request_header(request, "x-ms-client-request-id");
	const char *wanted = http_request_header(request, "x-ms-return-client-request-id");

	if (correlation == NULL || !guid_is_valid(correlation))
		correlation = request->request_id;
	http_response_header(response, "x-ms-correlation-request-id", correlation);
	if (client_id != NULL && strlen(client_id) <= 64 && wanted != NULL &&
	    text_equal_ignoring_case(wanted, "true"))
		http_response_header(response, "x-ms-client-request-id", client_id);
}

void api_handle(void *context, const struct http_request *request, struct http_response *response)
{
	struct api_call call = { .api = context, .request = request, .response = response };
	struct error err = { .status = STATUS_OK };

	api_echo_headers(request, response);
	if (api_run(&call, &err) != STATUS_OK)
		api_error_answer(response, call.fault, &err);
}
