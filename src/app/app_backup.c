/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup backup */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

/* @retry: the backup to repeat; NULL: a whole one. */
static enum status start_backup(struct app_client *client, const char *retry,
				char id[GUID_TEXT_SIZE], struct error *err)
{
	char path[96] = "/createBackup";
	if (retry != NULL && !guid_is_valid(retry))
		return fail_field(err, "--retry", "found \"%.80s\"; allowed is the id of a backup",
				  retry);
	if (retry != NULL)
		(void)snprintf(path, sizeof path, "/backups/%s/retry", retry);
	return app_client_begin(client, "POST", path, NULL, id, err);
}

static uint64_t count_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value < 0 ? 0 : (uint64_t)value;
}

void app_roles_print(const json_t *properties)
{
	const json_t *roles = json_object_get(properties, "roles");
	const json_t *role;
	size_t i;
	char bytes[32], new_bytes[32];
	(void)printf("%-24s %-16s %10s %12s %10s %10s %9s\n", "ROLE", "STATE", "ENTRIES", "BYTES",
		     "NEW", "UNCHANGED", "PROBLEMS");
	json_array_foreach(roles, i, role)
	{
		(void)printf("%-24s %-16s %10llu %12s %10s %10llu %9llu\n",
			     app_json_text(role, "roleName"), app_json_text(role, "state"),
			     (unsigned long long)count_of(role, "entries"),
			     app_bytes_text(count_of(role, "bytes"), bytes),
			     app_bytes_text(count_of(role, "newBytes"), new_bytes),
			     (unsigned long long)count_of(role, "filesUnchanged"),
			     (unsigned long long)count_of(role, "problems"));
		if (json_is_string(json_object_get(role, "takenFromBackupId")))
			(void)printf("  %s: as of %s, taken over from backup %s\n",
				     app_json_text(role, "roleName"),
				     app_json_text(role, "startedTime"),
				     app_json_text(role, "takenFromBackupId"));
		if (json_is_string(json_object_get(role, "error")))
			(void)printf("  %s: %s\n", app_json_text(role, "roleName"),
				     app_json_text(role, "error"));
	}
}

static enum status follow(struct app_call *call, struct app_client *client, const char *id,
			  struct error *err)
{
	AUTO_JSON operation = NULL;
	bool is_json = call->arguments.json;
	enum status status = app_wait(client, id, is_json, &operation, err);
	if (status != STATUS_OK)
		return status;
	if (is_json)
		(void)json_object_update(call->json, operation);
	else
		app_roles_print(json_object_get(operation, "properties"));
	return app_wait_judge(operation, err);
}

enum status app_backup(struct app_call *call, struct error *err)
{
	struct app_client client;
	char id[GUID_TEXT_SIZE];
	enum status status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = start_backup(&client, call->arguments.retry, id, err);
	if (status == STATUS_OK) {
		if (call->arguments.json)
			call->json = json_pack("{s:s}", "backupId", id);
		else
			(void)printf("%s\n", id);
		(void)fflush(stdout);
		if (call->arguments.wait)
			status = follow(call, &client, id, err);
	}
	app_client_close(&client);
	return status;
}
