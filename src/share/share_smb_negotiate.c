/* SPDX-License-Identifier: Apache-2.0 */
/* NEGOTIATE: 3.1.1 only, signing required, AES-GCM (2.2.3, 3.2.4.2.2.2). */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "share_smb_private.h"

#define BODY_FIXED 36
#define CONTEXTS 40 /* offset in the body: the one dialect and padding are before it */
#define CONTEXTS_SIZE (48 + 16 + 16)
#define SIGNING_ENABLED_AND_REQUIRED 3
#define CAPABILITY_LARGE_MTU 0x04
#define CAPABILITY_ENCRYPTION 0x40
#define SALT_SIZE 32

static unsigned char *put_context(unsigned char *at, unsigned type, size_t length)
{
	store_u16(at, type);
	store_u16(at + 2, length);
	return at + 8;
}

/* 2.2.3.1.1, 2.2.3.1.2, 2.2.3.1.7: in order of preference. */
static bool put_contexts(unsigned char *at)
{
	unsigned char *data = put_context(at, 1, 6 + SALT_SIZE);

	store_u16(data, 1);
	store_u16(data + 2, SALT_SIZE);
	store_u16(data + 4, 1);
	if (RAND_bytes(data + 6, SALT_SIZE) != 1)
		return false;
	data = put_context(at + 48, 2, 6);
	store_u16(data, 2);
	store_u16(data + 2, SMB_CIPHER_AES128_GCM);
	store_u16(data + 4, SMB_CIPHER_AES256_GCM);
	data = put_context(at + 64, 8, 6);
	store_u16(data, 2);
	store_u16(data + 2, SMB_SIGNING_GMAC);
	store_u16(data + 4, SMB_SIGNING_CMAC);
	return true;
}

static enum status request(struct smb_connection *connection, struct smb_reply *reply,
			   struct error *err)
{
	const struct smb_request request = { .command = SMB_NEGOTIATE,
					     .body = CONTEXTS + CONTEXTS_SIZE - 2 };
	unsigned char *body = smb_body(connection, CONTEXTS + CONTEXTS_SIZE, BODY_FIXED);

	store_u16(body + 2, 1);
	store_u16(body + 4, SIGNING_ENABLED_AND_REQUIRED);
	store_u32(body + 8, CAPABILITY_ENCRYPTION | CAPABILITY_LARGE_MTU);
	store_u32(body + 28, SMB_HEADER_SIZE + CONTEXTS);
	store_u16(body + 32, 3);
	store_u16(body + 36, 0x0311);
	if (RAND_bytes(body + 12, 16) != 1 || !put_contexts(body + CONTEXTS))
		return fail(err, STATUS_FAILED, "negotiate", NULL, "OpenSSL: no random bytes");
	return smb_call(connection, &request, reply, err);
}

/* The server's own minimum: it speaks SMB, but not this one. */
static enum status fail_dialect(struct error *err, uint32_t cause)
{
	(void)smb_status_fail(err, SMB_ACCESS_ROOT, cause);
	if (err != NULL) {
		err->status = STATUS_SHARE_NOT_ACCESSIBLE;
		(void)snprintf(err->message, sizeof(err->message),
			       "the server does not speak SMB 3.1.1, which is required");
	}
	return STATUS_SHARE_NOT_ACCESSIBLE;
}

static bool may_be_unencrypted(const struct smb_connection *connection)
{
	const char *const *name = connection->policy.unencrypted_servers;

	while (name != NULL && *name != NULL &&
	       !text_equal_ignoring_case(*name, connection->address->server))
		name++;
	return name != NULL && *name != NULL;
}

enum status smb_negotiate(struct smb_connection *connection, struct error *err)
{
	struct smb_negotiated negotiated;
	struct smb_reply reply;

	memset(connection->preauth, 0, sizeof(connection->preauth));
	connection->credits = 1;
	enum status status = request(connection, &reply, err);
	if (status != STATUS_OK)
		return status;
	if (reply.status != NT_SUCCESS)
		return fail_dialect(err, reply.status);
	status = smb_negotiate_parse(&reply.message, &negotiated, err);
	if (status != STATUS_OK)
		return status;
	smb_reached(connection, SHARE_STAGE_DIALECT);
	/* Before any credentials leave. */
	if (negotiated.cipher == SMB_CIPHER_NONE && !may_be_unencrypted(connection))
		return fail(err, STATUS_SHARE_NOT_ACCESSIBLE, "negotiate", NULL,
			    "the server does not offer encryption by AES-GCM, which is required: "
			    "switch SMB encryption on there, or name the server in "
			    "smb.unencryptedServers (--unencrypted-server)");
	connection->limits = negotiated.limits;
	connection->security.cipher = negotiated.cipher;
	connection->security.signing = negotiated.signing;
	smb_reached(connection, SHARE_STAGE_PROTECTED);
	return STATUS_OK;
}
