/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the service believes: issuers of JSON web tokens, client certificates, front doors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

#define ISSUERS_MAX 16
#define AUDIENCES_MAX 16
#define ROLES_MAX 64
#define CERTIFICATES_MAX 64
#define TEXT_LENGTH_MAX 1024

static const char *const role_names[] = { "Reader", "Operator", "Administrator", NULL };

static enum status check_text(const char *field, const char *text, struct error *err)
{
	if (text == NULL ||
	    (text[0] != '\0' && strlen(text) <= TEXT_LENGTH_MAX && text_is_printable_utf8(text)))
		return STATUS_OK;
	return fail_field(err, field,
			  "found \"%.80s\", allowed are 1 to %d bytes without control characters",
			  text, TEXT_LENGTH_MAX);
}

static const char *member_field(const char *where, const char *name, char field[CONFIG_FIELD_MAX])
{
	(void)snprintf(field, CONFIG_FIELD_MAX, "%.64s.%.24s", where, name);
	return field;
}

/* Keys that came over an open network could be anybody's. */
static bool is_plain_and_far(const char *url)
{
	static const char *const near[] = { "localhost", "127.0.0.1", "[::1]" };

	if (url == NULL || !text_starts_with(url, "http://"))
		return false;
	const char *host = url + sizeof("http://") - 1;
	for (size_t i = 0; i < ARRAY_LENGTH(near); i++) {
		size_t length = strlen(near[i]);

		if (strncmp(host, near[i], length) == 0 &&
		    (host[length] == '\0' || host[length] == ':' || host[length] == '/'))
			return false;
	}
	return true;
}

static enum status check_keys_address(const struct config_issuer *issuer, const char *where,
				      struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	enum status status =
		config_check_url(member_field(where, "jwksUrl", field), issuer->jwks_url, err);

	if (status == STATUS_OK && is_plain_and_far(issuer->jwks_url))
		return fail_field(err, field,
				  "found \"%.80s\", allowed is https://; http:// only for "
				  "localhost, 127.0.0.1 and [::1]",
				  issuer->jwks_url);
	if (status == STATUS_OK)
		status = config_check_path(member_field(where, "jwksFile", field),
					   issuer->jwks_file, err);
	if (status == STATUS_OK)
		status = config_check_path(member_field(where, "caFile", field), issuer->ca_file,
					   err);
	if (status == STATUS_OK && (issuer->jwks_url == NULL) == (issuer->jwks_file == NULL))
		return fail_field(err, where,
				  "found %s jwksUrl %s jwksFile, allowed is exactly one of them",
				  issuer->jwks_url == NULL ? "neither" : "both",
				  issuer->jwks_url == NULL ? "nor" : "and");
	return status;
}

static enum status read_role(const json_t *json, const char *where, struct config_role_claim *to,
			     struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	const struct json_field fields[] = {
		{ "claim", JSON_FIELD_STRING, true, &to->claim, NULL, 0, 0, NULL },
		{ "value", JSON_FIELD_STRING, true, &to->value, NULL, 0, 0, NULL },
		{ "role", JSON_FIELD_STRING, true, &to->role, NULL, 0, 0, role_names },
	};
	enum status status = json_read_fields(json, where, fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = check_text(member_field(where, "claim", field), to->claim, err);
	if (status == STATUS_OK)
		status = check_text(member_field(where, "value", field), to->value, err);
	return status;
}

/* Room for the items of @array, at most @count_max of them; NULL for none. */
static enum status make_room(const json_t *array, const char *field, size_t count_max,
			     size_t item_size, void **out, struct error *err)
{
	size_t count = json_array_size(array);

	*out = NULL;
	if (count > count_max)
		return fail_field(err, field, "found %zu items, allowed are at most %zu items",
				  count, count_max);
	if (count > 0)
		*out = calloc(count, item_size);
	return count == 0 || *out != NULL ? STATUS_OK : fail_memory(err, "read configuration");
}

static enum status read_roles(const json_t *array, const char *where, struct config_issuer *to,
			      struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	void *room = NULL;
	enum status status = make_room(array, member_field(where, "roles", field), ROLES_MAX,
				       sizeof(*to->roles), &room, err);

	to->roles = room;
	for (size_t i = 0; status == STATUS_OK && i < json_array_size(array); i++) {
		(void)snprintf(field, sizeof(field), "%.64s.roles[%zu]", where, i);
		status = read_role(json_array_get(array, i), field, &to->roles[i], err);
		to->role_count = i + 1;
	}
	return status;
}

static enum status read_issuer(const json_t *json, const char *where, struct config_issuer *to,
			       struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	json_t *audiences = NULL;
	json_t *roles = NULL;
	const struct json_field fields[] = {
		{ "issuer", JSON_FIELD_STRING, true, &to->issuer, NULL, 0, 0, NULL },
		{ "audiences", JSON_FIELD_ARRAY, true, &audiences, NULL, 0, 0, NULL },
		{ "jwksUrl", JSON_FIELD_STRING, false, &to->jwks_url, NULL, 0, 0, NULL },
		{ "jwksFile", JSON_FIELD_STRING, false, &to->jwks_file, NULL, 0, 0, NULL },
		{ "caFile", JSON_FIELD_STRING, false, &to->ca_file, NULL, 0, 0, NULL },
		{ "nameClaim", JSON_FIELD_STRING, false, &to->name_claim, NULL, 0, 0, NULL },
		{ "roles", JSON_FIELD_ARRAY, true, &roles, NULL, 0, 0, NULL },
	};
	enum status status = json_read_fields(json, where, fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = check_text(member_field(where, "issuer", field), to->issuer, err);
	if (status == STATUS_OK)
		status = config_read_list(audiences, member_field(where, "audiences", field),
					  AUDIENCES_MAX, check_text, &to->audiences, err);
	if (status == STATUS_OK && json_array_size(audiences) == 0)
		status = fail_field(err, field, "found an empty list, allowed are 1 to %d items",
				    AUDIENCES_MAX);
	if (status == STATUS_OK)
		status = check_keys_address(to, where, err);
	if (status == STATUS_OK)
		status = check_text(member_field(where, "nameClaim", field), to->name_claim, err);
	return status == STATUS_OK ? read_roles(roles, where, to, err) : status;
}

static enum status check_issuer_is_new(const struct config_issuer *issuers, size_t count,
				       const char *where, struct error *err)
{
	char field[CONFIG_FIELD_MAX];

	for (size_t i = 0; i < count; i++)
		if (strcmp(issuers[i].issuer, issuers[count].issuer) == 0)
			return fail_field(err, member_field(where, "issuer", field),
					  "found \"%.80s\" twice, allowed is one entry an issuer",
					  issuers[count].issuer);
	return STATUS_OK;
}

static enum status read_issuers(const json_t *array, struct config *config, struct error *err)
{
	__typeof__(config->authentication) *to = &config->authentication;
	void *room = NULL;
	enum status status = make_room(array, "$.http.authentication.issuers", ISSUERS_MAX,
				       sizeof(*to->issuers), &room, err);

	to->issuers = room;
	for (size_t i = 0; status == STATUS_OK && i < json_array_size(array); i++) {
		char where[CONFIG_FIELD_MAX];

		(void)snprintf(where, sizeof(where), "$.http.authentication.issuers[%zu]", i);
		to->issuer_count = i + 1;
		status = read_issuer(json_array_get(array, i), where, &to->issuers[i], err);
		if (status == STATUS_OK)
			status = check_issuer_is_new(to->issuers, i, where, err);
	}
	return status;
}

static enum status check_certificate_match(const struct config_client_certificate *certificate,
					   const char *where, struct error *err)
{
	int given = (certificate->common_name != NULL) + (certificate->alternative_name != NULL) +
		    (certificate->sha256_text != NULL);

	if (given != 1)
		return fail_field(err, where,
				  "found %d of commonName, subjectAlternativeName and sha256, "
				  "allowed is exactly one of them",
				  given);
	return STATUS_OK;
}

static enum status check_certificate(struct config_client_certificate *to, const char *where,
				     struct error *err)
{
	char field[CONFIG_FIELD_MAX];
	enum status status =
		check_text(member_field(where, "commonName", field), to->common_name, err);

	if (status == STATUS_OK)
		status = check_text(member_field(where, "subjectAlternativeName", field),
				    to->alternative_name, err);
	if (status == STATUS_OK && to->sha256_text != NULL &&
	    !hex_decode(to->sha256_text, to->sha256, sizeof(to->sha256)))
		status = fail_field(err, member_field(where, "sha256", field),
				    "found \"%.80s\", allowed are 64 hexadecimal digits without "
				    "colons",
				    to->sha256_text);
	if (status == STATUS_OK)
		status = check_certificate_match(to, where, err);
	if (status == STATUS_OK)
		status = config_check_word(member_field(where, "roleHeader", field),
					   to->role_header, 39, "-", err);
	if (status == STATUS_OK && to->role_header != NULL && !to->is_front_door)
		status = fail_field(err, field,
				    "found \"%.40s\" for a caller, allowed for kind frontDoor only",
				    to->role_header);
	return status;
}

static enum status read_certificate(const json_t *json, const char *where,
				    struct config_client_certificate *to, struct error *err)
{
	static const char *const kinds[] = { "caller", "frontDoor", NULL };
	const char *kind = kinds[0];
	const struct json_field fields[] = {
		{ "commonName", JSON_FIELD_STRING, false, &to->common_name, NULL, 0, 0, NULL },
		{ "subjectAlternativeName", JSON_FIELD_STRING, false, &to->alternative_name, NULL,
		  0, 0, NULL },
		{ "sha256", JSON_FIELD_STRING, false, &to->sha256_text, NULL, 0, 0, NULL },
		{ "kind", JSON_FIELD_STRING, false, &kind, NULL, 0, 0, kinds },
		{ "role", JSON_FIELD_STRING, true, &to->role, NULL, 0, 0, role_names },
		{ "roleHeader", JSON_FIELD_STRING, false, &to->role_header, NULL, 0, 0, NULL },
	};
	enum status status = json_read_fields(json, where, fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	to->is_front_door = strcmp(kind, kinds[1]) == 0;
	return status == STATUS_OK ? check_certificate(to, where, err) : status;
}

static enum status read_certificates(const json_t *array, struct config *config, struct error *err)
{
	__typeof__(config->authentication) *to = &config->authentication;
	static const char field[] = "$.http.authentication.clientCertificates";
	void *room = NULL;
	enum status status = make_room(array, field, CERTIFICATES_MAX,
				       sizeof(*to->client_certificates), &room, err);

	to->client_certificates = room;
	for (size_t i = 0; status == STATUS_OK && i < json_array_size(array); i++) {
		char where[CONFIG_FIELD_MAX];

		(void)snprintf(where, sizeof(where), "%s[%zu]", field, i);
		to->client_certificate_count = i + 1;
		status = read_certificate(json_array_get(array, i), where,
					  &to->client_certificates[i], err);
	}
	if (status == STATUS_OK && array != NULL && config->http.client_ca_file == NULL)
		return fail_field(err, field,
				  "found client certificates, allowed only with "
				  "http.tls.clientCaFile, which says who may have signed them");
	return status;
}

enum status config_read_authentication(const json_t *json, struct config *config, struct error *err)
{
	__typeof__(config->authentication) *to = &config->authentication;
	json_t *issuers = NULL;
	json_t *certificates = NULL;
	int64_t skew = 300, lifetime = 3600, interval = 30, stale = 86400;
	const struct json_field fields[] = {
		{ "issuers", JSON_FIELD_ARRAY, false, &issuers, NULL, 0, 0, NULL },
		{ "clientCertificates", JSON_FIELD_ARRAY, false, &certificates, NULL, 0, 0, NULL },
		{ "clockSkewSeconds", JSON_FIELD_INTEGER, false, &skew, NULL, 0, 600, NULL },
		{ "jwksLifetimeSeconds", JSON_FIELD_INTEGER, false, &lifetime, NULL, 60, 86400,
		  NULL },
		{ "jwksIntervalSeconds", JSON_FIELD_INTEGER, false, &interval, NULL, 1, 3600,
		  NULL },
		{ "jwksStaleSeconds", JSON_FIELD_INTEGER, false, &stale, NULL, 60, 604800, NULL },
	};
	enum status status = STATUS_OK;

	if (json != NULL)
		status = json_read_fields(json, "$.http.authentication", fields,
					  ARRAY_LENGTH(fields), JSON_UNKNOWN_REFUSE, false, err);
	to->clock_skew = (long)skew * 1000;
	to->keys_lifetime = (long)lifetime * 1000;
	to->keys_interval = (long)interval * 1000;
	to->keys_stale = (long)stale * 1000;
	if (status == STATUS_OK)
		status = read_issuers(issuers, config, err);
	return status == STATUS_OK ? read_certificates(certificates, config, err) : status;
}

void config_free_authentication(struct config *config)
{
	__typeof__(config->authentication) *from = &config->authentication;

	for (size_t i = 0; i < from->issuer_count; i++) {
		config_free_list(from->issuers[i].audiences);
		free(from->issuers[i].roles);
	}
	free(from->issuers);
	free(from->client_certificates);
}
