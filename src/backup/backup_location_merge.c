/* SPDX-License-Identifier: Apache-2.0 */
/* What an update makes of the stored backup location. */
#include <string.h>

#include "backup_submit.h"

static bool is_manner(const json_t *parameters, const char *manner)
{
	const char *found = json_string_value(json_object_get(parameters, PARAMETER_MANNER));
	return found != NULL && strcmp(found, manner) == 0;
}

/* What can be read of a location, back to its defaults. What backups were made is not forgotten. */
static void reset(struct db_location *row)
{
	free(TAKE(row->path));
	free(TAKE(row->user_name));
	row->frequency_hours = DB_LOCATION_FREQUENCY_HOURS;
	row->retention_days = DB_LOCATION_RETENTION_DAYS;
	row->scheduler_enabled = false;
}

static void drop_certificate(struct db_location *row)
{
	buffer_done(&row->certificate);
	row->thumbprint[0] = '\0';
}

static bool is_saved(const json_t *parameters, const char *name, const char *saved)
{
	const char *asked = json_string_value(json_object_get(parameters, name));
	return strcmp(asked == NULL ? "" : asked, saved == NULL ? "" : saved) == 0;
}

/* Nobody shall have the saved password sent to a server of his own. */
static void replace(const json_t *parameters, struct db_location *row)
{
	bool is_same_account = is_saved(parameters, PARAMETER_PATH, row->path) &&
			       is_saved(parameters, PARAMETER_USER_NAME, row->user_name);
	if (!is_same_account)
		buffer_done(&row->password_sealed);
	reset(row);
}

static void clear(struct db_location *row)
{
	buffer_done(&row->password_sealed);
	drop_certificate(row);
	reset(row);
}

static enum status merge_certificate(struct backup_service *service, const json_t *parameters,
				     struct db_location *row, struct error *err)
{
	struct certificate *certificate = NULL;
	enum status status = backup_parameter_take_bytes(parameters, PARAMETER_CERTIFICATE,
							 &row->certificate, err);
	if (status == STATUS_OK && row->certificate.length == 0)
		drop_certificate(row);
	if (status != STATUS_OK || row->certificate.length == 0)
		return status;
	status = certificate_parse(row->certificate.data, row->certificate.length,
				   "properties.externalStoreDefault.encryptionCertBase64",
				   &certificate, err);
	if (status == STATUS_OK) {
		memcpy(row->thumbprint, certificate->thumbprint, sizeof row->thumbprint);
		backup_target_warn_expired(service, certificate);
	}
	certificate_free(certificate);
	return status;
}

static void merge_numbers(const json_t *parameters, struct db_location *row)
{
	const json_t *frequency = json_object_get(parameters, PARAMETER_FREQUENCY);
	const json_t *retention = json_object_get(parameters, PARAMETER_RETENTION);
	const json_t *scheduler = json_object_get(parameters, PARAMETER_SCHEDULER);
	if (frequency != NULL)
		row->frequency_hours = (int)json_integer_value(frequency);
	if (retention != NULL)
		row->retention_days = (int)json_integer_value(retention);
	if (scheduler != NULL)
		row->scheduler_enabled = json_is_true(scheduler);
}

/* A share or its account is told anew, or nothing is: texts, sealed password, certificate. */
static enum status merge_store(struct backup_service *service, const json_t *parameters,
			       struct db_location *row, struct error *err)
{
	enum status status =
		backup_parameter_take_text(parameters, PARAMETER_PATH, &row->path, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_text(parameters, PARAMETER_USER_NAME,
						    &row->user_name, err);
	if (status == STATUS_OK)
		status = backup_parameter_take_bytes(parameters, PARAMETER_PASSWORD,
						     &row->password_sealed, err);
	if (status == STATUS_OK)
		status = merge_certificate(service, parameters, row, err);
	return status;
}

/* There is no driver for them yet; the request is whole and right, so its operation says so. */
static enum status refuse_blob(const json_t *parameters, struct error *err)
{
	const char *url = json_string_value(json_object_get(parameters, PARAMETER_BLOB_URL));
	if (url == NULL || url[0] == '\0')
		return STATUS_OK;
	return fail(err, STATUS_UNSUPPORTED, "read backup location", url,
		    "blob containers are not supported by this release; nothing was changed. Use "
		    "a share: path, userName and password");
}

enum status backup_location_merge(struct backup_service *service, const json_t *parameters,
				  struct db_location *row, struct error *err)
{
	enum status status = refuse_blob(parameters, err);
	if (status != STATUS_OK)
		return status;
	if (is_manner(parameters, MANNER_CLEAR))
		clear(row);
	else if (is_manner(parameters, MANNER_REPLACE))
		replace(parameters, row);
	status = merge_store(service, parameters, row, err);
	if (status != STATUS_OK)
		return status;
	merge_numbers(parameters, row);
	if (row->path == NULL) {
		row->capacity_total = -1;
		row->capacity_free = -1;
	}
	row->changed_time = clock_now(service->clock);
	return STATUS_OK;
}
