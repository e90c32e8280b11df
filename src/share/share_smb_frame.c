/* SPDX-License-Identifier: Apache-2.0 */
/* Headers and bounds of SMB2 messages. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "share_smb_frame.h"

static const unsigned char protocol_plain[4] = { 0xFE, 'S', 'M', 'B' };
static const unsigned char protocol_sealed[4] = { 0xFD, 'S', 'M', 'B' };

enum status smb_refuse(struct error *err, const char *reason)
{
	(void)fail(err, STATUS_SHARE_CONNECTION, "read reply", NULL,
		   "the server's answer is not to be trusted: %s", reason);
	if (err != NULL) {
		err->cause = EPROTO;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "EPROTO");
	}
	return STATUS_SHARE_CONNECTION;
}

/* 2.2.1.2 */
void smb_header_write(unsigned char *out, const struct smb_header *header, unsigned charge)
{
	memset(out, 0, SMB_HEADER_SIZE);
	memcpy(out, protocol_plain, sizeof(protocol_plain));
	store_u16(out + 4, SMB_HEADER_SIZE);
	store_u16(out + 6, charge);
	store_u16(out + 12, header->command);
	store_u16(out + 14, header->credits);
	store_u32(out + 16, header->flags);
	store_u64(out + 24, header->message);
	store_u32(out + 36, header->tree);
	store_u64(out + 40, header->session);
}

/* 2.2.1, 3.2.5.1: what holds for every reply. */
enum status smb_header_parse(const struct smb_message *message, struct smb_header *out,
			     struct error *err)
{
	const unsigned char *data = message->data;

	if (message->length < SMB_HEADER_SIZE)
		return smb_refuse(err, "it is shorter than a header");
	if (memcmp(data, protocol_plain, sizeof(protocol_plain)) != 0)
		return smb_refuse(err, "it is not SMB 2 or 3");
	if (load_u16(data + 4) != SMB_HEADER_SIZE)
		return smb_refuse(err, "its header has a wrong size");
	out->status = load_u32(data + 8);
	out->command = (uint16_t)load_u16(data + 12);
	out->credits = (uint16_t)load_u16(data + 14);
	out->flags = load_u32(data + 16);
	out->message = load_u64(data + 24);
	out->asynchronous = (out->flags & SMB_FLAG_ASYNC) != 0 ? load_u64(data + 32) : 0;
	out->tree = (out->flags & SMB_FLAG_ASYNC) != 0 ? 0 : load_u32(data + 36);
	out->session = load_u64(data + 40);
	if ((out->flags & SMB_FLAG_REPLY) == 0)
		return smb_refuse(err, "it is a request");
	if (load_u32(data + 20) != 0)
		return smb_refuse(err, "it is compound, which was not asked for");
	return STATUS_OK;
}

const unsigned char *smb_span(const struct smb_message *message, size_t offset, size_t length)
{
	if (offset < SMB_HEADER_SIZE || offset > message->length ||
	    length > message->length - offset)
		return NULL;
	return message->data + offset;
}

enum status smb_body_check(const struct smb_message *message, unsigned structure_size,
			   size_t minimum, struct error *err)
{
	if (message->length < SMB_HEADER_SIZE + 2 || message->length - SMB_HEADER_SIZE < minimum)
		return smb_refuse(err, "its body is too short");
	if (load_u16(message->data + SMB_HEADER_SIZE) != structure_size)
		return smb_refuse(err, "its body has a wrong structure size");
	return STATUS_OK;
}

enum status smb_error_check(const struct smb_message *message, struct error *err)
{
	return smb_body_check(message, 9, 8, err);
}

enum status smb_transform_check(const unsigned char *data, size_t length, uint64_t session,
				struct error *err)
{
	if (length < sizeof(protocol_sealed) ||
	    memcmp(data, protocol_sealed, sizeof(protocol_sealed)) != 0)
		return smb_refuse(err, "it is in clear though the session is encrypted");
	if (length < SMB_TRANSFORM_SIZE + SMB_HEADER_SIZE)
		return smb_refuse(err, "the encrypted frame is too short");
	if (load_u32(data + 36) != length - SMB_TRANSFORM_SIZE)
		return smb_refuse(err, "the encrypted frame has a wrong size");
	if (load_u16(data + 42) != 1)
		return smb_refuse(err, "the encrypted frame has wrong flags");
	if (load_u64(data + 44) != session)
		return smb_refuse(err, "the encrypted frame is of another session");
	return STATUS_OK;
}
