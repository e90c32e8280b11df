/* SPDX-License-Identifier: Apache-2.0 */
/* The mark of a deleted backup. */
#include <stddef.h>

#include "archive_record_table.h"

#define DELETION_FILE "deletion mark"
#define PLACE(field) .offset = offsetof(struct archive_deletion, field)
#define ROOM(field) .size = sizeof(((struct archive_deletion *)NULL)->field)

static const struct member members[] = {
	{ .name = "repositoryId", .kind = MEMBER_GUID, PLACE(repository_id) },
	{ .name = "backup", .kind = MEMBER_OBJECT, .elements = &archive_link_table, PLACE(backup) },
	{ .name = "deletedTime", .kind = MEMBER_TIME, PLACE(deleted_time) },
	{ .name = "reason", .kind = MEMBER_TEXT, PLACE(reason), ROOM(reason) },
	{ .name = "previous",
	  .kind = MEMBER_OBJECT,
	  .nullable = true,
	  .elements = &archive_link_table,
	  PLACE(previous),
	  .second = offsetof(struct archive_deletion, has_previous) },
};
static const struct member_table table = { members, ARRAY_LENGTH(members) };

/* Whoever follows marks must come to an end. */
static enum status check_order(const struct archive_deletion *deletion, struct error *err)
{
	if (!deletion->has_previous || deletion->previous.sequence < deletion->backup.sequence)
		return STATUS_OK;
	return fail_field(err, "$.previous.sequence", "found a predecessor that is not older");
}

enum status archive_deletion_write(const struct archive_deletion *deletion, struct buffer *out,
				   struct error *err)
{
	enum status status = check_order(deletion, err);

	if (status != STATUS_OK)
		return status;
	return member_file_write(&table, deletion, ARCHIVE_SMALL_FILE_MAX, out, err);
}

enum status archive_deletion_parse(const void *data, size_t length, struct archive_deletion *out,
				   struct error *err)
{
	struct archive_deletion deletion = { 0 };
	enum status status = member_file_read(&table, DELETION_FILE, data, length,
					      ARCHIVE_SMALL_FILE_MAX, &deletion, err);

	if (status == STATUS_OK)
		status = member_fault(check_order(&deletion, err), DELETION_FILE, err);
	if (status == STATUS_OK)
		*out = deletion;
	return status;
}
