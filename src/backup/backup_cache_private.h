/* SPDX-License-Identifier: Apache-2.0 */
/* Layout of a cache file; read and written by the same machine only, integers in its own byte
 * order.
 *
 *   struct cache_header, then per file: struct cache_file, path, groups { u32 count, count extents
 * }, u32 0, struct cache_end; then u32 CACHE_TABLE, u32 count, count digests of packs by reference;
 * then the end mark. */
#ifndef BACKUP_CACHE_PRIVATE_H
#define BACKUP_CACHE_PRIVATE_H

#include "backup_cache.h"

#define CACHE_MAGIC "IBCACHE1"
#define CACHE_END_MAGIC "IBCACHE2"
#define CACHE_TABLE UINT32_MAX /* in place of a path length */
#define CACHE_PATH_MAX (1u << 20)

struct cache_header {
	char magic[8];
	char repository_id[40];
	char generation[ARCHIVE_GENERATION_SIZE];
	unsigned char source[SHA256_SIZE]; /* hash of provider and path */
};

struct cache_file {
	uint32_t path_length;
	uint32_t reserved;
	uint64_t size;
	int64_t modified_ns;
	int64_t changed_ns;
	uint64_t inode;
};

struct cache_end {
	uint64_t size;
	unsigned char sha256[SHA256_SIZE];
	uint32_t is_cacheable;
	uint32_t reserved;
};

struct cache_trailer {
	uint64_t table_offset;
	char magic[8];
};

/* "<cache directory>/<role>@suffix", or NULL. */
char *backup_cache_path(const struct backup_session *session, const char *role, const char *suffix);
void backup_cache_header(const struct backup_session *session, const char *source,
			 struct cache_header *header);

#endif
