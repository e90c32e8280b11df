/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a service on its way into the manifest. The role thread makes it, a reader fills it,
 * the role thread writes it out in walk order. */
#ifndef BACKUP_ITEM_H
#define BACKUP_ITEM_H

#include "backup_packer.h"
#include "backup_session.h"

enum backup_item_state {
	BACKUP_ITEM_READING, /* a reader has it, or will */
	BACKUP_ITEM_FLUSH,   /* its extents are full: to be written out before the reader goes on */
	BACKUP_ITEM_DONE,
};

struct backup_cache_writer;
struct backup_role;

/* state and the extents' hand-over are guarded by the role's mutex; the rest belongs to whoever has
 * the item. */
struct backup_item {
	struct backup_role *role;
	struct snapshot_entry *entry;
	enum backup_item_state state;
	struct archive_extent *extents;       /* pack = reference in this backup */
	size_t extent_count, extent_capacity; /* at most ARCHIVE_MANIFEST_CHUNKS_MAX */
	struct archive_file_end end;          /* files */
	uint64_t new_bytes;
	int64_t read_time; /* when reading began, ms */
	bool flushed;      /* some extents are written out already */
	bool unchanged;    /* taken from the cache of last time */
};

/* @entry is copied. NULL when memory is out. */
struct backup_item *backup_item_new(struct backup_role *role, const struct snapshot_entry *entry);
void backup_item_free(struct backup_item *item);
/* Adds one extent. When the item is full it is handed to the role thread first and this waits;
 * fails with the session's fault. */
MUST_CHECK enum status backup_item_add(struct backup_item *item,
				       const struct archive_extent *extent, struct error *err);

/* What a role has in hand; made by backup_role.c. */
struct backup_role {
	struct backup_session *session;
	const struct config_service *service; /* NULL: the service's own role */
	const char *name;
	const char *provider;
	bool essential;
	int restore_priority;
	int position;
	const struct snapshot_driver *driver;
	struct snapshot_settings settings;
	struct snapshot *snapshot;
	const char **exclude; /* the service's patterns and the state directory's; NULL when not
				 needed */
	char *exclude_state;
	char *self_folder; /* of the service's own role: what is backed up, removed at the end */

	pthread_mutex_t mutex;
	pthread_cond_t moved; /* an item changed its state, or a fault */

	bool is_expected; /* it is in the newest backup, with so many bytes */
	uint64_t expected_bytes;
	bool is_taken;             /* done before it ran: see backup_retry.h */
	struct db_job_role result; /* strings borrowed until written */
	enum status status;        /* OK, STATUS_PARTIAL, or why the role failed */
	struct error error;
	char *spool_path; /* its part of the manifest */
	struct secret spool_key;
	bool has_spool;
	struct backup_cache_writer
		*new_cache; /* of a role that went well, until the backup is committed */
};

/* Reader threads: take items from session->files and fill them. */
struct backup_readers;
MUST_CHECK enum status backup_readers_start(struct backup_session *session,
					    struct backup_readers **out, struct error *err);
/* Closes session->files and waits. NULL is legal. */
void backup_readers_stop(struct backup_readers *readers);

#endif
