/* SPDX-License-Identifier: Apache-2.0 */
/* Reading backup.json, and its memory. */
#include <stdlib.h>

#include "archive_record_table.h"

void archive_record_free(struct archive_record *record)
{
	if (record == NULL)
		return;
	for (size_t i = 0; i < record->role_count; i++) {
		free(record->roles[i].name);
		free(record->roles[i].provider);
		free(record->roles[i].error_message);
	}
	for (size_t i = 0; i < record->session_count; i++)
		free(record->sessions[i].wrapped_key);
	free(record->recipients);
	free(record->roles);
	free(record->sessions);
	free(record->packs);
	free(record);
}

enum status archive_record_parse(const void *data, size_t length, struct archive_record **out,
				 struct error *err)
{
	struct archive_record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		return fail_memory(err, "read backup.json");
	enum status status = member_file_read(&archive_record_table, ARCHIVE_RECORD_FILE, data,
					      length, ARCHIVE_RECORD_MAX, record, err);
	if (status == STATUS_OK)
		status = member_fault(archive_record_check(record, err), ARCHIVE_RECORD_FILE, err);
	if (status == STATUS_OK)
		*out = record;
	else
		archive_record_free(record);
	return status;
}
