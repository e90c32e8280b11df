/* SPDX-License-Identifier: Apache-2.0 */
/* A row as one line for other systems. What callers chose is escaped, so that nobody writes lines
 * or members of his own; what is longest comes last, since receivers cut lines off. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_private.h"

struct audit_text {
	char *at;
	size_t left; /* with the place of the terminator */
};

static void audit_text_put(struct audit_text *text, const char *part)
{
	size_t length = strlen(part);

	/* A part that does not fit is left out, so that no escape is cut in two. */
	if (length >= text->left)
		return;
	memcpy(text->at, part, length + 1);
	text->at += length;
	text->left -= length;
}

static void audit_text_escape(struct audit_text *text, const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char octet = (unsigned char)*value;
		char part[5] = { *value, '\0' };

		if (octet < 0x20 || octet > 0x7e || octet == '"' || octet == '\\')
			(void)snprintf(part, sizeof(part), "\\x%02x", octet);
		audit_text_put(text, part);
	}
}

static void audit_member(struct audit_text *text, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	audit_text_put(text, " ");
	audit_text_put(text, name);
	audit_text_put(text, "=\"");
	audit_text_escape(text, value);
	audit_text_put(text, "\"");
}

static void audit_member_number(struct audit_text *text, const char *name, int64_t number)
{
	char value[24];

	(void)snprintf(value, sizeof(value), "%" PRId64, number);
	audit_member(text, name, number == 0 ? "" : value);
}

static void audit_member_head(struct audit_text *text, const struct db_audit_event *event)
{
	char hash[2 * DB_AUDIT_HASH_SIZE + 1], head[sizeof(hash) + 24];

	hex_encode(event->hash, sizeof(event->hash), false, hash);
	(void)snprintf(head, sizeof(head), "%" PRId64 ":%s", event->sequence, hash);
	audit_member(text, "head", head);
}

const char *audit_line(const struct db_audit_event *event, char line[AUDIT_LINE_SIZE])
{
	const struct db_audit_origin *origin = &event->origin;
	const struct db_audit_outcome *outcome = &event->outcome;
	struct audit_text text = { line, AUDIT_LINE_SIZE };
	char time[CLOCK_TEXT_SIZE];

	line[0] = '\0';
	audit_text_put(&text, "audit");
	audit_member_head(&text, event);
	audit_member(&text, "time", clock_text(event->event_time, time));
	audit_member(&text, "status", db_audit_status(event));
	audit_member_number(&text, "http", outcome->http_status);
	audit_member(&text, "error", outcome->error_code);
	audit_member_number(&text, "requests", outcome->requests);
	audit_member(&text, "kind", origin->caller_kind);
	audit_member(&text, "address", origin->address);
	audit_member(&text, "method", origin->method);
	audit_member(&text, "operation", origin->operation);
	audit_member(&text, "job", outcome->job_id);
	audit_member(&text, "request", origin->request_id);
	audit_member(&text, "correlation", origin->correlation_id);
	audit_member(&text, "version", origin->api_version);
	audit_member(&text, "caller", origin->caller);
	audit_member(&text, "identity", origin->caller_identity);
	audit_member(&text, "path", origin->path);
	return line;
}
