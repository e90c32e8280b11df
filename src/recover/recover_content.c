/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of extents: packs are opened and blocks decrypted as they are needed, a bounded number of
 * both is kept. */
#include <string.h>

#include "recover_private.h"

#define BLOCKS_KEPT 24
#define PACKS_KEPT 12

struct kept_block {
	uint32_t pack, block;
	uint64_t used; /* when, in calls; 0: free */
	uint32_t length;
	unsigned char *plain; /* ARCHIVE_BLOCK_MAX once allocated */
};

struct kept_pack {
	uint32_t pack;
	uint64_t used;
	struct recover_pack_file file;
	struct archive_pack_index *index;
};

struct recover_content {
	struct share *share;
	const struct archive_record *record;
	const struct recover_keys *keys;
	struct archive_opener **openers; /* by session; made when first needed */
	unsigned char *sealed;
	size_t sealed_size;
	uint64_t calls;
	struct kept_block blocks[BLOCKS_KEPT];
	struct kept_pack packs[PACKS_KEPT];
};

enum status recover_content_new(struct share *share, const struct archive_record *record,
				const struct recover_keys *keys, struct recover_content **out,
				struct error *err)
{
	struct recover_content *content = calloc(1, sizeof *content);
	if (content == NULL)
		return fail_memory(err, "read content");
	content->share = share;
	content->record = record;
	content->keys = keys;
	content->openers = calloc(keys->count + 1, sizeof(struct archive_opener *));
	content->sealed_size = 2u * ARCHIVE_BLOCK_MAX;
	content->sealed = malloc(content->sealed_size);
	if (content->openers == NULL || content->sealed == NULL) {
		recover_content_free(content);
		return fail_memory(err, "read content");
	}
	*out = content;
	return STATUS_OK;
}

static void drop_pack(struct kept_pack *pack)
{
	if (pack->file.file != NULL)
		status_ignore(share_close_file(pack->file.file, NULL));
	archive_pack_index_free(pack->index);
	memset(pack, 0, sizeof *pack);
}

void recover_content_free(struct recover_content *content)
{
	if (content == NULL)
		return;
	for (size_t i = 0; content->openers != NULL && i < content->keys->count; i++)
		archive_opener_free(content->openers[i]);
	free(content->openers);
	for (size_t i = 0; i < PACKS_KEPT; i++)
		drop_pack(&content->packs[i]);
	for (size_t i = 0; i < BLOCKS_KEPT; i++)
		free(content->blocks[i].plain);
	free(content->sealed);
	free(content);
}

static enum status open_pack(struct recover_content *content, struct kept_pack *kept, uint32_t pack,
			     struct error *err)
{
	const struct archive_record_pack *record = &content->record->packs[pack];
	uint64_t size = 0;
	drop_pack(kept);
	archive_pack_name(content->record->generation, record->sha256, kept->file.name);
	enum status status =
		share_open_read(content->share, kept->file.name, &kept->file.file, &size, err);
	if (status == STATUS_OK)
		status = archive_pack_index_read(recover_pack_read, &kept->file, record->size,
						 &kept->index, err);
	if (status != STATUS_OK) {
		drop_pack(kept);
		return status;
	}
	kept->pack = pack;
	return STATUS_OK;
}

static enum status find_pack(struct recover_content *content, uint32_t pack, struct kept_pack **out,
			     struct error *err)
{
	struct kept_pack *oldest = &content->packs[0];
	for (size_t i = 0; i < PACKS_KEPT; i++) {
		struct kept_pack *kept = &content->packs[i];
		if (kept->used != 0 && kept->pack == pack) {
			kept->used = content->calls;
			*out = kept;
			return STATUS_OK;
		}
		if (kept->used < oldest->used)
			oldest = kept;
	}
	enum status status = open_pack(content, oldest, pack, err);
	if (status == STATUS_OK) {
		oldest->used = content->calls;
		*out = oldest;
	}
	return status;
}

static enum status find_opener(struct recover_content *content, uint32_t pack,
			       struct archive_opener **out, struct error *err)
{
	uint32_t session = content->record->packs[pack].session;
	if (content->openers[session] == NULL) {
		enum status status = archive_opener_new(&content->keys->sessions[session],
							&content->openers[session], err);
		if (status != STATUS_OK)
			return status;
	}
	*out = content->openers[session];
	return STATUS_OK;
}

static enum status open_block(struct recover_content *content, const struct kept_pack *pack,
			      struct kept_block *kept, uint32_t block, struct error *err)
{
	struct archive_opener *opener = NULL;
	const struct archive_block_header *header = archive_pack_index_block(pack->index, block);
	if (header == NULL || header->stored_length > content->sealed_size)
		return fail(err, STATUS_INTEGRITY, "read block", pack->file.name,
			    "the pack has no such block");
	struct archive_position position = {
		.pack_number = pack->index->pack_number,
		.block_number = block,
	};
	memcpy(position.repository_id, pack->index->repository_id, GUID_SIZE);
	memcpy(position.session_id, pack->index->session_id, GUID_SIZE);
	struct recover_pack_file file = pack->file;
	enum status status = recover_pack_read(&file, header->offset, content->sealed,
					       header->stored_length, err);
	if (status == STATUS_OK)
		status = find_opener(content, pack->pack, &opener, err);
	if (status == STATUS_OK)
		status = archive_block_open(opener, &position, header, content->sealed, kept->plain,
					    err);
	if (status == STATUS_OK)
		kept->length = header->plain_length;
	return status;
}

static enum status load_block(struct recover_content *content, struct kept_block *kept,
			      const struct archive_extent *extent, struct error *err)
{
	struct kept_pack *pack = NULL;
	kept->used = 0;
	if (kept->plain == NULL)
		kept->plain = malloc(ARCHIVE_BLOCK_MAX);
	if (kept->plain == NULL)
		return fail_memory(err, "read block");
	enum status status = find_pack(content, extent->pack, &pack, err);
	if (status == STATUS_OK)
		status = open_block(content, pack, kept, extent->block, err);
	if (status == STATUS_OK) {
		kept->pack = extent->pack;
		kept->block = extent->block;
		kept->used = content->calls;
	}
	return status;
}

static enum status check_pack_number(const struct recover_content *content,
				     const struct archive_extent *extent, struct error *err)
{
	if (extent->pack < content->record->pack_count)
		return STATUS_OK;
	return fail(err, STATUS_INTEGRITY, "read extent", NULL,
		    "the manifest names a pack that backup.json does not list");
}

static enum status check_bounds(const struct archive_extent *extent, uint32_t block_length,
				struct error *err)
{
	if (extent->offset <= block_length && extent->length <= block_length - extent->offset)
		return STATUS_OK;
	return fail(err, STATUS_INTEGRITY, "read extent", NULL,
		    "the manifest names bytes behind the end of a block");
}

enum status recover_content_find(struct recover_content *content,
				 const struct archive_extent *extent, struct error *err)
{
	struct kept_pack *pack = NULL;
	content->calls++;
	enum status status = check_pack_number(content, extent, err);
	if (status == STATUS_OK)
		status = find_pack(content, extent->pack, &pack, err);
	if (status != STATUS_OK)
		return status;
	const struct archive_block_header *header =
		archive_pack_index_block(pack->index, extent->block);
	if (header == NULL)
		return fail(err, STATUS_INTEGRITY, "read extent", pack->file.name,
			    "the pack has no such block");
	return check_bounds(extent, header->plain_length, err);
}

enum status recover_content_get(struct recover_content *content,
				const struct archive_extent *extent, const unsigned char **data,
				struct error *err)
{
	struct kept_block *found = NULL, *oldest = &content->blocks[0];
	content->calls++;
	enum status status = check_pack_number(content, extent, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < BLOCKS_KEPT && found == NULL; i++) {
		struct kept_block *kept = &content->blocks[i];
		if (kept->used != 0 && kept->pack == extent->pack && kept->block == extent->block)
			found = kept;
		if (kept->used < oldest->used)
			oldest = kept;
	}
	if (found == NULL) {
		found = oldest;
		status = load_block(content, found, extent, err);
	}
	if (status != STATUS_OK)
		return status;
	found->used = content->calls;
	status = check_bounds(extent, found->length, err);
	if (status == STATUS_OK)
		*data = found->plain + extent->offset;
	return status;
}
