/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text in and out, within bounds that jansson does not set. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/base/file.h"
#include "infrabackup/base/json.h"
#include "infrabackup/base/owned.h"

/* Nesting is recursion in every parser, so foreign text is measured before it is parsed. Brackets
 * inside strings do not count; whatever is malformed is left to the parser to name. */
static enum status check_depth(const char *text, size_t length, struct error *err)
{
	size_t depth = 0;
	size_t line = 1;
	size_t line_start = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++) {
		char character = text[i];

		if (character == '\n') {
			line++;
			line_start = i + 1;
		} else if (in_string && character == '\\') {
			i++;
		} else if (character == '"') {
			in_string = !in_string;
		} else if (!in_string && (character == '{' || character == '[')) {
			depth++;
		} else if (!in_string && (character == '}' || character == ']') && depth > 0) {
			depth--;
		}
		if (depth > JSON_DEPTH_MAX)
			return fail(
				err, STATUS_INVALID, "parse JSON", NULL,
				"nested deeper than the allowed %d levels at line %zu column %zu",
				JSON_DEPTH_MAX, line, i - line_start + 1);
	}
	return STATUS_OK;
}

enum status json_parse(const void *data, size_t length, json_t **out, struct error *err)
{
	json_error_t detail;
	enum status status = check_depth(data, length, err);

	if (status != STATUS_OK)
		return status;
	json_t *parsed =
		json_loadb(data, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &detail);
	if (parsed == NULL) {
		/* The text near the fault may be a password: what was expected is enough. */
		char *near_text = strstr(detail.text, " near ");
		if (near_text != NULL)
			*near_text = '\0';
		return fail(err, STATUS_INVALID, "parse JSON", NULL,
			    "not valid JSON at line %d column %d: %s", detail.line, detail.column,
			    detail.text);
	}
	*out = parsed;
	return STATUS_OK;
}

enum status json_parse_file(const char *path, size_t max, json_t **out, struct error *err)
{
	struct buffer content;
	enum status status;

	buffer_init(&content, max);
	status = file_read(path, max, &content, err);
	if (status != STATUS_OK)
		return status;
	status = json_parse(content.data, content.length, out, err);
	buffer_done(&content);
	if (status != STATUS_OK && err != NULL)
		(void)snprintf(err->path, sizeof(err->path), "%s", path);
	return status;
}

json_t *json_foreign_text(const char *text)
{
	json_t *json = json_string(text);
	AUTO_FREE char *copy = json == NULL ? strdup(text) : NULL;

	if (json != NULL || copy == NULL)
		return json;
	for (char *at = copy; *at != '\0'; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	return json_string(copy);
}

struct json_sink {
	struct buffer buffer;
	struct error *err;
	enum status status;
};

static int append_output(const char *text, size_t length, void *context)
{
	struct json_sink *sink = context;

	sink->status = buffer_append(&sink->buffer, text, length, sink->err);
	return sink->status == STATUS_OK ? 0 : -1;
}

enum status json_write(const json_t *json, struct buffer *out, struct error *err)
{
	struct json_sink sink = { .err = err, .status = STATUS_OK };

	buffer_init(&sink.buffer, out->max > 0 ? out->max : SIZE_MAX);
	if (json_dump_callback(json, append_output, &sink, JSON_COMPACT | JSON_ENCODE_ANY) != 0 &&
	    sink.status == STATUS_OK)
		sink.status = fail(err, STATUS_FAILED, "write JSON", NULL,
				   "the value cannot be written as JSON");
	if (sink.status == STATUS_OK)
		sink.status = buffer_terminate(&sink.buffer, err);
	if (sink.status != STATUS_OK) {
		buffer_done(&sink.buffer);
		return sink.status;
	}
	buffer_done(out);
	*out = sink.buffer;
	return STATUS_OK;
}
