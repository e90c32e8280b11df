/* SPDX-License-Identifier: Apache-2.0 */
/* Backups: start one, get one, list them. A backup is what is committed; a backup job that runs or
 * failed is shown beside them with its state, because whoever watches wants to see it. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "api_private.h"

enum {
	/* Seconds until the first poll of a new backup, as recorded. */
	API_CREATE_RETRY_AFTER = 60,
	/* Jobs looked at beside the committed backups. */
	API_JOBS_MAX = 1000,
};

static const char api_backups_name[] = "backups";

struct api_backup_entry {
	char id[GUID_TEXT_SIZE];
	json_t *backup; /* owned */
	json_t *roles;  /* inside backup */
};

struct api_backup_list {
	struct api_call *call;
	struct api_backup_entry *entries;
	size_t count, capacity;
	size_t committed; /* the first so many, sorted by id */
};

static void api_backup_list_done(struct api_backup_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		json_decref(list->entries[i].backup);
	free(list->entries);
}

static int api_backup_entry_compare(const void *left, const void *right)
{
	return strcmp(((const struct api_backup_entry *)left)->id,
		      ((const struct api_backup_entry *)right)->id);
}

static enum status api_backup_list_add(struct api_backup_list *list,
				       const struct api_backup_view *view, struct error *err)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		struct api_backup_entry *entries =
			reallocarray(list->entries, capacity, sizeof(*entries));

		if (entries == NULL)
			return fail_memory(err, "list the backups");
		list->entries = entries;
		list->capacity = capacity;
	}

	struct api_backup_entry *entry = &list->entries[list->count];

	entry->backup = api_backup_json(list->call, API_AS_REQUESTED, view, &entry->roles);
	if (entry->backup == NULL)
		return fail_memory(err, "list the backups");
	/* One damaged pack may harm many files of every backup. */
	(void)json_object_del(
		json_object_get(json_object_get(entry->backup, "properties"), "verification"),
		"harmedFiles");
	memcpy(entry->id, view->id, sizeof(entry->id));
	list->count++;
	return STATUS_OK;
}

/* Its row stays, for its successors; to a caller it is gone. */
static bool api_backup_is_deleted(const struct db_backup *backup)
{
	return strcmp(backup->status, "Deleted") == 0;
}

static enum status api_list_committed(const struct db_backup *backup, void *context,
				      struct error *err)
{
	struct api_backup_list *list = context;
	struct db_verification verification;

	if (api_backup_is_deleted(backup))
		return STATUS_OK;
	enum status status = db_verification_get(list->call->state, backup->id, &verification, err);

	if (status != STATUS_OK)
		return status;
	struct api_backup_view view = api_backup_view_committed(backup, &verification);

	status = api_backup_list_add(list, &view, err);
	db_verification_done(&verification);
	return status;
}

/* A job that succeeded is either committed, and listed so, or its backup is gone by now. One that
 * was skipped never had any data: a version that has no word for it does not show it. */
static bool api_job_is_listed(const struct api_call *call, const struct db_job *job)
{
	if (strcmp(job->state, "Skipped") == 0)
		return call->version >= API_2021_09_01;
	return strcmp(job->state, "Succeeded") != 0 && strcmp(job->state, "PartialSucceeded") != 0;
}

static enum status api_list_job(const struct db_job *job, void *context, struct error *err)
{
	struct api_backup_list *list = context;
	struct api_backup_entry key;

	memcpy(key.id, job->id, sizeof(key.id));
	if (!api_job_is_listed(list->call, job) ||
	    (list->committed > 0 && bsearch(&key, list->entries, list->committed, sizeof(key),
					    api_backup_entry_compare) != NULL))
		return STATUS_OK;

	struct api_backup_view view = api_backup_view_job(list->call, job);

	return api_backup_list_add(list, &view, err);
}

static enum status api_backup_list_load(struct api_backup_list *list, struct error *err)
{
	const char *location = list->call->api->settings.config->deployment.location;
	enum status status =
		db_backup_list(list->call->state, location, api_list_committed, list, err);

	list->committed = list->count;
	if (status == STATUS_OK)
		status = db_job_list(list->call->state, location, "backup", API_JOBS_MAX,
				     api_list_job, list, err);
	if (status == STATUS_OK && list->count > 0)
		qsort(list->entries, list->count, sizeof(*list->entries), api_backup_entry_compare);
	return status;
}

/* The index of the first entry of the page. */
static size_t api_backup_list_start(const struct api_backup_list *list, const struct api_page *page)
{
	size_t at = page->skip;

	if (!page->is_further)
		return at;
	while (at < list->count && strcmp(list->entries[at].id, page->after.id) <= 0)
		at++;
	return at;
}

static enum status api_backup_list_page(struct api_backup_list *list, const struct api_page *page,
					json_t *value, json_t **next, struct error *err)
{
	size_t start = api_backup_list_start(list, page), i = start;
	enum status status = STATUS_OK;

	for (; i < list->count && i - start < page->top; i++) {
		status = api_backup_roles(list->call, list->entries[i].id, list->entries[i].roles,
					  err);
		if (status != STATUS_OK)
			return status;
		if (json_array_append(value, list->entries[i].backup) != 0)
			return fail_memory(err, "list the backups");
	}
	if (i >= list->count || i == start)
		return STATUS_OK;

	struct api_position last = { .number = 0 };

	memcpy(last.id, list->entries[i - 1].id, sizeof(last.id));
	return api_next_link(list->call, api_backups_name, &last, next, err);
}

enum status api_backups_list(struct api_call *call, struct error *err)
{
	struct api_backup_list list = { .call = call };
	struct api_page page;
	AUTO_JSON value = json_array();
	AUTO_JSON next = json_null();
	enum status status = api_contract_page_read(call, api_backups_name, &page, err);

	if (status == STATUS_OK)
		status = api_backup_list_load(&list, err);
	if (status == STATUS_OK)
		status = api_backup_list_page(&list, &page, value, &next, err);
	api_backup_list_done(&list);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8,
			       json_pack("{s:O, s:O}", "value", value, "nextLink", next), err);
}

static void api_id_to_lower(char *id)
{
	for (; *id != '\0'; id++)
		*id = (char)tolower((unsigned char)*id);
}

enum status api_job_get(struct api_call *call, const char *type, struct db_job *out,
			struct error *err)
{
	const char *location = call->api->settings.config->deployment.location;
	struct db_job job = { 0 };
	enum status status = STATUS_NOT_FOUND;

	if (guid_is_valid(call->path.id)) {
		api_id_to_lower(call->path.id);
		status = db_job_get(call->state, call->path.id, &job, err);
	}
	if (status == STATUS_OK && !text_equal_ignoring_case(job.location, location)) {
		db_job_done(&job);
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, type, call->path.id, err);
	if (status == STATUS_OK)
		*out = job;
	return status;
}

static enum status api_backup_answer(struct api_call *call, const struct api_backup_view *view,
				     struct error *err)
{
	json_t *roles = NULL;
	json_t *backup = api_backup_json(call, API_AS_REQUESTED, view, &roles);

	if (backup == NULL)
		return fail_memory(err, "show the backup");
	enum status status = api_backup_roles(call, view->id, roles, err);
	if (status != STATUS_OK) {
		json_decref(backup);
		return status;
	}
	status = api_answer_json(call->response, 200, API_JSON_UTF8, backup, err);
	if (status == STATUS_OK)
		api_etag_of_body(call);
	return status;
}

/* No committed backup has the id: a job that is on its way or failed may. */
static enum status api_backup_job_answer(struct api_call *call, struct error *err)
{
	struct db_job job = { 0 };
	enum status status = api_job_get(call, API_BACKUP_TYPE, &job, err);

	if (status != STATUS_OK)
		return status;
	if (strcmp(job.kind, "backup") == 0 && api_job_is_listed(call, &job)) {
		struct api_backup_view view = api_backup_view_job(call, &job);

		status = api_backup_answer(call, &view, err);
	} else {
		status = api_resource_not_found(call, API_BACKUP_TYPE, call->path.id, err);
	}
	db_job_done(&job);
	return status;
}

enum status api_backup_find(struct api_call *call, struct db_backup *out, struct error *err)
{
	enum status status = STATUS_NOT_FOUND;

	if (guid_is_valid(call->path.id)) {
		api_id_to_lower(call->path.id);
		status = db_backup_get(call->state, call->api->settings.config->deployment.location,
				       call->path.id, out, err);
	}
	if (status == STATUS_OK && api_backup_is_deleted(out)) {
		db_backup_done(out);
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_BACKUP_TYPE, call->path.id, err);
	return status;
}

enum status api_backups_get(struct api_call *call, struct error *err)
{
	struct db_backup backup = { 0 };
	struct db_verification verification = { .backup_id = "" };
	enum status status = api_backup_find(call, &backup, err);

	if (status == STATUS_NOT_FOUND)
		return api_backup_job_answer(call, err);
	if (status == STATUS_OK)
		status = db_verification_get(call->state, backup.id, &verification, err);
	if (status == STATUS_OK) {
		struct api_backup_view view = api_backup_view_committed(&backup, &verification);

		status = api_backup_answer(call, &view, err);
	}
	db_verification_done(&verification);
	db_backup_done(&backup);
	return status;
}

static enum status api_create_answer(struct api_call *call, enum status status, const char *id,
				     struct error *err)
{
	if (status == STATUS_NOT_CONFIGURED && strstr(err->field, "encryptionCert") != NULL)
		call->fault = API_FAULT_CERTIFICATE;
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted(call, id, API_CREATE_RETRY_AFTER, err);
}

enum status api_backups_create(struct api_call *call, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	enum status status = backup_submit(call->api->settings.backup, call->state,
					   call->caller.name, false, id, err);

	return api_create_answer(call, status, id, err);
}

enum status api_backups_retry(struct api_call *call, struct error *err)
{
	char id[GUID_TEXT_SIZE];

	if (!guid_is_valid(call->path.id))
		return api_resource_not_found(call, API_BACKUP_TYPE, call->path.id, err);
	api_id_to_lower(call->path.id);
	enum status status = backup_retry_submit(call->api->settings.backup, call->state,
						 call->path.id, call->caller.name, id, err);
	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_BACKUP_TYPE, call->path.id, err);
	return api_create_answer(call, status, id, err);
}
