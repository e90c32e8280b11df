/* SPDX-License-Identifier: Apache-2.0 */
/* TREE_CONNECT: 2.2.9, 3.2.5.5. */
#include <stdio.h>

#include "share_smb_private.h"

#define SHAREFLAG_ENCRYPT_DATA 0x8000u
#define BODY_FIXED 8

static enum status connect_tree(struct smb_connection *connection, struct smb_reply *reply,
				struct error *err)
{
	char name[sizeof(connection->address->server) + sizeof(connection->address->share) + 4];
	unsigned char *body = smb_body(connection, BODY_FIXED, 9);
	size_t length = 0;

	(void)snprintf(name, sizeof(name), "\\\\%s\\%s", connection->address->server,
		       connection->address->share);
	if (!smb_utf16(name, body + BODY_FIXED, 2 * sizeof(name), &length))
		return fail(err, STATUS_SHARE_PATH, "connect to share", NULL,
			    "the share's name is not UTF-8");
	store_u16(body + 4, SMB_HEADER_SIZE + BODY_FIXED);
	store_u16(body + 6, length);
	const struct smb_request request = { .command = SMB_TREE_CONNECT,
					     .body = BODY_FIXED + length };
	return smb_call(connection, &request, reply, err);
}

enum status smb_tree_connect(struct smb_connection *connection, struct error *err)
{
	struct smb_reply reply;
	uint32_t flags = 0;
	enum status status = connect_tree(connection, &reply, err);

	if (status == STATUS_OK && reply.status != NT_SUCCESS)
		status = smb_status_fail(err, SMB_ACCESS_ROOT, reply.status);
	if (status == STATUS_OK)
		status = smb_tree_parse(&reply.message, &flags, err);
	if (status != STATUS_OK)
		return status;
	if ((flags & SHAREFLAG_ENCRYPT_DATA) != 0 && connection->security.protection != SMB_SEALED)
		return smb_refuse(err, "the share requires encryption, the session has none");
	connection->tree = load_u32(reply.message.data + 36);
	if (connection->tree == 0)
		return smb_refuse(err, "its share id is 0");
	return STATUS_OK;
}
