/* SPDX-License-Identifier: Apache-2.0 */
/* Success replies of single commands. */
#include <string.h>

#include "share_smb_frame.h"

/* 2.2.6 */
enum status smb_session_parse(const struct smb_message *message, unsigned *flags,
			      const unsigned char **token, size_t *token_length, struct error *err)
{
	enum status status = smb_body_check(message, 9, 8, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	size_t length = load_u16(body + 6);
	const unsigned char *start = smb_span(message, load_u16(body + 4), length);
	if (length > 0 && start == NULL)
		return smb_refuse(err, "the login token is not inside it");
	*flags = load_u16(body + 2);
	*token = start;
	*token_length = length;
	return STATUS_OK;
}

/* 2.2.10 */
enum status smb_tree_parse(const struct smb_message *message, uint32_t *flags, struct error *err)
{
	enum status status = smb_body_check(message, 16, 16, err);
	if (status != STATUS_OK)
		return status;
	if (message->data[SMB_HEADER_SIZE + 2] != 1)
		return fail(err, STATUS_SHARE_PATH, "connect to share", NULL,
			    "this is not a file share");
	*flags = load_u32(message->data + SMB_HEADER_SIZE + 4);
	return STATUS_OK;
}

/* 2.2.14 */
enum status smb_create_parse(const struct smb_message *message, unsigned char *id, uint64_t *size,
			     uint32_t *attributes, struct error *err)
{
	enum status status = smb_body_check(message, 89, 88, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	uint64_t end = load_u64(body + 48);
	if (end > INT64_MAX)
		return smb_refuse(err, "the file's size is negative");
	*size = end;
	*attributes = load_u32(body + 56);
	memcpy(id, body + 64, 16);
	return STATUS_OK;
}

/* 2.2.22 */
enum status smb_write_parse(const struct smb_message *message, uint32_t *count, struct error *err)
{
	enum status status = smb_body_check(message, 17, 16, err);

	if (status == STATUS_OK)
		*count = load_u32(message->data + SMB_HEADER_SIZE + 4);
	return status;
}

/* 2.2.20 */
enum status smb_read_parse(const struct smb_message *message, uint32_t max,
			   const unsigned char **data, uint32_t *count, struct error *err)
{
	enum status status = smb_body_check(message, 17, 16, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	uint32_t length = load_u32(body + 4);
	const unsigned char *start = smb_span(message, body[2], length);
	if (length == 0 || length > max)
		return smb_refuse(err, "it has more data than was asked for, or none");
	if (start == NULL)
		return smb_refuse(err, "the data is not inside it");
	*data = start;
	*count = length;
	return STATUS_OK;
}

/* 2.2.38, MS-FSCC 2.5.4 FileFsFullSizeInformation */
enum status smb_space_parse(const struct smb_message *message, struct share_space *out,
			    struct error *err)
{
	enum status status = smb_body_check(message, 9, 8, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	const unsigned char *sizes = smb_span(message, load_u16(body + 2), 32);
	if (load_u32(body + 4) < 32 || sizes == NULL)
		return smb_refuse(err, "the sizes are not inside it");
	uint64_t unit = (uint64_t)load_u32(sizes + 24) * load_u32(sizes + 28);
	struct share_space space;
	if (__builtin_mul_overflow(load_u64(sizes), unit, &space.total) ||
	    __builtin_mul_overflow(load_u64(sizes + 8), unit, &space.free))
		return smb_refuse(err, "the free space is too large to be true");
	if (space.free > space.total)
		return smb_refuse(err, "more space is free than there is");
	*out = space;
	return STATUS_OK;
}
