/* SPDX-License-Identifier: Apache-2.0 */
/* The backups that came before: database and share are compared before a new one is made. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"
#include "backup_session.h"
#include "backup_trash.h"

struct folder_list {
	struct backup_folder {
		char name[ARCHIVE_FOLDER_SIZE];
		uint64_t sequence;
		char backup_id[GUID_TEXT_SIZE];
	} * items;
	size_t count, capacity;
};

struct history_run {
	struct backup_session *session;
	struct db *state;
	struct share *share;
	struct backup_history *out;
	struct folder_list folders;
};

static enum status see_folder(const struct share_entry *entry, void *context, struct error *err)
{
	struct folder_list *list = context;
	struct backup_folder folder;
	if (!entry->is_directory || strlen(entry->name) >= sizeof folder.name ||
	    !archive_backup_folder_parse(entry->name, &folder.sequence, folder.backup_id))
		return STATUS_OK;
	memcpy(folder.name, entry->name, strlen(entry->name) + 1);
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		struct backup_folder *items = reallocarray(list->items, capacity, sizeof *items);
		if (items == NULL)
			return fail_memory(err, "list backups");
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = folder;
	return STATUS_OK;
}

static int compare_folders(const void *left, const void *right)
{
	const struct backup_folder *left_folder = left, *right_folder = right;
	return (left_folder->sequence > right_folder->sequence) -
	       (left_folder->sequence < right_folder->sequence);
}

static enum status get_file(struct history_run *run, const struct backup_folder *folder,
			    const char *file, size_t max, struct buffer *out, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(folder->name, file, name);
	buffer_init(out, max + 1);
	return share_get(run->share, name, max, out, err);
}

/* Only what this service's own key signed, and whose COMMIT fits, is believed. */
static enum status check_committed(struct history_run *run, const struct backup_folder *folder,
				   const struct buffer *record, struct error *err)
{
	struct buffer signature, commit_bytes;
	struct archive_commit commit;
	unsigned char digest[SHA256_SIZE], public_key[ED25519_PUBLIC_SIZE];
	signing_key_public(run->session->service->identity, public_key);
	hash_sha256(record->data, record->length, digest);
	enum status status = get_file(run, folder, ARCHIVE_SIGNATURE_FILE, ARCHIVE_SMALL_FILE_MAX,
				      &signature, err);
	if (status == STATUS_OK)
		status = signature_verify(public_key, record->data, record->length, signature.data,
					  signature.length, err);
	buffer_done(&signature);
	if (status != STATUS_OK)
		return status;
	status = get_file(run, folder, ARCHIVE_COMMIT_FILE, ARCHIVE_SMALL_FILE_MAX, &commit_bytes,
			  err);
	if (status == STATUS_OK)
		status = archive_commit_parse(commit_bytes.data, commit_bytes.length, &commit, err);
	if (status == STATUS_OK && memcmp(commit.record_sha256, digest, SHA256_SIZE) != 0)
		status = fail(err, STATUS_INTEGRITY, "check commit", folder->name,
			      "COMMIT names another backup.json");
	buffer_done(&commit_bytes);
	return status;
}

/* One that the database has lost. Its dedup secret is lost too, so nothing more is added to it. */
static enum status add_generation(struct history_run *run, const struct archive_record *record,
				  struct error *err)
{
	struct db_generation row;
	memset(&row, 0, sizeof row);
	if (!archive_generation_parse(record->generation, &row.number))
		return fail(err, STATUS_INTEGRITY, "take in backup", record->generation,
			    "it is not the name of a generation");
	(void)snprintf(row.name, sizeof row.name, "%s", record->generation);
	memcpy(row.thumbprint, record->thumbprint, sizeof row.thumbprint);
	row.created_time = record->started_time;
	enum status status = db_generation_add(run->state, &row, err);
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status add_backup(struct history_run *run, const struct backup_folder *folder,
			      struct archive_record *record,
			      const unsigned char digest[SHA256_SIZE], struct error *err)
{
	struct db_backup row;
	AUTO_FREE char *location = strdup(run->session->service->config->deployment.location);
	AUTO_FREE char *name = strdup(folder->name);
	if (location == NULL || name == NULL)
		return fail_memory(err, "take in backup");
	memset(&row, 0, sizeof row);
	memcpy(row.id, record->backup_id, sizeof row.id);
	row.location = location;
	row.sequence = record->sequence;
	row.folder = name;
	row.generation = record->generation;
	row.repository = record->repository_id;
	row.status = record->status;
	row.started_time = record->started_time;
	row.completed_time = record->completed_time;
	row.stamp_version = record->stamp_version;
	row.oem_version = record->oem_version[0] != '\0' ? record->oem_version : NULL;
	row.deployment_id = record->deployment_id;
	memcpy(row.thumbprint, record->thumbprint, sizeof row.thumbprint);
	row.is_automatic = record->is_automatic;
	row.is_cloud_recovery_ready = record->is_cloud_recovery_ready;
	row.bytes = record->bytes;
	row.new_bytes = record->new_bytes;
	memcpy(row.record_sha256, digest, SHA256_SIZE);
	enum status status = add_generation(run, record, err);
	if (status == STATUS_OK)
		status = db_backup_add(run->state, &row, err);
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status add_role(struct history_run *run, struct archive_record *record, size_t position,
			    struct error *err)
{
	struct archive_record_role *role = &record->roles[position];
	struct db_job_role row = {
		.position = (int)position,
		.role = role->name,
		.provider = role->provider,
		.state = role->status,
		.entries = role->entries,
		.bytes = role->bytes,
		.new_bytes = role->new_bytes,
		.problems = role->problems,
		.started_time = record->started_time,
		.ended_time = record->completed_time,
	};
	(void)snprintf(row.job_id, sizeof row.job_id, "%s", record->backup_id);
	if (role->is_taken) {
		memcpy(row.taken_from, role->taken.backup_id, sizeof row.taken_from);
		row.started_time = role->taken.started_time;
		row.ended_time = role->taken.ended_time;
	}
	AUTO_FREE char *error_status = strdup(status_name(STATUS_FAILED));
	if (error_status == NULL)
		return fail_memory(err, "take in backup");
	if (role->error_message != NULL) {
		row.error_status = error_status;
		row.error_message = role->error_message;
	}
	return db_job_role_put(run->state, &row, err);
}

/* Its job too: interrupted in the database's eyes, or unknown. */
static enum status add_job(struct history_run *run, struct archive_record *record,
			   struct error *err)
{
	AUTO_FREE char *kind = strdup(BACKUP_KIND_BACKUP);
	AUTO_FREE char *location = strdup(run->session->service->config->deployment.location);
	AUTO_FREE char *caller = strdup("unknown");
	if (kind == NULL || location == NULL || caller == NULL)
		return fail_memory(err, "take in backup");
	struct db_job job;
	memset(&job, 0, sizeof job);
	memcpy(job.id, record->backup_id, sizeof job.id);
	job.kind = kind;
	job.location = location;
	job.state = record->status;
	job.requested_by = caller;
	job.is_automatic = record->is_automatic;
	job.created_time = record->started_time;
	job.started_time = record->started_time;
	job.ended_time = record->completed_time;
	enum status status = db_job_put_finished(run->state, &job, err);
	for (size_t i = 0; i < record->role_count && status == STATUS_OK; i++)
		status = add_role(run, record, i, err);
	return status;
}

struct taken_in {
	struct history_run *run;
	const struct backup_folder *folder;
	struct archive_record *record;
	unsigned char digest[SHA256_SIZE];
};

static enum status add_head(struct db *state, void *context, struct error *err)
{
	const struct taken_in *taken = context;
	enum status status =
		add_backup(taken->run, taken->folder, taken->record, taken->digest, err);
	if (status == STATUS_OK)
		status = add_job(taken->run, taken->record, err);
	if (status == STATUS_OK)
		status = backup_history_note(taken->run->session, state, taken->record->sequence,
					     taken->record->backup_id, taken->digest, err);
	return status;
}

/* A committed backup on the share that the database does not know. Known and head in one step, as
 * in backup_commit.c. */
static enum status take_in(struct history_run *run, const struct backup_folder *folder,
			   struct error *err)
{
	struct buffer bytes;
	struct taken_in taken = { .run = run, .folder = folder };
	enum status status =
		get_file(run, folder, ARCHIVE_RECORD_FILE, ARCHIVE_RECORD_MAX, &bytes, err);
	if (status == STATUS_OK)
		status = check_committed(run, folder, &bytes, err);
	if (status == STATUS_OK)
		status = archive_record_parse(bytes.data, bytes.length, &taken.record, err);
	if (status == STATUS_OK) {
		hash_sha256(bytes.data, bytes.length, taken.digest);
		status = db_transaction(run->state, add_head, &taken, err);
	}
	if (status == STATUS_OK)
		status = backup_history_note_keys(run->share, run->state, taken.record, err);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_INFO, "backup %s was on the share and is known again",
			    folder->backup_id);
	archive_record_free(taken.record);
	buffer_done(&bytes);
	return status;
}

/* What an interrupted run left. Moved, not deleted: what looks half may be a backup whose COMMIT
 * somebody else removed. */
static enum status move_to_trash(struct history_run *run, const struct backup_folder *folder,
				 struct error *err)
{
	enum status status = backup_trash_move(run->share, folder->name,
					       clock_now(run->session->service->clock), err);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_WARNING,
			    ARCHIVE_BACKUPS "/%s has no COMMIT: moved to the trash", folder->name);
	return status;
}

static enum status has_commit(struct history_run *run, const struct backup_folder *folder,
			      bool *out, struct error *err)
{
	struct buffer bytes;
	enum status status =
		get_file(run, folder, ARCHIVE_COMMIT_FILE, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
	*out = status == STATUS_OK;
	buffer_done(&bytes);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status compare_folder(struct history_run *run, const struct backup_folder *folder,
				  struct error *err)
{
	struct db_backup known;
	bool committed = false;
	memset(&known, 0, sizeof known);
	enum status status =
		db_backup_get(run->state, run->session->service->config->deployment.location,
			      folder->backup_id, &known, err);
	db_backup_done(&known);
	if (status != STATUS_NOT_FOUND)
		return status;
	status = has_commit(run, folder, &committed, err);
	/* Up to the head, what has no COMMIT had one, and somebody took it away. */
	if (status == STATUS_OK && !committed && folder->sequence > run->out->previous_sequence)
		status = backup_finish_commit(run->session, run->share, folder->name, &committed,
					      err);
	if (status != STATUS_OK)
		return status;
	if (!committed)
		return move_to_trash(run, folder, err);
	status = take_in(run, folder, err);
	if (status == STATUS_INTEGRITY || status == STATUS_NOT_FOUND) {
		log_error("backup on the share not taken in", err);
		status = STATUS_OK;
	}
	return status;
}

static void head_name(const struct backup_session *session, char name[64])
{
	(void)snprintf(name, 64, SETTING_HEAD_PREFIX "%s",
		       session->repository.marker.repository_id);
}

enum status backup_history_note(struct backup_session *session, struct db *state, uint64_t sequence,
				const char *backup_id, const unsigned char sha256[SHA256_SIZE],
				struct error *err)
{
	char name[64], digits[2 * SHA256_SIZE + 1], value[160];
	head_name(session, name);
	hex_encode(sha256, SHA256_SIZE, false, digits);
	(void)snprintf(value, sizeof value, "%" PRIu64 " %s %s", sequence, backup_id, digits);
	return db_setting_set(state, name, value, err);
}

static enum status read_head(struct history_run *run, struct error *err)
{
	struct buffer text;
	char name[64], digits[2 * SHA256_SIZE + 1] = "";
	struct backup_history *out = run->out;
	head_name(run->session, name);
	buffer_init(&text, 1024);
	enum status status = db_setting_get(run->state, name, &text, err);
	if (status == STATUS_OK) {
		if (sscanf((const char *)text.data, "%" SCNu64 " %36s %64s",
			   &out->previous_sequence, out->previous_id, digits) != 3 ||
		    !hex_decode(digits, out->previous_sha256, SHA256_SIZE))
			status = fail(err, STATUS_INTEGRITY, "read head of the chain", name,
				      "the setting has another form than this program writes");
		out->has_previous = status == STATUS_OK;
	}
	buffer_done(&text);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* A head that is gone was removed or rolled back by somebody else. The new backup still names it,
 * so that every later verify shows the gap. */
static void warn_missing_head(const struct history_run *run)
{
	const struct backup_history *out = run->out;
	for (size_t i = 0; i < run->folders.count; i++)
		if (strcmp(run->folders.items[i].backup_id, out->previous_id) == 0)
			return;
	log_message(LOG_LEVEL_WARNING,
		    "backup %s (number %" PRIu64
		    ") is no longer on the share: it was removed, or the share was "
		    "rolled back",
		    out->previous_id, out->previous_sequence);
}

static enum status read_figures(struct history_run *run, struct error *err)
{
	struct db_backup newest;
	memset(&newest, 0, sizeof newest);
	enum status status = db_backup_newest(
		run->state, run->session->service->config->deployment.location, &newest, err);
	if (status == STATUS_OK) {
		if (newest.sequence >= run->out->sequence)
			run->out->sequence = newest.sequence + 1;
	}
	db_backup_done(&newest);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status compare_all(struct history_run *run, struct error *err)
{
	enum status status =
		share_list(run->share, ARCHIVE_BACKUPS, see_folder, &run->folders, err);
	if (run->folders.count > 1)
		qsort(run->folders.items, run->folders.count, sizeof *run->folders.items,
		      compare_folders);
	if (status == STATUS_OK)
		status = read_head(run, err);
	if (status == STATUS_OK)
		status = backup_slot_highest(run->share, &run->out->sequence, err);
	run->out->sequence++;
	for (size_t i = 0; i < run->folders.count && status == STATUS_OK; i++) {
		status = compare_folder(run, &run->folders.items[i], err);
		if (run->folders.items[i].sequence >= run->out->sequence)
			run->out->sequence = run->folders.items[i].sequence + 1;
	}
	if (status == STATUS_OK)
		status = read_head(run, err);
	if (status == STATUS_OK && run->out->has_previous)
		warn_missing_head(run);
	if (status == STATUS_OK)
		status = read_figures(run, err);
	return status;
}

enum status backup_history_load(struct backup_session *session, struct db *state,
				struct backup_history *out, struct error *err)
{
	struct history_run run = { .session = session, .state = state, .out = out };
	memset(out, 0, sizeof *out);
	enum status status = backup_connection_take(session, &run.share, err);
	if (status == STATUS_OK)
		status = compare_all(&run, err);
	backup_connection_give(session, run.share, status != STATUS_OK);
	free(run.folders.items);
	return status;
}
