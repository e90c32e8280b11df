/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of every kind with their progress: our extension .../operations[/{id}]. */
#include <stdint.h>
#include <string.h>

#include "api_private.h"

enum { API_JOBS_DEFAULT = 100, API_JOBS_MAX = 1000 };

static const char api_jobs_name[] = "operations";

struct api_job_list {
	struct api_call *call;
	size_t skip, top;
	bool has_more;
	struct api_position last;
	json_t *value; /* jobs, each with an empty array of roles */
};

static enum status api_list_job(const struct db_job *job, void *context, struct error *err)
{
	struct api_job_list *list = context;
	AUTO_JSON roles = json_array();

	if (list->skip > 0) {
		list->skip--;
		return STATUS_OK;
	}
	if (json_array_size(list->value) == list->top) {
		list->has_more = true;
		return STATUS_OK;
	}
	memcpy(list->last.id, job->id, sizeof(list->last.id));
	if (roles == NULL ||
	    json_array_append_new(list->value, api_job_json(list->call, job, roles)) != 0)
		return fail_memory(err, "list the operations");
	return STATUS_OK;
}

static enum status api_list_role(const struct db_job_role *role, void *context, struct error *err)
{
	if (json_array_append_new(context, api_job_role_json(role)) != 0)
		return fail_memory(err, "list the roles of an operation");
	return STATUS_OK;
}

/* Of roles that run side by side the first one. */
static void api_set_current_role(json_t *properties)
{
	const json_t *role;
	size_t i;

	json_array_foreach(json_object_get(properties, "roles"), i, role)
	{
		const char *state = json_string_value(json_object_get(role, "state"));

		if (state == NULL || strcmp(state, "Running") != 0)
			continue;
		(void)json_object_set(properties, "currentRole", json_object_get(role, "roleName"));
		return;
	}
}

static enum status api_job_roles(struct api_call *call, json_t *job, struct error *err)
{
	json_t *properties = json_object_get(job, "properties");
	enum status status = db_job_role_list(
		call->state, json_string_value(json_object_get(properties, "operationId")),
		api_list_role, json_object_get(properties, "roles"), err);

	if (status == STATUS_OK)
		api_set_current_role(properties);
	return status;
}

static enum status api_page_limit(struct api_page *page, struct error *err)
{
	if (page->top == SIZE_MAX)
		page->top = API_JOBS_DEFAULT;
	if (page->top > API_JOBS_MAX)
		return fail_field(err, "$top", "%zu is not allowed for $top: 0 to %d", page->top,
				  API_JOBS_MAX);
	if (page->skip > API_JOBS_MAX)
		return fail_field(err, "$skip", "%zu is not allowed for $skip: 0 to %d", page->skip,
				  API_JOBS_MAX);
	return STATUS_OK;
}

/* One more than the page takes, to know whether there are more. */
static enum status api_jobs_load(struct api_job_list *list, const struct api_page *page,
				 const char *kind, struct error *err)
{
	struct api_call *call = list->call;

	list->skip = page->skip;
	list->top = page->top;
	if (page->top == 0)
		return STATUS_OK;
	return db_job_list_after(call->state, call->api->settings.config->deployment.location,
				 kind[0] == '\0' ? NULL : kind,
				 page->is_further ? page->after.id : NULL,
				 page->skip + page->top + 1, api_list_job, list, err);
}

enum status api_jobs_list(struct api_call *call, struct error *err)
{
	AUTO_JSON value = json_array();
	AUTO_JSON next = json_null();
	struct api_job_list list = { .call = call, .value = value };
	struct api_page page;
	char kind[API_PARAMETER_SIZE];
	enum status status = api_page_read(call, api_jobs_name, &page, err);

	if (status == STATUS_OK)
		status = api_filter_read_kind(call, kind, err);
	if (status == STATUS_OK)
		status = api_page_limit(&page, err);
	if (status == STATUS_OK)
		status = api_jobs_load(&list, &page, kind, err);
	for (size_t i = 0; status == STATUS_OK && i < json_array_size(value); i++)
		status = api_job_roles(call, json_array_get(value, i), err);
	if (status == STATUS_OK && list.has_more)
		status = api_next_link(call, api_jobs_name, &list.last, &next, err);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:O, s:O}", "value", value, "nextLink", next), err);
}

/* Of a prune, and of an update of the location that shortened the retention. A list leaves it out:
 * it names every backup. */
static void api_set_retention_plan(json_t *properties, const struct db_job *job)
{
	AUTO_JSON result = NULL;

	if (job->result == NULL ||
	    json_parse(job->result, strlen(job->result), &result, NULL) != STATUS_OK)
		return;
	json_t *plan = json_object_get(result, "plan");
	if (json_is_object(plan))
		(void)json_object_set(properties, "retentionPlan", plan);
}

enum status api_job_answer(struct api_call *call, const struct db_job *job, struct error *err)
{
	AUTO_JSON roles = json_array();
	AUTO_JSON json = roles == NULL ? NULL : api_job_json(call, job, roles);

	if (json == NULL)
		return fail_memory(err, "show the operation");
	enum status status = api_job_roles(call, json, err);
	if (status != STATUS_OK)
		return status;
	api_set_retention_plan(json_object_get(json, "properties"), job);
	return api_answer_json(call->response, 200, API_JSON_UTF8, json_incref(json), err);
}

enum status api_jobs_get(struct api_call *call, struct error *err)
{
	struct db_job job = { 0 };
	enum status status = api_job_get(call, API_OPERATION_TYPE, &job, err);

	if (status != STATUS_OK)
		return status;
	status = api_job_answer(call, &job, err);
	db_job_done(&job);
	return status;
}
