/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that are read in tests: records made by hand, and reading to the end. */
#ifndef ARCHIVE_MANIFEST_FIXTURE_H
#define ARCHIVE_MANIFEST_FIXTURE_H

#include "archive_fixture.h"

#define MANIFEST_FIXTURE_KEY 1 /* seed of the session key */

/* A good payload of each record type; 8 is the entry of a file, 3 that of a folder. */
struct manifest_fixture_payload {
	const char *data;
	size_t length;
};
extern const struct manifest_fixture_payload manifest_fixture_payloads[9];

/* Adds good records, one for each digit. */
void manifest_fixture_add(struct buffer *plain, const char *types);
/* A writer into @file, with generation 3 and a dedup secret of KEY_SIZE bytes DD as its first
 * record. */
struct archive_manifest_writer *manifest_fixture_begin(struct fixture_file *file);
/* A reader from the start of @file. */
enum status manifest_fixture_open(struct fixture_file *file, struct archive_manifest_reader **out);
/* Reads to the end record or the first fault; *@count: good records. */
enum status manifest_fixture_read(struct fixture_file *file, size_t *count);

#endif
