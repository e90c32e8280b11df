/* SPDX-License-Identifier: Apache-2.0 */
/* The stat cache: what is found again, and what must not be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/backup/backup_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct cache_case {
	char folder[32];
	struct backup_service service;
	struct backup_session session;
};

static void add_known_pack(struct cache_case *cache, uint32_t number)
{
	struct db_pack pack = { .id = number + 1, .size = 1000 };
	hash_sha256(&number, sizeof number, pack.sha256);
	assert_int_equal(backup_packs_add_known(cache->session.packs, &pack, NULL), STATUS_OK);
}

static int setup(void **state)
{
	struct cache_case *cache = calloc(1, sizeof *cache);
	(void)snprintf(cache->folder, sizeof cache->folder, "/tmp/cache-XXXXXX");
	assert_non_null(mkdtemp(cache->folder));
	cache->service.cache_directory = cache->folder;
	cache->session.service = &cache->service;
	cache->session.packs = backup_packs_new();
	(void)snprintf(cache->session.generation.name, sizeof cache->session.generation.name,
		       "0001-aabbccdd");
	add_known_pack(cache, 0);
	add_known_pack(cache, 1);
	*state = cache;
	return 0;
}

static int teardown(void **state)
{
	struct cache_case *cache = *state;
	backup_packs_free(cache->session.packs);
	assert_int_equal(file_remove_tree(cache->folder, NULL), STATUS_OK);
	free(cache);
	return 0;
}

static struct snapshot_entry file_entry(const char *path, uint64_t size)
{
	return (struct snapshot_entry) { .path = path,
					 .type = SNAPSHOT_FILE,
					 .size = size,
					 .modified_ns = 1000,
					 .changed_ns = 2000,
					 .inode = 7 };
}

static void put(struct backup_cache_writer *writer, const char *path, size_t extents, uint32_t pack,
		bool cacheable)
{
	struct snapshot_entry entry = file_entry(path, extents * 10);
	struct archive_file_end end = { .size = extents * 10 };
	struct archive_extent extent = { .pack = pack, .block = 3, .offset = 4, .length = 10 };
	memset(end.sha256, 0x5a, sizeof end.sha256);
	assert_int_equal(backup_cache_begin(writer, &entry, NULL), STATUS_OK);
	for (size_t i = 0; i < extents; i++)
		assert_int_equal(backup_cache_add(writer, &extent, 1, NULL), STATUS_OK);
	assert_int_equal(backup_cache_end(writer, &end, cacheable, NULL), STATUS_OK);
}

/* a, b (not cacheable), c/d, e over packs that are referenced as 0 and 1. */
static void write_cache(struct cache_case *cache)
{
	struct backup_cache_writer *writer = NULL;
	uint32_t reference;
	assert_int_equal(backup_packs_reference(cache->session.packs, 0, &reference, NULL),
			 STATUS_OK);
	assert_int_equal(backup_packs_reference(cache->session.packs, 1, &reference, NULL),
			 STATUS_OK);
	assert_int_equal(
		backup_cache_create(&cache->session, "Role", "directory:/x", &writer, NULL),
		STATUS_OK);
	put(writer, "a", 1, 0, true);
	put(writer, "b", 2, 0, false);
	put(writer, "c/d", 3, 1, true);
	put(writer, "e", 0, 0, true);
	assert_int_equal(backup_cache_commit(writer, NULL), STATUS_OK);
}

static struct backup_cache_reader *open_cache(struct cache_case *cache, const char *source)
{
	struct backup_cache_reader *reader = NULL;
	assert_int_equal(backup_cache_open(&cache->session, "Role", source, &reader, NULL),
			 STATUS_OK);
	return reader;
}

static bool find(struct backup_cache_reader *reader, const char *path, uint64_t size)
{
	struct snapshot_entry entry = file_entry(path, size);
	return backup_cache_find(reader, &entry);
}

/* All extents of the file just found; their number. */
static size_t drain(struct backup_cache_reader *reader, uint32_t slot)
{
	const struct archive_extent *extents;
	struct archive_file_end end;
	size_t count, total = 0;
	do {
		assert_int_equal(backup_cache_extents(reader, &extents, &count, &end, NULL),
				 STATUS_OK);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(extents[i].pack, slot);
		total += count;
	} while (count > 0);
	assert_int_equal(end.size, total * 10);
	assert_int_equal(end.sha256[31], 0x5a);
	return total;
}

static void test_backup_cache_find_unchanged_files_returns_their_extents(void **state)
{
	struct cache_case *cache = *state;
	write_cache(cache);
	struct backup_cache_reader *reader = open_cache(cache, "directory:/x");
	assert_non_null(reader);
	assert_true(find(reader, "a", 10));
	assert_int_equal(drain(reader, 0), 1);
	assert_false(find(reader, "a-new", 10));
	assert_false(find(reader, "b", 20));
	assert_true(find(reader, "c/d", 30));
	assert_int_equal(drain(reader, 1), 3);
	assert_true(find(reader, "e", 0));
	assert_int_equal(drain(reader, 0), 0);
	assert_false(find(reader, "f", 0));
	backup_cache_close(reader);
}

static void test_backup_cache_find_changed_files_is_false(void **state)
{
	struct cache_case *cache = *state;
	const struct snapshot_entry same = file_entry("a", 10);
	struct snapshot_entry entries[5] = { same, same, same, same, same };
	entries[0].size++;
	entries[1].modified_ns++;
	entries[2].changed_ns++;
	entries[3].inode++;
	entries[4].inode = 0;
	write_cache(cache);
	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
		struct backup_cache_reader *reader = open_cache(cache, "directory:/x");
		assert_false(backup_cache_find(reader, &entries[i]));
		assert_true(find(reader, "c/d", 30));
		assert_int_equal(drain(reader, 1), 3);
		backup_cache_close(reader);
	}
}

static void test_backup_cache_find_in_a_pack_that_is_gone_is_false(void **state)
{
	struct cache_case *cache = *state;
	write_cache(cache);
	backup_packs_free(cache->session.packs);
	cache->session.packs = backup_packs_new();
	add_known_pack(cache, 0);
	struct backup_cache_reader *reader = open_cache(cache, "directory:/x");
	assert_true(find(reader, "a", 10));
	assert_int_equal(drain(reader, 0), 1);
	assert_false(find(reader, "c/d", 30));
	backup_cache_close(reader);
}

static void test_backup_cache_open_of_another_source_or_generation_finds_none(void **state)
{
	struct cache_case *cache = *state;
	write_cache(cache);
	assert_null(open_cache(cache, "directory:/y"));
	cache->session.generation.name[3] = '2';
	assert_null(open_cache(cache, "directory:/x"));
}

static void test_backup_cache_open_of_a_file_cut_short_finds_none(void **state)
{
	struct cache_case *cache = *state;
	char path[64];
	write_cache(cache);
	(void)snprintf(path, sizeof path, "%s/Role.cache", cache->folder);
	struct buffer bytes = { 0 };
	assert_int_equal(file_read(path, 1u << 20, &bytes, NULL), STATUS_OK);
	for (size_t length = 0; length < bytes.length; length += 7) {
		assert_int_equal(truncate(path, (off_t)length), 0);
		assert_null(open_cache(cache, "directory:/x"));
		assert_int_equal(file_write(path, 0600, true, bytes.data, bytes.length, NULL),
				 STATUS_OK);
	}
	buffer_done(&bytes);
}

static void test_backup_cache_discard_leaves_the_old_file(void **state)
{
	struct cache_case *cache = *state;
	struct backup_cache_writer *writer = NULL;
	write_cache(cache);
	assert_int_equal(
		backup_cache_create(&cache->session, "Role", "directory:/x", &writer, NULL),
		STATUS_OK);
	backup_cache_discard(writer);
	struct backup_cache_reader *reader = open_cache(cache, "directory:/x");
	assert_true(find(reader, "a", 10));
	backup_cache_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_FOLDER(test_backup_cache_find_unchanged_files_returns_their_extents),
		WITH_FOLDER(test_backup_cache_find_changed_files_is_false),
		WITH_FOLDER(test_backup_cache_find_in_a_pack_that_is_gone_is_false),
		WITH_FOLDER(test_backup_cache_open_of_another_source_or_generation_finds_none),
		WITH_FOLDER(test_backup_cache_open_of_a_file_cut_short_finds_none),
		WITH_FOLDER(test_backup_cache_discard_leaves_the_old_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
