/* SPDX-License-Identifier: Apache-2.0 */
/* Deleting, step by step: mark, rename, database; then marks that nobody needs, and old trash. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"
#include "backup_prune.h"

enum status prune_note_path(struct prune *prune, const char *path, struct error *err)
{
	char lower[ARCHIVE_NAME_SIZE];
	size_t i = 0;
	for (; path[i] != '\0' && i + 1 < sizeof lower; i++)
		lower[i] = (char)tolower((unsigned char)path[i]);
	lower[i] = '\0';
	return json_array_append_new(prune->paths, json_string(lower)) == 0
		       ? STATUS_OK
		       : fail_memory(err, "list what goes");
}

/* --- marks --- */

static const struct archive_deletion *find_written(const struct prune *prune, const char *backup_id)
{
	for (size_t i = 0; i < prune->written_count; i++)
		if (strcmp(prune->written[i].backup.backup_id, backup_id) == 0)
			return &prune->written[i];
	return NULL;
}

/* Follows @link past what was deleted before and in this run, to what is left; false: nothing. A
 * gap that somebody else made is where it stops: the mark must not hide it. */
static bool follow(const struct prune *prune, struct archive_link *link)
{
	for (;;) {
		struct recover_step step = recover_follow(prune->look.source, link);
		if (step.way == RECOVER_WAY_ENDS)
			return false;
		*link = step.link;
		const struct archive_deletion *written = find_written(prune, link->backup_id);
		if (step.way != RECOVER_WAY_THERE || written == NULL)
			return true;
		if (!written->has_previous)
			return false;
		*link = written->previous;
	}
}

static enum status keep_written(struct prune *prune, const struct archive_deletion *mark,
				struct error *err)
{
	struct archive_deletion *items =
		reallocarray(prune->written, prune->written_count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "mark deletion");
	prune->written = items;
	items[prune->written_count++] = *mark;
	return STATUS_OK;
}

static void fill_mark(const struct prune *prune, const struct recover_backup *backup,
		      struct archive_deletion *mark)
{
	memset(mark, 0, sizeof *mark);
	memcpy(mark->repository_id, prune->session.repository.marker.repository_id,
	       sizeof mark->repository_id);
	memcpy(mark->backup.backup_id, backup->backup_id, sizeof mark->backup.backup_id);
	mark->backup.sequence = backup->sequence;
	memcpy(mark->backup.sha256, backup->record_sha256, SHA256_SIZE);
	mark->deleted_time = prune->now;
	(void)snprintf(mark->reason, sizeof mark->reason, "%s",
		       retention_reason_name(RETENTION_EXPIRED));
	mark->previous = backup->record->previous;
	mark->has_previous = backup->record->has_previous && follow(prune, &mark->previous);
	if (!mark->has_previous)
		memset(&mark->previous, 0, sizeof mark->previous);
}

/* A signature without its mark was left by a run that was killed between the two. */
static enum status put_signature(struct prune *prune, const char *name,
				 const unsigned char bytes[ED25519_SIGNATURE_SIZE],
				 struct error *err)
{
	enum status status = share_put(prune->share, name, bytes, ED25519_SIGNATURE_SIZE, err);
	if (status != STATUS_EXISTS)
		return status;
	status = share_remove(prune->share, name, err);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = share_put(prune->share, name, bytes, ED25519_SIGNATURE_SIZE, err);
	return status;
}

struct marking {
	struct prune *prune;
	const struct archive_deletion *mark;
};

static enum status put_mark(struct share *share, void *context, struct error *err)
{
	const struct marking *marking = context;
	struct prune *prune = marking->prune;
	const struct archive_deletion *mark = marking->mark;
	struct buffer text = { 0 };
	unsigned char signature[ED25519_SIGNATURE_SIZE];
	char name[ARCHIVE_NAME_SIZE], signature_name[ARCHIVE_NAME_SIZE];
	archive_deletion_name(mark->backup.sequence, mark->backup.backup_id, name);
	archive_deletion_signature_name(mark->backup.sequence, mark->backup.backup_id,
					signature_name);
	enum status status = share_make_directories(share, ARCHIVE_DELETIONS, err);
	if (status == STATUS_OK)
		status = archive_deletion_write(mark, &text, err);
	if (status == STATUS_OK)
		status = signing_key_sign(prune->session.service->identity, text.data, text.length,
					  signature, err);
	if (status == STATUS_OK)
		status = put_signature(prune, signature_name, signature, err);
	if (status == STATUS_OK)
		status = share_put(share, name, text.data, text.length, err);
	if (status == STATUS_EXISTS)
		status = fail(err, STATUS_CONFLICT, "mark deletion", name,
			      "a mark that this service did not write stands there; find out who "
			      "wrote it, and remove it");
	buffer_done(&text);
	return status;
}

static enum status mark_backup(struct prune *prune, const struct recover_backup *backup,
			       struct error *err)
{
	struct archive_deletion mark;
	const struct archive_deletion *there =
		recover_deletion_find(prune->look.source, backup->backup_id);
	/* Of a run that was killed, or of a backup that was brought back. */
	if (there != NULL && there->backup.sequence == backup->sequence &&
	    memcmp(there->backup.sha256, backup->record_sha256, SHA256_SIZE) == 0)
		return keep_written(prune, there, err);
	fill_mark(prune, backup, &mark);
	struct marking marking = { prune, &mark };
	enum status status = prune_spend(prune, put_mark, &marking, err);
	return status == STATUS_OK ? keep_written(prune, &mark, err) : status;
}

/* --- the backup --- */

static enum status note_deleted(struct prune *prune, const char *backup_id, struct error *err)
{
	enum status status = db_backup_set_status(
		prune->state, prune->session.service->config->deployment.location, backup_id,
		"Deleted", err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct moving {
	const char *folder;
	int64_t now;
};

static enum status move(struct share *share, void *context, struct error *err)
{
	const struct moving *moving = context;
	return backup_trash_move(share, moving->folder, moving->now, err);
}

static enum status delete_one(struct prune *prune, const struct retention_backup *wanted,
			      struct error *err)
{
	char path[ARCHIVE_NAME_SIZE];
	const struct recover_backup *backup = prune_find_ours(prune, wanted);
	if (backup == NULL)
		return fail(err, STATUS_INTEGRITY, "delete backup", wanted->id,
			    "the plan names a backup that is not there");
	struct moving moving = { backup->folder, prune->now };
	(void)snprintf(path, sizeof path, ARCHIVE_BACKUPS "/%s", backup->folder);
	enum status status = prune_note_path(prune, path, err);
	if (status != STATUS_OK || prune->is_dry)
		return status;
	status = mark_backup(prune, backup, err);
	/* A mark alone deletes nothing; from here on the backup is gone. */
	if (status == STATUS_OK)
		status = prune_stay_holder(prune, err);
	if (status == STATUS_OK)
		status = prune_spend(prune, move, &moving, err);
	if (status == STATUS_OK)
		status = note_deleted(prune, backup->backup_id, err);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_INFO, "backup %s (number %" PRIu64 ") is in the trash",
			    backup->backup_id, backup->sequence);
	return status;
}

enum status prune_delete(struct prune *prune, struct error *err)
{
	enum status status = STATUS_OK;
	/* The oldest first: the mark of a later one leads past those before it. */
	for (size_t i = 0; i < prune->plan.count && status == STATUS_OK; i++)
		if (prune->plan.decisions[i].reason == RETENTION_EXPIRED)
			status = delete_one(prune, prune->plan.decisions[i].backup, err);
	return status;
}

/* --- the trash --- */

bool prune_is_leaving(const struct prune *prune, const char *name)
{
	for (size_t i = 0; i < prune->leaving_count; i++)
		if (strcmp(prune->leaving[i], name) == 0)
			return true;
	return false;
}

static enum status add_leaving(struct prune *prune, const char *name, struct error *err)
{
	char(*items)[ARCHIVE_TRASHED_SIZE] =
		reallocarray(prune->leaving, prune->leaving_count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "empty trash");
	prune->leaving = items;
	(void)snprintf(items[prune->leaving_count++], sizeof *items, "%s", name);
	return STATUS_OK;
}

static enum status get_trashed(struct prune *prune, const struct backup_trashed *item,
			       const char *file, size_t max, struct buffer *out, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	(void)snprintf(name, sizeof name, ARCHIVE_TRASH "/%s/%s", item->name, file);
	buffer_init(out, max + 1);
	enum status status = share_get(prune->share, name, max, out, err);
	return status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE ? STATUS_OK : status;
}

/* Without a good signature it is what an interrupted run left. */
static enum status is_signed(struct prune *prune, const struct backup_trashed *item, bool *out,
			     struct error *err)
{
	struct buffer record, signature;
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	signing_key_public(prune->session.service->identity, public_key);
	buffer_init(&signature, 0);
	enum status status =
		get_trashed(prune, item, ARCHIVE_RECORD_FILE, ARCHIVE_RECORD_MAX, &record, err);
	if (status == STATUS_OK)
		status = get_trashed(prune, item, ARCHIVE_SIGNATURE_FILE, ARCHIVE_SMALL_FILE_MAX,
				     &signature, err);
	if (status == STATUS_OK)
		*out = record.length > 0 &&
		       signature_verify(public_key, record.data, record.length, signature.data,
					signature.length, NULL) == STATUS_OK;
	buffer_done(&record);
	buffer_done(&signature);
	return status;
}

/* A run that was stopped between its signature and its COMMIT: the number went to another one. */
static enum status never_was_committed(struct prune *prune, const struct backup_trashed *item,
				       bool *out, struct error *err)
{
	struct buffer commit;
	char backup_id[GUID_TEXT_SIZE];
	const char *folder = NULL;
	int64_t time = 0;
	uint64_t sequence = 0;
	*out = false;
	if (!archive_trashed_folder_parse(item->name, &time, &folder) ||
	    !archive_backup_folder_parse(folder, &sequence, backup_id))
		return STATUS_OK;
	enum status status =
		get_trashed(prune, item, ARCHIVE_COMMIT_FILE, ARCHIVE_SMALL_FILE_MAX, &commit, err);
	if (status == STATUS_OK && commit.length == 0)
		status = backup_slot_is_lost(prune->share, sequence, backup_id, out, err);
	buffer_done(&commit);
	return status;
}

static enum status may_leave(struct prune *prune, const struct prune_look *look,
			     const struct backup_trashed *item, bool *out, struct error *err)
{
	bool complete = false, uncommitted = false;
	*out = backup_trash_is_due(item, prune->now,
				   prune->session.service->config->engine.trash_grace);
	if (!*out || recover_deletion_find(look->source, item->backup_id) != NULL)
		return STATUS_OK;
	enum status status = is_signed(prune, item, &complete, err);
	if (status == STATUS_OK && complete)
		status = never_was_committed(prune, item, &uncommitted, err);
	*out = !complete || uncommitted;
	if (status == STATUS_OK && !*out)
		log_message(LOG_LEVEL_WARNING,
			    "%s in the trash is a complete backup that this service did not "
			    "delete: it stays; move it back, or remove it",
			    item->name);
	return status;
}

static enum status empty_one(struct prune *prune, const struct backup_trashed *item,
			     struct error *err)
{
	char path[ARCHIVE_NAME_SIZE];
	(void)snprintf(path, sizeof path, ARCHIVE_TRASH "/%s", item->name);
	enum status status = add_leaving(prune, item->name, err);
	/* What this run moved here is on the list already. */
	if (status == STATUS_OK && find_written(prune, item->backup_id) == NULL)
		status = prune_note_path(prune, path, err);
	if (status == STATUS_OK)
		status = prune_stay_holder(prune, err);
	if (status == STATUS_OK && !prune->is_dry)
		status = share_remove_tree(prune->share, path, err);
	return status;
}

enum status prune_empty_trash(struct prune *prune, const struct prune_look *look, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < look->trash.count && status == STATUS_OK; i++) {
		bool leaves = false;
		status = may_leave(prune, look, &look->trash.items[i], &leaves, err);
		if (status == STATUS_OK && leaves)
			status = empty_one(prune, &look->trash.items[i], err);
	}
	return status;
}

/* --- marks that nobody needs --- */

static bool leads_to(const struct recover_source *source, const struct archive_link *from,
		     const char *backup_id)
{
	struct archive_link link = *from;
	for (;;) {
		const struct archive_deletion *mark = recover_deletion_find(source, link.backup_id);
		if (mark == NULL)
			return false;
		if (strcmp(link.backup_id, backup_id) == 0)
			return true;
		if (!mark->has_previous)
			return false;
		link = mark->previous;
	}
}

/* One that is there: its mark says what nobody may miss as long as its own predecessor is not
 * accounted for otherwise. */
static bool needs_own_mark(const struct prune_look *look, const struct recover_backup *backup)
{
	if (backup->record == NULL)
		return true;
	if (!backup->record->has_previous)
		return false;
	struct recover_step step = recover_follow(look->source, &backup->record->previous);
	return step.way != RECOVER_WAY_THERE && step.way != RECOVER_WAY_ENDS;
}

static bool is_in_trash(const struct prune *prune, const struct prune_look *look,
			const char *backup_id)
{
	for (size_t i = 0; i < look->trash.count; i++)
		if (strcmp(look->trash.items[i].backup_id, backup_id) == 0 &&
		    !prune_is_leaving(prune, look->trash.items[i].name))
			return true;
	return false;
}

static bool is_needed(const struct prune *prune, const struct prune_look *look,
		      const char *backup_id)
{
	const struct recover_backup *own = prune_find(look, backup_id);
	if (is_in_trash(prune, look, backup_id) || (own != NULL && needs_own_mark(look, own)))
		return true;
	for (size_t i = 0; i < look->count; i++) {
		const struct archive_record *record = look->backups[i].record;
		/* Without its record nobody knows where it leads. */
		if (record == NULL && look->backups[i].is_committed)
			return true;
		if (own == NULL && record != NULL && record->has_previous &&
		    leads_to(look->source, &record->previous, backup_id))
			return true;
	}
	return false;
}

static enum status drop_mark(struct prune *prune, const struct archive_deletion *mark,
			     struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_deletion_name(mark->backup.sequence, mark->backup.backup_id, name);
	enum status status = prune_may_remove(prune, err);
	if (status == STATUS_OK)
		status = share_remove(prune->share, name, err);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	archive_deletion_signature_name(mark->backup.sequence, mark->backup.backup_id, name);
	status = share_remove(prune->share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status prune_drop_marks(struct prune *prune, const struct prune_look *look, struct error *err)
{
	size_t count = 0;
	const struct archive_deletion *marks = recover_deletions(look->source, &count);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (!is_needed(prune, look, marks[i].backup.backup_id))
			status = drop_mark(prune, &marks[i], err);
	return status;
}
