/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who is calling, and may they. */
#ifndef INFRABACKUP_AUTH_H
#define INFRABACKUP_AUTH_H

#include "infrabackup/base.h"
#include "infrabackup/db.h"

/* Each may do what the ones before may. */
enum auth_role { AUTH_READER, AUTH_OPERATOR, AUTH_ADMINISTRATOR };

const char *auth_role_name(enum auth_role role);
bool auth_role_from_name(const char *name, enum auth_role *out); /* ignoring case */

/* How a caller proved who it is. */
enum auth_kind { AUTH_API_TOKEN, AUTH_JWT, AUTH_CERTIFICATE, AUTH_FRONT_DOOR };

/* "apiToken", "jwt", "clientCertificate", "frontDoor". */
const char *auth_kind_name(enum auth_kind kind);

struct auth_caller {
	char name[128];     /* for people: the job row, the log */
	char identity[256]; /* stays the same when the name changes, and tells equal names apart */
	enum auth_kind kind;
	enum auth_role role;
};

/* Draws a token: "ib_" + 43 characters (256 random bits, base64url), stores its SHA-256. The token
 * is shown once.
 * @expires_time 0: never. STATUS_INVALID: @name empty, longer than 64 or not printable;
 * STATUS_EXISTS. */
MUST_CHECK enum status auth_token_create(struct db *db, const char *name, enum auth_role role,
					 int64_t now, int64_t expires_time, struct secret *out,
					 struct error *err);
/* The caller behind an Authorization header's value ("Bearer ib_..."; NULL: none sent).
 * STATUS_AUTHENTICATION: missing, malformed, unknown, expired or revoked, without saying which of
 * the last three. */
MUST_CHECK enum status auth_check(struct db *db, const char *authorization, int64_t now,
				  struct auth_caller *out, struct error *err);
/* STATUS_FORBIDDEN naming the role that is needed and the one that was there. */
MUST_CHECK enum status auth_require(const struct auth_caller *caller, enum auth_role needed,
				    struct error *err);

#endif
