/* SPDX-License-Identifier: Apache-2.0 */
/* COMMIT: the file that makes a backup exist. */
#include <stddef.h>

#include "archive_member.h"
#include "infrabackup/archive/backup_record.h"

#define PLACE(field) .offset = offsetof(struct archive_commit, field)

static const struct member members[] = {
	{ .name = "backupId", .kind = MEMBER_GUID, PLACE(backup_id) },
	{ .name = "sequence", .kind = MEMBER_UNSIGNED, .min = 1, PLACE(sequence) },
	{ .name = "backupSha256", .kind = MEMBER_DIGEST, PLACE(record_sha256) },
	{ .name = "signatureSha256", .kind = MEMBER_DIGEST, PLACE(signature_sha256) },
};
static const struct member_table table = { members, ARRAY_LENGTH(members) };

enum status archive_commit_write(const struct archive_commit *commit, struct buffer *out,
				 struct error *err)
{
	return member_file_write(&table, commit, ARCHIVE_SMALL_FILE_MAX, out, err);
}

enum status archive_commit_parse(const void *data, size_t length, struct archive_commit *out,
				 struct error *err)
{
	struct archive_commit commit = { 0 };
	enum status status = member_file_read(&table, ARCHIVE_COMMIT_FILE, data, length,
					      ARCHIVE_SMALL_FILE_MAX, &commit, err);

	if (status == STATUS_OK)
		*out = commit;
	return status;
}
