/* SPDX-License-Identifier: Apache-2.0 */
/* The packer's two halves: backup_packer.c lays chunks into blocks, backup_packer_write.c makes
 * packs of them.
 *
 *   put() --> open block --(full)--> work list --> packer thread: seal, write --> pack
 *               ^                                        |
 *               +------------- free blocks <-------------+
 */
#ifndef BACKUP_PACKER_PRIVATE_H
#define BACKUP_PACKER_PRIVATE_H

#include "backup_packer.h"

/* A pack in flight. Guarded by the packer's mutex, except what @io guards. */
struct packer_pack {
	struct packer_pack *next; /* list of packs in flight */
	uint32_t slot;
	uint32_t number; /* in the session: part of every nonce */
	uint32_t next_block;
	uint32_t pending; /* blocks reserved in it and not yet written */
	uint64_t stored;
	bool closed;             /* takes no more blocks */
	struct db_chunk *chunks; /* for the catalogue */
	size_t chunk_count, chunk_capacity;

	pthread_mutex_t io; /* one block is written at a time */
	struct archive_pack_writer *writer;
	struct backup_upload *upload; /* NULL until the first block comes */
};

/* One full block on its way to a packer thread, or (block NULL) a pack that can be completed. */
struct packer_work {
	struct packer_work *next;
	struct packer_pack *pack;
	struct archive_block *block;
	uint32_t block_number;
};

struct backup_packer {
	struct backup_session *session;
	pthread_t *threads;
	size_t thread_count;

	pthread_mutex_t mutex;
	pthread_cond_t work_ready; /* work, or the end */
	pthread_cond_t block_free; /* a block came back, or a fault */
	pthread_cond_t idle;       /* a pack is complete, or a fault */
	bool stopping;
	struct packer_work *work_first, *work_last;
	struct packer_work *free_blocks; /* with their buffers */
	struct packer_work *open;        /* the block that chunks go to; NULL */
	struct packer_pack *current;     /* the pack that blocks are reserved in; NULL */
	struct packer_pack *in_flight;
	uint32_t next_pack_number;
	struct backup_chunks *chunks;
	uint64_t stored_total;
};

/* What a packer thread runs. */
void *packer_thread(void *packer);
/* Appends to the work list and wakes a thread. Mutex held. */
void packer_enqueue(struct backup_packer *packer, struct packer_work *work);
/* No more blocks for the current pack; when nothing is pending any more, its completion becomes
 * work. Mutex held. */
enum status packer_close_current(struct backup_packer *packer, struct error *err);
/* Removes and frees a pack in flight; an upload that is still open is aborted. Mutex held (released
 * for the abort). */
void packer_forget(struct backup_packer *packer, struct packer_pack *pack);
/* The session's fault; wakes everybody. Mutex not held. */
void packer_fault(struct backup_packer *packer, const struct error *err);

#endif
