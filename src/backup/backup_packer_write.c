/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks into packs: the packer's threads. */
#include <string.h>

#include "backup_packer_private.h"

struct thread_state {
	struct backup_packer *packer;
	struct archive_sealer *sealer;
	struct buffer sealed;
	struct db *catalogue;
};

void packer_enqueue(struct backup_packer *packer, struct packer_work *work)
{
	work->next = NULL;
	if (packer->work_last != NULL)
		packer->work_last->next = work;
	else
		packer->work_first = work;
	packer->work_last = work;
	(void)pthread_cond_signal(&packer->work_ready);
}

enum status packer_close_current(struct backup_packer *packer, struct error *err)
{
	struct packer_pack *pack = TAKE(packer->current);
	pack->closed = true;
	if (pack->pending > 0)
		return STATUS_OK;
	struct packer_work *work = calloc(1, sizeof *work);
	if (work == NULL)
		return fail_memory(err, "close pack");
	work->pack = pack;
	packer_enqueue(packer, work);
	return STATUS_OK;
}

void packer_forget(struct backup_packer *packer, struct packer_pack *pack)
{
	struct packer_pack **link = &packer->in_flight;
	while (*link != pack)
		link = &(*link)->next;
	*link = pack->next;
	for (size_t i = 0; i < pack->chunk_count; i++)
		backup_chunks_remove(packer->chunks, pack->chunks[i].id);
	if (pack->upload != NULL) {
		(void)pthread_mutex_unlock(&packer->mutex);
		backup_upload_abort(pack->upload);
		(void)pthread_mutex_lock(&packer->mutex);
	}
	archive_pack_writer_free(pack->writer);
	(void)pthread_mutex_destroy(&pack->io);
	free(pack->chunks);
	free(pack);
}

void packer_fault(struct backup_packer *packer, const struct error *err)
{
	backup_fault_raise(&packer->session->fault, err);
	(void)pthread_mutex_lock(&packer->mutex);
	(void)pthread_cond_broadcast(&packer->block_free);
	(void)pthread_cond_broadcast(&packer->idle);
	(void)pthread_mutex_unlock(&packer->mutex);
}

static enum status begin_upload(struct backup_session *session, struct packer_pack *pack,
				struct error *err)
{
	char folder[ARCHIVE_NAME_SIZE];
	unsigned char header[ARCHIVE_PACK_HEADER_SIZE];
	(void)snprintf(folder, sizeof folder, ARCHIVE_GENERATIONS "/%s/packs",
		       session->generation.name);
	enum status status = backup_upload_begin(session, folder, &pack->upload, err);
	if (status != STATUS_OK)
		return status;
	archive_pack_writer_header(pack->writer, header);
	return backup_upload_write(pack->upload, header, sizeof header, err);
}

/* The one place where a block gets its offset and its bytes get to the share; @io keeps the two
 * together. */
static enum status write_block(struct thread_state *state, const struct packer_work *work,
			       struct archive_block_header *header, uint64_t *stored,
			       struct error *err)
{
	struct packer_pack *pack = work->pack;
	enum status status = STATUS_OK;
	(void)pthread_mutex_lock(&pack->io);
	if (pack->upload == NULL)
		status = begin_upload(state->packer->session, pack, err);
	if (status == STATUS_OK)
		status = archive_pack_writer_add(pack->writer, header, work->block, &state->sealed,
						 err);
	if (status == STATUS_OK)
		status = backup_upload_write(pack->upload, state->sealed.data, state->sealed.length,
					     err);
	*stored = archive_pack_writer_size(pack->writer);
	(void)pthread_mutex_unlock(&pack->io);
	return status;
}

static enum status seal_and_write(struct thread_state *state, const struct packer_work *work,
				  uint64_t *stored, struct error *err)
{
	struct backup_session *session = state->packer->session;
	struct archive_block_header header;
	struct archive_position position = {
		.pack_number = work->pack->number,
		.block_number = work->block_number,
	};
	memcpy(position.repository_id, session->repository.id, GUID_SIZE);
	memcpy(position.session_id, session->session_id_bytes, GUID_SIZE);
	enum status status = backup_session_check(session, err);
	if (status == STATUS_OK)
		status = archive_block_seal(state->sealer, &position, work->block, &state->sealed,
					    &header, err);
	if (status == STATUS_OK)
		status = write_block(state, work, &header, stored, err);
	return status;
}

static enum status upload_pack(struct backup_session *session, struct packer_pack *pack,
			       uint64_t *size, unsigned char digest[SHA256_SIZE], struct error *err)
{
	struct buffer end;
	char folder[ARCHIVE_NAME_SIZE], name[ARCHIVE_NAME_SIZE];
	struct share *share = NULL;
	buffer_init(&end, ARCHIVE_PACK_MAX);
	enum status status =
		archive_pack_writer_end(pack->writer, &session->dedup_secret, &end, digest, err);
	if (status == STATUS_OK)
		status = backup_upload_write(pack->upload, end.data, end.length, err);
	if (status == STATUS_OK) {
		*size = archive_pack_writer_size(pack->writer);
		archive_pack_folder(session->generation.name, digest, folder);
		archive_pack_name(session->generation.name, digest, name);
		status = backup_connection_take(session, &share, err);
	}
	if (status == STATUS_OK)
		status = share_make_directories(share, folder, err);
	backup_connection_give(session, share, status != STATUS_OK);
	if (status == STATUS_OK)
		status = backup_upload_finish(TAKE(pack->upload), name, *size, digest, err);
	buffer_done(&end);
	/* The name is the hash of the bytes: what is there already is this pack. */
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status complete_pack(struct thread_state *state, struct packer_pack *pack,
				 struct error *err)
{
	struct backup_session *session = state->packer->session;
	struct db_pack row;
	int64_t row_id = 0;
	memset(&row, 0, sizeof row);
	enum status status = upload_pack(session, pack, &row.size, row.sha256, err);
	if (status != STATUS_OK)
		return status;
	memcpy(row.generation, session->generation.name, sizeof row.generation);
	memcpy(row.session_id, session->session_id, sizeof row.session_id);
	status = db_pack_add(state->catalogue, &row, pack->chunks, pack->chunk_count, &row_id, err);
	if (status == STATUS_OK)
		backup_packs_complete(session->packs, pack->slot, row.sha256, row.size, row_id);
	return status;
}

static void finish_pack(struct thread_state *state, struct packer_pack *pack)
{
	struct backup_packer *packer = state->packer;
	struct error err;
	enum status status = backup_session_check(packer->session, &err);
	if (status == STATUS_OK)
		status = complete_pack(state, pack, &err);
	if (status != STATUS_OK) {
		packer_fault(packer, &err);
		return;
	}
	(void)pthread_mutex_lock(&packer->mutex);
	packer->stored_total += archive_pack_writer_size(pack->writer);
	packer_forget(packer, pack);
	(void)pthread_cond_broadcast(&packer->idle);
	(void)pthread_mutex_unlock(&packer->mutex);
}

/* The block goes back to the free ones whatever happened. True when its pack can be completed now.
 */
static bool recycle(struct backup_packer *packer, struct packer_work *work, uint64_t stored,
		    bool written)
{
	struct packer_pack *pack = work->pack;
	(void)pthread_mutex_lock(&packer->mutex);
	if (stored > pack->stored)
		pack->stored = stored;
	pack->pending--;
	bool complete = written && pack->closed && pack->pending == 0;
	work->pack = NULL;
	work->next = packer->free_blocks;
	packer->free_blocks = work;
	(void)pthread_cond_broadcast(&packer->block_free);
	(void)pthread_mutex_unlock(&packer->mutex);
	return complete;
}

static void run_work(struct thread_state *state, struct packer_work *work)
{
	struct packer_pack *pack = work->pack;
	if (work->block == NULL) {
		free(work);
		finish_pack(state, pack);
		return;
	}
	struct error err;
	uint64_t stored = 0;
	enum status status = seal_and_write(state, work, &stored, &err);
	if (status != STATUS_OK)
		packer_fault(state->packer, &err);
	if (recycle(state->packer, work, stored, status == STATUS_OK))
		finish_pack(state, pack);
}

static struct packer_work *next_work(struct backup_packer *packer)
{
	(void)pthread_mutex_lock(&packer->mutex);
	while (packer->work_first == NULL && !packer->stopping)
		(void)pthread_cond_wait(&packer->work_ready, &packer->mutex);
	struct packer_work *work = packer->stopping ? NULL : packer->work_first;
	if (work != NULL) {
		packer->work_first = work->next;
		if (packer->work_first == NULL)
			packer->work_last = NULL;
	}
	(void)pthread_mutex_unlock(&packer->mutex);
	return work;
}

static enum status prepare(struct thread_state *state, struct error *err)
{
	struct backup_session *session = state->packer->session;
	const struct config *config = session->service->config;
	static const enum archive_codec codecs[] = {
		[CONFIG_CODEC_NONE] = ARCHIVE_CODEC_NONE,
		[CONFIG_CODEC_ZLIB] = ARCHIVE_CODEC_ZLIB,
		[CONFIG_CODEC_ZSTD] = ARCHIVE_CODEC_ZSTD,
	};
	buffer_init(&state->sealed, 2 * ARCHIVE_BLOCK_MAX);
	enum status status =
		archive_sealer_new(&session->session_key, codecs[config->engine.codec],
				   config->engine.compression_level, &state->sealer, err);
	if (status == STATUS_OK)
		status = db_pool_take(session->service->catalogue, &state->catalogue, err);
	return status;
}

void *packer_thread(void *argument)
{
	struct thread_state state = { .packer = argument };
	struct error err;
	thread_set_idle_priority();
	if (prepare(&state, &err) != STATUS_OK)
		packer_fault(state.packer, &err);
	else
		for (struct packer_work *work; (work = next_work(state.packer)) != NULL;)
			run_work(&state, work);
	db_pool_give(state.packer->session->service->catalogue, state.catalogue);
	archive_sealer_free(state.sealer);
	buffer_done(&state.sealed);
	return NULL;
}
