/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log over REST: our extension .../activityLogs.
 *
 * A Reader may see it, as a Reader of Azure sees the activity log: whoever audits must not need the
 * right to change what he audits. It holds names, addresses and what was asked for, no bodies and
 * no secrets; who must not see those either gets no token. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api_private.h"

enum { API_ACTIVITY_DEFAULT = 100, API_ACTIVITY_MAX = 1000 };

#define API_ACTIVITY_TYPE API_LOCATION_TYPE "/activityLogs"

static const char api_activity_name[] = "activityLogs";

struct api_activity_list {
	struct api_call *call;
	size_t top;
	bool has_more;
	struct api_position last;
	json_t *value;
};

static bool api_activity_origin(json_t *properties, const struct db_audit_event *event)
{
	const struct db_audit_origin *origin = &event->origin;

	return api_set(properties, "caller", api_text_or_null(origin->caller)) &&
	       api_set(properties, "callerIdentity", api_text_or_null(origin->caller_identity)) &&
	       api_set(properties, "callerKind", json_string(origin->caller_kind)) &&
	       api_set(properties, "clientIpAddress", api_text_or_null(origin->address)) &&
	       api_set(properties, "method", api_text_or_null(origin->method)) &&
	       api_set(properties, "path", api_text_or_null(origin->path)) &&
	       api_set(properties, "operationName", api_text_or_null(origin->operation)) &&
	       api_set(properties, "apiVersion", api_text_or_null(origin->api_version)) &&
	       api_set(properties, "requestId", api_text_or_null(origin->request_id)) &&
	       api_set(properties, "correlationId", api_text_or_null(origin->correlation_id));
}

static bool api_activity_outcome(json_t *properties, const struct db_audit_event *event)
{
	const struct db_audit_outcome *outcome = &event->outcome;
	char hash[2 * DB_AUDIT_HASH_SIZE + 1];

	hex_encode(event->hash, sizeof(event->hash), false, hash);
	return api_set(properties, "status", json_string(db_audit_status(event))) &&
	       api_set(properties, "endedTimestamp", api_time_or_null(outcome->ended_time)) &&
	       api_set(properties, "httpStatus",
		       outcome->http_status == 0 ? json_null()
						 : json_integer(outcome->http_status)) &&
	       api_set(properties, "errorCode", api_text_or_null(outcome->error_code)) &&
	       api_set(properties, "operationId", api_text_or_null(outcome->job_id)) &&
	       api_set(properties, "requests", json_integer(outcome->requests)) &&
	       api_set(properties, "hash", json_string(hash));
}

static json_t *api_activity_json(const struct api_call *call, const struct db_audit_event *event)
{
	json_t *properties = json_object();
	char name[24], id[API_ID_SIZE];

	(void)snprintf(name, sizeof(name), "%" PRId64, event->sequence);
	if (!api_set(properties, "sequence", json_integer(event->sequence)) ||
	    !api_set(properties, "eventTimestamp", api_time_or_null(event->event_time)) ||
	    !api_activity_origin(properties, event) || !api_activity_outcome(properties, event)) {
		json_decref(properties);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:o}", "id",
			 api_child_id(call, API_AS_REQUESTED, api_activity_name, name, id), "name",
			 name, "type", API_ACTIVITY_TYPE, "properties", properties);
}

static enum status api_list_activity(const struct db_audit_event *event, void *context,
				     struct error *err)
{
	struct api_activity_list *list = context;

	if (json_array_size(list->value) == list->top) {
		list->has_more = true;
		return STATUS_OK;
	}
	list->last.number = event->sequence;
	if (json_array_append_new(list->value, api_activity_json(list->call, event)) != 0)
		return fail_memory(err, "list the activity log");
	return STATUS_OK;
}

static enum status api_activity_page(struct api_call *call, struct api_page *page,
				     struct error *err)
{
	enum status status = api_page_read(call, api_activity_name, page, err);

	if (status != STATUS_OK)
		return status;
	if (page->top == SIZE_MAX)
		page->top = API_ACTIVITY_DEFAULT;
	if (page->top > API_ACTIVITY_MAX)
		return fail_field(err, "$top", "%zu is not allowed for $top: 0 to %d", page->top,
				  API_ACTIVITY_MAX);
	/* Rows are added while somebody reads: numbers of rows to leave out would repeat some. */
	if (page->skip > 0)
		return fail_field(err, "$skip", "$skip is not served here; follow nextLink");
	return STATUS_OK;
}

enum status api_activity_list(struct api_call *call, struct error *err)
{
	AUTO_JSON value = json_array();
	AUTO_JSON next = json_null();
	struct api_activity_list list = { .call = call, .value = value };
	struct db_audit_filter filter = { .before = 0 };
	struct api_page page;
	enum status status = api_activity_page(call, &page, err);

	if (status == STATUS_OK)
		status = api_filter_read_activity(call, &filter, err);
	if (status == STATUS_OK && page.top > 0) {
		list.top = page.top;
		filter.before = page.is_further ? page.after.number : 0;
		/* One more than the page takes, to know whether there are more. */
		filter.max = page.top + 1;
		status = db_audit_list(call->state, &filter, api_list_activity, &list, err);
	}
	if (status == STATUS_OK && list.has_more)
		status = api_next_link(call, api_activity_name, &list.last, &next, err);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:O, s:O}", "value", value, "nextLink", next), err);
}
