/* SPDX-License-Identifier: Apache-2.0 */
/* Building blocks of answers: JSON bodies and the 202 of a long-running operation. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/psk.h"

#include "api_private.h"

bool api_set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

json_t *api_text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

json_t *api_thumbprint_or_null(const struct api_call *call, const char *thumbprint)
{
	bool is_key = false;

	if (thumbprint != NULL &&
	    backup_psk_is_known(call->state, thumbprint, &is_key, NULL) != STATUS_OK)
		return NULL;
	return is_key ? json_null() : api_text_or_null(thumbprint);
}

json_t *api_time_or_null(int64_t time)
{
	char text[CLOCK_TEXT_SIZE];

	return time == 0 ? json_null() : json_string(clock_text(time, text));
}

enum status api_answer_json(struct http_response *response, unsigned status,
			    const char *content_type, json_t *json, struct error *err)
{
	AUTO_JSON owned = json;

	if (owned == NULL)
		return fail_memory(err, "build the answer");
	response->status = status;
	response->content_type = content_type;
	return json_write(owned, &response->body, err);
}

enum { API_URL_SIZE = 2 * API_ID_SIZE + 96 };

/* Where an operation is followed. */
static const char *api_operation_url(const struct api_call *call, const char *collection,
				     const char *operation_id, const char *more,
				     char url[API_URL_SIZE])
{
	char base[API_ID_SIZE], id[API_ID_SIZE];

	(void)api_base_url(call, base);
	(void)api_child_id(call, API_CANONICAL, collection, operation_id, id);
	(void)snprintf(url, API_URL_SIZE, "%s%s?api-version=%s%s", base, id,
		       api_version_name(call->version), more);
	return url;
}

void api_answer_accepted_at(struct api_call *call, const char *collection, const char *operation_id,
			    long retry_after)
{
	long configured = call->api->settings.config->http.retry_after;
	char text[API_URL_SIZE];

	http_response_header(call->response, "Location",
			     api_operation_url(call, collection, operation_id, "", text));
	(void)snprintf(text, sizeof(text), "%ld", configured > 0 ? configured : retry_after);
	http_response_header(call->response, "Retry-After", text);
	call->response->status = 202;
	(void)snprintf(call->operation_id, sizeof(call->operation_id), "%s", operation_id);
}

enum status api_answer_accepted_async(struct api_call *call, const char *operation_id,
				      long retry_after, struct error *err)
{
	char text[API_URL_SIZE];

	(void)err;
	api_answer_accepted_at(call, "operationResults", operation_id, retry_after);
	http_response_header(call->response, "Azure-AsyncOperation",
			     api_operation_url(call, "operationResults", operation_id,
					       "&IsAsyncOperation=1", text));
	return STATUS_OK;
}

enum status api_answer_accepted(struct api_call *call, const char *operation_id, long retry_after,
				struct error *err)
{
	if (call->version >= API_2021_09_01)
		return api_answer_accepted_async(call, operation_id, retry_after, err);
	api_answer_accepted_at(call, "operationResults", operation_id, retry_after);
	return STATUS_OK;
}

void api_echo_headers(const struct http_request *request, struct http_response *response)
{
	const char *correlation = http_request_header(request, "x-ms-correlation-request-id");
	const char *client_id = http_request_header(request, "x-ms-client-request-id");
	const char *wanted = http_request_header(request, "x-ms-return-client-request-id");

	if (correlation == NULL || !guid_is_valid(correlation))
		correlation = request->request_id;
	http_response_header(response, "x-ms-correlation-request-id", correlation);
	if (client_id != NULL && strlen(client_id) <= HTTP_CLIENT_ID_MAX && wanted != NULL &&
	    text_equal_ignoring_case(wanted, "true"))
		http_response_header(response, "x-ms-client-request-id", client_id);
}
