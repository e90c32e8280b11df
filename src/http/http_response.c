/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: built in memory, sent with the headers that every answer carries. */
#include <stdio.h>
#include <string.h>

#include "http_private.h"

/* ARM's limit for a response body. */
static const size_t http_response_max = 8u << 20;
/* Below it, the frame and the processor's time cost more than the bytes that are saved. */
static const size_t http_gzip_min = 1024;

void http_response_init(struct http_response *response, unsigned status)
{
	/* The headers' room is large and needs no clearing. */
	response->status = status;
	response->content_type = NULL;
	response->header_count = 0;
	response->caller[0] = '\0';
	buffer_init(&response->body, http_response_max);
}

void http_response_done(struct http_response *response)
{
	if (response != NULL)
		buffer_done(&response->body);
}

void http_response_header(struct http_response *response, const char *name, const char *value)
{
	if (response->header_count == HTTP_RESPONSE_HEADERS_MAX ||
	    strlen(name) >= sizeof(response->headers[0].name) ||
	    strlen(value) >= sizeof(response->headers[0].value) || !text_is_printable_utf8(value)) {
		log_message(LOG_LEVEL_WARNING, "the response header %s was left out", name);
		return;
	}
	(void)snprintf(response->headers[response->header_count].name,
		       sizeof(response->headers[0].name), "%s", name);
	(void)snprintf(response->headers[response->header_count].value,
		       sizeof(response->headers[0].value), "%s", value);
	response->header_count++;
}

const char *http_response_find(const struct http_response *response, const char *name)
{
	for (size_t i = 0; i < response->header_count; i++)
		if (text_equal_ignoring_case(response->headers[i].name, name))
			return response->headers[i].value;
	return NULL;
}

static bool http_add_headers(struct MHD_Response *queued, const struct http_response *response,
			     const struct http_request *request)
{
	bool added = MHD_add_response_header(queued, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache") &&
		     MHD_add_response_header(queued, MHD_HTTP_HEADER_PRAGMA, "no-cache") &&
		     MHD_add_response_header(queued, MHD_HTTP_HEADER_EXPIRES, "-1") &&
		     MHD_add_response_header(queued, "X-Content-Type-Options", "nosniff") &&
		     MHD_add_response_header(queued, "x-ms-request-id", request->request_id);

	if (request->is_tls)
		added = added && MHD_add_response_header(queued, "Strict-Transport-Security",
							 "max-age=31536000; includeSubDomains");
	if (response->content_type != NULL && response->body.length > 0)
		added = added && MHD_add_response_header(queued, MHD_HTTP_HEADER_CONTENT_TYPE,
							 response->content_type);
	for (size_t i = 0; added && i < response->header_count; i++)
		added = MHD_add_response_header(queued, response->headers[i].name,
						response->headers[i].value);
	return added;
}

/* What has an ETag stays as it is: another encoding would need another tag (RFC 9110 8.8.3). */
static void http_response_compress(struct http_response *response,
				   const struct http_request *request)
{
	struct buffer packed;

	if (response->body.length < http_gzip_min ||
	    http_response_find(response, MHD_HTTP_HEADER_ETAG) != NULL)
		return;
	http_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	if (!http_gzip_is_wanted(http_request_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
		return;
	buffer_init(&packed, http_response_max);
	if (!http_gzip(&response->body, &packed) || packed.length >= response->body.length) {
		buffer_done(&packed);
		return;
	}
	buffer_done(&response->body);
	response->body = packed;
	http_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

enum MHD_Result http_response_queue(struct http_response *response,
				    const struct http_request *request,
				    struct MHD_Connection *connection)
{
	http_response_compress(response, request);

	size_t length = response->body.length;
	void *body = length == 0 ? NULL : response->body.data;
	struct MHD_Response *queued = MHD_create_response_from_buffer(
		length, body, length == 0 ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result = MHD_NO;

	if (queued == NULL)
		return MHD_NO;
	if (http_add_headers(queued, response, request))
		result = MHD_queue_response(connection, response->status, queued);
	/* The memory is the queued response's now, whatever became of it. */
	if (length > 0)
		buffer_init(&response->body, http_response_max);
	MHD_destroy_response(queued);
	return result;
}
