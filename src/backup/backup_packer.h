/* SPDX-License-Identifier: Apache-2.0 */
/* The packer: takes chunks from many threads, stores each only once, lays new ones into blocks, and
 * has threads of its own that compress, encrypt and write the blocks into packs on the share. A
 * pack that is reported complete has been flushed, read back and named, and is in the catalogue. */
#ifndef BACKUP_PACKER_H
#define BACKUP_PACKER_H

#include "backup_chunks.h"
#include "backup_packs.h"
#include "backup_session.h"

struct backup_packer;

/* Starts the threads. The session's keys, generation and packs table must be there. */
MUST_CHECK enum status backup_packer_start(struct backup_session *session,
					   struct backup_packer **out, struct error *err);
/* Where the chunk is, stored by now or soon. Waits while all buffers are full. @catalogue: the
 * calling thread's connection. *@is_new: whether its bytes had to be stored. Fails with the
 * session's fault as soon as there is one. */
MUST_CHECK enum status backup_packer_put(struct backup_packer *packer, struct db *catalogue,
					 const unsigned char id[SHA256_SIZE], const void *data,
					 size_t length, struct backup_place *out, bool *is_new,
					 struct error *err);
/* Waits until every pack is complete. Nobody puts any more. */
MUST_CHECK enum status backup_packer_finish(struct backup_packer *packer, struct error *err);
/* Bytes of the packs made so far. */
uint64_t backup_packer_stored(struct backup_packer *packer);
/* Ends the threads, removes what is incomplete. NULL is legal. */
void backup_packer_stop(struct backup_packer *packer);

#endif
