/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the share: every backup folder, its small files, hashes and signature. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

#define DAMAGE_TEXT_SIZE 640

static enum status see_folder(const struct share_entry *entry, void *context, struct error *err)
{
	struct recover_source *source = context;
	struct recover_backup backup;
	memset(&backup, 0, sizeof backup);
	if (text_starts_with(entry->name, SHARE_TEMPORARY_PREFIX))
		return STATUS_OK;
	if (!entry->is_directory || strlen(entry->name) >= sizeof backup.folder ||
	    !archive_backup_folder_parse(entry->name, &backup.sequence, backup.backup_id))
		return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, false,
				    ARCHIVE_BACKUPS, err, "%.100s is not a backup folder; ignored",
				    entry->name);
	memcpy(backup.folder, entry->name, strlen(entry->name) + 1);
	struct recover_backup *items =
		reallocarray(source->backups, source->backup_count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "list backups");
	source->backups = items;
	items[source->backup_count++] = backup;
	return STATUS_OK;
}

static int compare_backups(const void *left, const void *right)
{
	const struct recover_backup *left_backup = left, *right_backup = right;
	return (left_backup->sequence > right_backup->sequence) -
	       (left_backup->sequence < right_backup->sequence);
}

/* The small files of one folder; what is missing has length 0 and is_there false. */
struct small_file {
	struct buffer bytes;
	bool is_there;
	char name[ARCHIVE_NAME_SIZE];
};

static enum status get_small(struct recover_source *source, const struct recover_backup *backup,
			     const char *file, size_t max, struct small_file *out,
			     struct error *err)
{
	buffer_init(&out->bytes, max + 1);
	archive_backup_file(backup->folder, file, out->name);
	enum status status = share_get(source->share, out->name, max, &out->bytes, err);
	out->is_there = status == STATUS_OK;
	if (status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE)
		return STATUS_OK;
	return status;
}

struct folder_files {
	struct small_file record, signature, commit;
};

static enum status get_files(struct recover_source *source, const struct recover_backup *backup,
			     struct folder_files *files, struct error *err)
{
	enum status status = get_small(source, backup, ARCHIVE_RECORD_FILE, ARCHIVE_RECORD_MAX,
				       &files->record, err);
	if (status == STATUS_OK)
		status = get_small(source, backup, ARCHIVE_SIGNATURE_FILE, ARCHIVE_SMALL_FILE_MAX,
				   &files->signature, err);
	if (status == STATUS_OK)
		status = get_small(source, backup, ARCHIVE_COMMIT_FILE, ARCHIVE_SMALL_FILE_MAX,
				   &files->commit, err);
	return status;
}

/* A finding that makes this backup unusable. */
#define REFUSE(source, backup, path, err, ...)                                                     \
	recover_note(&(source)->findings, RECOVER_SCOPE_BACKUP, (backup)->backup_id, true, (path), \
		     (err), __VA_ARGS__)

static bool signature_fits(const struct recover_source *source, const struct folder_files *files)
{
	return source->has_marker && files->record.is_there && files->signature.is_there &&
	       signature_verify(source->marker.signer_public_key, files->record.bytes.data,
				files->record.bytes.length, files->signature.bytes.data,
				files->signature.bytes.length, NULL) == STATUS_OK;
}

/* Without a COMMIT there is no backup. When what is there carries a good signature, it was complete
 * but for its last step, or COMMIT was taken away: that must not pass as "there is nothing". */
static enum status check_uncommitted(struct recover_source *source, struct recover_backup *backup,
				     const struct folder_files *files, struct error *err)
{
	if (backup->is_signed)
		return REFUSE(
			source, backup, files->commit.name, err,
			"COMMIT is missing although the backup is complete and signed: it was "
			"removed, or the run was interrupted at its very last step");
	return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, false, files->commit.name,
			    err,
			    "no COMMIT: left by an interrupted run, the next backup removes it");
}

/* No hash covers COMMIT: its bytes must be exactly what the format says. */
static bool commit_is_exact(const struct archive_commit *commit, const struct buffer *found)
{
	struct buffer expected;
	buffer_init(&expected, ARCHIVE_SMALL_FILE_MAX);
	bool exact = archive_commit_write(commit, &expected, NULL) == STATUS_OK &&
		     expected.length == found->length &&
		     memcmp(expected.data, found->data, found->length) == 0;
	buffer_done(&expected);
	return exact;
}

/* "$.sequence: found ...": a fault of a member without its name says little. */
static const char *damage_text(const struct error *damage, char text[DAMAGE_TEXT_SIZE])
{
	(void)snprintf(text, DAMAGE_TEXT_SIZE, "%s%s%s", damage->field,
		       damage->field[0] != '\0' ? ": " : "", damage->message);
	return text;
}

static enum status check_commit(struct recover_source *source, struct recover_backup *backup,
				const struct folder_files *files, struct error *err)
{
	struct archive_commit commit;
	struct error damage;
	char text[DAMAGE_TEXT_SIZE];
	unsigned char digest[SHA256_SIZE];
	if (archive_commit_parse(files->commit.bytes.data, files->commit.bytes.length, &commit,
				 &damage) != STATUS_OK)
		return REFUSE(source, backup, files->commit.name, err, "COMMIT is damaged: %s",
			      damage_text(&damage, text));
	if (!commit_is_exact(&commit, &files->commit.bytes))
		return REFUSE(source, backup, files->commit.name, err,
			      "COMMIT is damaged: it holds more than its members");
	if (strcmp(commit.backup_id, backup->backup_id) != 0 || commit.sequence != backup->sequence)
		return REFUSE(source, backup, files->commit.name, err,
			      "COMMIT belongs to backup %s (number %" PRIu64 ")", commit.backup_id,
			      commit.sequence);
	if (files->record.is_there &&
	    memcmp(commit.record_sha256, backup->record_sha256, SHA256_SIZE) != 0)
		return REFUSE(source, backup, files->record.name, err,
			      "backup.json is not the one that COMMIT names");
	hash_sha256(files->signature.bytes.data, files->signature.bytes.length, digest);
	if (files->signature.is_there && memcmp(commit.signature_sha256, digest, SHA256_SIZE) != 0)
		return REFUSE(source, backup, files->signature.name, err,
			      "backup.sig is not the one that COMMIT names");
	return STATUS_OK;
}

static enum status check_signature(struct recover_source *source, struct recover_backup *backup,
				   const struct folder_files *files, struct error *err)
{
	char fingerprint[FINGERPRINT_TEXT_SIZE];
	if (!files->record.is_there)
		return REFUSE(source, backup, files->record.name, err, "backup.json is missing");
	if (!files->signature.is_there)
		return REFUSE(source, backup, files->signature.name, err, "backup.sig is missing");
	/* That a changed file does not fit the signature any more goes without saying. */
	if (!source->has_marker || backup->is_signed ||
	    recover_has_fatal(&source->findings, files->record.name) ||
	    recover_has_fatal(&source->findings, files->signature.name))
		return STATUS_OK;
	signer_fingerprint(source->marker.signer_public_key, fingerprint);
	return REFUSE(
		source, backup, files->signature.name, err,
		"backup.json is not signed by %s: it was changed, or written by somebody else",
		fingerprint);
}

static enum status check_marker_file(struct recover_source *source,
				     const struct recover_backup *backup, const char *name,
				     const unsigned char found[SHA256_SIZE], struct error *err)
{
	if (memcmp(backup->record->repository_sha256, found, SHA256_SIZE) == 0 ||
	    recover_has_fatal(&source->findings, name))
		return STATUS_OK;
	return recover_note(&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true, name, err,
			    "it is not the marker that backup %s was made under: it was changed or "
			    "replaced",
			    backup->backup_id);
}

/* Every backup names the marker's hash, so that of two different markers the damaged one can be
 * told. */
static enum status check_marker(struct recover_source *source, const struct recover_backup *backup,
				struct error *err)
{
	enum status status = check_marker_file(source, backup, ARCHIVE_REPOSITORY_FILE,
					       source->marker_sha256, err);
	if (status == STATUS_OK)
		status = check_marker_file(source, backup, ARCHIVE_REPOSITORY_COPY,
					   source->copy_sha256, err);
	return status;
}

/* Where a backup.json belongs; what is out of place is not used. */
static enum status check_place(struct recover_source *source, const struct recover_backup *backup,
			       const char *name, bool *fits, struct error *err)
{
	const struct archive_record *record = backup->record;
	*fits = false;
	if (strcmp(record->backup_id, backup->backup_id) != 0 ||
	    record->sequence != backup->sequence)
		return REFUSE(source, backup, name, err,
			      "backup.json belongs to backup %s (number %" PRIu64 ")",
			      record->backup_id, record->sequence);
	if (source->has_marker && strcmp(record->repository_id, source->marker.repository_id) != 0)
		return REFUSE(source, backup, name, err,
			      "the backup belongs to repository %s, this is %s",
			      record->repository_id, source->marker.repository_id);
	*fits = true;
	return STATUS_OK;
}

static enum status check_record(struct recover_source *source, struct recover_backup *backup,
				const struct folder_files *files, struct error *err)
{
	struct error damage;
	char text[DAMAGE_TEXT_SIZE];
	bool fits = false;
	if (!files->record.is_there)
		return STATUS_OK;
	if (archive_record_parse(files->record.bytes.data, files->record.bytes.length,
				 &backup->record, &damage) != STATUS_OK)
		return REFUSE(source, backup, files->record.name, err, "backup.json is damaged: %s",
			      damage_text(&damage, text));
	enum status status = check_place(source, backup, files->record.name, &fits, err);
	if (!fits)
		archive_record_free(TAKE(backup->record));
	else if (backup->is_signed)
		status = check_marker(source, backup, err);
	return status;
}

/* The name holds what the signed backup.json says, so that one backup cannot stand there twice; a
 * copy is left out of the list. */
static enum status check_folder_name(struct recover_source *source, struct recover_backup *backup,
				     struct error *err)
{
	const struct archive_record *record = backup->record;
	char expected[ARCHIVE_FOLDER_SIZE], name[ARCHIVE_NAME_SIZE];
	archive_backup_folder(record->sequence, record->started_time, record->backup_id, expected);
	if (!backup->is_signed || strcmp(expected, backup->folder) == 0)
		return STATUS_OK;
	(void)snprintf(name, sizeof name, ARCHIVE_BACKUPS "/%s", backup->folder);
	backup->folder[0] = '\0';
	return recover_note(&source->findings, RECOVER_SCOPE_CHAIN, NULL, true, name, err,
			    "the folder holds the backup that belongs into %s: it was copied or "
			    "renamed, and is ignored",
			    expected);
}

static enum status check_certificates(struct recover_source *source,
				      const struct recover_backup *backup, struct error *err)
{
	const struct archive_record *record = backup->record;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < record->recipient_count && status == STATUS_OK; i++) {
		char name[ARCHIVE_NAME_SIZE];
		unsigned char digest[SHA256_SIZE];
		struct buffer bytes;
		buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
		archive_certificate_name(record->recipients[i].thumbprint, name);
		status = share_get(source->share, name, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
		if (status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE) {
			status = REFUSE(source, backup, name, err,
					"the certificate is missing or far too large");
		} else if (status == STATUS_OK) {
			hash_sha256(bytes.data, bytes.length, digest);
			if (memcmp(digest, record->recipients[i].sha256, SHA256_SIZE) != 0)
				status = REFUSE(source, backup, name, err,
						"the certificate is not the one that was used");
		}
		buffer_done(&bytes);
	}
	return status;
}

static enum status check_sessions(struct recover_source *source,
				  const struct recover_backup *backup, struct error *err)
{
	const struct archive_record *record = backup->record;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < record->session_count && status == STATUS_OK; i++) {
		const struct archive_record_session *session = &record->sessions[i];
		char name[ARCHIVE_NAME_SIZE];
		struct buffer bytes;
		buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
		archive_session_name(record->generation, session->session_id, name);
		status = share_get(source->share, name, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
		if (status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE)
			status = REFUSE(source, backup, name, err,
					"the wrapped session key is missing or far too large");
		else if (status == STATUS_OK &&
			 (bytes.length != session->wrapped_key_length ||
			  memcmp(bytes.data, session->wrapped_key, bytes.length) != 0))
			status = REFUSE(source, backup, name, err,
					"the wrapped session key is not the one in backup.json");
		buffer_done(&bytes);
	}
	return status;
}

static enum status check_folder(struct recover_source *source, struct recover_backup *backup,
				struct folder_files *files, struct error *err)
{
	enum status status = get_files(source, backup, files, err);
	if (status != STATUS_OK)
		return status;
	if (files->record.is_there)
		hash_sha256(files->record.bytes.data, files->record.bytes.length,
			    backup->record_sha256);
	backup->is_committed = files->commit.is_there;
	backup->is_signed = signature_fits(source, files);
	if (!backup->is_committed)
		return check_uncommitted(source, backup, files, err);
	status = check_commit(source, backup, files, err);
	if (status == STATUS_OK)
		status = check_signature(source, backup, files, err);
	if (status == STATUS_OK)
		status = check_record(source, backup, files, err);
	if (status == STATUS_OK && backup->record != NULL)
		status = check_folder_name(source, backup, err);
	if (status == STATUS_OK && backup->record != NULL)
		status = check_certificates(source, backup, err);
	if (status == STATUS_OK && backup->record != NULL)
		status = check_sessions(source, backup, err);
	return status;
}

static enum status read_folder(struct recover_source *source, struct recover_backup *backup,
			       struct error *err)
{
	struct folder_files files;
	memset(&files, 0, sizeof files);
	enum status status = check_folder(source, backup, &files, err);
	buffer_done(&files.record.bytes);
	buffer_done(&files.signature.bytes);
	buffer_done(&files.commit.bytes);
	return status;
}

static void drop_ignored(struct recover_source *source)
{
	size_t kept = 0;
	for (size_t i = 0; i < source->backup_count; i++) {
		if (source->backups[i].folder[0] != '\0')
			source->backups[kept++] = source->backups[i];
		else
			archive_record_free(source->backups[i].record);
	}
	source->backup_count = kept;
}

static enum status read_all(struct recover_source *source, struct error *err)
{
	enum status status = share_list(source->share, ARCHIVE_BACKUPS, see_folder, source, err);
	if (status == STATUS_NOT_FOUND)
		status = recover_note(&source->findings, RECOVER_SCOPE_REPOSITORY, NULL, true,
				      ARCHIVE_BACKUPS, err, "the folder of backups is missing");
	if (source->backup_count > 1)
		qsort(source->backups, source->backup_count, sizeof *source->backups,
		      compare_backups);
	for (size_t i = 0; i < source->backup_count && status == STATUS_OK; i++)
		status = read_folder(source, &source->backups[i], err);
	drop_ignored(source);
	if (status == STATUS_OK)
		status = recover_read_deletions(source, err);
	if (status == STATUS_OK)
		status = recover_check_chain(source, err);
	source->listed = status == STATUS_OK;
	return status;
}

enum status recover_list(struct recover_source *source, const struct recover_backup **out,
			 size_t *count, struct error *err)
{
	enum status status = source->listed ? STATUS_OK : read_all(source, err);
	if (status == STATUS_OK) {
		*out = source->backups;
		*count = source->backup_count;
	}
	return status;
}
