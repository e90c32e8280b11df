/* SPDX-License-Identifier: Apache-2.0 */
/* POST .../backups/{id}/restore (CONTRACT 4.4). */
#include <string.h>

#include "infrabackup/backup/restore.h"

#include "api_private.h"

enum {
	/* Seconds until the first poll, as recorded. */
	API_RESTORE_RETRY_AFTER = 60,
	API_ROLE_MAX = 256,
	API_PFX_PASSWORD_MAX = 1024,
};

/* The old module sends "-" for all roles. */
static const char *api_role_or_all(const char *role)
{
	return role == NULL || strcmp(role, "-") == 0 ? NULL : api_keep_if_empty(role);
}

static enum status api_pfx_decode(const char *text, struct secret *out, struct error *err)
{
	struct buffer bytes;

	buffer_init(&bytes, HTTP_BODY_MAX);
	enum status status = base64_decode(text, &bytes, NULL);

	if (status != STATUS_OK || bytes.length == 0)
		status = fail_field(err, BACKUP_RESTORE_FIELD_PFX,
				    "The text is not base64; send the bytes of a PFX file in "
				    "base64");
	else
		status = secret_copy(out, bytes.data, bytes.length, err);
	if (bytes.data != NULL)
		explicit_bzero(bytes.data, bytes.capacity);
	buffer_done(&bytes);
	return status;
}

/* *@role points into @body, NULL: none was sent; @pfx stays empty when there is none in it. A name
 * that is not known is refused: a role under a misspelt name would restore all of them. */
static enum status api_restore_read(const json_t *body, const char **role, struct secret *pfx,
				    struct secret *password, struct error *err)
{
	const char *pfx_text = NULL, *password_text = "";
	const struct json_field fields[] = {
		{ .name = BACKUP_RESTORE_FIELD_ROLE,
		  .type = JSON_FIELD_STRING,
		  .destination = role,
		  .max = API_ROLE_MAX },
		{ .name = BACKUP_RESTORE_FIELD_PFX,
		  .type = JSON_FIELD_STRING,
		  .destination = &pfx_text,
		  .max = HTTP_BODY_MAX },
		{ .name = BACKUP_RESTORE_FIELD_PASSWORD,
		  .type = JSON_FIELD_STRING,
		  .destination = &password_text,
		  .max = API_PFX_PASSWORD_MAX },
	};

	if (body == NULL)
		return STATUS_OK;

	enum status status = json_read_fields(body, "$", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, true, err);

	if (status == STATUS_OK && pfx_text != NULL)
		status = api_pfx_decode(pfx_text, pfx, err);
	if (status == STATUS_OK)
		status = secret_copy(password, password_text, strlen(password_text), err);
	*role = api_role_or_all(*role);
	return status;
}

static enum status api_restore_submit(struct api_call *call, const char *backup_id,
				      char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	AUTO_JSON body = NULL;
	const char *role = NULL;
	bool is_optional = call->version == API_2016_05_01;
	enum status status = api_body_read(call, is_optional, &body, err);

	if (status == STATUS_OK)
		status = api_restore_read(body, &role, &pfx, &password, err);
	if (status == STATUS_OK) {
		const struct backup_restore_request request = {
			.backup_id = backup_id,
			.role = role,
			.pfx = secret_is_empty(&pfx) ? NULL : &pfx,
			.password = &password,
		};

		status = backup_restore_submit(call->api->settings.backup, call->state, &request,
					       call->caller.name, operation_id, err);
	}
	api_body_wipe(body);
	return status;
}

enum status api_backups_restore(struct api_call *call, struct error *err)
{
	struct db_backup backup = { 0 };
	char operation_id[GUID_TEXT_SIZE];
	enum status status = api_backup_find(call, &backup, err);

	if (status == STATUS_OK)
		status = api_restore_submit(call, backup.id, operation_id, err);
	db_backup_done(&backup);
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted(call, operation_id, API_RESTORE_RETRY_AFTER, err);
}
