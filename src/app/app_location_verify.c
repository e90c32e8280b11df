/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup location verify */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

static enum status start(const struct app_arguments *arguments, struct app_client *client,
			 char id[GUID_TEXT_SIZE], struct error *err)
{
	char path[96] = "/verify";
	AUTO_JSON body = json_pack("{s:s*}", "depth", arguments->depth);
	if (body == NULL)
		return fail_memory(err, "write request");
	if (arguments->backup != NULL)
		(void)snprintf(path, sizeof path, "/backups/%s/verify", arguments->backup);
	return app_client_begin(client, "POST", path, body, id, err);
}

/* Damage is what a verification is for: it ends as `verify` does then. */
static enum status judge(const json_t *operation, struct error *err)
{
	const json_t *error = json_object_get(json_object_get(operation, "properties"), "error");
	if (strcmp(app_json_text(error, "failureClass"), status_name(STATUS_INTEGRITY)) == 0)
		return fail(err, STATUS_INTEGRITY, "verify", NULL, "%s",
			    app_json_text(error, "message"));
	return app_wait_judge(operation, err);
}

static uint64_t count_of(const json_t *report, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(report, name));
	return value < 0 ? 0 : (uint64_t)value;
}

static void print_problem(const json_t *item)
{
	if (json_is_string(json_object_get(item, "problem")))
		(void)printf("  %s\n", app_json_text(item, "problem"));
}

static void print_report(const json_t *report)
{
	const json_t *item;
	size_t i;
	char bytes[32];
	if (json_is_string(json_object_get(report, "repositoryProblem")))
		(void)printf("the share: %s\n", app_json_text(report, "repositoryProblem"));
	json_array_foreach(json_object_get(report, "backups"), i, item)
	{
		(void)printf("%-12s  %s\n", app_json_text(item, "state"),
			     app_json_text(item, "backupId"));
		print_problem(item);
	}
	json_array_foreach(json_object_get(report, "damagedPacks"), i, item)
	{
		(void)printf("damaged pack  %s, needed by %zu of the backups\n",
			     app_json_text(item, "path"),
			     json_array_size(json_object_get(item, "backups")));
		print_problem(item);
	}
	(void)printf("depth %s: read %llu packs, %s; put %llu files together%s\n",
		     app_json_text(report, "depth"),
		     (unsigned long long)count_of(report, "packsRead"),
		     app_bytes_text(count_of(report, "bytesRead"), bytes),
		     (unsigned long long)count_of(report, "filesRead"),
		     json_is_true(json_object_get(report, "hasOwnKey"))
			     ? ""
			     : " (the service has no key of its own: engine.drillRecipient)");
}

static enum status follow(struct app_call *call, struct app_client *client, const char *id,
			  struct error *err)
{
	AUTO_JSON operation = NULL;
	AUTO_JSON report = NULL;
	enum status status = app_wait(client, id, call->arguments.json, &operation, err);
	if (status != STATUS_OK)
		return status;
	enum status judged = judge(operation, err);
	if (judged != STATUS_OK && judged != STATUS_INTEGRITY)
		return judged;
	status = app_client_report(client, id, &report, judged == STATUS_OK ? err : NULL);
	if (status != STATUS_OK)
		return judged == STATUS_OK ? status : judged;
	if (call->arguments.json)
		call->json = json_incref(report);
	else
		print_report(report);
	return judged;
}

enum status app_location_verify(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct app_arguments *arguments = &call->arguments;
	char id[GUID_TEXT_SIZE];
	if (arguments->backup != NULL && strcmp(arguments->backup, "all") == 0)
		arguments->backup = NULL;
	enum status status = STATUS_OK;
	if (arguments->backup != NULL)
		status = app_check_id("--backup", arguments->backup, "a backup", "backups", err);
	if (status == STATUS_OK)
		status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = start(arguments, &client, id, err);
	if (status == STATUS_OK)
		status = follow(call, &client, id, err);
	app_client_close(&client);
	return status;
}
