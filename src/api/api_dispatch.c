/* SPDX-License-Identifier: Apache-2.0 */
/* From request to response: caller, route, right, version, scope, handler; failures become the
 * envelope. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "api_private.h"

/* A token that continues a list outlives a restart; without a service (in tests) it does not. */
static enum status api_make_page_key(struct api *api, struct error *err)
{
	if (api->settings.backup == NULL)
		return crypto_random_secret(&api->page_key, KEY_SIZE, err);
	return backup_service_derive_key(api->settings.backup, "page tokens", &api->page_key, err);
}

/* Bodies hold passwords, of which the parser makes copies that nobody else gets hold of. */
static void api_wipe_and_free(void *memory)
{
	if (memory != NULL)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

enum status api_new(const struct api_settings *settings, struct api **out, struct error *err)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return fail_memory(err, "start the interface");
	api->settings = *settings;
	atomic_init(&api->is_ready, false);
	/* jansson seeds its hashes on first use, which is not safe from many threads. */
	json_object_seed(0);
	json_set_alloc_funcs(malloc, api_wipe_and_free);
	enum status status = api_make_page_key(api, err);
	api->rates = api_rates_new();
	if (status == STATUS_OK && api->rates == NULL)
		status = fail_memory(err, "start the interface");
	if (status == STATUS_OK)
		status = auth_new(settings->config, settings->clock, &api->auth, err);
	if (status != STATUS_OK) {
		api_free(api);
		return status;
	}
	*out = api;
	return STATUS_OK;
}

void api_free(struct api *api)
{
	if (api == NULL)
		return;
	api_rates_free(api->rates);
	auth_free(api->auth);
	secret_free(&api->page_key);
	free(api);
}

void api_set_ready(struct api *api, bool ready)
{
	atomic_store(&api->is_ready, ready);
}

static enum status api_authenticate(struct api_call *call, struct error *err)
{
	long retry_after = 0;
	char seconds[24];
	enum status status = auth_check(call->api->auth, call->state, call->request, &call->caller,
					&retry_after, err);

	(void)snprintf(call->response->caller, sizeof(call->response->caller), "%s",
		       call->caller.name);
	if (status == STATUS_CONFLICT)
		call->fault = API_FAULT_NOT_READY;
	if (retry_after > 0) {
		(void)snprintf(seconds, sizeof(seconds), "%ld", retry_after);
		http_response_header(call->response, "Retry-After", seconds);
	}
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
		status = api_audit_begin(call, err);
	if (status == STATUS_OK)
		status = api_version_check(call, route->provider, err);
	if (status == STATUS_OK)
		status = api_query_check(call, err);
	if (status == STATUS_OK && call->path.subscription[0] != '\0')
		status = api_scope_check(call, route->provider, err);
	if (status == STATUS_OK && route->provider <= API_PROVIDER_INSIGHTS &&
	    strcmp(route->method, "GET") != 0)
		status = api_subscription_check(call, err);
	if (status == STATUS_OK)
		status = api_condition_before(call, err);
	if (status == STATUS_OK)
		status = route->handle(call, err);
	return status == STATUS_OK ? api_condition_after(call, err) : status;
}

static enum status api_run(struct api_call *call, struct error *err)
{
	const struct api_route *route = NULL;
	char allow[API_ALLOW_SIZE];

	call->version = api_version_read(call->request);
	enum api_match match =
		api_route_find(call->request->method, call->request->path, call->version, &route,
			       &call->path, allow, sizeof(allow));
	if (match == API_MATCH)
		call->route = route;

	enum status status = STATUS_OK;

	if (match == API_MATCH && route->access == API_OPEN) {
		status = api_throttle_open(call, err);
		return status == STATUS_OK ? route->handle(call, err) : status;
	}
	status = db_pool_take(call->api->settings.state, &call->state, err);

	if (status == STATUS_OK)
		status = api_authenticate(call, err);
	if (status == STATUS_AUTHENTICATION)
		status = api_throttle_failure(call, status, err);
	if (status == STATUS_OK)
		status = api_throttle_caller(call, err);
	if (status == STATUS_OK)
		status = match == API_MATCH ? api_run_known_caller(call, route, err)
					    : api_no_route(call, match, allow, err);
	return status;
}

/* RFC 6750 section 3: what is wrong with the token that was sent, if one was. */
static void api_challenge(const struct http_request *request, struct http_response *response,
			  const struct error *err)
{
	bool was_sent = http_request_header(request, "Authorization") != NULL;
	char description[sizeof(err->message)];
	char text[sizeof(description) + 64];

	if (response->status != 401 && (response->status != 403 || !was_sent))
		return;
	(void)snprintf(description, sizeof(description), "%s", err->message);
	/* What a quoted description may not hold. */
	for (char *at = description; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '\'';
	(void)snprintf(text, sizeof(text), "Bearer error=\"%s\", error_description=\"%s\"",
		       response->status == 401 ? "invalid_token" : "insufficient_scope",
		       description);
	http_response_header(response, "WWW-Authenticate", was_sent ? text : "Bearer");
}

void api_handle(void *context, const struct http_request *request, struct http_response *response)
{
	struct api_call call = { .api = context, .request = request, .response = response };
	struct error err = { .status = STATUS_OK };
	const char *code = NULL;

	api_echo_headers(request, response);
	if (api_run(&call, &err) != STATUS_OK) {
		api_error_answer(response, call.fault, &err);
		api_challenge(request, response, &err);
		code = api_error_code(call.fault, &err);
	}
	api_audit_finish(&call, code);
	db_pool_give(call.api->settings.state, call.state);
}
