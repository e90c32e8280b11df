/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what an SMB server says: what is taken from them lies inside them. The first byte
 * says which parser, or that the rest comes over a socket. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../src/share/share_smb_operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void require_inside(const struct smb_message *message, const unsigned char *data,
			   size_t length)
{
	require(length == 0 || (data >= message->data + SMB_HEADER_SIZE &&
				data + length <= message->data + message->length));
}

static void parse_header(const struct smb_message *message)
{
	struct smb_header header;

	if (smb_header_parse(message, &header, NULL) == STATUS_OK)
		require((header.flags & SMB_FLAG_REPLY) != 0);
}

static void parse_transform(const struct smb_message *message)
{
	if (smb_transform_check(message->data, message->length, 1, NULL) == STATUS_OK)
		require(message->length >= SMB_TRANSFORM_SIZE + SMB_HEADER_SIZE);
}

static void parse_negotiate(const struct smb_message *message)
{
	struct smb_negotiated out;

	if (smb_negotiate_parse(message, &out, NULL) != STATUS_OK)
		return;
	require(out.limits.write >= 65536 && out.limits.read >= 65536);
	require(out.cipher == SMB_CIPHER_NONE || out.cipher == SMB_CIPHER_AES128_GCM ||
		out.cipher == SMB_CIPHER_AES256_GCM);
}

static void parse_session(const struct smb_message *message)
{
	const unsigned char *token = NULL;
	size_t length = 0;
	unsigned flags;

	if (smb_session_parse(message, &flags, &token, &length, NULL) == STATUS_OK)
		require_inside(message, token, length);
}

static void parse_tree(const struct smb_message *message)
{
	uint32_t flags;

	(void)!smb_tree_parse(message, &flags, NULL);
	(void)!smb_error_check(message, NULL);
}

static void parse_create(const struct smb_message *message)
{
	unsigned char id[SMB_FILE_ID_SIZE];
	uint32_t attributes;
	uint64_t size;

	if (smb_create_parse(message, id, &size, &attributes, NULL) == STATUS_OK)
		require(size <= INT64_MAX);
}

static void parse_read(const struct smb_message *message)
{
	const unsigned char *data = NULL;
	uint32_t count = 0;

	if (smb_read_parse(message, 65536, &data, &count, NULL) == STATUS_OK) {
		require(count > 0 && count <= 65536);
		require_inside(message, data, count);
	}
	(void)!smb_write_parse(message, &count, NULL);
}

static void parse_space(const struct smb_message *message)
{
	struct share_space space;

	if (smb_space_parse(message, &space, NULL) == STATUS_OK)
		require(space.free <= space.total);
}

static void parse_entries(const struct smb_message *message)
{
	struct smb_message entries;
	size_t count = 0;
	bool more = true;

	if (smb_entries_parse(message, SMB_LIST_MAX, &entries, NULL) != STATUS_OK)
		return;
	while (more) {
		struct smb_directory_entry entry;
		char name[SHARE_NAME_SIZE];

		if (smb_entries_next(&entries, &entry, &more, NULL) != STATUS_OK)
			return;
		require_inside(message, entry.name, entry.name_length);
		require(++count <= message->length / 64);
		if (smb_utf8(entry.name, entry.name_length, name, sizeof(name)))
			require(text_is_printable_utf8(name) || strlen(name) > 0);
	}
}

/* What is UTF-8 comes back as it was. */
static void convert(const struct smb_message *message)
{
	char text[512];
	char again[1024];
	unsigned char wide[1024];
	size_t length = message->length < sizeof(text) ? message->length : sizeof(text) - 1;

	memcpy(text, message->data, length);
	text[length] = '\0';
	if (smb_utf16(text, wide, sizeof(wide), &length)) {
		require(smb_utf8(wide, length, again, sizeof(again)));
		require(strcmp(text, again) == 0);
	}
}

/* Frames of a server that knows no key, into a connection that waits for a login's replies. */
static void receive(const struct smb_message *message)
{
	static struct smb_connection *connection;
	static const struct share_address address = { .scheme = "smb" };
	const struct share_options options = { .address = &address, .deadline = 1000 };
	struct smb_reply reply;
	int ends[2];

	if (connection == NULL &&
	    smb_connection_new(NULL, &options, &connection, NULL) != STATUS_OK)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		return;
	connection->descriptor = ends[0];
	connection->session = 1;
	connection->tree = 1;
	for (unsigned i = 0; i < 8; i++)
		connection->slots[i] = (struct smb_slot) { .used = true,
							   .command = (uint16_t)(i * 2),
							   .message = i };
	(void)!write(ends[1], message->data, message->length);
	(void)close(ends[1]);
	smb_begin(connection, false);
	while (smb_receive(connection, &reply, NULL) == STATUS_OK)
		require(connection->credits <= 8192);
	smb_drop(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const struct smb_message *message) = {
		parse_header,  parse_transform, parse_negotiate, parse_session,
		parse_tree,    parse_create,    parse_read,      parse_space,
		parse_entries, convert,         receive,
	};

	if (size == 0)
		return 0;
	/* A copy of just that size, so that a byte too far is seen. */
	struct smb_message message = { NULL, size - 1 };
	unsigned char *copy = malloc(size);
	if (copy == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	message.data = copy;
	parsers[data[0] % ARRAY_LENGTH(parsers)](&message);
	free(copy);
	return 0;
}
