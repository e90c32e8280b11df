/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup backups, backups show: what the service knows of its backups. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

static const json_t *info_of(const json_t *backup)
{
	return json_object_get(json_object_get(backup, "properties"), "backupInfo");
}

static const json_t *verification_of(const json_t *backup)
{
	return json_object_get(json_object_get(backup, "properties"), "verification");
}

static int64_t time_of(const json_t *object, const char *name)
{
	int64_t time = 0;
	const char *text = json_string_value(json_object_get(object, name));
	if (text != NULL && clock_parse(text, &time, NULL) != STATUS_OK)
		return 0;
	return time;
}

/* --- the list --- */

static int compare_newest_first(const void *left, const void *right)
{
	json_t *const *left_backup = left, *const *right_backup = right;
	int64_t first = time_of(info_of(*left_backup), "createdDateTime");
	int64_t second = time_of(info_of(*right_backup), "createdDateTime");
	return (first < second) - (first > second);
}

static enum status sort(json_t *list, struct error *err)
{
	size_t count = json_array_size(list);
	AUTO_FREE json_t **backups = calloc(count + 1, sizeof *backups);
	AUTO_JSON sorted = json_array();
	if (backups == NULL || sorted == NULL)
		return fail_memory(err, "list backups");
	for (size_t i = 0; i < count; i++)
		backups[i] = json_array_get(list, i);
	qsort(backups, count, sizeof *backups, compare_newest_first);
	for (size_t i = 0; i < count; i++)
		if (json_array_append(sorted, backups[i]) != 0)
			return fail_memory(err, "list backups");
	(void)json_array_clear(list);
	return json_array_extend(list, sorted) == 0 ? STATUS_OK : fail_memory(err, "list backups");
}

enum status app_backups_fetch(struct app_client *client, json_t **out, struct error *err)
{
	struct client_answer answer = { 0 };
	enum status status = app_client_call(client, "GET", "/backups", NULL, &answer, err);
	json_t *list = json_object_get(answer.body, "value");
	if (status == STATUS_OK && !json_is_array(list))
		status = fail(err, STATUS_FAILED, "call the service", NULL,
			      "the service answered without a list of backups");
	if (status == STATUS_OK)
		status = sort(list, err);
	if (status == STATUS_OK)
		*out = json_incref(list);
	client_answer_done(&answer);
	return status;
}

void app_backups_summary(const json_t *list)
{
	const json_t *backup, *newest = NULL;
	size_t i, committed = 0, damaged = 0;
	char time[CLOCK_TEXT_SIZE];
	json_array_foreach(list, i, backup)
	{
		const json_t *verification = verification_of(backup);
		if (!json_is_object(verification))
			continue;
		if (committed++ == 0)
			newest = backup;
		damaged += strcmp(app_json_text(verification, "state"), "Damaged") == 0;
	}
	if (newest == NULL) {
		(void)printf("backups      -\n");
		return;
	}
	(void)printf("backups      %zu, %zu damaged; the newest, of %s, is %s\n", committed,
		     damaged, app_time_text(time_of(info_of(newest), "createdDateTime"), time),
		     app_json_text(verification_of(newest), "state"));
}

static void print_backup(const json_t *backup)
{
	const json_t *info = info_of(backup);
	const json_t *verification = verification_of(backup);
	char created[CLOCK_TEXT_SIZE], verified[CLOCK_TEXT_SIZE];
	(void)printf("%-20s  %-16s  %-36s  %-5s  %-12s  %s\n",
		     app_time_text(time_of(info, "createdDateTime"), created),
		     app_json_text(info, "status"), app_json_text(info, "backupId"),
		     json_is_true(json_object_get(info, "isCloudRecoveryReady")) ? "yes" : "no",
		     app_json_text(verification, "state"),
		     app_time_text(time_of(verification, "filesTime"), verified));
	if (json_is_string(json_object_get(verification, "problem")))
		(void)printf("  %s\n", app_json_text(verification, "problem"));
}

static void print_list(const json_t *list)
{
	const json_t *backup;
	size_t i;
	(void)printf("%-20s  %-16s  %-36s  %-5s  %-12s  %s\n", "TIME", "STATUS", "ID", "READY",
		     "VERIFICATION", "ALL READ");
	json_array_foreach(list, i, backup)
	{
		print_backup(backup);
	}
}

enum status app_backups(struct app_call *call, struct error *err)
{
	struct app_client client;
	AUTO_JSON list = NULL;
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = app_backups_fetch(&client, &list, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_pack("{s:O}", "backups", list);
	else if (status == STATUS_OK)
		print_list(list);
	app_client_close(&client);
	return status;
}

/* --- one --- */

struct line {
	const char *label, *member;
};

static void print_lines(const json_t *object, const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)printf("%-16s %s\n", lines[i].label, app_json_text(object, lines[i].member));
}

static void print_harm(const json_t *verification)
{
	const json_t *harmed = json_object_get(verification, "filesHarmed");
	const json_t *file;
	size_t i;
	if (!json_is_integer(harmed))
		return;
	(void)printf("%-16s %" JSON_INTEGER_FORMAT "\n", "files harmed",
		     json_integer_value(harmed));
	json_array_foreach(json_object_get(verification, "harmedFiles"), i, file)
	{
		(void)printf("  %s: %s: %s\n", app_json_text(file, "roleName"),
			     app_json_text(file, "path"), app_json_text(file, "problem"));
	}
}

static void print_details(const json_t *backup)
{
	static const struct line of_backup[] = {
		{ "id", "backupId" },
		{ "status", "status" },
		{ "completed", "createdDateTime" },
		{ "certificate", "encryptionCertThumbprint" },
	};
	static const struct line of_verification[] = {
		{ "verification", "state" },     { "read back", "readBackTime" },
		{ "hashes read", "hashesTime" }, { "content read", "contentTime" },
		{ "files read", "filesTime" },   { "damaged since", "damagedTime" },
		{ "problem", "problem" },
	};
	const json_t *info = info_of(backup);
	const json_t *verification = verification_of(backup);
	const json_t *role;
	size_t i;
	print_lines(info, of_backup, ARRAY_LENGTH(of_backup));
	(void)printf("%-16s %s\n", "recovery-ready",
		     json_is_true(json_object_get(info, "isCloudRecoveryReady")) ? "yes" : "no");
	print_lines(verification, of_verification, ARRAY_LENGTH(of_verification));
	print_harm(verification);
	json_array_foreach(json_object_get(info, "roleStatus"), i, role)
	{
		(void)printf("%-16s %s %s\n", i == 0 ? "roles" : "",
			     app_json_text(role, "roleName"), app_json_text(role, "status"));
	}
}

enum status app_backups_call(struct app_call *call, const char *method, const char *action,
			     const json_t *body, void (*print)(const json_t *answer),
			     struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	char path[80];
	enum status status =
		app_check_id("ID", call->arguments.operand, "a backup", "backups", err);
	if (status == STATUS_OK)
		status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	(void)snprintf(path, sizeof path, "/backups/%s%s", call->arguments.operand, action);
	status = app_client_call(&client, method, path, body, &answer, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_incref(answer.body);
	else if (status == STATUS_OK)
		print(answer.body);
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}

enum status app_backups_show(struct app_call *call, struct error *err)
{
	return app_backups_call(call, "GET", "", NULL, print_details, err);
}
