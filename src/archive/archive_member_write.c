/* SPDX-License-Identifier: Apache-2.0 */
/* Structures to JSON, by table. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_member.h"

#define PATH_SIZE sizeof(((struct error *)NULL)->field)

typedef enum status (*write_member)(const struct member *member, const char *path,
				    const unsigned char *structure, json_t **out,
				    struct error *err);

static enum status wrap(json_t *value, json_t **out, struct error *err)
{
	if (value == NULL)
		return fail_memory(err, "write JSON");
	*out = value;
	return STATUS_OK;
}

static enum status write_text(const struct member *member, const char *path, const char *text,
			      json_t **out, struct error *err)
{
	if (!member_text_is_good(member, text))
		return fail_field(err, path, "found a text that has no place there");
	return wrap(json_string(text), out, err);
}

static enum status write_guid(const struct member *member, const char *path,
			      const unsigned char *structure, json_t **out, struct error *err)
{
	unsigned char bytes[GUID_SIZE];
	char text[GUID_TEXT_SIZE];

	if (!guid_to_bytes((const char *)structure + member->offset, bytes))
		return fail_field(err, path, "found a text that is no GUID");
	guid_from_bytes(bytes, text);
	return wrap(json_string(text), out, err);
}

static enum status write_digest(const struct member *member, const char *path,
				const unsigned char *structure, json_t **out, struct error *err)
{
	char text[2 * SHA256_SIZE + 1];

	(void)path;
	hex_encode(structure + member->offset, SHA256_SIZE, false, text);
	return wrap(json_string(text), out, err);
}

static enum status write_thumbprint(const struct member *member, const char *path,
				    const unsigned char *structure, json_t **out, struct error *err)
{
	unsigned char bytes[SHA1_SIZE];
	char text[THUMBPRINT_TEXT_SIZE];

	if (!hex_decode((const char *)structure + member->offset, bytes, sizeof(bytes)))
		return fail_field(err, path, "found a text that is no thumbprint");
	hex_encode(bytes, sizeof(bytes), true, text);
	return wrap(json_string(text), out, err);
}

static enum status write_time(const struct member *member, const char *path,
			      const unsigned char *structure, json_t **out, struct error *err)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t time;

	(void)path;
	memcpy(&time, structure + member->offset, sizeof(time));
	return wrap(json_string(clock_text(time, text)), out, err);
}

static enum status write_fixed_text(const struct member *member, const char *path,
				    const unsigned char *structure, json_t **out, struct error *err)
{
	const char *text = (const char *)structure + member->offset;

	if (member->nullable && text[0] == '\0')
		return wrap(json_null(), out, err);
	return write_text(member, path, text, out, err);
}

static enum status write_owned_text(const struct member *member, const char *path,
				    const unsigned char *structure, json_t **out, struct error *err)
{
	const char *text;

	memcpy(&text, structure + member->offset, sizeof(text));
	return write_text(member, path, text, out, err);
}

/* A message may quote a program's output or a file name, whose bytes need not be UTF-8: no backup
 * fails for that. */
static void make_printable(char *text)
{
	for (char *at = text; *at != '\0'; at++) {
		if ((*at >= 0 && *at < ' ') || *at == 0x7f)
			*at = ' ';
	}
	if (text_is_printable_utf8(text))
		return;
	for (char *at = text; *at != '\0'; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

static enum status write_message(const struct member *member, const char *path,
				 const unsigned char *structure, json_t **out, struct error *err)
{
	const char *text;

	(void)path;
	memcpy(&text, structure + member->offset, sizeof(text));
	if (text == NULL)
		return wrap(json_null(), out, err);
	AUTO_FREE char *copy = strdup(text);
	if (copy == NULL)
		return fail_memory(err, "write JSON");
	make_printable(copy);
	return wrap(json_string(copy), out, err);
}

static enum status write_base64(const void *data, size_t length, json_t **out, struct error *err)
{
	struct buffer text = { 0 };
	enum status status = base64_encode(data, length, &text, err);

	if (status == STATUS_OK)
		status = wrap(json_stringn((const char *)text.data, text.length), out, err);
	buffer_done(&text);
	return status;
}

static enum status write_fixed_bytes(const struct member *member, const char *path,
				     const unsigned char *structure, json_t **out,
				     struct error *err)
{
	(void)path;
	return write_base64(structure + member->offset, member->size, out, err);
}

static enum status write_owned_bytes(const struct member *member, const char *path,
				     const unsigned char *structure, json_t **out,
				     struct error *err)
{
	const unsigned char *data;
	size_t length;

	memcpy(&data, structure + member->offset, sizeof(data));
	memcpy(&length, structure + member->second, sizeof(length));
	if (data == NULL || length == 0)
		return fail_field(err, path, "found no bytes");
	return write_base64(data, length, out, err);
}

static enum status write_unsigned(const struct member *member, const char *path,
				  const unsigned char *structure, json_t **out, struct error *err)
{
	uint64_t number;

	memcpy(&number, structure + member->offset, sizeof(number));
	if (number < member->min || number > INT64_MAX)
		return fail_field(err, path,
				  "found %" PRIu64 ", allowed are %" PRIu64 " to %" PRIu64, number,
				  member->min, (uint64_t)INT64_MAX);
	return wrap(json_integer((json_int_t)number), out, err);
}

static enum status write_unsigned_32(const struct member *member, const char *path,
				     const unsigned char *structure, json_t **out,
				     struct error *err)
{
	uint32_t number;

	(void)path;
	memcpy(&number, structure + member->offset, sizeof(number));
	return wrap(json_integer(number), out, err);
}

static enum status write_signed_32(const struct member *member, const char *path,
				   const unsigned char *structure, json_t **out, struct error *err)
{
	int32_t number;

	(void)path;
	memcpy(&number, structure + member->offset, sizeof(number));
	return wrap(json_integer(number), out, err);
}

static enum status write_boolean(const struct member *member, const char *path,
				 const unsigned char *structure, json_t **out, struct error *err)
{
	bool value;

	(void)path;
	memcpy(&value, structure + member->offset, sizeof(value));
	return wrap(json_boolean(value), out, err);
}

/* Only an object that may be missing can be. */
static bool is_missing(const struct member *member, const unsigned char *structure)
{
	bool is_there = true;

	if (member->optional)
		memcpy(&is_there, structure + member->second, sizeof(is_there));
	return !is_there;
}

static enum status write_object(const struct member *member, const char *path,
				const unsigned char *structure, json_t **out, struct error *err)
{
	bool is_there = true;

	if (member->nullable)
		memcpy(&is_there, structure + member->second, sizeof(is_there));
	if (!is_there)
		return wrap(json_null(), out, err);
	return members_write(member->elements, path, structure + member->offset, out, err);
}

static enum status write_array(const struct member *member, const char *path,
			       const unsigned char *structure, json_t **out, struct error *err)
{
	AUTO_JSON array = json_array();
	enum status status = array == NULL ? fail_memory(err, "write JSON") : STATUS_OK;
	const unsigned char *elements;
	size_t count;

	memcpy(&elements, structure + member->offset, sizeof(elements));
	memcpy(&count, structure + member->second, sizeof(count));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		char element_path[PATH_SIZE];
		json_t *element = NULL;

		(void)snprintf(element_path, sizeof(element_path), "%s[%zu]", path, i);
		status = members_write(member->elements, element_path, elements + i * member->size,
				       &element, err);
		if (status == STATUS_OK && json_array_append_new(array, element) != 0)
			status = fail_memory(err, "write JSON");
	}
	if (status == STATUS_OK)
		*out = TAKE(array);
	return status;
}

static const write_member writers[MEMBER_KIND_COUNT] = {
	[MEMBER_GUID] = write_guid,
	[MEMBER_DIGEST] = write_digest,
	[MEMBER_THUMBPRINT] = write_thumbprint,
	[MEMBER_TIME] = write_time,
	[MEMBER_TEXT] = write_fixed_text,
	[MEMBER_OWNED_TEXT] = write_owned_text,
	[MEMBER_MESSAGE] = write_message,
	[MEMBER_FIXED_BYTES] = write_fixed_bytes,
	[MEMBER_OWNED_BYTES] = write_owned_bytes,
	[MEMBER_UNSIGNED] = write_unsigned,
	[MEMBER_UNSIGNED_32] = write_unsigned_32,
	[MEMBER_SIGNED_32] = write_signed_32,
	[MEMBER_BOOLEAN] = write_boolean,
	[MEMBER_OBJECT] = write_object,
	[MEMBER_ARRAY] = write_array,
};

/* Adds the members behind those that @object has. */
static enum status add_members(const struct member_table *table, const char *where,
			       const void *structure, json_t *object, struct error *err)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct member *member = &table->members[i];
		char path[PATH_SIZE];
		json_t *value = NULL;

		if (is_missing(member, structure))
			continue;
		(void)snprintf(path, sizeof(path), "%s.%s", where, member->name);
		enum status status = writers[member->kind](member, path, structure, &value, err);
		if (status != STATUS_OK)
			return status;
		if (json_object_set_new(object, member->name, value) != 0)
			return fail_memory(err, "write JSON");
	}
	return STATUS_OK;
}

enum status members_write(const struct member_table *table, const char *where,
			  const void *structure, json_t **out, struct error *err)
{
	AUTO_JSON object = json_object();

	if (object == NULL)
		return fail_memory(err, "write JSON");
	enum status status = add_members(table, where, structure, object, err);
	if (status == STATUS_OK)
		*out = TAKE(object);
	return status;
}

enum status member_file_write(const struct member_table *table, const void *structure, size_t max,
			      struct buffer *out, struct error *err)
{
	AUTO_JSON object = json_object();
	struct buffer text;

	if (object == NULL ||
	    json_object_set_new(object, "format", json_string(ARCHIVE_FORMAT)) != 0)
		return fail_memory(err, "write JSON");
	enum status status = add_members(table, "$", structure, object, err);
	if (status != STATUS_OK)
		return status;
	buffer_init(&text, max);
	status = json_write(object, &text, err);
	if (status == STATUS_OK && out->max != 0 && text.length > out->max)
		status = fail(err, STATUS_TOO_LARGE, "write JSON", NULL,
			      "%zu bytes, allowed are at most %zu", text.length, out->max);
	if (status != STATUS_OK) {
		buffer_done(&text);
		return status;
	}
	buffer_done(out);
	*out = text;
	return STATUS_OK;
}
