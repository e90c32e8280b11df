/* SPDX-License-Identifier: Apache-2.0 */
/* WRITE and READ (2.2.19 to 2.2.22), several in flight. */
#include <string.h>

#include "share_smb_private.h"

#define WRITE_FIXED 48
#define READ_FIXED 49

static size_t least(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* What fits a request: the server's limit, ours, and the credits there are. */
static size_t part(const struct smb_connection *connection, size_t length, uint32_t limit)
{
	size_t payable = (size_t)connection->credits * 65536;
	size_t size = least(least(length, limit), SMB_PAYLOAD_MAX);

	return payable == 0 ? size : least(size, payable);
}

enum status smb_file_written(const struct smb_reply *reply, struct error *err)
{
	struct smb_file *file = reply->slot.file;
	uint32_t count = 0;

	file->in_flight--;
	if (reply->status != NT_SUCCESS) {
		if (file->failure == NT_SUCCESS)
			file->failure = reply->status;
		return STATUS_OK;
	}
	enum status status = smb_write_parse(&reply->message, &count, err);
	if (status == STATUS_OK && count != reply->slot.length)
		file->short_write = true;
	return status;
}

static enum status send_part(struct smb_file *file, const void *data, size_t length,
			     struct error *err)
{
	const struct smb_request request = {
		.command = SMB_WRITE,
		.body = WRITE_FIXED,
		.payload = data,
		.payload_length = length,
		.offset = file->position,
		.file = file,
	};
	unsigned char *body = smb_body(file->connection, WRITE_FIXED, 49);

	store_u16(body + 2, SMB_HEADER_SIZE + WRITE_FIXED);
	store_u32(body + 4, (uint32_t)length);
	store_u64(body + 8, file->position);
	memcpy(body + 16, file->id, SMB_FILE_ID_SIZE);
	file->in_flight++;
	file->position += length;
	return smb_send(file->connection, &request, err);
}

static bool has_failed(const struct smb_file *file)
{
	return file->failure != NT_SUCCESS || file->short_write;
}

/* Returns when all has been sent: replies are taken by later calls, at the latest by flush or
 * close. The data itself is no longer needed then. */
enum status smb_file_write(struct smb_file *file, const void *data, size_t length,
			   struct error *err)
{
	struct smb_connection *connection = file->connection;
	const unsigned char *at = data;

	while (length > 0 && !has_failed(file)) {
		enum status status;

		if (file->in_flight >= SMB_DEPTH ||
		    (file->in_flight > 0 &&
		     connection->credits < smb_charge(least(length, SMB_PAYLOAD_MAX)))) {
			struct smb_reply reply;

			status = smb_receive(connection, &reply, err);
		} else {
			size_t size = part(connection, length, connection->limits.write);

			status = send_part(file, at, size, err);
			at += size;
			length -= size;
		}
		if (status != STATUS_OK)
			return status;
	}
	return has_failed(file) ? smb_file_drain(file, err) : STATUS_OK;
}

enum status smb_read_send(struct smb_file *file, uint64_t offset, size_t size,
			  struct smb_file *owner, struct error *err)
{
	const struct smb_request request = {
		.command = SMB_READ,
		.body = READ_FIXED,
		.reply_length = size,
		.offset = offset,
		.file = owner,
	};
	unsigned char *body = smb_body(file->connection, READ_FIXED, 49);

	body[2] = SMB_HEADER_SIZE + 16;
	store_u32(body + 4, (uint32_t)size);
	store_u64(body + 8, offset);
	memcpy(body + 16, file->id, SMB_FILE_ID_SIZE);
	store_u32(body + 32, 1);
	return smb_send(file->connection, &request, err);
}

/* A read under way: what is asked for, what has come. */
struct read {
	struct smb_file *file;
	unsigned char *data;
	uint64_t offset;
	size_t length;
	size_t asked;
	size_t in_flight;
	uint32_t failure;
	size_t end; /* up to where everything has come: a short part ends it */
};

static enum status send_read(struct read *read, struct error *err)
{
	struct smb_connection *connection = read->file->connection;
	size_t size = part(connection, read->length - read->asked, connection->limits.read);
	uint64_t offset = read->offset + read->asked;

	read->asked += size;
	read->in_flight++;
	return smb_read_send(read->file, offset, size, NULL, err);
}

static enum status take_read(struct read *read, const struct smb_reply *reply, struct error *err)
{
	const unsigned char *data = NULL;
	size_t at = (size_t)(reply->slot.offset - read->offset);
	uint32_t count = 0;

	read->in_flight--;
	if (reply->status == NT_END_OF_FILE) {
		read->end = least(read->end, at);
		return STATUS_OK;
	}
	if (reply->status != NT_SUCCESS) {
		read->failure = reply->status;
		return STATUS_OK;
	}
	enum status status =
		smb_read_parse(&reply->message, reply->slot.length, &data, &count, err);
	if (status != STATUS_OK)
		return status;
	memcpy(read->data + at, data, count);
	if (count < reply->slot.length)
		read->end = least(read->end, at + count);
	return STATUS_OK;
}

static bool may_ask(const struct read *read)
{
	const struct smb_connection *connection = read->file->connection;
	size_t left = least(read->length - read->asked, SMB_PAYLOAD_MAX);

	return read->asked < read->length && read->failure == NT_SUCCESS &&
	       read->end == read->length && read->in_flight < SMB_DEPTH &&
	       (read->in_flight == 0 || connection->credits >= smb_charge(left));
}

/* One pass with several requests in flight; a part that comes short ends it there. */
static enum status read_pass(struct read *read, struct error *err)
{
	read->end = read->length;
	while (may_ask(read) || read->in_flight > 0) {
		struct smb_reply reply;
		enum status status;

		if (may_ask(read)) {
			status = send_read(read, err);
		} else {
			status = smb_receive(read->file->connection, &reply, err);
			if (status == STATUS_OK && reply.slot.command == SMB_READ &&
			    reply.slot.file == NULL)
				status = take_read(read, &reply, err);
		}
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* The same pass again after an expired session has been renewed, once. */
static enum status read_lasting(struct read *read, struct error *err)
{
	const struct read fresh = *read;
	enum status status = read_pass(read, err);

	if (status == STATUS_OK && read->failure == NT_NETWORK_SESSION_EXPIRED) {
		*read = fresh;
		status = smb_session_renew(read->file->connection, err);
		if (status == STATUS_OK)
			status = read_pass(read, err);
	}
	if (status == STATUS_OK && read->failure != NT_SUCCESS)
		status = smb_status_fail(err, SMB_ACCESS_FILE, read->failure);
	return status;
}

/* A server may answer with less than was asked for: only a pass without any byte is the end. */
enum status smb_file_read(struct smb_file *file, uint64_t offset, void *data, size_t length,
			  size_t *got, struct error *err)
{
	size_t done = 0;
	enum status ahead = smb_ahead_read(file, offset, data, length, &done, err);

	if (ahead != STATUS_OK)
		return ahead;
	while (done < length) {
		struct read read = {
			.file = file,
			.data = (unsigned char *)data + done,
			.offset = offset + done,
			.length = length - done,
		};
		enum status status = read_lasting(&read, err);

		if (status != STATUS_OK)
			return status;
		if (read.end == 0)
			break;
		done += read.end;
	}
	file->ahead.next = offset + done;
	*got = done;
	return STATUS_OK;
}
