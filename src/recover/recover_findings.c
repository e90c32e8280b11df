/* SPDX-License-Identifier: Apache-2.0 */
/* What is not as it must be, collected. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

static enum status append(struct recover_findings *findings, struct recover_finding *finding,
			  struct error *err)
{
	struct recover_finding *items = NULL;
	if (finding->path != NULL && finding->text != NULL)
		items = reallocarray(findings->items, findings->count + 1, sizeof *items);
	if (items == NULL) {
		free(finding->path);
		free(finding->text);
		return fail_memory(err, "note finding");
	}
	findings->items = items;
	items[findings->count++] = *finding;
	findings->fatal_count += finding->is_fatal ? 1 : 0;
	return STATUS_OK;
}

enum status recover_note(struct recover_findings *findings, enum recover_scope scope,
			 const char *backup_id, bool is_fatal, const char *path, struct error *err,
			 const char *format, ...)
{
	struct recover_finding finding;
	va_list arguments;
	memset(&finding, 0, sizeof finding);
	finding.scope = scope;
	finding.is_fatal = is_fatal;
	if (backup_id != NULL)
		(void)snprintf(finding.backup_id, sizeof finding.backup_id, "%s", backup_id);
	finding.path = strdup(path);
	va_start(arguments, format);
	if (vasprintf(&finding.text, format, arguments) < 0)
		finding.text = NULL;
	va_end(arguments);
	return append(findings, &finding, err);
}

enum status recover_note_all(struct recover_findings *findings, const struct recover_findings *from,
			     struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < from->count && status == STATUS_OK; i++) {
		struct recover_finding copy = from->items[i];
		copy.path = strdup(from->items[i].path);
		copy.text = strdup(from->items[i].text);
		status = append(findings, &copy, err);
	}
	return status;
}

bool recover_has_fatal(const struct recover_findings *findings, const char *path)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].is_fatal && strcmp(findings->items[i].path, path) == 0)
			return true;
	return false;
}

bool recover_is_refused(const struct recover_findings *findings, const char *backup_id)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct recover_finding *finding = &findings->items[i];
		if (!finding->is_fatal)
			continue;
		if (finding->scope == RECOVER_SCOPE_REPOSITORY)
			return true;
		if (finding->scope == RECOVER_SCOPE_BACKUP &&
		    strcmp(finding->backup_id, backup_id) == 0)
			return true;
	}
	return false;
}

bool recover_is_sound(const struct recover_source *source, const struct recover_backup *backup)
{
	return backup->is_committed && backup->record != NULL &&
	       !recover_is_refused(&source->findings, backup->backup_id);
}

void recover_findings_done(struct recover_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].path);
		free(findings->items[i].text);
	}
	free(findings->items);
	memset(findings, 0, sizeof *findings);
}
