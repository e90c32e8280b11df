/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest: the roles' spools, one after the other, under the session's key. */
#include <stdio.h>
#include <string.h>

#include "backup_commit.h"

struct manifest_run {
	struct backup_commit *commit;
	struct backup_upload *upload;
	struct archive_manifest_writer *writer;
};

static enum status write_share(void *context, const void *data, size_t length, struct error *err)
{
	struct manifest_run *run = context;
	return backup_upload_write(run->upload, data, length, err);
}

static enum status read_spool(void *context, void *data, size_t length, size_t *got,
			      struct error *err)
{
	FILE *file = context;
	*got = fread(data, 1, length, file);
	if (*got < length && ferror(file) != 0)
		return fail_errno(err, STATUS_FAILED, "read spool", NULL);
	return STATUS_OK;
}

static enum status copy_record(struct archive_manifest_writer *writer,
			       const struct archive_manifest_record *record, struct error *err)
{
	switch (record->type) {
	case ARCHIVE_RECORD_ROLE:
		return archive_manifest_role(writer, &record->role, err);
	case ARCHIVE_RECORD_ENTRY:
		return archive_manifest_entry(writer, &record->entry, err);
	case ARCHIVE_RECORD_EXTENTS:
		return archive_manifest_extents(writer, record->extents, record->extent_count, err);
	case ARCHIVE_RECORD_FILE_END:
		return archive_manifest_file_end(writer, &record->file_end, err);
	case ARCHIVE_RECORD_ROLE_END:
		return archive_manifest_role_end(writer, &record->role_end, err);
	case ARCHIVE_RECORD_GENERATION:
	case ARCHIVE_RECORD_END:
		break;
	}
	return STATUS_OK;
}

static enum status copy_records(struct manifest_run *run, struct archive_manifest_reader *reader,
				struct error *err)
{
	for (;;) {
		const struct archive_manifest_record *record;
		enum status status = archive_manifest_next(reader, &record, err);
		if (status == STATUS_OK)
			status = copy_record(run->writer, record, err);
		if (status != STATUS_OK || record->type == ARCHIVE_RECORD_END)
			return status;
	}
}

static enum status copy_spool(struct manifest_run *run, const struct backup_role *role,
			      struct error *err)
{
	struct archive_identity identity;
	struct archive_manifest_reader *reader = NULL;
	memset(&identity, 0, sizeof identity);
	FILE *file = fopen(role->spool_path, "re");
	if (file == NULL)
		return fail_errno(err, STATUS_FAILED, "read spool", role->spool_path);
	enum status status = archive_manifest_reader_new(&identity, &role->spool_key, read_spool,
							 file, &reader, err);
	if (status == STATUS_OK)
		status = copy_records(run, reader, err);
	archive_manifest_reader_free(reader);
	(void)fclose(file);
	return status;
}

static enum status write_records(struct manifest_run *run, struct error *err)
{
	struct backup_commit *commit = run->commit;
	struct backup_session *session = commit->session;
	struct archive_identity identity;
	memcpy(identity.repository_id, session->repository.id, GUID_SIZE);
	memcpy(identity.session_id, session->session_id_bytes, GUID_SIZE);
	memcpy(identity.backup_id, session->backup_id, GUID_SIZE);
	enum status status = archive_manifest_writer_new(&identity, &session->session_key,
							 write_share, run, &run->writer, err);
	if (status == STATUS_OK)
		status = archive_manifest_generation(run->writer, session->generation.number,
						     &session->dedup_secret, err);
	for (size_t i = 0; i < commit->role_count && status == STATUS_OK; i++)
		if (commit->roles[i].has_spool)
			status = copy_spool(run, &commit->roles[i], err);
	if (status == STATUS_OK)
		status = archive_manifest_finish(run->writer, &commit->manifest_size,
						 commit->manifest_sha256, err);
	return status;
}

enum status backup_manifest_write(struct backup_commit *commit, struct error *err)
{
	struct manifest_run run = { .commit = commit };
	char folder[ARCHIVE_NAME_SIZE], name[ARCHIVE_NAME_SIZE];
	(void)snprintf(folder, sizeof folder, ARCHIVE_BACKUPS "/%s", commit->folder);
	archive_backup_file(commit->folder, ARCHIVE_MANIFEST_FILE, name);
	enum status status = backup_upload_begin(commit->session, folder, &run.upload, err);
	if (status == STATUS_OK)
		status = write_records(&run, err);
	archive_manifest_writer_free(run.writer);
	if (status == STATUS_OK)
		status = backup_upload_finish(TAKE(run.upload), name, commit->manifest_size,
					      commit->manifest_sha256, err);
	backup_upload_abort(run.upload);
	return status;
}
