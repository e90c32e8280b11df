/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ahead of a file that is read from front to back: requests stay in flight between calls,
 * so that neither side waits for the other. A part holds what the file had when it was asked for;
 * it is given out once. Whatever is not as expected is thrown away and read again directly, where
 * its failure is reported. */
#include <string.h>

#include "share_smb_private.h"

static struct smb_ahead_part *oldest(struct smb_ahead *ahead)
{
	return &ahead->parts[ahead->first];
}

static uint64_t end_of(const struct smb_ahead *ahead)
{
	uint64_t end = ahead->next;

	for (size_t i = 0; i < ahead->count; i++) {
		const struct smb_ahead_part *part =
			&ahead->parts[(ahead->first + i) % SMB_AHEAD_PARTS];

		end = part->offset + part->length;
	}
	return end;
}

/* The frame is kept and its buffer replaced, which spares a copy. */
static void keep(struct smb_connection *connection, struct smb_ahead_part *part,
		 const unsigned char *data)
{
	unsigned char *frame = connection->receive;

	connection->receive = part->frame;
	part->frame = frame;
	part->data = data;
}

enum status smb_ahead_take(const struct smb_reply *reply, struct error *err)
{
	struct smb_file *file = reply->slot.file;
	const unsigned char *data = NULL;

	file->in_flight--;
	for (size_t i = 0; i < SMB_AHEAD_PARTS; i++) {
		struct smb_ahead_part *part = &file->ahead.parts[i];

		if (!part->in_flight || part->message != reply->slot.message)
			continue;
		part->in_flight = false;
		if (reply->status != NT_SUCCESS)
			return STATUS_OK;
		enum status status =
			smb_read_parse(&reply->message, reply->slot.length, &data, &part->got, err);
		if (status == STATUS_OK)
			keep(file->connection, part, data);
		return status;
	}
	return smb_refuse(err, "it answers nothing that was asked");
}

/* Waits for all that is in flight and forgets it. */
static enum status forget(struct smb_file *file, struct error *err)
{
	while (file->in_flight > 0) {
		struct smb_reply reply;
		enum status status = smb_receive(file->connection, &reply, err);

		if (status != STATUS_OK)
			return status;
	}
	file->ahead.count = 0;
	return STATUS_OK;
}

/* More requests, as far as parts, credits and the file go. */
static enum status ask(struct smb_file *file, struct error *err)
{
	const struct smb_connection *connection = file->connection;
	struct smb_ahead *ahead = &file->ahead;
	uint64_t at = end_of(ahead);
	size_t size = connection->limits.read < SMB_PAYLOAD_MAX ? connection->limits.read
								: SMB_PAYLOAD_MAX;

	while (ahead->count < SMB_AHEAD_PARTS && at < file->size &&
	       connection->credits >= smb_charge(size)) {
		struct smb_ahead_part *part =
			&ahead->parts[(ahead->first + ahead->count) % SMB_AHEAD_PARTS];

		if (part->frame == NULL && (part->frame = malloc(SMB_FRAME_MAX)) == NULL)
			return fail_memory(err, "read file");
		if (size > file->size - at)
			size = (size_t)(file->size - at);
		part->offset = at;
		part->length = (uint32_t)size;
		part->got = 0;
		part->taken = 0;
		part->message = connection->next_message;
		part->in_flight = true;
		ahead->count++;
		file->in_flight++;
		enum status status = smb_read_send(file, at, size, file, err);
		if (status != STATUS_OK)
			return status;
		at += size;
	}
	return STATUS_OK;
}

/* What the oldest part has, after it has come; 0: it is not what was expected. */
static enum status give(struct smb_file *file, unsigned char *data, size_t length, size_t *given,
			struct error *err)
{
	struct smb_ahead_part *part = oldest(&file->ahead);

	*given = 0;
	while (part->in_flight) {
		struct smb_reply reply;
		enum status status = smb_receive(file->connection, &reply, err);

		if (status != STATUS_OK)
			return status;
	}
	if (part->got != part->length)
		return STATUS_OK;
	*given = length < part->length - part->taken ? length : part->length - part->taken;
	memcpy(data, part->data + part->taken, *given);
	part->taken += (uint32_t)*given;
	if (part->taken == part->length) {
		file->ahead.first = (file->ahead.first + 1) % SMB_AHEAD_PARTS;
		file->ahead.count--;
	}
	return STATUS_OK;
}

enum status smb_ahead_read(struct smb_file *file, uint64_t offset, unsigned char *data,
			   size_t length, size_t *got, struct error *err)
{
	struct smb_ahead *ahead = &file->ahead;
	bool goes_on = offset == ahead->next && offset > 0;
	enum status status = STATUS_OK;
	size_t given = 1;

	*got = 0;
	if (!goes_on)
		return forget(file, err);
	while (status == STATUS_OK && *got < length && given > 0) {
		status = ask(file, err);
		if (status != STATUS_OK || ahead->count == 0)
			break;
		status = give(file, data + *got, length - *got, &given, err);
		*got += given;
		ahead->next += given;
	}
	if (status == STATUS_OK)
		status = given == 0 ? forget(file, err) : ask(file, err);
	return status;
}

void smb_ahead_done(struct smb_ahead *ahead)
{
	for (size_t i = 0; i < SMB_AHEAD_PARTS; i++)
		free(ahead->parts[i].frame);
}
