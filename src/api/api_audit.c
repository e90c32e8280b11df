/* SPDX-License-Identifier: Apache-2.0 */
/* What of a call goes into the audit log: every write, and every refusal. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

static bool api_is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "OPTIONS") == 0;
}

/* What is too long is cut, between two characters; what cannot be shown is left out. */
static void api_audit_text(char *to, size_t size, const char *from)
{
	if (from == NULL || !text_is_printable_utf8(from))
		return;
	size_t length = strnlen(from, size - 1);

	while (from[length] != '\0' && ((unsigned char)from[length] & 0xc0) == 0x80)
		length--;
	memcpy(to, from, length);
	to[length] = '\0';
}

/* The path without the query, which may carry anything; no header but the version and the
 * correlation. */
static struct db_audit_origin api_audit_origin(const struct api_call *call)
{
	const struct http_request *request = call->request;
	const char *correlation = http_request_header(request, "x-ms-correlation-request-id");
	bool is_known = call->caller.name[0] != '\0';
	struct db_audit_origin origin = { .caller = "" };

	api_audit_text(origin.caller, sizeof(origin.caller), call->caller.name);
	api_audit_text(origin.caller_identity, sizeof(origin.caller_identity),
		       call->caller.identity);
	(void)snprintf(origin.caller_kind, sizeof(origin.caller_kind), "%s",
		       is_known ? auth_kind_name(call->caller.kind) : "none");
	api_audit_text(origin.address, sizeof(origin.address), request->client_address);
	api_audit_text(origin.method, sizeof(origin.method), request->method);
	api_audit_text(origin.path, sizeof(origin.path), request->path);
	if (call->route != NULL)
		api_audit_text(origin.operation, sizeof(origin.operation),
			       call->route->operation_id);
	api_audit_text(origin.api_version, sizeof(origin.api_version),
		       http_request_query(request, "api-version"));
	api_audit_text(origin.request_id, sizeof(origin.request_id), request->request_id);
	api_audit_text(origin.correlation_id, sizeof(origin.correlation_id),
		       correlation != NULL && guid_is_valid(correlation) ? correlation
									 : request->request_id);
	return origin;
}

enum status api_audit_begin(struct api_call *call, struct error *err)
{
	if (api_is_read(call->request->method))
		return STATUS_OK;
	const struct db_audit_origin origin = api_audit_origin(call);

	enum status status = audit_begin(call->api->settings.audit, call->state, &origin,
					 &call->audit_sequence, err);

	/* Whatever it is, it is not the request's fault. */
	if (status != STATUS_OK && status != STATUS_NO_MEMORY)
		status = err->status = STATUS_FAILED;
	return status;
}

static bool api_is_refusal(const struct api_call *call)
{
	unsigned status = call->response->status;

	return status == 401 || status == 403 || status == 429 ||
	       (status >= 400 && !api_is_read(call->request->method));
}

static enum status api_audit_answer(const struct api_call *call, struct db *state, const char *code,
				    struct error *err)
{
	struct audit_log *log = call->api->settings.audit;
	struct db_audit_outcome outcome = { .http_status = (int)call->response->status };

	api_audit_text(outcome.error_code, sizeof(outcome.error_code), code);
	api_audit_text(outcome.job_id, sizeof(outcome.job_id), call->operation_id);
	if (call->audit_sequence != 0)
		return audit_end(log, state, call->audit_sequence, &outcome, err);
	const struct db_audit_origin origin = api_audit_origin(call);

	return audit_refuse(log, state, &origin, &outcome, err);
}

void api_audit_finish(struct api_call *call, const char *code)
{
	struct db_pool *pool = call->api->settings.state;
	struct db *state = call->state;
	struct error err;
	enum status status = STATUS_OK;

	if (call->audit_sequence == 0 && !api_is_refusal(call))
		return;
	if (state == NULL)
		status = db_pool_take(pool, &state, &err);
	if (status == STATUS_OK)
		status = api_audit_answer(call, state, code, &err);
	/* The write is done or refused: the row stays begun, or is missing for a refusal. */
	if (status != STATUS_OK)
		log_error("the audit log does not tell how a request ended", &err);
	if (call->state == NULL)
		db_pool_give(pool, state);
}
