/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and their replies: message ids, credits (3.2.4.1.5), what is in flight. */
#include <string.h>
#include <unistd.h>

#include "share_smb_private.h"

#define TRANSPORT_HEAD 4
#define HEAD (TRANSPORT_HEAD + SMB_TRANSFORM_SIZE)

unsigned char *smb_body(struct smb_connection *connection, size_t length, unsigned structure_size)
{
	unsigned char *body = connection->transmit + HEAD + SMB_HEADER_SIZE;

	memset(body, 0, length);
	store_u16(body, structure_size);
	return body;
}

unsigned smb_charge(size_t length)
{
	return length == 0 ? 1 : (unsigned)((length + 65535) / 65536);
}

static struct smb_slot *free_slot(struct smb_connection *connection)
{
	for (size_t i = 0; i < SMB_SLOTS; i++)
		if (!connection->slots[i].used)
			return &connection->slots[i];
	return NULL;
}

bool smb_has_in_flight(const struct smb_connection *connection)
{
	for (size_t i = 0; i < SMB_SLOTS; i++)
		if (connection->slots[i].used)
			return true;
	return false;
}

enum status smb_room(struct smb_connection *connection, unsigned charge, struct error *err)
{
	while (free_slot(connection) == NULL || connection->credits < charge) {
		struct smb_reply reply;

		if (!smb_has_in_flight(connection))
			return smb_refuse(err, "it grants too few credits");
		enum status status = smb_receive(connection, &reply, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Puts the frame together and protects it; @length: of the message, @wire: from the first byte on
 * the wire, which is *@start. */
static enum status protect(struct smb_connection *connection, const struct smb_request *request,
			   unsigned char **start, size_t *wire, struct error *err)
{
	struct smb_security *security = &connection->security;
	unsigned char *message = connection->transmit + HEAD;
	size_t head = SMB_HEADER_SIZE + request->body;
	size_t length = head + request->payload_length;
	enum status status = STATUS_OK;

	if (security->protection == SMB_SEALED) {
		*start = connection->transmit;
		*wire = SMB_TRANSFORM_SIZE + length;
		status = smb_seal(security, connection->transmit + TRANSPORT_HEAD,
				  connection->session, head, request->payload,
				  request->payload_length, err);
	} else {
		*start = message - TRANSPORT_HEAD;
		*wire = length;
		if (request->payload_length > 0)
			memcpy(message + head, request->payload, request->payload_length);
		if (security->protection == SMB_SIGNED)
			status = smb_sign(security, message, length, err);
		else if (request->command == SMB_NEGOTIATE || request->command == SMB_SESSION_SETUP)
			status = smb_preauth_add(connection->preauth, message, length, err);
	}
	(*start)[0] = 0;
	(*start)[1] = (unsigned char)(*wire >> 16);
	(*start)[2] = (unsigned char)(*wire >> 8);
	(*start)[3] = (unsigned char)*wire;
	*wire += TRANSPORT_HEAD;
	return status;
}

/* As many as are spent, and what is missing to the level that is kept: a server that grants
 * whatever it is asked for must not be asked for ever more (3.2.4.1.2). */
static uint16_t wanted(const struct smb_connection *connection, unsigned charge)
{
	uint32_t left = connection->credits - charge;

	return (uint16_t)(charge + (left < SMB_CREDITS_KEPT ? SMB_CREDITS_KEPT - left : 0));
}

enum status smb_send(struct smb_connection *connection, const struct smb_request *request,
		     struct error *err)
{
	size_t counted = request->payload_length > request->reply_length ? request->payload_length
									 : request->reply_length;
	unsigned charge = smb_charge(counted);
	enum status status = smb_room(connection, charge, err);
	if (status != STATUS_OK)
		return status;

	const struct smb_header header = {
		.command = (uint16_t)request->command,
		.credits = wanted(connection, charge),
		.message = connection->next_message,
		.tree = smb_command_has_tree(request->command) ? connection->tree : 0,
		.session = connection->session,
	};
	unsigned char *start = NULL;
	size_t wire = 0;
	smb_header_write(connection->transmit + HEAD, &header, charge);
	status = protect(connection, request, &start, &wire, err);
	if (status != STATUS_OK)
		return status;

	*free_slot(connection) = (struct smb_slot) {
		.used = true,
		.command = header.command,
		.message = header.message,
		.offset = request->offset,
		.length = (uint32_t)counted,
		.file = request->file,
	};
	connection->next_message += charge;
	connection->credits -= charge;
	return smb_transport_send(connection, start, wire, err);
}

enum status smb_receive(struct smb_connection *connection, struct smb_reply *reply,
			struct error *err)
{
	bool found = false;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !found)
		status = smb_receive_one(connection, reply, &found, err);
	if (status == STATUS_OK && reply->slot.file != NULL)
		status = reply->slot.command == SMB_WRITE ? smb_file_written(reply, err)
							  : smb_ahead_take(reply, err);
	return status;
}

static enum status call_once(struct smb_connection *connection, const struct smb_request *request,
			     struct smb_reply *reply, struct error *err)
{
	uint64_t message = connection->next_message;
	enum status status = smb_send(connection, request, err);

	if (status != STATUS_OK)
		return status;
	do
		status = smb_receive(connection, reply, err);
	while (status == STATUS_OK && reply->slot.message != message);
	return status;
}

/* An expired session refuses a request before it does anything. */
enum status smb_call(struct smb_connection *connection, const struct smb_request *request,
		     struct smb_reply *reply, struct error *err)
{
	unsigned char *body = connection->transmit + HEAD + SMB_HEADER_SIZE;
	bool repeatable =
		smb_command_has_tree(request->command) && request->body <= sizeof(connection->body);

	/* Sending encrypts it in place. */
	if (repeatable)
		memcpy(connection->body, body, request->body);
	enum status status = call_once(connection, request, reply, err);
	if (status != STATUS_OK || reply->status != NT_NETWORK_SESSION_EXPIRED || !repeatable)
		return status;
	status = smb_session_renew(connection, err);
	if (status != STATUS_OK)
		return status;
	memcpy(body, connection->body, request->body);
	return call_once(connection, request, reply, err);
}

enum status smb_call_ok(struct smb_connection *connection, const struct smb_request *request,
			struct smb_reply *reply, struct error *err)
{
	enum status status = smb_call(connection, request, reply, err);

	if (status == STATUS_OK && reply->status != NT_SUCCESS)
		status = smb_status_fail(err, connection->access, reply->status);
	return status;
}

void smb_drop(struct smb_connection *connection)
{
	if (connection->descriptor >= 0)
		(void)close(connection->descriptor);
	connection->descriptor = -1;
	memset(connection->slots, 0, sizeof(connection->slots));
	smb_security_clear(&connection->security);
	connection->session = 0;
	connection->tree = 0;
	connection->credits = 0;
	connection->next_message = 0;
	connection->generation++;
}
