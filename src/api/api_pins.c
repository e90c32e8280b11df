/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: our extension .../backups/{id}/pin and /unpin. A pinned backup is never deleted. */
#include <string.h>

#include "api_private.h"

enum { API_TIME_MAX = 64 };

/* 0: for ever. */
static enum status api_until_read(struct api_call *call, int64_t *until, struct error *err)
{
	AUTO_JSON body = NULL;
	const char *text = NULL;
	const struct json_field field = { .name = "until",
					  .type = JSON_FIELD_STRING,
					  .destination = &text,
					  .max = API_TIME_MAX };
	enum status status = api_body_read(call, true, &body, err);

	if (status == STATUS_OK && body != NULL)
		status = json_read_fields(body, "$", &field, 1, JSON_UNKNOWN_REFUSE, true, err);
	if (status == STATUS_OK && text != NULL &&
	    (clock_parse(text, until, NULL) != STATUS_OK ||
	     *until <= clock_now(call->api->settings.clock)))
		return fail_field(err, "until",
				  "'%.32s' is no time to come in UTC such as 2026-12-01T20:00:00Z",
				  text_is_printable_utf8(text) ? text : "?");
	return status;
}

static enum status api_pin_answer(struct api_call *call, int64_t until, struct error *err)
{
	char id[API_ID_SIZE];
	bool is_timed = until > 0 && until < INT64_MAX;

	return api_answer_json(
		call->response, 200, API_JSON_UTF8,
		json_pack("{s:s, s:s, s:s, s:{s:b, s:o}}", "id",
			  api_child_id(call, API_AS_REQUESTED, "backups", call->path.id, id),
			  "name", call->path.id, "type", API_BACKUP_TYPE "/pin", "properties",
			  "isPinned", until > 0, "pinnedUntil",
			  api_time_or_null(is_timed ? until : 0)),
		err);
}

static enum status api_pin_set(struct api_call *call, int64_t until, struct error *err)
{
	enum status status =
		backup_pin(call->api->settings.backup, call->state, call->path.id, until, err);

	if (status == STATUS_NOT_FOUND)
		return api_resource_not_found(call, API_BACKUP_TYPE, call->path.id, err);
	return status == STATUS_OK ? api_pin_answer(call, until, err) : status;
}

enum status api_backups_pin(struct api_call *call, struct error *err)
{
	int64_t until = 0;
	enum status status = api_until_read(call, &until, err);

	return status == STATUS_OK ? api_pin_set(call, until > 0 ? until : INT64_MAX, err) : status;
}

enum status api_backups_unpin(struct api_call *call, struct error *err)
{
	return api_pin_set(call, 0, err);
}
