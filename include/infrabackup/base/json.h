/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in and out: bounded parsing, and tables of fields that name the bad one. */
#ifndef INFRABACKUP_BASE_JSON_H
#define INFRABACKUP_BASE_JSON_H

#include "infrabackup/base/buffer.h"

#include <jansson.h>

#define JSON_DEPTH_MAX 32

static inline void json_owned_free(json_t **json)
{
	json_decref(*json);
}
#define AUTO_JSON __attribute__((cleanup(json_owned_free))) json_t *

/* Parses @length bytes: exactly one value, UTF-8, no duplicate keys, at most JSON_DEPTH_MAX deep
 * (checked before jansson sees it). STATUS_INVALID names line and column. *@out is a new
 * reference. */
MUST_CHECK enum status json_parse(const void *data, size_t length, json_t **out, struct error *err);
/* Same from a file of at most @max bytes. */
MUST_CHECK enum status json_parse_file(const char *path, size_t max, json_t **out,
				       struct error *err);
/* Compact text, key order kept, into @out (replaced, terminated, within its maximum; an @out that
 * is all zero takes whatever it needs). */
MUST_CHECK enum status json_write(const json_t *json, struct buffer *out, struct error *err);

/* A string of text that may hold a character cut in half or a file name that is not UTF-8: what
 * JSON cannot carry becomes '?'. NULL when memory is out. */
json_t *json_foreign_text(const char *text);

enum json_field_type {
	JSON_FIELD_STRING,  /* destination: const char *, borrowed from the parsed value */
	JSON_FIELD_INTEGER, /* destination: int64_t */
	JSON_FIELD_BOOLEAN, /* destination: bool */
	JSON_FIELD_OBJECT,  /* destination: json_t *, borrowed */
	JSON_FIELD_ARRAY,   /* destination: json_t *, borrowed */
};

/* One row of a table; the destination is left alone when the field is absent and optional. */
struct json_field {
	const char *name;
	enum json_field_type type;
	bool required;
	void *destination;
	bool *present;              /* set to whether it was there; may be NULL */
	int64_t min, max;           /* integers; min == max == 0: any. Strings: length in bytes */
	const char *const *allowed; /* NULL-terminated list of strings; NULL: any */
};

enum json_unknown { JSON_UNKNOWN_REFUSE, JSON_UNKNOWN_IGNORE };

/* Reads the members of @object by the table. @where is the JSON path so far ("$", "$.http"). A
 * wrong type, a value out of range or not in the list, a missing required and (when refused) an
 * unknown key are STATUS_INVALID with error.field = the JSON path, and a text that says what was
 * found and what is allowed. Key matching ignores case when @ignore_case (CONTRACT 3.5). null
 * counts as absent. No destination changes before every field has been found good. */
MUST_CHECK enum status json_read_fields(const json_t *object, const char *where,
					const struct json_field *fields, size_t field_count,
					enum json_unknown unknown, bool ignore_case,
					struct error *err);

#endif
