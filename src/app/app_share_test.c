/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup share test */
#include "infrabackup/backup/connection.h"

#include "app_private.h"

#define DEFAULT_DEADLINE 15

static void print_check(const struct share_check *check, void *context)
{
	const bool *is_quiet = context;
	AUTO_JSON json = *is_quiet ? NULL : backup_share_check_json(check);
	if (json != NULL)
		app_share_report_check(json);
}

static enum status show(struct app_call *call, int64_t time, const struct share_conformance *result,
			struct error *err)
{
	AUTO_JSON report = backup_share_report_json(call->arguments.share, time, result);
	if (report == NULL)
		return fail_memory(err, "show the report");
	if (call->arguments.json)
		call->json = json_incref(report);
	else
		app_share_report_summary(report);
	return STATUS_OK;
}

enum status app_share_test(struct app_call *call, struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	const struct app_share_request request = {
		.share = arguments->share,
		.option = "--share",
		.deadline = DEFAULT_DEADLINE,
	};
	struct app_share share;
	struct share_conformance result;
	int64_t time = clock_now(&system_clock);
	enum status status = app_share_prepare(arguments, &request, &share, err);
	if (status != STATUS_OK)
		return status;
	const struct share_conformance_settings settings = {
		.shares = &share.drivers.registry,
		.share = &share.options,
		.limit = arguments->limit.is_given ? (long)arguments->limit.value * 1000
						   : SHARE_CONFORMANCE_LIMIT,
		.each = print_check,
		.context = &call->arguments.json,
	};
	if (!arguments->json)
		app_share_report_heading();
	status = share_conformance_run(&settings, &result, err);
	enum status shown = show(call, time, &result, status == STATUS_OK ? err : NULL);
	app_share_done(&share);
	return status == STATUS_OK ? shown : status;
}
