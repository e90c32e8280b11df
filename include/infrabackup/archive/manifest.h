/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.bin: what a backup holds, as a stream of records in encrypted segments; written and read
 * in constant memory (api/FORMAT.md section 7). */
#ifndef INFRABACKUP_ARCHIVE_MANIFEST_H
#define INFRABACKUP_ARCHIVE_MANIFEST_H

#include "infrabackup/archive/block.h"

#define ARCHIVE_MANIFEST_CHUNKS_MAX 4096 /* references in one record */

/* Where a piece of a file is: a chunk in a block, or a hole. */
struct archive_extent {
	uint32_t pack;   /* index in backup.json's packs; ARCHIVE_HOLE: zero bytes */
	uint32_t block;  /* block number in the pack */
	uint32_t offset; /* in the plain block */
	uint32_t length;
	uint64_t hole_length; /* when pack == ARCHIVE_HOLE; then the three above are 0 */
};
#define ARCHIVE_HOLE UINT32_MAX

enum archive_record_type {
	ARCHIVE_RECORD_GENERATION = 1, /* first record */
	ARCHIVE_RECORD_ROLE = 2,
	ARCHIVE_RECORD_ENTRY = 3,
	ARCHIVE_RECORD_EXTENTS = 4,  /* after ENTRY of a file, any number */
	ARCHIVE_RECORD_FILE_END = 5, /* after them, exactly once */
	ARCHIVE_RECORD_ROLE_END = 6,
	ARCHIVE_RECORD_END = 7, /* last record */
};

struct archive_xattr {
	const char *name;
	const unsigned char *value;
	size_t value_length;
};

/* Numbers as in snapshot.h, which this module does not know. Types are 1 to 8, problems 0 to 3,
 * mode has permission bits only; a path is relative, without empty, "." and ".." parts; only links
 * have a target, hard links always. */
struct archive_entry {
	uint8_t type;
	uint8_t problem;
	int32_t cause;
	uint32_t mode;
	uint32_t user_id, group_id;
	uint32_t device_major, device_minor;
	uint64_t size;
	int64_t modified_ns;
	const char *path;        /* NUL-terminated, any other bytes */
	const char *link_target; /* NULL when there is none */
	const struct archive_xattr *xattrs;
	size_t xattr_count;
};

struct archive_file_end {
	uint64_t size;                     /* the sum of the extents, unless problem is 1 */
	unsigned char sha256[SHA256_SIZE]; /* of the file's bytes, holes as zeros */
	uint8_t problem;
	int32_t cause;
};

struct archive_role {
	const char *name; /* a file name: 1 to 255 bytes, no '/', not "." or ".." */
	const char *provider;
	bool essential;
	int32_t restore_priority;
};

struct archive_role_end {
	uint64_t entries;
	uint64_t bytes;
	uint64_t problems;
};

struct archive_identity {
	unsigned char repository_id[GUID_SIZE];
	unsigned char session_id[GUID_SIZE];
	unsigned char backup_id[GUID_SIZE];
};

/* Takes the file's bytes as they are made. */
typedef enum status (*archive_manifest_write)(void *context, const void *data, size_t length,
					      struct error *err);

/* A writer is used by one thread at a time. A session key writes one manifest, never two. What a
 * reader would refuse (order of records, numbers, paths, a file's size that is not the sum of its
 * extents unless its problem is 1) is STATUS_INVALID, and nothing of it is written. */
struct archive_manifest_writer;
MUST_CHECK enum status archive_manifest_writer_new(const struct archive_identity *identity,
						   const struct secret *session_key,
						   archive_manifest_write write, void *context,
						   struct archive_manifest_writer **out,
						   struct error *err);
void archive_manifest_writer_free(struct archive_manifest_writer *writer);
MUST_CHECK enum status archive_manifest_generation(struct archive_manifest_writer *writer,
						   uint32_t number,
						   const struct secret *dedup_secret,
						   struct error *err);
MUST_CHECK enum status archive_manifest_role(struct archive_manifest_writer *writer,
					     const struct archive_role *role, struct error *err);
/* STATUS_TOO_LARGE when path, link and xattrs together do not fit a segment (1 MiB). */
MUST_CHECK enum status archive_manifest_entry(struct archive_manifest_writer *writer,
					      const struct archive_entry *entry, struct error *err);
MUST_CHECK enum status archive_manifest_extents(struct archive_manifest_writer *writer,
						const struct archive_extent *extents, size_t count,
						struct error *err);
MUST_CHECK enum status archive_manifest_file_end(struct archive_manifest_writer *writer,
						 const struct archive_file_end *end,
						 struct error *err);
MUST_CHECK enum status archive_manifest_role_end(struct archive_manifest_writer *writer,
						 const struct archive_role_end *end,
						 struct error *err);
/* Writes the last segment. *@size and @digest: of the whole file. */
MUST_CHECK enum status archive_manifest_finish(struct archive_manifest_writer *writer,
					       uint64_t *size, unsigned char digest[SHA256_SIZE],
					       struct error *err);

/* One record; pointers are valid until the next read. Only the member of its type is filled. */
struct archive_manifest_record {
	enum archive_record_type type;
	struct {
		uint32_t number;
		const unsigned char *dedup_secret; /* KEY_SIZE bytes */
	} generation;
	struct archive_role role;
	struct archive_entry entry;
	const struct archive_extent *extents;
	size_t extent_count;
	struct archive_file_end file_end;
	struct archive_role_end role_end;
};

/* Delivers up to @length bytes at the reader's place; *@got 0 at the end of the file. */
typedef enum status (*archive_manifest_read)(void *context, void *data, size_t length, size_t *got,
					     struct error *err);

struct archive_manifest_reader;
/* STATUS_INTEGRITY also when the identity in the file is not @identity. */
MUST_CHECK enum status archive_manifest_reader_new(const struct archive_identity *identity,
						   const struct secret *session_key,
						   archive_manifest_read read, void *context,
						   struct archive_manifest_reader **out,
						   struct error *err);
void archive_manifest_reader_free(struct archive_manifest_reader *reader);
/* The next record; the grammar (generation first, entries inside roles, extents and one end per
 * file, END last and nothing after it) is enforced here. */
MUST_CHECK enum status archive_manifest_next(struct archive_manifest_reader *reader,
					     const struct archive_manifest_record **out,
					     struct error *err);

#endif
