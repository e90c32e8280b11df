/* SPDX-License-Identifier: Apache-2.0 */
/* Writing backup.json. */
#include "archive_record_table.h"

enum status archive_record_write(const struct archive_record *record, struct buffer *out,
				 struct error *err)
{
	struct buffer text = { .max = out->max };
	enum status status =
		member_file_write(&archive_record_table, record, ARCHIVE_RECORD_MAX, &text, err);

	/* After the members, so that texts have been found good before they are compared. */
	if (status == STATUS_OK)
		status = archive_record_check(record, err);
	if (status != STATUS_OK) {
		buffer_done(&text);
		return status;
	}
	buffer_done(out);
	*out = text;
	return STATUS_OK;
}
