/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to structures, by table and strictly: each member once, of its type, and no other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_member.h"

#define PATH_SIZE sizeof(((struct error *)NULL)->field)
#define FORMAT_FAMILY "infrabackup-"

typedef enum status (*read_member)(const struct member *member, const char *path,
				   const json_t *value, unsigned char *structure,
				   struct error *err);

static enum status wrong_type(const char *path, const char *wanted, struct error *err)
{
	return fail_field(err, path, "found another type, allowed is %s", wanted);
}

/* The text of @value, or NULL and an error. */
static const char *take_text(const struct member *member, const char *path, const json_t *value,
			     struct error *err)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		(void)wrong_type(path, "a string", err);
	else if (!member_text_is_good(member, text))
		(void)fail_field(err, path, "found a text that has no place there");
	else
		return text;
	return NULL;
}

static enum status read_guid(const struct member *member, const char *path, const json_t *value,
			     unsigned char *structure, struct error *err)
{
	const char *text = take_text(member, path, value, err);
	unsigned char bytes[GUID_SIZE];
	char canonical[GUID_TEXT_SIZE];

	if (text == NULL)
		return STATUS_INVALID;
	if (!guid_to_bytes(text, bytes))
		return fail_field(err, path, "found a text that is no GUID");
	guid_from_bytes(bytes, canonical);
	if (strcmp(text, canonical) != 0)
		return fail_field(err, path, "found a GUID that is not in lower case");
	memcpy(structure + member->offset, canonical, sizeof(canonical));
	return STATUS_OK;
}

/* @length bytes in hexadecimal digits of the one case. */
static enum status read_hex(const struct member *member, const char *path, const json_t *value,
			    bool upper_case, void *bytes, size_t length, struct error *err)
{
	const char *text = take_text(member, path, value, err);
	char canonical[2 * SHA256_SIZE + 1];

	if (text == NULL)
		return STATUS_INVALID;
	if (!hex_decode(text, bytes, length))
		return fail_field(err, path, "found no %zu hexadecimal digits", 2 * length);
	hex_encode(bytes, length, upper_case, canonical);
	if (strcmp(text, canonical) != 0)
		return fail_field(err, path, "found digits that are not in %s case",
				  upper_case ? "upper" : "lower");
	return STATUS_OK;
}

static enum status read_digest(const struct member *member, const char *path, const json_t *value,
			       unsigned char *structure, struct error *err)
{
	return read_hex(member, path, value, false, structure + member->offset, SHA256_SIZE, err);
}

static enum status read_thumbprint(const struct member *member, const char *path,
				   const json_t *value, unsigned char *structure, struct error *err)
{
	unsigned char bytes[SHA1_SIZE];
	enum status status = read_hex(member, path, value, true, bytes, sizeof(bytes), err);

	if (status == STATUS_OK)
		hex_encode(bytes, sizeof(bytes), true, (char *)structure + member->offset);
	return status;
}

static enum status read_time(const struct member *member, const char *path, const json_t *value,
			     unsigned char *structure, struct error *err)
{
	const char *text = take_text(member, path, value, err);
	int64_t time = 0;

	if (text == NULL)
		return STATUS_INVALID;
	if (clock_parse(text, &time, NULL) != STATUS_OK)
		return fail_field(err, path, "found a text that is no time");
	memcpy(structure + member->offset, &time, sizeof(time));
	return STATUS_OK;
}

static enum status read_fixed_text(const struct member *member, const char *path,
				   const json_t *value, unsigned char *structure, struct error *err)
{
	if (member->nullable && json_is_null(value))
		return STATUS_OK;
	const char *text = take_text(member, path, value, err);
	if (text == NULL)
		return STATUS_INVALID;
	if (strlen(text) >= member->size)
		return fail_field(err, path, "found %zu bytes, allowed are at most %zu",
				  strlen(text), member->size - 1);
	/* Empty would be written as null. */
	if (member->nullable && text[0] == '\0')
		return fail_field(err, path, "found an empty text, allowed is null");
	memcpy(structure + member->offset, text, strlen(text) + 1);
	return STATUS_OK;
}

static enum status read_owned_text(const struct member *member, const char *path,
				   const json_t *value, unsigned char *structure, struct error *err)
{
	const char *text = take_text(member, path, value, err);
	char *copy = text == NULL ? NULL : strdup(text);

	if (text == NULL)
		return STATUS_INVALID;
	if (copy == NULL)
		return fail_memory(err, "read JSON");
	memcpy(structure + member->offset, &copy, sizeof(copy));
	return STATUS_OK;
}

static enum status read_message(const struct member *member, const char *path, const json_t *value,
				unsigned char *structure, struct error *err)
{
	return json_is_null(value) ? STATUS_OK
				   : read_owned_text(member, path, value, structure, err);
}

/* The one spelling of some bytes, at least one: no line breaks, no bits left over. */
static enum status take_bytes(const struct member *member, const char *path, const json_t *value,
			      struct buffer *out, struct error *err)
{
	struct buffer canonical = { 0 };
	const char *text = take_text(member, path, value, err);

	if (text == NULL)
		return STATUS_INVALID;
	enum status status = base64_decode(text, out, NULL);
	if (status == STATUS_OK)
		status = base64_encode(out->data, out->length, &canonical, NULL);
	if (status == STATUS_NO_MEMORY)
		status = fail_memory(err, "read JSON");
	else if (status != STATUS_OK || out->length == 0 ||
		 strcmp((const char *)canonical.data, text) != 0)
		status = fail_field(err, path, "found a text that is no Base64");
	buffer_done(&canonical);
	return status;
}

static enum status read_fixed_bytes(const struct member *member, const char *path,
				    const json_t *value, unsigned char *structure,
				    struct error *err)
{
	struct buffer bytes = { 0 };
	enum status status = take_bytes(member, path, value, &bytes, err);

	if (status == STATUS_OK && bytes.length != member->size)
		status = fail_field(err, path, "found %zu bytes, allowed are %zu", bytes.length,
				    member->size);
	if (status == STATUS_OK)
		memcpy(structure + member->offset, bytes.data, bytes.length);
	buffer_done(&bytes);
	return status;
}

static enum status read_owned_bytes(const struct member *member, const char *path,
				    const json_t *value, unsigned char *structure,
				    struct error *err)
{
	struct buffer bytes = { 0 };
	enum status status = take_bytes(member, path, value, &bytes, err);

	if (status != STATUS_OK) {
		buffer_done(&bytes);
		return status;
	}
	memcpy(structure + member->offset, &bytes.data, sizeof(bytes.data));
	memcpy(structure + member->second, &bytes.length, sizeof(bytes.length));
	return STATUS_OK;
}

static enum status take_integer(const char *path, const json_t *value, int64_t min, int64_t max,
				int64_t *out, struct error *err)
{
	if (!json_is_integer(value))
		return wrong_type(path, "an integer", err);
	int64_t number = json_integer_value(value);
	if (number < min || number > max)
		return fail_field(err, path,
				  "found %" PRId64 ", allowed are %" PRId64 " to %" PRId64, number,
				  min, max);
	*out = number;
	return STATUS_OK;
}

static enum status read_unsigned(const struct member *member, const char *path, const json_t *value,
				 unsigned char *structure, struct error *err)
{
	int64_t number = 0;
	enum status status =
		take_integer(path, value, (int64_t)member->min, INT64_MAX, &number, err);
	uint64_t stored = (uint64_t)number;

	if (status == STATUS_OK)
		memcpy(structure + member->offset, &stored, sizeof(stored));
	return status;
}

static enum status read_unsigned_32(const struct member *member, const char *path,
				    const json_t *value, unsigned char *structure,
				    struct error *err)
{
	int64_t number = 0;
	enum status status = take_integer(path, value, 0, UINT32_MAX, &number, err);
	uint32_t stored = (uint32_t)number;

	if (status == STATUS_OK)
		memcpy(structure + member->offset, &stored, sizeof(stored));
	return status;
}

static enum status read_signed_32(const struct member *member, const char *path,
				  const json_t *value, unsigned char *structure, struct error *err)
{
	int64_t number = 0;
	enum status status = take_integer(path, value, INT32_MIN, INT32_MAX, &number, err);
	int32_t stored = (int32_t)number;

	if (status == STATUS_OK)
		memcpy(structure + member->offset, &stored, sizeof(stored));
	return status;
}

static enum status read_boolean(const struct member *member, const char *path, const json_t *value,
				unsigned char *structure, struct error *err)
{
	bool stored = json_is_true(value);

	if (!json_is_boolean(value))
		return wrong_type(path, "true or false", err);
	memcpy(structure + member->offset, &stored, sizeof(stored));
	return STATUS_OK;
}

static enum status read_object(const struct member *member, const char *path, const json_t *value,
			       unsigned char *structure, struct error *err)
{
	bool is_there = member->optional || !json_is_null(value);

	if (member->nullable || member->optional) {
		memcpy(structure + member->second, &is_there, sizeof(is_there));
		if (!is_there)
			return STATUS_OK;
	}
	return members_read(member->elements, path, value, structure + member->offset, err);
}

static enum status read_array(const struct member *member, const char *path, const json_t *value,
			      unsigned char *structure, struct error *err)
{
	size_t count = json_array_size(value);
	enum status status = STATUS_OK;

	if (!json_is_array(value))
		return wrong_type(path, "an array", err);
	unsigned char *elements = calloc(count + 1, member->size);
	if (elements == NULL)
		return fail_memory(err, "read JSON");
	/* Handed over before they are filled: whoever frees the structure frees them. */
	memcpy(structure + member->offset, &elements, sizeof(elements));
	memcpy(structure + member->second, &count, sizeof(count));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		char element_path[PATH_SIZE];

		(void)snprintf(element_path, sizeof(element_path), "%s[%zu]", path, i);
		status = members_read(member->elements, element_path, json_array_get(value, i),
				      elements + i * member->size, err);
	}
	return status;
}

static const read_member readers[MEMBER_KIND_COUNT] = {
	[MEMBER_GUID] = read_guid,
	[MEMBER_DIGEST] = read_digest,
	[MEMBER_THUMBPRINT] = read_thumbprint,
	[MEMBER_TIME] = read_time,
	[MEMBER_TEXT] = read_fixed_text,
	[MEMBER_OWNED_TEXT] = read_owned_text,
	[MEMBER_MESSAGE] = read_message,
	[MEMBER_FIXED_BYTES] = read_fixed_bytes,
	[MEMBER_OWNED_BYTES] = read_owned_bytes,
	[MEMBER_UNSIGNED] = read_unsigned,
	[MEMBER_UNSIGNED_32] = read_unsigned_32,
	[MEMBER_SIGNED_32] = read_signed_32,
	[MEMBER_BOOLEAN] = read_boolean,
	[MEMBER_OBJECT] = read_object,
	[MEMBER_ARRAY] = read_array,
};

/* Keys are unique (json_parse() saw to it): as many as expected and all expected ones there means
 * no other.
 * @extra: how many the caller reads itself. */
static enum status read_counted(const struct member_table *table, const char *where,
				const json_t *object, size_t extra, void *structure,
				struct error *err)
{
	size_t expected = table->count + extra;

	if (!json_is_object(object))
		return wrong_type(where, "an object", err);
	for (size_t i = 0; i < table->count; i++) {
		const struct member *member = &table->members[i];
		const json_t *value = json_object_get(object, member->name);
		char path[PATH_SIZE];

		if (value == NULL && member->optional) {
			expected--;
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s.%s", where, member->name);
		if (value == NULL)
			return fail_field(err, path, "found nothing, the member is required");
		enum status status = readers[member->kind](member, path, value, structure, err);
		if (status != STATUS_OK)
			return status;
	}
	if (json_object_size(object) != expected)
		return fail_field(err, where, "found %zu members, allowed are %zu",
				  json_object_size(object), expected);
	return STATUS_OK;
}

enum status members_read(const struct member_table *table, const char *where, const json_t *object,
			 void *structure, struct error *err)
{
	return read_counted(table, where, object, 0, structure, err);
}

static enum status check_format(const json_t *object, struct error *err)
{
	const char *format = json_string_value(json_object_get(object, "format"));

	if (format == NULL)
		return fail_field(err, "$.format",
				  "found nothing, allowed is \"" ARCHIVE_FORMAT "\"");
	if (strcmp(format, ARCHIVE_FORMAT) == 0)
		return STATUS_OK;
	if (text_starts_with(format, FORMAT_FAMILY) && text_is_printable_utf8(format)) {
		(void)fail_field(err, "$.format",
				 "found \"%.32s\", this program knows \"" ARCHIVE_FORMAT "\"",
				 format);
		if (err != NULL)
			err->status = STATUS_UNSUPPORTED;
		return STATUS_UNSUPPORTED;
	}
	return fail_field(err, "$.format", "found another text, allowed is \"" ARCHIVE_FORMAT "\"");
}

enum status member_file_read(const struct member_table *table, const char *file, const void *data,
			     size_t length, size_t max, void *structure, struct error *err)
{
	AUTO_JSON object = NULL;
	enum status status = STATUS_OK;

	if (length > max)
		return member_fault(fail_field(err, "", "found %zu bytes, allowed are at most %zu",
					       length, max),
				    file, err);
	status = json_parse(data, length, &object, err);
	if (status == STATUS_OK)
		status = check_format(object, err);
	if (status == STATUS_OK)
		status = read_counted(table, "$", object, 1, structure, err);
	return member_fault(status, file, err);
}
