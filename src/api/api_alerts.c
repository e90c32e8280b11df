/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: list, get, close. */
#include <string.h>

#include "api_private.h"

struct api_alert_entry {
	int64_t created, updated;
	json_t *json;
};

struct api_alert_list {
	struct api_call *call;
	struct api_filter *filter;
	struct api_alert_entry *entries; /* owned, with their JSON */
	size_t count, capacity;
};

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
		.created = alert->row->created_time,
		.updated = alert->row->updated_time,
		.json = json,
	};
	return STATUS_OK;
}

typedef int (*api_alert_order)(const void *left, const void *right);

static int api_compare(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

static int api_by_created(const void *left, const void *right)
{
	return api_compare(((const struct api_alert_entry *)left)->created,
			   ((const struct api_alert_entry *)right)->created);
}

static int api_by_created_down(const void *left, const void *right)
{
	return api_by_created(right, left);
}

static int api_by_updated(const void *left, const void *right)
{
	return api_compare(((const struct api_alert_entry *)left)->updated,
			   ((const struct api_alert_entry *)right)->updated);
}

static int api_by_updated_down(const void *left, const void *right)
{
	return api_by_updated(right, left);
}

/* NULL: by id, as without $orderby. */
static enum status api_order_read(struct api_call *call, api_alert_order *out, struct error *err)
{
	static const struct {
		const char *text;
		api_alert_order order;
	} orders[] = {
		{ "properties/createdTimestamp", api_by_created },
		{ "properties/createdTimestamp asc", api_by_created },
		{ "properties/createdTimestamp desc", api_by_created_down },
		{ "properties/lastUpdatedTimestamp", api_by_updated },
		{ "properties/lastUpdatedTimestamp asc", api_by_updated },
		{ "properties/lastUpdatedTimestamp desc", api_by_updated_down },
	};
	const char *text = http_request_query(call->request, "$orderby");

	*out = NULL;
	if (text == NULL || text[0] == '\0')
		return STATUS_OK;
	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++)
		if (text_equal_ignoring_case(text, orders[i].text)) {
			*out = orders[i].order;
			return STATUS_OK;
		}
	return fail_field(err, "$orderby",
			  "Found '%.64s'; allowed are Properties/CreatedTimestamp and "
			  "Properties/LastUpdatedTimestamp, with asc or desc",
			  text_is_printable_utf8(text) ? text : "?");
}

static json_t *api_alert_page(const struct api_alert_list *list, const struct api_page *page)
{
	json_t *value = json_array();

	for (size_t i = page->skip; i < list->count && i - page->skip < page->top; i++)
		if (json_array_append(value, list->entries[i].json) != 0) {
			json_decref(value);
			return NULL;
		}
	return value;
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
	api_alert_order order = NULL;
	enum status status = api_page_read(call, &page, err);

	if (status == STATUS_OK)
		status = api_order_read(call, &order, err);
	if (status == STATUS_OK)
		status = api_filter_read(call, API_FILTER_ALERTS, &list.filter, err);
	if (status == STATUS_OK)
		status = alert_list(call->api->settings.alerts, call->state, api_alert_take, &list,
				    err);
	if (status == STATUS_OK && order != NULL && list.count > 0)
		qsort(list.entries, list.count, sizeof(list.entries[0]), order);
	/* No nextLink, not even null: as recorded. */
	if (status == STATUS_OK)
		status = api_answer_json(call->response, 200, API_JSON_UTF8,
					 json_pack("{s:o}", "value", api_alert_page(&list, &page)),
					 err);
	api_alert_list_done(&list);
	return status;
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
