/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who is calling, and may they. */
#ifndef INFRABACKUP_AUTH_H
#define INFRABACKUP_AUTH_H

#include "infrabackup/base.h"
#include "infrabackup/config.h"
#include "infrabackup/db.h"
#include "infrabackup/http.h"

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
/* Whom the configuration makes known: token issuers, whose keys a thread keeps fresh, certificates
 * and front doors. */
struct auth;
/* Both are borrowed. STATUS_INVALID, STATUS_NOT_FOUND: a jwksFile that is none. */
MUST_CHECK enum status auth_new(const struct config *config, const struct clock *clock,
				struct auth **out, struct error *err);
void auth_free(struct auth *auth);

/* The caller of @request: whom a front door's headers name; else who holds the token in its
 * Authorization header ("Bearer ib_..." an API token, any other a JSON web token); else who holds
 * the private key of its TLS certificate. Never waits for an issuer. Any thread, each with its @db.
 * STATUS_AUTHENTICATION: no token, or one that is not valid (an API token without saying why).
 * STATUS_FORBIDDEN: a certificate that is not trusted, or a caller without a role (@out then names
 * it). STATUS_CONFLICT: the issuer is being asked for its keys, another try after *@retry_after
 * seconds (else 0) may succeed. */
MUST_CHECK enum status auth_check(struct auth *auth, struct db *db,
				  const struct http_request *request, struct auth_caller *out,
				  long *retry_after, struct error *err);
/* Whether it came through a front door, whose word on the public address counts. */
bool auth_is_front_door(const struct auth *auth, const struct http_request *request);
/* STATUS_FORBIDDEN naming the role that is needed and the one that was there. */
MUST_CHECK enum status auth_require(const struct auth_caller *caller, enum auth_role needed,
				    struct error *err);

#endif
