/* SPDX-License-Identifier: Apache-2.0 */
/* Whom damage harms: backups that name a damaged pack or whose own files are not what was written,
 * and in them the roles and files that cannot be read. */
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

/* Files that are listed by name; all are counted. */
#define FILES_LISTED 100
#define HARM_MAX (1u << 20)

/* --- files --- */

struct harm {
	struct verify_job *job;
	json_t *roles; /* borrowed */
	json_t *role;  /* borrowed: the present one */
	uint64_t files, listed;
	char last[512]; /* a file comes once for each of its places */
};

static bool is_damaged(const unsigned char sha256[SHA256_SIZE], void *context)
{
	const struct harm *harm = context;
	const struct verify_job *job = harm->job;
	for (size_t i = 0; i < job->pack_count; i++)
		if (job->packs[i].row.damaged_time != 0 &&
		    memcmp(job->packs[i].row.sha256, sha256, SHA256_SIZE) == 0)
			return true;
	return false;
}

/* A name that is not UTF-8 does not fit into JSON; it is counted, and the message of the job's log
 * has its bytes. */
static json_t *text_json(const char *text)
{
	json_t *json = json_string(text);
	return json != NULL ? json : json_string("(a name that is not UTF-8)");
}

static enum status list_file(struct harm *harm, const char *role, const char *path,
			     const char *problem, struct error *err)
{
	const char *present = json_string_value(json_object_get(harm->role, "roleName"));
	if (present == NULL || strcmp(present, role) != 0) {
		json_t *entry = json_pack("{s:o, s:[]}", "roleName", text_json(role), "files");
		harm->role = entry;
		if (entry == NULL || json_array_append_new(harm->roles, entry) != 0)
			return fail_memory(err, "list harmed files");
	}
	json_t *file =
		json_pack("{s:o, s:o}", "path", text_json(path), "problem", text_json(problem));
	if (json_array_append_new(json_object_get(harm->role, "files"), file) != 0)
		return fail_memory(err, "list harmed files");
	harm->listed++;
	return STATUS_OK;
}

static enum status see_harmed(const char *role, const char *path, const char *problem,
			      void *context, struct error *err)
{
	struct harm *harm = context;
	char file[sizeof harm->last];
	(void)snprintf(file, sizeof file, "%s: %s", role, path);
	if (strcmp(file, harm->last) == 0)
		return STATUS_OK;
	memcpy(harm->last, file, sizeof file);
	harm->files++;
	return harm->listed < FILES_LISTED ? list_file(harm, role, path, problem, err) : STATUS_OK;
}

static enum status see_progress(uint64_t files, uint64_t bytes, void *context, struct error *err)
{
	const struct harm *harm = context;
	(void)files;
	(void)bytes;
	return cancel_check(jobs_run_cancel(harm->job->run), "look for harmed files", err);
}

static enum status write_harm(const struct harm *harm, char **out, struct error *err)
{
	struct buffer text;
	AUTO_JSON json = json_pack("{s:I, s:O}", "filesHarmed", (json_int_t)harm->files, "roles",
				   harm->roles);
	if (json == NULL)
		return fail_memory(err, "list harmed files");
	buffer_init(&text, HARM_MAX);
	enum status status = json_write(json, &text, err);
	if (status == STATUS_OK) {
		*out = strdup((const char *)text.data);
		if (*out == NULL)
			status = fail_memory(err, "list harmed files");
	}
	buffer_done(&text);
	return status;
}

/* Only the service's own key shows what is in a backup; without it the harm stays unknown. */
static enum status look_for_harm(struct verify_job *job, struct verify_backup *backup,
				 struct error *err)
{
	AUTO_JSON roles = json_array();
	struct harm harm = { .job = job, .roles = roles };
	const struct recover_files_check files = {
		.read = true,
		.is_suspect = is_damaged,
		.progress = see_progress,
		.broken = see_harmed,
		.context = &harm,
	};
	struct recover_check *check = NULL;
	free(TAKE(backup->row.harm));
	if (roles == NULL)
		return fail_memory(err, "list harmed files");
	if (job->key == NULL)
		return STATUS_OK;
	/* Not the pass's own, which may be without a key for want of depth. */
	enum status status = recover_check_open(job->source, backup->listed, job->key, &check, err);
	if (status == STATUS_AUTHENTICATION)
		return STATUS_OK;
	if (status == STATUS_OK && recover_check_is_open(check)) {
		status = recover_check_files(check, &files, err);
		if (status == STATUS_OK)
			status = write_harm(&harm, &backup->row.harm, err);
	}
	recover_check_close(check);
	return status;
}

/* --- backups --- */

static size_t describe_packs(const struct verify_job *job, const struct verify_backup *backup,
			     char *problem, size_t size)
{
	const struct archive_record *record = backup->listed->record;
	const struct verify_pack *first = NULL;
	char name[ARCHIVE_NAME_SIZE];
	size_t damaged = 0;
	for (size_t i = 0; i < record->pack_count; i++) {
		const struct verify_pack *pack =
			verify_find_pack(job, record->generation, record->packs[i].sha256);
		if (pack->row.damaged_time == 0)
			continue;
		if (damaged++ == 0)
			first = pack;
	}
	if (first == NULL)
		return 0;
	archive_pack_name(first->row.generation, first->row.sha256, name);
	(void)snprintf(problem, size, "%zu of its %zu packs %s damaged or missing: %s: %.160s%s",
		       damaged, record->pack_count, damaged == 1 ? "is" : "are", name,
		       first->row.problem, damaged == 1 ? "" : "; ...");
	return damaged;
}

static enum status mark(struct verify_job *job, struct verify_backup *backup, bool is_own,
			const char *problem, struct error *err)
{
	struct db_verification *row = &backup->row;
	bool is_new = row->problem == NULL || strcmp(row->problem, problem) != 0;
	enum status status = STATUS_OK;
	if (is_own) {
		row->hashes_time = row->content_time = row->files_time = 0;
		row->files_since = 0;
		row->files_done = 0;
		free(TAKE(row->harm));
	} else if (is_new || row->harm == NULL) {
		status = look_for_harm(job, backup, err);
	}
	if (status != STATUS_OK)
		return status;
	if (is_new) {
		free(row->problem);
		row->problem = strdup(problem);
		if (row->problem == NULL)
			return fail_memory(err, "note damaged backup");
		log_message(LOG_LEVEL_ERROR, "backup %s is damaged: %s", row->backup_id, problem);
	}
	if (row->damaged_time == 0) {
		row->damaged_time = job->now;
		job->found_damage = true;
	}
	row->is_own_damage = is_own;
	return db_verification_put(job->state, row, err);
}

static enum status clear(struct verify_job *job, struct verify_backup *backup, struct error *err)
{
	struct db_verification *row = &backup->row;
	if (row->damaged_time == 0 || (row->is_own_damage && !backup->is_whole))
		return STATUS_OK;
	log_message(LOG_LEVEL_INFO, "backup %s is whole again", row->backup_id);
	row->damaged_time = 0;
	row->is_own_damage = false;
	free(TAKE(row->problem));
	free(TAKE(row->harm));
	return db_verification_put(job->state, row, err);
}

static enum status suspect(struct verify_job *job, const struct verify_backup *backup,
			   struct error *err)
{
	void *suspects = reallocarray(job->suspects, job->suspect_count + 1, sizeof *job->suspects);
	if (suspects == NULL)
		return fail_memory(err, "note doubt about backup");
	job->suspects = suspects;
	memcpy(job->suspects[job->suspect_count++], backup->row.backup_id, GUID_TEXT_SIZE);
	if (job->stop == VERIFY_GO_ON)
		job->stop = VERIFY_STOP_DOUBT;
	return STATUS_OK;
}

/* Own files that look damaged for the first time are looked at once more, in another pass. */
static enum status judge_own(struct verify_job *job, struct verify_backup *backup,
			     const char *problem, bool was_suspect, struct error *err)
{
	if (!backup->row.is_own_damage && !was_suspect)
		return suspect(job, backup, err);
	return mark(job, backup, true, problem, err);
}

static enum status judge(struct verify_job *job, struct verify_backup *backup, bool was_suspect,
			 struct error *err)
{
	char problem[512] = "";
	const char *own =
		backup->own_problem[0] != '\0' ? backup->own_problem : backup->file_problem;
	if (backup->is_asked && own[0] != '\0')
		return judge_own(job, backup, own, was_suspect, err);
	if (!verify_has_record(backup))
		return STATUS_OK;
	if (describe_packs(job, backup, problem, sizeof problem) > 0)
		return mark(job, backup, false, problem, err);
	return clear(job, backup, err);
}

static bool was_suspected(const struct verify_job *job, const struct verify_backup *backup,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(job->suspects[i], backup->row.backup_id) == 0)
			return true;
	return false;
}

static bool anything_own(const struct verify_job *job)
{
	for (size_t i = 0; i < job->backup_count; i++)
		if (job->backups[i].own_problem[0] != '\0' ||
		    job->backups[i].file_problem[0] != '\0')
			return true;
	return false;
}

enum status verify_harm(struct verify_job *job, struct error *err)
{
	size_t before = job->suspect_count;
	enum status status = anything_own(job) ? verify_recognise(job, err) : STATUS_OK;
	if (status != STATUS_OK || job->stop == VERIFY_STOP_CHANGED)
		return status;
	for (size_t i = 0; i < job->backup_count && status == STATUS_OK; i++) {
		struct verify_backup *backup = &job->backups[i];
		status = judge(job, backup, was_suspected(job, backup, before), err);
	}
	/* Those of the pass before are decided now. */
	job->suspect_count -= before;
	if (before > 0 && job->suspect_count > 0)
		memmove(job->suspects, job->suspects + before,
			job->suspect_count * sizeof *job->suspects);
	return status;
}
