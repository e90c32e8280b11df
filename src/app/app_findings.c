/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of a check, for people and for programs. */
#include <stdio.h>

#include "app_private.h"

static const char *const scope_names[] = {
	[RECOVER_SCOPE_REPOSITORY] = "repository",
	[RECOVER_SCOPE_BACKUP] = "backup",
	[RECOVER_SCOPE_CHAIN] = "chain",
};

void app_findings_print(FILE *stream, const struct recover_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		(void)fprintf(stream, "%s: %s%s\n", findings->items[i].path,
			      findings->items[i].is_fatal ? "" : "note: ", findings->items[i].text);
}

json_t *app_findings_json(const struct recover_findings *findings)
{
	AUTO_JSON list = json_array();
	for (size_t i = 0; list != NULL && i < findings->count; i++) {
		const struct recover_finding *finding = &findings->items[i];
		json_t *item = json_pack("{s:s, s:s, s:b, s:s, s:s*}", "path", finding->path,
					 "text", finding->text, "fatal", finding->is_fatal, "scope",
					 scope_names[finding->scope], "backupId",
					 finding->backup_id[0] ? finding->backup_id : NULL);
		if (json_array_append_new(list, item) != 0)
			return NULL;
	}
	return TAKE(list);
}
