/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a JSON object read by a table that knows what is allowed and names what is not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/base/json.h"
#include "infrabackup/base/text.h"

#define FIELD_PATH_MAX sizeof(((struct error *)NULL)->field)
#define FIELD_LIST_MAX 360

static const char *const type_texts[] = {
	[JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
	[JSON_INTEGER] = "an integer", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
	[JSON_FALSE] = "false",        [JSON_NULL] = "null",
};

static const struct {
	const char *text;
	json_type type;
} field_types[] = {
	[JSON_FIELD_STRING] = { "a string", JSON_STRING },
	[JSON_FIELD_INTEGER] = { "an integer", JSON_INTEGER },
	[JSON_FIELD_BOOLEAN] = { "true or false", JSON_TRUE },
	[JSON_FIELD_OBJECT] = { "an object", JSON_OBJECT },
	[JSON_FIELD_ARRAY] = { "an array", JSON_ARRAY },
};

struct table {
	json_t *object; /* not written to, but jansson's iterators want it writable */
	const char *where;
	const struct json_field *fields;
	size_t count;
	bool ignore_case;
};

static void member_path(const struct table *table, const char *name, char path[FIELD_PATH_MAX])
{
	(void)snprintf(path, FIELD_PATH_MAX, "%s.%s", table->where, name);
}

static bool names_match(const struct table *table, const char *key, const char *name)
{
	return table->ignore_case ? text_equal_ignoring_case(key, name) : strcmp(key, name) == 0;
}

/* Adds "item" or ", item" to a list that ends in "..." when it does not fit. */
static void append_item(char list[FIELD_LIST_MAX], const char *item)
{
	size_t used = strlen(list);

	if (used + strlen(item) + sizeof(", ...") >= FIELD_LIST_MAX) {
		if (used < 3 || strcmp(list + used - 3, "...") != 0)
			(void)snprintf(list + used, FIELD_LIST_MAX - used, " ...");
		return;
	}
	(void)snprintf(list + used, FIELD_LIST_MAX - used, "%s%s", used > 0 ? ", " : "", item);
}

/* Equal but for case, or for one letter changed, added, left out or swapped with its neighbour. */
static bool is_near(const char *key, const char *name)
{
	if (text_equal_ignoring_case(key, name))
		return true;
	while (*key != '\0' && *key == *name) {
		key++;
		name++;
	}
	if (*key == '\0' || *name == '\0')
		return strlen(key) + strlen(name) == 1;
	return strcmp(key + 1, name + 1) == 0 || strcmp(key + 1, name) == 0 ||
	       strcmp(key, name + 1) == 0 ||
	       (key[0] == name[1] && key[1] == name[0] && strcmp(key + 2, name + 2) == 0);
}

static enum status fail_unknown(const struct table *table, const char *key, struct error *err)
{
	char path[FIELD_PATH_MAX];
	char allowed[FIELD_LIST_MAX] = "";
	const char *near_name = NULL;

	for (size_t i = 0; i < table->count; i++) {
		append_item(allowed, table->fields[i].name);
		if (near_name == NULL && is_near(key, table->fields[i].name))
			near_name = table->fields[i].name;
	}
	member_path(table, key, path);
	return fail_field(err, path, "found unknown key \"%.40s\"%s%s%s, allowed are: %s", key,
			  near_name != NULL ? " (did you mean \"" : "",
			  near_name != NULL ? near_name : "", near_name != NULL ? "\"?)" : "",
			  allowed);
}

static enum status check_keys(const struct table *table, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(table->object, key, value)
	{
		bool known = false;

		for (size_t i = 0; i < table->count && !known; i++)
			known = names_match(table, key, table->fields[i].name);
		if (!known)
			return fail_unknown(table, key, err);
	}
	return STATUS_OK;
}

/* A name spelled in two cases is refused: neither spelling is the right one. */
static enum status find_ignoring_case(const struct table *table, const char *name, json_t **found,
				      struct error *err)
{
	char path[FIELD_PATH_MAX];
	const char *key;
	json_t *value;

	json_object_foreach(table->object, key, value)
	{
		if (!text_equal_ignoring_case(key, name))
			continue;
		if (*found == NULL) {
			*found = value;
			continue;
		}
		member_path(table, name, path);
		return fail_field(err, path,
				  "found the key twice (case is ignored), allowed is once");
	}
	return STATUS_OK;
}

/* The member called @name, NULL when absent or null. */
static enum status find_member(const struct table *table, const char *name, json_t **out,
			       struct error *err)
{
	json_t *found = NULL;
	enum status status = STATUS_OK;

	if (table->ignore_case)
		status = find_ignoring_case(table, name, &found, err);
	else
		found = json_object_get(table->object, name);
	*out = json_is_null(found) ? NULL : found;
	return status;
}

static enum status check_allowed(const struct json_field *field, const char *path, const char *text,
				 struct error *err)
{
	char allowed[FIELD_LIST_MAX] = "";

	for (size_t i = 0; field->allowed[i] != NULL; i++) {
		if (strcmp(field->allowed[i], text) == 0)
			return STATUS_OK;
		append_item(allowed, field->allowed[i]);
	}
	return fail_field(err, path, "found \"%.80s\", allowed are: %s", text, allowed);
}

/* Only the length of a bad string is told: it may be a password. */
static enum status check_string(const struct json_field *field, const char *path,
				const json_t *value, struct error *err)
{
	int64_t length = (int64_t)json_string_length(value);

	if ((field->min != 0 || field->max != 0) && (length < field->min || length > field->max))
		return fail_field(err, path,
				  "found a text of %" PRId64 " bytes, allowed are %" PRId64
				  " to %" PRId64,
				  length, field->min, field->max);
	if (field->allowed != NULL)
		return check_allowed(field, path, json_string_value(value), err);
	return STATUS_OK;
}

static enum status check_integer(const struct json_field *field, const char *path,
				 const json_t *value, struct error *err)
{
	int64_t number = json_integer_value(value);

	if ((field->min != 0 || field->max != 0) && (number < field->min || number > field->max))
		return fail_field(err, path,
				  "found %" PRId64 ", allowed are %" PRId64 " to %" PRId64, number,
				  field->min, field->max);
	return STATUS_OK;
}

static enum status check_value(const struct json_field *field, const char *path,
			       const json_t *value, struct error *err)
{
	json_type wanted = field_types[field->type].type;
	json_type found = json_typeof(value);

	if (found != wanted && !(wanted == JSON_TRUE && found == JSON_FALSE))
		return fail_field(err, path, "found %s, allowed is %s", type_texts[found],
				  field_types[field->type].text);
	if (field->type == JSON_FIELD_STRING)
		return check_string(field, path, value, err);
	if (field->type == JSON_FIELD_INTEGER)
		return check_integer(field, path, value, err);
	return STATUS_OK;
}

static void store_value(const struct json_field *field, json_t *value)
{
	switch (field->type) {
	case JSON_FIELD_STRING:
		*(const char **)field->destination = json_string_value(value);
		break;
	case JSON_FIELD_INTEGER:
		*(int64_t *)field->destination = json_integer_value(value);
		break;
	case JSON_FIELD_BOOLEAN:
		*(bool *)field->destination = json_is_true(value);
		break;
	case JSON_FIELD_OBJECT:
	case JSON_FIELD_ARRAY:
		*(json_t **)field->destination = value;
		break;
	}
}

static enum status check_field(const struct table *table, const struct json_field *field,
			       struct error *err)
{
	char path[FIELD_PATH_MAX];
	json_t *value = NULL;
	enum status status = find_member(table, field->name, &value, err);

	if (status != STATUS_OK)
		return status;
	member_path(table, field->name, path);
	if (value != NULL)
		return check_value(field, path, value, err);
	if (field->required)
		return fail_field(err, path, "found nothing, %s is required",
				  field_types[field->type].text);
	return STATUS_OK;
}

enum status json_read_fields(const json_t *object, const char *where,
			     const struct json_field *fields, size_t field_count,
			     enum json_unknown unknown, bool ignore_case, struct error *err)
{
	const struct table table = { (json_t *)(uintptr_t)object, where, fields, field_count,
				     ignore_case };
	enum status status = STATUS_OK;

	if (!json_is_object(object))
		return fail_field(err, where, "found %s, allowed is an object",
				  object == NULL ? "nothing" : type_texts[json_typeof(object)]);
	if (unknown == JSON_UNKNOWN_REFUSE)
		status = check_keys(&table, err);
	for (size_t i = 0; i < field_count && status == STATUS_OK; i++)
		status = check_field(&table, &fields[i], err);
	if (status != STATUS_OK)
		return status;

	/* Destinations change only after everything has been found good. */
	for (size_t i = 0; i < field_count; i++) {
		json_t *value = NULL;

		(void)find_member(&table, fields[i].name, &value, NULL);
		if (fields[i].present != NULL)
			*fields[i].present = value != NULL;
		if (value != NULL && fields[i].destination != NULL)
			store_value(&fields[i], value);
	}
	return STATUS_OK;
}
