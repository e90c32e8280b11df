/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks under construction. */
#include <stdlib.h>

#include "archive_fixture.h"

static void test_block_append_lays_chunks_end_to_end(void **state)
{
	struct archive_block *block = archive_block_new();
	unsigned char id[SHA256_SIZE];

	(void)state;
	assert_non_null(block);
	for (unsigned i = 0; i < 3; i++) {
		fixture_random(id, sizeof(id), i);
		assert_int_equal(archive_block_append(block, id, "abcdefg", 7), i * 7);
		assert_int_equal(block->chunks[i].offset, i * 7);
		assert_int_equal(block->chunks[i].length, 7);
		assert_memory_equal(block->chunks[i].id, id, sizeof(id));
	}
	assert_memory_equal(block->plain, "abcdefgabcdefgabcdefg", 21);
	assert_int_equal(block->length, 21);
	archive_block_clear(block);
	assert_int_equal(block->length, 0);
	assert_int_equal(archive_block_append(block, id, "z", 1), 0);
	archive_block_free(block);
	archive_block_free(NULL);
}

static void test_block_has_room_until_a_mebibyte(void **state)
{
	struct archive_block *block = archive_block_new();
	unsigned char id[SHA256_SIZE] = { 0 };
	AUTO_FREE unsigned char *data = calloc(1, ARCHIVE_CHUNK_MAX);

	(void)state;
	assert_true(block != NULL && data != NULL);
	for (unsigned i = 0; i < 3; i++)
		(void)archive_block_append(block, id, data, ARCHIVE_CHUNK_MAX);
	(void)archive_block_append(block, id, data, ARCHIVE_CHUNK_MAX - 1);
	assert_true(archive_block_has_room(block, 1));
	assert_false(archive_block_has_room(block, 2));
	assert_false(archive_block_has_room(block, SIZE_MAX));
	(void)archive_block_append(block, id, data, 1);
	assert_int_equal(block->length, ARCHIVE_BLOCK_MAX);
	assert_false(archive_block_has_room(block, 1));
	archive_block_free(block);
}

static void test_block_has_room_until_its_chunks_are_used_up(void **state)
{
	struct archive_block *block = archive_block_new();
	unsigned char id[SHA256_SIZE] = { 0 };

	(void)state;
	assert_non_null(block);
	for (unsigned i = 0; i < ARCHIVE_BLOCK_CHUNKS_MAX; i++) {
		assert_true(archive_block_has_room(block, 1));
		(void)archive_block_append(block, id, "x", 1);
	}
	assert_false(archive_block_has_room(block, 1));
	archive_block_free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_append_lays_chunks_end_to_end),
		cmocka_unit_test(test_block_has_room_until_a_mebibyte),
		cmocka_unit_test(test_block_has_room_until_its_chunks_are_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
