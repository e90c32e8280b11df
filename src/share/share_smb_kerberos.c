/* SPDX-License-Identifier: Apache-2.0 */
/* Kerberos tickets by password, got from libkrb5 itself so that the KDC's reason is known. */
#include <krb5.h>
#include <stdio.h>
#include <string.h>

#include "share_smb_security.h"

#define STEP "log on"

struct smb_ticket {
	krb5_context context;
	krb5_ccache cache;
	char *cache_name;
};

static const struct {
	krb5_error_code code;
	const char *name;
	const char *text;
	bool unavailable; /* there is no Kerberos here, rather than a refusal */
} codes[] = {
	{ KRB5KDC_ERR_PREAUTH_FAILED, "KRB5KDC_ERR_PREAUTH_FAILED", "the password is wrong",
	  false },
	{ KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN",
	  "the user does not exist", false },
	{ KRB5KDC_ERR_CLIENT_REVOKED, "KRB5KDC_ERR_CLIENT_REVOKED",
	  "the account is disabled, locked out or expired", false },
	{ KRB5KDC_ERR_KEY_EXP, "KRB5KDC_ERR_KEY_EXP",
	  "the password has expired or must be changed first", false },
	{ KRB5KDC_ERR_POLICY, "KRB5KDC_ERR_POLICY", "the domain's policy refuses the logon",
	  false },
	{ KRB5KRB_AP_ERR_SKEW, "KRB5KRB_AP_ERR_SKEW",
	  "this machine's clock and the domain's differ too much", false },
	{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, "KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN",
	  "the domain knows no file server of this name", true },
	{ KRB5_REALM_UNKNOWN, "KRB5_REALM_UNKNOWN", "no Kerberos server is known for the realm",
	  true },
	{ KRB5_KDC_UNREACH, "KRB5_KDC_UNREACH", "no Kerberos server of the realm answers", true },
	{ KRB5KDC_ERR_WRONG_REALM, "KRB5KDC_ERR_WRONG_REALM", "the realm is not the user's", true },
};

static enum status fail_ticket(krb5_context context, krb5_error_code code, bool *unavailable,
			       struct error *err)
{
	const char *text = context == NULL ? NULL : krb5_get_error_message(context, code);
	const char *name = "KRB5";

	(void)fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL, "Kerberos: %.200s",
		   text == NULL ? "no context" : text);
	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		if (codes[i].code != code)
			continue;
		name = codes[i].name;
		*unavailable = codes[i].unavailable;
		(void)fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL, "%s (Kerberos: %.200s)",
			   codes[i].text, text == NULL ? "" : text);
	}
	if (err != NULL) {
		err->cause = (int)code;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "%s", name);
	}
	if (text != NULL)
		krb5_free_error_message(context, text);
	return STATUS_SHARE_AUTHENTICATION;
}

/* "user@suffix" as an enterprise name in realm SUFFIX, which the KDC makes canonical: needs no
 * default realm. */
static krb5_error_code parse_user(krb5_context context, const char *user_name, krb5_principal *out)
{
	const char *at = strrchr(user_name, '@');
	char name[600];

	if (at == NULL || strlen(user_name) > 250)
		return KRB5_PARSE_MALFORMED;
	int length = snprintf(name, sizeof(name), "%.*s\\@%s@", (int)(at - user_name), user_name,
			      at + 1);
	for (const char *from = at + 1; *from != '\0'; from++)
		name[length++] = (char)(*from >= 'a' && *from <= 'z' ? *from - 32 : *from);
	name[length] = '\0';
	krb5_error_code code = krb5_parse_name(context, name, out);
	if (code == 0)
		(*out)->type = KRB5_NT_ENTERPRISE_PRINCIPAL;
	return code;
}

/* What the library asks for the password with. */
struct asked {
	const struct secret *password;
	struct smb_password_use *use;
};

/* A KDC has answered and wants proof: only now is the password used, unless nobody waits for it any
 * more. Any other question is not answered. */
static krb5_error_code give_password(krb5_context context, void *data, const char *name,
				     const char *banner, int count, krb5_prompt prompts[])
{
	const struct asked *asked = data;
	const krb5_prompt_type *types = krb5_get_prompt_types(context);

	(void)name;
	(void)banner;
	if (count != 1 || types == NULL || types[0] != KRB5_PROMPT_TYPE_PASSWORD ||
	    asked->password->length > prompts[0].reply->length ||
	    !smb_password_use_begin(asked->use))
		return KRB5_LIBOS_CANTREADPWD;
	memcpy(prompts[0].reply->data, asked->password->data, asked->password->length);
	prompts[0].reply->length = (unsigned)asked->password->length;
	return 0;
}

static krb5_error_code ask(struct smb_ticket *ticket, krb5_principal user, struct asked *asked)
{
	krb5_get_init_creds_opt *options = NULL;
	krb5_creds credentials;
	krb5_error_code code = krb5_get_init_creds_opt_alloc(ticket->context, &options);

	if (code != 0)
		return code;
	memset(&credentials, 0, sizeof(credentials));
	krb5_get_init_creds_opt_set_canonicalize(options, 1);
	krb5_get_init_creds_opt_set_change_password_prompt(options, 0);
	code = krb5_get_init_creds_password(ticket->context, &credentials, user, NULL,
					    give_password, asked, 0, NULL, options);
	if (code == 0) {
		code = krb5_cc_initialize(ticket->context, ticket->cache, credentials.client);
		if (code == 0)
			code = krb5_cc_store_cred(ticket->context, ticket->cache, &credentials);
		krb5_free_cred_contents(ticket->context, &credentials);
	}
	krb5_get_init_creds_opt_free(ticket->context, options);
	return code;
}

/* The principal of @server as it was given: a host name would be canonicalized by DNS, which would
 * then choose whom to trust. */
static krb5_error_code ask_for_server(struct smb_ticket *ticket, krb5_principal user,
				      const struct smb_ticket_request *request)
{
	krb5_creds wanted = { .client = user };
	krb5_creds *found = NULL;
	krb5_timestamp now = 0;
	char name[300];

	(void)snprintf(name, sizeof(name), "cifs/%s@", request->server);
	krb5_error_code code = krb5_parse_name(ticket->context, name, &wanted.server);
	if (code == 0 && request->life != 0)
		code = krb5_timeofday(ticket->context, &now);
	if (code == 0 && request->life != 0)
		wanted.times.endtime = now + (krb5_timestamp)request->life;
	if (code == 0)
		code = krb5_get_credentials(ticket->context, 0, ticket->cache, &wanted, &found);
	if (found != NULL)
		krb5_free_creds(ticket->context, found);
	krb5_free_principal(ticket->context, wanted.server);
	return code;
}

static krb5_error_code fill(struct smb_ticket *ticket, const struct smb_ticket_request *request)
{
	struct asked asked = { request->password, request->use };
	krb5_principal user = NULL;
	krb5_principal canonical = NULL;
	krb5_error_code code = krb5_init_secure_context(&ticket->context);

	if (code == 0)
		code = parse_user(ticket->context, request->user_name, &user);
	if (code == 0)
		code = krb5_cc_new_unique(ticket->context, "MEMORY", NULL, &ticket->cache);
	if (code == 0)
		code = ask(ticket, user, &asked);
	if (code == 0) {
		smb_password_use_accept(request->use);
		code = krb5_cc_get_principal(ticket->context, ticket->cache, &canonical);
	}
	if (code == 0)
		code = ask_for_server(ticket, canonical, request);
	if (code == 0)
		code = krb5_cc_get_full_name(ticket->context, ticket->cache, &ticket->cache_name);
	krb5_free_principal(ticket->context, canonical);
	krb5_free_principal(ticket->context, user);
	return code;
}

enum status smb_ticket_fail_silent(struct error *err, int64_t waited)
{
	(void)fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL,
		   "no Kerberos server of the realm has answered for %lld ms", (long long)waited);
	if (err != NULL) {
		err->cause = (int)KRB5_KDC_UNREACH;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "KRB5_KDC_UNREACH");
	}
	return STATUS_SHARE_AUTHENTICATION;
}

enum status smb_ticket_get(const struct smb_ticket_request *request, struct smb_ticket **out,
			   bool *unavailable, struct error *err)
{
	struct smb_ticket *ticket = calloc(1, sizeof(*ticket));

	*unavailable = false;
	if (ticket == NULL)
		return fail_memory(err, STEP);
	krb5_error_code code = fill(ticket, request);
	if (code != 0) {
		enum status status = fail_ticket(ticket->context, code, unavailable, err);
		smb_ticket_free(ticket);
		/* A KDC that fell silent after it was shown the password may have counted it. */
		*unavailable = *unavailable && smb_password_use_withdraw(request->use);
		return status;
	}
	*out = ticket;
	return STATUS_OK;
}

const char *smb_ticket_cache(const struct smb_ticket *ticket)
{
	return ticket->cache_name;
}

void smb_ticket_free(struct smb_ticket *ticket)
{
	if (ticket == NULL)
		return;
	if (ticket->cache_name != NULL)
		krb5_free_string(ticket->context, ticket->cache_name);
	if (ticket->cache != NULL)
		(void)krb5_cc_destroy(ticket->context, ticket->cache);
	if (ticket->context != NULL)
		krb5_free_context(ticket->context);
	free(ticket);
}
