/* SPDX-License-Identifier: Apache-2.0 */
/* Verification on the wire: how far each backup is verified, beside what the contract has of it,
 * and our extensions .../backups/{id}/verify and .../verify. */
#include <string.h>

#include "infrabackup/backup/verify.h"

#include "api_private.h"

enum {
	/* Seconds until the first poll. */
	API_VERIFY_RETRY_AFTER = 60,
	API_DEPTH_MAX = 16,
};

/* --- the state of a backup --- */

/* Appends the files of one role of db_verification.harm. */
static bool api_harmed_files(const json_t *role, json_t *files)
{
	const json_t *name = json_object_get(role, "roleName");
	const json_t *file;
	size_t i;

	json_array_foreach(json_object_get(role, "files"), i, file)
	{
		json_t *item = json_pack("{s:O, s:O, s:O}", "roleName", name, "path",
					 json_object_get(file, "path"), "problem",
					 json_object_get(file, "problem"));

		if (json_array_append_new(files, item) != 0)
			return false;
	}
	return true;
}

/* What cannot be read; all null when nothing is harmed or nobody could look. */
static bool api_verification_harm(json_t *out, const struct db_verification *row)
{
	AUTO_JSON harm = NULL;
	AUTO_JSON roles = json_array();
	AUTO_JSON files = json_array();
	const json_t *role;
	size_t i;

	if (row->harm != NULL)
		status_ignore(json_parse(row->harm, strlen(row->harm), &harm, NULL));
	if (harm == NULL)
		return api_set(out, "filesHarmed", json_null()) &&
		       api_set(out, "harmedRoles", json_null()) &&
		       api_set(out, "harmedFiles", json_null());
	json_array_foreach(json_object_get(harm, "roles"), i, role)
	{
		if (json_array_append(roles, json_object_get(role, "roleName")) != 0 ||
		    !api_harmed_files(role, files))
			return false;
	}
	return api_set(out, "filesHarmed", json_incref(json_object_get(harm, "filesHarmed"))) &&
	       api_set(out, "harmedRoles", json_incref(roles)) &&
	       api_set(out, "harmedFiles", json_incref(files));
}

json_t *api_verification_json(const struct db_verification *row)
{
	AUTO_JSON json = json_object();
	bool complete =
		api_set(json, "state", json_string(db_verified_name(db_verification_state(row)))) &&
		api_set(json, "readBackTime", api_time_or_null(row->read_back_time)) &&
		api_set(json, "hashesTime", api_time_or_null(row->hashes_time)) &&
		api_set(json, "contentTime", api_time_or_null(row->content_time)) &&
		api_set(json, "filesTime", api_time_or_null(row->files_time)) &&
		api_set(json, "damagedTime", api_time_or_null(row->damaged_time)) &&
		api_set(json, "problem",
			row->problem == NULL ? json_null() : json_foreign_text(row->problem)) &&
		api_verification_harm(json, row);

	return complete ? json_incref(json) : NULL;
}

/* --- starting one --- */

static enum status api_depth_read(struct api_call *call, enum backup_verify_depth *out,
				  struct error *err)
{
	const char *depth = NULL;
	const struct json_field field = { .name = "depth",
					  .type = JSON_FIELD_STRING,
					  .destination = &depth,
					  .max = API_DEPTH_MAX };
	AUTO_JSON body = NULL;
	enum status status = api_body_read(call, true, &body, err);

	*out = BACKUP_VERIFY_FILES;
	if (status == STATUS_OK && body != NULL)
		status = json_read_fields(body, "$", &field, 1, JSON_UNKNOWN_REFUSE, true, err);
	depth = api_keep_if_empty(depth);
	if (status == STATUS_OK && depth != NULL && !backup_verify_depth_parse(depth, out))
		status = fail_field(err, "depth",
				    "'%.16s' is not allowed for depth: Hashes, Content or Files",
				    depth);
	return status;
}

/* @backup_id NULL: all. */
static enum status api_verify(struct api_call *call, const char *backup_id, struct error *err)
{
	enum backup_verify_depth depth;
	char operation_id[GUID_TEXT_SIZE];
	enum status status = api_depth_read(call, &depth, err);

	if (status == STATUS_OK)
		status = backup_verify_submit(call->api->settings.backup, call->state, backup_id,
					      depth, call->caller.name, operation_id, err);
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted(call, operation_id, API_VERIFY_RETRY_AFTER, err);
}

enum status api_backups_verify(struct api_call *call, struct error *err)
{
	struct db_backup backup = { 0 };
	enum status status = api_backup_find(call, &backup, err);

	if (status == STATUS_OK)
		status = api_verify(call, backup.id, err);
	db_backup_done(&backup);
	return status;
}

enum status api_backups_verify_all(struct api_call *call, struct error *err)
{
	return api_verify(call, NULL, err);
}
