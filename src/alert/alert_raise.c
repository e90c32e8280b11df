/* SPDX-License-Identifier: Apache-2.0 */
/* The rules: what raising, clearing and closing mean for the alerts that are there. */
#include <string.h>

#include "alert_private.h"

/* A condition that goes on is told again after so long. */
#define REPEAT_MS (24 * 60 * 60 * 1000LL)
/* Closed alerts kept of each topic. */
#define KEPT 100

static const char STEP[] = "raise alert";

struct raising {
	const struct alert_book *book;
	const struct alert_report *report;
	const struct alert_rule *rule;
	const char *evidence; /* JSON */
	int64_t now;
};

static bool is_listed(const struct alert_texts *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static enum status write_evidence(const struct alert_book *book, const struct alert_report *report,
				  struct buffer *out, struct error *err)
{
	const struct alert_entry *entry = &book->entries[report->fault];
	AUTO_JSON object = json_object();
	if (object == NULL)
		return fail_memory(err, STEP);
	for (size_t i = 0; i < report->evidence_count; i++) {
		const struct alert_evidence *piece = &report->evidence[i];
		if (!is_listed(&entry->evidence, piece->name))
			return fail(err, STATUS_INVALID, STEP, alert_fault_name(report->fault),
				    "the catalogue lists no evidence '%s' for this fault",
				    piece->name);
		if (piece->value != NULL && piece->value[0] != '\0' &&
		    json_object_set_new(object, piece->name, json_foreign_text(piece->value)) != 0)
			return fail_memory(err, STEP);
	}
	return json_write(object, out, err);
}

static enum status replace_text(char **text, const char *value, struct error *err)
{
	char *copy = value == NULL ? NULL : strdup(value);
	if (value != NULL && copy == NULL)
		return fail_memory(err, STEP);
	free(*text);
	*text = copy;
	return STATUS_OK;
}

static enum status close_row(const struct alert_book *book, struct db *state, struct db_alert *row,
			     const char *caller, const char *reason, struct error *err)
{
	enum status status = replace_text(&row->close_reason, reason, err);
	if (status == STATUS_OK)
		status = replace_text(&row->closed_by, caller, err);
	if (status != STATUS_OK)
		return status;
	row->closed_time = clock_now(book->clock);
	row->updated_time = row->closed_time;
	/* An operator may close what is still so. */
	row->is_settled = caller == NULL;
	status = db_alert_update(state, row, err);
	if (status == STATUS_OK)
		status = db_alert_trim(state, row->location, row->topic, KEPT, err);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_INFO, "alert %s (%s) closed by %s: %s", row->id, row->fault,
			    caller == NULL ? "itself" : caller, reason);
	return status;
}

static enum status open_alert(struct db *state, const struct raising *raising, struct error *err)
{
	const struct alert_report *report = raising->report;
	struct db_alert row = { .times_raised = 1,
				.created_time = raising->now,
				.updated_time = raising->now };
	guid_generate(row.id);
	guid_generate(row.fault_id);
	enum status status = replace_text(&row.location, raising->book->location, err);
	if (status == STATUS_OK)
		status = replace_text(&row.fault, raising->rule->name, err);
	if (status == STATUS_OK)
		status = replace_text(&row.topic, raising->rule->topic, err);
	if (status == STATUS_OK)
		status = replace_text(&row.occurrence, report->occurrence, err);
	if (status == STATUS_OK)
		status = replace_text(&row.evidence, raising->evidence, err);
	if (status == STATUS_OK)
		status = db_alert_add(state, &row, err);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_WARNING, "alert %s (%s) raised: %s", row.id, row.fault,
			    raising->book->entries[report->fault].title);
	db_alert_done(&row);
	return status;
}

/* Something new happened, or a condition goes on for another day: that counts. Other evidence alone
 * is only noted. */
static enum status refresh(struct db *state, const struct raising *raising, struct db_alert *row,
			   struct error *err)
{
	bool is_again = raising->report->occurrence != NULL ||
			raising->now >= row->updated_time + REPEAT_MS;
	if (!is_again && strcmp(row->evidence, raising->evidence) == 0)
		return STATUS_OK;
	enum status status = replace_text(&row->evidence, raising->evidence, err);
	if (status == STATUS_OK)
		status = replace_text(&row->occurrence, raising->report->occurrence, err);
	if (status != STATUS_OK)
		return status;
	if (is_again) {
		row->times_raised++;
		row->updated_time = raising->now;
	}
	return db_alert_update(state, row, err);
}

static bool is_quiet(const struct raising *raising, const struct db_alert *newest)
{
	return !newest->is_settled && raising->report->occurrence == NULL &&
	       strcmp(newest->fault, raising->rule->name) == 0 &&
	       raising->now < newest->closed_time + REPEAT_MS;
}

static enum status raise_after(struct db *state, const struct raising *raising,
			       struct db_alert *newest, struct error *err)
{
	bool is_same = strcmp(newest->fault, raising->rule->name) == 0;
	if (newest->closed_time != 0)
		return is_quiet(raising, newest) ? STATUS_OK : open_alert(state, raising, err);
	if (is_same && !raising->rule->is_each_occurrence)
		return refresh(state, raising, newest, err);
	enum status status = close_row(raising->book, state, newest, NULL,
				       is_same ? "it happened again, which is told in a new alert"
					       : "another fault has taken its place",
				       err);
	return status == STATUS_OK ? open_alert(state, raising, err) : status;
}

static enum status raise_body(struct db *state, void *context, struct error *err)
{
	const struct raising *raising = context;
	const struct alert_rule *rule = raising->rule;
	const char *occurrence = raising->report->occurrence;
	bool is_known = false;
	struct db_alert newest = { .id = "" };
	enum status status = STATUS_OK;
	if (occurrence != NULL)
		status = db_alert_is_known(state, raising->book->location, rule->topic, occurrence,
					   &is_known, err);
	if (status != STATUS_OK || is_known)
		return status;
	status = db_alert_newest(state, raising->book->location, rule->topic, &newest, err);
	if (status == STATUS_NOT_FOUND)
		return open_alert(state, raising, err);
	if (status == STATUS_OK)
		status = raise_after(state, raising, &newest, err);
	db_alert_done(&newest);
	return status;
}

enum status alert_raise(const struct alert_book *book, struct db *state,
			const struct alert_report *report, struct error *err)
{
	struct buffer evidence = { 0 };
	enum status status = write_evidence(book, report, &evidence, err);
	if (status == STATUS_OK) {
		struct raising raising = {
			.book = book,
			.report = report,
			.rule = &alert_rules[report->fault],
			.evidence = (const char *)evidence.data,
			.now = clock_now(book->clock),
		};
		status = db_transaction(state, raise_body, &raising, err);
	}
	buffer_done(&evidence);
	return status;
}

struct clearing {
	const struct alert_book *book;
	const struct alert_rule *rule;
	const char *reason;
};

static enum status clear_body(struct db *state, void *context, struct error *err)
{
	const struct clearing *clearing = context;
	struct db_alert newest = { .id = "" };
	enum status status = db_alert_newest(state, clearing->book->location, clearing->rule->topic,
					     &newest, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK && newest.closed_time == 0)
		status = close_row(clearing->book, state, &newest, NULL, clearing->reason, err);
	if (status == STATUS_OK && !newest.is_settled) {
		newest.is_settled = true;
		status = db_alert_update(state, &newest, err);
	}
	db_alert_done(&newest);
	return status;
}

enum status alert_clear(const struct alert_book *book, struct db *state, enum alert_fault fault,
			const char *reason, struct error *err)
{
	struct clearing clearing = { book, &alert_rules[fault], reason };
	return db_transaction(state, clear_body, &clearing, err);
}

struct closing {
	const struct alert_book *book;
	const char *id, *caller;
};

static enum status close_body(struct db *state, void *context, struct error *err)
{
	const struct closing *closing = context;
	struct db_alert row = { .id = "" };
	enum status status = alert_get(closing->book, state, closing->id, &row, err);
	if (status == STATUS_OK && row.closed_time == 0)
		status = close_row(closing->book, state, &row, closing->caller, "by an operator",
				   err);
	db_alert_done(&row);
	return status;
}

enum status alert_close(const struct alert_book *book, struct db *state, const char *id,
			const char *caller, struct error *err)
{
	struct closing closing = { book, id, caller };
	return db_transaction(state, close_body, &closing, err);
}
