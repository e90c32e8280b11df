/* SPDX-License-Identifier: Apache-2.0 */
/* Who the server is and what protects the bytes: keys, seal, signature (OpenSSL), login (GSSAPI).
 */
#ifndef SHARE_SMB_SECURITY_H
#define SHARE_SMB_SECURITY_H

#include <stdatomic.h>

#include "share_smb_frame.h"

#define SMB_PREAUTH_SIZE 64 /* SHA-512 */
#define SMB_KEY_MAX 32

enum smb_protection { SMB_UNPROTECTED, SMB_SIGNED, SMB_SEALED };

struct smb_security {
	enum smb_protection protection;
	enum smb_cipher cipher;
	enum smb_signing signing;
	uint64_t nonce;    /* of the last sealed request */
	uint32_t nonce_id; /* random, the same for the session's life */
	struct evp_cipher_ctx_st *seal, *open;
	struct evp_mac_ctx_st *mac;
	unsigned char signing_key[16];
};

/* --- share_smb_keys.c: 3.1.4.2 --- */

/* @preauth becomes SHA-512(@preauth | message): 3.1.5.2. */
MUST_CHECK enum status smb_preauth_add(unsigned char preauth[SMB_PREAUTH_SIZE], const void *data,
				       size_t length, struct error *err);
/* SP 800-108 in counter mode with HMAC-SHA-256, @label with its NUL. */
MUST_CHECK enum status smb_key_derive(const void *key, size_t key_length, const char *label,
				      size_t label_size,
				      const unsigned char preauth[SMB_PREAUTH_SIZE],
				      unsigned char *out, size_t length, struct error *err);
/* All keys of the session and what uses them; protection stays as it is. */
MUST_CHECK enum status smb_keys_set(struct smb_security *security, const struct secret *session_key,
				    const unsigned char preauth[SMB_PREAUTH_SIZE],
				    struct error *err);
void smb_security_clear(struct smb_security *security);

/* --- share_smb_seal.c: 3.1.4.3, 3.1.4.1 --- */

/* A TRANSFORM_HEADER at @frame, then the message: @head bytes are at @frame + 52 already, the
 * payload is encrypted from where it is. */
MUST_CHECK enum status smb_seal(struct smb_security *security, unsigned char *frame,
				uint64_t session, size_t head, const void *payload,
				size_t payload_length, struct error *err);
/* Opens a checked frame in place. */
MUST_CHECK enum status smb_unseal(struct smb_security *security, unsigned char *frame,
				  size_t length, struct error *err);
MUST_CHECK enum status smb_sign(struct smb_security *security, unsigned char *message,
				size_t length, struct error *err);
/* The signature field is zeroed. */
MUST_CHECK enum status smb_signature_verify(struct smb_security *security, unsigned char *message,
					    size_t length, struct error *err);

/* --- share_smb_password_use.c --- */

/* Whether the password has gone to a KDC, between the thread that waits for one and the thread that
 * has stopped waiting. One wrong password must stay one bad logon. */
struct smb_password_use {
	atomic_int state;
};

/* False: it was withdrawn. */
bool smb_password_use_begin(struct smb_password_use *use);
/* The KDC has taken it for right. */
void smb_password_use_accept(struct smb_password_use *use);
/* It is not used from here on. True when using it elsewhere cannot be a second bad logon: it has
 * not been used, or was right. */
bool smb_password_use_withdraw(struct smb_password_use *use);

/* --- share_smb_login.c --- */

struct smb_login;

struct smb_login_options {
	const char *server;
	const char *user_name;
	const struct secret *password;
	bool kerberos;
	unsigned ticket_life; /* see struct smb_ticket_request */
};

/* Copies what it needs. */
MUST_CHECK enum status smb_login_new(const struct smb_login_options *options,
				     struct smb_login **out, struct error *err);
void smb_login_free(struct smb_login *login);
/* Credentials and the first token; Kerberos talks to its servers here and may block. */
MUST_CHECK enum status smb_login_begin(struct smb_login *login, struct error *err);
/* From another thread while smb_login_begin() runs: see smb_password_use_withdraw(). */
bool smb_login_withdraw(struct smb_login *login);
/* The token to send, empty when none. */
void smb_login_token(const struct smb_login *login, const void **data, size_t *length);
MUST_CHECK enum status smb_login_continue(struct smb_login *login, const void *token, size_t length,
					  struct error *err);
bool smb_login_is_complete(const struct smb_login *login);
bool smb_login_is_kerberos(const struct smb_login *login);
/* ms that what it rests on is still good for; INT64_MAX: no end. */
int64_t smb_login_life(const struct smb_login *login);
/* After both sides are done. */
MUST_CHECK enum status smb_login_session_key(struct smb_login *login, struct secret *out,
					     struct error *err);
/* No KDC, no realm or no service principal: NTLM may be tried instead. */
bool smb_login_has_no_kerberos(const struct smb_login *login);

/* --- share_smb_kerberos.c --- */

struct smb_ticket;

struct smb_ticket_request {
	const char *user_name;
	const struct secret *password;
	struct smb_password_use *use;
	const char *server;
	unsigned life; /* seconds that the server's ticket is to live; 0: as long as it may */
};

/* By password a ticket for the server, in memory; never a cache of the user's. @unavailable: there
 * is no KDC, no realm or no principal for this. */
MUST_CHECK enum status smb_ticket_get(const struct smb_ticket_request *request,
				      struct smb_ticket **out, bool *unavailable,
				      struct error *err);
/* What smb_ticket_get() says when no KDC answers, for a caller that stopped waiting before. */
enum status smb_ticket_fail_silent(struct error *err, int64_t waited);
const char *smb_ticket_cache(const struct smb_ticket *ticket);
void smb_ticket_free(struct smb_ticket *ticket);

#endif
