/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup share test */
#include <stdio.h>

#include "infrabackup/share/conformance.h"

#include "app_private.h"

#define DEFAULT_DEADLINE 15

static void print_check(const struct share_check *check, void *context)
{
	const bool *is_quiet = context;
	if (*is_quiet)
		return;
	(void)printf("%-14s  %-18s  %6lld  %s\n", share_check_result_name(check->result), check->id,
		     (long long)check->milliseconds, check->found);
	(void)fflush(stdout);
}

static void print_remedies(const struct share_conformance *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct share_check *check = &report->checks[i];
		if (check->remedy != NULL)
			(void)printf("\n%s: %s (%s)\n  found: %s\n  to do: %s\n",
				     share_check_result_name(check->result), check->id,
				     check->title, check->found, check->remedy);
	}
}

static void print_summary(const struct share_conformance *report)
{
	const char *separator = " ";
	(void)printf("\n%zu checks in %.1f s:", report->count, (double)report->milliseconds / 1000);
	for (int i = 0; i < SHARE_CHECK_RESULT_COUNT; i++) {
		if (report->results[i] == 0)
			continue;
		(void)printf("%s%zu %s", separator, report->results[i],
			     share_check_result_name((enum share_check_result)i));
		separator = ", ";
	}
	(void)printf("\n");
}

static json_t *check_json(const struct share_check *check)
{
	bool is_bad = check->status != STATUS_OK;
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s*, s:s*, s:s*}", "id", check->id, "title",
			 check->title, "result", share_check_result_name(check->result),
			 "milliseconds", (json_int_t)check->milliseconds, "found", check->found,
			 "remedy", check->remedy, "status",
			 is_bad ? status_name(check->status) : NULL, "cause",
			 check->cause[0] ? check->cause : NULL);
}

static json_t *transport_json(const struct share_transport *transport)
{
	return json_pack("{s:s, s:s*, s:s*, s:s*, s:b}", "protocol", transport->protocol, "cipher",
			 transport->cipher[0] ? transport->cipher : NULL, "signing",
			 transport->signing[0] ? transport->signing : NULL, "authentication",
			 transport->authentication[0] ? transport->authentication : NULL,
			 "isEncrypted", transport->is_encrypted);
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

static json_t *report_json(const char *share, const struct share_conformance *report)
{
	AUTO_JSON checks = json_array();
	for (size_t i = 0; checks != NULL && i < report->count; i++)
		(void)json_array_append_new(checks, check_json(&report->checks[i]));
	return json_pack("{s:s, s:s, s:I, s:o*, s:O}", "share", share, "result", verdict(report),
			 "milliseconds", (json_int_t)report->milliseconds, "transport",
			 report->transport.protocol[0] ? transport_json(&report->transport) : NULL,
			 "checks", checks);
}

static void show(struct app_call *call, const struct share_conformance *report)
{
	if (call->arguments.json) {
		call->json = report_json(call->arguments.share, report);
		return;
	}
	print_remedies(report);
	print_summary(report);
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
	struct share_conformance report;
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
		(void)printf("%-14s  %-18s  %6s  %s\n", "RESULT", "CHECK", "MS", "FOUND");
	status = share_conformance_run(&settings, &report, err);
	show(call, &report);
	app_share_done(&share);
	return status;
}
