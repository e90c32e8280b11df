/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked of every reply: 3.2.5.1 and its parts. */
#include <string.h>

#include "share_smb_private.h"

#define MESSAGE_UNASKED UINT64_MAX
#define CREDITS_MAX 8192u

/* 3.2.5.1.1: in a sealed session nothing comes in clear, in another nothing comes sealed. */
static enum status unwrap(struct smb_connection *connection, size_t length,
			  struct smb_message *message, struct error *err)
{
	unsigned char *frame = connection->receive;

	if (connection->security.protection != SMB_SEALED) {
		*message = (struct smb_message) { frame, length };
		return STATUS_OK;
	}
	enum status status = smb_transform_check(frame, length, connection->session, err);
	if (status == STATUS_OK)
		status = smb_unseal(&connection->security, frame, length, err);
	*message = (struct smb_message) { frame + SMB_TRANSFORM_SIZE, length - SMB_TRANSFORM_SIZE };
	return status;
}

static bool is_interim(const struct smb_header *header)
{
	return header->status == NT_PENDING && (header->flags & SMB_FLAG_ASYNC) != 0;
}

/* 3.2.5.1.2: answers something that was asked, once. */
static struct smb_slot *match(struct smb_connection *connection, const struct smb_header *header)
{
	for (size_t i = 0; i < SMB_SLOTS; i++) {
		struct smb_slot *slot = &connection->slots[i];

		if (slot->used && slot->message == header->message)
			return slot->command == header->command ? slot : NULL;
	}
	return NULL;
}

/* Interim replies need not be signed: of such a one is believed that it came, and its credits. */
static bool is_unsigned_interim(const struct smb_connection *connection,
				const struct smb_header *header)
{
	return connection->security.protection == SMB_SIGNED && is_interim(header) &&
	       (header->flags & SMB_FLAG_SIGNED) == 0;
}

/* 3.2.5.1.3 */
static enum status authenticate(struct smb_connection *connection,
				const struct smb_message *message, const struct smb_header *header,
				struct error *err)
{
	if (connection->security.protection == SMB_UNPROTECTED)
		return STATUS_OK;
	if (connection->security.protection == SMB_SIGNED &&
	    !is_unsigned_interim(connection, header)) {
		enum status status = smb_signature_verify(
			&connection->security, connection->receive, message->length, err);
		if (status != STATUS_OK)
			return status;
	}
	if (header->session != connection->session)
		return smb_refuse(err, "it is of another session");
	if ((header->flags & SMB_FLAG_ASYNC) == 0 && connection->tree != 0 &&
	    smb_command_has_tree(header->command) && header->tree != connection->tree)
		return smb_refuse(err, "it is of another share");
	return STATUS_OK;
}

/* 3.2.5.1.5: at most one interim reply, whose AsyncId the final one repeats. */
static enum status follow(struct smb_slot *slot, const struct smb_header *header, bool *interim,
			  struct error *err)
{
	*interim = header->status == NT_PENDING;
	if (*interim) {
		if (!is_interim(header))
			return smb_refuse(err, "it is pending, but not asynchronous");
		if (slot->pending)
			return smb_refuse(err, "it is pending twice");
		slot->pending = true;
		slot->asynchronous = header->asynchronous;
		return STATUS_OK;
	}
	if (slot->pending &&
	    ((header->flags & SMB_FLAG_ASYNC) == 0 || header->asynchronous != slot->asynchronous))
		return smb_refuse(err, "it does not end what is pending");
	return STATUS_OK;
}

/* 3.2.5.1.4. An interim reply brings the credits that the final one then does not: were they left
 * out because nothing signs them, a server that answers late would run out of what it may grant.
 * Whoever forges them gains what cutting the connection gives. */
static enum status take_credits(struct smb_connection *connection, const struct smb_header *header,
				struct error *err)
{
	connection->credits += header->credits;
	if (connection->credits > CREDITS_MAX)
		return smb_refuse(err, "it grants more credits than there can be");
	return STATUS_OK;
}

/* The negotiation is bound to the keys: every message but the last reply (3.2.5.3). */
static enum status add_preauth(struct smb_connection *connection, const struct smb_message *message,
			       const struct smb_header *header, struct error *err)
{
	bool part =
		header->command == SMB_NEGOTIATE || (header->command == SMB_SESSION_SETUP &&
						     header->status == NT_MORE_PROCESSING_REQUIRED);

	if (!part || connection->security.protection != SMB_UNPROTECTED)
		return STATUS_OK;
	return smb_preauth_add(connection->preauth, message->data, message->length, err);
}

/* An error reply has the body of one (2.2.2), except a login that goes on. */
static enum status check_failure(const struct smb_message *message, const struct smb_header *header,
				 struct error *err)
{
	if (header->status == NT_SUCCESS ||
	    (header->command == SMB_SESSION_SETUP && header->status == NT_MORE_PROCESSING_REQUIRED))
		return STATUS_OK;
	return smb_error_check(message, err);
}

static enum status check(struct smb_connection *connection, const struct smb_message *message,
			 const struct smb_header *header, struct smb_slot **slot, bool *interim,
			 struct error *err)
{
	*slot = match(connection, header);
	if (*slot == NULL)
		return smb_refuse(err, "it answers nothing that was asked");
	enum status status = authenticate(connection, message, header, err);
	if (status == STATUS_OK)
		status = follow(*slot, header, interim, err);
	if (status == STATUS_OK)
		status = take_credits(connection, header, err);
	if (status == STATUS_OK && !*interim)
		status = check_failure(message, header, err);
	if (status == STATUS_OK && !*interim)
		status = add_preauth(connection, message, header, err);
	return status;
}

enum status smb_receive_one(struct smb_connection *connection, struct smb_reply *reply, bool *found,
			    struct error *err)
{
	struct smb_message message;
	struct smb_header header;
	struct smb_slot *slot = NULL;
	bool interim = false;
	size_t length = 0;

	*found = false;
	enum status status = smb_transport_receive(connection, &length, err);
	if (status == STATUS_OK)
		status = unwrap(connection, length, &message, err);
	if (status == STATUS_OK)
		status = smb_header_parse(&message, &header, err);
	if (status != STATUS_OK)
		return status;
	/* No oplock or lease is ever asked for: a break means nothing (3.2.5.19). */
	if (header.message == MESSAGE_UNASKED && header.command == SMB_OPLOCK_BREAK)
		return STATUS_OK;
	status = check(connection, &message, &header, &slot, &interim, err);
	if (status != STATUS_OK || interim)
		return status;
	reply->message = message;
	reply->status = header.status;
	reply->slot = *slot;
	*slot = (struct smb_slot) { .used = false };
	*found = true;
	return STATUS_OK;
}
