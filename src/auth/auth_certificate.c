/* SPDX-License-Identifier: Apache-2.0 */
/* Callers by their TLS certificate, and callers whom a front door names. */
#include <stdio.h>
#include <string.h>

#include "auth_private.h"

static const char STEP[] = "authenticate caller";

/* In the order in which they are the caller's name. */
static const char *const naming_headers[] = {
	"x-ms-client-principal-name",
	"x-ms-client-object-id",
	"x-ms-client-app-id",
};

static bool has_alternative_name(const struct http_certificate *certificate, const char *name)
{
	for (size_t i = 0; i < certificate->alternative_name_count; i++)
		if (text_equal_ignoring_case(certificate->alternative_names[i], name))
			return true;
	return false;
}

static bool fits(const struct config_client_certificate *entry,
		 const struct http_certificate *certificate)
{
	if (entry->sha256_text != NULL)
		return memcmp(entry->sha256, certificate->sha256, sizeof(entry->sha256)) == 0;
	if (entry->common_name != NULL)
		return text_equal_ignoring_case(entry->common_name, certificate->common_name);
	return has_alternative_name(certificate, entry->alternative_name);
}

const struct config_client_certificate *
auth_certificate_entry(const struct config *config, const struct http_certificate *certificate)
{
	if (certificate == NULL || !certificate->is_trusted)
		return NULL;
	for (size_t i = 0; i < config->authentication.client_certificate_count; i++)
		if (fits(&config->authentication.client_certificates[i], certificate))
			return &config->authentication.client_certificates[i];
	return NULL;
}

static const char *name_of(const struct http_certificate *certificate)
{
	if (certificate->common_name[0] != '\0' || certificate->alternative_name_count == 0)
		return certificate->common_name;
	return certificate->alternative_names[0];
}

enum status auth_certificate_caller(const struct http_certificate *certificate,
				    const struct config_client_certificate *entry,
				    struct auth_caller *out, struct error *err)
{
	char digits[2 * sizeof(certificate->sha256) + 1];

	hex_encode(certificate->sha256, sizeof(certificate->sha256), false, digits);
	(void)snprintf(out->identity, sizeof(out->identity), "SHA256:%s", digits);
	/* The identity is whole, whatever a very long name loses. */
	(void)snprintf(out->name, sizeof(out->name), "%.127s",
		       name_of(certificate)[0] == '\0' ? out->identity : name_of(certificate));
	out->kind = AUTH_CERTIFICATE;
	if (auth_role_from_name(entry->role, &out->role))
		return STATUS_OK;
	return fail(err, STATUS_FORBIDDEN, STEP, NULL, "the certificate of %s has no role",
		    out->name);
}

/* What can stand in a job row; NULL: the header was not sent, or holds something else. */
static const char *header_name(const struct http_request *request, const char *header)
{
	const char *value = http_request_header(request, header);

	if (value == NULL || value[0] == '\0' ||
	    strlen(value) >= sizeof(((struct auth_caller *)NULL)->name) ||
	    !text_is_printable_utf8(value))
		return NULL;
	return value;
}

/* The first of naming_headers from @first on. */
static const char *first_header_name(const struct http_request *request, size_t first)
{
	const char *name = NULL;

	for (size_t i = first; name == NULL && i < ARRAY_LENGTH(naming_headers); i++)
		name = header_name(request, naming_headers[i]);
	return name;
}

bool auth_front_door_names_caller(const struct http_request *request)
{
	for (size_t i = 0; i < ARRAY_LENGTH(naming_headers); i++)
		if (http_request_header(request, naming_headers[i]) != NULL)
			return true;
	return false;
}

static enum status read_front_door_role(const struct http_request *request,
					const struct config_client_certificate *entry,
					struct auth_caller *out, struct error *err)
{
	enum auth_role highest = AUTH_READER;
	const char *sent = entry->role_header == NULL
				   ? entry->role
				   : http_request_header(request, entry->role_header);

	if (!auth_role_from_name(entry->role, &highest) || !auth_role_from_name(sent, &out->role))
		return fail(err, STATUS_FORBIDDEN, STEP, NULL,
			    "the front door gives %s no role: its header %s must be Reader, "
			    "Operator or Administrator",
			    out->name, entry->role_header == NULL ? "" : entry->role_header);
	if (out->role > highest)
		out->role = highest;
	return STATUS_OK;
}

enum status auth_front_door_caller(const struct http_request *request,
				   const struct config_client_certificate *entry,
				   struct auth_caller *out, struct error *err)
{
	const char *name = first_header_name(request, 0);
	const char *identity = first_header_name(request, 1);

	if (name == NULL)
		return fail(err, STATUS_FORBIDDEN, STEP, NULL,
			    "the front door names a caller, but not with 1 to %zu printable bytes",
			    sizeof(out->name) - 1);
	(void)snprintf(out->name, sizeof(out->name), "%s", name);
	(void)snprintf(out->identity, sizeof(out->identity), "%s",
		       identity == NULL ? name : identity);
	out->kind = AUTH_FRONT_DOOR;
	return read_front_door_role(request, entry, out, err);
}
