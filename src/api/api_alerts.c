/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: list, get, close. */
#include <string.h>

#include "api_private.h"

static const char api_alerts_name[] = "alerts";

enum api_alert_key { API_BY_ID, API_BY_CREATED, API_BY_UPDATED };

struct api_alert_order {
	const char *text; /* of $orderby */
	enum api_alert_key key;
	bool is_down;
};

struct api_alert_entry {
	struct api_position position; /* its number: ascending in the order that was asked for */
	json_t *json;
};

struct api_alert_list {
	struct api_call *call;
	struct api_filter *filter;
	struct api_alert_order order;
	struct api_alert_entry *entries; /* owned, with their JSON */
	size_t count, capacity;
};

static struct api_position api_alert_position(const struct api_alert_order *order,
					      const struct db_alert *row)
{
	const int64_t numbers[] = { [API_BY_ID] = 0,
				    [API_BY_CREATED] = row->created_time,
				    [API_BY_UPDATED] = row->updated_time };
	struct api_position position = { .number = order->is_down ? -numbers[order->key]
								  : numbers[order->key] };

	memcpy(position.id, row->id, sizeof(position.id));
	return position;
}

static enum status api_alert_take(const struct alert_view *alert, void *context, struct error *err)
{
	struct api_alert_list *list = context;

	if (!api_filter_passes(list->filter, alert))
		return STATUS_OK;
	if (list->count == list->capacity) {
		size_t capacity = 2 * list->capacity + 16;
		struct api_alert_entry *more =
			realloc(list->entries, capacity * sizeof(list->entries[0]));

		if (more == NULL)
			return fail_memory(err, "list the alerts");
		list->entries = more;
		list->capacity = capacity;
	}
	json_t *json = api_alert_json(list->call, alert);

	if (json == NULL)
		return fail_memory(err, "list the alerts");
	list->entries[list->count++] = (struct api_alert_entry) {
		.position = api_alert_position(&list->order, alert->row),
		.json = json,
	};
	return STATUS_OK;
}

static int api_position_compare(const struct api_position *left, const struct api_position *right)
{
	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return strcmp(left->id, right->id);
}

static int api_alert_compare(const void *left, const void *right)
{
	return api_position_compare(&((const struct api_alert_entry *)left)->position,
				    &((const struct api_alert_entry *)right)->position);
}

static enum status api_order_read(struct api_call *call, struct api_alert_order *out,
				  struct error *err)
{
	static const struct api_alert_order orders[] = {
		{ "", API_BY_ID, false },
		{ "properties/createdTimestamp", API_BY_CREATED, false },
		{ "properties/createdTimestamp asc", API_BY_CREATED, false },
		{ "properties/createdTimestamp desc", API_BY_CREATED, true },
		{ "properties/lastUpdatedTimestamp", API_BY_UPDATED, false },
		{ "properties/lastUpdatedTimestamp asc", API_BY_UPDATED, false },
		{ "properties/lastUpdatedTimestamp desc", API_BY_UPDATED, true },
	};
	const char *text = http_request_query(call->request, "$orderby");

	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++)
		if (text_equal_ignoring_case(text == NULL ? "" : text, orders[i].text)) {
			*out = orders[i];
			return STATUS_OK;
		}
	return fail_field(err, "$orderby",
			  "Found '%.64s'; allowed are Properties/CreatedTimestamp and "
			  "Properties/LastUpdatedTimestamp, with asc or desc",
			  text_is_printable_utf8(text) ? text : "?");
}

/* The index of the first entry of the page. */
static size_t api_alert_start(const struct api_alert_list *list, const struct api_page *page)
{
	size_t at = page->skip;

	if (!page->is_further)
		return at;
	while (at < list->count &&
	       api_position_compare(&list->entries[at].position, &page->after) <= 0)
		at++;
	return at;
}

/* Without nextLink, not even null, at the end: as recorded. */
static enum status api_alert_page(const struct api_alert_list *list, const struct api_page *page,
				  json_t *answer, struct error *err)
{
	json_t *value = json_array(), *next = NULL;
	size_t start = api_alert_start(list, page), i = start;

	if (!api_set(answer, "value", value))
		return fail_memory(err, "list the alerts");
	for (; i < list->count && i - start < page->top; i++)
		if (json_array_append(value, list->entries[i].json) != 0)
			return fail_memory(err, "list the alerts");
	if (i >= list->count || i == start)
		return STATUS_OK;

	enum status status = api_next_link(list->call, api_alerts_name,
					   &list->entries[i - 1].position, &next, err);

	if (status == STATUS_OK && !api_set(answer, "nextLink", next))
		status = fail_memory(err, "list the alerts");
	return status;
}

static void api_alert_list_done(struct api_alert_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		json_decref(list->entries[i].json);
	free(list->entries);
	api_filter_free(list->filter);
}

enum status api_alerts_list(struct api_call *call, struct error *err)
{
	struct api_alert_list list = { .call = call };
	struct api_page page;
	AUTO_JSON answer = json_object();
	enum status status = api_page_read(call, api_alerts_name, &page, err);

	if (status == STATUS_OK)
		status = api_order_read(call, &list.order, err);
	if (status == STATUS_OK)
		status = api_filter_read(call, API_FILTER_ALERTS, &list.filter, err);
	if (status == STATUS_OK)
		status = alert_list(call->api->settings.alerts, call->state, api_alert_take, &list,
				    err);
	if (status == STATUS_OK && list.count > 0)
		qsort(list.entries, list.count, sizeof(list.entries[0]), api_alert_compare);
	if (status == STATUS_OK)
		status = api_alert_page(&list, &page, answer, err);
	api_alert_list_done(&list);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8, json_incref(answer), err);
}

static enum status api_alert_load(struct api_call *call, struct db_alert *row, struct error *err)
{
	enum status status =
		alert_get(call->api->settings.alerts, call->state, call->path.id, row, err);

	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_ALERT_TYPE, call->path.id, err);
	return status;
}

enum status api_alerts_get(struct api_call *call, struct error *err)
{
	struct db_alert row = { .id = "" };
	struct alert_view view;
	enum status status = api_alert_load(call, &row, err);

	if (status != STATUS_OK)
		return status;
	status = alert_view_make(call->api->settings.alerts, &row, &view, err);
	if (status == STATUS_OK) {
		status = api_answer_json(call->response, 200, API_JSON_UTF8,
					 api_alert_json(call, &view), err);
		if (status == STATUS_OK)
			api_etag_of_body(call);
		alert_view_done(&view);
	}
	db_alert_done(&row);
	return status;
}

/* Clients send nothing, {}, parts or all of what they read; all of it means "close". What they
 * write about who and when does not count. */
enum status api_alerts_close(struct api_call *call, struct error *err)
{
	AUTO_JSON body = NULL;
	enum status status = api_body_read(call, true, &body, err);

	if (status == STATUS_OK)
		status = alert_close(call->api->settings.alerts, call->state, call->path.id,
				     call->caller.name, err);
	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_ALERT_TYPE, call->path.id, err);
	return status == STATUS_OK ? api_alerts_get(call, err) : status;
}

enum status api_alerts_repair(struct api_call *call, struct error *err)
{
	struct db_alert row = { .id = "" };
	enum status status = api_alert_load(call, &row, err);

	db_alert_done(&row);
	if (status != STATUS_OK)
		return status;
	return api_fail(call, API_FAULT_REPAIR, STATUS_INVALID, NULL, err,
			"This alert has no automatic repair; follow its remediation");
}
