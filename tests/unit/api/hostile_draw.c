/* SPDX-License-Identifier: Apache-2.0 */
/* Draws requests: route, caller, path, query, headers, body, each as it should be or bent. */
#include <stdio.h>
#include <string.h>

#include "unit/api/hostile_draw.h"

#define LONG_TEXT                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaa"
#define NESTED "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

/* What may stand for any value. */
static const char *const odd_values[] = {
	"",
	"0",
	"-1",
	"1",
	"999999999",
	"99999999999999999999",
	"null",
	"*",
	"..",
	"%",
	"%00",
	"%n%s%x",
	"' or 1=1 --",
	"a b",
	"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	"\xe2\x80\xae"
	"abc",
	"\xff\xfe",
	"\xc0\xaf",
	"north",
	"NORTH",
	HOSTILE_BACKUP,
	HOSTILE_JOB,
	"00000000-0000-0000-0000-000000000000",
	"{}",
	"\"\"",
	"latest",
	"/",
	"\\\\server\\share",
	LONG_TEXT,
	LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT,
};

static const char *const methods[] = { "GET",     "PUT",     "POST", "PATCH", "DELETE",
				       "OPTIONS", "TRACE",   "get",  "P",     "PROPFIND",
				       "CONNECT", LONG_TEXT, "MOVE", "HEAD" };

static const char *const versions[] = { "2016-05-01", "2018-09-01", "2021-09-01",
					"2015-01-01", "1.0",        "2.0",
					"2018-09-02", "9999-99-99", "2018-09-01 " };

static const char *const queries[][2] = {
	{ "$top", "1" },
	{ "$top", "0" },
	{ "$skip", "1" },
	{ "$filter", "kind eq 'backup'" },
	{ "$filter", "(Properties/State eq 'Active') and Properties/Severity ne 'Warning'" },
	{ "$filter", "((((((((((((((((((((((((((((((((((((((((((((((((a" },
	{ "$filter", "Properties/State eq 'a''b" },
	{ "$orderby", "Properties/CreatedTimestamp desc" },
	{ "$orderby", "1" },
	{ "$skipToken", "0100000000" },
	{ "$expand", "everything" },
	{ "IsAsyncOperation", "1" },
	{ "API-VERSION", "2018-09-01" },
};

static const char *const headers[][2] = {
	{ "Content-Type", "application/json" },
	{ "Content-Type", "application/json; charset=utf-8" },
	{ "Content-Type", "text/xml" },
	{ "Content-Encoding", "gzip" },
	{ "Accept", "text/html;q=1, */*;q=0" },
	{ "Accept-Encoding", "gzip, *;q=0" },
	{ "If-Match", "*" },
	{ "If-Match", "\"0123456789abcdef0123456789abcdef\"" },
	{ "If-None-Match", "W/\"a\", \"b\"" },
	{ "If-None-Match", "*" },
	{ "If-Match", "a" },
	{ "Range", "bytes=0-1" },
	{ "x-ms-client-request-id", "\xe2\x80\xa8 id" },
	{ "x-ms-return-client-request-id", "true" },
	{ "x-ms-correlation-request-id", HOSTILE_JOB },
	{ "x-ms-client-principal-name", "admin@example.com" },
	{ "referer", "https://elsewhere.example.com/subscriptions" },
	{ "X-HTTP-Method-Override", "PUT" },
	{ "X-Forwarded-For", "127.0.0.1" },
	{ "Cookie", LONG_TEXT },
};

static const char *const bodies[] = {
	"{}",
	"{\"location\":\"north\",\"properties\":{\"externalStoreDefault\":{\"path\":\"/nowhere\","
	"\"userName\":\"EXAMPLE\\\\backup\",\"password\":\"" HOSTILE_SECRET "\","
	"\"backupFrequencyInHours\":10,\"isBackupSchedulerEnabled\":false,"
	"\"backupRetentionPeriodInDays\":6}}}",
	"{\"properties\":{\"externalStoreDefault\":{\"backupRetentionPeriodInDays\":7}}}",
	"{\"properties\":{\"externalStoreDefault\":{\"encryptionCertBase64\":\"" HOSTILE_SECRET
	"\",\"encryptionKeyBase64\":\"" HOSTILE_SECRET "\"}}}",
	"{\"location\":\"north\",\"properties\":{\"externalStoreDefault\":{\"userName\":\"\"}}}",
	"{\"properties\":{\"externalStoreDefault\":{\"blobStorageUrl\":\"https://a/b\","
	"\"blobStorageKey\":\"" HOSTILE_SECRET "\"}}}",
	"{\"roleName\":\"Data\",\"decryptionCertBase64\":\"" HOSTILE_SECRET "\","
	"\"decryptionCertPassword\":\"" HOSTILE_SECRET "\"}",
	"{\"operationType\":\"DryRun\"}",
	"{\"operationType\":\"Default\",\"confirm\":true}",
	"{\"until\":\"2030-01-01T00:00:00Z\",\"reason\":\"update\"}",
	"{\"pinnedUntil\":null}",
	"{\"state\":\"Registered\",\"registrationDate\":\"2024-01-01T00:00:00Z\"}",
	"{\"state\":\"Suspended\"}",
	"{\"path\":\"/nowhere\",\"userName\":\"a\",\"password\":\"" HOSTILE_SECRET "\"}",
	"{\"properties\":{\"state\":\"Closed\"}}",
	"{\"a\":1,\"a\":2}",
	"{\"\\u0000\":\"\\ud800\"}",
	NESTED NESTED,
	"{\"a\":1e999999}",
	"[]",
	"null",
	"\xef\xbb\xbf{}",
	"{\"a\":\"" LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT "\"}",
};

static uint64_t draw_next(struct hostile_draw *draw)
{
	/* xorshift64*, which needs a state that is not 0. */
	draw->state ^= draw->state >> 12;
	draw->state ^= draw->state << 25;
	draw->state ^= draw->state >> 27;
	return draw->state * 2685821657736338717u;
}

size_t hostile_below(struct hostile_draw *draw, size_t below)
{
	return (size_t)((draw_next(draw) >> 11) % below);
}

bool hostile_percent(struct hostile_draw *draw, unsigned percent)
{
	return hostile_below(draw, 100) < percent;
}

#define ANY(draw, list) ((list)[hostile_below((draw), ARRAY_LENGTH(list))])

void hostile_draw_init(struct hostile_draw *draw, const struct hostile_world *world, uint64_t seed)
{
	struct api_route_description route;

	*draw = (struct hostile_draw) { .state = seed * 2 + 1, .world = world };
	while (api_route_describe(draw->route_count, &route))
		draw->route_count++;
}

size_t hostile_bend(struct hostile_draw *draw, char *data, size_t length, size_t size)
{
	static const char marks[] = "\"{}[]:,\\/%\t\r\n'&=?#;* ";

	for (size_t times = 1 + hostile_below(draw, 4); times > 0; times--) {
		size_t at = length == 0 ? 0 : hostile_below(draw, length);
		size_t count = 1 + hostile_below(draw, 16);

		if (count > length - at)
			count = length - at;
		switch (hostile_below(draw, 5)) {
		case 0: /* another byte */
			if (length > 0)
				data[at] = (char)(1 + hostile_below(draw, 255));
			break;
		case 1: /* dropped */
			memmove(data + at, data + at + count, length - at - count);
			length -= count;
			break;
		case 2: /* doubled */
			if (length + count > size)
				break;
			memmove(data + at + count, data + at, length - at);
			length += count;
			break;
		case 3: /* truncated */
			length = hostile_percent(draw, 30) ? at : length;
			break;
		default: /* inserted */
			count = 1;
			if (length + count > size)
				break;
			memmove(data + at + count, data + at, length - at);
			data[at] = marks[hostile_below(draw, sizeof(marks) - 1)];
			length += count;
		}
	}
	return length;
}

/* A copy inside the request, terminated; "" when there is no room. */
static const char *keep(struct hostile_request *request, const char *text, size_t length)
{
	char *at = request->text + request->used;

	if (length + 1 > sizeof(request->text) - request->used)
		return "";
	memcpy(at, text, length);
	at[length] = '\0';
	request->used += length + 1;
	return at;
}

static const char *parameter_value(struct hostile_draw *draw, struct hostile_request *request,
				   const char *name, size_t length)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{ "{subscription}", HOSTILE_SUBSCRIPTION },
		{ "{group}", "system.north" },
		{ "{location}", "north" },
		{ "{provider}", "Microsoft.Backup.Admin" },
		{ "{service}", "5b0c6d0e-8f3a-4d2b-9a57-6e1d3c5f7a10" },
	};
	const char *const ids[] = { HOSTILE_BACKUP, HOSTILE_JOB, draw->world->alert,
				    "00000000-0000-4000-8000-000000000000" };

	if (hostile_percent(draw, 5)) {
		request->is_route_kept = false;
		return ANY(draw, odd_values);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
		if (strlen(values[i].name) == length && strncmp(values[i].name, name, length) == 0)
			return values[i].value;
	return ANY(draw, ids);
}

static void draw_path(struct hostile_draw *draw, struct hostile_request *request)
{
	char path[4096];
	size_t used = 0;

	for (const char *at = request->route.path; *at != '\0';) {
		size_t length = *at == '{' ? strcspn(at, "}") + 1 : 1;
		const char *value = at;
		size_t value_length = length;

		if (*at == '{') {
			value = parameter_value(draw, request, at, length);
			value_length = strlen(value);
		}
		memcpy(path + used, value, value_length);
		used += value_length;
		at += length;
	}
	if (hostile_percent(draw, 8)) {
		request->is_route_kept = false;
		used = hostile_bend(draw, path, used, sizeof(path));
		path[0] = '/';
		used = used == 0 ? 1 : used;
	}
	request->path = keep(request, path, used);
}

static void add_query(struct hostile_draw *draw, struct hostile_request *request, const char *name,
		      const char *value)
{
	char bent[1024];
	size_t length = strlen(value);

	if (request->query_count == HOSTILE_PAIRS_MAX)
		return;
	if (hostile_percent(draw, 10)) {
		memcpy(bent, value, length);
		value = keep(request, bent, hostile_bend(draw, bent, length, sizeof(bent)));
	}
	request->query[request->query_count++] = (struct http_pair) { name, value };
}

static void draw_query(struct hostile_draw *draw, struct hostile_request *request)
{
	const char *own[API_VERSIONS_MAX + 1];
	size_t count = 0;

	while (count < API_VERSIONS_MAX && request->route.versions[count] != NULL) {
		own[count] = request->route.versions[count];
		count++;
	}
	if (count > 0 && hostile_percent(draw, 85))
		request->query[request->query_count++] =
			(struct http_pair) { "api-version", own[hostile_below(draw, count)] };
	else if (hostile_percent(draw, 70))
		add_query(draw, request, "api-version", ANY(draw, versions));
	while (hostile_percent(draw, 30)) {
		const char *const *query = ANY(draw, queries);
		bool is_odd = hostile_percent(draw, 30);

		add_query(draw, request, query[0], is_odd ? ANY(draw, odd_values) : query[1]);
	}
}

static void draw_headers(struct hostile_draw *draw, struct hostile_request *request)
{
	static const char *const strange[] = {
		"Bearer ib_wrong",
		"Bearer ib_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"Basic YTpi",
		"Bearer eyJhbGciOiJub25lIn0.e30.",
		"Bearer",
		"",
		"Negotiate " LONG_TEXT
	};

	static const enum hostile_caller callers[] = {
		HOSTILE_NOBODY,        HOSTILE_STRANGER,      HOSTILE_READER,
		HOSTILE_READER,        HOSTILE_OPERATOR,      HOSTILE_OPERATOR,
		HOSTILE_OPERATOR,      HOSTILE_ADMINISTRATOR, HOSTILE_ADMINISTRATOR,
		HOSTILE_ADMINISTRATOR,
	};

	request->caller = ANY(draw, callers);
	if (request->caller == HOSTILE_STRANGER)
		request->headers[request->header_count++] =
			(struct http_pair) { "Authorization", ANY(draw, strange) };
	else if (request->caller >= HOSTILE_READER)
		request->headers[request->header_count++] = (struct http_pair) {
			"Authorization",
			draw->world->authorization[request->caller - HOSTILE_READER]
		};
	while (request->header_count < HOSTILE_PAIRS_MAX && hostile_percent(draw, 35)) {
		const char *const *header = ANY(draw, headers);
		bool is_odd = hostile_percent(draw, 15);

		request->headers[request->header_count++] =
			(struct http_pair) { header[0],
					     is_odd ? ANY(draw, odd_values) : header[1] };
	}
}

static void draw_body(struct hostile_draw *draw, struct hostile_request *request)
{
	char bent[2048];
	const char *body = ANY(draw, bodies);
	size_t length = strlen(body);

	if (hostile_percent(draw, strcmp(request->route.method, "GET") == 0 ? 90 : 20))
		return;
	memcpy(bent, body, length);
	if (hostile_percent(draw, 40))
		length = hostile_bend(draw, bent, length, sizeof(bent));
	request->body = length == 0 ? NULL : keep(request, bent, length);
	request->body_length = length;
}

void hostile_draw_request(struct hostile_draw *draw, struct hostile_request *request)
{
	request->used = request->query_count = request->header_count = request->body_length = 0;
	request->body = NULL;
	request->is_route_kept = true;
	(void)api_route_describe(hostile_below(draw, draw->route_count), &request->route);
	request->method = request->route.method;
	if (hostile_percent(draw, 10)) {
		request->method = ANY(draw, methods);
		request->is_route_kept = false;
	}
	draw_path(draw, request);
	draw_query(draw, request);
	draw_headers(draw, request);
	draw_body(draw, request);
}
