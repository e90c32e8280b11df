/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a manifest against the words of the format. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "archive_manifest_fixture.h"

/* The plain bytes of a file's one segment, by the words of the format alone. */
static size_t open_only_segment(const struct fixture_file *file, unsigned char *plain, size_t room)
{
	AUTO_SECRET session = SECRET_EMPTY;
	AUTO_SECRET key = SECRET_EMPTY;
	struct aead *aead = NULL;
	static const unsigned char nonce[12];
	unsigned char context[73] = "IBMANIF1repository-guid!session-guid-16!backup-guid-16b!";
	const unsigned char *header = file->data + 56;
	uint32_t stored = load_u32(header);
	uint32_t length = load_u32(header + 4);
	AUTO_FREE unsigned char *compressed = malloc(stored);

	assert_non_null(compressed);
	assert_memory_equal(file->data, context, 56);
	assert_int_equal(load_u32(header + 8), 0);
	assert_int_equal(header[13], 1);
	assert_int_equal(header[14] + header[15], 0);
	assert_int_equal(file->length, 56 + 16 + stored);
	store_u32(context + 60, length);
	store_u32(context + 64, stored - 16);
	context[68] = header[12];
	context[69] = 1;
	fixture_secret(&session, MANIFEST_FIXTURE_KEY);
	fixture_derived(&session, "infrabackup-1 manifest", &key);
	assert_int_equal(aead_new(&key, &aead, NULL), STATUS_OK);
	assert_int_equal(aead_open(aead, nonce, context, sizeof(context), header + 16, stored,
				   compressed, NULL),
			 STATUS_OK);
	aead_free(aead);
	assert_true(length <= room);
	if (header[12] == 0)
		memcpy(plain, compressed, length);
	else
		assert_int_equal(ZSTD_decompress(plain, room, compressed, stored - 16), length);
	return length;
}

/* What test_manifest_bytes expects, record by record, as a C string with its length. */
#define BYTES(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
static const struct {
	const char *data;
	size_t length;
} expected_records[] = {
	BYTES("\x01\x24\0\0\0\x03\0\0\0"
	      "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	      "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"),
	BYTES("\x02\x19\0\0\0"
	      "\x03\0\0\0"
	      "ARM"
	      "\x09\0\0\0"
	      "directory"
	      "\x01"
	      "\xfe\xff\xff\xff"),
	BYTES("\x03\x57\0\0\0"
	      "\x01\x03"
	      "\x0d\0\0\0"
	      "\xed\x0d\0\0"
	      "\x01\x02\0\0"
	      "\x03\x04\0\0"
	      "\x05\0\0\0"
	      "\x06\0\0\0"
	      "\x08\x07\x06\x05\x04\x03\x02\x01"
	      "\xff\xff\xff\xff\xff\xff\xff\xff"
	      "\x05\0\0\0"
	      "a/\xff\n "
	      "\0"
	      "\x02\0\0\0"
	      "\x06\0\0\0"
	      "user.a"
	      "\x03\0\0\0"
	      "\0\x01\0"
	      "\x06\0\0\0"
	      "user.b"
	      "\0\0\0\0"),
	BYTES("\x04\x24\0\0\0"
	      "\x02\0\0\0"
	      "\x07\0\0\0"
	      "\x08\0\0\0"
	      "\x09\0\0\0"
	      "\x0a\0\0\0"
	      "\xff\xff\xff\xff"
	      "\0\0\0\0"
	      "\0\0\0\0\x01\0\0\0"),
	BYTES("\x05\x2d\0\0\0"
	      "\x0a\0\0\0\x01\0\0\0"
	      "0123456789abcdef0123456789abcdef"
	      "\0"
	      "\0\0\0\0"),
	BYTES("\x03\x3d\0\0\0"
	      "\x03\0"
	      "\0\0\0\0"
	      "\xff\x01\0\0"
	      "\0\0\0\0"
	      "\0\0\0\0"
	      "\0\0\0\0"
	      "\0\0\0\0"
	      "\0\0\0\0\0\0\0\0"
	      "\0\0\0\0\0\0\0\0"
	      "\x04\0\0\0"
	      "link"
	      "\x01"
	      "\x02\0\0\0"
	      ".."
	      "\0\0\0\0"),
	BYTES("\x06\x18\0\0\0"
	      "\x02\0\0\0\0\0\0\0"
	      "\x0a\0\0\0\x01\0\0\0"
	      "\x01\0\0\0\0\0\0\0"),
	BYTES("\x07\0\0\0\0"),
};

static void write_one_of_each(struct archive_manifest_writer *writer)
{
	static const struct archive_xattr xattrs[] = {
		{ "user.a", (const unsigned char *)"\0\x01", 3 },
		{ "user.b", (const unsigned char *)"", 0 },
	};
	const struct archive_entry file = {
		.type = 1,
		.problem = 3,
		.cause = 13,
		.mode = 06755,
		.user_id = 0x201,
		.group_id = 0x403,
		.device_major = 5,
		.device_minor = 6,
		.size = 0x0102030405060708,
		.modified_ns = -1,
		.path = "a/\xff\n ",
		.xattrs = xattrs,
		.xattr_count = 2,
	};
	const struct archive_entry link = {
		.type = 3,
		.mode = 0777,
		.path = "link",
		.link_target = "..",
	};
	const struct archive_extent extents[] = {
		{ .pack = 7, .block = 8, .offset = 9, .length = 10 },
		{ .pack = ARCHIVE_HOLE, .hole_length = UINT64_C(1) << 32 },
	};
	const struct archive_role role = { "ARM", "directory", true, -2 };
	struct archive_file_end end = { .size = (UINT64_C(1) << 32) + 10 };
	const struct archive_role_end role_end = { 2, (UINT64_C(1) << 32) + 10, 1 };

	memcpy(end.sha256, "0123456789abcdef0123456789abcdef", SHA256_SIZE);
	assert_int_equal(archive_manifest_role(writer, &role, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_entry(writer, &file, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_extents(writer, extents, 2, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_file_end(writer, &end, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_entry(writer, &link, NULL), STATUS_OK);
	assert_int_equal(archive_manifest_role_end(writer, &role_end, NULL), STATUS_OK);
}

static void test_manifest_bytes_are_as_the_format_says(void **state)
{
	struct fixture_file file;
	struct archive_manifest_writer *writer = manifest_fixture_begin(&file);
	unsigned char plain[1024];
	unsigned char digest[SHA256_SIZE];
	unsigned char expected_digest[SHA256_SIZE];
	uint64_t size = 0;
	size_t at = 0;

	(void)state;
	write_one_of_each(writer);
	assert_int_equal(archive_manifest_finish(writer, &size, digest, NULL), STATUS_OK);
	size_t length = open_only_segment(&file, plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_LENGTH(expected_records); i++) {
		assert_true(expected_records[i].length <= length - at);
		assert_memory_equal(plain + at, expected_records[i].data,
				    expected_records[i].length);
		at += expected_records[i].length;
	}
	assert_int_equal(at, length);
	assert_int_equal(size, file.length);
	hash_sha256(file.data, file.length, expected_digest);
	assert_memory_equal(digest, expected_digest, SHA256_SIZE);
	archive_manifest_writer_free(writer);
	archive_manifest_writer_free(NULL);
	fixture_file_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_bytes_are_as_the_format_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
