/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup activity */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define ACTIVITY_DEFAULT 20
#define FILTER_MAX 200
#define PATH_MAX_TEXT (3 * FILTER_MAX + 64)

static void print_entry(const json_t *properties)
{
	char time[CLOCK_TEXT_SIZE], code[16] = "-";
	const json_t *http = json_object_get(properties, "httpStatus");
	json_int_t requests = json_integer_value(json_object_get(properties, "requests"));
	if (json_is_integer(http))
		(void)snprintf(code, sizeof code, "%" JSON_INTEGER_FORMAT,
			       json_integer_value(http));
	(void)printf("%7" JSON_INTEGER_FORMAT "  %-20s %-9s %4s  %-18s %-15s %s",
		     json_integer_value(json_object_get(properties, "sequence")),
		     app_seconds_text(app_json_text(properties, "eventTimestamp"), time),
		     app_json_text(properties, "status"), code, app_json_text(properties, "caller"),
		     app_json_text(properties, "clientIpAddress"),
		     app_json_text(properties, "operationName"));
	if (json_is_string(json_object_get(properties, "errorCode")))
		(void)printf(" (%s)", app_json_text(properties, "errorCode"));
	if (requests > 1)
		(void)printf(", %" JSON_INTEGER_FORMAT " times", requests);
	(void)printf("\n");
}

static void print_list(const json_t *list)
{
	const json_t *entry;
	size_t i;
	(void)printf("%7s  %-20s %-9s %4s  %-18s %-15s %s\n", "ROW", "TIME", "STATUS", "HTTP",
		     "CALLER", "ADDRESS", "OPERATION");
	json_array_foreach(list, i, entry)
	{
		print_entry(json_object_get(entry, "properties"));
	}
}

/* "name relation 'value'" behind what is there; @value NULL: nothing. */
static enum status add_term(struct buffer *filter, const char *term, const char *value,
			    struct error *err)
{
	enum status status = STATUS_OK;
	if (value == NULL)
		return STATUS_OK;
	if (filter->length > 0)
		status = buffer_append_text(filter, " and ", err);
	if (status == STATUS_OK)
		status = buffer_append_format(filter, err, "%s '", term);
	/* A quote inside is written twice. */
	for (; status == STATUS_OK && *value != '\0'; value++)
		status = buffer_append_text(filter,
					    *value == '\'' ? "''" : (char[]) { *value, '\0' }, err);
	return status == STATUS_OK ? buffer_append_text(filter, "'", err) : status;
}

static enum status read_filter(const struct app_arguments *arguments, struct buffer *filter,
			       struct error *err)
{
	enum status status = add_term(filter, "caller eq", arguments->caller, err);
	if (status == STATUS_OK)
		status = add_term(filter, "status eq", arguments->status, err);
	if (status == STATUS_OK)
		status = add_term(filter, "eventTimestamp ge", arguments->since, err);
	if (status == STATUS_OK)
		status = add_term(filter, "eventTimestamp le", arguments->until, err);
	if (status == STATUS_TOO_LARGE)
		return fail_field(err, "--caller", "found more than a name and times take");
	return status;
}

static void write_path(const struct app_arguments *arguments, const struct buffer *filter,
		       char path[PATH_MAX_TEXT])
{
	long long top = arguments->top.is_given ? arguments->top.value : ACTIVITY_DEFAULT;
	int length = snprintf(path, PATH_MAX_TEXT, "/activityLogs?%%24top=%lld%s", top,
			      filter->length > 0 ? "&%24filter=" : "");
	for (size_t i = 0; i < filter->length; i++)
		length += snprintf(path + length, PATH_MAX_TEXT - (size_t)length, "%%%02X",
				   filter->data[i]);
}

enum status app_activity(struct app_call *call, struct error *err)
{
	struct app_client client;
	struct client_answer answer = { 0 };
	struct buffer filter;
	char path[PATH_MAX_TEXT];
	buffer_init(&filter, FILTER_MAX);
	enum status status = read_filter(&call->arguments, &filter, err);
	if (status == STATUS_OK)
		write_path(&call->arguments, &filter, path);
	buffer_done(&filter);
	if (status == STATUS_OK)
		status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = app_client_call(&client, "GET", path, NULL, &answer, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_incref(answer.body);
	else if (status == STATUS_OK)
		print_list(json_object_get(answer.body, "value"));
	client_answer_done(&answer);
	app_client_close(&client);
	return status;
}
