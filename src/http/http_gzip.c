/* SPDX-License-Identifier: Apache-2.0 */
/* gzip answers: whether the client takes them, and the compression. */
#include <string.h>
#include <zlib.h>

#include "http_private.h"

/* zlib: the largest window, in gzip's frame. */
enum { HTTP_GZIP_WINDOW = 15 + 16, HTTP_GZIP_MEMORY = 8, HTTP_GZIP_LEVEL = 1 };

/* A weight of RFC 9110 section 12.4.2 in thousandths; what is malformed counts as 0. */
static int http_weight_read(const char *text, size_t length)
{
	int value = 0, scale = 100;

	if (length == 0 || length > sizeof("0.000") - 1 || (text[0] != '0' && text[0] != '1') ||
	    (length > 1 && text[1] != '.'))
		return 0;
	value = (text[0] - '0') * 1000;
	for (size_t i = 2; i < length; i++, scale /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value += (text[i] - '0') * scale;
	}
	return value > 1000 ? 0 : value;
}

/* The weight of one element: "gzip", "gzip;q=0.5". */
static int http_element_weight(const char *element, size_t length)
{
	const char *mark = memchr(element, ';', length);

	if (mark == NULL)
		return 1000;
	size_t left = length - (size_t)(mark + 1 - element);
	const char *at = mark + 1;

	while (left > 0 && (*at == ' ' || *at == '\t'))
		at++, left--;
	if (left < 2 || strncasecmp(at, "q=", 2) != 0)
		return 0;
	at += 2;
	left -= 2;
	while (left > 0 && (at[left - 1] == ' ' || at[left - 1] == '\t'))
		left--;
	return http_weight_read(at, left);
}

static bool http_element_is(const char *element, size_t length, const char *name)
{
	size_t token = 0;

	while (token < length && strchr("; \t", element[token]) == NULL)
		token++;
	return token == strlen(name) && strncasecmp(element, name, token) == 0;
}

bool http_gzip_is_wanted(const char *accepted)
{
	int gzip = -1, identity = -1, others = -1;

	for (const char *at = accepted; at != NULL && *at != '\0';) {
		at += strspn(at, ", \t");

		size_t length = strcspn(at, ",");
		int weight = http_element_weight(at, length);

		if (http_element_is(at, length, "gzip") || http_element_is(at, length, "x-gzip"))
			gzip = weight;
		else if (http_element_is(at, length, "identity"))
			identity = weight;
		else if (http_element_is(at, length, "*"))
			others = weight;
		at += length;
	}
	if (gzip < 0)
		gzip = others;
	return gzip > 0 && gzip >= identity;
}

bool http_gzip(const struct buffer *plain, struct buffer *out)
{
	z_stream stream = { .next_in = plain->data, .avail_in = (uInt)plain->length };

	if (deflateInit2(&stream, HTTP_GZIP_LEVEL, Z_DEFLATED, HTTP_GZIP_WINDOW, HTTP_GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;

	size_t bound = deflateBound(&stream, (uLong)plain->length);
	bool is_done = buffer_reserve(out, bound, NULL) == STATUS_OK;

	if (is_done) {
		stream.next_out = out->data;
		stream.avail_out = (uInt)bound;
		is_done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
		out->length = stream.total_out;
	}
	(void)deflateEnd(&stream);
	return is_done;
}
