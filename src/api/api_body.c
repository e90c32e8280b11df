/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request as JSON. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api_private.h"

/* A parameter's value without quotes; false when it is another one than @name. */
static bool api_type_parameter(const char *at, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);

	if (strncasecmp(at, name, length) != 0 || at[length] != '=')
		return false;
	at += length + 1;
	at += *at == '"';
	(void)snprintf(value, size, "%.*s", (int)strcspn(at, "\" \t;"), at);
	return true;
}

/* "application/json" with any parameters but another charset than UTF-8. */
static bool api_type_is_json(const char *type)
{
	char charset[16];
	size_t length = strcspn(type, "; \t");

	if (length != sizeof(API_JSON) - 1 || strncasecmp(type, API_JSON, length) != 0)
		return false;
	for (const char *at = strchr(type, ';'); at != NULL; at = strchr(at, ';')) {
		at += 1 + strspn(at + 1, " \t");
		if (api_type_parameter(at, "charset", charset, sizeof(charset)) &&
		    !text_equal_ignoring_case(charset, "utf-8"))
			return false;
	}
	return true;
}

/* A body without a type is taken for JSON: old clients send it so. */
static enum status api_body_type_check(struct api_call *call, struct error *err)
{
	const char *type = http_request_header(call->request, "Content-Type");
	const char *coding = http_request_header(call->request, "Content-Encoding");

	if (coding != NULL && !text_equal_ignoring_case(coding, "identity"))
		return api_fail(call, API_FAULT_MEDIA_TYPE, STATUS_INVALID, "Content-Encoding", err,
				"The Content-Encoding of the body is not supported; send it as it "
				"is");
	if (type == NULL || api_type_is_json(type))
		return STATUS_OK;
	return api_fail(call, API_FAULT_MEDIA_TYPE, STATUS_INVALID, "Content-Type", err,
			"The Content-Type of the body is not supported; supported: " API_JSON
			", in UTF-8");
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
