/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup list */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

/* "Files Database! (failed)": a role that is not complete is marked. */
static void name_roles(const struct archive_record *record, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < record->role_count && used < size; i++) {
		const struct archive_record_role *role = &record->roles[i];
		const char *mark = strcmp(role->status, "Succeeded") == 0 ? "" : "!";
		int more = snprintf(text + used, size - used, "%s%s%s", i == 0 ? "" : ",",
				    role->name, mark);
		used += more > 0 ? (size_t)more : 0;
	}
}

static void print_backup(const struct recover_backup *backup)
{
	const struct archive_record *record = backup->record;
	char time[CLOCK_TEXT_SIZE], bytes[32], new_bytes[32], roles[400];
	if (record == NULL || !backup->is_committed) {
		(void)printf("%5llu  %-20s  %-16s  %s\n", (unsigned long long)backup->sequence, "-",
			     backup->is_committed ? "Damaged" : "Incomplete", backup->backup_id);
		return;
	}
	name_roles(record, roles, sizeof roles);
	(void)printf("%5llu  %-20s  %-16s  %s  %8s  %8s  %-5s  %s\n",
		     (unsigned long long)backup->sequence,
		     app_time_text(record->completed_time, time), record->status, backup->backup_id,
		     app_bytes_text(record->bytes, bytes),
		     app_bytes_text(record->new_bytes, new_bytes),
		     record->is_cloud_recovery_ready ? "yes" : "no", roles);
}

static json_t *role_json(const struct archive_record_role *role)
{
	char time[CLOCK_TEXT_SIZE];
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:s?, s:s?, s:s?}", "name",
			 role->name, "provider", role->provider, "status", role->status,
			 "essential", role->essential, "entries", (json_int_t)role->entries,
			 "bytes", (json_int_t)role->bytes, "problems", (json_int_t)role->problems,
			 "error", role->error_message, "takenFromBackupId",
			 role->is_taken ? role->taken.backup_id : NULL, "takenTime",
			 role->is_taken ? clock_text(role->taken.started_time, time) : NULL);
}

static json_t *record_json(const struct archive_record *record)
{
	char started[CLOCK_TEXT_SIZE], completed[CLOCK_TEXT_SIZE];
	AUTO_JSON roles = json_array();
	for (size_t i = 0; roles != NULL && i < record->role_count; i++)
		(void)json_array_append_new(roles, role_json(&record->roles[i]));
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:O?}",
			 "status", record->status, "startedTime",
			 clock_text(record->started_time, started), "completedTime",
			 clock_text(record->completed_time, completed), "isCloudRecoveryReady",
			 record->is_cloud_recovery_ready, "isAutomaticBackup", record->is_automatic,
			 "stampVersion", record->stamp_version, "generation", record->generation,
			 "thumbprint", record->thumbprint, "deploymentId", record->deployment_id,
			 "bytes", (json_int_t)record->bytes, "newBytes",
			 (json_int_t)record->new_bytes, "packs", (json_int_t)record->pack_count,
			 "roles", roles);
}

static json_t *backup_json(const struct recover_backup *backup)
{
	char hash[FINGERPRINT_TEXT_SIZE];
	hash_fingerprint_text(backup->record_sha256, hash);
	json_t *item =
		json_pack("{s:s, s:I, s:s, s:b, s:s?}", "id", backup->backup_id, "sequence",
			  (json_int_t)backup->sequence, "folder", backup->folder, "isCommitted",
			  backup->is_committed, "head", backup->record == NULL ? NULL : hash);
	if (item != NULL && backup->record != NULL) {
		AUTO_JSON record = record_json(backup->record);
		(void)json_object_update(item, record);
	}
	return item;
}

/* A list is worth having without it. */
static bool look_at_space(const struct app_source *source, struct share_space *out)
{
	return recover_source_space(source->source, out, NULL) == STATUS_OK;
}

static enum status show_json(struct app_call *call, const struct app_source *source,
			     const struct recover_backup *backups, size_t count, struct error *err)
{
	AUTO_JSON list = json_array();
	struct share_space space;
	bool has_space = look_at_space(source, &space);
	for (size_t i = 0; list != NULL && i < count; i++)
		(void)json_array_append_new(list, backup_json(&backups[i]));
	call->json = json_pack(
		"{s:O?, s:o, s:o, s:o}", "backups", list, "findings",
		recover_findings_json(recover_source_findings(source->source)), "freeBytes",
		has_space ? json_integer((json_int_t)space.free) : json_null(), "totalBytes",
		has_space ? json_integer((json_int_t)space.total) : json_null());
	return call->json != NULL ? STATUS_OK : fail_memory(err, "list backups");
}

static void print_head(const struct recover_backup *backups, size_t count)
{
	char hash[FINGERPRINT_TEXT_SIZE];
	for (size_t i = count; i > 0; i--) {
		if (!backups[i - 1].is_committed || backups[i - 1].record == NULL)
			continue;
		hash_fingerprint_text(backups[i - 1].record_sha256, hash);
		(void)printf("head %s\n", hash);
		return;
	}
}

static void print_list(const struct app_source *source, const struct recover_backup *backups,
		       size_t count)
{
	struct share_space space;
	char bytes[16], total[16];
	(void)printf("%5s  %-20s  %-16s  %-36s  %8s  %8s  %-5s  %s\n", "SEQ", "TIME", "STATUS",
		     "ID", "SIZE", "STORED", "READY", "ROLES");
	for (size_t i = 0; i < count; i++)
		print_backup(&backups[i]);
	(void)printf("\n");
	print_head(backups, count);
	if (look_at_space(source, &space))
		(void)printf("free %s of %s\n", capacity_text(space.free, bytes),
			     capacity_text(space.total, total));
	app_findings_print(stdout, recover_source_findings(source->source));
}

enum status app_list(struct app_call *call, struct error *err)
{
	struct app_source source;
	const struct recover_backup *backups = NULL;
	size_t count = 0;
	enum status status = app_source_open(call, NULL, &source, err);
	if (status != STATUS_OK)
		return status;
	status = recover_list(source.source, &backups, &count, err);
	app_progress_end(&source.progress);
	if (status == STATUS_OK && call->arguments.json)
		status = show_json(call, &source, backups, count, err);
	else if (status == STATUS_OK)
		print_list(&source, backups, count);
	const struct recover_findings *findings = recover_source_findings(source.source);
	if (status == STATUS_OK && findings->fatal_count > 0)
		status = fail(err, STATUS_INTEGRITY, "list", NULL,
			      "%zu of the findings must not be ignored", findings->fatal_count);
	app_source_close(&source);
	return status;
}
