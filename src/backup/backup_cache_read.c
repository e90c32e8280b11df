/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the stat cache alongside a walk. */
#include <stdio.h>
#include <string.h>

#include "backup_cache_private.h"

struct backup_cache_reader {
	struct backup_session *session;
	FILE *file;
	uint32_t *slots; /* reference of last time -> slot, or BACKUP_SLOT_NONE */
	uint32_t slot_count;
	bool at_end;
	bool has_file; /* file and path are the next one in the cache, groups unread */
	struct cache_file record;
	char *path;
	struct archive_extent *extents; /* one group */
};

char *backup_cache_path(const struct backup_session *session, const char *role, const char *suffix)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s%s", session->service->cache_directory, role, suffix) < 0)
		return NULL;
	return path;
}

void backup_cache_header(const struct backup_session *session, const char *source,
			 struct cache_header *header)
{
	memset(header, 0, sizeof *header);
	memcpy(header->magic, CACHE_MAGIC, sizeof header->magic);
	(void)snprintf(header->repository_id, sizeof header->repository_id, "%s",
		       session->repository.marker.repository_id);
	(void)snprintf(header->generation, sizeof header->generation, "%s",
		       session->generation.name);
	hash_sha256(source, strlen(source), header->source);
}

void backup_cache_close(struct backup_cache_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->file != NULL)
		(void)fclose(reader->file);
	free(reader->slots);
	free(reader->path);
	free(reader->extents);
	free(reader);
}

static bool get(FILE *file, void *data, size_t length)
{
	return fread(data, 1, length, file) == length;
}

static bool read_table(struct backup_cache_reader *reader, uint64_t offset)
{
	uint32_t mark = 0, count = 0;
	if (fseeko(reader->file, (off_t)offset, SEEK_SET) != 0 ||
	    !get(reader->file, &mark, sizeof mark) || mark != CACHE_TABLE ||
	    !get(reader->file, &count, sizeof count))
		return false;
	reader->slots = calloc((size_t)count + 1, sizeof *reader->slots);
	if (reader->slots == NULL)
		return false;
	reader->slot_count = count;
	for (uint32_t i = 0; i < count; i++) {
		unsigned char digest[SHA256_SIZE];
		if (!get(reader->file, digest, sizeof digest))
			return false;
		reader->slots[i] = backup_packs_find_digest(reader->session->packs, digest);
	}
	return true;
}

/* A file without its end mark was cut short by a crash. */
static bool read_frame(struct backup_cache_reader *reader, const struct cache_header *expected)
{
	struct cache_header header;
	struct cache_trailer trailer;
	if (!get(reader->file, &header, sizeof header) ||
	    memcmp(&header, expected, sizeof header) != 0)
		return false;
	if (fseeko(reader->file, -(off_t)sizeof trailer, SEEK_END) != 0 ||
	    !get(reader->file, &trailer, sizeof trailer) ||
	    memcmp(trailer.magic, CACHE_END_MAGIC, sizeof trailer.magic) != 0)
		return false;
	return read_table(reader, trailer.table_offset) &&
	       fseeko(reader->file, sizeof header, SEEK_SET) == 0;
}

enum status backup_cache_open(struct backup_session *session, const char *role, const char *source,
			      struct backup_cache_reader **out, struct error *err)
{
	struct cache_header header;
	AUTO_FREE char *path = backup_cache_path(session, role, ".cache");
	struct backup_cache_reader *reader = calloc(1, sizeof *reader);
	if (path == NULL || reader == NULL) {
		free(reader);
		return fail_memory(err, "open stat cache");
	}
	*out = NULL;
	reader->session = session;
	reader->extents = calloc(ARCHIVE_MANIFEST_CHUNKS_MAX, sizeof *reader->extents);
	reader->file = fopen(path, "re");
	backup_cache_header(session, source, &header);
	if (reader->extents != NULL && reader->file != NULL && read_frame(reader, &header))
		*out = reader;
	else
		backup_cache_close(reader);
	return STATUS_OK;
}

static bool next_file(struct backup_cache_reader *reader)
{
	struct cache_file *record = &reader->record;
	if (!get(reader->file, &record->path_length, sizeof record->path_length) ||
	    record->path_length > CACHE_PATH_MAX ||
	    !get(reader->file, &record->reserved,
		 sizeof *record - offsetof(struct cache_file, reserved)))
		return false;
	char *path = realloc(reader->path, record->path_length + 1);
	if (path == NULL)
		return false;
	reader->path = path;
	path[record->path_length] = '\0';
	return get(reader->file, path, record->path_length);
}

/* One group into reader->extents; 0 extents: the end of the file's groups. */
static bool read_group(struct backup_cache_reader *reader, size_t *count)
{
	uint32_t found = 0;
	if (!get(reader->file, &found, sizeof found) || found > ARCHIVE_MANIFEST_CHUNKS_MAX)
		return false;
	*count = found;
	return get(reader->file, reader->extents, found * sizeof *reader->extents);
}

static bool skip_file(struct backup_cache_reader *reader)
{
	struct cache_end end;
	size_t count = 0;
	do {
		if (!read_group(reader, &count))
			return false;
	} while (count > 0);
	return get(reader->file, &end, sizeof end);
}

/* From references of last time to slots; false when a pack is gone. */
static bool translate(struct backup_cache_reader *reader, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct archive_extent *extent = &reader->extents[i];
		if (extent->pack == ARCHIVE_HOLE)
			continue;
		if (extent->pack >= reader->slot_count ||
		    reader->slots[extent->pack] == BACKUP_SLOT_NONE)
			return false;
		extent->pack = reader->slots[extent->pack];
	}
	return true;
}

static bool any_pack_is_gone(const struct backup_cache_reader *reader)
{
	for (uint32_t i = 0; i < reader->slot_count; i++)
		if (reader->slots[i] == BACKUP_SLOT_NONE)
			return true;
	return false;
}

static bool is_same(const struct cache_file *record, const struct snapshot_entry *entry)
{
	return entry->inode != 0 && record->inode == entry->inode && record->size == entry->size &&
	       record->modified_ns == entry->modified_ns && record->changed_ns == entry->changed_ns;
}

/* Whether the file is cacheable is written after its groups: look ahead, come back. Only files of a
 * single group are looked at extent by extent; for larger ones every pack of last time must still
 * be there. */
static bool check_file(struct backup_cache_reader *reader)
{
	struct cache_end end;
	size_t count = 0, next = 0;
	off_t groups = ftello(reader->file);
	if (groups < 0 || !read_group(reader, &count))
		return false;
	bool usable = translate(reader, count);
	if (count > 0 && !read_group(reader, &next))
		return false;
	if (next > 0 && any_pack_is_gone(reader))
		usable = false;
	while (next > 0)
		if (!read_group(reader, &next))
			return false;
	if (!get(reader->file, &end, sizeof end))
		return false;
	if (!usable || end.is_cacheable == 0)
		return false;
	return fseeko(reader->file, groups, SEEK_SET) == 0;
}

bool backup_cache_find(struct backup_cache_reader *reader, const struct snapshot_entry *entry)
{
	if (reader == NULL)
		return false;
	while (!reader->at_end) {
		if (!reader->has_file) {
			reader->has_file = next_file(reader);
			reader->at_end = !reader->has_file;
			continue;
		}
		int order = snapshot_path_compare(reader->path, entry->path);
		if (order > 0)
			return false;
		reader->has_file = false;
		if (order == 0 && is_same(&reader->record, entry))
			return check_file(reader);
		reader->at_end = !skip_file(reader);
	}
	return false;
}

enum status backup_cache_extents(struct backup_cache_reader *reader,
				 const struct archive_extent **extents, size_t *count,
				 struct archive_file_end *end, struct error *err)
{
	struct cache_end record;
	if (!read_group(reader, count) || !translate(reader, *count))
		return fail(err, STATUS_INTEGRITY, "read stat cache", NULL,
			    "the file ends too early or was changed while it was read");
	*extents = reader->extents;
	if (*count > 0)
		return STATUS_OK;
	if (!get(reader->file, &record, sizeof record))
		return fail(err, STATUS_INTEGRITY, "read stat cache", NULL,
			    "the file ends too early");
	memset(end, 0, sizeof *end);
	end->size = record.size;
	memcpy(end->sha256, record.sha256, SHA256_SIZE);
	return STATUS_OK;
}
