/* SPDX-License-Identifier: Apache-2.0 */
/* Pre-shared keys: taken once, kept as long as the database, replaced by a certificate for good. */
#include <stdio.h>
#include <string.h>

#include "backup_psk.h"

#define STEP "set pre-shared key"
#define FIELD "properties.externalStoreDefault.encryptionKeyBase64"
#define PURPOSE_REQUEST "encryption-key-request"
#define WRAPPED_MAX (64u << 10)

/* Names in the table of secrets, by thumbprint. */
struct psk_names {
	char key[64], wrapped[64];
};

static struct psk_names names_of(const char *thumbprint)
{
	struct psk_names names;
	(void)snprintf(names.key, sizeof names.key, "encryption-key-%.40s", thumbprint);
	(void)snprintf(names.wrapped, sizeof names.wrapped, "encryption-key-file-%.40s",
		       thumbprint);
	return names;
}

enum status backup_psk_wrapped(struct db *state, const char *thumbprint, struct buffer *out,
			       struct error *err)
{
	const struct psk_names names = names_of(thumbprint);
	return db_secret_get(state, names.wrapped, out, err);
}

enum status backup_psk_is_known(struct db *state, const char *thumbprint, bool *out,
				struct error *err)
{
	struct buffer wrapped;
	buffer_init(&wrapped, WRAPPED_MAX);
	enum status status = backup_psk_wrapped(state, thumbprint, &wrapped, err);
	buffer_done(&wrapped);
	*out = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status backup_psk_open(struct backup_service *service, struct db *state,
			    const char *thumbprint, struct private_key **out, struct error *err)
{
	const struct psk_names names = names_of(thumbprint);
	AUTO_SECRET key = SECRET_EMPTY;
	struct buffer wrapped;
	buffer_init(&wrapped, WRAPPED_MAX);
	enum status status = backup_secret_load(state, &service->master_key, names.key, &key, err);
	if (status == STATUS_OK)
		status = backup_psk_wrapped(state, thumbprint, &wrapped, err);
	if (status == STATUS_OK)
		status = private_key_from_psk(wrapped.data, wrapped.length, &key, out, err);
	buffer_done(&wrapped);
	return status;
}

/* --- setting one --- */

struct certificate_search {
	struct db *state;
	char thumbprint[THUMBPRINT_TEXT_SIZE]; /* of a certificate that is no key's; empty: none */
};

static enum status see_certificate(const char *thumbprint, struct certificate_search *search,
				   struct error *err)
{
	bool is_key = false;
	enum status status = backup_psk_is_known(search->state, thumbprint, &is_key, err);
	if (status == STATUS_OK && !is_key)
		(void)snprintf(search->thumbprint, sizeof search->thumbprint, "%s", thumbprint);
	return status;
}

static enum status see_use(const struct db_key *use, void *context, struct error *err)
{
	/* Escrow recipients are no choice of the location. */
	if (strcmp(use->purpose, "location") != 0)
		return STATUS_OK;
	return see_certificate(use->thumbprint, context, err);
}

/* A certificate is never left for a key, also when the location was cleared since. */
static enum status check_no_certificate(struct db *state, const struct db_location *location,
					struct error *err)
{
	struct certificate_search search = { .state = state };
	enum status status = db_key_list(state, see_use, &search, err);
	if (status == STATUS_OK && location->certificate.length > 0)
		status = see_certificate(location->thumbprint, &search, err);
	if (status != STATUS_OK || search.thumbprint[0] == '\0')
		return status;
	status = fail(
		err, STATUS_CONFLICT, STEP, location->name,
		"backups are encrypted for the certificate %s, and a location that has had one "
		"does not go back to a pre-shared key",
		search.thumbprint);
	if (err != NULL)
		(void)snprintf(err->field, sizeof err->field, "%s", FIELD);
	return status;
}

/* *@thumbprint: of the key in use; empty: none. */
static enum status read_present(struct backup_service *service, struct db *state,
				char thumbprint[THUMBPRINT_TEXT_SIZE], struct error *err)
{
	struct db_location location;
	memset(&location, 0, sizeof location);
	enum status status =
		db_location_get(state, service->config->deployment.location, &location, err);
	if (status == STATUS_OK)
		status = check_no_certificate(state, &location, err);
	memcpy(thumbprint, location.thumbprint, THUMBPRINT_TEXT_SIZE);
	db_location_done(&location);
	return status;
}

static enum status is_same_key(struct backup_service *service, struct db *state,
			       const char *thumbprint, const struct secret *key, bool *out,
			       struct error *err)
{
	const struct psk_names names = names_of(thumbprint);
	AUTO_SECRET present = SECRET_EMPTY;
	enum status status =
		backup_secret_load(state, &service->master_key, names.key, &present, err);
	*out = status == STATUS_OK && secret_equal(&present, key);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status put_bytes(json_t *parameters, const char *name, const struct buffer *bytes,
			     struct error *err)
{
	struct buffer text;
	buffer_init(&text, 4 * WRAPPED_MAX);
	enum status status = base64_encode(bytes->data, bytes->length, &text, err);
	if (status == STATUS_OK &&
	    json_object_set_new(parameters, name, json_string((const char *)text.data)) != 0)
		status = fail_memory(err, STEP);
	buffer_done(&text);
	return status;
}

static enum status make(struct backup_service *service, const struct secret *key,
			struct buffer *der, json_t *parameters, struct error *err)
{
	struct buffer wrapped, sealed;
	buffer_init(&wrapped, WRAPPED_MAX);
	buffer_init(&sealed, WRAPPED_MAX);
	enum status status = psk_certificate_generate(key, der, &wrapped, err);
	if (status == STATUS_OK)
		status = crypto_seal(&service->master_key, PURPOSE_REQUEST, key, &sealed, err);
	if (status == STATUS_OK)
		status = put_bytes(parameters, PSK_PARAMETER_KEY, &sealed, err);
	if (status == STATUS_OK)
		status = put_bytes(parameters, PSK_PARAMETER_WRAPPED, &wrapped, err);
	buffer_done(&sealed);
	buffer_done(&wrapped);
	return status;
}

enum status backup_psk_prepare(struct backup_service *service, struct db *state,
			       const char *key_base64, struct buffer *der, json_t *parameters,
			       struct error *err)
{
	char thumbprint[THUMBPRINT_TEXT_SIZE];
	bool is_same = false;
	AUTO_SECRET key = SECRET_EMPTY;
	if (key_base64 == NULL)
		return STATUS_OK;
	if (der->length > 0)
		return fail_field(err, FIELD,
				  "found together with encryptionCertBase64, one of them is "
				  "allowed");
	enum status status = psk_parse(key_base64, FIELD, &key, err);
	if (status == STATUS_OK)
		status = read_present(service, state, thumbprint, err);
	if (status == STATUS_OK)
		status = is_same_key(service, state, thumbprint, &key, &is_same, err);
	if (status != STATUS_OK || is_same)
		return status;
	return make(service, &key, der, parameters, err);
}

static enum status take_bytes(const json_t *parameters, const char *name, struct buffer *out,
			      struct error *err)
{
	const char *text = json_string_value(json_object_get(parameters, name));
	return base64_decode(text != NULL ? text : "", out, err);
}

static enum status store(struct backup_service *service, struct db *state,
			 const struct buffer *sealed, const struct buffer *wrapped,
			 const char *thumbprint, struct error *err)
{
	const struct psk_names names = names_of(thumbprint);
	AUTO_SECRET key = SECRET_EMPTY;
	enum status status = crypto_unseal(&service->master_key, PURPOSE_REQUEST, sealed->data,
					   sealed->length, &key, err);
	if (status == STATUS_OK)
		status = backup_secret_store(state, &service->master_key, names.key, &key, err);
	if (status == STATUS_OK)
		status = db_secret_set(state, names.wrapped, wrapped->data, wrapped->length, err);
	return status;
}

enum status backup_psk_store(struct backup_service *service, struct db *state,
			     const json_t *parameters, const char *thumbprint, struct error *err)
{
	struct buffer sealed, wrapped;
	char present[THUMBPRINT_TEXT_SIZE];
	if (json_object_get(parameters, PSK_PARAMETER_KEY) == NULL)
		return STATUS_OK;
	buffer_init(&sealed, WRAPPED_MAX);
	buffer_init(&wrapped, WRAPPED_MAX);
	/* A certificate may have come while this was waiting. */
	enum status status = read_present(service, state, present, err);
	if (status == STATUS_OK)
		status = take_bytes(parameters, PSK_PARAMETER_KEY, &sealed, err);
	if (status == STATUS_OK)
		status = take_bytes(parameters, PSK_PARAMETER_WRAPPED, &wrapped, err);
	if (status == STATUS_OK)
		status = store(service, state, &sealed, &wrapped, thumbprint, err);
	buffer_done(&sealed);
	buffer_done(&wrapped);
	return status;
}
