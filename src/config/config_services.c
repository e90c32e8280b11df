/* SPDX-License-Identifier: Apache-2.0 */
/* The services to be backed up: what each provider needs, and that roles are told apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

#define SERVICES_MAX 256
#define LIST_MAX 256
#define ROLE_LENGTH_MAX 64
#define ENTRY_NAME_LENGTH_MAX 255
#define OWN_ROLE "infrabackup"

enum provider_needs { NEEDS_PATH, NEEDS_COMMAND };

static const struct {
	const char *name;
	enum provider_needs needs;
	bool takes_exclude;
} providers[] = {
	{ "directory", NEEDS_PATH, true },
	{ "sqlite", NEEDS_PATH, false },
	{ "command", NEEDS_COMMAND, false },
};

static const char *const provider_names[] = { "directory", "sqlite", "command", NULL };

_Static_assert(ARRAY_LENGTH(provider_names) == ARRAY_LENGTH(providers) + 1,
	       "every provider is named");

struct service_options {
	json_t *exclude;
	json_t *command;
	json_t *restore_command;
	int64_t timeout;
	int64_t restore_priority;
};

static const char *member_field(const char *where, const char *name, char field[CONFIG_FIELD_MAX])
{
	(void)snprintf(field, CONFIG_FIELD_MAX, "%.64s.%s", where, name);
	return field;
}

static enum status read_members(const json_t *json, const char *where, struct config_service *to,
				struct service_options *options, struct error *err)
{
	const struct json_field fields[] = {
		{ "role", JSON_FIELD_STRING, true, &to->role, NULL, 0, 0, NULL },
		{ "provider", JSON_FIELD_STRING, true, &to->provider, NULL, 0, 0, provider_names },
		{ "path", JSON_FIELD_STRING, false, &to->path, NULL, 0, 0, NULL },
		{ "exclude", JSON_FIELD_ARRAY, false, &options->exclude, NULL, 0, 0, NULL },
		{ "command", JSON_FIELD_ARRAY, false, &options->command, NULL, 0, 0, NULL },
		{ "restoreCommand", JSON_FIELD_ARRAY, false, &options->restore_command, NULL, 0, 0,
		  NULL },
		{ "entryName", JSON_FIELD_STRING, false, &to->entry_name, NULL, 0, 0, NULL },
		{ "timeoutSeconds", JSON_FIELD_INTEGER, false, &options->timeout, NULL, 1, 604800,
		  NULL },
		{ "essential", JSON_FIELD_BOOLEAN, false, &to->essential, NULL, 0, 0, NULL },
		{ "restorePriority", JSON_FIELD_INTEGER, false, &options->restore_priority, NULL, 0,
		  100000, NULL },
	};

	return json_read_fields(json, where, fields, ARRAY_LENGTH(fields), JSON_UNKNOWN_REFUSE,
				false, err);
}

/* "." and ".." would be folders of their own when a role is restored into a directory. */
static bool is_dots(const char *text)
{
	return strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
}

static enum status check_role(const char *where, const char *role, struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	enum status status = config_check_word(member_field(where, "role", field), role,
					       ROLE_LENGTH_MAX, "._-", err);

	if (status != STATUS_OK)
		return status;
	if (is_dots(role))
		return fail_field(err, field,
				  "found \"%s\", allowed is a name that is not \".\" or \"..\"",
				  role);
	if (text_equal_ignoring_case(role, OWN_ROLE))
		return fail_field(err, field,
				  "found \"%s\", which is reserved for the service's own backup, "
				  "allowed is any other name",
				  role);
	return STATUS_OK;
}

static enum status check_entry_name(const char *where, const char *name, struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	enum status status = config_check_word(member_field(where, "entryName", field), name,
					       ENTRY_NAME_LENGTH_MAX, "._-", err);

	if (status == STATUS_OK && name != NULL && is_dots(name))
		return fail_field(err, field,
				  "found \"%s\", allowed is a name that is not \".\" or \"..\"",
				  name);
	return status;
}

/* What a provider does not use is refused: it would be believed to have an effect. */
static enum status check_needs(const json_t *json, const char *where,
			       const struct config_service *service, struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	size_t at = 0;

	while (strcmp(providers[at].name, service->provider) != 0)
		at++;
	bool by_path = providers[at].needs == NEEDS_PATH;
	const struct {
		const char *name;
		bool required;
		bool allowed;
	} rules[] = {
		{ "path", by_path, by_path },
		{ "exclude", false, providers[at].takes_exclude },
		{ "command", !by_path, !by_path },
		{ "restoreCommand", false, !by_path },
		{ "entryName", false, !by_path },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		bool present = json_object_get(json, rules[i].name) != NULL;

		(void)member_field(where, rules[i].name, field);
		if (present && !rules[i].allowed)
			return fail_field(err, field,
					  "found a value, allowed is none: provider \"%s\" does "
					  "not use it",
					  service->provider);
		if (!present && rules[i].required)
			return fail_field(err, field,
					  "found nothing, allowed is %s: provider \"%s\" needs it",
					  by_path ? "an absolute path" : "a list of strings",
					  service->provider);
	}
	return STATUS_OK;
}

static enum status read_command(const json_t *array, const char *where, const char *name,
				const char *const **out, struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	char program_field[CONFIG_FIELD_MAX];

	if (array == NULL)
		return STATUS_OK;
	(void)member_field(where, name, field);
	if (json_array_size(array) == 0)
		return fail_field(err, field,
				  "found an empty list, allowed are 1 to %d strings: the program "
				  "and its arguments",
				  LIST_MAX);
	(void)snprintf(program_field, sizeof(program_field), "%.80s[0]", field);
	const char *program = json_string_value(json_array_get(array, 0));
	enum status status = config_check_path(program_field, program, err);
	if (status != STATUS_OK)
		return status;
	return config_read_list(array, field, LIST_MAX, NULL, out, err);
}

static enum status read_service(const json_t *json, const char *where, struct config_service *to,
				struct error *err)
{
	struct service_options options = { .timeout = 3600, .restore_priority = 100 };
	char field[CONFIG_FIELD_MAX];
	enum status status;

	to->essential = true;
	status = read_members(json, where, to, &options, err);
	if (status == STATUS_OK)
		status = check_role(where, to->role, err);
	if (status == STATUS_OK)
		status = check_needs(json, where, to, err);
	if (status == STATUS_OK)
		status = config_check_path(member_field(where, "path", field), to->path, err);
	if (status == STATUS_OK)
		status = check_entry_name(where, to->entry_name, err);
	if (status == STATUS_OK)
		status = config_read_list(options.exclude, member_field(where, "exclude", field),
					  LIST_MAX, config_check_pattern, &to->exclude, err);
	if (status == STATUS_OK)
		status = read_command(options.command, where, "command", &to->command, err);
	if (status == STATUS_OK)
		status = read_command(options.restore_command, where, "restoreCommand",
				      &to->restore_command, err);
	to->timeout = (long)options.timeout * 1000;
	to->restore_priority = (int)options.restore_priority;
	return status;
}

static enum status check_duplicate(const struct config *config, size_t at, const char *where,
				   struct error *err)
{
	const char *role = config->services[at].role;
	char field[CONFIG_FIELD_MAX];

	for (size_t i = 0; i < at; i++) {
		if (text_equal_ignoring_case(config->services[i].role, role))
			return fail_field(err, member_field(where, "role", field),
					  "found \"%s\" again (first in $.services[%zu]), allowed "
					  "is each role once, whatever its case",
					  role, i);
	}
	return STATUS_OK;
}

/* The state directory is backed up by a role of its own, consistently; file by file it would be
 * torn. */
static enum status check_outside_state(const struct config *config, size_t at, const char *where,
				       struct error *err)
{
	const char *path = config->services[at].path;
	const char *state = config->state_directory;
	size_t length = strlen(state);
	char field[CONFIG_FIELD_MAX];

	if (path == NULL || strncmp(path, state, length) != 0 ||
	    (path[length] != '\0' && path[length] != '/'))
		return STATUS_OK;
	return fail_field(
		err, member_field(where, "path", field),
		"found \"%.80s\", allowed is a path outside the state directory: the role "
		"infrabackup is in every backup and holds it",
		path);
}

/* By priority, in the file's order where it is equal (qsort would not keep that). */
static void sort_services(struct config_service *services, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct config_service moved = services[i];
		size_t to = i;

		for (; to > 0 && services[to - 1].restore_priority > moved.restore_priority; to--)
			services[to] = services[to - 1];
		services[to] = moved;
	}
}

enum status config_read_services(const json_t *json, struct config *config, struct error *err)
{
	size_t count = json_array_size(json);

	if (count > SERVICES_MAX)
		return fail_field(err, "$.services",
				  "found %zu services, allowed are at most %d services", count,
				  SERVICES_MAX);
	config->services = calloc(count + 1, sizeof(*config->services));
	if (config->services == NULL)
		return fail_memory(err, "read configuration");
	for (size_t i = 0; i < count; i++) {
		char where[CONFIG_FIELD_MAX];
		enum status status;

		/* Counted first, so that what a failing one already owns is freed too. */
		config->service_count = i + 1;
		(void)snprintf(where, sizeof(where), "$.services[%zu]", i);
		status = read_service(json_array_get(json, i), where, &config->services[i], err);
		if (status == STATUS_OK)
			status = check_duplicate(config, i, where, err);
		if (status == STATUS_OK)
			status = check_outside_state(config, i, where, err);
		if (status != STATUS_OK)
			return status;
	}
	sort_services(config->services, count);
	return STATUS_OK;
}
