/* SPDX-License-Identifier: Apache-2.0 */
/* A Kerberos ticket by password, got from libkrb5 itself so that the KDC's reason is known. */
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

static krb5_error_code ask(struct smb_ticket *ticket, krb5_principal user, const char *password)
{
	krb5_get_init_creds_opt *options = NULL;
	krb5_creds credentials;
	krb5_error_code code = krb5_get_init_creds_opt_alloc(ticket->context, &options);

	if (code != 0)
		return code;
	memset(&credentials, 0, sizeof(credentials));
	krb5_get_init_creds_opt_set_canonicalize(options, 1);
	krb5_get_init_creds_opt_set_change_password_prompt(options, 0);
	code = krb5_get_init_creds_password(ticket->context, &credentials, user, password, NULL,
					    NULL, 0, NULL, options);
	if (code == 0) {
		code = krb5_cc_initialize(ticket->context, ticket->cache, credentials.client);
		if (code == 0)
			code = krb5_cc_store_cred(ticket->context, ticket->cache, &credentials);
		krb5_free_cred_contents(ticket->context, &credentials);
	}
	krb5_get_init_creds_opt_free(ticket->context, options);
	return code;
}

static krb5_error_code fill(struct smb_ticket *ticket, const char *user_name, const char *password)
{
	krb5_principal user = NULL;
	krb5_error_code code = krb5_init_secure_context(&ticket->context);

	if (code == 0)
		code = parse_user(ticket->context, user_name, &user);
	if (code == 0)
		code = krb5_cc_new_unique(ticket->context, "MEMORY", NULL, &ticket->cache);
	if (code == 0)
		code = ask(ticket, user, password);
	if (code == 0)
		code = krb5_cc_get_full_name(ticket->context, ticket->cache, &ticket->cache_name);
	if (user != NULL)
		krb5_free_principal(ticket->context, user);
	return code;
}

enum status smb_ticket_get(const char *user_name, const struct secret *password,
			   struct smb_ticket **out, bool *unavailable, struct error *err)
{
	struct smb_ticket *ticket = calloc(1, sizeof(*ticket));

	*unavailable = false;
	if (ticket == NULL)
		return fail_memory(err, STEP);
	krb5_error_code code = fill(ticket, user_name, (const char *)password->data);
	if (code != 0) {
		enum status status = fail_ticket(ticket->context, code, unavailable, err);
		smb_ticket_free(ticket);
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
