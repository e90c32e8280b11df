/* SPDX-License-Identifier: Apache-2.0 */
/* Entries into the role's spool and the new stat cache, in walk order. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backup_role_private.h"

static enum status write_spool(void *context, const void *data, size_t length, struct error *err)
{
	struct backup_role_run *run = context;
	if (fwrite(data, 1, length, run->spool_file) == length)
		return STATUS_OK;
	return fail_errno(err, STATUS_FAILED, "write spool", run->role->spool_path);
}

enum status backup_role_open_spool(struct backup_role_run *run, struct error *err)
{
	struct backup_role *role = run->role;
	struct archive_identity identity;
	memset(&identity, 0, sizeof identity);
	if (asprintf(&role->spool_path, "%s/spool-%d", role->session->service->temporary_directory,
		     role->position) < 0) {
		role->spool_path = NULL;
		return fail_memory(err, "open spool");
	}
	enum status status = crypto_random_secret(&role->spool_key, KEY_SIZE, err);
	if (status != STATUS_OK)
		return status;
	run->spool_file = fopen(role->spool_path, "we");
	if (run->spool_file == NULL)
		return fail_errno(err, STATUS_FAILED, "open spool", role->spool_path);
	status = archive_manifest_writer_new(&identity, &role->spool_key, write_spool, run,
					     &run->spool, err);
	if (status == STATUS_OK)
		status = archive_manifest_generation(run->spool, role->session->generation.number,
						     &role->session->dedup_secret, err);
	const struct archive_role record = {
		.name = role->name,
		.provider = role->provider,
		.essential = role->essential,
		.restore_priority = role->restore_priority,
	};
	if (status == STATUS_OK)
		status = archive_manifest_role(run->spool, &record, err);
	return status;
}

enum status backup_role_close_spool(struct backup_role_run *run, struct error *err)
{
	const struct db_job_role *result = &run->role->result;
	const struct archive_role_end end = {
		.entries = result->entries,
		.bytes = result->bytes,
		.problems = result->problems,
	};
	uint64_t size;
	unsigned char digest[SHA256_SIZE];
	enum status status = archive_manifest_role_end(run->spool, &end, err);
	if (status == STATUS_OK)
		status = archive_manifest_finish(run->spool, &size, digest, err);
	if (status == STATUS_OK && fclose(TAKE(run->spool_file)) != 0)
		status = fail_errno(err, STATUS_FAILED, "close spool", run->role->spool_path);
	run->role->has_spool = status == STATUS_OK;
	return status;
}

static enum status emit_entry(struct backup_role_run *run, const struct snapshot_entry *entry,
			      struct error *err)
{
	struct archive_entry record = {
		.type = (uint8_t)entry->type,
		.problem = (uint8_t)entry->problem,
		.cause = entry->cause,
		.mode = entry->mode,
		.user_id = entry->user_id,
		.group_id = entry->group_id,
		.device_major = entry->device_major,
		.device_minor = entry->device_minor,
		.size = entry->size,
		.modified_ns = entry->modified_ns,
		.path = entry->path,
		.link_target = entry->link_target,
		.xattr_count = entry->xattr_count,
	};
	AUTO_FREE struct archive_xattr *xattrs = NULL;
	if (entry->xattr_count > 0) {
		xattrs = calloc(entry->xattr_count, sizeof *xattrs);
		if (xattrs == NULL)
			return fail_memory(err, "write manifest entry");
		for (size_t i = 0; i < entry->xattr_count; i++) {
			xattrs[i].name = entry->xattrs[i].name;
			xattrs[i].value = entry->xattrs[i].value;
			xattrs[i].value_length = entry->xattrs[i].value_length;
		}
		record.xattrs = xattrs;
	}
	return archive_manifest_entry(run->spool, &record, err);
}

static enum status begin_file(struct backup_role_run *run, const struct snapshot_entry *entry,
			      struct error *err)
{
	enum status status = emit_entry(run, entry, err);
	if (status == STATUS_OK && entry->type == SNAPSHOT_FILE && run->new_cache != NULL)
		status = backup_cache_begin(run->new_cache, entry, err);
	return status;
}

static enum status add_extents(struct backup_role_run *run, const struct archive_extent *extents,
			       size_t count, struct error *err)
{
	if (count == 0)
		return STATUS_OK;
	enum status status = archive_manifest_extents(run->spool, extents, count, err);
	if (status == STATUS_OK && run->new_cache != NULL)
		status = backup_cache_add(run->new_cache, extents, count, err);
	return status;
}

/* A change within the file system's granularity of the moment of reading could go unseen next time.
 */
static bool is_cacheable(const struct snapshot_entry *entry, const struct archive_file_end *end,
			 int64_t read_time)
{
	int64_t newest =
		entry->changed_ns > entry->modified_ns ? entry->changed_ns : entry->modified_ns;
	return entry->inode != 0 && end->problem == SNAPSHOT_PROBLEM_NONE &&
	       end->size == entry->size &&
	       newest / 1000000 < read_time - BACKUP_CACHE_GRANULARITY_MS;
}

static enum status end_file(struct backup_role_run *run, const struct archive_file_end *end,
			    bool cacheable, struct error *err)
{
	struct db_job_role *result = &run->role->result;
	enum status status = archive_manifest_file_end(run->spool, end, err);
	if (status == STATUS_OK && run->new_cache != NULL)
		status = backup_cache_end(run->new_cache, end, cacheable, err);
	result->bytes += end->size;
	if (end->problem == SNAPSHOT_PROBLEM_UNREADABLE || end->problem == SNAPSHOT_PROBLEM_CHANGED)
		result->problems++;
	return status;
}

/* Hands the extents of a large file on and lets its reader continue; or waits until the item is
 * done. */
static enum status drain(struct backup_role_run *run, struct backup_item *item, bool *begun,
			 struct error *err)
{
	struct backup_role *role = run->role;
	enum status status = STATUS_OK;
	(void)pthread_mutex_lock(&role->mutex);
	while (status == STATUS_OK && item->state != BACKUP_ITEM_DONE) {
		if (item->state == BACKUP_ITEM_FLUSH) {
			if (!*begun)
				status = begin_file(run, item->entry, err);
			*begun = true;
			if (status == STATUS_OK)
				status = add_extents(run, item->extents, item->extent_count, err);
			item->extent_count = 0;
			item->state = BACKUP_ITEM_READING;
			(void)pthread_cond_broadcast(&role->moved);
		} else {
			(void)thread_condition_wait(&role->moved, &role->mutex, 100);
		}
		(void)pthread_mutex_unlock(&role->mutex);
		if (status == STATUS_OK)
			status = backup_session_check(role->session, err);
		if (status == STATUS_OK)
			status = backup_role_progress(run, err);
		(void)pthread_mutex_lock(&role->mutex);
	}
	(void)pthread_mutex_unlock(&role->mutex);
	return status;
}

/* A reader that gave up because of the run's fault leaves its item done but without its content. */
static enum status emit_item(struct backup_role_run *run, struct backup_item *item,
			     struct error *err)
{
	struct db_job_role *result = &run->role->result;
	bool begun = false;
	enum status status = drain(run, item, &begun, err);
	if (status == STATUS_OK)
		status = backup_session_check(run->role->session, err);
	if (status == STATUS_OK && !begun)
		status = begin_file(run, item->entry, err);
	if (status == STATUS_OK)
		status = add_extents(run, item->extents, item->extent_count, err);
	if (status != STATUS_OK)
		return status;
	result->entries++;
	result->new_bytes += item->new_bytes;
	if (item->entry->type != SNAPSHOT_FILE) {
		if (item->entry->problem == SNAPSHOT_PROBLEM_UNREADABLE)
			result->problems++;
		return STATUS_OK;
	}
	if (item->unchanged)
		result->files_unchanged++;
	else
		result->files_read++;
	bool cacheable = item->unchanged || is_cacheable(item->entry, &item->end, item->read_time);
	return end_file(run, &item->end, cacheable, err);
}

enum status backup_role_emit(struct backup_role_run *run, struct error *err)
{
	struct backup_item *item = run->window[run->first];
	enum status status = emit_item(run, item, err);
	if (status != STATUS_OK)
		return status;
	run->first = (run->first + 1) % BACKUP_ROLE_WINDOW;
	run->count--;
	backup_item_free(item);
	return STATUS_OK;
}

enum status backup_role_reference(struct backup_role *role, struct archive_extent *extents,
				  size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (extents[i].pack == ARCHIVE_HOLE)
			continue;
		enum status status = backup_packs_reference(role->session->packs, extents[i].pack,
							    &extents[i].pack, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status backup_role_emit_unchanged(struct backup_role_run *run,
				       const struct snapshot_entry *entry,
				       const struct archive_extent *first, size_t count,
				       struct error *err)
{
	struct backup_role *role = run->role;
	struct archive_file_end end;
	AUTO_FREE struct archive_extent *copy = calloc(ARCHIVE_MANIFEST_CHUNKS_MAX, sizeof *copy);
	if (copy == NULL)
		return fail_memory(err, "write manifest entry");
	const struct archive_extent *extents = first;
	enum status status = begin_file(run, entry, err);
	while (status == STATUS_OK && count > 0) {
		memcpy(copy, extents, count * sizeof *copy);
		status = backup_role_reference(role, copy, count, err);
		if (status == STATUS_OK)
			status = add_extents(run, copy, count, err);
		if (status == STATUS_OK)
			status = backup_cache_extents(run->cache, &extents, &count, &end, err);
	}
	if (status != STATUS_OK)
		return status;
	role->result.entries++;
	role->result.files_unchanged++;
	atomic_fetch_add(&role->session->bytes_done, end.size);
	return end_file(run, &end, true, err);
}
