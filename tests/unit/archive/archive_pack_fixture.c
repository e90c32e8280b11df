/* SPDX-License-Identifier: Apache-2.0 */
/* A small pack of three blocks. */
#include <stdlib.h>
#include <string.h>

#include "archive_pack_fixture.h"

static const uint32_t block_numbers[PACK_FIXTURE_BLOCKS] = { 5, 0, 0x80000002 };
static const enum archive_codec block_codecs[PACK_FIXTURE_BLOCKS] = { ARCHIVE_CODEC_NONE,
								      ARCHIVE_CODEC_ZSTD,
								      ARCHIVE_CODEC_ZLIB };
static const struct {
	unsigned block;
	size_t offset, length; /* in the sample text */
} chunks[PACK_FIXTURE_CHUNKS] = {
	{ 0, 0, 30 }, { 0, 30, 7 }, { 1, 100, 400 }, { 2, 0, 1 }, { 2, 500, 300 },
};

static void fill_blocks(struct pack_fixture *pack)
{
	AUTO_FREE char *text = fixture_json(1000);

	for (size_t i = 0; i < PACK_FIXTURE_BLOCKS; i++) {
		pack->blocks[i] = archive_block_new();
		assert_non_null(pack->blocks[i]);
	}
	for (size_t i = 0; i < PACK_FIXTURE_CHUNKS; i++) {
		unsigned char id[SHA256_SIZE];

		fixture_random(id, sizeof(id), 100 + i);
		(void)archive_block_append(pack->blocks[chunks[i].block], id,
					   text + chunks[i].offset, chunks[i].length);
	}
}

static void add_block(struct pack_fixture *pack, struct archive_pack_writer *writer, size_t i)
{
	struct archive_sealer *sealer = NULL;
	struct buffer sealed = { 0 };
	struct archive_position position = { .pack_number = PACK_FIXTURE_NUMBER,
					     .block_number = block_numbers[i] };

	memcpy(position.repository_id, fixture_repository, GUID_SIZE);
	memcpy(position.session_id, fixture_session, GUID_SIZE);
	assert_int_equal(archive_sealer_new(&pack->session_key, block_codecs[i], 1, &sealer, NULL),
			 STATUS_OK);
	assert_int_equal(archive_block_seal(sealer, &position, pack->blocks[i], &sealed,
					    &pack->headers[i], NULL),
			 STATUS_OK);
	assert_int_equal(
		archive_pack_writer_add(writer, &pack->headers[i], pack->blocks[i], &sealed, NULL),
		STATUS_OK);
	assert_int_equal(pack->headers[i].offset, pack->file.length);
	assert_int_equal(fixture_file_write(&pack->file, sealed.data, sealed.length, NULL),
			 STATUS_OK);
	assert_int_equal(archive_pack_writer_size(writer), pack->file.length);
	archive_sealer_free(sealer);
	buffer_done(&sealed);
}

void pack_fixture_open(struct pack_fixture *pack)
{
	struct archive_pack_writer *writer = NULL;
	unsigned char header[ARCHIVE_PACK_HEADER_SIZE];
	struct buffer end = { 0 };

	memset(pack, 0, sizeof(*pack));
	fixture_secret(&pack->session_key, 1);
	fixture_secret(&pack->dedup_secret, 2);
	fill_blocks(pack);
	assert_int_equal(archive_opener_new(&pack->session_key, &pack->opener, NULL), STATUS_OK);
	assert_int_equal(archive_pack_writer_new(fixture_repository, fixture_session,
						 PACK_FIXTURE_NUMBER, &writer, NULL),
			 STATUS_OK);
	archive_pack_writer_header(writer, header);
	assert_int_equal(fixture_file_write(&pack->file, header, sizeof(header), NULL), STATUS_OK);
	for (size_t i = 0; i < PACK_FIXTURE_BLOCKS; i++)
		add_block(pack, writer, i);
	pack->index_offset = pack->file.length;
	assert_int_equal(archive_pack_writer_chunk_count(writer), PACK_FIXTURE_CHUNKS);
	assert_int_equal(
		archive_pack_writer_end(writer, &pack->dedup_secret, &end, pack->digest, NULL),
		STATUS_OK);
	assert_int_equal(fixture_file_write(&pack->file, end.data, end.length, NULL), STATUS_OK);
	assert_int_equal(archive_pack_writer_size(writer), pack->file.length);
	archive_pack_writer_free(writer);
	buffer_done(&end);
}

void pack_fixture_close(struct pack_fixture *pack)
{
	for (size_t i = 0; i < PACK_FIXTURE_BLOCKS; i++)
		archive_block_free(pack->blocks[i]);
	archive_opener_free(pack->opener);
	secret_free(&pack->session_key);
	secret_free(&pack->dedup_secret);
	fixture_file_done(&pack->file);
}

bool pack_fixture_opens(const struct pack_fixture *pack, const struct archive_pack_index *index)
{
	AUTO_FREE unsigned char *plain = malloc(ARCHIVE_BLOCK_MAX);
	struct archive_position position = { .pack_number = index->pack_number };

	assert_non_null(plain);
	memcpy(position.repository_id, index->repository_id, GUID_SIZE);
	memcpy(position.session_id, index->session_id, GUID_SIZE);
	for (size_t i = 0; i < PACK_FIXTURE_BLOCKS; i++) {
		const struct archive_block_header *header =
			archive_pack_index_block(index, block_numbers[i]);

		if (header == NULL)
			return false;
		position.block_number = block_numbers[i];
		if (archive_block_open(pack->opener, &position, header,
				       pack->file.data + header->offset, plain, NULL) != STATUS_OK)
			return false;
		if (header->plain_length != pack->blocks[i]->length ||
		    memcmp(plain, pack->blocks[i]->plain, header->plain_length) != 0)
			return false;
	}
	return true;
}
