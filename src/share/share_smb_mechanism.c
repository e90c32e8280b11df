/* SPDX-License-Identifier: Apache-2.0 */
/* Which mechanism a user is logged on by, and how long Kerberos' servers are waited for. */
#include <string.h>

#include "share_smb_private.h"

/* ms; and never more than half of what the operation has left, so that NTLM has the rest. */
#define KERBEROS_TIME_MAX (10 * 1000)

static bool is_address(const char *server)
{
	return strchr(server, ':') != NULL || strspn(server, "0123456789.") == strlen(server);
}

/* A realm to ask and a server that has a name in it. */
static bool may_use_kerberos(const struct smb_connection *connection)
{
	const char *user = connection->user_name;
	const char *at = user == NULL ? NULL : strrchr(user, '@');

	return at != NULL && at != user && at[1] != '\0' && strchr(user, '\\') == NULL &&
	       !is_address(connection->address->server);
}

static enum status login_new(const struct smb_connection *connection, bool kerberos,
			     struct smb_login **login, struct error *err)
{
	const struct smb_login_options options = {
		.server = connection->address->server,
		.user_name = connection->user_name,
		.password = connection->password,
		.kerberos = kerberos,
		.ticket_life = connection->ticket_life,
	};

	return smb_login_new(&options, login, err);
}

/* --- Kerberos, aside: it asks the name service and its own servers, with time limits of its own.
 * --- */

struct begin {
	struct smb_login *login;
	bool *harmless; /* the waiting thread's: what smb_login_withdraw() said */
	enum status status;
	struct error error;
};

static void begin_run(void *context)
{
	struct begin *begin = context;

	begin->status = smb_login_begin(begin->login, &begin->error);
}

static void begin_give_up(void *context)
{
	struct begin *begin = context;

	*begin->harmless = smb_login_withdraw(begin->login);
}

static void begin_release(void *context)
{
	struct begin *begin = context;

	smb_login_free(begin->login);
	free(begin);
}

static int64_t kerberos_time(const struct smb_connection *connection, int64_t now)
{
	int64_t half = (connection->limit - now) / 2;

	return half < KERBEROS_TIME_MAX ? half : KERBEROS_TIME_MAX;
}

/* @login is taken over, and given back when it has begun. */
static enum status begin_aside(struct smb_connection *connection, struct smb_login **login,
			       bool *unavailable, struct error *err)
{
	struct begin *begin = calloc(1, sizeof(*begin));
	int64_t now = clock_monotonic(&system_clock);
	int64_t time = kerberos_time(connection, now);
	bool harmless = false;
	bool done;

	if (begin == NULL)
		return fail_memory(err, "log on");
	begin->login = TAKE(*login);
	begin->harmless = &harmless;
	const struct smb_aside work = { .run = begin_run,
					.give_up = begin_give_up,
					.release = begin_release,
					.context = begin,
					.until = now + time };
	enum status status = smb_aside_run(connection, &work, &done, err);
	if (status != STATUS_OK) {
		error_add_context(err, "asking for a Kerberos ticket");
		return status;
	}
	if (!done) {
		*unavailable = harmless;
		return smb_ticket_fail_silent(err, time);
	}
	status = begin->status;
	if (status == STATUS_OK) {
		*login = TAKE(begin->login);
	} else {
		*unavailable = smb_login_has_no_kerberos(begin->login);
		if (err != NULL)
			*err = begin->error;
	}
	begin_release(begin);
	return status;
}

static enum status begin_kerberos(struct smb_connection *connection, struct smb_login **login,
				  bool *unavailable, struct error *err)
{
	enum status status = login_new(connection, true, login, err);

	if (status == STATUS_OK)
		status = begin_aside(connection, login, unavailable, err);
	if (status != STATUS_OK)
		smb_login_free(TAKE(*login));
	return status;
}

static enum status begin_ntlm(const struct smb_connection *connection, struct smb_login **login,
			      struct error *err)
{
	enum status status = login_new(connection, false, login, err);

	if (status == STATUS_OK)
		status = smb_login_begin(*login, err);
	if (status != STATUS_OK)
		smb_login_free(TAKE(*login));
	return status;
}

/* NTLM takes over only where there is no Kerberos for this user and server, never after a refusal
 * and never after a KDC that fell silent with the password: one wrong password is one bad logon. */
enum status smb_mechanism_begin(struct smb_connection *connection,
				enum share_smb_authentication how, struct smb_login **login,
				bool *unavailable, struct error *err)
{
	*unavailable = false;
	if (how == SHARE_SMB_NTLM)
		return begin_ntlm(connection, login, err);
	if (may_use_kerberos(connection)) {
		enum status status = begin_kerberos(connection, login, unavailable, err);

		if (status == STATUS_OK || how == SHARE_SMB_KERBEROS || !*unavailable)
			return status;
	} else if (how == SHARE_SMB_KERBEROS) {
		return fail(err, STATUS_SHARE_AUTHENTICATION, "log on", NULL,
			    "Kerberos needs a user like name@realm and a server name");
	}
	*unavailable = false;
	return begin_ntlm(connection, login, err);
}
