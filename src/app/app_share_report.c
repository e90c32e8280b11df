/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a share's test, wherever it was run, for people. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/backup/connection.h"

#include "app_private.h"

static long long milliseconds_of(const json_t *object)
{
	return (long long)json_integer_value(json_object_get(object, "milliseconds"));
}

void app_share_report_heading(void)
{
	(void)printf("%-14s  %-18s  %6s  %s\n", "RESULT", "CHECK", "MS", "FOUND");
}

void app_share_report_check(const json_t *check)
{
	(void)printf("%-14s  %-18s  %6lld  %s\n", app_json_text(check, "result"),
		     app_json_text(check, "id"), milliseconds_of(check),
		     app_json_text(check, "found"));
	(void)fflush(stdout);
}

static void print_remedies(const json_t *checks)
{
	const json_t *check;
	size_t i;
	json_array_foreach(checks, i, check)
	{
		if (json_object_get(check, "remedy") != NULL)
			(void)printf("\n%s: %s (%s)\n  found: %s\n  to do: %s\n",
				     app_json_text(check, "result"), app_json_text(check, "id"),
				     app_json_text(check, "title"), app_json_text(check, "found"),
				     app_json_text(check, "remedy"));
	}
}

static size_t count_result(const json_t *checks, const char *result)
{
	const json_t *check;
	size_t i, count = 0;
	json_array_foreach(checks, i, check)
	{
		count += strcmp(app_json_text(check, "result"), result) == 0;
	}
	return count;
}

void app_share_report_summary(const json_t *report)
{
	const json_t *checks = json_object_get(report, "checks");
	const char *separator = " ";
	print_remedies(checks);
	(void)printf("\n%zu checks in %.1f s:", json_array_size(checks),
		     (double)milliseconds_of(report) / 1000);
	for (int i = 0; i < SHARE_CHECK_RESULT_COUNT; i++) {
		const char *result = share_check_result_name((enum share_check_result)i);
		size_t count = count_result(checks, result);
		if (count == 0)
			continue;
		(void)printf("%s%zu %s", separator, count, result);
		separator = ", ";
	}
	(void)printf("\n");
}
