/* SPDX-License-Identifier: Apache-2.0 */
/* What the request line and the headers must be before anything acts on them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "http_private.h"

static int http_hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (isxdigit((unsigned char)digit))
		return tolower((unsigned char)digit) - 'a' + 10;
	return -1;
}

/* False for spaces, control characters, in clear or escaped, for broken escapes, and for an escaped
 * slash or backslash in the path: decoded it would be a separator that nobody on the way saw. */
static bool http_target_is_clean(const char *target)
{
	bool is_path = true;

	for (const char *at = target; *at != '\0'; at++) {
		int value = (unsigned char)*at;

		if (*at == ' ')
			return false;
		if (*at == '?')
			is_path = false;
		if (*at == '%') {
			int high = http_hex_value(at[1]);
			int low = high < 0 ? -1 : http_hex_value(at[2]);

			if (low < 0)
				return false;
			value = high * 16 + low;
			if (is_path && (value == '/' || value == '\\'))
				return false;
			at += 2;
		}
		if (value < 0x20 || value == 0x7f)
			return false;
	}
	return true;
}

static bool http_host_is_valid(const char *host)
{
	size_t length = strlen(host);

	return length < HTTP_HOST_SIZE &&
	       strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789.-_:[]") == length;
}

void http_exchange_refuse(struct http_exchange *exchange, unsigned status, const char *reason)
{
	if (exchange->refused != 0)
		return;
	exchange->refused = status;
	exchange->request.refusal = reason;
}

/* "http://host/path" (RFC 9112 section 3.2.2): the host that it names counts, not the header's. */
static size_t http_authority_take(struct http_exchange *exchange, const char *target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
		size_t scheme = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], scheme) != 0)
			continue;
		size_t length = strcspn(target + scheme, "/?");
		if (length == 0 || length >= sizeof(exchange->authority))
			return 0;
		memcpy(exchange->authority, target + scheme, length);
		return http_host_is_valid(exchange->authority) ? scheme + length : 0;
	}
	return 0;
}

void http_target_check(struct http_exchange *exchange, const char *target)
{
	if (strlen(target) > HTTP_URL_MAX) {
		http_exchange_refuse(exchange, MHD_HTTP_URI_TOO_LONG, NULL);
		return;
	}
	exchange->path_offset = http_authority_take(exchange, target);
	if (!http_target_is_clean(target) || (target[0] != '/' && exchange->authority[0] == '\0'))
		http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, NULL);
}

/* Of which the first would count here and perhaps another one elsewhere. */
static const char *const http_sent_once[] = {
	MHD_HTTP_HEADER_HOST,     MHD_HTTP_HEADER_AUTHORIZATION, MHD_HTTP_HEADER_CONTENT_TYPE,
	MHD_HTTP_HEADER_IF_MATCH, MHD_HTTP_HEADER_IF_NONE_MATCH,
};

struct http_header_facts {
	size_t count, bytes;
	unsigned lengths, codings;
	unsigned once[ARRAY_LENGTH(http_sent_once)];
};

static enum MHD_Result http_note_header(void *context, enum MHD_ValueKind kind, const char *name,
					const char *value)
{
	struct http_header_facts *facts = context;

	(void)kind;
	facts->count++;
	facts->bytes += strlen(name) + (value == NULL ? 0 : strlen(value)) + sizeof(": \r\n") - 1;
	facts->lengths += text_equal_ignoring_case(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
	facts->codings += text_equal_ignoring_case(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	for (size_t i = 0; i < ARRAY_LENGTH(http_sent_once); i++)
		facts->once[i] += text_equal_ignoring_case(name, http_sent_once[i]);
	return MHD_YES;
}

/* Where the body ends would be read differently by whoever stands in front of us: nothing behind it
 * on this connection can be trusted (RFC 9112 section 11.2). */
static void http_check_framing(struct http_exchange *exchange,
			       const struct http_header_facts *facts)
{
	if (facts->lengths + facts->codings <= 1)
		return;
	http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST,
			     "Content-Length and Transfer-Encoding may be sent once, and not "
			     "together");
	exchange->answer_early = true;
}

static void http_check_headers(struct http_exchange *exchange, struct MHD_Connection *connection)
{
	struct http_header_facts facts = { 0 };
	const char *expected = http_request_header(&exchange->request, MHD_HTTP_HEADER_EXPECT);

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, http_note_header, &facts);
	http_check_framing(exchange, &facts);
	if (facts.bytes > HTTP_HEADERS_MAX || facts.count > HTTP_HEADER_COUNT_MAX)
		http_exchange_refuse(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(http_sent_once); i++)
		if (facts.once[i] > 1)
			http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST,
					     "Host, Authorization, Content-Type, If-Match and "
					     "If-None-Match may be sent once");
	if (expected != NULL && !text_equal_ignoring_case(expected, "100-continue"))
		http_exchange_refuse(exchange, MHD_HTTP_EXPECTATION_FAILED, NULL);
}

void http_request_check(struct http_exchange *exchange, struct MHD_Connection *connection)
{
	struct http_request *request = &exchange->request;

	http_check_headers(exchange, connection);
	if (MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) >
	    HTTP_QUERY_COUNT_MAX)
		http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST,
				     "The URL has more than 32 query parameters");
	if (!text_is_printable_utf8(request->path) || !text_is_printable_utf8(request->method))
		http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, NULL);
	if (exchange->needs_host && request->host[0] == '\0')
		http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, NULL);
	if (!http_host_is_valid(request->host)) {
		http_exchange_refuse(exchange, MHD_HTTP_BAD_REQUEST, NULL);
		request->host = "";
	}
}
