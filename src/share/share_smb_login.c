/* SPDX-License-Identifier: Apache-2.0 */
/* SPNEGO by GSSAPI, with one mechanism chosen beforehand: Kerberos or NTLMv2 (gss-ntlmssp).
 * Offering both would make one wrong password two bad logons and hide Kerberos' reasons. */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "share_smb_security.h"

#include <gssapi/gssapi_krb5.h>

#define STEP "log on"
#define WANTED                                                                                     \
	(GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG | GSS_C_SEQUENCE_FLAG |            \
	 GSS_C_REPLAY_FLAG)

struct smb_login {
	char server[256];
	char *user_name;
	struct secret password;
	bool kerberos;
	unsigned ticket_life;
	bool no_kerberos; /* no KDC, realm or principal for this */

	struct smb_password_use use; /* by Kerberos */
	struct smb_ticket *ticket;
	gss_name_t target;
	gss_cred_id_t credential;
	gss_ctx_id_t context;
	gss_buffer_desc token;
	OM_uint32 flags;
	bool complete;
};

/* As elements of an OID; the library's types take no const, but it changes none of them. */
static const char spnego[] = "\x2b\x06\x01\x05\x05\x02";
static const char ntlm[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static const char kerberos[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

static gss_OID_desc as_oid(const char *elements, size_t size)
{
	return (gss_OID_desc) { (OM_uint32)size - 1, (void *)(uintptr_t)elements };
}

static gss_buffer_desc as_buffer(const void *data, size_t length)
{
	return (gss_buffer_desc) { length, (void *)(uintptr_t)data };
}

static enum status fail_gss(struct error *err, OM_uint32 major, OM_uint32 minor, const char *what)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 more = 0;
	OM_uint32 ignored = 0;

	(void)gss_display_status(&ignored, minor != 0 ? minor : major,
				 minor != 0 ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more,
				 &text);
	(void)fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL, "%s: %.*s", what, (int)text.length,
		   (const char *)text.value);
	(void)gss_release_buffer(&ignored, &text);
	return STATUS_SHARE_AUTHENTICATION;
}

enum status smb_login_new(const struct smb_login_options *options, struct smb_login **out,
			  struct error *err)
{
	struct smb_login *login = calloc(1, sizeof(*login));

	if (login == NULL)
		return fail_memory(err, STEP);
	login->kerberos = options->kerberos;
	login->ticket_life = options->ticket_life;
	(void)snprintf(login->server, sizeof(login->server), "%s", options->server);
	login->user_name = strdup(options->user_name);
	enum status status = login->user_name == NULL
				     ? fail_memory(err, STEP)
				     : secret_copy(&login->password, options->password->data,
						   options->password->length, err);
	/* The libraries take it as a C string. */
	if (status == STATUS_OK &&
	    strlen((const char *)login->password.data) != login->password.length)
		status = fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL,
			      "the password has a NUL character");
	if (status != STATUS_OK)
		smb_login_free(TAKE(login));
	else
		*out = login;
	return status;
}

void smb_login_free(struct smb_login *login)
{
	OM_uint32 ignored = 0;

	if (login == NULL)
		return;
	(void)gss_release_buffer(&ignored, &login->token);
	if (login->context != GSS_C_NO_CONTEXT)
		(void)gss_delete_sec_context(&ignored, &login->context, GSS_C_NO_BUFFER);
	if (login->credential != GSS_C_NO_CREDENTIAL)
		(void)gss_release_cred(&ignored, &login->credential);
	if (login->target != GSS_C_NO_NAME)
		(void)gss_release_name(&ignored, &login->target);
	smb_ticket_free(login->ticket);
	secret_free(&login->password);
	free(login->user_name);
	free(login);
}

/* For Kerberos the principal that the ticket is for. */
static enum status import_target(struct smb_login *login, struct error *err)
{
	char name[sizeof(login->server) + 8];
	OM_uint32 minor = 0;

	(void)snprintf(name, sizeof(name), login->kerberos ? "cifs/%s@" : "cifs@%s", login->server);
	gss_buffer_desc buffer = as_buffer(name, strlen(name));
	OM_uint32 major = gss_import_name(&minor, &buffer,
					  login->kerberos ? GSS_KRB5_NT_PRINCIPAL_NAME
							  : GSS_C_NT_HOSTBASED_SERVICE,
					  &login->target);
	return GSS_ERROR(major) ? fail_gss(err, major, minor, "the server's name does not do")
				: STATUS_OK;
}

static OM_uint32 acquire(struct smb_login *login, gss_name_t name,
			 gss_key_value_element_desc *elements, OM_uint32 count, OM_uint32 *minor)
{
	gss_key_value_set_desc store = { count, elements };
	gss_OID_desc outer = as_oid(spnego, sizeof(spnego));
	gss_OID_desc inner =
		login->kerberos ? as_oid(kerberos, sizeof(kerberos)) : as_oid(ntlm, sizeof(ntlm));
	gss_OID_set_desc mechanisms = { 1, &outer };
	gss_OID_set_desc chosen = { 1, &inner };
	OM_uint32 major =
		gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
				      &store, &login->credential, NULL, NULL);

	if (!GSS_ERROR(major))
		major = gss_set_neg_mechs(minor, login->credential, &chosen);
	return major;
}

static enum status acquire_kerberos(struct smb_login *login, struct error *err)
{
	OM_uint32 minor = 0;
	const struct smb_ticket_request request = {
		.user_name = login->user_name,
		.password = &login->password,
		.use = &login->use,
		.server = login->server,
		.life = login->ticket_life,
	};
	enum status status = smb_ticket_get(&request, &login->ticket, &login->no_kerberos, err);
	if (status != STATUS_OK)
		return status;

	/* An empty key table keeps the machine's own away. */
	gss_key_value_element_desc elements[] = {
		{ "ccache", smb_ticket_cache(login->ticket) },
		{ "client_keytab", "MEMORY:none" },
	};
	OM_uint32 major = acquire(login, GSS_C_NO_NAME, elements, ARRAY_LENGTH(elements), &minor);
	return GSS_ERROR(major) ? fail_gss(err, major, minor, "Kerberos takes no ticket")
				: STATUS_OK;
}

/* By store keys that only gss-ntlmssp knows; the empty cache keeps Kerberos away from the user's.
 */
static enum status acquire_ntlm(struct smb_login *login, struct error *err)
{
	OM_uint32 minor = 0;
	gss_name_t name = GSS_C_NO_NAME;
	gss_key_value_element_desc elements[] = {
		{ "ntlmssp_password", (const char *)login->password.data },
		{ "ccache", "MEMORY:none" },
	};
	gss_buffer_desc user = as_buffer(login->user_name, strlen(login->user_name));
	OM_uint32 major = gss_import_name(&minor, &user, GSS_C_NT_USER_NAME, &name);

	if (!GSS_ERROR(major))
		major = acquire(login, name, elements, ARRAY_LENGTH(elements), &minor);
	enum status status =
		GSS_ERROR(major)
			? fail_gss(err, major, minor,
				   "NTLM is not to be had (is the package gss-ntlmssp installed?)")
			: STATUS_OK;
	if (name != GSS_C_NO_NAME)
		(void)gss_release_name(&minor, &name);
	return status;
}

static enum status advance(struct smb_login *login, const void *token, size_t length,
			   struct error *err)
{
	gss_buffer_desc input = as_buffer(token, length);
	gss_OID_desc mechanism = as_oid(spnego, sizeof(spnego));
	OM_uint32 minor = 0;

	(void)gss_release_buffer(&minor, &login->token);
	OM_uint32 major = gss_init_sec_context(
		&minor, login->credential, &login->context, login->target, &mechanism, WANTED, 0,
		GSS_C_NO_CHANNEL_BINDINGS, length == 0 ? GSS_C_NO_BUFFER : &input, NULL,
		&login->token, &login->flags, NULL);
	if (GSS_ERROR(major))
		return fail_gss(err, major, minor, "the login failed");
	login->complete = (major & GSS_S_CONTINUE_NEEDED) == 0;
	return STATUS_OK;
}

enum status smb_login_begin(struct smb_login *login, struct error *err)
{
	enum status status = import_target(login, err);

	if (status == STATUS_OK)
		status = login->kerberos ? acquire_kerberos(login, err) : acquire_ntlm(login, err);
	if (status != STATUS_OK)
		return status;
	return advance(login, NULL, 0, err);
}

enum status smb_login_continue(struct smb_login *login, const void *token, size_t length,
			       struct error *err)
{
	return advance(login, token, length, err);
}

void smb_login_token(const struct smb_login *login, const void **data, size_t *length)
{
	*data = login->token.value;
	*length = login->token.length;
}

bool smb_login_is_complete(const struct smb_login *login)
{
	return login->complete;
}

bool smb_login_is_kerberos(const struct smb_login *login)
{
	return login->kerberos;
}

int64_t smb_login_life(const struct smb_login *login)
{
	OM_uint32 minor = 0;
	OM_uint32 seconds = 0;

	/* NTLM has no tickets, whatever gss-ntlmssp says of its credentials. */
	if (!login->kerberos ||
	    gss_context_time(&minor, login->context, &seconds) != GSS_S_COMPLETE ||
	    seconds == GSS_C_INDEFINITE)
		return INT64_MAX;
	return (int64_t)seconds * 1000;
}

bool smb_login_withdraw(struct smb_login *login)
{
	return smb_password_use_withdraw(&login->use);
}

bool smb_login_has_no_kerberos(const struct smb_login *login)
{
	return login->no_kerberos;
}

enum status smb_login_session_key(struct smb_login *login, struct secret *out, struct error *err)
{
	gss_buffer_set_t keys = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor = 0;

	if (!login->complete || (login->flags & GSS_C_INTEG_FLAG) == 0 ||
	    (login->flags & GSS_C_ANON_FLAG) != 0)
		return fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL,
			    "the login proves neither user nor server");
	OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, login->context,
							 GSS_C_INQ_SSPI_SESSION_KEY, &keys);
	if (GSS_ERROR(major))
		return fail_gss(err, major, minor, "the login gives no session key");
	enum status status;
	if (keys->count < 1 || keys->elements[0].length < 16 || keys->elements[0].length > 64)
		status = fail(err, STATUS_SHARE_AUTHENTICATION, STEP, NULL,
			      "the login's session key has a wrong length");
	else
		status = secret_copy(out, keys->elements[0].value, keys->elements[0].length, err);
	for (size_t i = 0; i < keys->count; i++)
		OPENSSL_cleanse(keys->elements[i].value, keys->elements[i].length);
	(void)gss_release_buffer_set(&minor, &keys);
	return status;
}
