/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of a check, for people. */
#include <stdio.h>

#include "app_private.h"

void app_findings_print(FILE *stream, const struct recover_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		(void)fprintf(stream, "%s: %s%s\n", findings->items[i].path,
			      findings->items[i].is_fatal ? "" : "note: ", findings->items[i].text);
}
