/* SPDX-License-Identifier: Apache-2.0 */
/* ETags and the conditions If-Match and If-None-Match (RFC 9110 sections 8.8.3 and 13).
 *
 * The tag of a backup location stands for what an operator set, in every api-version: not for free
 * capacity and times, which change by themselves and would fail an update that nobody else
 * contradicted. The tags of backups and alerts stand for all that is shown. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "api_private.h"

enum { API_ETAG_BYTES = 16 };

static void api_etag_header(struct api_call *call, const void *data, size_t length)
{
	unsigned char digest[SHA256_SIZE];
	char digits[2 * API_ETAG_BYTES + 1], tag[sizeof(digits) + 2];

	hash_sha256(data, length, digest);
	hex_encode(digest, API_ETAG_BYTES, false, digits);
	(void)snprintf(tag, sizeof(tag), "\"%s\"", digits);
	http_response_header(call->response, "ETag", tag);
}

void api_etag_of_body(struct api_call *call)
{
	api_etag_header(call, call->response->body.data, call->response->body.length);
}

enum status api_etag_of_location(struct api_call *call, const struct db_location *location,
				 struct error *err)
{
	AUTO_JSON settings = json_pack(
		"[I, s?, s?, s?, I, I, b]", (json_int_t)location->changed_time, location->path,
		location->user_name, location->thumbprint[0] == '\0' ? NULL : location->thumbprint,
		(json_int_t)location->frequency_hours, (json_int_t)location->retention_days,
		location->scheduler_enabled);
	struct buffer text;

	if (settings == NULL)
		return fail_memory(err, "tag the backup location");
	buffer_init(&text, HTTP_BODY_MAX);
	enum status status = json_write(settings, &text, err);
	if (status == STATUS_OK)
		api_etag_header(call, text.data, text.length);
	buffer_done(&text);
	return status;
}

/* The end of the entity-tag at @at; NULL when there is none. */
static const char *api_etag_end(const char *at)
{
	if (at[0] == 'W' && at[1] == '/')
		at += 2;
	if (*at++ != '"')
		return NULL;
	while ((unsigned char)*at > 0x20 && *at != '"' && *at != 0x7f)
		at++;
	return *at == '"' ? at + 1 : NULL;
}

struct api_condition {
	const char *name;
	bool was_sent, is_any;
	bool is_strong, is_weak; /* the tag is in the list; by either comparison */
};

/* @tag NULL: the resource has none, or its tag does not matter yet. False for bad syntax. */
static bool api_condition_parse(struct api_condition *condition, const char *text, const char *tag)
{
	bool has_tags = false;

	if (strcmp(text, "*") == 0) {
		condition->is_any = true;
		return true;
	}
	for (const char *at = text + strspn(text, ", \t"); *at != '\0'; at += strspn(at, ", \t")) {
		const char *end = api_etag_end(at);

		if (end == NULL || strchr(", \t", *end) == NULL)
			return false;
		bool is_weak = at[0] == 'W';
		const char *opaque = is_weak ? at + 2 : at;

		if (tag != NULL && strlen(tag) == (size_t)(end - opaque) &&
		    memcmp(opaque, tag, strlen(tag)) == 0) {
			condition->is_weak = true;
			condition->is_strong = condition->is_strong || !is_weak;
		}
		has_tags = true;
		at = end;
	}
	return has_tags;
}

static enum status api_condition_read(const struct api_call *call, const char *name,
				      const char *tag, struct api_condition *out, struct error *err)
{
	const char *text = http_request_header(call->request, name);

	*out = (struct api_condition) { .name = name, .was_sent = text != NULL };
	if (text == NULL || api_condition_parse(out, text, tag))
		return STATUS_OK;
	return fail_field(err, name, "%s must be * or a list of tags such as \"abc\", in quotes",
			  name);
}

static enum status api_condition_failed(struct api_call *call, const char *name, struct error *err)
{
	return api_fail(call, API_FAULT_PRECONDITION, STATUS_INVALID, name, err,
			"The resource is not as %s demands; read it again and decide anew", name);
}

struct api_conditions {
	struct api_condition match, none_match;
};

static enum status api_conditions_read(const struct api_call *call, const char *tag,
				       struct api_conditions *out, struct error *err)
{
	enum status status = api_condition_read(call, "If-Match", tag, &out->match, err);

	if (status == STATUS_OK)
		status = api_condition_read(call, "If-None-Match", tag, &out->none_match, err);
	return status;
}

/* The path of the resource that the request is about: of an action what is before its name. */
static const struct api_route *api_condition_route(struct api_call *probe,
						   struct http_request *read)
{
	char allow[API_ALLOW_SIZE];
	const struct api_route *route = NULL;
	enum api_match match = api_route_find("GET", read->path, probe->version, &route,
					      &probe->path, allow, sizeof(allow));

	return match == API_MATCH ? route : NULL;
}

/* Reads the resource as a GET would. *@exists, and its tag, empty when it has none. */
static enum status api_condition_probe(const struct api_call *call, bool *exists, char tag[64],
				       struct error *err)
{
	struct http_request read = *call->request;
	struct http_response response;
	struct api_call probe = *call;
	AUTO_FREE char *path = strdup(read.path);
	enum status status = STATUS_NOT_FOUND;

	if (path == NULL)
		return fail_memory(err, "check the conditions of the request");
	char *action = strrchr(path, '/');
	if (strcmp(read.method, "POST") == 0 && action != NULL)
		*action = '\0';
	read.method = "GET";
	read.path = path;
	probe.request = &read;
	probe.response = &response;
	http_response_init(&response, 200);
	const struct api_route *route = api_condition_route(&probe, &read);
	if (route != NULL)
		status = route->handle(&probe, err);
	const char *found = http_response_find(&response, "ETag");
	(void)snprintf(tag, 64, "%s", status == STATUS_OK && found != NULL ? found : "");
	http_response_done(&response);
	*exists = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What changes a location is a job, and a write beside one that is queued or running is a conflict;
 * only one that ends between this look and the write comes through unseen. */
static enum status api_condition_check_write(struct api_call *call, struct error *err)
{
	struct api_conditions conditions;
	bool exists = false;
	char tag[64];
	enum status status = api_condition_probe(call, &exists, tag, err);

	if (status == STATUS_OK)
		status = api_conditions_read(call, tag, &conditions, err);
	if (status != STATUS_OK)
		return status;
	if (conditions.match.was_sent &&
	    !(exists && (conditions.match.is_any || conditions.match.is_strong)))
		return api_condition_failed(call, conditions.match.name, err);
	if (exists && (conditions.none_match.is_any || conditions.none_match.is_weak))
		return api_condition_failed(call, conditions.none_match.name, err);
	return STATUS_OK;
}

enum status api_condition_before(struct api_call *call, struct error *err)
{
	struct api_conditions conditions;
	enum status status = api_conditions_read(call, NULL, &conditions, err);

	if (status != STATUS_OK || strcmp(call->request->method, "GET") == 0 ||
	    !(conditions.match.was_sent || conditions.none_match.was_sent))
		return status;
	return api_condition_check_write(call, err);
}

enum status api_condition_after(struct api_call *call, struct error *err)
{
	struct api_conditions conditions;
	const char *tag = http_response_find(call->response, "ETag");
	enum status status = STATUS_OK;

	if (tag == NULL || strcmp(call->request->method, "GET") != 0)
		return STATUS_OK;
	status = api_conditions_read(call, tag, &conditions, err);
	if (status != STATUS_OK)
		return status;
	if (conditions.match.was_sent && !conditions.match.is_any && !conditions.match.is_strong)
		return api_condition_failed(call, conditions.match.name, err);
	if (conditions.none_match.is_any || conditions.none_match.is_weak) {
		call->response->status = 304;
		buffer_clear(&call->response->body);
	}
	return STATUS_OK;
}
