/* SPDX-License-Identifier: Apache-2.0 */
/* Repeating a backup: what of the earlier one can be taken over. */
#include <stdio.h>
#include <string.h>

#include "backup_retry.h"

#define RETRY_STEP "retry backup"

/* Of one that is not committed only its job is known. */
static enum status check_job(struct db *state, const char *id, struct error *err)
{
	struct db_job job = { .id = "" };
	enum status status = db_job_get(state, id, &job, err);
	if (status == STATUS_OK && strcmp(job.kind, BACKUP_KIND_BACKUP) != 0)
		status = fail(err, STATUS_NOT_FOUND, RETRY_STEP, id, "it is no backup");
	if (status == STATUS_OK && strcmp(job.state, job_state_name(JOB_FAILED)) != 0 &&
	    strcmp(job.state, job_state_name(JOB_CANCELLED)) != 0)
		status = fail(err, STATUS_CONFLICT, RETRY_STEP, id,
			      "the backup is %s; only one that failed, was cancelled or is "
			      "PartialSucceeded can be repeated",
			      job.state);
	db_job_done(&job);
	return status;
}

/* The data of old roles must not become part of the newest backup unless it is the newest there is.
 */
static enum status check_committed(struct db *state, const struct db_backup *backup,
				   struct error *err)
{
	struct db_backup newest = { .id = "" };
	if (strcmp(backup->status, job_state_name(JOB_PARTIAL_SUCCEEDED)) != 0)
		return fail(err, STATUS_CONFLICT, RETRY_STEP, backup->id,
			    "the backup is %s; there is nothing to repeat", backup->status);
	enum status status = db_backup_newest(state, backup->location, &newest, err);
	if (status == STATUS_OK && strcmp(newest.id, backup->id) != 0)
		status = fail(err, STATUS_CONFLICT, RETRY_STEP, backup->id,
			      "backup %s is newer; start a new backup instead", newest.id);
	db_backup_done(&newest);
	return status;
}

enum status backup_retry_check(struct backup_service *service, struct db *state,
			       const char *earlier_id, struct error *err)
{
	struct db_backup backup = { .id = "" };
	enum status status = db_backup_get(state, service->config->deployment.location, earlier_id,
					   &backup, err);
	if (status == STATUS_NOT_FOUND)
		return check_job(state, earlier_id, err);
	if (status == STATUS_OK)
		status = check_committed(state, &backup, err);
	db_backup_done(&backup);
	return status;
}

/* Empty: the job repeats none. */
static enum status read_parameters(const struct db_job *job, char id[GUID_TEXT_SIZE],
				   struct error *err)
{
	AUTO_JSON parameters = NULL;
	id[0] = '\0';
	if (job->parameters == NULL)
		return STATUS_OK;
	enum status status = json_parse(job->parameters, strlen(job->parameters), &parameters, err);
	const char *text = json_string_value(json_object_get(parameters, RETRY_PARAMETER_OF));
	if (text != NULL)
		(void)snprintf(id, GUID_TEXT_SIZE, "%s", text);
	return status;
}

static enum status load_key(struct backup_session *session, struct db *state,
			    struct private_key **out, struct error *err)
{
	enum status status = backup_drill_key_load(session->service, state, out, err);
	if (status == STATUS_OK && *out == NULL)
		status = fail(err, STATUS_NOT_FOUND, "take over roles", NULL,
			      "the service has no drill recipient and cannot open its own backups");
	return status;
}

/* The bytes that this service committed, by the hash that it remembers. */
static enum status load_record(struct backup_session *session, const struct db_backup *backup,
			       struct archive_record **out, struct error *err)
{
	struct share *share = NULL;
	struct buffer bytes;
	unsigned char digest[SHA256_SIZE];
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(backup->folder, ARCHIVE_RECORD_FILE, name);
	buffer_init(&bytes, ARCHIVE_RECORD_MAX + 1);
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = share_get(share, name, ARCHIVE_RECORD_MAX, &bytes, err);
	backup_connection_give(session, share, status != STATUS_OK && status != STATUS_NOT_FOUND);
	if (status == STATUS_OK) {
		hash_sha256(bytes.data, bytes.length, digest);
		if (memcmp(digest, backup->record_sha256, SHA256_SIZE) != 0)
			status = fail(err, STATUS_INTEGRITY, "take over roles", name,
				      "it is not the file that was committed");
	}
	if (status == STATUS_OK)
		status = archive_record_parse(bytes.data, bytes.length, out, err);
	buffer_done(&bytes);
	return status;
}

static enum status open_session(const struct archive_record *record, const struct private_key *key,
				struct secret *out, struct error *err)
{
	for (size_t i = 0; i < record->session_count; i++)
		if (strcmp(record->sessions[i].session_id, record->session_id) == 0)
			return cms_unwrap(record->sessions[i].wrapped_key,
					  record->sessions[i].wrapped_key_length, key, out, err);
	return fail(err, STATUS_INTEGRITY, "take over roles", record->backup_id,
		    "backup.json does not carry the key of its own session");
}

/* All of them, or none: one that is gone or damaged is a reason to read everything again. */
static enum status find_packs(struct backup_session *session, const struct archive_record *record,
			      uint32_t *slots, struct error *err)
{
	if (strcmp(record->generation, session->generation.name) != 0)
		return fail(err, STATUS_NOT_FOUND, "take over roles", record->generation,
			    "a new generation of packs begins with this backup");
	for (size_t i = 0; i < record->pack_count; i++) {
		slots[i] = backup_packs_find_digest(session->packs, record->packs[i].sha256);
		if (slots[i] == BACKUP_SLOT_NONE)
			return fail(err, STATUS_NOT_FOUND, "take over roles", record->backup_id,
				    "a pack of the earlier backup is no longer there");
	}
	return STATUS_OK;
}

static enum status take_over(struct backup_session *session, struct db *state,
			     const struct db_backup *backup, struct backup_role *roles,
			     size_t count, struct error *err)
{
	struct private_key *key = NULL;
	struct archive_record *record = NULL;
	AUTO_SECRET session_key = SECRET_EMPTY;
	AUTO_FREE uint32_t *slots = NULL;
	enum status status = load_key(session, state, &key, err);
	if (status == STATUS_OK)
		status = load_record(session, backup, &record, err);
	if (status == STATUS_OK)
		status = open_session(record, key, &session_key, err);
	if (status == STATUS_OK) {
		slots = calloc(record->pack_count + 1, sizeof *slots);
		status = slots != NULL ? find_packs(session, record, slots, err)
				       : fail_memory(err, "take over roles");
	}
	if (status == STATUS_OK) {
		const struct backup_retry_source source = { record, backup->folder, &session_key,
							    slots };
		status = backup_retry_copy(session, state, &source, roles, count, err);
	}
	archive_record_free(record);
	private_key_free(key);
	return status;
}

/* What is wrong with the earlier backup, and not with the share or this run. */
static bool is_of_earlier(enum status status)
{
	return status == STATUS_NOT_FOUND || status == STATUS_CONFLICT ||
	       status == STATUS_INTEGRITY || status == STATUS_AUTHENTICATION ||
	       status == STATUS_UNSUPPORTED;
}

enum status backup_retry_take_over(struct backup_session *session, struct db *state,
				   struct backup_role *roles, size_t count, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	struct db_backup backup = { .id = "" };
	struct error reason;
	enum status status = read_parameters(jobs_run_job(session->run), id, err);
	if (status != STATUS_OK || id[0] == '\0')
		return status;
	jobs_run_progress(session->run, "taking over roles", 0, 0);
	status = db_backup_get(state, session->service->config->deployment.location, id, &backup,
			       &reason);
	/* It may have changed since the job was queued. */
	if (status == STATUS_OK)
		status = check_committed(state, &backup, &reason);
	if (status == STATUS_OK)
		status = take_over(session, state, &backup, roles, count, &reason);
	db_backup_done(&backup);
	if (status == STATUS_OK)
		return STATUS_OK;
	if (!is_of_earlier(status)) {
		*err = reason;
		return status;
	}
	log_error("roles are read again, because they cannot be taken over", &reason);
	return STATUS_OK;
}
