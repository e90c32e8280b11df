/* SPDX-License-Identifier: Apache-2.0 */
/* SESSION_SETUP (2.2.5, 3.2.4.2.3, 3.2.5.3): login by GSSAPI, keys, and the proof that server and
 * negotiation are genuine. */
#include <string.h>

#include "share_smb_private.h"

#define BODY_FIXED 24
#define TOKEN_MAX 65535
#define SIGNING_ENABLED_AND_REQUIRED 3
#define ROUNDS_MAX 8

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

/* The signature of the last reply binds the server's knowledge of the password to every byte of
 * the negotiation (3.2.5.3.1, 3.1.5.2). */
static enum status prove(struct smb_connection *connection, struct smb_login *login,
			 const struct session *session, struct error *err)
{
	AUTO_SECRET key = SECRET_EMPTY;

	if ((session->flags & (SESSION_GUEST | SESSION_NULL)) != 0)
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "the server logged the user on as a guest, which is refused");
	enum status status = smb_login_session_key(login, &key, err);
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

/* --- which mechanism --- */

static bool is_address(const char *server)
{
	return strchr(server, ':') != NULL || strspn(server, "0123456789.") == strlen(server);
}

/* A realm to ask and a server that has a name in it. */
static bool may_use_kerberos(const struct smb_connection *connection)
{
	const char *user = connection->user_name;
	const char *at = user == NULL ? NULL : strrchr(user, '@');

	return connection->policy.authentication != SHARE_SMB_NTLM && at != NULL && at != user &&
	       at[1] != '\0' && strchr(user, '\\') == NULL &&
	       !is_address(connection->address->server);
}

struct begin {
	struct smb_login *login;
	enum status status;
	struct error error;
};

static void begin_run(void *context)
{
	struct begin *begin = context;

	begin->status = smb_login_begin(begin->login, &begin->error);
}

static void begin_release(void *context)
{
	struct begin *begin = context;

	smb_login_free(begin->login);
	free(begin);
}

/* Kerberos asks the name service and its own servers, with time limits of its own. */
static enum status begin_aside(struct smb_connection *connection, struct smb_login **login,
			       struct error *err)
{
	struct begin *begin = calloc(1, sizeof(*begin));

	if (begin == NULL)
		return fail_memory(err, "log on");
	begin->login = TAKE(*login);
	const struct smb_aside work = { begin_run, begin_release, begin };
	enum status status = smb_aside_run(connection, &work, err);
	if (status != STATUS_OK) {
		error_add_context(err, "asking for a Kerberos ticket");
		return status;
	}
	status = begin->status;
	if (status != STATUS_OK && err != NULL)
		*err = begin->error;
	*login = begin->login;
	free(begin);
	return status;
}

static enum status begin(struct smb_connection *connection, bool kerberos, struct smb_login **login,
			 struct error *err)
{
	const struct smb_login_options options = {
		.server = connection->address->server,
		.user_name = connection->user_name,
		.password = connection->password,
		.kerberos = kerberos,
	};
	enum status status = smb_login_new(&options, login, err);

	if (status != STATUS_OK)
		return status;
	return kerberos ? begin_aside(connection, login, err) : smb_login_begin(*login, err);
}

/* NTLM takes over only where there is no Kerberos for this user and server, never after a refusal:
 * one wrong password is one bad logon. */
static enum status begin_login(struct smb_connection *connection, struct smb_login **login,
			       struct error *err)
{
	if (may_use_kerberos(connection)) {
		enum status status = begin(connection, true, login, err);

		if (status == STATUS_OK ||
		    connection->policy.authentication == SHARE_SMB_KERBEROS || *login == NULL ||
		    !smb_login_has_no_kerberos(*login))
			return status;
		smb_login_free(TAKE(*login));
	} else if (connection->policy.authentication == SHARE_SMB_KERBEROS) {
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "Kerberos needs a user like name@realm and a server name");
	}
	return begin(connection, false, login, err);
}

enum status smb_session_setup(struct smb_connection *connection, struct error *err)
{
	struct smb_login *login = NULL;
	struct session session = { .flags = 0 };

	if (connection->user_name == NULL || connection->user_name[0] == '\0' ||
	    connection->password == NULL || secret_is_empty(connection->password))
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "a share on a server needs a user name and a password");
	enum status status = begin_login(connection, &login, err);
	if (status == STATUS_OK)
		status = log_on(connection, login, &session, err);
	if (status == STATUS_OK)
		status = prove(connection, login, &session, err);
	smb_login_free(login);
	return status;
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
