/* SPDX-License-Identifier: Apache-2.0 */
/* SET_INFO and QUERY_INFO (2.2.37 to 2.2.40): rename, delete, free space. */
#include <string.h>

#include "share_smb_private.h"

#define SET_FIXED 32
#define INFO_FILE 1
#define INFO_FILE_SYSTEM 2
#define FILE_RENAME_INFORMATION 10
#define FILE_DISPOSITION_INFORMATION 13
#define FILE_FS_FULL_SIZE_INFORMATION 7
#define FULL_SIZE 32

/* @length bytes of information are at body + SET_FIXED already. */
static enum status set(struct smb_connection *connection, const unsigned char id[SMB_FILE_ID_SIZE],
		       unsigned class, size_t length, struct error *err)
{
	const struct smb_request request = { .command = SMB_SET_INFO, .body = SET_FIXED + length };
	unsigned char *body = smb_body(connection, SET_FIXED, 33);
	struct smb_reply reply;

	body[2] = INFO_FILE;
	body[3] = (unsigned char)class;
	store_u32(body + 4, (uint32_t)length);
	store_u16(body + 8, SMB_HEADER_SIZE + SET_FIXED);
	memcpy(body + 16, id, SMB_FILE_ID_SIZE);
	enum status status = smb_call_ok(connection, &request, &reply, err);
	if (status != STATUS_OK)
		return status;
	return smb_body_check(&reply.message, 2, 2, err);
}

/* MS-FSCC 2.4.43 for SMB2, ReplaceIfExists 0. */
enum status smb_rename_new(struct smb_connection *connection,
			   const unsigned char id[SMB_FILE_ID_SIZE], const char *to,
			   struct error *err)
{
	unsigned char *information = smb_body(connection, SET_FIXED + 24, 33) + SET_FIXED;
	size_t length = 0;
	enum status status = smb_path(connection, to, information + 20, &length, err);

	if (status != STATUS_OK)
		return status;
	store_u32(information + 16, (uint32_t)length);
	return set(connection, id, FILE_RENAME_INFORMATION, length < 4 ? 24 : 20 + length, err);
}

/* MS-FSCC 2.4.11: it goes when the handle is closed. */
enum status smb_mark_deleted(struct smb_connection *connection,
			     const unsigned char id[SMB_FILE_ID_SIZE], struct error *err)
{
	smb_body(connection, SET_FIXED + 1, 33)[SET_FIXED] = 1;
	return set(connection, id, FILE_DISPOSITION_INFORMATION, 1, err);
}

enum status smb_free_space(struct smb_connection *connection,
			   const unsigned char id[SMB_FILE_ID_SIZE], struct share_space *out,
			   struct error *err)
{
	const struct smb_request request = { .command = SMB_QUERY_INFO, .body = 41 };
	unsigned char *body = smb_body(connection, 41, 41);
	struct smb_reply reply;

	body[2] = INFO_FILE_SYSTEM;
	body[3] = FILE_FS_FULL_SIZE_INFORMATION;
	store_u32(body + 4, FULL_SIZE);
	memcpy(body + 24, id, SMB_FILE_ID_SIZE);
	enum status status = smb_call_ok(connection, &request, &reply, err);
	if (status != STATUS_OK)
		return status;
	return smb_space_parse(&reply.message, out, err);
}
