/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup restore */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/restore.h"

#include "app_private.h"

/* The service takes a body of 1 MiB. */
#define PFX_TEXT_MAX (1u << 20)

static enum status put_secret(json_t *body, const char *name, const void *data, size_t length,
			      struct error *err)
{
	json_t *text = json_stringn(data, length);
	if (text == NULL)
		return fail_field(err, name, "found text that is not UTF-8");
	return json_object_set_new(body, name, text) == 0 ? STATUS_OK
							  : fail_memory(err, "write request");
}

static enum status put_pfx(const struct app_call *call, json_t *body, struct error *err)
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	struct buffer text;
	buffer_init(&text, PFX_TEXT_MAX);
	enum status status = app_source_pfx(call, &pfx, &password, err);
	if (status == STATUS_OK)
		status = base64_encode(pfx.data, pfx.length, &text, err);
	if (status == STATUS_OK)
		status = put_secret(body, BACKUP_RESTORE_FIELD_PFX, text.data, text.length, err);
	if (status == STATUS_OK)
		status = put_secret(body, BACKUP_RESTORE_FIELD_PASSWORD, password.data,
				    password.length, err);
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_done(&text);
	return status;
}

static void wipe(json_t *body)
{
	const char *name;
	json_t *value;
	json_object_foreach(body, name, value)
	{
		explicit_bzero((char *)(uintptr_t)json_string_value(value),
			       json_string_length(value));
	}
}

static enum status start(const struct app_call *call, struct app_client *client,
			 char id[GUID_TEXT_SIZE], struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	struct client_answer answer = { 0 };
	char path[80];
	AUTO_JSON body = json_pack("{s:s*}", BACKUP_RESTORE_FIELD_ROLE, arguments->role_name);
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status = put_pfx(call, body, err);
	(void)snprintf(path, sizeof path, "/backups/%s/restore", arguments->backup);
	if (status == STATUS_OK)
		status = app_client_call(client, "POST", path, body, &answer, err);
	if (status == STATUS_OK)
		status = app_client_operation(&answer, id, err);
	wipe(body);
	client_answer_done(&answer);
	return status;
}

static enum status follow(struct app_call *call, struct app_client *client, const char *id,
			  struct error *err)
{
	AUTO_JSON operation = NULL;
	enum status status = app_wait(client, id, call->arguments.json, &operation, err);
	if (status != STATUS_OK)
		return status;
	const json_t *properties = json_object_get(operation, "properties");
	const json_t *error = json_object_get(properties, "error");
	if (call->arguments.json)
		(void)json_object_update(call->json, operation);
	else if (json_array_size(json_object_get(properties, "roles")) > 0)
		app_roles_print(properties);
	if (strcmp(app_json_text(properties, "state"), "PartialSucceeded") == 0)
		return fail(err, STATUS_PARTIAL, "restore", NULL, "%s",
			    app_json_text(error, "message"));
	return app_wait_judge(operation, err);
}

enum status app_restore(struct app_call *call, struct error *err)
{
	struct app_client client;
	char id[GUID_TEXT_SIZE];
	enum status status =
		app_check_id("--backup", call->arguments.backup, "a backup", "backups", err);
	if (status == STATUS_OK)
		status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = start(call, &client, id, err);
	if (status == STATUS_OK) {
		if (call->arguments.json)
			call->json = json_pack("{s:s}", "operationId", id);
		else
			(void)printf("%s\n", id);
		(void)fflush(stdout);
		if (call->arguments.wait)
			status = follow(call, &client, id, err);
	}
	app_client_close(&client);
	return status;
}
