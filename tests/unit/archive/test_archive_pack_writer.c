/* SPDX-License-Identifier: Apache-2.0 */
/* Packs, byte by byte against the words of the format. */
#include <stdlib.h>
#include <string.h>

#include "archive_pack_fixture.h"

static void test_pack_writer_header_is_as_the_format_says(void **state)
{
	struct pack_fixture pack;
	static const unsigned char expected[64] = "IBPACK01repository-guid!session-guid-16!\x09";

	(void)state;
	pack_fixture_open(&pack);
	assert_memory_equal(pack.file.data, expected, sizeof(expected));
	pack_fixture_close(&pack);
}

/* Walks the index by hand, with the offsets of the format's table. */
static void test_pack_writer_index_is_as_the_format_says(void **state)
{
	static const unsigned char numbers[3][4] = { { 5 }, { 0 }, { 2, 0, 0, 0x80 } };
	static const unsigned char codecs[3] = { 0, 2, 1 };
	struct pack_fixture pack;

	(void)state;
	pack_fixture_open(&pack);
	const unsigned char *at = pack.file.data + pack.index_offset;
	for (size_t i = 0; i < PACK_FIXTURE_BLOCKS; i++) {
		const struct archive_block *block = pack.blocks[i];
		unsigned char entry[20] = { 0 };

		memcpy(entry, numbers[i], 4);
		store_u32(entry + 4, pack.headers[i].stored_length);
		store_u32(entry + 8, (uint32_t)block->length);
		entry[12] = codecs[i];
		store_u32(entry + 16, block->chunk_count);
		assert_memory_equal(at, entry, sizeof(entry));
		at += sizeof(entry);
		for (uint32_t j = 0; j < block->chunk_count; j++, at += 36) {
			assert_memory_equal(at, block->chunks[j].id, 32);
			assert_int_equal(load_u32(at + 32), block->chunks[j].length);
		}
	}
	assert_ptr_equal(at, pack.file.data + pack.file.length - 64);
	pack_fixture_close(&pack);
}

static void test_pack_writer_trailer_and_digest_are_as_the_format_says(void **state)
{
	struct pack_fixture pack;
	AUTO_SECRET key = SECRET_EMPTY;
	struct keyed_hash *keyed = NULL;
	unsigned char expected[64] = { 0 };
	unsigned char digest[SHA256_SIZE];

	(void)state;
	pack_fixture_open(&pack);
	size_t trailer = pack.file.length - 64;
	store_u64(expected, pack.index_offset);
	store_u32(expected + 8, PACK_FIXTURE_BLOCKS);
	store_u32(expected + 12, PACK_FIXTURE_CHUNKS);
	store_u64(expected + 16, 3 * 20 + 5 * 36);
	hash_sha256(pack.file.data, trailer + 24, digest);
	fixture_derived(&pack.dedup_secret, "infrabackup-1 pack", &key);
	assert_int_equal(keyed_hash_new(&key, &keyed, NULL), STATUS_OK);
	keyed_hash_digest(keyed, digest, sizeof(digest), expected + 24);
	keyed_hash_free(keyed);
	memcpy(expected + 56, "IBPKEND1", 8);
	assert_memory_equal(pack.file.data + trailer, expected, sizeof(expected));
	hash_sha256(pack.file.data, pack.file.length, digest);
	assert_memory_equal(pack.digest, digest, sizeof(digest));
	pack_fixture_close(&pack);
}

static void test_pack_check_mac_knows_its_own(void **state)
{
	struct pack_fixture pack;
	unsigned char digest[SHA256_SIZE];
	AUTO_SECRET other = SECRET_EMPTY;

	(void)state;
	pack_fixture_open(&pack);
	unsigned char *mac = pack.file.data + pack.file.length - ARCHIVE_PACK_MAC_FROM_END;
	hash_sha256(pack.file.data, pack.file.length - ARCHIVE_PACK_MAC_FROM_END, digest);
	assert_int_equal(archive_pack_check_mac(&pack.dedup_secret, digest, mac, NULL), STATUS_OK);
	fixture_secret(&other, 3);
	assert_int_equal(archive_pack_check_mac(&other, digest, mac, NULL), STATUS_INTEGRITY);
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		mac[i] ^= 0x10;
		assert_int_equal(archive_pack_check_mac(&pack.dedup_secret, digest, mac, NULL),
				 STATUS_INTEGRITY);
		mac[i] ^= 0x10;
		digest[i] ^= 1;
		assert_int_equal(archive_pack_check_mac(&pack.dedup_secret, digest, mac, NULL),
				 STATUS_INTEGRITY);
		digest[i] ^= 1;
	}
	pack_fixture_close(&pack);
}

struct filling {
	struct archive_pack_writer *writer;
	struct archive_block *block;
	struct archive_block_header header;
	struct buffer sealed;
};

/* A pack to which the same block can be added again and again. */
static void begin_filling(struct filling *filling, uint32_t chunk_count, size_t chunk_length,
			  size_t sealed_length)
{
	unsigned char id[SHA256_SIZE] = { 0 };
	AUTO_FREE unsigned char *data = calloc(1, ARCHIVE_CHUNK_MAX);
	AUTO_FREE unsigned char *sealed = calloc(1, sealed_length);

	memset(filling, 0, sizeof(*filling));
	assert_true(data != NULL && sealed != NULL);
	assert_int_equal(archive_pack_writer_new(fixture_repository, fixture_session, 1,
						 &filling->writer, NULL),
			 STATUS_OK);
	filling->block = archive_block_new();
	assert_non_null(filling->block);
	for (uint32_t i = 0; i < chunk_count; i++)
		(void)archive_block_append(filling->block, id, data, chunk_length);
	buffer_init(&filling->sealed, sealed_length);
	assert_int_equal(buffer_append(&filling->sealed, sealed, sealed_length, NULL), STATUS_OK);
	filling->header.plain_length = (uint32_t)filling->block->length;
	filling->header.stored_length = (uint32_t)sealed_length;
}

static enum status add_again(struct filling *filling)
{
	filling->header.block_number++;
	return archive_pack_writer_add(filling->writer, &filling->header, filling->block,
				       &filling->sealed, NULL);
}

static void end_filling(struct filling *filling)
{
	archive_pack_writer_free(filling->writer);
	archive_block_free(filling->block);
	buffer_done(&filling->sealed);
}

static void test_pack_writer_add_stops_at_the_number_of_chunks(void **state)
{
	struct filling filling;
	struct buffer end = { 0 };
	AUTO_SECRET secret = SECRET_EMPTY;
	unsigned char digest[SHA256_SIZE];

	(void)state;
	begin_filling(&filling, 8192, 1, 100);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(add_again(&filling), STATUS_OK);
	assert_int_equal(add_again(&filling), STATUS_TOO_LARGE);
	assert_int_equal(archive_pack_writer_chunk_count(filling.writer), 65536);
	fixture_secret(&secret, 2);
	assert_int_equal(archive_pack_writer_end(filling.writer, &secret, &end, digest, NULL),
			 STATUS_OK);
	assert_int_equal(end.length, 8 * 20 + 65536 * 36 + 64);
	assert_int_equal(add_again(&filling), STATUS_CONFLICT);
	assert_int_equal(archive_pack_writer_end(filling.writer, &secret, &end, digest, NULL),
			 STATUS_CONFLICT);
	buffer_done(&end);
	end_filling(&filling);
}

static void test_pack_writer_add_stops_before_the_largest_size(void **state)
{
	struct filling filling;
	struct buffer end = { 0 };
	AUTO_SECRET secret = SECRET_EMPTY;
	unsigned char digest[SHA256_SIZE];
	unsigned count = 0;

	(void)state;
	begin_filling(&filling, 4, ARCHIVE_CHUNK_MAX, ARCHIVE_BLOCK_MAX + 16);
	while (add_again(&filling) == STATUS_OK)
		count++;
	assert_int_equal(count, 31);
	fixture_secret(&secret, 2);
	assert_int_equal(archive_pack_writer_end(filling.writer, &secret, &end, digest, NULL),
			 STATUS_OK);
	assert_true(archive_pack_writer_size(filling.writer) <= ARCHIVE_PACK_MAX);
	buffer_done(&end);
	end_filling(&filling);
}

static void test_pack_writer_end_refuses_a_block_number_used_twice(void **state)
{
	struct filling filling;
	struct buffer end = { 0 };
	AUTO_SECRET secret = SECRET_EMPTY;
	unsigned char digest[SHA256_SIZE];

	(void)state;
	begin_filling(&filling, 1, 10, 26);
	assert_int_equal(add_again(&filling), STATUS_OK);
	assert_int_equal(add_again(&filling), STATUS_OK);
	filling.header.block_number = 0;
	assert_int_equal(add_again(&filling), STATUS_OK);
	fixture_secret(&secret, 2);
	assert_int_equal(archive_pack_writer_end(filling.writer, &secret, &end, digest, NULL),
			 STATUS_CONFLICT);
	assert_int_equal(end.length, 0);
	buffer_done(&end);
	end_filling(&filling);
}

static void test_pack_writer_add_refuses_a_header_of_other_bytes(void **state)
{
	struct filling filling;

	(void)state;
	begin_filling(&filling, 1, 10, 26);
	filling.header.stored_length = 27;
	assert_int_equal(add_again(&filling), STATUS_INVALID);
	filling.header.stored_length = 26;
	filling.header.plain_length = 9;
	assert_int_equal(add_again(&filling), STATUS_INVALID);
	filling.header.plain_length = 10;
	assert_int_equal(add_again(&filling), STATUS_OK);
	end_filling(&filling);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_writer_header_is_as_the_format_says),
		cmocka_unit_test(test_pack_writer_index_is_as_the_format_says),
		cmocka_unit_test(test_pack_writer_trailer_and_digest_are_as_the_format_says),
		cmocka_unit_test(test_pack_check_mac_knows_its_own),
		cmocka_unit_test(test_pack_writer_add_stops_at_the_number_of_chunks),
		cmocka_unit_test(test_pack_writer_add_stops_before_the_largest_size),
		cmocka_unit_test(test_pack_writer_end_refuses_a_block_number_used_twice),
		cmocka_unit_test(test_pack_writer_add_refuses_a_header_of_other_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
