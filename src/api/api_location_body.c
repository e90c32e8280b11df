/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a PUT or PATCH on a backup location: names in any case, read-only and unknown members
 * ignored. */
#include <stdint.h>
#include <string.h>

#include "api_private.h"

/* Longer than any certificate chain that the 1 MiB body could carry matters not; text fields are
 * short. */
enum {
	API_PATH_MAX = 1024,
	API_USER_MAX = 256,
	API_PASSWORD_MAX = 1024,
	API_NAME_MAX = 1024,
	API_KEY_MAX = 4096,
	API_BLOB_MAX = 1024,
};

static enum status api_identity_check(const char *field, const char *found, const char *expected,
				      struct error *err)
{
	if (found == NULL || text_equal_ignoring_case(found, expected))
		return STATUS_OK;
	return fail_field(err, field, "'%.256s' contradicts the address; expected '%s'",
			  text_is_printable_utf8(found) ? found : "?", expected);
}

static enum status api_resource_read(const struct api_call *call, const json_t *body,
				     json_t **properties, struct error *err)
{
	const char *name = NULL, *location = NULL, *type = NULL, *id = NULL;
	const char *expected = call->api->settings.config->deployment.location;
	char expected_id[API_ID_SIZE];
	const struct json_field fields[] = {
		{ .name = "id",
		  .type = JSON_FIELD_STRING,
		  .destination = &id,
		  .max = API_NAME_MAX },
		{ .name = "name",
		  .type = JSON_FIELD_STRING,
		  .destination = &name,
		  .max = API_NAME_MAX },
		{ .name = "type",
		  .type = JSON_FIELD_STRING,
		  .destination = &type,
		  .max = API_NAME_MAX },
		{ .name = "location",
		  .type = JSON_FIELD_STRING,
		  .destination = &location,
		  .max = API_NAME_MAX },
		{ .name = "properties", .type = JSON_FIELD_OBJECT, .destination = properties },
	};
	enum status status = json_read_fields(body, "$", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_IGNORE, true, err);

	if (status == STATUS_OK)
		status = api_identity_check(
			"id", id, api_location_id(call, API_AS_REQUESTED, expected_id), err);
	if (status == STATUS_OK)
		status = api_identity_check("name", name, expected, err);
	if (status == STATUS_OK)
		status = api_identity_check("type", type, API_LOCATION_TYPE, err);
	if (status == STATUS_OK)
		status = api_identity_check("location", location, expected, err);
	return status;
}

const char *api_keep_if_empty(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Until 2021-09-01 an empty text means the same as none. */
static void api_drop_empty(struct backup_location_update *update)
{
	update->path = api_keep_if_empty(update->path);
	update->user_name = api_keep_if_empty(update->user_name);
	update->password = api_keep_if_empty(update->password);
	update->certificate_base64 = api_keep_if_empty(update->certificate_base64);
}

/* What only 2021-09-01 knows. */
static enum status api_blob_read(const json_t *store, struct backup_location_update *update,
				 struct error *err)
{
	const struct json_field fields[] = {
		{ .name = "blobStorageUrl",
		  .type = JSON_FIELD_STRING,
		  .destination = &update->blob_url,
		  .max = API_BLOB_MAX },
		{ .name = "blobStorageKey",
		  .type = JSON_FIELD_STRING,
		  .destination = &update->blob_key,
		  .max = API_BLOB_MAX },
	};

	return json_read_fields(store, "$.properties.externalStoreDefault", fields,
				ARRAY_LENGTH(fields), JSON_UNKNOWN_IGNORE, true, err);
}

static enum status api_store_read(const json_t *store, struct api_location_values *values,
				  struct backup_location_update *update, struct error *err)
{
	bool has_frequency = false, has_retention = false, has_scheduler = false;
	const char *path = NULL, *user = NULL, *password = NULL, *certificate = NULL, *key = NULL;
	const struct json_field fields[] = {
		{ .name = "path",
		  .type = JSON_FIELD_STRING,
		  .destination = &path,
		  .max = API_PATH_MAX },
		{ .name = "userName",
		  .type = JSON_FIELD_STRING,
		  .destination = &user,
		  .max = API_USER_MAX },
		{ .name = "password",
		  .type = JSON_FIELD_STRING,
		  .destination = &password,
		  .max = API_PASSWORD_MAX },
		{ .name = "encryptionCertBase64",
		  .type = JSON_FIELD_STRING,
		  .destination = &certificate,
		  .max = HTTP_BODY_MAX },
		{ .name = "encryptionKeyBase64",
		  .type = JSON_FIELD_STRING,
		  .destination = &key,
		  .max = API_KEY_MAX },
		{ .name = "backupFrequencyInHours",
		  .type = JSON_FIELD_INTEGER,
		  .destination = &values->frequency_hours,
		  .present = &has_frequency },
		{ .name = "backupRetentionPeriodInDays",
		  .type = JSON_FIELD_INTEGER,
		  .destination = &values->retention_days,
		  .present = &has_retention },
		{ .name = "isBackupSchedulerEnabled",
		  .type = JSON_FIELD_BOOLEAN,
		  .destination = &values->scheduler_enabled,
		  .present = &has_scheduler },
	};
	enum status status = json_read_fields(store, "$.properties.externalStoreDefault", fields,
					      ARRAY_LENGTH(fields), JSON_UNKNOWN_IGNORE, true, err);

	if (status != STATUS_OK)
		return status;
	*update = (struct backup_location_update) {
		.path = path,
		.user_name = user,
		.password = password,
		.certificate_base64 = certificate,
		.encryption_key_base64 = api_keep_if_empty(key),
		.frequency_hours = has_frequency ? &values->frequency_hours : NULL,
		.retention_days = has_retention ? &values->retention_days : NULL,
		.scheduler_enabled = has_scheduler ? &values->scheduler_enabled : NULL,
	};
	return STATUS_OK;
}

enum status api_location_read(const struct api_call *call, const json_t *body,
			      struct api_location_values *values,
			      struct backup_location_update *update, struct error *err)
{
	json_t *properties = NULL, *store = NULL;
	const struct json_field field = { .name = "externalStoreDefault",
					  .type = JSON_FIELD_OBJECT,
					  .required = true,
					  .destination = &store };

	enum status status = api_resource_read(call, body, &properties, err);

	if (status == STATUS_OK && properties == NULL)
		return fail_field(err, "properties",
				  "The body has no properties; an object is needed");
	if (status == STATUS_OK)
		status = json_read_fields(properties, "$.properties", &field, 1,
					  JSON_UNKNOWN_IGNORE, true, err);
	if (status == STATUS_OK)
		status = api_store_read(store, values, update, err);
	if (status == STATUS_OK && update->encryption_key_base64 != NULL &&
	    call->version != API_2016_05_01)
		return fail_field(err, "properties.externalStoreDefault.encryptionKeyBase64",
				  "A pre-shared key is taken with api-version 2016-05-01 only; set "
				  "encryptionCertBase64 instead");
	if (status != STATUS_OK)
		return status;
	if (call->version >= API_2021_09_01)
		return api_blob_read(store, update, err);
	api_drop_empty(update);
	return STATUS_OK;
}
