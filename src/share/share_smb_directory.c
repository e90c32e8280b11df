/* SPDX-License-Identifier: Apache-2.0 */
/* Listing a folder: QUERY_DIRECTORY (2.2.33, 3.2.4.17). */
#include <string.h>

#include "share_smb_private.h"

#define QUERY_FIXED 32
#define FILE_DIRECTORY_INFORMATION 1
#define RESTART_SCANS 1
/* A server that never ends would otherwise hold a worker for ever. */
#define ENTRIES_MAX (16u << 20)

static enum status query(struct smb_connection *connection,
			 const unsigned char id[SMB_FILE_ID_SIZE], bool first,
			 struct smb_reply *reply, struct error *err)
{
	const struct smb_request request = { .command = SMB_QUERY_DIRECTORY,
					     .body = QUERY_FIXED + 2,
					     .reply_length = SMB_LIST_MAX };
	unsigned char *body = smb_body(connection, QUERY_FIXED + 2, 33);

	body[2] = FILE_DIRECTORY_INFORMATION;
	body[3] = first ? RESTART_SCANS : 0;
	memcpy(body + 8, id, SMB_FILE_ID_SIZE);
	store_u16(body + 24, SMB_HEADER_SIZE + QUERY_FIXED);
	store_u16(body + 26, 2);
	store_u32(body + 28, SMB_LIST_MAX);
	store_u16(body + 32, '*');
	return smb_call(connection, &request, reply, err);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static enum status deliver(const struct smb_directory_entry *found, share_each each, void *context,
			   struct error *err)
{
	char name[SHARE_NAME_SIZE];

	if (!smb_utf8(found->name, found->name_length, name, sizeof(name)))
		return fail(err, STATUS_SHARE_READ_WRITE, "list folder", NULL,
			    "the folder has a name that is not Unicode");
	if (is_dots(name))
		return STATUS_OK;
	if (strpbrk(name, "/\\") != NULL)
		return smb_refuse(err, "a folder entry's name leads elsewhere");
	/* What points somewhere else is nothing to descend into. */
	const struct share_entry entry = {
		.name = name,
		.is_directory = (found->attributes & SMB_ATTRIBUTE_DIRECTORY) != 0 &&
				(found->attributes & SMB_ATTRIBUTE_REPARSE_POINT) == 0,
		.size = (found->attributes & SMB_ATTRIBUTE_DIRECTORY) != 0 ? 0 : found->size,
		.modified = found->modified,
	};
	return each(&entry, context, err);
}

static enum status deliver_all(const struct smb_message *message, uint32_t *count, share_each each,
			       void *context, struct error *err)
{
	struct smb_message entries;
	enum status status = smb_entries_parse(message, SMB_LIST_MAX, &entries, err);
	bool more = true;

	while (status == STATUS_OK && more) {
		struct smb_directory_entry entry;

		status = smb_entries_next(&entries, &entry, &more, err);
		if (status == STATUS_OK && ++*count > ENTRIES_MAX)
			status = smb_refuse(err, "the folder has no end");
		if (status == STATUS_OK)
			status = deliver(&entry, each, context, err);
	}
	return status;
}

enum status smb_directory_list(struct smb_connection *connection,
			       const unsigned char id[SMB_FILE_ID_SIZE], share_each each,
			       void *context, struct error *err)
{
	uint32_t count = 0;

	for (bool first = true;; first = false) {
		struct smb_reply reply;
		enum status status = query(connection, id, first, &reply, err);

		if (status != STATUS_OK)
			return status;
		if (reply.status == NT_NO_MORE_FILES)
			return STATUS_OK;
		if (reply.status != NT_SUCCESS)
			return smb_status_fail(err, connection->access, reply.status);
		status = deliver_all(&reply.message, &count, each, context, err);
		if (status != STATUS_OK)
			return status;
	}
}
