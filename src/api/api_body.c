/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request as JSON. */
#include <stdint.h>
#include <string.h>

#include "api_private.h"

static enum status api_body_type_check(struct api_call *call, struct error *err)
{
	const char *type = http_request_header(call->request, "Content-Type");

	if (type == NULL)
		return STATUS_OK;

	size_t length = strcspn(type, "; \t");

	if (length == sizeof(API_JSON) - 1 && strncasecmp(type, API_JSON, length) == 0)
		return STATUS_OK;
	return api_fail(call, API_FAULT_MEDIA_TYPE, STATUS_INVALID, NULL, err,
			"The Content-Type of the body is not supported; supported: " API_JSON);
}

enum status api_body_read(struct api_call *call, bool is_optional, json_t **out, struct error *err)
{
	AUTO_JSON body = NULL;

	*out = NULL;
	if (call->request->body_length == 0)
		return is_optional
			       ? STATUS_OK
			       : fail_field(err, "", "The body is empty; a JSON object is needed");

	enum status status = api_body_type_check(call, err);

	if (status == STATUS_OK)
		status = json_parse(call->request->body, call->request->body_length, &body, err);
	if (status == STATUS_OK && !json_is_object(body))
		status = fail_field(err, "", "The body is not a JSON object; one is needed");
	if (status == STATUS_OK)
		*out = TAKE(body);
	return status;
}

void api_body_wipe(json_t *body)
{
	const char *key;
	json_t *value;
	size_t index;

	if (json_is_string(body))
		explicit_bzero((char *)(uintptr_t)json_string_value(body),
			       json_string_length(body));
	json_object_foreach(body, key, value)
	{
		api_body_wipe(value);
	}
	json_array_foreach(body, index, value)
	{
		api_body_wipe(value);
	}
}
