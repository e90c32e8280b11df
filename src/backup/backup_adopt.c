/* SPDX-License-Identifier: Apache-2.0 */
/* Adopting a complete pack that the catalogue does not know: its hash, the service's own MAC and
 * its index must be right. */
#include <string.h>

#include "backup_session.h"

#define READ_SIZE (1u << 20)

struct adoption {
	struct backup_session *session;
	struct share *share;
	struct db *catalogue;
	const unsigned char *sha256; /* from its name */
	uint64_t size;               /* as listed */
};

struct pack_file {
	struct share_file *file;
	const char *name;
};

static enum status read_pack(void *context, uint64_t offset, void *data, size_t length,
			     struct error *err)
{
	const struct pack_file *pack = context;
	size_t got = 0;
	enum status status = share_read(pack->file, offset, data, length, &got, err);
	if (status == STATUS_OK && got != length)
		status = fail(err, STATUS_INTEGRITY, "read pack", pack->name, "it ends too early");
	return status;
}

/* Hash of the whole file, and of the part that the MAC covers. */
static enum status hash_pack(struct pack_file *pack, uint64_t size,
			     unsigned char digest[SHA256_SIZE],
			     unsigned char before_mac[SHA256_SIZE], struct error *err)
{
	AUTO_FREE unsigned char *data = malloc(READ_SIZE);
	struct hash *hash = hash_new();
	enum status status =
		data != NULL && hash != NULL ? STATUS_OK : fail_memory(err, "read pack");
	uint64_t covered = size - ARCHIVE_PACK_MAC_FROM_END;
	for (uint64_t offset = 0; offset < size && status == STATUS_OK;) {
		uint64_t end = offset < covered ? covered : size;
		size_t part = end - offset < READ_SIZE ? (size_t)(end - offset) : READ_SIZE;
		status = read_pack(pack, offset, data, part, err);
		if (status != STATUS_OK)
			break;
		hash_update(hash, data, part);
		offset += part;
		if (offset == covered)
			hash_peek(hash, before_mac);
	}
	if (status == STATUS_OK)
		hash_peek(hash, digest);
	hash_free(hash);
	return status;
}

static enum status check_pack(const struct adoption *adoption, struct pack_file *file,
			      struct archive_pack_index **index, struct error *err)
{
	unsigned char digest[SHA256_SIZE], before_mac[SHA256_SIZE], mac[SHA256_SIZE];
	if (adoption->size < ARCHIVE_PACK_HEADER_SIZE + ARCHIVE_PACK_TRAILER_SIZE ||
	    adoption->size > ARCHIVE_PACK_MAX)
		return fail(err, STATUS_INTEGRITY, "adopt pack", file->name,
			    "its size is not that of a pack");
	enum status status = hash_pack(file, adoption->size, digest, before_mac, err);
	if (status == STATUS_OK && memcmp(digest, adoption->sha256, SHA256_SIZE) != 0)
		status = fail(err, STATUS_INTEGRITY, "adopt pack", file->name,
			      "its bytes do not have the hash that its name says");
	if (status == STATUS_OK)
		status = read_pack(file, adoption->size - ARCHIVE_PACK_MAC_FROM_END, mac,
				   sizeof mac, err);
	if (status == STATUS_OK)
		status = archive_pack_check_mac(&adoption->session->dedup_secret, before_mac, mac,
						err);
	if (status == STATUS_OK)
		status = archive_pack_index_read(read_pack, file, adoption->size, index, err);
	return status;
}

/* The session's wrapped key must be at hand, or no later backup could name it. */
static enum status adopt_session(const struct adoption *adoption, const char *session_id,
				 struct error *err)
{
	struct buffer wrapped;
	char name[ARCHIVE_NAME_SIZE];
	buffer_init(&wrapped, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = db_session_get(adoption->catalogue, session_id, &wrapped, err);
	if (status == STATUS_NOT_FOUND) {
		archive_session_name(adoption->session->generation.name, session_id, name);
		status = share_get(adoption->share, name, ARCHIVE_SMALL_FILE_MAX, &wrapped, err);
		if (status == STATUS_OK)
			status = db_session_add(adoption->catalogue, session_id,
						adoption->session->generation.name, wrapped.data,
						wrapped.length, err);
	}
	buffer_done(&wrapped);
	return status;
}

static enum status add_adopted(const struct adoption *adoption,
			       const struct archive_pack_index *index, struct error *err)
{
	struct db_pack row = { .size = adoption->size };
	int64_t row_id = 0;
	memcpy(row.sha256, adoption->sha256, SHA256_SIZE);
	memcpy(row.generation, adoption->session->generation.name, sizeof row.generation);
	guid_from_bytes(index->session_id, row.session_id);
	AUTO_FREE struct db_chunk *chunks = calloc((size_t)index->chunk_count + 1, sizeof *chunks);
	if (chunks == NULL)
		return fail_memory(err, "adopt pack");
	for (uint32_t block = 0; block < index->block_count; block++)
		for (uint32_t i = index->first_chunk[block]; i < index->first_chunk[block + 1];
		     i++) {
			memcpy(chunks[i].id, index->chunks[i].id, SHA256_SIZE);
			chunks[i].block = index->blocks[block].block_number;
			chunks[i].offset = index->chunks[i].offset;
			chunks[i].length = index->chunks[i].length;
		}
	enum status status = adopt_session(adoption, row.session_id, err);
	if (status == STATUS_OK)
		status = db_pack_add(adoption->catalogue, &row, chunks, index->chunk_count, &row_id,
				     err);
	return status;
}

enum status backup_adopt_pack(struct backup_session *session, struct share *share,
			      struct db *catalogue, const unsigned char sha256[SHA256_SIZE],
			      uint64_t listed_size, struct error *err)
{
	const struct adoption adoption = { session, share, catalogue, sha256, listed_size };
	struct archive_pack_index *index = NULL;
	struct pack_file file = { 0 };
	char name[ARCHIVE_NAME_SIZE];
	uint64_t size = 0;
	archive_pack_name(session->generation.name, sha256, name);
	file.name = name;
	enum status status = share_open_read(share, name, &file.file, &size, err);
	if (status != STATUS_OK)
		return status;
	status = check_pack(&adoption, &file, &index, err);
	enum status closed = share_close_file(file.file, status == STATUS_OK ? err : NULL);
	if (status == STATUS_OK)
		status = closed;
	if (status == STATUS_OK)
		status = add_adopted(&adoption, index, err);
	archive_pack_index_free(index);
	return status;
}
