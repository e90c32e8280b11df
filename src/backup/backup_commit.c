/* SPDX-License-Identifier: Apache-2.0 */
/* The commit: in an order that leaves no half backup visible wherever it stops. */
#include <stdio.h>
#include <string.h>

#include "backup_commit.h"
#include "backup_kept.h"
#include "backup_lease.h"
#include "backup_space.h"
#include "backup_quarantine.h"

/* Reading back happens in share_put(); COMMIT is the last name that appears. */
static enum status put_file(struct backup_commit *commit, const char *file, const void *data,
			    size_t length, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	struct share *share = NULL;
	archive_backup_file(commit->folder, file, name);
	enum status status = backup_session_check(commit->session, err);
	if (status == STATUS_OK)
		status = backup_connection_take(commit->session, &share, err);
	if (status == STATUS_OK)
		status = share_put(share, name, data, length, err);
	backup_connection_give(commit->session, share, status != STATUS_OK);
	return status;
}

/* From here on the backup's number is its own, or the backup does not count. */
static enum status take_number(struct backup_commit *commit, struct error *err)
{
	struct backup_session *session = commit->session;
	struct share *share = NULL;
	enum status status = backup_session_check(session, err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = backup_lease_renew(session->service, share, err);
	if (status == STATUS_OK)
		status = backup_slot_take(session->service, share, commit->history->sequence,
					  jobs_run_job(session->run)->id, err);
	backup_connection_give(session, share, status != STATUS_OK);
	return status;
}

/* A controller that took the folder over right after the number was taken may have put the same
 * bytes there. */
static enum status check_commit(struct backup_commit *commit, const struct buffer *expected,
				struct error *err)
{
	struct buffer found;
	char name[ARCHIVE_NAME_SIZE];
	struct share *share = NULL;
	archive_backup_file(commit->folder, ARCHIVE_COMMIT_FILE, name);
	buffer_init(&found, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = backup_connection_take(commit->session, &share, err);
	if (status == STATUS_OK)
		status = share_get(share, name, ARCHIVE_SMALL_FILE_MAX, &found, err);
	if (status == STATUS_OK && (found.length != expected->length ||
				    memcmp(found.data, expected->data, found.length) != 0))
		status = fail(err, STATUS_CONFLICT, "write COMMIT", name,
			      "there is another one already");
	backup_connection_give(commit->session, share, status != STATUS_OK);
	buffer_done(&found);
	return status;
}

static enum status put_commit(struct backup_commit *commit,
			      const unsigned char signature[ED25519_SIGNATURE_SIZE],
			      struct error *err)
{
	struct buffer bytes;
	struct archive_commit file = { .sequence = commit->history->sequence };
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX);
	(void)snprintf(file.backup_id, sizeof file.backup_id, "%s",
		       jobs_run_job(commit->session->run)->id);
	memcpy(file.record_sha256, commit->record_sha256, SHA256_SIZE);
	hash_sha256(signature, ED25519_SIGNATURE_SIZE, file.signature_sha256);
	enum status status = archive_commit_write(&file, &bytes, err);
	if (status == STATUS_OK)
		status = backup_packs_check(commit->session, err);
	if (status == STATUS_OK)
		status = backup_kept_put(commit, err);
	/* Whoever has the number may be committed by the next run. */
	commit->commit_tried = commit->commit_tried || status == STATUS_OK;
	if (status == STATUS_OK)
		status = take_number(commit, err);
	if (status == STATUS_OK)
		status = put_file(commit, ARCHIVE_COMMIT_FILE, bytes.data, bytes.length, err);
	if (status == STATUS_EXISTS)
		status = check_commit(commit, &bytes, err);
	buffer_done(&bytes);
	return status;
}

static enum status put_record(struct backup_commit *commit, struct error *err)
{
	struct archive_record *record = NULL;
	struct buffer bytes;
	unsigned char signature[ED25519_SIGNATURE_SIZE];
	buffer_init(&bytes, ARCHIVE_RECORD_MAX);
	enum status status = backup_record_make(commit, &record, err);
	if (status == STATUS_OK)
		status = archive_record_write(record, &bytes, err);
	if (status == STATUS_OK) {
		hash_sha256(bytes.data, bytes.length, commit->record_sha256);
		status = signing_key_sign(commit->session->service->identity, bytes.data,
					  bytes.length, signature, err);
	}
	if (status == STATUS_OK)
		status = put_file(commit, ARCHIVE_RECORD_FILE, bytes.data, bytes.length, err);
	if (status == STATUS_OK)
		status = put_file(commit, ARCHIVE_SIGNATURE_FILE, signature, sizeof signature, err);
	if (status == STATUS_OK)
		status = put_commit(commit, signature, err);
	archive_record_free(record);
	buffer_done(&bytes);
	return status;
}

/* An essential role that is not complete means that the cloud cannot be recovered from this backup
 * alone. */
static void sum_up(struct backup_commit *commit)
{
	commit->state = JOB_SUCCEEDED;
	commit->is_cloud_recovery_ready = true;
	for (size_t i = 0; i < commit->role_count; i++) {
		const struct backup_role *role = &commit->roles[i];
		if (role->status == STATUS_OK)
			commit->bytes += role->result.bytes;
		if (backup_role_state(role) == JOB_SUCCEEDED)
			continue;
		commit->state = JOB_PARTIAL_SUCCEEDED;
		if (role->essential)
			commit->is_cloud_recovery_ready = false;
	}
}

enum status backup_commit_to_share(struct backup_commit *commit, struct error *err)
{
	struct backup_session *session = commit->session;
	archive_backup_folder(commit->history->sequence, session->started_time,
			      jobs_run_job(session->run)->id, commit->folder);
	sum_up(commit);
	enum status status = backup_manifest_write(commit, err);
	if (status != STATUS_OK)
		return status;
	commit->completed_time = clock_now(session->service->clock);
	commit->new_bytes = backup_packer_stored(session->packer) + commit->manifest_size;
	return put_record(commit, err);
}

static enum status add_backup(struct backup_commit *commit, struct db *state, struct error *err)
{
	const struct backup_session *session = commit->session;
	const struct config *config = session->service->config;
	struct db_backup row;
	memset(&row, 0, sizeof row);
	AUTO_FREE char *location = strdup(config->deployment.location);
	AUTO_FREE char *status_text = strdup(job_state_name(commit->state));
	AUTO_FREE char *stamp_version = strdup(config->deployment.stamp_version);
	AUTO_FREE char *oem_version = config->deployment.oem_version != NULL
					      ? strdup(config->deployment.oem_version)
					      : NULL;
	AUTO_FREE char *deployment_id = strdup(config->deployment.id);
	AUTO_FREE char *generation = strdup(session->generation.name);
	AUTO_FREE char *repository = strdup(session->repository.marker.repository_id);
	if (location == NULL || status_text == NULL || stamp_version == NULL ||
	    deployment_id == NULL || generation == NULL || repository == NULL)
		return fail_memory(err, "record backup");
	(void)snprintf(row.id, sizeof row.id, "%s", jobs_run_job(session->run)->id);
	row.location = location;
	row.sequence = commit->history->sequence;
	row.folder = commit->folder;
	row.generation = generation;
	row.repository = repository;
	row.status = status_text;
	row.started_time = session->started_time;
	row.completed_time = commit->completed_time;
	row.stamp_version = stamp_version;
	row.oem_version = oem_version;
	row.deployment_id = deployment_id;
	memcpy(row.thumbprint, session->certificate->thumbprint, sizeof row.thumbprint);
	row.is_automatic = commit->is_automatic;
	row.is_cloud_recovery_ready = commit->is_cloud_recovery_ready;
	row.bytes = commit->bytes;
	row.new_bytes = commit->new_bytes;
	memcpy(row.record_sha256, commit->record_sha256, SHA256_SIZE);
	return db_backup_add(state, &row, err);
}

static enum status note_keys(struct backup_commit *commit, struct db *state, struct error *err)
{
	const struct certificate *certificates[BACKUP_RECIPIENTS_MAX];
	const char *purposes[BACKUP_RECIPIENTS_MAX];
	size_t count =
		backup_recipients(commit->session, certificates, purposes, BACKUP_RECIPIENTS_MAX);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct db_key key;
		memset(&key, 0, sizeof key);
		AUTO_FREE char *purpose = strdup(purposes[i]);
		AUTO_FREE char *subject = strdup(certificates[i]->subject);
		if (purpose == NULL || subject == NULL)
			return fail_memory(err, "record key use");
		(void)snprintf(key.thumbprint, sizeof key.thumbprint, "%s",
			       certificates[i]->thumbprint);
		key.purpose = purpose;
		key.subject = subject;
		key.not_after = certificates[i]->not_after;
		key.first_used = commit->completed_time;
		key.last_used = commit->completed_time;
		status = db_key_note_use(state, &key, err);
	}
	return status;
}

static enum status add_head(struct db *state, void *context, struct error *err)
{
	struct backup_commit *commit = context;
	enum status status = add_backup(commit, state, err);
	if (status == STATUS_OK)
		status = backup_verification_begin(commit, state, err);
	if (status == STATUS_OK)
		status = backup_history_note(commit->session, state, commit->history->sequence,
					     jobs_run_job(commit->session->run)->id,
					     commit->record_sha256, err);
	return status;
}

/* Known and head in one step: the successor of a backup that is known but not the head would not
 * name it. */
enum status backup_commit_to_database(struct backup_commit *commit, struct db *state,
				      struct error *err)
{
	enum status status = db_transaction(state, add_head, commit, err);
	if (status == STATUS_OK)
		status = note_keys(commit, state, err);
	/* The figure that the portal shows. */
	if (status == STATUS_OK)
		backup_space_note(commit->session, state);
	return status;
}
