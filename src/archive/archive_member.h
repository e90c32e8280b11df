/* SPDX-License-Identifier: Apache-2.0 */
/* The clear JSON files as tables: which members an object has, in which order, and where each of
 * them is in a C structure. One table serves writing and strict reading. */
#ifndef ARCHIVE_MEMBER_H
#define ARCHIVE_MEMBER_H

#include "infrabackup/archive/layout.h"

enum member_kind {
	MEMBER_GUID,        /* char[GUID_TEXT_SIZE] */
	MEMBER_DIGEST,      /* unsigned char[SHA256_SIZE], as hexadecimal */
	MEMBER_THUMBPRINT,  /* char[THUMBPRINT_TEXT_SIZE] */
	MEMBER_TIME,        /* int64_t */
	MEMBER_TEXT,        /* char[size]; null: empty */
	MEMBER_OWNED_TEXT,  /* char * */
	MEMBER_MESSAGE,     /* char *, null: NULL; written whatever its bytes are */
	MEMBER_FIXED_BYTES, /* unsigned char[size], as Base64 */
	MEMBER_OWNED_BYTES, /* unsigned char *, with a size_t; as Base64 */
	MEMBER_UNSIGNED,    /* uint64_t, at least min */
	MEMBER_UNSIGNED_32, /* uint32_t */
	MEMBER_SIGNED_32,   /* int32_t */
	MEMBER_BOOLEAN,     /* bool */
	MEMBER_OBJECT,      /* a structure; null, or not there: a bool that is false */
	MEMBER_ARRAY,       /* a pointer to structures, with a size_t */
	MEMBER_KIND_COUNT
};

struct member_table;

struct member {
	const char *name;
	enum member_kind kind;
	bool nullable;
	bool optional; /* of an object: it may be missing, and is not null */
	size_t offset;
	size_t size;   /* room of a text or of bytes; of one element of an array */
	size_t second; /* offset of the size_t or bool that goes with it */
	uint64_t min;
	const char *const *allowed;          /* NULL-terminated; NULL: any text */
	bool (*is_valid)(const char *text);  /* NULL: any text */
	const struct member_table *elements; /* of an object or array */
};

struct member_table {
	const struct member *members;
	size_t count;
};

/* Whether @text is printable and what the member allows. NULL is not. */
bool member_text_is_good(const struct member *member, const char *text);
/* Members of @structure as a new object. STATUS_INVALID names the one that cannot be written. */
MUST_CHECK enum status members_write(const struct member_table *table, const char *where,
				     const void *structure, json_t **out, struct error *err);
/* Fills @structure (zero before) from @object, which must have these members (optional ones may be
 * missing) and no other.
 * STATUS_INVALID names the odd one; what the structure owns by then is the caller's to free. */
MUST_CHECK enum status members_read(const struct member_table *table, const char *where,
				    const json_t *object, void *structure, struct error *err);

/* A whole file: the member "format", then those of @table. @out is replaced. */
MUST_CHECK enum status member_file_write(const struct member_table *table, const void *structure,
					 size_t max, struct buffer *out, struct error *err);
/* STATUS_INTEGRITY for whatever is wrong with it, STATUS_UNSUPPORTED for another version; @file:
 * its name, for messages. */
MUST_CHECK enum status member_file_read(const struct member_table *table, const char *file,
					const void *data, size_t length, size_t max,
					void *structure, struct error *err);

/* Makes a STATUS_INVALID found while reading @file what it is for a reader. */
enum status member_fault(enum status status, const char *file, struct error *err);

#endif
