/* SPDX-License-Identifier: Apache-2.0 */
/* Prints api/errors.md from the error table: `make errors-page` keeps what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/api.h"

#define ROWS_MAX 128

static int compare(const void *one, const void *other)
{
	const struct api_error_description *a = one, *b = other;

	if (a->http_status != b->http_status)
		return a->http_status < b->http_status ? -1 : 1;
	return strcmp(a->code, b->code);
}

/* The rows in order; how many. */
static size_t collect(struct api_error_description rows[ROWS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; count < ROWS_MAX && api_error_describe(i, &rows[count]); i++)
		if (rows[count].code != NULL)
			count++;
	qsort(rows, count, sizeof(rows[0]), compare);
	return count;
}

int main(void)
{
	struct api_error_description rows[ROWS_MAX];
	size_t count = collect(rows);

	if (count == ROWS_MAX) {
		(void)fprintf(stderr, "errors_page: the table has grown over %d rows\n", ROWS_MAX);
		return 1;
	}
	(void)printf(
		"# Errors\n\n"
		"Every answer that is not a success has this body; `target` names what is wrong "
		"where one thing is:\n\n"
		"```\n{\"error\":{\"code\":\"BadRequest\",\"message\":\"...\",\"target\":\"...\"}}"
		"\n"
		"```\n\n"
		"The result of an operation that failed is HTTP 500 with the same body and\n"
		"`\"properties\":{\"provisioningState\":\"Failed\"}`, whatever the reason was.\n\n"
		"This page is made from the service's own table by `make errors-page`.\n\n"
		"| status | code | meaning |\n|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare(&rows[i - 1], &rows[i]) == 0)
			continue;
		if (rows[i].meaning == NULL) {
			(void)fprintf(stderr,
				      "errors_page: write in src/api/api_error_meanings.c what %s "
				      "means\n",
				      rows[i].code);
			return 1;
		}
		(void)printf("| %u | `%s` | %s |\n", rows[i].http_status, rows[i].code,
			     rows[i].meaning);
	}
	return 0;
}
