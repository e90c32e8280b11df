/* SPDX-License-Identifier: Apache-2.0 */
/* SESSION_SETUP (2.2.5, 3.2.4.2.3, 3.2.5.3): login by GSSAPI, keys, the proof that server and
 * negotiation are genuine, and the same again before a ticket ends. */
#include <string.h>

#include "share_smb_private.h"

#define BODY_FIXED 24
#define TOKEN_MAX 65535
#define SIGNING_ENABLED_AND_REQUIRED 3
#define ROUNDS_MAX 8
#define RENEWAL_MARGIN_MAX (5 * 60 * 1000)

enum session_flag { SESSION_GUEST = 1, SESSION_NULL = 2, SESSION_ENCRYPT = 4 };

/* What the last reply said. */
struct session {
	struct smb_reply reply;
	unsigned flags;
	const unsigned char *token;
	size_t token_length;
};

static enum status send_token(struct smb_connection *connection, const struct smb_login *login,
			      struct session *session, struct error *err)
{
	const void *token = NULL;
	size_t length = 0;

	smb_login_token(login, &token, &length);
	if (length == 0 || length > TOKEN_MAX)
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "the login needs a message of %zu bytes", length);
	const struct smb_request request = { .command = SMB_SESSION_SETUP,
					     .body = BODY_FIXED + length };
	unsigned char *body = smb_body(connection, BODY_FIXED, 25);
	body[3] = SIGNING_ENABLED_AND_REQUIRED;
	store_u16(body + 12, SMB_HEADER_SIZE + BODY_FIXED);
	store_u16(body + 14, length);
	memcpy(body + BODY_FIXED, token, length);
	return smb_call(connection, &request, &session->reply, err);
}

static enum status exchange(struct smb_connection *connection, const struct smb_login *login,
			    struct session *session, struct error *err)
{
	enum status status = send_token(connection, login, session, err);
	if (status != STATUS_OK)
		return status;
	if (session->reply.status != NT_SUCCESS &&
	    session->reply.status != NT_MORE_PROCESSING_REQUIRED)
		return smb_status_fail(err, SMB_ACCESS_ROOT, session->reply.status);
	status = smb_session_parse(&session->reply.message, &session->flags, &session->token,
				   &session->token_length, err);
	if (status != STATUS_OK)
		return status;

	uint64_t id = load_u64(session->reply.message.data + 40);
	if (id == 0 || (connection->session != 0 && connection->session != id))
		return smb_refuse(err, "its session id is wrong");
	connection->session = id;
	return STATUS_OK;
}

/* Until both sides are done: the server by its status, GSSAPI by its own. */
static enum status log_on(struct smb_connection *connection, struct smb_login *login,
			  struct session *session, struct error *err)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		enum status status = exchange(connection, login, session, err);
		if (status != STATUS_OK)
			return status;
		if (!smb_login_is_complete(login))
			status = smb_login_continue(login, session->token, session->token_length,
						    err);
		else if (session->reply.status != NT_SUCCESS)
			status = smb_refuse(err, "it wants to go on after the login's end");
		if (status != STATUS_OK)
			return status;
		if (session->reply.status == NT_SUCCESS) {
			if (!smb_login_is_complete(login))
				return smb_refuse(err, "it ends the login too early");
			return STATUS_OK;
		}
	}
	return smb_refuse(err, "the login has no end");
}

static enum status refuse_guest(const struct session *session, struct error *err)
{
	if ((session->flags & (SESSION_GUEST | SESSION_NULL)) == 0)
		return STATUS_OK;
	return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
		    "the server logged the user on as a guest, which is refused");
}

/* The signature of the last reply binds the server's knowledge of the password to every byte of
 * the negotiation (3.2.5.3.1, 3.1.5.2). */
static enum status prove(struct smb_connection *connection, struct smb_login *login,
			 const struct session *session, struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;

	enum status status = refuse_guest(session, err);
	if (status == STATUS_OK)
		status = smb_login_session_key(login, &key, err);
	if (status == STATUS_OK)
		status = smb_keys_set(&connection->security, &key, connection->preauth, err);
	if (status == STATUS_OK)
		status = smb_signature_verify(&connection->security, connection->receive,
					      session->reply.message.length, err);
	if (status != STATUS_OK)
		return status;
	if (connection->security.cipher != SMB_CIPHER_NONE)
		connection->security.protection = SMB_SEALED;
	else if ((session->flags & SESSION_ENCRYPT) != 0)
		return smb_refuse(err, "it wants encryption, but chose no cipher");
	else
		connection->security.protection = SMB_SIGNED;
	return STATUS_OK;
}

/* Well before the ticket's end: servers' clocks may be ahead, and a request takes its time. */
static void plan_renewal(struct smb_connection *connection, const struct smb_login *login)
{
	int64_t now = clock_monotonic(&system_clock);
	int64_t life = smb_login_life(login);
	int64_t margin = life / 4 < RENEWAL_MARGIN_MAX ? life / 4 : RENEWAL_MARGIN_MAX;

	connection->kerberos = smb_login_is_kerberos(login);
	connection->expires = life == INT64_MAX ? INT64_MAX : now + life;
	connection->renew_at = life == INT64_MAX ? INT64_MAX : now + life - margin;
}

/* Never a second logon with what was refused: it locks accounts. A KDC that was not there may be
 * asked again. */
static void remember_refusal(struct smb_connection *connection, enum status status,
			     bool unavailable, const struct error *err)
{
	if (status == STATUS_SHARE_AUTHENTICATION && !unavailable)
		connection->denied = *err;
}

enum status smb_session_setup(struct smb_connection *connection, struct error *err)
{
	struct smb_login *login = NULL;
	struct session session = { .flags = 0 };
	bool unavailable = false;

	if (connection->user_name == NULL || connection->user_name[0] == '\0' ||
	    connection->password == NULL || secret_is_empty(connection->password))
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "a share on a server needs a user name and a password");
	enum status status = smb_mechanism_begin(connection, connection->policy.authentication,
						 &login, &unavailable, err);
	if (status == STATUS_OK)
		status = log_on(connection, login, &session, err);
	if (status == STATUS_OK)
		status = prove(connection, login, &session, err);
	if (status == STATUS_OK)
		plan_renewal(connection, login);
	remember_refusal(connection, status, unavailable, err);
	smb_login_free(login);
	return status;
}

/* --- re-authentication: 3.2.4.2.3.1, 3.2.5.3.2 --- */

/* On the same session id and protected by its keys (3.2.4.1.8), which stay, as do open files and
 * the tree. */
static enum status log_on_again(struct smb_connection *connection, bool *unavailable,
				struct error *err)
{
	struct smb_login *login = NULL;
	struct session session = { .flags = 0 };
	enum status status = smb_mechanism_begin(
		connection, connection->kerberos ? SHARE_SMB_KERBEROS : SHARE_SMB_NTLM, &login,
		unavailable, err);

	if (status == STATUS_OK)
		status = log_on(connection, login, &session, err);
	if (status == STATUS_OK)
		status = refuse_guest(&session, err);
	if (status == STATUS_OK)
		plan_renewal(connection, login);
	else if (status != STATUS_CANCELLED)
		error_add_context(err, "logging on again, as the session's end is near");
	remember_refusal(connection, status, *unavailable, err);
	smb_login_free(login);
	return status;
}

/* Nothing else is in flight meanwhile: a server answers it with an error once the ticket is over.
 */
static enum status drain(struct smb_connection *connection, struct error *err)
{
	enum status status = STATUS_OK;
	struct smb_reply reply;

	while (status == STATUS_OK && smb_has_in_flight(connection))
		status = smb_receive(connection, &reply, err);
	return status;
}

/* @may_wait: the session is still good, so that a KDC that is silent now may be asked later. */
static enum status renew(struct smb_connection *connection, bool may_wait, struct error *err)
{
	struct error local = { .status = STATUS_OK };
	bool unavailable = false;
	enum status status = drain(connection, &local);

	if (status == STATUS_OK)
		status = log_on_again(connection, &unavailable, &local);
	int64_t left = connection->expires - clock_monotonic(&system_clock);
	if (status != STATUS_OK && unavailable && may_wait && left > 0) {
		connection->renew_at = connection->expires - left / 2;
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	smb_drop(connection);
	if (err != NULL)
		*err = local;
	return status;
}

enum status smb_session_keep(struct smb_connection *connection, struct error *err)
{
	if (connection->deaf || clock_monotonic(&system_clock) < connection->renew_at)
		return STATUS_OK;
	return renew(connection, true, err);
}

enum status smb_session_renew(struct smb_connection *connection, struct error *err)
{
	return renew(connection, false, err);
}

void smb_session_end(struct smb_connection *connection)
{
	const struct smb_request request = { .command = SMB_LOGOFF, .body = 4 };
	struct smb_reply reply;

	int64_t grace = clock_monotonic(&system_clock) + SHARE_CLEANUP_GRACE;

	if (connection->session == 0 || connection->lost || connection->deaf)
		return;
	/* A server that does not answer ends the session by itself when the connection is gone. */
	if (connection->limit > grace)
		connection->limit = grace;
	(void)smb_body(connection, 4, 4);
	status_ignore(smb_call(connection, &request, &reply, NULL));
}
