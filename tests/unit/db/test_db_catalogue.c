/* SPDX-License-Identifier: Apache-2.0 */
/* Packs, chunks and sessions. */
#include <stdio.h>
#include <string.h>

#include "db_fixture.h"

#define SESSION "00000000-0000-4000-8000-000000000001"

static struct db_pack make_pack(const char *generation, unsigned char first)
{
	struct db_pack pack = { .sha256 = { first }, .size = 16u << 20, .session_id = SESSION };
	(void)snprintf(pack.generation, sizeof pack.generation, "%s", generation);
	return pack;
}

/* Ids in an order that no tree likes. */
static struct db_chunk *make_chunks(size_t count, uint32_t seed)
{
	struct db_chunk *chunks = calloc(count, sizeof *chunks);
	assert_non_null(chunks);
	uint32_t value = seed;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizeof chunks[i].id; k += 4) {
			value = value * 1664525u + 1013904223u;
			store_u32(chunks[i].id + k, value);
		}
		chunks[i].block = (uint32_t)i / 16;
		chunks[i].offset = (uint32_t)i % 16 * 65536;
		chunks[i].length = 65536;
	}
	return chunks;
}

static int64_t add_pack(struct db *db, const char *generation, unsigned char first,
			const struct db_chunk *chunks, size_t count)
{
	struct db_pack pack = make_pack(generation, first);
	int64_t id = 0;
	assert_int_equal(db_pack_add(db, &pack, chunks, count, &id, NULL), STATUS_OK);
	assert_true(id > 0);
	return id;
}

static uint64_t count_chunks(struct db *db)
{
	uint64_t count = 0;
	assert_int_equal(db_chunk_count(db, &count, NULL), STATUS_OK);
	return count;
}

static void test_db_pack_add_largest_pack_finds_every_chunk(void **state)
{
	struct db_fixture *fixture = *state;
	const size_t count = 65536;
	AUTO_FREE struct db_chunk *chunks = make_chunks(count, 1);
	int64_t pack = add_pack(fixture->db, "g1", 1, chunks, count);
	for (size_t i = 0; i < count; i++) {
		struct db_chunk found;
		assert_int_equal(db_chunk_find(fixture->db, chunks[i].id, &found, NULL), STATUS_OK);
		if (found.pack != pack || found.block != chunks[i].block ||
		    found.offset != chunks[i].offset || found.length != chunks[i].length)
			fail_msg("chunk %zu is elsewhere", i);
	}
	assert_int_equal(count_chunks(fixture->db), count);
}

static void test_db_chunk_find_unknown_is_not_found_without_error_text(void **state)
{
	struct db_fixture *fixture = *state;
	unsigned char id[32] = { 9 };
	struct db_chunk found = { .pack = 42 };
	struct error err = { .message = "" };
	assert_int_equal(db_chunk_find(fixture->db, id, &found, &err), STATUS_NOT_FOUND);
	assert_string_equal(err.message, "");
	assert_int_equal(found.pack, 42);
}

static void test_db_pack_add_known_chunks_stay_where_they_are(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_chunk found;
	AUTO_FREE struct db_chunk *chunks = make_chunks(100, 1);
	int64_t first = add_pack(fixture->db, "g1", 1, chunks, 50);
	int64_t second = add_pack(fixture->db, "g1", 2, chunks, 100);
	assert_int_equal(db_chunk_find(fixture->db, chunks[10].id, &found, NULL), STATUS_OK);
	assert_int_equal(found.pack, first);
	assert_int_equal(db_chunk_find(fixture->db, chunks[60].id, &found, NULL), STATUS_OK);
	assert_int_equal(found.pack, second);
	assert_int_equal(count_chunks(fixture->db), 100);
}

static void test_db_pack_add_known_pack_exists_and_adds_no_chunk(void **state)
{
	struct db_fixture *fixture = *state;
	AUTO_FREE struct db_chunk *chunks = make_chunks(20, 1);
	struct db_pack pack = make_pack("g1", 1);
	int64_t id = 77;
	struct error err;
	(void)add_pack(fixture->db, "g1", 1, chunks, 10);
	assert_int_equal(db_pack_add(fixture->db, &pack, chunks, 20, &id, &err), STATUS_EXISTS);
	assert_true(text_starts_with(err.path, "0100"));
	assert_int_equal(id, 77);
	assert_int_equal(count_chunks(fixture->db), 10);
}

static void test_db_pack_remove_takes_its_chunks_and_never_reuses_its_number(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pack got;
	AUTO_FREE struct db_chunk *chunks = make_chunks(20, 1);
	(void)add_pack(fixture->db, "g1", 1, chunks, 10);
	int64_t second = add_pack(fixture->db, "g1", 2, chunks + 10, 10);
	assert_int_equal(db_pack_get(fixture->db, second, &got, NULL), STATUS_OK);
	assert_string_equal(got.session_id, SESSION);
	assert_int_equal(got.size, 16u << 20);
	assert_int_equal(db_pack_remove(fixture->db, second, NULL), STATUS_OK);
	assert_int_equal(db_pack_get(fixture->db, second, &got, NULL), STATUS_NOT_FOUND);
	assert_int_equal(count_chunks(fixture->db), 10);
	assert_true(add_pack(fixture->db, "g1", 3, chunks + 10, 10) > second);
}

static enum status count_packs(const struct db_pack *pack, void *context, struct error *err)
{
	size_t *count = context;
	(void)err;
	assert_string_equal(pack->generation, "g1");
	++*count;
	return STATUS_OK;
}

static void test_db_pack_list_one_generation_only(void **state)
{
	struct db_fixture *fixture = *state;
	size_t count = 0;
	(void)add_pack(fixture->db, "g1", 1, NULL, 0);
	(void)add_pack(fixture->db, "g2", 2, NULL, 0);
	(void)add_pack(fixture->db, "g1", 3, NULL, 0);
	assert_int_equal(db_pack_list(fixture->db, "g1", count_packs, &count, NULL), STATUS_OK);
	assert_int_equal(count, 2);
}

static void test_db_catalogue_forget_keeps_only_the_named_generation(void **state)
{
	struct db_fixture *fixture = *state;
	AUTO_FREE struct db_chunk *chunks = make_chunks(20, 1);
	struct db_chunk found;
	struct buffer key;
	buffer_init(&key, 100);
	(void)add_pack(fixture->db, "g1", 1, chunks, 10);
	(void)add_pack(fixture->db, "g2", 2, chunks + 10, 10);
	assert_int_equal(db_session_add(fixture->db, SESSION, "g1", "wrapped", 7, NULL), STATUS_OK);
	assert_int_equal(db_session_add(fixture->db, SESSION, "g1", "wrapped", 7, NULL),
			 STATUS_EXISTS);
	assert_int_equal(db_session_get(fixture->db, SESSION, &key, NULL), STATUS_OK);
	assert_int_equal(key.length, 7);
	assert_int_equal(db_catalogue_forget(fixture->db, "g2", NULL), STATUS_OK);
	assert_int_equal(count_chunks(fixture->db), 10);
	assert_int_equal(db_chunk_find(fixture->db, chunks[10].id, &found, NULL), STATUS_OK);
	assert_int_equal(db_session_get(fixture->db, SESSION, &key, NULL), STATUS_NOT_FOUND);
	assert_int_equal(db_catalogue_forget(fixture->db, NULL, NULL), STATUS_OK);
	assert_int_equal(count_chunks(fixture->db), 0);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM pack"), 0);
	buffer_done(&key);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_catalogue, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_pack_add_largest_pack_finds_every_chunk),
		WITH(test_db_chunk_find_unknown_is_not_found_without_error_text),
		WITH(test_db_pack_add_known_chunks_stay_where_they_are),
		WITH(test_db_pack_add_known_pack_exists_and_adds_no_chunk),
		WITH(test_db_pack_remove_takes_its_chunks_and_never_reuses_its_number),
		WITH(test_db_pack_list_one_generation_only),
		WITH(test_db_catalogue_forget_keeps_only_the_named_generation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
