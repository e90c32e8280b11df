/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a pack's index: good ones, damaged ones, hostile ones. */
#include <stdlib.h>
#include <string.h>

#include "archive_pack_fixture.h"

#define FIRST_CHUNK 20             /* offsets in the index: first block has two chunks, */
#define SECOND_BLOCK (20 + 2 * 36) /* second and third one and two */
#define THIRD_BLOCK (SECOND_BLOCK + 20 + 36)
#define INDEX_LENGTH (3 * 20 + 5 * 36)

static enum status read_index(struct pack_fixture *pack, struct archive_pack_index **out)
{
	return archive_pack_index_read(fixture_file_read_at, &pack->file, pack->file.length, out,
				       NULL);
}

static void test_index_read_gives_back_what_was_written(void **state)
{
	static const uint32_t numbers[] = { 5, 0, 0x80000002 };
	struct pack_fixture pack;
	struct archive_pack_index *index = NULL;
	uint32_t chunk = 0;

	(void)state;
	pack_fixture_open(&pack);
	assert_int_equal(read_index(&pack, &index), STATUS_OK);
	assert_memory_equal(index->repository_id, fixture_repository, GUID_SIZE);
	assert_memory_equal(index->session_id, fixture_session, GUID_SIZE);
	assert_int_equal(index->pack_number, PACK_FIXTURE_NUMBER);
	assert_int_equal(index->size, pack.file.length);
	assert_int_equal(index->block_count, PACK_FIXTURE_BLOCKS);
	assert_int_equal(index->chunk_count, PACK_FIXTURE_CHUNKS);
	for (uint32_t i = 0; i < PACK_FIXTURE_BLOCKS; i++) {
		const struct archive_block_header *block = &index->blocks[i];

		assert_int_equal(block->block_number, numbers[i]);
		assert_int_equal(block->offset, pack.headers[i].offset);
		assert_int_equal(block->codec, pack.headers[i].codec);
		assert_ptr_equal(archive_pack_index_block(index, numbers[i]), block);
		assert_int_equal(index->first_chunk[i], chunk);
		for (uint32_t j = 0; j < pack.blocks[i]->chunk_count; j++, chunk++)
			assert_memory_equal(&index->chunks[chunk], &pack.blocks[i]->chunks[j],
					    sizeof(struct archive_chunk));
	}
	assert_int_equal(index->first_chunk[PACK_FIXTURE_BLOCKS], chunk);
	assert_null(archive_pack_index_block(index, 1));
	assert_null(archive_pack_index_block(index, UINT32_MAX));
	assert_true(pack_fixture_opens(&pack, index));
	archive_pack_index_free(index);
	archive_pack_index_free(NULL);
	pack_fixture_close(&pack);
}

static bool is_chunk_id(const struct pack_fixture *pack, size_t at)
{
	static const size_t ids[] = { FIRST_CHUNK, FIRST_CHUNK + 36, SECOND_BLOCK + 20,
				      THIRD_BLOCK + 20, THIRD_BLOCK + 56 };

	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		if (at >= pack->index_offset + ids[i] && at < pack->index_offset + ids[i] + 32)
			return true;
	}
	return false;
}

/* Every flip is found by the index, by the blocks' tags, or it is in a chunk id or in the MAC.
 * Those no reader relies on, and the name of the file and the MAC tell them. */
static void test_any_flipped_byte_is_found_unless_it_is_an_id_or_the_mac(void **state)
{
	struct pack_fixture pack;

	(void)state;
	pack_fixture_open(&pack);
	size_t mac = pack.file.length - ARCHIVE_PACK_MAC_FROM_END;
	for (size_t i = 0; i < pack.file.length * 8; i++) {
		size_t at = i / 8;
		struct archive_pack_index *index = NULL;
		unsigned char digest[SHA256_SIZE];
		bool is_unread = is_chunk_id(&pack, at) || (at >= mac && at < mac + SHA256_SIZE);

		pack.file.data[at] ^= (unsigned char)(1u << i % 8);
		enum status status = read_index(&pack, &index);
		bool is_good = status == STATUS_OK && pack_fixture_opens(&pack, index);
		assert_true(status == STATUS_OK || status == STATUS_INTEGRITY);
		assert_int_equal(is_good, is_unread);
		hash_sha256(pack.file.data, pack.file.length, digest);
		assert_memory_not_equal(digest, pack.digest, SHA256_SIZE);
		hash_sha256(pack.file.data, mac, digest);
		if (at < mac + SHA256_SIZE)
			assert_int_equal(archive_pack_check_mac(&pack.dedup_secret, digest,
								pack.file.data + mac, NULL),
					 STATUS_INTEGRITY);
		archive_pack_index_free(index);
		pack.file.data[at] ^= (unsigned char)(1u << i % 8);
	}
	pack_fixture_close(&pack);
}

static void test_index_read_of_a_truncated_pack_is_integrity(void **state)
{
	struct pack_fixture pack;

	(void)state;
	pack_fixture_open(&pack);
	size_t length = pack.file.length;
	for (pack.file.length = 0; pack.file.length < length; pack.file.length++) {
		struct archive_pack_index *index = NULL;

		assert_int_equal(read_index(&pack, &index), STATUS_INTEGRITY);
		assert_null(index);
	}
	pack_fixture_close(&pack);
}

/* Numbers that do not fit; places count from the index, negative ones from the end of the file. */
static const struct {
	int place;
	unsigned width;
	uint64_t value;
} patches[] = {
	/* the trailer: offset, counts, length */
	{ -64, 8, UINT64_MAX },
	{ -64, 8, UINT64_MAX - 63 },
	{ -64, 8, 63 },
	{ -64, 8, 0 },
	{ -64, 8, UINT64_C(1) << 63 },
	{ -56, 4, UINT32_MAX },
	{ -56, 4, 65537 },
	{ -56, 4, 65536 },
	{ -56, 4, 0 },
	{ -56, 4, 2 },
	{ -56, 4, 4 },
	{ -52, 4, UINT32_MAX },
	{ -52, 4, 65537 },
	{ -52, 4, 4 },
	{ -52, 4, 6 },
	{ -48, 8, UINT64_MAX },
	{ -48, 8, 0 },
	{ -48, 8, INDEX_LENGTH + 1 },
	/* the first block: stored and plain length, codec, reserved, chunks */
	{ 4, 4, 0 },
	{ 4, 4, 16 },
	{ 4, 4, UINT32_MAX },
	{ 8, 4, 0 },
	{ 8, 4, UINT32_MAX },
	{ 8, 4, ARCHIVE_BLOCK_MAX + 1 },
	{ 12, 1, 3 },
	{ 12, 1, 255 },
	{ 13, 1, 1 },
	{ 15, 1, 1 },
	{ 16, 4, 0 },
	{ 16, 4, 1 },
	{ 16, 4, 3 },
	{ 16, 4, 8193 },
	{ 16, 4, UINT32_MAX },
	/* its chunks */
	{ FIRST_CHUNK + 32, 4, 0 },
	{ FIRST_CHUNK + 32, 4, UINT32_MAX },
	{ FIRST_CHUNK + 32, 4, 37 },
	{ FIRST_CHUNK + 32, 4, 31 },
	{ FIRST_CHUNK + 32, 4, ARCHIVE_CHUNK_MAX + 1 },
	/* overlap and gap: the sum no longer reaches, or passes, the index */
	{ SECOND_BLOCK + 4, 4, 17 },
	{ SECOND_BLOCK + 4, 4, 415 },
	/* the second block's number is the first one's, or the third one's */
	{ SECOND_BLOCK, 4, 5 },
	{ SECOND_BLOCK, 4, 0x80000002 },
};

static void test_index_read_of_hostile_numbers_is_integrity(void **state)
{
	struct pack_fixture pack;

	(void)state;
	pack_fixture_open(&pack);
	assert_int_equal(pack.file.length - 64 - pack.index_offset, INDEX_LENGTH);
	for (size_t i = 0; i < ARRAY_LENGTH(patches); i++) {
		size_t at = patches[i].place < 0 ? pack.file.length - (size_t)-patches[i].place
						 : pack.index_offset + (size_t)patches[i].place;
		struct archive_pack_index *index = NULL;
		unsigned char saved[8];
		unsigned char value[8];

		memcpy(saved, pack.file.data + at, sizeof(saved));
		store_u64(value, patches[i].value);
		memcpy(pack.file.data + at, value, patches[i].width);
		bool is_changed = memcmp(pack.file.data + at, saved, patches[i].width) != 0;
		enum status status = read_index(&pack, &index);
		if (!is_changed || status != STATUS_INTEGRITY)
			print_error("patch %zu at %d\n", i, patches[i].place);
		assert_true(is_changed);
		assert_int_equal(status, STATUS_INTEGRITY);
		assert_null(index);
		memcpy(pack.file.data + at, saved, sizeof(saved));
	}
	pack_fixture_close(&pack);
}

/* One block's entry takes all the bytes of ten, so that it has room for more chunks than are
 * counted. */
static void test_index_read_of_more_chunks_than_counted_is_integrity(void **state)
{
	struct fixture_file file = { 0 };
	struct archive_pack_index *index = NULL;
	unsigned char pack[64 + 32 + 10 * 20 + 36 + 64] = "IBPACK01";
	unsigned char *entry = pack + 64 + 32;
	unsigned char *trailer = pack + sizeof(pack) - 64;

	(void)state;
	store_u32(entry + 4, 32);
	store_u32(entry + 8, 16);
	store_u32(entry + 16, 6);
	for (unsigned i = 0; i < 6; i++)
		store_u32(entry + 20 + i * 36 + 32, i == 5 ? 11 : 1);
	store_u64(trailer, 64 + 32);
	store_u32(trailer + 8, 10);
	store_u32(trailer + 12, 1);
	store_u64(trailer + 16, 10 * 20 + 36);
	memcpy(trailer + 56, "IBPKEND1", 8);
	assert_int_equal(fixture_file_write(&file, pack, sizeof(pack), NULL), STATUS_OK);
	assert_int_equal(
		archive_pack_index_read(fixture_file_read_at, &file, file.length, &index, NULL),
		STATUS_INTEGRITY);
	assert_null(index);
	fixture_file_done(&file);
}

/* Lengths that are moved from one block to its neighbour keep their sum: the index alone cannot see
 * it, the tags do. */
static void test_blocks_with_shifted_bounds_do_not_open(void **state)
{
	struct pack_fixture pack;
	struct archive_pack_index *index = NULL;

	(void)state;
	pack_fixture_open(&pack);
	unsigned char *second = pack.file.data + pack.index_offset + SECOND_BLOCK + 4;
	unsigned char *third = pack.file.data + pack.index_offset + THIRD_BLOCK + 4;
	store_u32(second, load_u32(second) - 1);
	store_u32(third, load_u32(third) + 1);
	assert_int_equal(read_index(&pack, &index), STATUS_OK);
	assert_false(pack_fixture_opens(&pack, index));
	archive_pack_index_free(index);
	pack_fixture_close(&pack);
}

static void test_blocks_under_another_identity_do_not_open(void **state)
{
	struct pack_fixture pack;
	struct archive_pack_index *index = NULL;

	(void)state;
	pack_fixture_open(&pack);
	assert_int_equal(read_index(&pack, &index), STATUS_OK);
	index->session_id[3] ^= 1;
	assert_false(pack_fixture_opens(&pack, index));
	index->session_id[3] ^= 1;
	index->repository_id[0] ^= 1;
	assert_false(pack_fixture_opens(&pack, index));
	index->repository_id[0] ^= 1;
	index->pack_number++;
	assert_false(pack_fixture_opens(&pack, index));
	index->pack_number--;
	/* Two blocks change places. */
	struct archive_block_header moved = index->blocks[0];
	index->blocks[0].offset = index->blocks[1].offset;
	index->blocks[1].offset = moved.offset;
	assert_false(pack_fixture_opens(&pack, index));
	archive_pack_index_free(index);
	pack_fixture_close(&pack);
}

static void test_index_read_larger_than_a_pack_is_integrity(void **state)
{
	struct pack_fixture pack;
	struct archive_pack_index *index = NULL;

	(void)state;
	pack_fixture_open(&pack);
	assert_int_equal(archive_pack_index_read(fixture_file_read_at, &pack.file,
						 ARCHIVE_PACK_MAX + 1, &index, NULL),
			 STATUS_INTEGRITY);
	assert_int_equal(
		archive_pack_index_read(fixture_file_read_at, &pack.file, UINT64_MAX, &index, NULL),
		STATUS_INTEGRITY);
	pack_fixture_close(&pack);
}

static enum status refuse_read(void *context, uint64_t offset, void *data, size_t length,
			       struct error *err)
{
	int *calls = context;

	memset(data, 0, length);
	if (offset == 0)
		memcpy(data, "IBPACK01", 8);
	if ((*calls)-- > 0)
		return STATUS_OK;
	return fail(err, STATUS_SHARE_CONNECTION, "read", NULL, "gone");
}

static void test_index_read_passes_the_share_fault_on(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct archive_pack_index *index = NULL;
		struct error err = { 0 };
		int calls = after;

		assert_int_equal(archive_pack_index_read(refuse_read, &calls, 4096, &index, &err),
				 STATUS_SHARE_CONNECTION);
		assert_int_equal(err.status, STATUS_SHARE_CONNECTION);
		assert_null(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index_read_gives_back_what_was_written),
		cmocka_unit_test(test_any_flipped_byte_is_found_unless_it_is_an_id_or_the_mac),
		cmocka_unit_test(test_index_read_of_a_truncated_pack_is_integrity),
		cmocka_unit_test(test_index_read_of_hostile_numbers_is_integrity),
		cmocka_unit_test(test_index_read_of_more_chunks_than_counted_is_integrity),
		cmocka_unit_test(test_blocks_with_shifted_bounds_do_not_open),
		cmocka_unit_test(test_blocks_under_another_identity_do_not_open),
		cmocka_unit_test(test_index_read_larger_than_a_pack_is_integrity),
		cmocka_unit_test(test_index_read_passes_the_share_fault_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
