/* SPDX-License-Identifier: Apache-2.0 */
/* Packs, each read once from end to end by one of several threads: hash, index, and with a key
 * every block and every chunk id. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recover_private.h"

#define READ_SIZE (1u << 20)
#define THREADS_MAX 16

/* A block's sealed bytes: compressed data never grows past its plain size by more than the codec's
 * own bound. */
#define SEALED_MAX (2u * ARCHIVE_BLOCK_MAX)

struct packs_run {
	struct recover_source *source;
	struct recover_pack *packs;
	size_t count;
	const struct recover_packs_watch *watch; /* NULL: nobody watches */
	atomic_size_t next;
	pthread_mutex_t mutex;
	uint64_t bytes_done, bytes_total; /* under the mutex */
	atomic_bool failed;
	struct error fault; /* the first that is not the pack's own; under the mutex */
};

/* What one thread keeps. */
struct pack_checker {
	struct packs_run *run;
	struct share *share;
	struct hash *hash;
	unsigned char *sealed; /* SEALED_MAX */
	unsigned char *plain;  /* ARCHIVE_BLOCK_MAX */
};

enum status recover_pack_read(void *pack_file, uint64_t offset, void *data, size_t length,
			      struct error *err)
{
	struct recover_pack_file *pack = pack_file;
	size_t done = 0;
	while (done < length) {
		size_t got = 0;
		enum status status =
			share_read(pack->file, offset + done, (unsigned char *)data + done,
				   length - done, &got, err);
		if (status != STATUS_OK)
			return status;
		if (got == 0)
			return fail(err, STATUS_INTEGRITY, "read pack", pack->name,
				    "it ends at byte %" PRIu64, offset + done);
		done += got;
	}
	return STATUS_OK;
}

static enum status damaged(const struct recover_pack_file *file, struct error *err,
			   const char *text)
{
	return fail(err, STATUS_INTEGRITY, "check pack", file->name, "%s", text);
}

static enum status hash_range(struct pack_checker *checker, struct recover_pack_file *file,
			      uint64_t offset, uint64_t end, struct error *err)
{
	enum status status = STATUS_OK;
	while (offset < end && status == STATUS_OK) {
		size_t part = end - offset < READ_SIZE ? (size_t)(end - offset) : READ_SIZE;
		status = recover_pack_read(file, offset, checker->sealed, part, err);
		if (status == STATUS_OK)
			hash_update(checker->hash, checker->sealed, part);
		offset += part;
	}
	return status;
}

static enum status check_ids(struct pack_checker *checker, struct keyed_hash *ids,
			     const struct archive_pack_index *index, uint32_t block,
			     const struct recover_pack_file *file, struct error *err)
{
	for (uint32_t i = index->first_chunk[block]; i < index->first_chunk[block + 1]; i++) {
		unsigned char id[SHA256_SIZE];
		const struct archive_chunk *chunk = &index->chunks[i];
		keyed_hash_digest(ids, checker->plain + chunk->offset, chunk->length, id);
		if (memcmp(id, chunk->id, SHA256_SIZE) != 0)
			return damaged(file, err,
				       "a chunk does not have the id that the index says");
	}
	return STATUS_OK;
}

static enum status check_block(struct pack_checker *checker, const struct recover_pack *pack,
			       struct archive_opener *opener, struct keyed_hash *ids,
			       const struct archive_pack_index *index, uint32_t block,
			       struct recover_pack_file *file, struct error *err)
{
	const struct archive_block_header *header = &index->blocks[block];
	struct archive_position position = {
		.pack_number = index->pack_number,
		.block_number = header->block_number,
	};
	memcpy(position.repository_id, index->repository_id, GUID_SIZE);
	memcpy(position.session_id, index->session_id, GUID_SIZE);
	if (header->stored_length > SEALED_MAX)
		return damaged(file, err, "a block is larger than the format allows");
	enum status status = recover_pack_read(file, header->offset, checker->sealed,
					       header->stored_length, err);
	if (status != STATUS_OK)
		return status;
	hash_update(checker->hash, checker->sealed, header->stored_length);
	if (opener == NULL)
		return STATUS_OK;
	status =
		archive_block_open(opener, &position, header, checker->sealed, checker->plain, err);
	if (status == STATUS_OK && pack->dedup_secret != NULL)
		status = check_ids(checker, ids, index, block, file, err);
	return status;
}

/* Blocks follow each other without gaps (the index reader has seen to it), so this reads the file
 * in one sweep. The first block that does not open goes to @damage, and the rest is only hashed. */
static enum status check_blocks(struct pack_checker *checker, const struct recover_pack *pack,
				const struct archive_pack_index *index,
				struct recover_pack_file *file, struct error *damage,
				struct error *err)
{
	struct archive_opener *opener = NULL;
	struct keyed_hash *ids = NULL;
	enum status status = STATUS_OK;
	if (pack->session_key != NULL)
		status = archive_opener_new(pack->session_key, &opener, err);
	if (status == STATUS_OK && pack->dedup_secret != NULL)
		status = archive_chunk_hash_new(pack->dedup_secret, &ids, err);
	uint64_t end = ARCHIVE_PACK_HEADER_SIZE;
	if (status == STATUS_OK)
		status = hash_range(checker, file, 0, end, err);
	for (uint32_t i = 0; i < index->block_count && status == STATUS_OK; i++) {
		bool is_whole = damage->status == STATUS_OK;
		status = check_block(checker, pack, is_whole ? opener : NULL, ids, index, i, file,
				     err);
		if (status == STATUS_INTEGRITY && is_whole) {
			*damage = *err;
			status = STATUS_OK;
		}
		end = index->blocks[i].offset + index->blocks[i].stored_length;
	}
	if (status == STATUS_OK)
		status = hash_range(checker, file, end, pack->size, err);
	keyed_hash_free(ids);
	archive_opener_free(opener);
	return status;
}

static enum status check_identity(const struct pack_checker *checker,
				  const struct recover_pack *pack,
				  const struct archive_pack_index *index,
				  const struct recover_pack_file *file, struct error *err)
{
	char repository_id[GUID_TEXT_SIZE], session_id[GUID_TEXT_SIZE];
	guid_from_bytes(index->repository_id, repository_id);
	guid_from_bytes(index->session_id, session_id);
	const struct recover_source *source = checker->run->source;
	if (source->has_marker && strcmp(repository_id, source->marker.repository_id) != 0)
		return damaged(file, err, "the pack belongs to another repository");
	if (strcmp(session_id, pack->session_id) != 0)
		return damaged(file, err,
			       "the pack belongs to another session than backup.json says");
	return STATUS_OK;
}

static enum status keep_figures(struct recover_pack *pack, const struct archive_pack_index *index,
				struct error *err)
{
	uint32_t highest = 0;
	for (uint32_t i = 0; i < index->block_count; i++)
		if (index->blocks[i].block_number > highest)
			highest = index->blocks[i].block_number;
	pack->plain_lengths = calloc((size_t)highest + 1, sizeof *pack->plain_lengths);
	if (pack->plain_lengths == NULL)
		return fail_memory(err, "check pack");
	pack->plain_length_count = highest + 1;
	for (uint32_t i = 0; i < index->block_count; i++)
		pack->plain_lengths[index->blocks[i].block_number] = index->blocks[i].plain_length;
	pack->block_count = index->block_count;
	pack->chunk_count = index->chunk_count;
	return STATUS_OK;
}

static enum status check_content(struct pack_checker *checker, struct recover_pack *pack,
				 struct recover_pack_file *file, struct error *err)
{
	struct archive_pack_index *index = NULL;
	unsigned char digest[SHA256_SIZE];
	struct error damage = { .status = STATUS_OK };
	hash_reset(checker->hash);
	/* The hash is compared even when the index or a block cannot be read: it says best what is
	 * wrong. */
	enum status readable =
		archive_pack_index_read(recover_pack_read, file, pack->size, &index, &damage);
	enum status status = readable == STATUS_OK
				     ? check_blocks(checker, pack, index, file, &damage, err)
				     : hash_range(checker, file, 0, pack->size, err);
	if (status == STATUS_OK) {
		hash_peek(checker->hash, digest);
		if (memcmp(digest, pack->sha256, SHA256_SIZE) != 0)
			status = damaged(file, err,
					 "its bytes do not have the SHA-256 that its name says");
	}
	if (status == STATUS_OK && damage.status != STATUS_OK) {
		*err = damage;
		status = damage.status;
	}
	if (status == STATUS_OK)
		status = check_identity(checker, pack, index, file, err);
	if (status == STATUS_OK)
		status = keep_figures(pack, index, err);
	archive_pack_index_free(index);
	return status;
}

static enum status check_pack(struct pack_checker *checker, struct recover_pack *pack,
			      struct error *err)
{
	struct recover_pack_file file;
	uint64_t size = 0;
	archive_pack_name(pack->generation, pack->sha256, file.name);
	enum status status = share_open_read(checker->share, file.name, &file.file, &size, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_INTEGRITY, "check pack", file.name, "the pack is missing");
	if (status != STATUS_OK)
		return status;
	if (size != pack->size)
		status = fail(err, STATUS_INTEGRITY, "check pack", file.name,
			      "it has %" PRIu64 " bytes, backup.json says %" PRIu64, size,
			      pack->size);
	else
		status = check_content(checker, pack, &file, err);
	enum status closed = share_close_file(file.file, status == STATUS_OK ? err : NULL);
	return status != STATUS_OK ? status : closed;
}

static void keep_fault(struct packs_run *run, const struct error *err)
{
	if (!atomic_load(&run->failed))
		run->fault = *err;
	atomic_store(&run->failed, true);
}

static void note_fault(struct packs_run *run, const struct error *err)
{
	(void)pthread_mutex_lock(&run->mutex);
	keep_fault(run, err);
	(void)pthread_mutex_unlock(&run->mutex);
}

static void note_done(struct packs_run *run, const struct recover_pack *pack)
{
	struct error err;
	(void)pthread_mutex_lock(&run->mutex);
	run->bytes_done += pack->size;
	recover_report(run->source, "checking packs", run->bytes_done, run->bytes_total);
	if (run->watch != NULL && run->watch->each(pack, run->watch->context, &err) != STATUS_OK)
		keep_fault(run, &err);
	(void)pthread_mutex_unlock(&run->mutex);
}

static void check_next(struct pack_checker *checker, struct recover_pack *pack)
{
	struct error err;
	enum status status = check_pack(checker, pack, &err);
	pack->is_sound = status == STATUS_OK;
	if (status == STATUS_INTEGRITY || status == STATUS_UNSUPPORTED)
		(void)snprintf(pack->problem, sizeof pack->problem, "%s", err.message);
	else if (status != STATUS_OK) {
		note_fault(checker->run, &err);
		return;
	}
	note_done(checker->run, pack);
}

static void *checker_thread(void *argument)
{
	struct packs_run *run = argument;
	struct pack_checker checker = { .run = run };
	struct error err;
	checker.hash = hash_new();
	checker.sealed = malloc(SEALED_MAX);
	checker.plain = malloc(ARCHIVE_BLOCK_MAX);
	enum status status = STATUS_OK;
	if (checker.hash == NULL || checker.sealed == NULL || checker.plain == NULL)
		status = fail_memory(&err, "check packs");
	if (status == STATUS_OK)
		status = recover_connect(run->source, &checker.share, &err);
	if (status != STATUS_OK)
		note_fault(run, &err);
	while (!atomic_load(&run->failed)) {
		size_t next = atomic_fetch_add(&run->next, 1);
		if (next >= run->count)
			break;
		check_next(&checker, &run->packs[next]);
	}
	share_close(checker.share);
	free(checker.plain);
	free(checker.sealed);
	hash_free(checker.hash);
	return NULL;
}

static size_t thread_count(const struct packs_run *run)
{
	size_t count = run->source->settings.threads;
	if (count == 0) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);
		count = processors > 0 ? (size_t)processors : 1;
	}
	if (count > run->count)
		count = run->count;
	return count < THREADS_MAX ? count : THREADS_MAX;
}

enum status recover_packs_check(struct recover_source *source, struct recover_pack *packs,
				size_t count, const struct recover_packs_watch *watch,
				struct error *err)
{
	struct packs_run run = { .source = source, .packs = packs, .count = count, .watch = watch };
	pthread_t threads[THREADS_MAX];
	size_t started = 0, wanted = thread_count(&run);
	enum status status = STATUS_OK;
	(void)pthread_mutex_init(&run.mutex, NULL);
	for (size_t i = 0; i < count; i++)
		run.bytes_total += packs[i].size;
	while (started < wanted && status == STATUS_OK) {
		status = thread_start(&threads[started], "checker", checker_thread, &run, err);
		if (status == STATUS_OK)
			started++;
		else
			note_fault(&run, err);
	}
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_mutex_destroy(&run.mutex);
	if (atomic_load(&run.failed)) {
		if (err != NULL)
			*err = run.fault;
		return run.fault.status;
	}
	return STATUS_OK;
}
