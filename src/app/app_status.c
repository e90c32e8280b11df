/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup status */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define STATUS_OPERATIONS "/operations?%24top=100"

static const json_t *find_state(const json_t *operations, const char *state)
{
	const json_t *operation;
	size_t i;
	json_array_foreach(operations, i, operation)
	{
		const json_t *properties = json_object_get(operation, "properties");
		if (strcmp(app_json_text(properties, "state"), state) == 0)
			return properties;
	}
	return NULL;
}

static uint64_t bytes_of(const json_t *capacity, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(capacity, name));
}

static void print_capacity(const json_t *capacity)
{
	char bytes[16], total[16], needed[16];
	const json_t *days = json_object_get(capacity, "daysToFull");
	if (!json_is_integer(json_object_get(capacity, "freeBytes"))) {
		(void)printf("free         -\n");
		return;
	}
	(void)printf("free         %s of %s", capacity_text(bytes_of(capacity, "freeBytes"), bytes),
		     capacity_text(bytes_of(capacity, "totalBytes"), total));
	if (json_is_integer(json_object_get(capacity, "neededBytes")))
		(void)printf(
			", %s needed%s", capacity_text(bytes_of(capacity, "neededBytes"), needed),
			json_is_true(json_object_get(capacity, "isAlmostFull")) ? ": almost full"
										: "");
	if (json_is_integer(days))
		(void)printf(", full in %lld days", (long long)json_integer_value(days));
	(void)printf("\n");
}

static void print_location(const json_t *store, const json_t *capacity)
{
	const json_t *enabled = json_object_get(store, "isBackupSchedulerEnabled");
	(void)printf("location     %s\n", app_json_text(store, "path"));
	(void)printf("certificate  %s\n", app_json_text(store, "encryptionCertThumbprint"));
	print_capacity(capacity);
	(void)printf(
		"schedule     %s, every %lld hours, kept %lld days\n",
		json_is_true(enabled) ? "on" : "off",
		(long long)json_integer_value(json_object_get(store, "backupFrequencyInHours")),
		(long long)json_integer_value(
			json_object_get(store, "backupRetentionPeriodInDays")));
	(void)printf("last backup  %s\n", app_json_text(store, "lastBackupTime"));
	(void)printf("next backup  %s\n",
		     json_is_true(enabled) ? app_json_text(store, "nextBackupTime") : "-");
}

static void print_running(const json_t *running)
{
	char text[512];
	if (running == NULL) {
		(void)printf("running      -\n");
		return;
	}
	struct app_progress_view view = app_progress_view_of(running);
	(void)printf("running      %s %s, %s\n", app_json_text(running, "kind"),
		     app_json_text(running, "operationId"),
		     app_progress_line(&view, text, sizeof text));
}

static void print_failure(const json_t *failed)
{
	const json_t *error = json_object_get(failed, "error");
	if (failed == NULL) {
		(void)printf("failure      -\n");
		return;
	}
	(void)printf("failure      %s: %s %s, %s: %s\n", app_json_text(failed, "endedTime"),
		     app_json_text(failed, "kind"), app_json_text(failed, "operationId"),
		     app_json_text(error, "failureClass"), app_json_text(error, "message"));
}

static void print_status(const json_t *location, const json_t *capacity, const json_t *backups,
			 const json_t *operations)
{
	const json_t *running = find_state(operations, "Running");
	print_location(
		json_object_get(json_object_get(location, "properties"), "externalStoreDefault"),
		json_object_get(capacity, "properties"));
	app_backups_summary(backups);
	print_running(running != NULL ? running : find_state(operations, "Queued"));
	print_failure(find_state(operations, "Failed"));
}

enum status app_status(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer location = { 0 }, capacity = { 0 }, operations = { 0 };
	AUTO_JSON backups = NULL;
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = app_client_call(&client, "GET", "", NULL, &location, err);
	if (status == STATUS_OK)
		status = app_client_call(&client, "GET", "/capacity", NULL, &capacity, err);
	if (status == STATUS_OK)
		status = app_client_call(&client, "GET", STATUS_OPERATIONS, NULL, &operations, err);
	if (status == STATUS_OK)
		status = app_backups_fetch(&client, &backups, err);
	if (status == STATUS_OK) {
		json_t *list = json_object_get(operations.body, "value");
		if (call->arguments.json)
			call->json = json_pack("{s:O, s:O, s:O, s:O?}", "location", location.body,
					       "capacity", capacity.body, "backups", backups,
					       "operations", list);
		else
			print_status(location.body, capacity.body, backups, list);
	}
	client_answer_done(&location);
	client_answer_done(&capacity);
	client_answer_done(&operations);
	app_client_close(&client);
	return status;
}
