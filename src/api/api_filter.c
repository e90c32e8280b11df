/* SPDX-License-Identifier: Apache-2.0 */
/* $filter over alerts, jobs and the activity log: the part of OData's language that their clients
 * use, within bounds.
 */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

enum { API_FILTER_NODES = 32, API_FILTER_DEPTH = 8, API_FILTER_VALUE = 128 };

static const char *const api_filter_forms[] = {
	[API_FILTER_ALERTS] =
		"allowed are Properties/State, Properties/Severity and Properties/FaultTypeId with "
		"eq or ne and a text in '...', and, or, and parentheses",
	[API_FILTER_JOBS] = "allowed is kind eq 'KIND'",
	[API_FILTER_ACTIVITY] =
		"allowed are caller, operationName and status ('Started', 'Succeeded' or 'Failed') "
		"with eq and a text in '...', httpStatus with eq and a number, eventTimestamp with "
		"ge or le and a time in '...', joined by and",
};

enum api_filter_kind { API_FILTER_COMPARE, API_FILTER_AND, API_FILTER_OR };

typedef const char *(*api_filter_property)(const struct alert_view *alert);

struct api_filter_node {
	enum api_filter_kind kind;
	size_t left, right;           /* of AND and OR */
	const char *name;             /* of COMPARE */
	api_filter_property property; /* of COMPARE; NULL: the database compares */
	const char *relation;         /* of COMPARE: one of api_filter_relations */
	char value[API_FILTER_VALUE];
};

struct api_filter {
	struct api_filter_node nodes[API_FILTER_NODES];
	size_t count, root;
};

struct api_filter_reader {
	enum api_filtered of;
	struct api_filter *filter;
	const char *text, *at;
	unsigned depth;
	struct error *err;
};

static const char *api_filter_state(const struct alert_view *alert)
{
	return alert->row->closed_time == 0 ? "Active" : "Closed";
}

static const char *api_filter_severity(const struct alert_view *alert)
{
	return alert_severity_name(alert->severity);
}

static const char *api_filter_fault(const struct alert_view *alert)
{
	return alert->row->fault;
}

static const char *const api_filter_relations[] = { "eq", "ne", "ge", "le" };

static const struct {
	enum api_filtered of;
	const char *name;
	api_filter_property property;
} api_filter_properties[] = {
	{ API_FILTER_ALERTS, "state", api_filter_state },
	{ API_FILTER_ALERTS, "severity", api_filter_severity },
	{ API_FILTER_ALERTS, "faultTypeId", api_filter_fault },
	{ API_FILTER_JOBS, "kind", NULL },
	{ API_FILTER_ACTIVITY, "caller", NULL },
	{ API_FILTER_ACTIVITY, "status", NULL },
	{ API_FILTER_ACTIVITY, "operationName", NULL },
	{ API_FILTER_ACTIVITY, "httpStatus", NULL },
	{ API_FILTER_ACTIVITY, "eventTimestamp", NULL },
};

static enum status api_filter_fail(const struct api_filter_reader *reader, const char *what)
{
	return fail_field(reader->err, "$filter",
			  "The $filter is not understood: %s at character %zu; %s", what,
			  (size_t)(reader->at - reader->text) + 1, api_filter_forms[reader->of]);
}

static void api_filter_space(struct api_filter_reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

/* Takes @word, without case, if it stands here and ends here. */
static bool api_filter_word(struct api_filter_reader *reader, const char *word)
{
	size_t length = strlen(word);

	api_filter_space(reader);
	if (strncasecmp(reader->at, word, length) != 0 || strspn(reader->at + length, " \t(") == 0)
		return false;
	reader->at += length;
	return true;
}

static bool api_filter_sign(struct api_filter_reader *reader, char sign)
{
	api_filter_space(reader);
	if (*reader->at != sign)
		return false;
	reader->at++;
	return true;
}

static enum status api_filter_add(struct api_filter_reader *reader, struct api_filter_node **node,
				  size_t *index)
{
	struct api_filter *filter = reader->filter;

	if (filter->count == API_FILTER_NODES)
		return api_filter_fail(reader, "too many comparisons");
	*index = filter->count;
	*node = &filter->nodes[filter->count++];
	return STATUS_OK;
}

static enum status api_filter_name(struct api_filter_reader *reader, struct api_filter_node *node)
{
	static const char prefix[] = "properties/";

	api_filter_space(reader);
	if (strncasecmp(reader->at, prefix, sizeof(prefix) - 1) == 0)
		reader->at += sizeof(prefix) - 1;
	for (size_t i = 0; i < ARRAY_LENGTH(api_filter_properties); i++)
		if (api_filter_properties[i].of == reader->of &&
		    api_filter_word(reader, api_filter_properties[i].name)) {
			node->name = api_filter_properties[i].name;
			node->property = api_filter_properties[i].property;
			return STATUS_OK;
		}
	return api_filter_fail(reader, "an unknown property");
}

/* A number of at most nine digits; false when there is none. */
static bool api_filter_number(struct api_filter_reader *reader, struct api_filter_node *node)
{
	api_filter_space(reader);

	size_t digits = strspn(reader->at, "0123456789");

	if (digits == 0 || digits > 9)
		return false;
	memcpy(node->value, reader->at, digits);
	node->value[digits] = '\0';
	reader->at += digits;
	return true;
}

/* 'text', in which '' stands for one quote. */
static enum status api_filter_value(struct api_filter_reader *reader, struct api_filter_node *node)
{
	size_t length = 0;

	if (reader->of == API_FILTER_ACTIVITY && api_filter_number(reader, node))
		return STATUS_OK;
	if (!api_filter_sign(reader, '\''))
		return api_filter_fail(reader, "no text in quotes");
	for (;; reader->at++) {
		if (*reader->at == '\0')
			return api_filter_fail(reader, "a text without its end");
		if (*reader->at == '\'' && *++reader->at != '\'')
			break;
		if (length == API_FILTER_VALUE - 1)
			return api_filter_fail(reader, "a text that is too long");
		node->value[length++] = *reader->at;
	}
	node->value[length] = '\0';
	/* Stored without what every fault's id begins with. */
	length = sizeof(ALERT_FAULT_TYPE_PREFIX) - 1;
	if (node->property == api_filter_fault &&
	    strncasecmp(node->value, ALERT_FAULT_TYPE_PREFIX, length) == 0)
		memmove(node->value, node->value + length, strlen(node->value + length) + 1);
	return STATUS_OK;
}

static enum status api_filter_or(struct api_filter_reader *reader, size_t *index);

static enum status api_filter_group(struct api_filter_reader *reader, size_t *index)
{
	if (++reader->depth > API_FILTER_DEPTH)
		return api_filter_fail(reader, "parentheses too deep");
	enum status status = api_filter_or(reader, index);

	if (status == STATUS_OK && !api_filter_sign(reader, ')'))
		status = api_filter_fail(reader, "no closing parenthesis");
	reader->depth--;
	return status;
}

static enum status api_filter_factor(struct api_filter_reader *reader, size_t *index)
{
	struct api_filter_node *node = NULL;

	if (api_filter_sign(reader, '('))
		return api_filter_group(reader, index);
	enum status status = api_filter_add(reader, &node, index);

	if (status == STATUS_OK)
		status = api_filter_name(reader, node);
	if (status != STATUS_OK)
		return status;
	size_t count = reader->of == API_FILTER_ACTIVITY ? 4 : 2;

	for (size_t i = 0; i < count && node->relation == NULL; i++)
		if (api_filter_word(reader, api_filter_relations[i]))
			node->relation = api_filter_relations[i];
	if (node->relation == NULL)
		return api_filter_fail(reader, "no comparison that is known");
	return api_filter_value(reader, node);
}

/* @next joined by @word, from left to right. */
static enum status
api_filter_join(struct api_filter_reader *reader, const char *word, enum api_filter_kind kind,
		enum status (*next)(struct api_filter_reader *reader, size_t *index), size_t *index)
{
	enum status status = next(reader, index);

	while (status == STATUS_OK && api_filter_word(reader, word)) {
		struct api_filter_node *node = NULL;
		size_t joined = 0, right = 0;

		status = next(reader, &right);
		if (status == STATUS_OK)
			status = api_filter_add(reader, &node, &joined);
		if (status != STATUS_OK)
			break;
		node->kind = kind;
		node->left = *index;
		node->right = right;
		*index = joined;
	}
	return status;
}

static enum status api_filter_and(struct api_filter_reader *reader, size_t *index)
{
	return api_filter_join(reader, "and", API_FILTER_AND, api_filter_factor, index);
}

static enum status api_filter_or(struct api_filter_reader *reader, size_t *index)
{
	return api_filter_join(reader, "or", API_FILTER_OR, api_filter_and, index);
}

enum status api_filter_read(struct api_call *call, enum api_filtered of, struct api_filter **out,
			    struct error *err)
{
	const char *text = http_request_query(call->request, "$filter");

	*out = NULL;
	if (text == NULL || text[strspn(text, " \t")] == '\0')
		return STATUS_OK;

	struct api_filter *filter = calloc(1, sizeof(*filter));
	struct api_filter_reader reader = {
		.of = of, .filter = filter, .text = text, .at = text, .err = err
	};

	if (filter == NULL)
		return fail_memory(err, "read the filter");
	enum status status = api_filter_or(&reader, &filter->root);

	api_filter_space(&reader);
	if (status == STATUS_OK && *reader.at != '\0')
		status = api_filter_fail(&reader, "something behind its end");
	if (status == STATUS_OK)
		*out = filter;
	else
		api_filter_free(filter);
	return status;
}

void api_filter_free(struct api_filter *filter)
{
	free(filter);
}

/* As deep as there are nodes at most. */
static bool api_filter_node_passes(const struct api_filter *filter, size_t index,
				   const struct alert_view *alert)
{
	const struct api_filter_node *node = &filter->nodes[index];

	if (node->kind == API_FILTER_COMPARE)
		return text_equal_ignoring_case(node->property(alert), node->value) ==
		       (strcmp(node->relation, "eq") == 0);
	bool left = api_filter_node_passes(filter, node->left, alert);

	if (left == (node->kind == API_FILTER_OR))
		return left;
	return api_filter_node_passes(filter, node->right, alert);
}

bool api_filter_passes(const struct api_filter *filter, const struct alert_view *alert)
{
	return filter == NULL || api_filter_node_passes(filter, filter->root, alert);
}

enum status api_filter_read_kind(struct api_call *call, char kind[API_PARAMETER_SIZE],
				 struct error *err)
{
	struct api_filter *filter = NULL;
	enum status status = api_filter_read(call, API_FILTER_JOBS, &filter, err);

	kind[0] = '\0';
	if (filter == NULL)
		return status;
	const struct api_filter_node *root = &filter->nodes[filter->root];

	if (root->kind != API_FILTER_COMPARE || strcmp(root->relation, "eq") != 0 ||
	    (size_t)snprintf(kind, API_PARAMETER_SIZE, "%s", root->value) >= API_PARAMETER_SIZE)
		status = fail_field(err, "$filter", "The $filter is not supported; %s",
				    api_filter_forms[API_FILTER_JOBS]);
	api_filter_free(filter);
	return status;
}

/* Keeps @value; false when there was one already, when it is too long, or for any relation but eq.
 */
static bool api_filter_keep(const struct api_filter_node *node, char *out, size_t size)
{
	return strcmp(node->relation, "eq") == 0 && out[0] == '\0' && node->value[0] != '\0' &&
	       (size_t)snprintf(out, size, "%s", node->value) < size;
}

static bool api_filter_keep_time(const struct api_filter_node *node, struct db_audit_filter *out)
{
	bool is_from = strcmp(node->relation, "ge") == 0;
	int64_t *time = is_from ? &out->from_time : &out->to_time;

	return (is_from || strcmp(node->relation, "le") == 0) && *time == 0 &&
	       clock_parse(node->value, time, NULL) == STATUS_OK;
}

static bool api_filter_keep_number(const struct api_filter_node *node, struct db_audit_filter *out)
{
	bool is_number = node->value[strspn(node->value, "0123456789")] == '\0';

	if (strcmp(node->relation, "eq") != 0 || !is_number || out->http_status != 0)
		return false;
	out->http_status = strtol(node->value, NULL, 10);
	return out->http_status > 0;
}

/* As deep as there are nodes at most. */
static bool api_filter_collect(const struct api_filter *filter, size_t index,
			       struct db_audit_filter *out)
{
	const struct api_filter_node *node = &filter->nodes[index];

	if (node->kind == API_FILTER_AND)
		return api_filter_collect(filter, node->left, out) &&
		       api_filter_collect(filter, node->right, out);
	if (node->kind == API_FILTER_OR)
		return false;
	if (strcmp(node->name, "eventTimestamp") == 0)
		return api_filter_keep_time(node, out);
	if (strcmp(node->name, "httpStatus") == 0)
		return api_filter_keep_number(node, out);
	if (strcmp(node->name, "operationName") == 0)
		return api_filter_keep(node, out->operation, sizeof(out->operation));
	if (strcmp(node->name, "status") == 0)
		return api_filter_keep(node, out->status, sizeof(out->status));
	return api_filter_keep(node, out->caller, sizeof(out->caller));
}

enum status api_filter_read_activity(struct api_call *call, struct db_audit_filter *out,
				     struct error *err)
{
	struct api_filter *filter = NULL;
	enum status status = api_filter_read(call, API_FILTER_ACTIVITY, &filter, err);

	if (filter != NULL && !api_filter_collect(filter, filter->root, out))
		status = fail_field(err, "$filter", "The $filter is not supported; %s",
				    api_filter_forms[API_FILTER_ACTIVITY]);
	api_filter_free(filter);
	return status;
}

enum status api_filter_refuse(struct api_call *call, struct error *err)
{
	const char *text = http_request_query(call->request, "$filter");

	if (text == NULL || text[0] == '\0')
		return STATUS_OK;
	return fail_field(err, "$filter",
			  "$filter is served for alerts and operations only; send none here");
}
