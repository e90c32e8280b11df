/* SPDX-License-Identifier: Apache-2.0 */
/* What was found and what was recovered, for programs. */
#include "infrabackup/recover.h"

static const char *const scope_names[] = {
	[RECOVER_SCOPE_REPOSITORY] = "repository",
	[RECOVER_SCOPE_BACKUP] = "backup",
	[RECOVER_SCOPE_CHAIN] = "chain",
};

json_t *recover_findings_json(const struct recover_findings *findings)
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

static json_t *role_json(const struct recover_role_result *role)
{
	char text[1200];
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s*}", "role", role->role, "status",
			 status_name(role->status), "entries", (json_int_t)role->entries, "files",
			 (json_int_t)role->files, "bytes", (json_int_t)role->bytes, "problems",
			 (json_int_t)role->problems, "refused", (json_int_t)role->refused, "error",
			 role->status == STATUS_OK ? NULL
						   : error_text(&role->error, text, sizeof text));
}

json_t *recover_result_json(const struct recover_result *result)
{
	uint64_t files = 0, bytes = 0;
	AUTO_JSON roles = json_array();
	for (size_t i = 0; roles != NULL && i < result->role_count; i++) {
		files += result->roles[i].files;
		bytes += result->roles[i].bytes;
		if (json_array_append_new(roles, role_json(&result->roles[i])) != 0)
			return NULL;
	}
	return json_pack("{s:I, s:I, s:O?, s:o}", "files", (json_int_t)files, "bytes",
			 (json_int_t)bytes, "roles", roles, "findings",
			 recover_findings_json(&result->findings));
}
