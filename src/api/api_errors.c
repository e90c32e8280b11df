/* SPDX-License-Identifier: Apache-2.0 */
/* The one table from faults to HTTP statuses and codes, and ARM's error envelope. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api_private.h"

struct api_error_row {
	unsigned http_status;
	const char *code;
	bool is_ours; /* the service's fault: logged, and told without its inner workings */
};

/* Seconds, when nothing better is known. */
#define API_BUSY_RETRY_AFTER "5"

static const struct api_error_row api_status_rows[STATUS_COUNT] = {
	[STATUS_OK] = { 500, "InternalServerError", true },
	[STATUS_FAILED] = { 500, "InternalServerError", true },
	[STATUS_INVALID] = { 400, "BadRequest", false },
	[STATUS_NOT_FOUND] = { 404, "ResourceNotFound", false },
	[STATUS_EXISTS] = { 409, "RequestConflict", false },
	[STATUS_CONFLICT] = { 409, "BackupConflictException", false },
	[STATUS_NOT_CONFIGURED] = { 409, "BackupLocationNotConfigured", false },
	[STATUS_NO_MEMORY] = { 503, "ServiceUnavailable", true },
	[STATUS_TOO_LARGE] = { 413, "PayloadTooLargeException", false },
	[STATUS_UNSUPPORTED] = { 400, "BadRequest", false },
	[STATUS_INTEGRITY] = { 500, "InternalServerError", true },
	[STATUS_AUTHENTICATION] = { 401, "AuthenticationFailed", false },
	[STATUS_FORBIDDEN] = { 403, "AuthorizationFailed", false },
	[STATUS_CANCELLED] = { 409, "RequestConflict", false },
	[STATUS_PARTIAL] = { 500, "InternalServerError", true },
	[STATUS_SHARE_FULL] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_CONNECTION] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_PATH] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_AUTHENTICATION] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_NOT_ACCESSIBLE] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_READ_WRITE] = { 500, "BcdrOperationException", false },
	[STATUS_SHARE_UPLOAD] = { 500, "BcdrOperationException", false },
};

static const struct api_error_row api_fault_rows[API_FAULT_COUNT] = {
	[API_FAULT_VERSION_MISSING] = { 400, "MissingApiVersionParameter", false },
	[API_FAULT_VERSION_UNKNOWN] = { 400, "InvalidApiVersionParameter", false },
	[API_FAULT_SUBSCRIPTION] = { 404, "SubscriptionNotFound", false },
	[API_FAULT_NAMESPACE] = { 404, "InvalidResourceNamespace", false },
	[API_FAULT_SUBSCRIPTION_READ_ONLY] = { 409, "ReadOnlyDisabledSubscription", false },
	[API_FAULT_SUBSCRIPTION_UNREGISTERED] = { 409, "MissingSubscriptionRegistration", false },
	[API_FAULT_METHOD] = { 405, "MethodNotAllowed", false },
	[API_FAULT_MEDIA_TYPE] = { 415, "UnsupportedMediaType", false },
	[API_FAULT_NOT_READY] = { 503, "ServiceUnavailable", false },
	[API_FAULT_REPAIR] = { 400, "RemediateAlertPrecheckFailed", false },
	[API_FAULT_CERTIFICATE] = { 409, "EncryptionCertNotConfiguredException", false },
	[API_FAULT_STATE] = { 409, "RequestConflict", false },
	[API_FAULT_PRECONDITION] = { 412, "PreconditionFailedException", false },
	[API_FAULT_THROTTLED] = { 429, "TooManyRequests", false },
};

static const struct {
	unsigned http_status;
	const char *code;
	const char *message;
} api_refusals[] = {
	{ 400, "BadRequest",
	  "The request line or the Host header is malformed: the path must be percent-encoded "
	  "UTF-8 without control characters and without an encoded slash" },
	{ 408, "RequestTimeout", "The request did not arrive in time" },
	{ 413, "PayloadTooLargeException", "The body is larger than 1 MiB" },
	{ 414, "RequestUriTooLong", "The URL is longer than 8 KiB" },
	{ 417, "ExpectationFailed", "Only 100-continue can be expected" },
	{ 429, "TooManyRequests", "There are too many connections from this address" },
	{ 431, "RequestHeaderFieldsTooLarge",
	  "The headers are larger than 16 KiB, or more than 100" },
	{ 503, "ServiceUnavailable",
	  "The service has as many connections as it can serve, or no memory left; try again "
	  "later" },
};

enum status api_fail(struct api_call *call, enum api_fault fault, enum status status,
		     const char *field, struct error *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	call->fault = fault;
	(void)fail(err, status, "answer the request", NULL, "%s", message);
	if (err != NULL && field != NULL)
		(void)snprintf(err->field, sizeof(err->field), "%s", field);
	return status;
}

enum status api_resource_not_found(const struct api_call *call, const char *type, const char *name,
				   struct error *err)
{
	return fail(err, STATUS_NOT_FOUND, "find the resource", NULL,
		    "The resource '%s/%.96s' under resource group '%.96s' was not found", type,
		    name, call->path.group);
}

/* A sentence, whatever the fault's text begins and ends with. */
static json_t *api_sentence(const char *message)
{
	char text[sizeof(((struct error *)NULL)->message) + 1024];
	size_t length = strlen(message);

	if (length == 0)
		return json_string("The request failed.");
	(void)snprintf(text, sizeof(text), "%s%s", message, message[length - 1] == '.' ? "" : ".");
	text[0] =
		(char)(islower((unsigned char)text[0]) ? toupper((unsigned char)text[0]) : text[0]);
	return json_foreign_text(text);
}

json_t *api_error_json(const char *code, const char *message, const char *target)
{
	json_t *error = json_object();

	if (!api_set(error, "code", json_string(code)) ||
	    !api_set(error, "message", api_sentence(message)) ||
	    (target != NULL && target[0] != '\0' &&
	     !api_set(error, "target", json_foreign_text(target)))) {
		json_decref(error);
		return NULL;
	}
	return error;
}

/* An envelope that cannot be built leaves the bare status, which says enough. */
static void api_envelope(struct http_response *response, unsigned http_status, const char *code,
			 const char *message, const char *target)
{
	json_t *envelope = json_object();

	if (!api_set(envelope, "error", api_error_json(code, message, target))) {
		json_decref(envelope);
		envelope = NULL;
	}
	buffer_clear(&response->body);
	response->status = http_status;
	if ((http_status == 503 || http_status == 429) &&
	    http_response_find(response, "Retry-After") == NULL)
		http_response_header(response, "Retry-After", API_BUSY_RETRY_AFTER);
	if (api_answer_json(response, http_status, API_JSON_UTF8, envelope, NULL) != STATUS_OK)
		buffer_clear(&response->body);
}

static const struct api_error_row *api_error_row(enum api_fault fault, const struct error *err)
{
	return fault == API_FAULT_NONE ? &api_status_rows[err->status] : &api_fault_rows[fault];
}

const char *api_error_code(enum api_fault fault, const struct error *err)
{
	return api_error_row(fault, err)->code;
}

void api_error_answer(struct http_response *response, enum api_fault fault, const struct error *err)
{
	const struct api_error_row *row = api_error_row(fault, err);
	const char *message = err->message;
	const char *target = err->field;

	if (row->is_ours) {
		log_error("the request failed", err);
		message = "The service could not answer; its log tells why under the id in "
			  "x-ms-request-id";
		target = NULL;
	} else if (text_starts_with(target, "$.")) {
		target += 2;
	}
	api_envelope(response, row->http_status, row->code, message, target);
}

void api_refuse(void *context, const struct http_request *request, struct http_response *response)
{
	struct api_call call = { .api = context, .request = request, .response = response };
	const char *code = "BadRequest", *message = "The request was refused";

	api_echo_headers(request, response);
	for (size_t i = 0; i < ARRAY_LENGTH(api_refusals); i++)
		if (api_refusals[i].http_status == response->status) {
			code = api_refusals[i].code;
			message = api_refusals[i].message;
		}
	api_envelope(response, response->status, code,
		     request->refusal == NULL ? message : request->refusal, NULL);
	api_audit_finish(&call, code);
}

bool api_error_describe(size_t index, struct api_error_description *out)
{
	const struct api_error_row *row = NULL;

	if (index < STATUS_COUNT)
		row = &api_status_rows[index];
	else if (index - STATUS_COUNT < API_FAULT_COUNT)
		row = &api_fault_rows[index - STATUS_COUNT];
	else if (index - STATUS_COUNT - API_FAULT_COUNT >= ARRAY_LENGTH(api_refusals))
		return false;
	else
		index -= STATUS_COUNT + API_FAULT_COUNT;
	out->http_status = row != NULL ? row->http_status : api_refusals[index].http_status;
	out->code = row != NULL ? row->code : api_refusals[index].code;
	/* API_FAULT_NONE is no row. */
	out->meaning = out->code == NULL ? NULL : api_error_meaning(out->code);
	return true;
}
