/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: the limits, the bounded body, the look-up of headers and query parameters. */
#include <stdio.h>
#include <string.h>

#include "http_private.h"

/* So much of a body that is refused is still read, so that the answer reaches a client that writes
 * first and reads later; what is longer is cut off. */
static const uint64_t http_discard_max = 4u << 20;

struct http_exchange *http_exchange_new(const char *target, bool is_tls)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL)
		return NULL;
	exchange->started = clock_monotonic(&system_clock);
	exchange->request.is_tls = is_tls;
	guid_generate(exchange->request.request_id);
	buffer_init(&exchange->body, HTTP_BODY_MAX);
	http_target_check(exchange, target);
	return exchange;
}

void http_exchange_free(struct http_exchange *exchange)
{
	if (exchange == NULL)
		return;
	/* A body may carry a password or a private key. */
	if (exchange->body.data != NULL)
		explicit_bzero(exchange->body.data, exchange->body.capacity);
	buffer_done(&exchange->body);
	free(exchange->certificate);
	free(exchange);
}

static void http_read_correlation(struct http_exchange *exchange)
{
	const char *sent = http_request_header(&exchange->request, "x-ms-correlation-request-id");

	if (sent == NULL || !guid_is_valid(sent))
		sent = exchange->request.request_id;
	(void)snprintf(exchange->correlation, sizeof(exchange->correlation), "%s", sent);
}

/* A body that is announced as too long need not be read when it is longer than what is discarded,
 * or when the client waits for our consent. */
static void http_check_announced(struct http_exchange *exchange)
{
	const char *length =
		http_request_header(&exchange->request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	unsigned long long announced = length == NULL ? 0 : strtoull(length, NULL, 10);

	if (announced > HTTP_BODY_MAX)
		http_exchange_refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, NULL);
	if (exchange->refused == 0)
		return;
	exchange->answer_early =
		exchange->answer_early || announced > http_discard_max ||
		http_request_header(&exchange->request, MHD_HTTP_HEADER_EXPECT) != NULL;
}

void http_exchange_begin(struct http_exchange *exchange, struct MHD_Connection *connection,
			 const char *path, const char *method)
{
	struct http_request *request = &exchange->request;

	exchange->method = method;
	request->connection = connection;
	request->method = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method;
	request->path = path[exchange->path_offset] == '\0' ? "/" : path + exchange->path_offset;
	exchange->peer = http_peer_find(connection);
	request->client_address = exchange->peer == NULL ? "" : exchange->peer->address;
	const char *host = http_request_header(request, MHD_HTTP_HEADER_HOST);
	request->host = host == NULL ? "" : host;
	if (exchange->authority[0] != '\0')
		request->host = exchange->authority;
	http_read_correlation(exchange);
	if (request->is_tls)
		exchange->certificate = http_client_certificate(connection);
	request->certificate = exchange->certificate;
	if (exchange->peer != NULL && exchange->peer->refused != 0) {
		http_exchange_refuse(exchange, exchange->peer->refused, NULL);
		exchange->answer_early = true;
	}
	http_request_check(exchange, connection);
	http_check_announced(exchange);
}

bool http_exchange_append(struct http_exchange *exchange, const char *data, size_t length)
{
	if (exchange->refused == 0) {
		enum status status = buffer_append_secret(&exchange->body, data, length, NULL);

		if (status == STATUS_OK)
			return true;
		http_exchange_refuse(exchange,
				     status == STATUS_TOO_LARGE ? MHD_HTTP_CONTENT_TOO_LARGE
								: MHD_HTTP_SERVICE_UNAVAILABLE,
				     NULL);
	}
	exchange->discarded += length;
	return exchange->discarded <= http_discard_max;
}

void http_exchange_finish(struct http_exchange *exchange)
{
	if (exchange->refused != 0)
		return;
	exchange->request.body = exchange->body.length == 0 ? NULL : exchange->body.data;
	exchange->request.body_length = exchange->body.length;
}

static const char *http_pair_find(const struct http_pair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal_ignoring_case(pairs[i].name, name))
			return pairs[i].value;
	return NULL;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	if (request->connection == NULL)
		return http_pair_find(request->headers, request->header_count, name);
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_request_query(const struct http_request *request, const char *name)
{
	const char *value = NULL;

	if (request->connection == NULL)
		return http_pair_find(request->query, request->query_count, name);
	if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name,
					  strlen(name), &value, NULL) != MHD_YES)
		return NULL;
	/* "?name" without '=' has no value but was sent. */
	return value == NULL ? "" : value;
}

struct http_query_count {
	const char *name;
	size_t count;
};

static enum MHD_Result http_count_query(void *context, enum MHD_ValueKind kind, const char *name,
					const char *value)
{
	struct http_query_count *query = context;

	(void)kind;
	(void)value;
	if (text_equal_ignoring_case(name, query->name))
		query->count++;
	return MHD_YES;
}

size_t http_request_query_count(const struct http_request *request, const char *name)
{
	struct http_query_count query = { .name = name };

	if (request->connection != NULL)
		(void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND,
						http_count_query, &query);
	else
		for (size_t i = 0; i < request->query_count; i++)
			(void)http_count_query(&query, MHD_GET_ARGUMENT_KIND,
					       request->query[i].name, request->query[i].value);
	return query.count;
}

struct http_query_doubled {
	const struct http_request *request;
	const char *name;
};

static enum MHD_Result http_note_doubled(void *context, enum MHD_ValueKind kind, const char *name,
					 const char *value)
{
	struct http_query_doubled *doubled = context;

	(void)kind;
	(void)value;
	if (http_request_query_count(doubled->request, name) > 1)
		doubled->name = name;
	return MHD_YES;
}

const char *http_request_query_doubled(const struct http_request *request)
{
	struct http_query_doubled doubled = { .request = request };

	if (request->connection != NULL)
		(void)MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND,
						http_note_doubled, &doubled);
	for (size_t i = 0; request->connection == NULL && i < request->query_count; i++)
		(void)http_note_doubled(&doubled, MHD_GET_ARGUMENT_KIND, request->query[i].name,
					request->query[i].value);
	return doubled.name;
}
