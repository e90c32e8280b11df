/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the stat cache during a walk. */
#include <stdio.h>
#include <string.h>

#include "backup_cache_private.h"

struct backup_cache_writer {
	struct backup_session *session;
	FILE *file;
	char *temporary;
	char *path;
};

static enum status put(struct backup_cache_writer *writer, const void *data, size_t length,
		       struct error *err)
{
	if (fwrite(data, 1, length, writer->file) == length)
		return STATUS_OK;
	return fail_errno(err, STATUS_FAILED, "write stat cache", writer->temporary);
}

static void release(struct backup_cache_writer *writer)
{
	if (writer->file != NULL)
		(void)fclose(writer->file);
	free(writer->temporary);
	free(writer->path);
	free(writer);
}

enum status backup_cache_create(struct backup_session *session, const char *role,
				const char *source, struct backup_cache_writer **out,
				struct error *err)
{
	struct cache_header header;
	struct backup_cache_writer *writer = calloc(1, sizeof *writer);
	if (writer == NULL)
		return fail_memory(err, "write stat cache");
	writer->session = session;
	writer->temporary = backup_cache_path(session, role, ".new");
	writer->path = backup_cache_path(session, role, ".cache");
	enum status status = STATUS_OK;
	if (writer->temporary == NULL || writer->path == NULL)
		status = fail_memory(err, "write stat cache");
	if (status == STATUS_OK) {
		writer->file = fopen(writer->temporary, "we");
		if (writer->file == NULL)
			status = fail_errno(err, STATUS_FAILED, "write stat cache",
					    writer->temporary);
	}
	if (status == STATUS_OK) {
		backup_cache_header(session, source, &header);
		status = put(writer, &header, sizeof header, err);
	}
	if (status == STATUS_OK)
		*out = writer;
	else
		release(writer);
	return status;
}

enum status backup_cache_begin(struct backup_cache_writer *writer,
			       const struct snapshot_entry *entry, struct error *err)
{
	struct cache_file record;
	memset(&record, 0, sizeof record);
	record.path_length = (uint32_t)strlen(entry->path);
	record.size = entry->size;
	record.modified_ns = entry->modified_ns;
	record.changed_ns = entry->changed_ns;
	record.inode = entry->inode;
	enum status status = put(writer, &record, sizeof record, err);
	if (status == STATUS_OK)
		status = put(writer, entry->path, record.path_length, err);
	return status;
}

enum status backup_cache_add(struct backup_cache_writer *writer,
			     const struct archive_extent *extents, size_t count, struct error *err)
{
	uint32_t group = (uint32_t)count;
	if (group == 0)
		return STATUS_OK;
	enum status status = put(writer, &group, sizeof group, err);
	if (status == STATUS_OK)
		status = put(writer, extents, count * sizeof *extents, err);
	return status;
}

enum status backup_cache_end(struct backup_cache_writer *writer, const struct archive_file_end *end,
			     bool cacheable, struct error *err)
{
	const uint32_t no_more = 0;
	struct cache_end record;
	memset(&record, 0, sizeof record);
	record.size = end->size;
	memcpy(record.sha256, end->sha256, SHA256_SIZE);
	record.is_cacheable = cacheable ? 1 : 0;
	enum status status = put(writer, &no_more, sizeof no_more, err);
	if (status == STATUS_OK)
		status = put(writer, &record, sizeof record, err);
	return status;
}

static enum status put_table(struct backup_cache_writer *writer, struct error *err)
{
	struct backup_packs *packs = writer->session->packs;
	struct cache_trailer trailer = { .table_offset = (uint64_t)ftello(writer->file) };
	const uint32_t start[2] = { CACHE_TABLE, backup_packs_reference_count(packs) };
	memcpy(trailer.magic, CACHE_END_MAGIC, sizeof trailer.magic);
	enum status status = put(writer, start, sizeof start, err);
	for (uint32_t i = 0; i < start[1] && status == STATUS_OK; i++) {
		struct backup_pack_view view;
		backup_packs_view(packs, i, &view);
		status = put(writer, view.sha256, sizeof view.sha256, err);
	}
	if (status == STATUS_OK)
		status = put(writer, &trailer, sizeof trailer, err);
	return status;
}

/* Flushed before it gets its name: a cache that a power cut left half would name chunks that are
 * not there. */
enum status backup_cache_commit(struct backup_cache_writer *writer, struct error *err)
{
	enum status status = put_table(writer, err);
	if (status == STATUS_OK && (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0))
		status = fail_errno(err, STATUS_FAILED, "flush stat cache", writer->temporary);
	if (status == STATUS_OK && rename(writer->temporary, writer->path) != 0)
		status = fail_errno(err, STATUS_FAILED, "name stat cache", writer->path);
	if (status != STATUS_OK)
		(void)unlink(writer->temporary);
	release(writer);
	return status;
}

void backup_cache_discard(struct backup_cache_writer *writer)
{
	if (writer == NULL)
		return;
	(void)unlink(writer->temporary);
	release(writer);
}
