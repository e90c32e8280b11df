/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup verify-audit */
#include <inttypes.h>
#include <stdio.h>

#include "infrabackup/backup.h"

#include "app_private.h"

#define HEAD_TEXT_SIZE (24 + 2 * DB_AUDIT_HASH_SIZE)

static const char *head_text(const struct audit_head *head, char text[HEAD_TEXT_SIZE])
{
	char hash[2 * DB_AUDIT_HASH_SIZE + 1];
	hex_encode(head->hash, sizeof head->hash, false, hash);
	(void)snprintf(text, HEAD_TEXT_SIZE, "%" PRId64 ":%s", head->sequence, hash);
	return text;
}

static size_t shown(const struct audit_report *report)
{
	return report->finding_count < AUDIT_FINDINGS_MAX ? report->finding_count
							  : AUDIT_FINDINGS_MAX;
}

static json_t *report_json(const struct audit_report *report)
{
	char head[HEAD_TEXT_SIZE];
	json_t *findings = json_array();
	for (size_t i = 0; i < shown(report); i++)
		(void)json_array_append_new(
			findings, json_pack("{s:I, s:s}", "sequence",
					    (json_int_t)report->findings[i].sequence, "problem",
					    audit_problem_text(report->findings[i].problem)));
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:s, s:I, s:o}", "sound",
			 report->finding_count == 0, "rows", (json_int_t)report->rows, "begun",
			 (json_int_t)report->begun, "first", (json_int_t)report->first.sequence,
			 "pruned", (json_int_t)report->pruned, "head",
			 head_text(&report->head, head), "findingCount",
			 (json_int_t)report->finding_count, "findings", findings);
}

static void print_report(const struct audit_report *report)
{
	char head[HEAD_TEXT_SIZE];
	for (size_t i = 0; i < shown(report); i++)
		(void)printf("row %" PRId64 ": %s\n", report->findings[i].sequence,
			     audit_problem_text(report->findings[i].problem));
	(void)printf("rows   %" PRId64 ", from %" PRId64 "; %" PRId64 " begun without an outcome\n"
		     "head   %s\n"
		     "       (written down elsewhere it shows whether the log was put back)\n",
		     report->rows, report->first.sequence, report->begun,
		     head_text(&report->head, head));
	if (report->finding_count == 0)
		(void)printf("sound\n");
}

static enum status judge(const struct config *config, const struct audit_report *report,
			 struct error *err)
{
	if (report->finding_count == 0)
		return STATUS_OK;
	return fail(
		err, STATUS_INTEGRITY, "verify the audit log", config->state_directory,
		"it was altered by somebody without the service's key; the first row is %" PRId64
		": %s",
		report->findings[0].sequence, audit_problem_text(report->findings[0].problem));
}

static enum status verify(const struct app_call *call, const struct config *config,
			  struct audit_report *report, struct error *err)
{
	const char *text = call->arguments.head;
	struct audit_head head = { .sequence = 0 };
	struct audit_log *log = NULL;
	struct db *state = NULL;
	if (text != NULL && !audit_head_parse(text, &head))
		return fail_field(err, "--head",
				  "found '%.100s', allowed is a row's number, a colon and 64 "
				  "hexadecimal digits",
				  text);
	enum status status = app_state_open(config, &state, err);
	if (status == STATUS_OK)
		status = backup_audit_open(config, &system_clock, &log, err);
	if (status == STATUS_OK)
		status = audit_verify(log, state, text == NULL ? NULL : &head, report, err);
	audit_close(log);
	db_close(state);
	return status;
}

enum status app_verify_audit(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct audit_report report;
	enum status status = config_load(call->arguments.config, &config, err);
	if (status == STATUS_OK)
		status = verify(call, config, &report, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = report_json(&report);
	else if (status == STATUS_OK)
		print_report(&report);
	if (status == STATUS_OK)
		status = judge(config, &report, err);
	config_free(config);
	return status;
}
