/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup prune, pin, unpin */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define PLAN_ID_LENGTH 16

static const char *reason_in_words(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} words[] = {
		{ "foreign", "not written by this service, or changed" },
		{ "missing", "not on the share any more" },
		{ "pinned", "pinned" },
		{ "newestRecoveryReady", "the newest that the cloud can be recovered from" },
		{ "aboveFloor", "one of the newest verified ones, or newer than those" },
		{ "roleFloor", "one of the newest with role" },
		{ "lastOfRole", "the last with role" },
		{ "withinRetention", "within the retention period" },
		{ "heldBack", "expired, but held back" },
		{ "expired", "expired" },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (strcmp(words[i].reason, reason) == 0)
			return words[i].words;
	return reason;
}

static void print_backup(const json_t *backup)
{
	int64_t completed = 0;
	char text[CLOCK_TEXT_SIZE];
	const char *role = json_string_value(json_object_get(backup, "roleName"));
	const char *until = json_string_value(json_object_get(backup, "pinnedUntilDateTime"));
	if (clock_parse(app_json_text(backup, "completedDateTime"), &completed, NULL) != STATUS_OK)
		completed = 0;
	(void)printf("%6lld  %-36s  %-20s %-8s %-5s  %s%s%s%s%s\n",
		     (long long)json_integer_value(json_object_get(backup, "sequence")),
		     app_json_text(backup, "backupId"), app_time_text(completed, text),
		     json_is_true(json_object_get(backup, "isVerified")) ? "yes" : "no",
		     json_is_true(json_object_get(backup, "goes")) ? "goes" : "stays",
		     reason_in_words(app_json_text(backup, "reason")), role != NULL ? " " : "",
		     role != NULL ? role : "", until != NULL ? " until " : "",
		     until != NULL ? until : "");
}

size_t app_prune_count_expired(const json_t *plan)
{
	const json_t *backup;
	size_t i, expired = 0;
	json_array_foreach(json_object_get(plan, "backups"), i, backup)
	{
		const char *reason = app_json_text(backup, "reason");
		expired += strcmp(reason, "expired") == 0 || strcmp(reason, "heldBack") == 0;
	}
	return expired;
}

static size_t count_going(const json_t *plan)
{
	const json_t *backup;
	size_t i, going = 0;
	json_array_foreach(json_object_get(plan, "backups"), i, backup)
	{
		going += json_is_true(json_object_get(backup, "goes")) ? 1 : 0;
	}
	return going;
}

static void print_plan(const json_t *plan)
{
	const json_t *backup;
	size_t i;
	char freed[32];
	const json_t *backups = json_object_get(plan, "backups");
	const char *kept = json_string_value(json_object_get(plan, "packsKept"));
	bool is_dry = json_is_true(json_object_get(plan, "isDryRun"));
	(void)printf("%6s  %-36s  %-20s %-8s %-5s  %s\n", "NUMBER", "ID", "COMPLETED", "VERIFIED",
		     "", "BECAUSE");
	json_array_foreach(backups, i, backup)
	{
		print_backup(backup);
	}
	(void)printf(
		is_dry ? "%zu of %zu backups would go to the trash, and %s of packs away\n"
		       : "%zu of %zu backups went to the trash, and %s of packs away\n",
		count_going(plan), json_array_size(backups),
		app_bytes_text((uint64_t)json_integer_value(json_object_get(plan, "freedBytes")),
			       freed));
	if (kept != NULL)
		(void)printf("no packs are removed: %s\n", kept);
	if (is_dry && json_array_size(json_object_get(plan, "brakes")) > 0)
		(void)printf("held back; if all of it is meant: infrabackup prune --confirm %s\n",
			     app_json_text(plan, "confirm"));
}

static enum status send_prune(struct app_call *call, struct app_client *client, json_t **operation,
			      struct error *err)
{
	char id[GUID_TEXT_SIZE];
	AUTO_JSON body = json_pack("{s:s, s:s?}", "operationType",
				   call->arguments.dry_run ? "DryRun" : "Default", "confirm",
				   call->arguments.confirm);
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status = app_client_begin(client, "POST", "/pruneExternalStore", body, id, err);
	if (status == STATUS_OK)
		status = app_wait(client, id, call->arguments.json, operation, err);
	return status;
}

enum status app_prune(struct app_call *call, struct error *err)
{
	struct app_client client;
	AUTO_JSON operation = NULL;
	const char *confirm = call->arguments.confirm;
	if (confirm != NULL && strlen(confirm) != PLAN_ID_LENGTH)
		return fail_field(err, "--confirm",
				  "found '%.64s', allowed is what a prune that was held back, or "
				  "`infrabackup prune --dry-run`, says",
				  confirm);
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = send_prune(call, &client, &operation, err);
	app_client_close(&client);
	if (status != STATUS_OK)
		return status;
	const json_t *plan =
		json_object_get(json_object_get(operation, "properties"), "retentionPlan");
	if (call->arguments.json)
		call->json = json_incref(operation);
	else if (json_is_object(plan))
		print_plan(plan);
	return app_wait_judge(operation, err);
}

/* --- pins --- */

static void print_pin(const json_t *pin)
{
	const json_t *properties = json_object_get(pin, "properties");
	const char *until = json_string_value(json_object_get(properties, "pinnedUntil"));
	bool is_pinned = json_is_true(json_object_get(properties, "isPinned"));
	(void)printf("%s is %s%s%s\n", app_json_text(pin, "name"),
		     is_pinned ? "pinned" : "not pinned", until != NULL ? " until " : "",
		     until != NULL ? until : "");
}

enum status app_pin(struct app_call *call, struct error *err)
{
	AUTO_JSON body = json_pack("{s:s?}", "until", call->arguments.until);
	if (body == NULL)
		return fail_memory(err, "write request");
	return app_backups_call(call, "POST", "/pin", body, print_pin, err);
}

enum status app_unpin(struct app_call *call, struct error *err)
{
	return app_backups_call(call, "POST", "/unpin", NULL, print_pin, err);
}
