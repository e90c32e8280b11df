/* SPDX-License-Identifier: Apache-2.0 */
/* The marks that deleted backups leave: read, checked, looked up. A mark that is not the service's
 * own counts for nothing and is a finding. */
#include <inttypes.h>
#include <string.h>

#include "recover_private.h"

/* A finding about a mark; the backups that are there are sound all the same. */
#define REFUSE_MARK(source, path, err, ...)                                                        \
	recover_note(&(source)->findings, RECOVER_SCOPE_CHAIN, NULL, true, (path), (err),          \
		     __VA_ARGS__)

struct mark_files {
	struct buffer text, signature;
	bool is_signed;
	char name[ARCHIVE_NAME_SIZE];
};

static enum status get_signature(struct recover_source *source, const char *name,
				 struct mark_files *files, struct error *err)
{
	enum status status =
		share_get(source->share, name, ARCHIVE_SMALL_FILE_MAX, &files->signature, err);
	if (status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE)
		return STATUS_OK;
	files->is_signed = status == STATUS_OK &&
			   (!source->has_marker ||
			    signature_verify(source->marker.signer_public_key, files->text.data,
					     files->text.length, files->signature.data,
					     files->signature.length, NULL) == STATUS_OK);
	return status;
}

static enum status add_mark(struct recover_source *source, const struct archive_deletion *mark,
			    struct error *err)
{
	struct archive_deletion *items =
		reallocarray(source->deletions, source->deletion_count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "list deletions");
	source->deletions = items;
	items[source->deletion_count++] = *mark;
	return STATUS_OK;
}

static enum status check_mark(struct recover_source *source, const struct mark_files *files,
			      uint64_t sequence, const char *backup_id, struct error *err)
{
	struct archive_deletion mark;
	struct error damage;
	if (!files->is_signed)
		return REFUSE_MARK(source, files->name, err,
				   "the mark of a deletion is not signed by the service: it was "
				   "changed, or written by somebody else, and counts for nothing");
	if (archive_deletion_parse(files->text.data, files->text.length, &mark, &damage) !=
	    STATUS_OK)
		return REFUSE_MARK(source, files->name, err,
				   "the mark of a deletion cannot be read: %s%s%s", damage.field,
				   damage.field[0] != '\0' ? ": " : "", damage.message);
	if (source->has_marker && strcmp(mark.repository_id, source->marker.repository_id) != 0)
		return REFUSE_MARK(source, files->name, err,
				   "the mark of a deletion belongs to repository %s, this is %s",
				   mark.repository_id, source->marker.repository_id);
	if (mark.backup.sequence != sequence || strcmp(mark.backup.backup_id, backup_id) != 0)
		return REFUSE_MARK(source, files->name, err,
				   "the mark belongs to backup %s (number %" PRIu64
				   "): it was copied or renamed",
				   mark.backup.backup_id, mark.backup.sequence);
	return add_mark(source, &mark, err);
}

static enum status read_mark(struct recover_source *source, uint64_t sequence,
			     const char *backup_id, struct error *err)
{
	struct mark_files files;
	char signature[ARCHIVE_NAME_SIZE];
	memset(&files, 0, sizeof files);
	buffer_init(&files.text, ARCHIVE_SMALL_FILE_MAX + 1);
	buffer_init(&files.signature, ARCHIVE_SMALL_FILE_MAX + 1);
	archive_deletion_name(sequence, backup_id, files.name);
	archive_deletion_signature_name(sequence, backup_id, signature);
	enum status status =
		share_get(source->share, files.name, ARCHIVE_SMALL_FILE_MAX, &files.text, err);
	if (status == STATUS_TOO_LARGE)
		status = STATUS_OK; /* it cannot be signed either */
	else if (status == STATUS_OK)
		status = get_signature(source, signature, &files, err);
	/* Dropped between the listing and now. */
	if (status == STATUS_NOT_FOUND)
		status = STATUS_OK;
	else if (status == STATUS_OK)
		status = check_mark(source, &files, sequence, backup_id, err);
	buffer_done(&files.text);
	buffer_done(&files.signature);
	return status;
}

/* A signature without its mark was left by a run that was interrupted, and means nothing. */
static enum status see_mark(const struct share_entry *entry, void *context, struct error *err)
{
	struct recover_source *source = context;
	char backup_id[GUID_TEXT_SIZE];
	uint64_t sequence = 0;
	if (entry->is_directory || !archive_deletion_parse_name(entry->name, &sequence, backup_id))
		return STATUS_OK;
	return read_mark(source, sequence, backup_id, err);
}

static int compare_marks(const void *left, const void *right)
{
	return strcmp(((const struct archive_deletion *)left)->backup.backup_id,
		      ((const struct archive_deletion *)right)->backup.backup_id);
}

enum status recover_read_deletions(struct recover_source *source, struct error *err)
{
	enum status status = share_list(source->share, ARCHIVE_DELETIONS, see_mark, source, err);
	if (source->deletion_count > 1)
		qsort(source->deletions, source->deletion_count, sizeof *source->deletions,
		      compare_marks);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

const struct archive_deletion *recover_deletion_find(const struct recover_source *source,
						     const char *backup_id)
{
	struct archive_deletion key;
	if (source->deletion_count == 0)
		return NULL;
	memcpy(key.backup.backup_id, backup_id, sizeof key.backup.backup_id);
	return bsearch(&key, source->deletions, source->deletion_count, sizeof *source->deletions,
		       compare_marks);
}

const struct archive_deletion *recover_deletions(const struct recover_source *source, size_t *count)
{
	*count = source->deletion_count;
	return source->deletions;
}

bool recover_mark_fits(const struct archive_deletion *mark, const struct archive_link *link)
{
	return mark->backup.sequence == link->sequence &&
	       memcmp(mark->backup.sha256, link->sha256, SHA256_SIZE) == 0;
}
