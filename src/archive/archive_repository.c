/* SPDX-License-Identifier: Apache-2.0 */
/* repository.json: whose share this is. */
#include <stddef.h>

#include "archive_member.h"
#include "infrabackup/archive/backup_record.h"

#define PLACE(field) .offset = offsetof(struct archive_repository, field)
#define ROOM(field) .size = sizeof(((struct archive_repository *)NULL)->field)

static const struct member members[] = {
	{ .name = "repositoryId", .kind = MEMBER_GUID, PLACE(repository_id) },
	{ .name = "deploymentId", .kind = MEMBER_GUID, PLACE(deployment_id) },
	{ .name = "externalDomain",
	  .kind = MEMBER_TEXT,
	  PLACE(external_domain),
	  ROOM(external_domain) },
	{ .name = "region", .kind = MEMBER_TEXT, PLACE(region), ROOM(region) },
	{ .name = "createdTime", .kind = MEMBER_TIME, PLACE(created_time) },
	{ .name = "signerPublicKey",
	  .kind = MEMBER_FIXED_BYTES,
	  PLACE(signer_public_key),
	  ROOM(signer_public_key) },
};
static const struct member_table table = { members, ARRAY_LENGTH(members) };

enum status archive_repository_write(const struct archive_repository *repository,
				     struct buffer *out, struct error *err)
{
	return member_file_write(&table, repository, ARCHIVE_SMALL_FILE_MAX, out, err);
}

enum status archive_repository_parse(const void *data, size_t length,
				     struct archive_repository *out, struct error *err)
{
	struct archive_repository repository = { 0 };
	enum status status = member_file_read(&table, "repository.json", data, length,
					      ARCHIVE_SMALL_FILE_MAX, &repository, err);

	if (status == STATUS_OK)
		*out = repository;
	return status;
}
