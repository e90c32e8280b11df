/* SPDX-License-Identifier: Apache-2.0 */
/* The table of chunks in flight. */
#include <stdlib.h>
#include <string.h>

#include "../../../src/backup/backup_chunks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT 20000

static void make_id(unsigned char id[SHA256_SIZE], uint32_t number)
{
	hash_sha256(&number, sizeof number, id);
}

static bool is_there(const struct backup_chunks *chunks, uint32_t number,
		     struct backup_place *place)
{
	unsigned char id[SHA256_SIZE];
	make_id(id, number);
	return backup_chunks_find(chunks, id, place);
}

static void add(struct backup_chunks *chunks, uint32_t number)
{
	unsigned char id[SHA256_SIZE];
	const struct backup_place place = { number, number + 1, number + 2, number + 3 };
	struct error err;
	make_id(id, number);
	assert_int_equal(backup_chunks_add(chunks, id, &place, &err), STATUS_OK);
}

static void take_out(struct backup_chunks *chunks, uint32_t number)
{
	unsigned char id[SHA256_SIZE];
	make_id(id, number);
	backup_chunks_remove(chunks, id);
}

static void test_backup_chunks_find_after_growth_finds_every_place(void **state)
{
	(void)state;
	struct backup_chunks *chunks = backup_chunks_new();
	struct backup_place place;
	for (uint32_t i = 0; i < COUNT; i++)
		add(chunks, i);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_true(is_there(chunks, i, &place));
		assert_int_equal(place.slot, i);
		assert_int_equal(place.length, i + 3);
	}
	assert_false(is_there(chunks, COUNT, &place));
	backup_chunks_free(chunks);
}

static void test_backup_chunks_remove_leaves_the_others_reachable(void **state)
{
	(void)state;
	struct backup_chunks *chunks = backup_chunks_new();
	struct backup_place place;
	for (uint32_t i = 0; i < COUNT; i++)
		add(chunks, i);
	for (uint32_t i = 0; i < COUNT; i += 3)
		take_out(chunks, i);
	take_out(chunks, COUNT + 7);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(is_there(chunks, i, &place), i % 3 != 0);
	for (uint32_t i = 0; i < COUNT; i += 3)
		add(chunks, i);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_true(is_there(chunks, i, &place));
	backup_chunks_free(chunks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_chunks_find_after_growth_finds_every_place),
		cmocka_unit_test(test_backup_chunks_remove_leaves_the_others_reachable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
