/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as they are read: what was written, what was damaged, what somebody made up. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_manifest_fixture.h"

static void close_writer(struct archive_manifest_writer *writer)
{
	uint64_t size = 0;
	unsigned char digest[SHA256_SIZE];

	assert_int_equal(archive_manifest_finish(writer, &size, digest, NULL), STATUS_OK);
	archive_manifest_writer_free(writer);
}

static void put_role(struct archive_manifest_writer *writer, const char *name)
{
	const struct archive_role role = { name, "directory", true, -7 };

	assert_int_equal(archive_manifest_role(writer, &role, NULL), STATUS_OK);
}

static void put_role_end(struct archive_manifest_writer *writer, uint64_t entries)
{
	const struct archive_role_end end = { entries, UINT64_MAX, 1 };

	assert_int_equal(archive_manifest_role_end(writer, &end, NULL), STATUS_OK);
}

static const struct archive_record_sample {
	struct archive_extent extents[2];
	struct archive_file_end end;
} sample_file = {
	{ { .pack = 7, .block = 8, .offset = 9, .length = 10 },
	  { .pack = ARCHIVE_HOLE, .hole_length = UINT64_C(1) << 40 } },
	{ .size = (UINT64_C(1) << 40) + 10, .sha256 = "digest", .problem = 3, .cause = -1 },
};
static const struct archive_xattr sample_xattrs[] = {
	{ "security.selinux", (const unsigned char *)"a\0b", 3 },
	{ "user.empty", (const unsigned char *)"", 0 },
	{ "", (const unsigned char *)"\xff\0", 2 },
};
static const struct archive_entry sample_entries[] = {
	{ .type = 2, .mode = 0755, .path = "" },
	{ .type = 1,
	  .problem = 2,
	  .cause = 13,
	  .mode = 07777,
	  .user_id = UINT32_MAX,
	  .group_id = 1,
	  .size = UINT64_MAX,
	  .modified_ns = INT64_MIN,
	  .path = "any bytes \x01\xff\xfe\n\\..",
	  .xattrs = sample_xattrs,
	  .xattr_count = 3 },
	{ .type = 3, .path = "...", .link_target = "../../etc" },
	{ .type = 4, .path = "..a/b..", .link_target = "any" },
	{ .type = 3, .path = "broken", .link_target = "" },
	{ .type = 5, .path = "fifo" },
	{ .type = 6, .path = "socket" },
	{ .type = 7, .path = "c", .device_major = 1, .device_minor = UINT32_MAX },
	{ .type = 8, .path = "b", .device_major = UINT32_MAX, .device_minor = 2 },
};

static void write_sample(struct fixture_file *file)
{
	struct archive_manifest_writer *writer = manifest_fixture_begin(file);

	put_role(writer, "Empty");
	put_role_end(writer, 0);
	put_role(writer, "ARM");
	for (size_t i = 0; i < ARRAY_LENGTH(sample_entries); i++) {
		assert_int_equal(archive_manifest_entry(writer, &sample_entries[i], NULL),
				 STATUS_OK);
		if (sample_entries[i].type != 1)
			continue;
		assert_int_equal(archive_manifest_extents(writer, sample_file.extents, 2, NULL),
				 STATUS_OK);
		assert_int_equal(archive_manifest_extents(writer, NULL, 0, NULL), STATUS_OK);
		assert_int_equal(archive_manifest_file_end(writer, &sample_file.end, NULL),
				 STATUS_OK);
	}
	put_role_end(writer, ARRAY_LENGTH(sample_entries));
	close_writer(writer);
}

static const struct archive_manifest_record *next(struct archive_manifest_reader *reader,
						  enum archive_record_type type)
{
	const struct archive_manifest_record *record = NULL;

	assert_int_equal(archive_manifest_next(reader, &record, NULL), STATUS_OK);
	assert_int_equal(record->type, type);
	return record;
}

static void assert_same_text(const char *found, const char *expected)
{
	assert_int_equal(found == NULL, expected == NULL);
	if (expected != NULL)
		assert_string_equal(found, expected);
}

static void assert_same_entry(const struct archive_entry *found,
			      const struct archive_entry *expected)
{
	assert_int_equal(found->type, expected->type);
	assert_int_equal(found->problem, expected->problem);
	assert_int_equal(found->cause, expected->cause);
	assert_int_equal(found->mode, expected->mode);
	assert_int_equal(found->user_id, expected->user_id);
	assert_int_equal(found->group_id, expected->group_id);
	assert_int_equal(found->device_major, expected->device_major);
	assert_int_equal(found->device_minor, expected->device_minor);
	assert_true(found->size == expected->size);
	assert_true(found->modified_ns == expected->modified_ns);
	assert_same_text(found->path, expected->path);
	assert_same_text(found->link_target, expected->link_target);
	assert_int_equal(found->xattr_count, expected->xattr_count);
	for (size_t i = 0; i < expected->xattr_count; i++) {
		assert_string_equal(found->xattrs[i].name, expected->xattrs[i].name);
		assert_int_equal(found->xattrs[i].value_length, expected->xattrs[i].value_length);
		assert_memory_equal(found->xattrs[i].value, expected->xattrs[i].value,
				    expected->xattrs[i].value_length);
	}
}

static void check_file(struct archive_manifest_reader *reader)
{
	const struct archive_manifest_record *record = next(reader, ARCHIVE_RECORD_EXTENTS);

	assert_int_equal(record->extent_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct archive_extent *found = &record->extents[i];
		const struct archive_extent *expected = &sample_file.extents[i];

		assert_int_equal(found->pack, expected->pack);
		assert_int_equal(found->block, expected->block);
		assert_int_equal(found->offset, expected->offset);
		assert_int_equal(found->length, expected->length);
		assert_true(found->hole_length == expected->hole_length);
	}
	assert_int_equal(next(reader, ARCHIVE_RECORD_EXTENTS)->extent_count, 0);
	record = next(reader, ARCHIVE_RECORD_FILE_END);
	assert_true(record->file_end.size == sample_file.end.size);
	assert_memory_equal(record->file_end.sha256, sample_file.end.sha256, SHA256_SIZE);
	assert_int_equal(record->file_end.problem, 3);
	assert_int_equal(record->file_end.cause, -1);
}

static void check_sample(struct fixture_file *file)
{
	struct archive_manifest_reader *reader = NULL;
	const struct archive_manifest_record *record;
	unsigned char secret[KEY_SIZE];

	memset(secret, 0xdd, sizeof(secret));
	assert_int_equal(manifest_fixture_open(file, &reader), STATUS_OK);
	record = next(reader, ARCHIVE_RECORD_GENERATION);
	assert_int_equal(record->generation.number, 3);
	assert_memory_equal(record->generation.dedup_secret, secret, KEY_SIZE);
	(void)next(reader, ARCHIVE_RECORD_ROLE);
	assert_int_equal(next(reader, ARCHIVE_RECORD_ROLE_END)->role_end.entries, 0);
	record = next(reader, ARCHIVE_RECORD_ROLE);
	assert_string_equal(record->role.name, "ARM");
	assert_string_equal(record->role.provider, "directory");
	assert_true(record->role.essential);
	assert_int_equal(record->role.restore_priority, -7);
	for (size_t i = 0; i < ARRAY_LENGTH(sample_entries); i++) {
		assert_same_entry(&next(reader, ARCHIVE_RECORD_ENTRY)->entry, &sample_entries[i]);
		if (sample_entries[i].type == 1)
			check_file(reader);
	}
	record = next(reader, ARCHIVE_RECORD_ROLE_END);
	assert_int_equal(record->role_end.entries, ARRAY_LENGTH(sample_entries));
	assert_true(record->role_end.bytes == UINT64_MAX);
	assert_int_equal(record->role_end.problems, 1);
	(void)next(reader, ARCHIVE_RECORD_END);
	assert_int_equal(archive_manifest_next(reader, &record, NULL), STATUS_CONFLICT);
	archive_manifest_reader_free(reader);
	archive_manifest_reader_free(NULL);
}

static void test_manifest_comes_back_however_it_is_read(void **state)
{
	static const size_t steps[] = { 0, 1, 7, 4096 };
	struct fixture_file file;

	(void)state;
	write_sample(&file);
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		file.step = steps[i];
		check_sample(&file);
	}
	fixture_file_done(&file);
}

static void test_manifest_any_flipped_bit_is_integrity(void **state)
{
	struct fixture_file file;
	size_t count = 0;

	(void)state;
	write_sample(&file);
	for (size_t i = 0; i < file.length * 8; i++) {
		file.data[i / 8] ^= (unsigned char)(1u << i % 8);
		assert_int_equal(manifest_fixture_read(&file, &count), STATUS_INTEGRITY);
		file.data[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	assert_int_equal(manifest_fixture_read(&file, &count), STATUS_OK);
	fixture_file_done(&file);
}

static void test_manifest_truncated_anywhere_is_integrity(void **state)
{
	struct fixture_file file;
	size_t count = 0;

	(void)state;
	write_sample(&file);
	size_t length = file.length;
	for (file.length = 0; file.length < length; file.length++)
		assert_int_equal(manifest_fixture_read(&file, &count), STATUS_INTEGRITY);
	fixture_file_done(&file);
}

static void test_manifest_followed_by_bytes_is_integrity(void **state)
{
	struct fixture_file file;
	size_t count = 0;

	(void)state;
	write_sample(&file);
	assert_int_equal(fixture_file_write(&file, "", 1, NULL), STATUS_OK);
	assert_int_equal(manifest_fixture_read(&file, &count), STATUS_INTEGRITY);
	fixture_file_done(&file);
}

static void test_manifest_of_another_identity_or_key_is_integrity(void **state)
{
	struct fixture_file file;
	struct archive_manifest_reader *reader = NULL;
	struct archive_identity identity;
	AUTO_SECRET key = SECRET_EMPTY;
	AUTO_SECRET other = SECRET_EMPTY;
	const struct archive_manifest_record *record = NULL;

	(void)state;
	write_sample(&file);
	fixture_secret(&key, MANIFEST_FIXTURE_KEY);
	fixture_secret(&other, MANIFEST_FIXTURE_KEY + 1);
	for (size_t i = 0; i < sizeof(identity); i += GUID_SIZE) {
		fixture_identity(&identity);
		((unsigned char *)&identity)[i] ^= 1;
		file.position = 0;
		assert_int_equal(archive_manifest_reader_new(&identity, &key, fixture_file_read,
							     &file, &reader, NULL),
				 STATUS_INTEGRITY);
		assert_null(reader);
	}
	fixture_identity(&identity);
	file.position = 0;
	assert_int_equal(archive_manifest_reader_new(&identity, &other, fixture_file_read, &file,
						     &reader, NULL),
			 STATUS_OK);
	assert_int_equal(archive_manifest_next(reader, &record, NULL), STATUS_INTEGRITY);
	/* And it stays so. */
	assert_int_equal(archive_manifest_next(reader, &record, NULL), STATUS_CONFLICT);
	assert_null(record);
	archive_manifest_reader_free(reader);
	fixture_file_done(&file);
}

/* Two segments, sealed as the format says: in this order, numbered and marked so. */
static enum status read_two(const char *first, const char *second, const uint32_t numbers[2],
			    const bool is_last[2])
{
	struct fixture_file file = { 0 };
	AUTO_SECRET key = SECRET_EMPTY;
	const char *const types[] = { first, second };
	size_t count = 0;

	fixture_secret(&key, MANIFEST_FIXTURE_KEY);
	fixture_manifest_begin(&file);
	for (size_t i = 0; i < 2; i++) {
		struct buffer plain = { .max = ARCHIVE_BLOCK_MAX };

		manifest_fixture_add(&plain, types[i]);
		fixture_manifest_segment(&file, &key, numbers[i], is_last[i], plain.data,
					 plain.length);
		buffer_done(&plain);
	}
	enum status status = manifest_fixture_read(&file, &count);
	fixture_file_done(&file);
	return status;
}

static void test_manifest_segments_are_read_in_their_order_to_the_last(void **state)
{
	static const struct {
		const char *first, *second;
		uint32_t numbers[2];
		bool is_last[2];
		bool is_good;
	} cases[] = {
		{ "1236", "267", { 0, 1 }, { false, true }, true },
		{ "128", "4567", { 0, 1 }, { false, true }, true },
		{ "1236", "267", { 0, 2 }, { false, true }, false },
		{ "1236", "267", { 1, 0 }, { false, true }, false },
		{ "1236", "267", { 0, 0 }, { false, true }, false },
		{ "1236", "267", { 0, 1 }, { false, false }, false },
		{ "1236", "267", { 0, 1 }, { true, true }, false },
		{ "1236", "26", { 0, 1 }, { false, true }, false },
		{ "1267", "17", { 0, 1 }, { false, true }, false },
		{ "1267", "17", { 0, 1 }, { true, true }, false },
		{ "1267", "", { 0, 1 }, { false, true }, false },
		{ "126", "", { 0, 1 }, { false, true }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		enum status status = read_two(cases[i].first, cases[i].second, cases[i].numbers,
					      cases[i].is_last);

		if ((status == STATUS_OK) != cases[i].is_good)
			print_error("case %zu\n", i);
		assert_int_equal(status, cases[i].is_good ? STATUS_OK : STATUS_INTEGRITY);
	}
}

static void test_manifest_hostile_segment_lengths_are_integrity(void **state)
{
	static const struct {
		uint32_t stored, plain;
	} cases[] = {
		{ UINT32_MAX, 100 },
		{ 0, 100 },
		{ 16, 100 },
		{ 15, 100 },
		{ 116, UINT32_MAX },
		{ 116, 0 },
		{ ARCHIVE_BLOCK_MAX + 17, ARCHIVE_BLOCK_MAX + 1 },
		{ ARCHIVE_BLOCK_MAX + 16, ARCHIVE_BLOCK_MAX },
	};
	struct fixture_file file;
	size_t count = 0;

	(void)state;
	write_sample(&file);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		store_u32(file.data + 56, cases[i].stored);
		store_u32(file.data + 60, cases[i].plain);
		assert_int_equal(manifest_fixture_read(&file, &count), STATUS_INTEGRITY);
		assert_int_equal(count, 0);
	}
	fixture_file_done(&file);
}

/* Entries that end exactly at a segment's end, one byte before it and one byte after it. */
static void test_manifest_records_at_the_segment_boundary_come_back(void **state)
{
	/* The generation takes 41 bytes, the role 30, an entry 56 and its path. */
	size_t fits = ARCHIVE_BLOCK_MAX - 41 - 30 - 56;
	AUTO_FREE char *path = malloc(fits + 2);

	(void)state;
	assert_non_null(path);
	for (size_t length = fits - 6; length <= fits + 1; length++) {
		struct fixture_file file;
		struct archive_manifest_writer *writer = manifest_fixture_begin(&file);
		struct archive_manifest_reader *reader = NULL;
		const struct archive_entry entry = { .type = 2, .path = path };
		const struct archive_entry small = { .type = 2, .path = "y" };

		memset(path, 'x', length);
		path[length] = '\0';
		put_role(writer, "ARM");
		assert_int_equal(archive_manifest_entry(writer, &entry, NULL), STATUS_OK);
		/* Only what does not fit any more has been written out. */
		assert_int_equal(file.length > 56, length > fits);
		assert_int_equal(archive_manifest_entry(writer, &small, NULL), STATUS_OK);
		assert_true(file.length > 56);
		put_role_end(writer, 2);
		close_writer(writer);
		assert_int_equal(manifest_fixture_open(&file, &reader), STATUS_OK);
		(void)next(reader, ARCHIVE_RECORD_GENERATION);
		(void)next(reader, ARCHIVE_RECORD_ROLE);
		assert_string_equal(next(reader, ARCHIVE_RECORD_ENTRY)->entry.path, path);
		assert_string_equal(next(reader, ARCHIVE_RECORD_ENTRY)->entry.path, "y");
		(void)next(reader, ARCHIVE_RECORD_ROLE_END);
		(void)next(reader, ARCHIVE_RECORD_END);
		archive_manifest_reader_free(reader);
		fixture_file_done(&file);
	}
}

/* Bytes of the heap in use. Zero under the sanitizers, whose allocator does not tell. */
static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

#define MANY 100000

/* The manifest's own bytes go nowhere, or come from what was kept once. */
static void test_manifest_of_100000_files_streams_in_flat_memory(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = manifest_fixture_begin(&file);
	struct archive_manifest_reader *reader = NULL;
	char path[64];
	const struct archive_extent extent = { .pack = 1, .length = 100 };
	const struct archive_file_end end = { .size = 100 };

	(void)state;
	put_role(writer, "ARM");
	size_t before = heap_bytes() - file.capacity;
	for (unsigned i = 0; i < MANY; i++) {
		const struct archive_entry entry = { .type = 1, .mode = 0644, .path = path };

		(void)snprintf(path, sizeof(path), "folder-%u/file-%u", i / 100, i);
		assert_int_equal(archive_manifest_entry(writer, &entry, NULL), STATUS_OK);
		assert_int_equal(archive_manifest_extents(writer, &extent, 1, NULL), STATUS_OK);
		assert_int_equal(archive_manifest_file_end(writer, &end, NULL), STATUS_OK);
	}
	assert_true(heap_bytes() <= before + file.capacity + (4u << 20));
	put_role_end(writer, MANY);
	close_writer(writer);

	assert_int_equal(manifest_fixture_open(&file, &reader), STATUS_OK);
	(void)next(reader, ARCHIVE_RECORD_GENERATION);
	(void)next(reader, ARCHIVE_RECORD_ROLE);
	before = heap_bytes();
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(path, sizeof(path), "folder-%u/file-%u", i / 100, i);
		assert_string_equal(next(reader, ARCHIVE_RECORD_ENTRY)->entry.path, path);
		(void)next(reader, ARCHIVE_RECORD_EXTENTS);
		(void)next(reader, ARCHIVE_RECORD_FILE_END);
	}
	assert_true(heap_bytes() <= before + (64u << 10));
	(void)next(reader, ARCHIVE_RECORD_ROLE_END);
	(void)next(reader, ARCHIVE_RECORD_END);
	archive_manifest_reader_free(reader);
	fixture_file_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_comes_back_however_it_is_read),
		cmocka_unit_test(test_manifest_any_flipped_bit_is_integrity),
		cmocka_unit_test(test_manifest_truncated_anywhere_is_integrity),
		cmocka_unit_test(test_manifest_followed_by_bytes_is_integrity),
		cmocka_unit_test(test_manifest_of_another_identity_or_key_is_integrity),
		cmocka_unit_test(test_manifest_segments_are_read_in_their_order_to_the_last),
		cmocka_unit_test(test_manifest_hostile_segment_lengths_are_integrity),
		cmocka_unit_test(test_manifest_records_at_the_segment_boundary_come_back),
		cmocka_unit_test(test_manifest_of_100000_files_streams_in_flat_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
