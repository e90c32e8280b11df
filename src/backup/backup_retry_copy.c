/* SPDX-License-Identifier: Apache-2.0 */
/* Roles from an earlier backup's manifest into the spools of this one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backup_progress.h"
#include "backup_retry.h"
#include "backup_role_private.h"

struct copy {
	struct backup_session *session;
	struct db *state;
	const struct backup_retry_source *source;
	struct backup_role *roles;
	size_t role_count;
	struct share_file *file;
	uint64_t offset;
	struct backup_role_run run;     /* run.role NULL: the role at hand is not wanted */
	struct archive_extent *extents; /* room for one record's */
	uint64_t files;                 /* of the role at hand */
};

static enum status read_share(void *context, void *data, size_t length, size_t *got,
			      struct error *err)
{
	struct copy *copy = context;
	uint64_t left = copy->source->record->manifest_size - copy->offset;
	*got = 0;
	if (left == 0)
		return STATUS_OK;
	enum status status = share_read(copy->file, copy->offset, data,
					length > left ? (size_t)left : length, got, err);
	copy->offset += *got;
	return status;
}

static const struct archive_record_role *find_recorded(const struct archive_record *record,
						       const char *name)
{
	for (size_t i = 0; i < record->role_count; i++)
		if (strcmp(record->roles[i].name, name) == 0)
			return &record->roles[i];
	return NULL;
}

/* Complete then, and the same service now. The service's own role is always of now. */
static struct backup_role *find_wanted(const struct copy *copy, const struct archive_role *found)
{
	const struct archive_record_role *recorded =
		find_recorded(copy->source->record, found->name);
	if (recorded == NULL || strcmp(recorded->status, job_state_name(JOB_SUCCEEDED)) != 0)
		return NULL;
	for (size_t i = 0; i < copy->role_count; i++) {
		struct backup_role *role = &copy->roles[i];
		if (role->service != NULL && strcmp(role->name, found->name) == 0 &&
		    strcmp(role->provider, found->provider) == 0)
			return role;
	}
	return NULL;
}

static enum status begin_role(struct copy *copy, const struct archive_role *found,
			      struct error *err)
{
	copy->files = 0;
	copy->run = (struct backup_role_run) { .role = find_wanted(copy, found) };
	return copy->run.role != NULL ? backup_role_open_spool(&copy->run, err) : STATUS_OK;
}

static void close_spool(struct copy *copy)
{
	archive_manifest_writer_free(TAKE(copy->run.spool));
	if (copy->run.spool_file != NULL)
		(void)fclose(TAKE(copy->run.spool_file));
}

/* The role is as if it had not been begun. */
static void abandon_role(struct copy *copy)
{
	struct backup_role *role = copy->run.role;
	if (role == NULL)
		return;
	close_spool(copy);
	if (role->spool_path != NULL)
		(void)unlink(role->spool_path);
	free(TAKE(role->spool_path));
	secret_free(&role->spool_key);
	role->has_spool = false;
	copy->run.role = NULL;
}

static enum status copy_extents(struct copy *copy, const struct archive_manifest_record *record,
				struct error *err)
{
	const struct archive_record *earlier = copy->source->record;
	for (size_t i = 0; i < record->extent_count; i++) {
		struct archive_extent *extent = &copy->extents[i];
		*extent = record->extents[i];
		if (extent->pack == ARCHIVE_HOLE)
			continue;
		if (extent->pack >= earlier->pack_count)
			return fail(err, STATUS_INTEGRITY, "take over role", copy->source->folder,
				    "the manifest names a pack that backup.json does not list");
		extent->pack = copy->source->slots[extent->pack];
	}
	enum status status =
		backup_role_reference(copy->run.role, copy->extents, record->extent_count, err);
	if (status == STATUS_OK)
		status = archive_manifest_extents(copy->run.spool, copy->extents,
						  record->extent_count, err);
	return status;
}

/* The times stay those of the backup that read it, which may be one before the one that is
 * repeated. */
static void note_origin(struct copy *copy, struct db_job_role *result)
{
	const struct archive_record *earlier = copy->source->record;
	const struct archive_record_role *recorded = find_recorded(earlier, copy->run.role->name);
	bool is_taken = recorded->is_taken;
	result->started_time = is_taken ? recorded->taken.started_time : earlier->started_time;
	result->ended_time = is_taken ? recorded->taken.ended_time : earlier->completed_time;
	memcpy(result->taken_from, is_taken ? recorded->taken.backup_id : earlier->backup_id,
	       sizeof result->taken_from);
}

static enum status end_role(struct copy *copy, const struct archive_role_end *end,
			    struct error *err)
{
	struct backup_role *role = copy->run.role;
	struct db_job_role *result = &role->result;
	result->entries = end->entries;
	result->bytes = end->bytes;
	result->problems = end->problems;
	result->files_unchanged = copy->files;
	enum status status = backup_role_close_spool(&copy->run, err);
	if (status != STATUS_OK)
		return status;
	close_spool(copy);
	note_origin(copy, result);
	role->is_taken = true;
	copy->run.role = NULL;
	atomic_fetch_add(&copy->session->bytes_done, end->bytes);
	backup_progress_role_ended(role);
	return backup_role_report(role, copy->state, err);
}

static enum status copy_record(struct copy *copy, const struct archive_manifest_record *record,
			       struct error *err)
{
	struct archive_manifest_writer *spool = copy->run.spool;
	if (record->type == ARCHIVE_RECORD_ROLE)
		return begin_role(copy, &record->role, err);
	if (copy->run.role == NULL)
		return STATUS_OK;
	switch (record->type) {
	case ARCHIVE_RECORD_ENTRY:
		return archive_manifest_entry(spool, &record->entry, err);
	case ARCHIVE_RECORD_EXTENTS:
		return copy_extents(copy, record, err);
	case ARCHIVE_RECORD_FILE_END:
		copy->files++;
		return archive_manifest_file_end(spool, &record->file_end, err);
	case ARCHIVE_RECORD_ROLE_END:
		return end_role(copy, &record->role_end, err);
	case ARCHIVE_RECORD_GENERATION:
	case ARCHIVE_RECORD_ROLE:
	case ARCHIVE_RECORD_END:
		break;
	}
	return STATUS_OK;
}

static enum status copy_records(struct copy *copy, struct archive_manifest_reader *reader,
				struct error *err)
{
	for (;;) {
		const struct archive_manifest_record *record;
		enum status status = backup_session_check(copy->session, err);
		if (status == STATUS_OK)
			status = archive_manifest_next(reader, &record, err);
		if (status == STATUS_OK)
			status = copy_record(copy, record, err);
		if (status != STATUS_OK || record->type == ARCHIVE_RECORD_END)
			return status;
	}
}

static enum status copy_manifest(struct copy *copy, struct share *share, struct error *err)
{
	const struct archive_record *record = copy->source->record;
	struct archive_identity identity;
	struct archive_manifest_reader *reader = NULL;
	char name[ARCHIVE_NAME_SIZE];
	uint64_t size = 0;
	(void)guid_to_bytes(record->repository_id, identity.repository_id);
	(void)guid_to_bytes(record->session_id, identity.session_id);
	(void)guid_to_bytes(record->backup_id, identity.backup_id);
	archive_backup_file(copy->source->folder, ARCHIVE_MANIFEST_FILE, name);
	enum status status = share_open_read(share, name, &copy->file, &size, err);
	if (status != STATUS_OK)
		return status;
	status = archive_manifest_reader_new(&identity, copy->source->session_key, read_share, copy,
					     &reader, err);
	if (status == STATUS_OK)
		status = copy_records(copy, reader, err);
	abandon_role(copy);
	archive_manifest_reader_free(reader);
	status_ignore(share_close_file(copy->file, NULL));
	return status;
}

enum status backup_retry_copy(struct backup_session *session, struct db *state,
			      const struct backup_retry_source *source, struct backup_role *roles,
			      size_t count, struct error *err)
{
	struct share *share = NULL;
	struct copy copy = { .session = session,
			     .state = state,
			     .source = source,
			     .roles = roles,
			     .role_count = count };
	copy.extents = calloc(ARCHIVE_MANIFEST_CHUNKS_MAX, sizeof *copy.extents);
	if (copy.extents == NULL)
		return fail_memory(err, "take over role");
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = copy_manifest(&copy, share, err);
	backup_connection_give(session, share, status != STATUS_OK);
	free(copy.extents);
	return status;
}
