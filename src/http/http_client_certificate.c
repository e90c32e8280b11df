/* SPDX-License-Identifier: Apache-2.0 */
/* TLS client certificates: asked for, verified, and read. libmicrohttpd asks for one when it knows
 * authorities, but leaves it to its user to look at what came. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "http_private.h"

/* A certificate that was made for servers alone says nothing about a caller. */
static gnutls_typed_vdata_st http_client_purpose[] = {
	{ .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT },
};

static gnutls_session_t http_session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info == NULL ? NULL : info->tls_session;
}

void http_client_certificate_require(struct MHD_Connection *connection)
{
	gnutls_session_t session = http_session_of(connection);

	if (session == NULL)
		return;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_cert2(session, http_client_purpose,
					ARRAY_LENGTH(http_client_purpose), 0);
}

bool http_client_authorities_are_good(const struct buffer *pem)
{
	const gnutls_datum_t text = { pem->data, (unsigned)pem->length };
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;

	if (gnutls_x509_crt_list_import2(&list, &count, &text, GNUTLS_X509_FMT_PEM, 0) < 0)
		return false;
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return count > 0;
}

static void http_certificate_verify(gnutls_session_t session, struct http_certificate *to)
{
	unsigned faults = 0;
	gnutls_datum_t text = { NULL, 0 };
	int result = gnutls_certificate_verify_peers(session, http_client_purpose,
						     ARRAY_LENGTH(http_client_purpose), &faults);

	to->is_trusted = result == GNUTLS_E_SUCCESS && faults == 0;
	if (to->is_trusted)
		return;
	if (result != GNUTLS_E_SUCCESS)
		(void)snprintf(to->why, sizeof(to->why), "%s", gnutls_strerror(result));
	else if (gnutls_certificate_verification_status_print(faults, GNUTLS_CRT_X509, &text, 0) ==
		 GNUTLS_E_SUCCESS)
		(void)snprintf(to->why, sizeof(to->why), "%s", (const char *)text.data);
	gnutls_free(text.data);
	if (!text_is_printable_utf8(to->why))
		to->why[0] = '\0';
	/* The library ends its sentences, and a blank follows. */
	for (size_t length = strlen(to->why); length > 0 && strchr(". ", to->why[length - 1]);)
		to->why[--length] = '\0';
}

/* A name with a NUL or a control character in it is none: it could be read as another one. */
static bool http_name_is_clean(const char *name, size_t length)
{
	return length > 0 && strlen(name) == length && text_is_printable_utf8(name);
}

static void http_certificate_read_alternatives(gnutls_x509_crt_t leaf, struct http_certificate *to)
{
	for (unsigned i = 0; to->alternative_name_count < HTTP_CERTIFICATE_NAMES_MAX; i++) {
		char *name = to->alternative_names[to->alternative_name_count];
		size_t size = sizeof(to->alternative_names[0]) - 1;
		unsigned kind = 0;
		int result =
			gnutls_x509_crt_get_subject_alt_name2(leaf, i, name, &size, &kind, NULL);

		if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return;
		/* Other kinds, and what is too long, are passed over. */
		if (result != GNUTLS_SAN_DNSNAME && result != GNUTLS_SAN_RFC822NAME &&
		    result != GNUTLS_SAN_URI) {
			if (result < 0 && result != GNUTLS_E_SHORT_MEMORY_BUFFER)
				return;
			continue;
		}
		name[size] = '\0';
		if (http_name_is_clean(name, size))
			to->alternative_name_count++;
	}
}

static bool http_certificate_read(const gnutls_datum_t *der, struct http_certificate *to)
{
	size_t name_size = sizeof(to->common_name) - 1;
	size_t digest_size = sizeof(to->sha256);
	gnutls_x509_crt_t leaf = NULL;

	if (gnutls_x509_crt_init(&leaf) != GNUTLS_E_SUCCESS)
		return false;
	bool is_read = gnutls_x509_crt_import(leaf, der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
		       gnutls_x509_crt_get_fingerprint(leaf, GNUTLS_DIG_SHA256, to->sha256,
						       &digest_size) == GNUTLS_E_SUCCESS;

	if (is_read) {
		if (gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
						  to->common_name,
						  &name_size) != GNUTLS_E_SUCCESS ||
		    !http_name_is_clean(to->common_name, name_size))
			to->common_name[0] = '\0';
		http_certificate_read_alternatives(leaf, to);
	}
	gnutls_x509_crt_deinit(leaf);
	return is_read;
}

struct http_certificate *http_client_certificate(struct MHD_Connection *connection)
{
	gnutls_session_t session = http_session_of(connection);
	unsigned count = 0;
	const gnutls_datum_t *chain =
		session == NULL ? NULL : gnutls_certificate_get_peers(session, &count);

	if (chain == NULL || count == 0)
		return NULL;
	struct http_certificate *certificate = calloc(1, sizeof(*certificate));
	if (certificate == NULL || !http_certificate_read(&chain[0], certificate)) {
		free(certificate);
		return NULL;
	}
	http_certificate_verify(session, certificate);
	return certificate;
}
