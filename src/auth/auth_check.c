/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls: a front door's word, a token, or a certificate, in this order. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth_private.h"

struct auth {
	const struct config *config;
	const struct clock *clock;
	struct auth_issuers *issuers;
};

static const char STEP[] = "authenticate caller";

enum status auth_new(const struct config *config, const struct clock *clock, struct auth **out,
		     struct error *err)
{
	struct auth *auth = calloc(1, sizeof(*auth));
	if (auth == NULL)
		return fail_memory(err, "start authentication");
	auth->config = config;
	auth->clock = clock;
	enum status status = auth_issuers_new(config, clock, NULL, NULL, &auth->issuers, err);
	if (status == STATUS_OK)
		status = auth_issuers_start(auth->issuers, err);
	if (status != STATUS_OK) {
		auth_free(auth);
		return status;
	}
	*out = auth;
	return STATUS_OK;
}

void auth_free(struct auth *auth)
{
	if (auth != NULL)
		auth_issuers_free(auth->issuers);
	free(auth);
}

bool auth_is_front_door(const struct auth *auth, const struct http_request *request)
{
	const struct config_client_certificate *entry =
		auth_certificate_entry(auth->config, request->certificate);

	return entry != NULL && entry->is_front_door;
}

/* The token in the header's value; NULL when it is not "Bearer", one or more spaces, and one token.
 */
static const char *find_token(const char *authorization)
{
	static const char scheme[] = "Bearer";
	if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	const char *token = authorization + sizeof(scheme) - 1;
	size_t spaces = strspn(token, " ");
	return spaces > 0 && token[spaces] != '\0' ? token + spaces : NULL;
}

static enum status check_bearer(struct auth *auth, struct db *db, const char *authorization,
				struct auth_caller *out, long *retry_after, struct error *err)
{
	const char *token = find_token(authorization);
	if (token == NULL)
		return fail(err, STATUS_AUTHENTICATION, STEP, NULL,
			    "the Authorization header is malformed; it must be \"Bearer \" and a "
			    "token");
	if (auth_token_has_prefix(token))
		return auth_token_check(db, token, clock_now(auth->clock), out, err);
	return auth_issuers_check(auth->issuers, token, out, retry_after, err);
}

static enum status refuse_certificate(const struct http_certificate *certificate, struct error *err)
{
	if (!certificate->is_trusted)
		return fail(err, STATUS_FORBIDDEN, STEP, NULL,
			    "the client certificate is not trusted: %s", certificate->why);
	return fail(err, STATUS_FORBIDDEN, STEP, NULL,
		    "the client certificate is trusted, but no entry of "
		    "http.authentication.clientCertificates says what it is good for");
}

static enum status check(struct auth *auth, struct db *db, const struct http_request *request,
			 struct auth_caller *out, long *retry_after, struct error *err)
{
	const struct http_certificate *certificate = request->certificate;
	const struct config_client_certificate *entry =
		auth_certificate_entry(auth->config, certificate);
	const char *authorization = http_request_header(request, "Authorization");

	/* Whoever shows a certificate means it: a bad one is not passed over for something else. */
	if (certificate != NULL && !certificate->is_trusted)
		return refuse_certificate(certificate, err);
	if (entry != NULL && entry->is_front_door && auth_front_door_names_caller(request))
		return auth_front_door_caller(request, entry, out, err);
	if (authorization != NULL)
		return check_bearer(auth, db, authorization, out, retry_after, err);
	if (entry != NULL)
		return auth_certificate_caller(certificate, entry, out, err);
	if (certificate != NULL)
		return refuse_certificate(certificate, err);
	return fail(err, STATUS_AUTHENTICATION, STEP, NULL,
		    "the request has no Authorization header; it must be \"Bearer \" and a token");
}

enum status auth_check(struct auth *auth, struct db *db, const struct http_request *request,
		       struct auth_caller *out, long *retry_after, struct error *err)
{
	struct auth_caller caller = { .role = AUTH_READER };

	*retry_after = 0;
	enum status status = check(auth, db, request, &caller, retry_after, err);
	if (status == STATUS_OK || status == STATUS_FORBIDDEN)
		*out = caller;
	return status;
}
