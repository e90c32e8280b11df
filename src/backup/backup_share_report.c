/* SPDX-License-Identifier: Apache-2.0 */
/* A conformance report as JSON: the one shape for the command line, REST and the database. */
#include "infrabackup/backup/connection.h"

static json_t *text_or_nothing(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : json_foreign_text(text);
}

json_t *backup_share_check_json(const struct share_check *check)
{
	bool is_bad = check->status != STATUS_OK;
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:s*, s:s*, s:o*}", "id", check->id, "title",
			 check->title, "result", share_check_result_name(check->result),
			 "milliseconds", (json_int_t)check->milliseconds, "found",
			 json_foreign_text(check->found), "remedy", check->remedy, "status",
			 is_bad ? status_name(check->status) : NULL, "cause",
			 text_or_nothing(check->cause));
}

static json_t *transport_json(const struct share_transport *transport)
{
	return json_pack(
		"{s:o, s:o*, s:o*, s:o*, s:b}", "protocol", json_foreign_text(transport->protocol),
		"cipher", text_or_nothing(transport->cipher), "signing",
		text_or_nothing(transport->signing), "authentication",
		text_or_nothing(transport->authentication), "isEncrypted", transport->is_encrypted);
}

/* One word for all of it. */
static const char *verdict(const struct share_conformance *report)
{
	if (report->results[SHARE_CHECK_FAILED] > 0)
		return "failed";
	if (report->results[SHARE_CHECK_NOT_RUN] > 0)
		return "incomplete";
	return report->results[SHARE_CHECK_WARNING] > 0 ? "warning" : "passed";
}

json_t *backup_share_report_json(const char *share, int64_t time,
				 const struct share_conformance *report)
{
	char began[CLOCK_TEXT_SIZE];
	AUTO_JSON checks = json_array();
	for (size_t i = 0; i < report->count; i++)
		if (json_array_append_new(checks, backup_share_check_json(&report->checks[i])) != 0)
			return NULL;
	return json_pack("{s:o, s:s, s:s, s:I, s:o*, s:O}", "share", json_foreign_text(share),
			 "testedTime", clock_text(time, began), "result", verdict(report),
			 "milliseconds", (json_int_t)report->milliseconds, "transport",
			 report->transport.protocol[0] ? transport_json(&report->transport) : NULL,
			 "checks", checks);
}
