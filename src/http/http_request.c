/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: the limits, the bounded body, the look-up of headers and query parameters. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "http_private.h"

/* So much of a body that is refused is still read, so that the answer reaches a client that writes
 * first and reads later; what is longer is cut off. */
static const uint64_t http_discard_max = 4u << 20;

static int http_hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (isxdigit((unsigned char)digit))
		return tolower((unsigned char)digit) - 'a' + 10;
	return -1;
}

/* False for control characters, in clear or escaped, and for broken escapes. */
static bool http_target_is_clean(const char *target)
{
	for (const char *at = target; *at != '\0'; at++) {
		int value = (unsigned char)*at;

		if (*at == '%') {
			int high = http_hex_value(at[1]);
			int low = high < 0 ? -1 : http_hex_value(at[2]);

			if (low < 0)
				return false;
			value = high * 16 + low;
			at += 2;
		}
		if (value < 0x20 || value == 0x7f)
			return false;
	}
	return true;
}

struct http_exchange *http_exchange_new(const char *target, bool is_tls)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange == NULL)
		return NULL;
	exchange->started = clock_monotonic(&system_clock);
	exchange->request.is_tls = is_tls;
	guid_generate(exchange->request.request_id);
	buffer_init(&exchange->body, HTTP_BODY_MAX);
	exchange->target_length = strlen(target);
	if (exchange->target_length > HTTP_URL_MAX)
		exchange->refused = MHD_HTTP_URI_TOO_LONG;
	else if (target[0] != '/' || !http_target_is_clean(target))
		exchange->refused = MHD_HTTP_BAD_REQUEST;
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

static enum MHD_Result http_count_header(void *context, enum MHD_ValueKind kind, const char *name,
					 const char *value)
{
	size_t *total = context;

	(void)kind;
	*total += strlen(name) + (value == NULL ? 0 : strlen(value)) + sizeof(": \r\n") - 1;
	return MHD_YES;
}

static bool http_host_is_valid(const char *host)
{
	size_t length = strlen(host);

	return length <= 255 && strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					     "0123456789.-_:[]") == length;
}

static void http_read_address(struct http_exchange *exchange, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	if (info == NULL || info->client_addr == NULL)
		return;
	if (info->client_addr->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)info->client_addr;

		(void)inet_ntop(AF_INET, &four->sin_addr, exchange->address,
				sizeof(exchange->address));
	} else if (info->client_addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)info->client_addr;

		(void)inet_ntop(AF_INET6, &six->sin6_addr, exchange->address,
				sizeof(exchange->address));
	}
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

	if (announced > HTTP_BODY_MAX && exchange->refused == 0)
		exchange->refused = MHD_HTTP_CONTENT_TOO_LARGE;
	if (exchange->refused == 0)
		return;
	exchange->answer_early =
		announced > http_discard_max ||
		http_request_header(&exchange->request, MHD_HTTP_HEADER_EXPECT) != NULL;
}

void http_exchange_begin(struct http_exchange *exchange, struct MHD_Connection *connection,
			 const char *path, const char *method)
{
	struct http_request *request = &exchange->request;
	size_t header_bytes = 0;

	exchange->method = method;
	request->connection = connection;
	request->method = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method;
	request->path = path;
	http_read_address(exchange, connection);
	request->client_address = exchange->address;
	const char *host = http_request_header(request, MHD_HTTP_HEADER_HOST);
	request->host = host == NULL ? "" : host;
	http_read_correlation(exchange);
	if (request->is_tls)
		exchange->certificate = http_client_certificate(connection);
	request->certificate = exchange->certificate;

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, http_count_header,
					&header_bytes);
	if (exchange->refused == 0 && header_bytes > HTTP_HEADERS_MAX)
		exchange->refused = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	if (exchange->refused == 0 &&
	    (!text_is_printable_utf8(path) || !text_is_printable_utf8(method) ||
	     !http_host_is_valid(request->host)))
		exchange->refused = MHD_HTTP_BAD_REQUEST;
	if (exchange->refused == MHD_HTTP_BAD_REQUEST && !http_host_is_valid(request->host))
		request->host = "";
	http_check_announced(exchange);
}

bool http_exchange_append(struct http_exchange *exchange, const char *data, size_t length)
{
	if (exchange->refused == 0) {
		enum status status = buffer_append(&exchange->body, data, length, NULL);

		if (status == STATUS_OK)
			return true;
		exchange->refused = status == STATUS_TOO_LARGE ? MHD_HTTP_CONTENT_TOO_LARGE
							       : MHD_HTTP_SERVICE_UNAVAILABLE;
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
