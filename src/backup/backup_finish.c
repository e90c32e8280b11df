/* SPDX-License-Identifier: Apache-2.0 */
/* Committing in the place of a run that ended right before its COMMIT. Everything was written and
 * checked when it took its number, so what is missing follows from what is there; if the run is
 * only asleep, it will find the very bytes that it wanted to write. */
#include <string.h>

#include "backup_lease.h"

struct finish {
	struct backup_session *session;
	struct share *share;
	const char *folder;
	struct buffer record, signature;
	struct archive_record *parsed;
};

static enum status get_file(struct finish *finish, const char *file, size_t max, struct buffer *out,
			    struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(finish->folder, file, name);
	return share_get(finish->share, name, max, out, err);
}

/* Signed by this service, as it stands there. */
static enum status read_record(struct finish *finish, struct error *err)
{
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	signing_key_public(finish->session->service->identity, public_key);
	enum status status =
		get_file(finish, ARCHIVE_RECORD_FILE, ARCHIVE_RECORD_MAX, &finish->record, err);
	if (status == STATUS_OK)
		status = get_file(finish, ARCHIVE_SIGNATURE_FILE, ARCHIVE_SMALL_FILE_MAX,
				  &finish->signature, err);
	if (status == STATUS_OK)
		status = signature_verify(public_key, finish->record.data, finish->record.length,
					  finish->signature.data, finish->signature.length, err);
	if (status == STATUS_OK)
		status = archive_record_parse(finish->record.data, finish->record.length,
					      &finish->parsed, err);
	return status;
}

static enum status check_size(struct finish *finish, const char *name, uint64_t expected,
			      struct error *err)
{
	struct share_file *file = NULL;
	uint64_t size = 0;
	enum status status = share_open_read(finish->share, name, &file, &size, err);
	if (status == STATUS_OK)
		status = share_close_file(file, err);
	if (status == STATUS_OK && size != expected)
		status = fail(err, STATUS_INTEGRITY, "check interrupted backup", name,
			      "it has another size than backup.json says");
	return status;
}

static enum status check_parts(struct finish *finish, struct error *err)
{
	const struct archive_record *record = finish->parsed;
	char name[ARCHIVE_NAME_SIZE];
	archive_backup_file(finish->folder, ARCHIVE_MANIFEST_FILE, name);
	enum status status = check_size(finish, name, record->manifest_size, err);
	for (size_t i = 0; i < record->pack_count && status == STATUS_OK; i++) {
		archive_pack_name(record->generation, record->packs[i].sha256, name);
		status = check_size(finish, name, record->packs[i].size, err);
	}
	return status;
}

static enum status put_commit(struct finish *finish, struct error *err)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	struct archive_commit commit = { .sequence = finish->parsed->sequence };
	memcpy(commit.backup_id, finish->parsed->backup_id, sizeof commit.backup_id);
	hash_sha256(finish->record.data, finish->record.length, commit.record_sha256);
	hash_sha256(finish->signature.data, finish->signature.length, commit.signature_sha256);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX);
	archive_backup_file(finish->folder, ARCHIVE_COMMIT_FILE, name);
	enum status status = archive_commit_write(&commit, &bytes, err);
	if (status == STATUS_OK)
		status = share_put(finish->share, name, bytes.data, bytes.length, err);
	buffer_done(&bytes);
	/* Its own run was faster. */
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status finish_all(struct finish *finish, struct error *err)
{
	enum status status = read_record(finish, err);
	if (status == STATUS_OK)
		status = check_parts(finish, err);
	if (status == STATUS_OK)
		status = put_commit(finish, err);
	return status;
}

enum status backup_finish_commit(struct backup_session *session, struct share *share,
				 const char *folder, bool *is_committed, struct error *err)
{
	struct finish finish = { .session = session, .share = share, .folder = folder };
	char backup_id[GUID_TEXT_SIZE];
	uint64_t sequence = 0;
	bool has_number = false;
	*is_committed = false;
	if (!archive_backup_folder_parse(folder, &sequence, backup_id))
		return STATUS_OK;
	enum status status = backup_slot_is_of(share, sequence, backup_id, &has_number, err);
	if (status != STATUS_OK || !has_number)
		return status;
	buffer_init(&finish.record, ARCHIVE_RECORD_MAX + 1);
	buffer_init(&finish.signature, ARCHIVE_SMALL_FILE_MAX + 1);
	status = finish_all(&finish, err);
	*is_committed = status == STATUS_OK;
	archive_record_free(finish.parsed);
	buffer_done(&finish.record);
	buffer_done(&finish.signature);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_INFO,
			    "backup %s was complete but for its COMMIT, which it has now",
			    backup_id);
	/* What is damaged or incomplete is no backup. */
	if (status == STATUS_INTEGRITY || status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	return status;
}
