/* SPDX-License-Identifier: Apache-2.0 */
/* Testing the share of a backup location, or one that is not saved yet: our extension
 * .../testConnection. */
#include "infrabackup/backup/connection.h"

#include "api_private.h"

/* Seconds until the first poll: most tests are over by then. */
static const long api_connection_retry_after = 5;

enum { API_SHARE_MAX = 1024, API_SHARE_USER_MAX = 256, API_SHARE_PASSWORD_MAX = 1024 };

/* Members of @out point into @body. */
static enum status api_connection_read(const json_t *body, struct backup_connection *out,
				       struct error *err)
{
	const struct json_field fields[] = {
		{ .name = "path",
		  .type = JSON_FIELD_STRING,
		  .destination = &out->path,
		  .max = API_SHARE_MAX },
		{ .name = "userName",
		  .type = JSON_FIELD_STRING,
		  .destination = &out->user_name,
		  .max = API_SHARE_USER_MAX },
		{ .name = "password",
		  .type = JSON_FIELD_STRING,
		  .destination = &out->password,
		  .max = API_SHARE_PASSWORD_MAX },
	};

	if (body == NULL)
		return STATUS_OK;
	enum status status = json_read_fields(body, "$", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, true, err);

	out->path = api_keep_if_empty(out->path);
	out->user_name = api_keep_if_empty(out->user_name);
	out->password = api_keep_if_empty(out->password);
	return status;
}

/* Who may test what is saved may not have the service write to any folder or log on anywhere. */
static enum status api_connection_allow(const struct api_call *call,
					const struct backup_connection *connection,
					struct error *err)
{
	bool is_saved = connection->path == NULL && connection->user_name == NULL &&
			connection->password == NULL;

	return is_saved ? STATUS_OK : auth_require(&call->caller, AUTH_ADMINISTRATOR, err);
}

enum status api_connection_test(struct api_call *call, struct error *err)
{
	struct backup_connection connection = { .path = NULL };
	char operation_id[GUID_TEXT_SIZE];
	AUTO_JSON body = NULL;
	enum status status = api_body_read(call, true, &body, err);

	if (status == STATUS_OK)
		status = api_connection_read(body, &connection, err);
	if (status == STATUS_OK)
		status = api_connection_allow(call, &connection, err);
	if (status == STATUS_OK)
		status =
			backup_connection_submit(call->api->settings.backup, call->state,
						 &connection, call->caller.name, operation_id, err);
	api_body_wipe(body);
	if (status != STATUS_OK)
		return status;
	return api_answer_accepted(call, operation_id, api_connection_retry_after, err);
}

enum status api_connection_get(struct api_call *call, struct error *err)
{
	struct buffer text;
	AUTO_JSON report = NULL;

	buffer_init(&text, BACKUP_CONNECTION_REPORT_MAX);
	enum status status = backup_connection_report(call->state, &text, err);

	if (status == STATUS_OK)
		status = json_parse(text.data, text.length, &report, err);
	buffer_done(&text);
	if (status != STATUS_OK)
		return status;
	return api_answer_json(call->response, 200, API_JSON_UTF8, json_incref(report), err);
}
