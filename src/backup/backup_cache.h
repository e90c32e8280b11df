/* SPDX-License-Identifier: Apache-2.0 */
/* The stat cache: what the last backup found in a service, in walk order, so that files that have
 * not changed are not opened again. Read alongside the walk and written anew by it, both in
 * constant memory. Local, private, and worth nothing when lost. */
#ifndef BACKUP_CACHE_H
#define BACKUP_CACHE_H

#include "backup_packs.h"
#include "backup_session.h"

/* Files whose mtime or ctime is younger than this when they are read are not cached: a change
 * within the file system's own granularity could go unseen (2 s: the coarsest in use, FAT and old
 * NFS). */
#define BACKUP_CACHE_GRANULARITY_MS 2000

/* --- reading last time's --- */

struct backup_cache_reader;
/* *@out is NULL, with OK, when there is none that fits (other generation, repository or source). */
MUST_CHECK enum status backup_cache_open(struct backup_session *session, const char *role,
					 const char *source, struct backup_cache_reader **out,
					 struct error *err);
void backup_cache_close(struct backup_cache_reader *reader);

/* Whether @entry (a file; called in walk order) is as it was, and all packs that hold it are still
 * known. Then its extents are delivered by backup_cache_extents(). NULL @reader: never. */
bool backup_cache_find(struct backup_cache_reader *reader, const struct snapshot_entry *entry);
/* The next group (at most ARCHIVE_MANIFEST_CHUNKS_MAX, pack = slot, see backup_packs.h), valid
 * until the next call; *@count 0 at the end, then size and hash are in @end. After
 * backup_cache_find() was true, to be called until the end. */
MUST_CHECK enum status backup_cache_extents(struct backup_cache_reader *reader,
					    const struct archive_extent **extents, size_t *count,
					    struct archive_file_end *end, struct error *err);

/* --- writing this time's --- */

struct backup_cache_writer;
MUST_CHECK enum status backup_cache_create(struct backup_session *session, const char *role,
					   const char *source, struct backup_cache_writer **out,
					   struct error *err);
/* A file in walk order: begin, groups of extents (pack = reference), end. @cacheable false: forget
 * it. */
MUST_CHECK enum status backup_cache_begin(struct backup_cache_writer *writer,
					  const struct snapshot_entry *entry, struct error *err);
MUST_CHECK enum status backup_cache_add(struct backup_cache_writer *writer,
					const struct archive_extent *extents, size_t count,
					struct error *err);
MUST_CHECK enum status backup_cache_end(struct backup_cache_writer *writer,
					const struct archive_file_end *end, bool cacheable,
					struct error *err);
/* After the backup is committed: the table of packs, then the file takes the place of last time's.
 */
MUST_CHECK enum status backup_cache_commit(struct backup_cache_writer *writer, struct error *err);
/* Removes the file when it was not committed. NULL is legal. */
void backup_cache_discard(struct backup_cache_writer *writer);

#endif
