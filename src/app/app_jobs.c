/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup jobs, jobs show, cancel */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define JOBS_DEFAULT 20

static uint64_t count_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value < 0 ? 0 : (uint64_t)value;
}

static void print_job(const json_t *properties)
{
	char created[CLOCK_TEXT_SIZE], bytes[32];
	(void)printf("%s  %-14s %-16s %-20s %10s  %s\n", app_json_text(properties, "operationId"),
		     app_json_text(properties, "kind"), app_json_text(properties, "state"),
		     app_seconds_text(app_json_text(properties, "createdTime"), created),
		     app_bytes_text(count_of(properties, "bytesDone"), bytes),
		     app_json_text(properties, "requestedBy"));
}

static void print_jobs(const json_t *list)
{
	const json_t *job;
	size_t i;
	(void)printf("%-36s  %-14s %-16s %-20s %10s  %s\n", "ID", "KIND", "STATE", "CREATED",
		     "BYTES", "REQUESTED BY");
	json_array_foreach(list, i, job)
	{
		print_job(json_object_get(job, "properties"));
	}
}

enum status app_jobs(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	char path[160], filter[96] = "";
	const struct app_arguments *arguments = &call->arguments;
	long long top = arguments->top.is_given ? arguments->top.value : JOBS_DEFAULT;
	if (arguments->kind != NULL &&
	    (strlen(arguments->kind) > 64 ||
	     arguments->kind[strspn(arguments->kind, "abcdefghijklmnopqrstuvwxyz"
						     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] !=
		     '\0'))
		return fail_field(err, "--kind", "allowed is a word, for example backup");
	if (arguments->kind != NULL)
		(void)snprintf(filter, sizeof filter, "&%%24filter=kind%%20eq%%20%%27%s%%27",
			       arguments->kind);
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(path, sizeof path, "/operations?%%24top=%lld%s", top, filter);
	status = app_client_call(&client, "GET", path, NULL, &answer, err);
	if (status == STATUS_OK && arguments->json)
		call->json = json_incref(answer.body);
	else if (status == STATUS_OK)
		print_jobs(json_object_get(answer.body, "value"));
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}

static void print_details(const json_t *properties)
{
	static const struct {
		const char *label, *member;
	} lines[] = {
		{ "id", "operationId" },
		{ "kind", "kind" },
		{ "state", "state" },
		{ "requested by", "requestedBy" },
		{ "created", "createdTime" },
		{ "started", "startedTime" },
		{ "ended", "endedTime" },
		{ "phase", "phase" },
		{ "current role", "currentRole" },
	};
	struct app_progress_view view = app_progress_view_of(properties);
	const json_t *error = json_object_get(properties, "error");
	char text[512];
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		(void)printf("%-13s %s\n", lines[i].label,
			     app_json_text(properties, lines[i].member));
	(void)printf("%-13s %s\n", "progress", app_progress_line(&view, text, sizeof text));
	if (json_is_object(error))
		(void)printf("%-13s %s: %s\n", "error", app_json_text(error, "failureClass"),
			     app_json_text(error, "message"));
	if (json_array_size(json_object_get(properties, "roles")) > 0)
		app_roles_print(properties);
}

static enum status open_with_id(struct app_call *call, struct app_client *client, struct error *err)
{
	enum status status = app_check_id("ID", call->arguments.operand, "a job", "jobs", err);
	return status == STATUS_OK ? app_client_open(call, client, err) : status;
}

enum status app_jobs_show(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	char path[64];
	enum status status = open_with_id(call, &client, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(path, sizeof path, "/operations/%s", call->arguments.operand);
	status = app_client_call(&client, "GET", path, NULL, &answer, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_incref(answer.body);
	else if (status == STATUS_OK)
		print_details(json_object_get(answer.body, "properties"));
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}

static enum status send_cancel(const struct app_call *call, struct app_client *client,
			       struct error *err)
{
	char path[64];
	AUTO_JSON body = json_pack("{s:s?}", "reason", call->arguments.reason);
	if (body == NULL)
		return fail_memory(err, "write request");
	(void)snprintf(path, sizeof path, "/operations/%s/cancel", call->arguments.operand);
	return app_client_call(client, "POST", path, body, NULL, err);
}

/* A job that came to its own end in the same moment was not cancelled. */
static enum status judge_cancelled(const json_t *operation, struct error *err)
{
	const char *state = app_json_text(json_object_get(operation, "properties"), "state");
	if (strcmp(state, "Cancelled") == 0)
		return STATUS_OK;
	return fail(err, STATUS_FAILED, "cancel", NULL, "too late: the job ended as %s", state);
}

enum status app_cancel(struct app_call *call, struct error *err)
{
	struct app_client client;
	AUTO_JSON operation = NULL;
	enum status status = open_with_id(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = send_cancel(call, &client, err);
	if (status == STATUS_OK)
		status = app_wait(&client, call->arguments.operand, true, &operation, err);
	if (status == STATUS_OK)
		status = judge_cancelled(operation, err);
	if (operation != NULL && call->arguments.json)
		call->json = json_incref(operation);
	else if (status == STATUS_OK)
		(void)printf("%s is cancelled\n", call->arguments.operand);
	app_client_close(&client);
	return status;
}
