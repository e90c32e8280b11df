/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup maintenance begin, end, show */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

static const char PATH[] = "/maintenance";

static void print_maintenance(const json_t *properties)
{
	static const struct {
		const char *label, *member;
	} lines[] = {
		{ "state", "state" },
		{ "operation", "operation" },
		{ "begun by", "requestedBy" },
		{ "since", "startedTime" },
		{ "planned end", "plannedEnd" },
		{ "ended", "endedTime" },
		{ "ended by", "endedBy" },
		{ "backup before", "backupBefore" },
		{ "backup after", "backupAfter" },
	};
	const char *note = app_json_text(properties, "note");
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		(void)printf("%-13s %s\n", lines[i].label,
			     app_json_text(properties, lines[i].member));
	if (strcmp(note, "-") != 0)
		(void)printf("%-13s %s\n", "note", note);
}

static void show_answer(struct app_call *call, const json_t *body)
{
	if (call->arguments.json)
		call->json = json_deep_copy(body);
	else
		print_maintenance(json_object_get(body, "properties"));
}

static enum status show(struct app_call *call, struct app_client *client, struct error *err)
{
	struct client_answer answer = { 0 };
	enum status status = app_client_call(client, "GET", PATH, NULL, &answer, err);
	if (status == STATUS_OK)
		show_answer(call, answer.body);
	client_answer_done(&answer);
	return status;
}

/* The backup before it; what came of maintenance is shown in any case. */
static enum status follow_backup(struct app_call *call, struct app_client *client,
				 const struct client_answer *answer, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	AUTO_JSON operation = NULL;
	enum status status = app_client_operation(answer, id, err);
	if (status == STATUS_OK)
		status = app_wait(client, id, call->arguments.json, &operation, err);
	if (status == STATUS_OK)
		status = app_wait_judge(operation, err);
	/* A backup without some role is one. */
	if (status == STATUS_OK || status == STATUS_PARTIAL)
		status = show(call, client, err);
	return status;
}

static enum status begin(struct app_call *call, struct app_client *client, struct error *err)
{
	struct client_answer answer = { 0 };
	AUTO_JSON body = json_pack("{s:s, s:s?, s:b}", "operation", call->arguments.operation,
				   "plannedEnd", call->arguments.planned_end, "backupBefore",
				   call->arguments.backup_before);
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status = app_client_call(client, "POST", PATH, body, &answer, err);
	if (status == STATUS_OK && call->arguments.backup_before)
		status = follow_backup(call, client, &answer, err);
	else if (status == STATUS_OK)
		show_answer(call, answer.body);
	client_answer_done(&answer);
	return status;
}

static enum status end(struct app_call *call, struct app_client *client, struct error *err)
{
	struct client_answer answer = { 0 };
	AUTO_JSON body = json_pack("{s:b}", "backupAfter", !call->arguments.no_backup);
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status =
		app_client_call(client, "POST", "/maintenance/end", body, &answer, err);
	if (status == STATUS_OK)
		show_answer(call, answer.body);
	client_answer_done(&answer);
	return status;
}

static enum status with_client(struct app_call *call,
			       enum status (*run)(struct app_call *call, struct app_client *client,
						  struct error *err),
			       struct error *err)
{
	struct app_client client;
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = run(call, &client, err);
	app_client_close(&client);
	return status;
}

enum status app_maintenance_begin(struct app_call *call, struct error *err)
{
	return with_client(call, begin, err);
}

enum status app_maintenance_end(struct app_call *call, struct error *err)
{
	return with_client(call, end, err);
}

enum status app_maintenance_show(struct app_call *call, struct error *err)
{
	return with_client(call, show, err);
}
