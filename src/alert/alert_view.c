/* SPDX-License-Identifier: Apache-2.0 */
/* Reading alerts: rows with the catalogue's texts. */
#include <string.h>

#include "alert_private.h"

static const char STEP[] = "show alert";

/* The evidence for the placeholder that @at begins with; *@length: of the placeholder. NULL: none.
 */
static const char *find_evidence(const char *at, const json_t *evidence, size_t *length)
{
	char name[64];
	*length = strcspn(at, "}") + 1;
	if (*length > sizeof name || at[*length - 1] != '}')
		return NULL;
	memcpy(name, at + 1, *length - 2);
	name[*length - 2] = '\0';
	return json_string_value(json_object_get(evidence, name));
}

static bool has_evidence(const char *sentence, const json_t *evidence)
{
	size_t length;
	for (const char *at = strchr(sentence, '{'); at != NULL; at = strchr(at + 1, '{'))
		if (find_evidence(at, evidence, &length) == NULL)
			return false;
	return true;
}

enum status alert_append_sentence(struct buffer *out, const char *sentence, const json_t *evidence,
				  struct error *err)
{
	enum status status = STATUS_OK;
	if (!has_evidence(sentence, evidence))
		return STATUS_OK;
	if (out->length > 0)
		status = buffer_append_text(out, " ", err);
	for (const char *at = sentence; *at != '\0' && status == STATUS_OK;) {
		size_t length = strcspn(at, "{");
		if (length > 0)
			status = buffer_append(out, at, length, err);
		else if (status == STATUS_OK)
			status = buffer_append_text(out, find_evidence(at, evidence, &length), err);
		at += length;
	}
	return status;
}

static enum status describe(const struct alert_entry *entry, const json_t *evidence, char **out,
			    struct error *err)
{
	struct buffer text;
	buffer_init(&text, 1u << 16);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < entry->description.count && status == STATUS_OK; i++)
		status = alert_append_sentence(&text, entry->description.items[i], evidence, err);
	if (status == STATUS_OK)
		status = alert_append_sentence(&text, entry->closes, evidence, err);
	if (status == STATUS_OK)
		status = buffer_terminate(&text, err);
	if (status == STATUS_OK) {
		*out = strdup((const char *)text.data);
		if (*out == NULL)
			status = fail_memory(err, STEP);
	}
	buffer_done(&text);
	return status;
}

enum status alert_view_make(const struct alert_book *book, const struct db_alert *row,
			    struct alert_view *out, struct error *err)
{
	enum alert_fault fault;
	AUTO_JSON evidence = NULL;
	const struct alert_entry unknown = { .title = row->fault,
					     .closes =
						     "This version of the program has no texts for "
						     "this fault." };
	const struct alert_entry *entry = &unknown;
	if (alert_fault_from_name(row->fault, &fault))
		entry = &book->entries[fault];
	struct alert_view view = {
		.row = row,
		.severity = entry->severity,
		.title = entry->title,
		/* The unknown one has none, and its list ends with this function. */
		.remediation = entry == &unknown ? NULL : entry->remediation.items,
		.remediation_count = entry->remediation.count,
	};
	enum status status = json_parse(row->evidence, strlen(row->evidence), &evidence, err);
	if (status == STATUS_OK)
		status = describe(entry, evidence, &view.description, err);
	if (status != STATUS_OK)
		return status;
	view.evidence = TAKE(evidence);
	*out = view;
	return STATUS_OK;
}

void alert_view_done(struct alert_view *view)
{
	free(view->description);
	json_decref(view->evidence);
	*view = (struct alert_view) { 0 };
}

struct listing {
	const struct alert_book *book;
	enum status (*each)(const struct alert_view *view, void *context, struct error *err);
	void *context;
};

static enum status list_row(const struct db_alert *row, void *context, struct error *err)
{
	const struct listing *listing = context;
	struct alert_view view;
	enum status status = alert_view_make(listing->book, row, &view, err);
	if (status != STATUS_OK)
		return status;
	status = listing->each(&view, listing->context, err);
	alert_view_done(&view);
	return status;
}

static int64_t shown_since(const struct alert_book *book)
{
	return clock_now(book->clock) - ALERT_SHOWN_MS;
}

enum status alert_list(const struct alert_book *book, struct db *state,
		       enum status (*each)(const struct alert_view *view, void *context,
					   struct error *err),
		       void *context, struct error *err)
{
	struct listing listing = { book, each, context };
	return db_alert_list(state, book->location, shown_since(book), list_row, &listing, err);
}

enum status alert_get(const struct alert_book *book, struct db *state, const char *id,
		      struct db_alert *row, struct error *err)
{
	struct db_alert found = { .id = "" };
	enum status status = db_alert_get(state, book->location, id, &found, err);
	if (status != STATUS_OK)
		return status;
	if (found.closed_time != 0 && found.closed_time <= shown_since(book)) {
		db_alert_done(&found);
		return fail(err, STATUS_NOT_FOUND, "read alert", id,
			    "the alert was closed long ago and is no longer shown");
	}
	*row = found;
	return STATUS_OK;
}

enum status alert_find_open(const struct alert_book *book, struct db *state, enum alert_fault fault,
			    struct db_alert *row, struct error *err)
{
	struct db_alert newest = { .id = "" };
	enum status status =
		db_alert_newest(state, book->location, alert_rules[fault].topic, &newest, err);
	if (status == STATUS_OK && newest.closed_time != 0) {
		db_alert_done(&newest);
		return STATUS_NOT_FOUND;
	}
	if (status == STATUS_OK)
		*row = newest;
	return status;
}

static enum status count(const struct alert_view *view, void *context, struct error *err)
{
	struct alert_summary *summary = context;
	(void)err;
	if (view->row->closed_time != 0)
		return STATUS_OK;
	if (view->severity == ALERT_CRITICAL)
		summary->critical++;
	else
		summary->warning++;
	return STATUS_OK;
}

enum status alert_summarize(const struct alert_book *book, struct db *state,
			    struct alert_summary *out, struct error *err)
{
	*out = (struct alert_summary) { 0 };
	return alert_list(book, state, count, out, err);
}
