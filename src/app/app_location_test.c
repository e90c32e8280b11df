/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup location test */
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/connection.h"

#include "app_private.h"

static enum status make_body(const struct app_arguments *arguments, json_t *body, struct error *err)
{
	enum status status = app_put_path(arguments, body, err);
	return status == STATUS_OK ? app_put_account(arguments, body, err) : status;
}

static enum status test(const struct app_call *call, struct app_client *client, const json_t *body,
			json_t **out, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	AUTO_JSON operation = NULL;
	enum status status = app_client_begin(client, "POST", "/testConnection", body, id, err);
	if (status == STATUS_OK)
		status = app_wait(client, id, call->arguments.json, &operation, err);
	if (status == STATUS_OK)
		status = app_wait_judge(operation, err);
	return status == STATUS_OK ? app_client_report(client, id, out, err) : status;
}

/* As `share test` ends: by the first check that failed. */
static enum status judge(const json_t *report, struct error *err)
{
	const char *result = app_json_text(report, "result");
	const json_t *check;
	size_t i;
	json_array_foreach(json_object_get(report, "checks"), i, check)
	{
		if (strcmp(app_json_text(check, "result"), "failed") == 0)
			return fail(err, status_from_name(app_json_text(check, "status")),
				    "test share", app_json_text(report, "share"),
				    "check \"%s\": %s", app_json_text(check, "id"),
				    app_json_text(check, "found"));
	}
	if (strcmp(result, "incomplete") == 0)
		return fail(err, STATUS_SHARE_CONNECTION, "test share",
			    app_json_text(report, "share"),
			    "the time for the test was over before all checks were done");
	return STATUS_OK;
}

static void show(struct app_call *call, json_t *report)
{
	const json_t *check;
	size_t i;
	if (call->arguments.json) {
		call->json = json_incref(report);
		return;
	}
	app_share_report_heading();
	json_array_foreach(json_object_get(report, "checks"), i, check)
	{
		app_share_report_check(check);
	}
	app_share_report_summary(report);
}

enum status app_location_test(struct app_call *call, struct error *err)
{
	struct app_client client;
	AUTO_JSON body = json_object();
	AUTO_JSON report = NULL;
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status = make_body(&call->arguments, body, err);
	if (status == STATUS_OK)
		status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = test(call, &client, body, &report, err);
	app_client_close(&client);
	if (status != STATUS_OK)
		return status;
	show(call, report);
	return judge(report, err);
}
