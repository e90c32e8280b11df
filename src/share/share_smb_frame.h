/* SPDX-License-Identifier: Apache-2.0 */
/* SMB2 messages as bytes: what is in them and whether it holds together. No connection, no state:
 * every parser here can be fed anything. */
#ifndef SHARE_SMB_FRAME_H
#define SHARE_SMB_FRAME_H

#include "share_private.h"

#define SMB_HEADER_SIZE 64    /* 2.2.1 */
#define SMB_TRANSFORM_SIZE 52 /* 2.2.41 */
#define SMB_SIGNATURE_OFFSET 48
#define SMB_SIGNATURE_SIZE 16

/* 2.2.1.2 */
enum smb_command {
	SMB_NEGOTIATE = 0,
	SMB_SESSION_SETUP = 1,
	SMB_LOGOFF = 2,
	SMB_TREE_CONNECT = 3,
	SMB_TREE_DISCONNECT = 4,
	SMB_CREATE = 5,
	SMB_CLOSE = 6,
	SMB_FLUSH = 7,
	SMB_READ = 8,
	SMB_WRITE = 9,
	SMB_CANCEL = 12,
	SMB_ECHO = 13,
	SMB_QUERY_DIRECTORY = 14,
	SMB_QUERY_INFO = 16,
	SMB_SET_INFO = 17,
	SMB_OPLOCK_BREAK = 18,
};

/* Those about the connection or the session name no tree. */
static inline bool smb_command_has_tree(unsigned command)
{
	return command > SMB_TREE_CONNECT;
}

enum smb_header_flag {
	SMB_FLAG_REPLY = 1,
	SMB_FLAG_ASYNC = 2,
	SMB_FLAG_SIGNED = 8,
};

/* 2.2.3.1.2, 2.2.3.1.7 */
enum smb_cipher { SMB_CIPHER_NONE = 0, SMB_CIPHER_AES128_GCM = 2, SMB_CIPHER_AES256_GCM = 4 };
enum smb_signing { SMB_SIGNING_CMAC = 1, SMB_SIGNING_GMAC = 2 };

/* From its SMB2 header on, in clear. */
struct smb_message {
	const unsigned char *data;
	size_t length;
};

struct smb_header {
	uint32_t status;
	uint16_t command;
	uint16_t credits;
	uint32_t flags;
	uint64_t message;
	uint64_t asynchronous; /* only with SMB_FLAG_ASYNC */
	uint32_t tree;         /* only without */
	uint64_t session;
};

struct smb_limits {
	uint32_t transact, read, write;
};

struct smb_negotiated {
	struct smb_limits limits;
	enum smb_cipher cipher;
	enum smb_signing signing;
};

/* An entry of FileDirectoryInformation (MS-FSCC 2.4.10); the name as the server sent it. */
struct smb_directory_entry {
	const unsigned char *name;
	size_t name_length;
	uint32_t attributes;
	uint64_t size;
	int64_t modified; /* ms since 1970 UTC; 0: not known */
};

#define SMB_ATTRIBUTE_DIRECTORY 0x10u
#define SMB_ATTRIBUTE_REPARSE_POINT 0x400u

static inline unsigned load_u16(const unsigned char *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

static inline void store_u16(unsigned char *at, size_t value)
{
	at[0] = (unsigned char)value;
	at[1] = (unsigned char)(value >> 8);
}

/* STATUS_SHARE_CONNECTION: what the server sent cannot be, so nothing it sends is believed. */
enum status smb_refuse(struct error *err, const char *reason);

/* --- share_smb_frame.c --- */

/* A request's header (2.2.1.2) at @out. */
void smb_header_write(unsigned char *out, const struct smb_header *header, unsigned charge);
MUST_CHECK enum status smb_header_parse(const struct smb_message *message, struct smb_header *out,
					struct error *err);
/* The part at @offset from the header of @length bytes; NULL when it is not inside the body. */
const unsigned char *smb_span(const struct smb_message *message, size_t offset, size_t length);
/* StructureSize and least length of a reply's body; a failed one has an ERROR body (2.2.2). */
MUST_CHECK enum status smb_body_check(const struct smb_message *message, unsigned structure_size,
				      size_t minimum, struct error *err);
MUST_CHECK enum status smb_error_check(const struct smb_message *message, struct error *err);
/* The TRANSFORM_HEADER (2.2.41) of a sealed frame, before it is opened. */
MUST_CHECK enum status smb_transform_check(const unsigned char *data, size_t length,
					   uint64_t session, struct error *err);

/* --- share_smb_replies.c: success replies of single commands --- */

MUST_CHECK enum status smb_session_parse(const struct smb_message *message, unsigned *flags,
					 const unsigned char **token, size_t *token_length,
					 struct error *err);
MUST_CHECK enum status smb_tree_parse(const struct smb_message *message, uint32_t *flags,
				      struct error *err);
/* @id has 16 bytes. */
MUST_CHECK enum status smb_create_parse(const struct smb_message *message, unsigned char *id,
					uint64_t *size, uint32_t *attributes, struct error *err);
MUST_CHECK enum status smb_write_parse(const struct smb_message *message, uint32_t *count,
				       struct error *err);
MUST_CHECK enum status smb_read_parse(const struct smb_message *message, uint32_t max,
				      const unsigned char **data, uint32_t *count,
				      struct error *err);
MUST_CHECK enum status smb_space_parse(const struct smb_message *message, struct share_space *out,
				       struct error *err);

/* --- share_smb_negotiated.c --- */

MUST_CHECK enum status smb_negotiate_parse(const struct smb_message *message,
					   struct smb_negotiated *out, struct error *err);

/* --- share_smb_entries.c --- */

/* The buffer of entries of a QUERY_DIRECTORY reply (2.2.34), @max as asked for. */
MUST_CHECK enum status smb_entries_parse(const struct smb_message *message, uint32_t max,
					 struct smb_message *entries, struct error *err);
/* Takes the entry at the start of @entries and moves on; *@more false after the last. */
MUST_CHECK enum status smb_entries_next(struct smb_message *entries,
					struct smb_directory_entry *out, bool *more,
					struct error *err);

/* --- share_smb_unicode.c --- */

/* UTF-8 to UTF-16LE; false when it is not UTF-8 or does not fit @size bytes. */
bool smb_utf16(const char *text, unsigned char *out, size_t size, size_t *length);
/* The reverse, terminated; false for unpaired surrogates, NUL and what does not fit. */
bool smb_utf8(const unsigned char *data, size_t length, char *out, size_t size);

#endif
