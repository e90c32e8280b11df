/* SPDX-License-Identifier: Apache-2.0 */
/* What the archive's tests share: fixed keys and names, files in memory, manifests sealed by hand.
 */
#ifndef ARCHIVE_FIXTURE_H
#define ARCHIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* The macro of that name hides base's function. */
#undef fail

#include "infrabackup/archive.h"

extern const unsigned char fixture_repository[GUID_SIZE];
extern const unsigned char fixture_session[GUID_SIZE];
extern const unsigned char fixture_backup[GUID_SIZE];

/* KEY_SIZE bytes that depend on @seed alone. */
void fixture_secret(struct secret *out, unsigned char seed);
/* The key that is derived from it for @purpose. */
void fixture_derived(const struct secret *key, const char *purpose, struct secret *out);
void fixture_identity(struct archive_identity *out);
/* The same bytes for the same @seed. */
void fixture_random(unsigned char *data, size_t length, uint64_t seed);
/* About @length bytes of JSON as an inventory has it; terminated. */
char *fixture_json(size_t length);

/* A file in memory. Reading begins at position and gives at most step bytes a call (0: no limit);
 * writing fails once more than fail_after bytes would be there (0: never). */
struct fixture_file {
	unsigned char *data;
	size_t length;
	size_t capacity;
	size_t position;
	size_t step;
	size_t fail_after;
};

void fixture_file_done(struct fixture_file *file);
/* archive_manifest_write, archive_manifest_read and archive_pack_read on it. */
enum status fixture_file_write(void *file, const void *data, size_t length, struct error *err);
enum status fixture_file_read(void *file, void *data, size_t length, size_t *got,
			      struct error *err);
enum status fixture_file_read_at(void *file, uint64_t offset, void *data, size_t length,
				 struct error *err);

/* A manifest's header, and a segment of @plain with codec 0, by the words of the format alone. */
void fixture_manifest_begin(struct fixture_file *file);
void fixture_manifest_segment(struct fixture_file *file, const struct secret *session_key,
			      uint32_t number, bool is_last, const void *plain, size_t length);
/* A record's header and payload after what is in @out. */
void fixture_record(struct buffer *out, uint8_t type, const void *payload, size_t length);

#endif
