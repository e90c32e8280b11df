/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as they are written: what is refused, and faults on the way. */
#include <stdlib.h>
#include <string.h>

#include "archive_fixture.h"

static struct archive_manifest_writer *open_writer(struct fixture_file *file)
{
	struct archive_identity identity;
	AUTO_SECRET key = SECRET_EMPTY;
	struct archive_manifest_writer *writer = NULL;

	memset(file, 0, sizeof(*file));
	fixture_identity(&identity);
	fixture_secret(&key, 1);
	assert_int_equal(archive_manifest_writer_new(&identity, &key, fixture_file_write, file,
						     &writer, NULL),
			 STATUS_OK);
	return writer;
}

static enum status put_generation(struct archive_manifest_writer *writer)
{
	AUTO_SECRET dedup = SECRET_EMPTY;

	fixture_secret(&dedup, 0xdd);
	return archive_manifest_generation(writer, 3, &dedup, NULL);
}

static enum status put_role(struct archive_manifest_writer *writer)
{
	const struct archive_role role = { "ARM", "directory", true, -2 };

	return archive_manifest_role(writer, &role, NULL);
}

static enum status put_folder(struct archive_manifest_writer *writer)
{
	const struct archive_entry entry = { .type = 2, .mode = 0755, .path = "" };

	return archive_manifest_entry(writer, &entry, NULL);
}

static enum status put_file(struct archive_manifest_writer *writer)
{
	const struct archive_entry entry = { .type = 1, .mode = 0644, .path = "f" };

	return archive_manifest_entry(writer, &entry, NULL);
}

static enum status put_extents(struct archive_manifest_writer *writer)
{
	const struct archive_extent extent = { .pack = 0, .length = 10 };

	return archive_manifest_extents(writer, &extent, 1, NULL);
}

static enum status put_file_end(struct archive_manifest_writer *writer)
{
	/* Unreadable, so that any size goes. */
	const struct archive_file_end end = { .size = 10, .problem = 1, .cause = 5 };

	return archive_manifest_file_end(writer, &end, NULL);
}

static enum status put_role_end(struct archive_manifest_writer *writer)
{
	const struct archive_role_end end = { 2, 10, 0 };

	return archive_manifest_role_end(writer, &end, NULL);
}

static enum status put_end(struct archive_manifest_writer *writer)
{
	uint64_t size = 0;
	unsigned char digest[SHA256_SIZE];

	return archive_manifest_finish(writer, &size, digest, NULL);
}

typedef enum status (*put_call)(struct archive_manifest_writer *writer);

static const put_call steps[] = { put_generation, put_role,     put_folder,   put_file,
				  put_extents,    put_file_end, put_role_end, put_end };

/* The ways to each place, and the calls that may follow there. */
static const struct {
	put_call way[4];
	const char *allowed; /* '1' where steps[i] may follow */
} places[] = {
	{ { NULL }, "10000000" },
	{ { put_generation, NULL }, "01000001" },
	{ { put_generation, put_role, NULL }, "00110010" },
	{ { put_generation, put_role, put_file, NULL }, "00001100" },
	{ { put_generation, put_role, put_folder, NULL }, "00110010" },
};

static void test_manifest_calls_out_of_order_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(places) * ARRAY_LENGTH(steps); i++) {
		size_t place = i / ARRAY_LENGTH(steps);
		size_t next = i % ARRAY_LENGTH(steps);
		struct fixture_file file;
		struct archive_manifest_writer *writer = open_writer(&file);

		for (const put_call *step = places[place].way; *step != NULL; step++)
			assert_int_equal((*step)(writer), STATUS_OK);
		assert_int_equal(steps[next](writer),
				 places[place].allowed[next] == '1' ? STATUS_OK : STATUS_INVALID);
		archive_manifest_writer_free(writer);
		fixture_file_done(&file);
	}
}

static void test_manifest_finish_happens_once(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);

	(void)state;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(put_end(writer), STATUS_OK);
	size_t length = file.length;
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
		assert_int_equal(steps[i](writer), STATUS_INVALID);
	assert_int_equal(file.length, length);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_entry_what_no_reader_takes_is_refused(void **state)
{
	static const struct archive_entry entries[] = {
		{ .type = 0, .path = "x" },
		{ .type = 9, .path = "x" },
		{ .type = 2, .path = "x", .problem = 4 },
		{ .type = 2, .path = "x", .mode = 010000 },
		{ .type = 2, .path = "x", .link_target = "y" },
		{ .type = 4, .path = "x" },
		{ .type = 4, .path = "x", .link_target = "" },
		{ .type = 4, .path = "x", .link_target = "../y" },
		{ .type = 2, .path = "/" },
		{ .type = 2, .path = "/x" },
		{ .type = 2, .path = "x/" },
		{ .type = 2, .path = "x//y" },
		{ .type = 2, .path = "." },
		{ .type = 2, .path = ".." },
		{ .type = 2, .path = "../x" },
		{ .type = 2, .path = "x/../y" },
		{ .type = 2, .path = "x/.." },
		{ .type = 2, .path = "x/./y" },
	};
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);

	(void)state;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(put_role(writer), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
		assert_int_equal(archive_manifest_entry(writer, &entries[i], NULL), STATUS_INVALID);
	/* Nothing of it was taken. */
	assert_int_equal(put_folder(writer), STATUS_OK);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_role_name_that_is_no_file_name_is_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "/" };
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);
	char long_name[257];

	(void)state;
	assert_int_equal(put_generation(writer), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const struct archive_role role = { names[i], "directory", false, 0 };

		assert_int_equal(archive_manifest_role(writer, &role, NULL), STATUS_INVALID);
	}
	memset(long_name, 'x', 256);
	long_name[256] = '\0';
	const struct archive_role too_long = { long_name, "directory", false, 0 };
	assert_int_equal(archive_manifest_role(writer, &too_long, NULL), STATUS_INVALID);
	long_name[255] = '\0';
	assert_int_equal(archive_manifest_role(writer, &too_long, NULL), STATUS_OK);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_extents_outside_of_a_block_are_refused(void **state)
{
	static const struct archive_extent bad[] = {
		{ .pack = 0, .length = 0 },
		{ .pack = 0, .length = ARCHIVE_BLOCK_MAX + 1 },
		{ .pack = 0, .offset = 1, .length = ARCHIVE_BLOCK_MAX },
		{ .pack = 0, .offset = UINT32_MAX, .length = 2 },
		{ .pack = ARCHIVE_HOLE, .hole_length = 0 },
		{ .pack = ARCHIVE_HOLE, .hole_length = UINT64_C(1) << 63 },
	};
	AUTO_FREE struct archive_extent *many = calloc(4097, sizeof(*many));
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);

	(void)state;
	assert_non_null(many);
	for (size_t i = 0; i < 4097; i++)
		many[i].length = 1;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(put_role(writer), STATUS_OK);
	assert_int_equal(put_file(writer), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(archive_manifest_extents(writer, &bad[i], 1, NULL),
				 STATUS_INVALID);
	assert_int_equal(archive_manifest_extents(writer, many, 4097, NULL), STATUS_TOO_LARGE);
	assert_int_equal(archive_manifest_extents(writer, many, 4096, NULL), STATUS_OK);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_file_end_must_have_the_size_of_its_extents(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);
	struct archive_file_end end = { .size = 11 };

	(void)state;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(put_role(writer), STATUS_OK);
	assert_int_equal(put_file(writer), STATUS_OK);
	assert_int_equal(put_extents(writer), STATUS_OK);
	assert_int_equal(archive_manifest_file_end(writer, &end, NULL), STATUS_INVALID);
	end.size = 10;
	end.problem = 4;
	assert_int_equal(archive_manifest_file_end(writer, &end, NULL), STATUS_INVALID);
	end.problem = 2;
	assert_int_equal(archive_manifest_file_end(writer, &end, NULL), STATUS_OK);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_entry_larger_than_a_segment_is_too_large(void **state)
{
	/* Header 5, numbers and counts 47, length of the path 4. */
	size_t fits = ARCHIVE_BLOCK_MAX - 56;
	AUTO_FREE char *path = malloc(fits + 2);
	struct archive_xattr xattr = { "user.x", (const unsigned char *)"", SIZE_MAX };
	struct archive_entry entry = { .type = 2 };
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);

	(void)state;
	assert_non_null(path);
	memset(path, 'x', fits + 1);
	path[fits + 1] = '\0';
	entry.path = path;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(put_role(writer), STATUS_OK);
	assert_int_equal(archive_manifest_entry(writer, &entry, NULL), STATUS_TOO_LARGE);
	path[fits] = '\0';
	assert_int_equal(archive_manifest_entry(writer, &entry, NULL), STATUS_OK);
	entry.path = "y";
	entry.xattrs = &xattr;
	entry.xattr_count = 1;
	assert_int_equal(archive_manifest_entry(writer, &entry, NULL), STATUS_TOO_LARGE);
	assert_int_equal(put_role_end(writer), STATUS_OK);
	assert_int_equal(put_end(writer), STATUS_OK);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_generation_secret_of_another_length_is_refused(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);
	AUTO_SECRET short_secret = SECRET_EMPTY;

	(void)state;
	assert_int_equal(secret_copy(&short_secret, "short", 5, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_generation(writer, 1, &short_secret, NULL),
			 STATUS_INVALID);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

static void test_manifest_share_fault_is_passed_on_and_ends_it(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = open_writer(&file);
	struct error err = { 0 };
	uint64_t size = 77;
	unsigned char digest[SHA256_SIZE];

	(void)state;
	file.fail_after = file.length;
	assert_int_equal(put_generation(writer), STATUS_OK);
	assert_int_equal(archive_manifest_finish(writer, &size, digest, &err), STATUS_SHARE_FULL);
	assert_int_equal(size, 77);
	file.fail_after = 0;
	assert_int_equal(archive_manifest_finish(writer, &size, digest, &err), STATUS_CONFLICT);
	archive_manifest_writer_free(writer);
	fixture_file_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_calls_out_of_order_are_refused),
		cmocka_unit_test(test_manifest_finish_happens_once),
		cmocka_unit_test(test_manifest_entry_what_no_reader_takes_is_refused),
		cmocka_unit_test(test_manifest_role_name_that_is_no_file_name_is_refused),
		cmocka_unit_test(test_manifest_extents_outside_of_a_block_are_refused),
		cmocka_unit_test(test_manifest_file_end_must_have_the_size_of_its_extents),
		cmocka_unit_test(test_manifest_entry_larger_than_a_segment_is_too_large),
		cmocka_unit_test(test_manifest_generation_secret_of_another_length_is_refused),
		cmocka_unit_test(test_manifest_share_fault_is_passed_on_and_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
