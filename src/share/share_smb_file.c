/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, flushing and closing: 2.2.13 to 2.2.18. */
#include <errno.h>
#include <string.h>

#include "share_smb_private.h"

#define CREATE_FIXED 56
#define IMPERSONATION 2
#define ATTRIBUTE_NORMAL 0x80u

/* No oplock, no lease, no create contexts (2.2.13). */
static enum status request_create(struct smb_connection *connection, const char *name,
				  const struct smb_open *how, struct smb_reply *reply,
				  struct error *err)
{
	unsigned char *body = smb_body(connection, CREATE_FIXED + 2, 57);
	size_t length = 0;
	enum status status = smb_path(connection, name, body + CREATE_FIXED, &length, err);

	if (status != STATUS_OK)
		return status;
	store_u32(body + 4, IMPERSONATION);
	store_u32(body + 24, how->access);
	store_u32(body + 28, ATTRIBUTE_NORMAL);
	store_u32(body + 32, how->sharing);
	store_u32(body + 36, how->disposition);
	store_u32(body + 40, how->options);
	store_u16(body + 44, SMB_HEADER_SIZE + CREATE_FIXED);
	store_u16(body + 46, length);
	const struct smb_request request = { .command = SMB_CREATE,
					     .body = CREATE_FIXED + (length == 0 ? 1 : length) };
	return smb_call_ok(connection, &request, reply, err);
}

enum status smb_file_create(struct smb_connection *connection, const char *name,
			    const struct smb_open *how, unsigned char id[SMB_FILE_ID_SIZE],
			    uint64_t *size, struct error *err)
{
	struct smb_reply reply;
	uint32_t attributes = 0;
	enum status status = request_create(connection, name, how, &reply, err);

	if (status != STATUS_OK)
		return status;
	return smb_create_parse(&reply.message, id, size, &attributes, err);
}

/* FLUSH and CLOSE are alike: 24 bytes with the id at 8. */
static enum status request_by_id(struct smb_connection *connection, enum smb_command command,
				 const unsigned char id[SMB_FILE_ID_SIZE], unsigned reply_size,
				 struct error *err)
{
	const struct smb_request request = { .command = command, .body = 24 };
	unsigned char *body = smb_body(connection, 24, 24);
	struct smb_reply reply;

	memcpy(body + 8, id, SMB_FILE_ID_SIZE);
	enum status status = smb_call_ok(connection, &request, &reply, err);
	if (status != STATUS_OK)
		return status;
	return smb_body_check(&reply.message, reply_size, reply_size, err);
}

enum status smb_file_close_id(struct smb_connection *connection,
			      const unsigned char id[SMB_FILE_ID_SIZE], struct error *err)
{
	return request_by_id(connection, SMB_CLOSE, id, 60, err);
}

enum status smb_file_check(const struct smb_file *file, struct error *err)
{
	if (file->connection->lost || file->connection->denied.status != STATUS_OK)
		return smb_connect(file->connection, err);
	if (file->generation == file->connection->generation && file->connection->descriptor >= 0)
		return STATUS_OK;
	errno = ENOTCONN;
	return fail_errno(err, STATUS_SHARE_CONNECTION, "use file", NULL);
}

enum status smb_file_drain(struct smb_file *file, struct error *err)
{
	while (file->in_flight > 0) {
		struct smb_reply reply;
		enum status status = smb_receive(file->connection, &reply, err);

		if (status != STATUS_OK)
			return status;
	}
	if (file->failure != NT_SUCCESS)
		return smb_status_fail(err, SMB_ACCESS_FILE, file->failure);
	if (file->short_write)
		return fail(err, STATUS_SHARE_UPLOAD, "write file", NULL,
			    "the server took less than it was given");
	return STATUS_OK;
}

enum status smb_file_flush(struct smb_file *file, struct error *err)
{
	enum status status = smb_file_drain(file, err);

	if (status != STATUS_OK)
		return status;
	return request_by_id(file->connection, SMB_FLUSH, file->id, 4, err);
}
