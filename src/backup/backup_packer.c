/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks into blocks: deduplication and bounded buffers. */
#include <string.h>
#include <unistd.h>

#include "backup_packer_private.h"

#define MEBIBYTE (1024u * 1024u)
/* Blocks in flight end up in one pack after it has reached its target size; so many keep it below
 * ARCHIVE_PACK_MAX. */
#define BLOCKS_MAX 10
#define THREADS_MAX 8

static void free_block_list(struct packer_work *list)
{
	while (list != NULL) {
		struct packer_work *next = list->next;
		archive_block_free(list->block);
		free(list);
		list = next;
	}
}

static enum status allocate_blocks(struct backup_packer *packer, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct packer_work *work = calloc(1, sizeof *work);
		if (work == NULL)
			return fail_memory(err, "allocate block buffers");
		work->next = packer->free_blocks;
		packer->free_blocks = work;
		work->block = archive_block_new();
		if (work->block == NULL)
			return fail_memory(err, "allocate block buffers");
	}
	return STATUS_OK;
}

static enum status start_threads(struct backup_packer *packer, size_t count, struct error *err)
{
	packer->threads = calloc(count, sizeof *packer->threads);
	if (packer->threads == NULL)
		return fail_memory(err, "start packer threads");
	enum status status = STATUS_OK;
	while (packer->thread_count < count && status == STATUS_OK) {
		status = thread_start(&packer->threads[packer->thread_count], "packer",
				      packer_thread, packer, err);
		if (status == STATUS_OK)
			packer->thread_count++;
	}
	return status;
}

static size_t thread_count(const struct backup_session *session)
{
	size_t count = session->service->config->engine.workers;
	if (count == 0) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);
		count = processors > 0 ? (size_t)processors : 1;
	}
	return count < THREADS_MAX ? count : THREADS_MAX;
}

/* A third of the engine's memory goes to block buffers; the rest to readers, compressors and the
 * database's caches. */
static size_t block_count(const struct backup_session *session)
{
	size_t count =
		session->service->config->engine.max_memory_mib / 3 * MEBIBYTE /
		(ARCHIVE_BLOCK_MAX + ARCHIVE_BLOCK_CHUNKS_MAX * sizeof(struct archive_chunk));
	if (count < 2)
		count = 2;
	return count < BLOCKS_MAX ? count : BLOCKS_MAX;
}

enum status backup_packer_start(struct backup_session *session, struct backup_packer **out,
				struct error *err)
{
	struct backup_packer *packer = calloc(1, sizeof *packer);
	if (packer == NULL)
		return fail_memory(err, "start packer");
	packer->session = session;
	(void)pthread_mutex_init(&packer->mutex, NULL);
	(void)pthread_cond_init(&packer->work_ready, NULL);
	(void)pthread_cond_init(&packer->block_free, NULL);
	(void)pthread_cond_init(&packer->idle, NULL);
	packer->chunks = backup_chunks_new();
	enum status status = packer->chunks != NULL ? STATUS_OK : fail_memory(err, "start packer");
	if (status == STATUS_OK)
		status = allocate_blocks(packer, block_count(session), err);
	if (status == STATUS_OK)
		status = start_threads(packer, thread_count(session), err);
	if (status == STATUS_OK)
		*out = packer;
	else
		backup_packer_stop(packer);
	return status;
}

static struct packer_pack *new_pack(struct backup_packer *packer, struct error *err)
{
	struct backup_session *session = packer->session;
	struct packer_pack *pack = calloc(1, sizeof *pack);
	if (pack == NULL) {
		(void)fail_memory(err, "begin pack");
		return NULL;
	}
	pack->number = packer->next_pack_number;
	enum status status =
		archive_pack_writer_new(session->repository.id, session->session_id_bytes,
					pack->number, &pack->writer, err);
	if (status == STATUS_OK)
		status =
			backup_packs_add_new(session->packs, session->session_id, &pack->slot, err);
	if (status != STATUS_OK) {
		archive_pack_writer_free(pack->writer);
		free(pack);
		return NULL;
	}
	(void)pthread_mutex_init(&pack->io, NULL);
	packer->next_pack_number++;
	pack->next = packer->in_flight;
	packer->in_flight = pack;
	return pack;
}

static bool pack_is_full(const struct packer_pack *pack)
{
	return pack->stored >= ARCHIVE_PACK_TARGET ||
	       pack->chunk_count + ARCHIVE_BLOCK_CHUNKS_MAX > ARCHIVE_PACK_CHUNKS_MAX ||
	       pack->next_block >= ARCHIVE_PACK_BLOCKS_MAX;
}

/* Takes a free block and reserves its place in the current pack. Mutex held; there is a free block.
 */
static enum status open_block(struct backup_packer *packer, struct error *err)
{
	enum status status = STATUS_OK;
	if (packer->current != NULL && pack_is_full(packer->current))
		status = packer_close_current(packer, err);
	if (status == STATUS_OK && packer->current == NULL) {
		packer->current = new_pack(packer, err);
		if (packer->current == NULL)
			return STATUS_NO_MEMORY;
	}
	if (status != STATUS_OK)
		return status;
	struct packer_work *work = packer->free_blocks;
	packer->free_blocks = work->next;
	archive_block_clear(work->block);
	work->next = NULL;
	work->pack = packer->current;
	work->block_number = packer->current->next_block++;
	packer->current->pending++;
	packer->open = work;
	return STATUS_OK;
}

static enum status note_chunk(struct packer_pack *pack, const unsigned char id[SHA256_SIZE],
			      const struct backup_place *place, struct error *err)
{
	if (pack->chunk_count == pack->chunk_capacity) {
		size_t capacity = pack->chunk_capacity == 0 ? 512 : pack->chunk_capacity * 2;
		struct db_chunk *chunks =
			reallocarray(pack->chunks, capacity, sizeof *pack->chunks);
		if (chunks == NULL)
			return fail_memory(err, "note chunk");
		pack->chunks = chunks;
		pack->chunk_capacity = capacity;
	}
	struct db_chunk *chunk = &pack->chunks[pack->chunk_count++];
	memset(chunk, 0, sizeof *chunk);
	memcpy(chunk->id, id, SHA256_SIZE);
	chunk->block = place->block;
	chunk->offset = place->offset;
	chunk->length = place->length;
	return STATUS_OK;
}

static enum status append(struct backup_packer *packer, const unsigned char id[SHA256_SIZE],
			  const void *data, size_t length, struct backup_place *out,
			  struct error *err)
{
	struct packer_work *open = packer->open;
	struct backup_place place = {
		.slot = open->pack->slot,
		.block = open->block_number,
		.length = (uint32_t)length,
	};
	place.offset = archive_block_append(open->block, id, data, length);
	enum status status = note_chunk(open->pack, id, &place, err);
	if (status == STATUS_OK)
		status = backup_chunks_add(packer->chunks, id, &place, err);
	if (status == STATUS_OK)
		*out = place;
	return status;
}

/* Until the chunk is known or an open block has room for it: hands over full blocks, waits for free
 * ones. Mutex held. *@found: the chunk was put by somebody else meanwhile. */
static enum status make_room(struct backup_packer *packer, const unsigned char id[SHA256_SIZE],
			     size_t length, struct backup_place *out, bool *found,
			     struct error *err)
{
	for (;;) {
		enum status status = backup_session_check(packer->session, err);
		if (status != STATUS_OK)
			return status;
		*found = backup_chunks_find(packer->chunks, id, out);
		if (*found)
			return STATUS_OK;
		if (packer->open != NULL && archive_block_has_room(packer->open->block, length))
			return STATUS_OK;
		if (packer->open != NULL)
			packer_enqueue(packer, TAKE(packer->open));
		if (packer->free_blocks != NULL)
			status = open_block(packer, err);
		else
			(void)pthread_cond_wait(&packer->block_free, &packer->mutex);
		if (status != STATUS_OK)
			return status;
	}
}

/* Chunks of complete packs are in the catalogue; the look-up there happens before the lock is
 * taken. Between the two a chunk can move from the table in memory to the catalogue unseen; it is
 * then stored twice, which costs space and nothing else. */
static bool find_in_catalogue(struct backup_packer *packer, struct db *catalogue,
			      const unsigned char id[SHA256_SIZE], struct backup_place *out,
			      enum status *status, struct error *err)
{
	struct db_chunk chunk;
	*status = db_chunk_find(catalogue, id, &chunk, err);
	if (*status == STATUS_NOT_FOUND)
		*status = STATUS_OK;
	else if (*status == STATUS_OK) {
		uint32_t slot = backup_packs_find_row(packer->session->packs, chunk.pack);
		*out = (struct backup_place) { slot, chunk.block, chunk.offset, chunk.length };
		return slot != BACKUP_SLOT_NONE;
	}
	return false;
}

enum status backup_packer_put(struct backup_packer *packer, struct db *catalogue,
			      const unsigned char id[SHA256_SIZE], const void *data, size_t length,
			      struct backup_place *out, bool *is_new, struct error *err)
{
	enum status status;
	*is_new = false;
	if (find_in_catalogue(packer, catalogue, id, out, &status, err))
		return STATUS_OK;
	if (status != STATUS_OK)
		return status;
	bool found = false;
	(void)pthread_mutex_lock(&packer->mutex);
	status = make_room(packer, id, length, out, &found, err);
	if (status == STATUS_OK && !found) {
		status = append(packer, id, data, length, out, err);
		*is_new = true;
	}
	(void)pthread_mutex_unlock(&packer->mutex);
	return status;
}

enum status backup_packer_finish(struct backup_packer *packer, struct error *err)
{
	enum status status = STATUS_OK;
	(void)pthread_mutex_lock(&packer->mutex);
	if (packer->open != NULL)
		packer_enqueue(packer, TAKE(packer->open));
	if (packer->current != NULL)
		status = packer_close_current(packer, err);
	while (status == STATUS_OK && packer->in_flight != NULL &&
	       !backup_fault_is_raised(&packer->session->fault))
		(void)pthread_cond_wait(&packer->idle, &packer->mutex);
	(void)pthread_mutex_unlock(&packer->mutex);
	return status != STATUS_OK ? status : backup_session_check(packer->session, err);
}

uint64_t backup_packer_stored(struct backup_packer *packer)
{
	(void)pthread_mutex_lock(&packer->mutex);
	uint64_t stored = packer->stored_total;
	(void)pthread_mutex_unlock(&packer->mutex);
	return stored;
}

void backup_packer_stop(struct backup_packer *packer)
{
	if (packer == NULL)
		return;
	(void)pthread_mutex_lock(&packer->mutex);
	packer->stopping = true;
	(void)pthread_cond_broadcast(&packer->work_ready);
	(void)pthread_mutex_unlock(&packer->mutex);
	for (size_t i = 0; i < packer->thread_count; i++)
		(void)pthread_join(packer->threads[i], NULL);
	(void)pthread_mutex_lock(&packer->mutex);
	while (packer->in_flight != NULL)
		packer_forget(packer, packer->in_flight);
	(void)pthread_mutex_unlock(&packer->mutex);
	free_block_list(packer->work_first);
	free_block_list(packer->free_blocks);
	free_block_list(packer->open);
	backup_chunks_free(packer->chunks);
	free(packer->threads);
	(void)pthread_cond_destroy(&packer->idle);
	(void)pthread_cond_destroy(&packer->block_free);
	(void)pthread_cond_destroy(&packer->work_ready);
	(void)pthread_mutex_destroy(&packer->mutex);
	free(packer);
}
