/* SPDX-License-Identifier: Apache-2.0 */
/* The NEGOTIATE reply: 2.2.4, 3.2.5.2. */
#include "share_smb_frame.h"

enum context_type { CONTEXT_PREAUTH = 1, CONTEXT_ENCRYPTION = 2, CONTEXT_SIGNING = 8 };

#define DIALECT_311 0x0311
#define HASH_SHA512 1
#define SECURITY_SIGNING_ENABLED 1
#define CAPABILITY_LARGE_MTU 4
#define LIMIT_LEAST 65536u

struct context {
	unsigned type;
	size_t length;
	const unsigned char *data;
};

/* 2.2.4.1.1: exactly one hash, the one that was offered. */
static enum status take_preauth(const struct context *context, struct error *err)
{
	if (context->length < 6 || load_u16(context->data) != 1 ||
	    load_u16(context->data + 4) != HASH_SHA512)
		return smb_refuse(err, "it does not protect the negotiation by SHA-512");
	return STATUS_OK;
}

/* 2.2.4.1.2: one cipher of those offered, or none. */
static enum status take_cipher(const struct context *context, struct smb_negotiated *out,
			       struct error *err)
{
	if (context->length < 4 || load_u16(context->data) != 1)
		return smb_refuse(err, "it chose more or less than one cipher");
	unsigned cipher = load_u16(context->data + 2);
	if (cipher != SMB_CIPHER_NONE && cipher != SMB_CIPHER_AES128_GCM &&
	    cipher != SMB_CIPHER_AES256_GCM)
		return smb_refuse(err, "it chose a cipher that was not offered");
	out->cipher = (enum smb_cipher)cipher;
	return STATUS_OK;
}

/* 2.2.4.1.7 */
static enum status take_signing(const struct context *context, struct smb_negotiated *out,
				struct error *err)
{
	if (context->length < 4 || load_u16(context->data) != 1)
		return smb_refuse(err, "it chose more or less than one signing algorithm");
	unsigned signing = load_u16(context->data + 2);
	if (signing != SMB_SIGNING_CMAC && signing != SMB_SIGNING_GMAC)
		return smb_refuse(err, "it chose a signing algorithm that was not offered");
	out->signing = (enum smb_signing)signing;
	return STATUS_OK;
}

static enum status take_context(const struct context *context, unsigned *seen,
				struct smb_negotiated *out, struct error *err)
{
	if (context->type != CONTEXT_PREAUTH && context->type != CONTEXT_ENCRYPTION &&
	    context->type != CONTEXT_SIGNING)
		return STATUS_OK;
	if ((*seen & 1u << context->type) != 0)
		return smb_refuse(err, "a negotiate context comes twice");
	*seen |= 1u << context->type;
	switch (context->type) {
	case CONTEXT_PREAUTH:
		return take_preauth(context, err);
	case CONTEXT_ENCRYPTION:
		return take_cipher(context, out, err);
	default:
		return take_signing(context, out, err);
	}
}

static enum status take_contexts(const struct smb_message *message, struct smb_negotiated *out,
				 struct error *err)
{
	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	unsigned count = load_u16(body + 6);
	size_t offset = load_u32(body + 60);
	unsigned seen = 0;

	if (offset % 8 != 0)
		return smb_refuse(err, "the negotiate contexts are not aligned");
	for (unsigned i = 0; i < count; i++) {
		const unsigned char *head = smb_span(message, offset, 8);
		if (head == NULL)
			return smb_refuse(err, "a negotiate context is not inside it");
		struct context context = { load_u16(head), load_u16(head + 2), NULL };
		context.data = smb_span(message, offset + 8, context.length);
		if (context.data == NULL)
			return smb_refuse(err, "a negotiate context is not inside it");
		enum status status = take_context(&context, &seen, out, err);
		if (status != STATUS_OK)
			return status;
		offset += (8 + context.length + 7) & ~(size_t)7;
	}
	if ((seen & 1u << CONTEXT_PREAUTH) == 0)
		return smb_refuse(err, "it does not protect the negotiation");
	return STATUS_OK;
}

enum status smb_negotiate_parse(const struct smb_message *message, struct smb_negotiated *out,
				struct error *err)
{
	enum status status = smb_body_check(message, 65, 64, err);
	if (status != STATUS_OK)
		return status;

	const unsigned char *body = message->data + SMB_HEADER_SIZE;
	struct smb_negotiated found = { .signing = SMB_SIGNING_CMAC };
	if (load_u16(body + 4) != DIALECT_311)
		return smb_refuse(err, "its dialect is not SMB 3.1.1");
	if ((load_u16(body + 2) & SECURITY_SIGNING_ENABLED) == 0)
		return smb_refuse(err, "it cannot sign");
	if ((load_u32(body + 24) & CAPABILITY_LARGE_MTU) == 0)
		return smb_refuse(err, "it does not take large requests");
	found.limits = (struct smb_limits) { load_u32(body + 28), load_u32(body + 32),
					     load_u32(body + 36) };
	if (found.limits.transact < LIMIT_LEAST || found.limits.read < LIMIT_LEAST ||
	    found.limits.write < LIMIT_LEAST)
		return smb_refuse(err, "it takes less than 64 KiB a request");
	status = take_contexts(message, &found, err);
	if (status == STATUS_OK)
		*out = found;
	return status;
}
