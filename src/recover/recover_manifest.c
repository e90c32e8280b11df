/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.bin of a backup, read from the share record by record. */
#include <string.h>

#include "recover_private.h"

struct recover_manifest {
	struct share_file *file;
	uint64_t offset;
	uint64_t size; /* as backup.json says; what is behind it is not read */
	struct archive_manifest_reader *reader;
};

static enum status read_next(void *context, void *data, size_t length, size_t *got,
			     struct error *err)
{
	struct recover_manifest *manifest = context;
	uint64_t left = manifest->size - manifest->offset;
	if (length > left)
		length = (size_t)left;
	*got = 0;
	if (length == 0)
		return STATUS_OK;
	enum status status = share_read(manifest->file, manifest->offset, data, length, got, err);
	if (status == STATUS_OK)
		manifest->offset += *got;
	return status;
}

static size_t own_session(const struct archive_record *record)
{
	for (size_t i = 0; i < record->session_count; i++)
		if (strcmp(record->sessions[i].session_id, record->session_id) == 0)
			return i;
	return record->session_count;
}

static enum status open_reader(struct recover_manifest *manifest,
			       const struct archive_record *record,
			       const struct secret *session_key, struct error *err)
{
	struct archive_identity identity;
	if (!guid_to_bytes(record->repository_id, identity.repository_id) ||
	    !guid_to_bytes(record->session_id, identity.session_id) ||
	    !guid_to_bytes(record->backup_id, identity.backup_id))
		return fail(err, STATUS_INTEGRITY, "open manifest", record->backup_id,
			    "backup.json holds an id that is no GUID");
	return archive_manifest_reader_new(&identity, session_key, read_next, manifest,
					   &manifest->reader, err);
}

enum status recover_manifest_open(struct share *share, const struct recover_backup *backup,
				  const struct recover_keys *keys, struct recover_manifest **out,
				  struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	uint64_t size = 0;
	const struct archive_record *record = backup->record;
	size_t own = own_session(record);
	if (own >= keys->count)
		return fail(err, STATUS_INTEGRITY, "open manifest", backup->folder,
			    "backup.json does not carry the key of its own session");
	struct recover_manifest *manifest = calloc(1, sizeof *manifest);
	if (manifest == NULL)
		return fail_memory(err, "open manifest");
	manifest->size = record->manifest_size;
	archive_backup_file(backup->folder, ARCHIVE_MANIFEST_FILE, name);
	enum status status = share_open_read(share, name, &manifest->file, &size, err);
	if (status == STATUS_OK)
		status = open_reader(manifest, record, &keys->sessions[own], err);
	if (status == STATUS_OK)
		*out = manifest;
	else
		recover_manifest_close(manifest);
	return status;
}

void recover_manifest_close(struct recover_manifest *manifest)
{
	if (manifest == NULL)
		return;
	archive_manifest_reader_free(manifest->reader);
	if (manifest->file != NULL)
		status_ignore(share_close_file(manifest->file, NULL));
	free(manifest);
}

enum status recover_manifest_next(struct recover_manifest *manifest,
				  const struct archive_manifest_record **record, struct error *err)
{
	return archive_manifest_next(manifest->reader, record, err);
}
