/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module auth share: keys and tokens (JOSE), issuers, ways to be recognised. */
#ifndef AUTH_PRIVATE_H
#define AUTH_PRIVATE_H

#include "infrabackup/auth.h"

/* --- auth_jws.c: the only user of libcjose. Any thread. --- */

/* The public keys of one issuer that can verify RS256 or ES256; constant once it is made. */
struct auth_keys;
/* From a JSON web key set (RFC 7517). Other keys in it are passed over. STATUS_INVALID: it is no
 * such set, or has no key for us. */
MUST_CHECK enum status auth_keys_parse(const void *data, size_t length, struct auth_keys **out,
				       struct error *err);
void auth_keys_free(struct auth_keys *keys);
size_t auth_keys_count(const struct auth_keys *keys);

/* A JSON web token (RFC 7519, compact form) taken apart; nothing in it is proven yet. */
struct auth_jwt;
/* STATUS_AUTHENTICATION with what is wrong with it. */
MUST_CHECK enum status auth_jwt_parse(const char *token, struct auth_jwt **out, struct error *err);
void auth_jwt_free(struct auth_jwt *jwt);
const json_t *auth_jwt_claims(const struct auth_jwt *jwt);
/* STATUS_AUTHENTICATION; STATUS_NOT_FOUND: none of @keys is the one that the token names. */
MUST_CHECK enum status auth_jwt_verify(const struct auth_jwt *jwt, const struct auth_keys *keys,
				       struct error *err);

/* --- auth_claims.c --- */
/* STATUS_AUTHENTICATION: "the token is not valid: @why". */
enum status auth_refuse_token(struct error *err, const char *why);
/* What the claims of a verified token of @issuer say, @skew and @now in ms. STATUS_AUTHENTICATION;
 * STATUS_FORBIDDEN when no role fits (@out then has everything but the role). */
MUST_CHECK enum status auth_claims_check(const json_t *claims, const struct config_issuer *issuer,
					 long skew, int64_t now, struct auth_caller *out,
					 struct error *err);

/* --- auth_token.c --- */
bool auth_token_has_prefix(const char *token);
MUST_CHECK enum status auth_token_check(struct db *db, const char *token, int64_t now,
					struct auth_caller *out, struct error *err);

/* --- auth_certificate.c --- */
/* The first entry that fits; NULL when the certificate is none that is trusted, or none fits. */
const struct config_client_certificate *
auth_certificate_entry(const struct config *config, const struct http_certificate *certificate);
MUST_CHECK enum status auth_certificate_caller(const struct http_certificate *certificate,
					       const struct config_client_certificate *entry,
					       struct auth_caller *out, struct error *err);
/* Whether a front door's request says for whom it comes. */
bool auth_front_door_names_caller(const struct http_request *request);
MUST_CHECK enum status auth_front_door_caller(const struct http_request *request,
					      const struct config_client_certificate *entry,
					      struct auth_caller *out, struct error *err);

/* --- auth_issuers.c --- */
struct auth_issuers;

/* The document with the keys of @issuer into @out; ends early when @cancel is requested. */
typedef enum status (*auth_fetch)(void *context, const struct config_issuer *issuer,
				  struct cancel *cancel, struct buffer *out, struct error *err);

/* @fetch NULL: from jwksUrl or jwksFile. No thread runs yet. */
MUST_CHECK enum status auth_issuers_new(const struct config *config, const struct clock *clock,
					auth_fetch fetch, void *fetch_context,
					struct auth_issuers **out, struct error *err);
/* Ends the thread. NULL is legal. */
void auth_issuers_free(struct auth_issuers *issuers);
/* Starts the thread that keeps keys fresh. Keys in files are there when this returns; a file that
 * is none is a fault. */
MUST_CHECK enum status auth_issuers_start(struct auth_issuers *issuers, struct error *err);
/* Fetches what is due now; ms until something is due again. What the thread does, for tests. */
int64_t auth_issuers_refresh(struct auth_issuers *issuers);
/* The caller of a token. Never waits for an issuer. As auth_check(). */
MUST_CHECK enum status auth_issuers_check(struct auth_issuers *issuers, const char *token,
					  struct auth_caller *out, long *retry_after,
					  struct error *err);

#endif
