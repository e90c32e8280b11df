/* SPDX-License-Identifier: Apache-2.0 */
/* backup.json of a run. */
#include <stdio.h>
#include <string.h>

#include "backup_commit.h"

#define COPY_TEXT(to, from) ((void)snprintf((to), sizeof(to), "%s", (from)))

static void fill_identity(const struct backup_commit *commit, struct archive_record *record)
{
	const struct backup_session *session = commit->session;
	const struct config *config = session->service->config;
	COPY_TEXT(record->repository_id, session->repository.marker.repository_id);
	memcpy(record->repository_sha256, session->repository.marker_sha256, SHA256_SIZE);
	COPY_TEXT(record->deployment_id, config->deployment.id);
	COPY_TEXT(record->external_domain, config->deployment.external_domain);
	COPY_TEXT(record->region, config->deployment.location);
	COPY_TEXT(record->backup_id, jobs_run_job(session->run)->id);
	COPY_TEXT(record->session_id, session->session_id);
	COPY_TEXT(record->generation, session->generation.name);
	COPY_TEXT(record->thumbprint, session->certificate->thumbprint);
	COPY_TEXT(record->stamp_version, config->deployment.stamp_version);
	if (config->deployment.oem_version != NULL)
		COPY_TEXT(record->oem_version, config->deployment.oem_version);
}

static void fill_figures(const struct backup_commit *commit, struct archive_record *record)
{
	const struct backup_history *history = commit->history;
	record->sequence = history->sequence;
	record->started_time = commit->session->started_time;
	record->completed_time = commit->completed_time;
	COPY_TEXT(record->status, job_state_name(commit->state));
	record->is_automatic = commit->is_automatic;
	record->is_cloud_recovery_ready = commit->is_cloud_recovery_ready;
	record->manifest_size = commit->manifest_size;
	memcpy(record->manifest_sha256, commit->manifest_sha256, SHA256_SIZE);
	record->bytes = commit->bytes;
	record->new_bytes = commit->new_bytes;
	record->has_previous = history->has_previous;
	if (history->has_previous) {
		COPY_TEXT(record->previous.backup_id, history->previous_id);
		record->previous.sequence = history->previous_sequence;
		memcpy(record->previous.sha256, history->previous_sha256, SHA256_SIZE);
	}
}

static enum status fill_recipients(const struct backup_session *session,
				   struct archive_record *record, struct error *err)
{
	const struct certificate *certificates[BACKUP_RECIPIENTS_MAX];
	const char *purposes[BACKUP_RECIPIENTS_MAX];
	size_t count = backup_recipients(session, certificates, purposes, BACKUP_RECIPIENTS_MAX);
	record->recipients = calloc(count, sizeof *record->recipients);
	if (record->recipients == NULL)
		return fail_memory(err, "make backup.json");
	record->recipient_count = count;
	for (size_t i = 0; i < count; i++) {
		COPY_TEXT(record->recipients[i].thumbprint, certificates[i]->thumbprint);
		memcpy(record->recipients[i].sha256, certificates[i]->sha256, SHA256_SIZE);
		COPY_TEXT(record->recipients[i].purpose, purposes[i]);
	}
	return STATUS_OK;
}

static enum status fill_role(const struct backup_role *role, struct archive_record_role *out,
			     struct error *err)
{
	char message[1024];
	out->name = strdup(role->name);
	out->provider = strdup(role->provider);
	if (out->name == NULL || out->provider == NULL)
		return fail_memory(err, "make backup.json");
	out->essential = role->essential;
	out->restore_priority = role->restore_priority;
	COPY_TEXT(out->status, job_state_name(backup_role_state(role)));
	if (role->status == STATUS_OK) {
		out->entries = role->result.entries;
		out->bytes = role->result.bytes;
		out->new_bytes = role->result.new_bytes;
		out->problems = role->result.problems;
		out->is_taken = role->is_taken;
		COPY_TEXT(out->taken.backup_id, role->result.taken_from);
		out->taken.started_time = role->result.started_time;
		out->taken.ended_time = role->result.ended_time;
		return STATUS_OK;
	}
	out->error_message = strdup(error_text(&role->error, message, sizeof message));
	return out->error_message != NULL ? STATUS_OK : fail_memory(err, "make backup.json");
}

static enum status fill_roles(const struct backup_commit *commit, struct archive_record *record,
			      struct error *err)
{
	record->roles = calloc(commit->role_count, sizeof *record->roles);
	if (record->roles == NULL)
		return fail_memory(err, "make backup.json");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < commit->role_count && status == STATUS_OK; i++) {
		record->role_count++;
		status = fill_role(&commit->roles[i], &record->roles[i], err);
	}
	return status;
}

/* The index of the session in the record, added with its wrapped key when it is new. A record names
 * few sessions: one a backup of the generation at most. */
static enum status session_index(const struct backup_session *session, struct db *catalogue,
				 struct archive_record *record, const char *session_id,
				 uint32_t *out, struct error *err)
{
	for (uint32_t i = 0; i < record->session_count; i++)
		if (strcmp(record->sessions[i].session_id, session_id) == 0) {
			*out = i;
			return STATUS_OK;
		}
	struct archive_record_session *sessions =
		reallocarray(record->sessions, record->session_count + 1, sizeof *record->sessions);
	if (sessions == NULL)
		return fail_memory(err, "make backup.json");
	record->sessions = sessions;
	struct buffer wrapped;
	buffer_init(&wrapped, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = STATUS_OK;
	if (strcmp(session_id, session->session_id) == 0)
		status = buffer_append(&wrapped, session->wrapped_key.data,
				       session->wrapped_key.length, err);
	else
		status = db_session_get(catalogue, session_id, &wrapped, err);
	if (status != STATUS_OK) {
		buffer_done(&wrapped);
		return status;
	}
	*out = (uint32_t)record->session_count;
	struct archive_record_session *item = &record->sessions[record->session_count++];
	memset(item, 0, sizeof *item);
	COPY_TEXT(item->session_id, session_id);
	item->wrapped_key_length = wrapped.length;
	item->wrapped_key = TAKE(wrapped.data);
	return STATUS_OK;
}

/* The backup's own session comes first: its key opens the manifest. */
static enum status fill_packs(const struct backup_session *session, struct db *catalogue,
			      struct archive_record *record, struct error *err)
{
	uint32_t count = backup_packs_reference_count(session->packs);
	uint32_t own = 0;
	enum status status =
		session_index(session, catalogue, record, session->session_id, &own, err);
	record->packs = calloc((size_t)count + 1, sizeof *record->packs);
	if (status == STATUS_OK && record->packs == NULL)
		status = fail_memory(err, "make backup.json");
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		struct backup_pack_view view;
		backup_packs_view(session->packs, i, &view);
		memcpy(record->packs[i].sha256, view.sha256, SHA256_SIZE);
		record->packs[i].size = view.size;
		status = session_index(session, catalogue, record, view.session_id,
				       &record->packs[i].session, err);
		record->pack_count = i + 1;
	}
	return status;
}

enum status backup_record_make(struct backup_commit *commit, struct archive_record **out,
			       struct error *err)
{
	struct db *catalogue = NULL;
	struct db_pool *pool = commit->session->service->catalogue;
	struct archive_record *record = calloc(1, sizeof *record);
	if (record == NULL)
		return fail_memory(err, "make backup.json");
	fill_identity(commit, record);
	fill_figures(commit, record);
	enum status status = fill_recipients(commit->session, record, err);
	if (status == STATUS_OK)
		status = fill_roles(commit, record, err);
	if (status == STATUS_OK)
		status = db_pool_take(pool, &catalogue, err);
	if (status == STATUS_OK)
		status = fill_packs(commit->session, catalogue, record, err);
	db_pool_give(pool, catalogue);
	if (status == STATUS_OK)
		*out = record;
	else
		archive_record_free(record);
	return status;
}
