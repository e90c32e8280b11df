/* SPDX-License-Identifier: Apache-2.0 */
/* What a verification tells: figures, the state of every backup, damaged packs with whom they harm.
 */
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

#define RESULT_MAX (4u << 20)

static json_t *text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *backups_json(const struct verify_job *job)
{
	json_t *list = json_array();
	for (size_t i = 0; i < job->backup_count && list != NULL; i++) {
		const struct verify_backup *backup = &job->backups[i];
		if (!backup->is_asked && backup->row.damaged_time == 0)
			continue;
		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:o}", "backupId", backup->row.backup_id, "state",
				  db_verified_name(db_verification_state(&backup->row)), "problem",
				  text_or_null(backup->row.problem)));
	}
	return list;
}

static bool names_pack(const struct verify_job *job, const struct verify_backup *backup,
		       const struct verify_pack *pack)
{
	if (!verify_has_record(backup))
		return false;
	const struct archive_record *record = backup->listed->record;
	for (size_t i = 0; i < record->pack_count; i++)
		if (verify_find_pack(job, record->generation, record->packs[i].sha256) == pack)
			return true;
	return false;
}

static json_t *damaged_json(const struct verify_job *job)
{
	json_t *list = json_array();
	for (size_t i = 0; i < job->pack_count && list != NULL; i++) {
		const struct verify_pack *pack = &job->packs[i];
		char name[ARCHIVE_NAME_SIZE];
		if (pack->row.damaged_time == 0)
			continue;
		json_t *harmed = json_array();
		for (size_t backup = 0; backup < job->backup_count; backup++)
			if (names_pack(job, &job->backups[backup], pack))
				(void)json_array_append_new(
					harmed, json_string(job->backups[backup].row.backup_id));
		archive_pack_name(pack->row.generation, pack->row.sha256, name);
		(void)json_array_append_new(
			list, json_pack("{s:s, s:o, s:o}", "path", name, "problem",
					text_or_null(pack->row.problem), "backups", harmed));
	}
	return list;
}

static const char *stop_name(enum verify_stop stop)
{
	switch (stop) {
	case VERIFY_STOP_OTHER_JOB:
		return "another job goes first";
	case VERIFY_STOP_BUDGET:
		return "the day's share of bytes is used up";
	case VERIFY_STOP_DOUBT:
		return "the share answers differently every time";
	case VERIFY_STOP_CHANGED:
		return "backups leave the share all the time";
	case VERIFY_GO_ON:
		break;
	}
	return NULL;
}

enum status verify_set_result(struct verify_job *job, struct error *err)
{
	struct buffer text;
	bool hashes_only = job->key == NULL;
	AUTO_JSON result = json_pack(
		"{s:s, s:b, s:b, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "depth",
		backup_verify_depth_name(hashes_only ? BACKUP_VERIFY_HASHES : job->depth),
		"hasOwnKey", !hashes_only, "isComplete", job->stop == VERIFY_GO_ON,
		"stoppedBecause", text_or_null(stop_name(job->stop)), "packsRead",
		(json_int_t)job->packs_read, "filesRead", (json_int_t)job->files_read, "bytesRead",
		(json_int_t)job->bytes_read, "misread", (json_int_t)job->misread,
		"repositoryProblem", text_or_null(job->repository_problem), "backups",
		backups_json(job), "damagedPacks", damaged_json(job));
	if (result == NULL)
		return fail_memory(err, "write job result");
	buffer_init(&text, RESULT_MAX);
	enum status status = json_write(result, &text, err);
	if (status == STATUS_OK)
		status = jobs_run_set_result(job->run, (const char *)text.data, err);
	buffer_done(&text);
	return status;
}

static const struct verify_backup *first_damaged(const struct verify_job *job, size_t *count)
{
	const struct verify_backup *first = NULL;
	*count = 0;
	for (size_t i = 0; i < job->backup_count; i++) {
		const struct verify_backup *backup = &job->backups[i];
		if (!backup->is_asked || backup->row.damaged_time == 0)
			continue;
		if ((*count)++ == 0)
			first = backup;
	}
	return first;
}

/* One by itself that finds what is known already has nothing new to report. */
enum status verify_judge(struct verify_job *job, struct error *err)
{
	size_t count = 0;
	const struct verify_backup *first = first_damaged(job, &count);
	if (job->repository_problem[0] != '\0')
		return fail(err, STATUS_INTEGRITY, "verify", NULL, "%s", job->repository_problem);
	if (first == NULL || (job->is_rolling && !job->found_damage))
		return STATUS_OK;
	return fail(err, STATUS_INTEGRITY, "verify",
		    first->listed != NULL ? first->listed->folder : "",
		    "%zu %s damaged; backup %s: %.300s. The next backup stores again what the "
		    "services still have",
		    count, count == 1 ? "backup is" : "backups are", first->row.backup_id,
		    first->row.problem);
}
