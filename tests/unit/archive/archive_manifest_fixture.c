/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that are read in tests: records made by hand, and reading to the end. */
#include <string.h>

#include "archive_manifest_fixture.h"

enum status manifest_fixture_open(struct fixture_file *file, struct archive_manifest_reader **out)
{
	struct archive_identity identity;
	AUTO_SECRET key = SECRET_EMPTY;

	file->position = 0;
	fixture_identity(&identity);
	fixture_secret(&key, MANIFEST_FIXTURE_KEY);
	return archive_manifest_reader_new(&identity, &key, fixture_file_read, file, out, NULL);
}

/* Reads to the end record or the first fault. */
enum status manifest_fixture_read(struct fixture_file *file, size_t *count)
{
	struct archive_manifest_reader *reader = NULL;
	const struct archive_manifest_record *record = NULL;
	enum status status = manifest_fixture_open(file, &reader);

	*count = 0;
	while (status == STATUS_OK && (record == NULL || record->type != ARCHIVE_RECORD_END)) {
		status = archive_manifest_next(reader, &record, NULL);
		*count += status == STATUS_OK;
	}
	archive_manifest_reader_free(reader);
	return status;
}

#define GENERATION_PAYLOAD                                                                         \
	"\x01\0\0\0"                                                                               \
	"dddddddddddddddddddddddddddddddd"
#define ROLE_PAYLOAD                                                                               \
	"\x01\0\0\0"                                                                               \
	"R"                                                                                        \
	"\x01\0\0\0"                                                                               \
	"p"                                                                                        \
	"\0"                                                                                       \
	"\0\0\0\0"
#define NUMBERS                                                                                    \
	"\0"                                                                                       \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0\0\0\0\0"                                                                         \
	"\0\0\0\0\0\0\0\0"
#define ENTRY_PAYLOAD(type)                                                                        \
	type NUMBERS "\x01\0\0\0"                                                                  \
		     "x"                                                                           \
		     "\0"                                                                          \
		     "\0\0\0\0"
#define FOLDER_PAYLOAD ENTRY_PAYLOAD("\x02")
#define FILE_PAYLOAD ENTRY_PAYLOAD("\x01")
#define EXTENTS_PAYLOAD                                                                            \
	"\x01\0\0\0"                                                                               \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\0\0\0\0"                                                                                 \
	"\x05\0\0\0"
#define FILE_END_PAYLOAD                                                                           \
	"\x05\0\0\0\0\0\0\0"                                                                       \
	"dddddddddddddddddddddddddddddddd"                                                         \
	"\0"                                                                                       \
	"\0\0\0\0"
#define ROLE_END_PAYLOAD                                                                           \
	"\0\0\0\0\0\0\0\0"                                                                         \
	"\0\0\0\0\0\0\0\0"                                                                         \
	"\0\0\0\0\0\0\0\0"
#define PAYLOAD(text)                                                                              \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

const struct manifest_fixture_payload manifest_fixture_payloads[9] = {
	[1] = PAYLOAD(GENERATION_PAYLOAD),
	[2] = PAYLOAD(ROLE_PAYLOAD),
	[3] = PAYLOAD(FOLDER_PAYLOAD),
	[4] = PAYLOAD(EXTENTS_PAYLOAD),
	[5] = PAYLOAD(FILE_END_PAYLOAD),
	[6] = PAYLOAD(ROLE_END_PAYLOAD),
	[7] = PAYLOAD(""),
	[8] = PAYLOAD(FILE_PAYLOAD),
};

/* A record by its type's digit; 8 is the entry of a file. */
void manifest_fixture_add(struct buffer *plain, const char *types)
{
	for (; *types != '\0'; types++) {
		size_t type = (size_t)(*types - '0');

		fixture_record(plain, type == 8 ? 3 : (uint8_t)type,
			       manifest_fixture_payloads[type].data,
			       manifest_fixture_payloads[type].length);
	}
}

struct archive_manifest_writer *manifest_fixture_begin(struct fixture_file *file)
{
	struct archive_identity identity;
	AUTO_SECRET key = SECRET_EMPTY;
	AUTO_SECRET dedup = SECRET_EMPTY;
	struct archive_manifest_writer *writer = NULL;

	memset(file, 0, sizeof(*file));
	fixture_identity(&identity);
	fixture_secret(&key, MANIFEST_FIXTURE_KEY);
	fixture_secret(&dedup, 0xdd);
	assert_int_equal(archive_manifest_writer_new(&identity, &key, fixture_file_write, file,
						     &writer, NULL),
			 STATUS_OK);
	assert_int_equal(archive_manifest_generation(writer, 3, &dedup, NULL), STATUS_OK);
	return writer;
}
