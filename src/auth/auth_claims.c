/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says: for whom it is, from when to when, who calls, and with which role. */
#include <stdio.h>
#include <string.h>

#include "auth_private.h"

/* Seconds since 1970; what is later is no time of this world and would overflow in ms. */
#define TIME_MAX 1e11

static const char STEP[] = "check token";

enum status auth_refuse_token(struct error *err, const char *why)
{
	return fail(err, STATUS_AUTHENTICATION, STEP, NULL, "the token is not valid: %s", why);
}

static bool is_text(const json_t *value, const char *wanted)
{
	const char *text = json_string_value(value);

	return text != NULL && strlen(text) == json_string_length(value) &&
	       strcmp(text, wanted) == 0;
}

static bool holds(const json_t *value, const char *wanted)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		if (is_text(json_array_get(value, i), wanted))
			return true;
	return is_text(value, wanted);
}

static enum status check_audience(const json_t *claims, const struct config_issuer *issuer,
				  struct error *err)
{
	const json_t *audience = json_object_get(claims, "aud");

	for (size_t i = 0; issuer->audiences[i] != NULL; i++)
		if (holds(audience, issuer->audiences[i]))
			return STATUS_OK;
	return auth_refuse_token(err, audience == NULL ? "it says for no audience (aud)"
						       : "it is for another audience (aud)");
}

/* False when the claim is there and is no time. */
static bool read_time(const json_t *claims, const char *name, bool *is_there, int64_t *time)
{
	const json_t *value = json_object_get(claims, name);
	double seconds = json_number_value(value);

	*is_there = value != NULL;
	*time = 0;
	if (value == NULL)
		return true;
	/* Written so that what is not a number fails, too. */
	if (!json_is_number(value) || !(seconds >= 0 && seconds <= TIME_MAX))
		return false;
	*time = (int64_t)(seconds * 1000);
	return true;
}

static enum status check_times(const json_t *claims, long skew, int64_t now, struct error *err)
{
	bool has_end, has_begin, has_issue;
	int64_t end, begin, issue;

	if (!read_time(claims, "exp", &has_end, &end) ||
	    !read_time(claims, "nbf", &has_begin, &begin) ||
	    !read_time(claims, "iat", &has_issue, &issue))
		return auth_refuse_token(err,
					 "one of its times (exp, nbf, iat) is no number of seconds "
					 "since 1970");
	if (!has_end)
		return auth_refuse_token(err, "it has no end (exp)");
	if (now >= end + skew)
		return auth_refuse_token(err, "it has expired (exp)");
	if (has_begin && now < begin - skew)
		return auth_refuse_token(err, "it is not valid yet (nbf)");
	if (has_issue && now < issue - skew)
		return auth_refuse_token(
			err, "it was issued in the future (iat): compare the clocks of its "
			     "issuer and of this service");
	if (has_issue && issue > end)
		return auth_refuse_token(err, "it was issued (iat) after its own end (exp)");
	return STATUS_OK;
}

/* A claim that can name somebody; NULL: it is not there, or is no such text. */
static const char *name_in(const json_t *claims, const char *claim)
{
	const json_t *value = json_object_get(claims, claim);
	const char *text = json_string_value(value);

	if (text == NULL || text[0] == '\0' || strlen(text) != json_string_length(value) ||
	    strlen(text) >= sizeof(((struct auth_caller *)NULL)->name) ||
	    !text_is_printable_utf8(text))
		return NULL;
	return text;
}

static const char *first_name_in(const json_t *claims, const char *const *names)
{
	const char *found = NULL;

	for (size_t i = 0; found == NULL && names[i] != NULL; i++)
		found = name_in(claims, names[i]);
	return found;
}

static enum status read_caller(const json_t *claims, const struct config_issuer *issuer,
			       struct auth_caller *out, struct error *err)
{
	static const char *const by_default[] = { "upn", "oid", "sub", NULL };
	static const char *const lasting[] = { "oid", "sub", NULL };
	const char *const chosen[] = { issuer->name_claim, NULL };
	const char *name = first_name_in(claims, issuer->name_claim == NULL ? by_default : chosen);
	const char *identity = first_name_in(claims, lasting);

	if (name == NULL)
		return fail(err, STATUS_AUTHENTICATION, STEP, NULL,
			    "the token is not valid: no claim (%.64s) names its caller with 1 to "
			    "%zu bytes of text",
			    issuer->name_claim == NULL ? "upn, oid, sub" : issuer->name_claim,
			    sizeof(out->name) - 1);
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
	(void)snprintf(out->identity, sizeof(out->identity), "%s@%.120s",
		       identity == NULL ? name : identity, issuer->issuer);
	out->kind = AUTH_JWT;
	return STATUS_OK;
}

/* RFC 6749 section 3.3: words with single blanks between them. */
static bool has_word(const json_t *value, const char *wanted)
{
	const char *at = json_string_value(value);
	size_t wanted_length = strlen(wanted);

	while (at != NULL && *at != '\0') {
		size_t length = strcspn(at, " ");

		if (length == wanted_length && memcmp(at, wanted, length) == 0)
			return true;
		at += length + strspn(at + length, " ");
	}
	return false;
}

static bool is_scope(const char *claim)
{
	return strcmp(claim, "scp") == 0 || strcmp(claim, "scope") == 0;
}

static enum status read_role(const json_t *claims, const struct config_issuer *issuer,
			     struct auth_caller *out, struct error *err)
{
	bool is_found = false;

	for (size_t i = 0; i < issuer->role_count; i++) {
		const struct config_role_claim *row = &issuer->roles[i];
		const json_t *value = json_object_get(claims, row->claim);
		enum auth_role role = AUTH_READER;

		if (!holds(value, row->value) &&
		    !(is_scope(row->claim) && has_word(value, row->value)))
			continue;
		if (!auth_role_from_name(row->role, &role) || (is_found && role <= out->role))
			continue;
		out->role = role;
		is_found = true;
	}
	if (is_found)
		return STATUS_OK;
	return fail(err, STATUS_FORBIDDEN, STEP, NULL,
		    "the token of %s is valid, but none of its claims gives it a role here",
		    out->name);
}

enum status auth_claims_check(const json_t *claims, const struct config_issuer *issuer, long skew,
			      int64_t now, struct auth_caller *out, struct error *err)
{
	if (!is_text(json_object_get(claims, "iss"), issuer->issuer))
		return auth_refuse_token(err, "it is of another issuer (iss)");
	enum status status = check_audience(claims, issuer, err);
	if (status == STATUS_OK)
		status = check_times(claims, skew, now, err);
	/* RFC 7800: whoever shows it must prove to have a key, which a bearer does not. */
	if (status == STATUS_OK && json_object_get(claims, "cnf") != NULL)
		status = auth_refuse_token(err,
					   "it is bound to a key (cnf), and only bearer tokens are "
					   "supported");
	if (status == STATUS_OK)
		status = read_caller(claims, issuer, out, err);
	return status == STATUS_OK ? read_role(claims, issuer, out, err) : status;
}
