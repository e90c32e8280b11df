/* SPDX-License-Identifier: Apache-2.0 */
/* What an update of the backup location may hold. */
#include <string.h>

#include "backup_submit.h"

#define STORE_FIELD "properties.externalStoreDefault."
#define CERTIFICATE_MAX (256u << 10)
#define BLOB_SCHEME "https://"

static enum status check_number(const char *field, const int64_t *value, int64_t min, int64_t max,
				struct error *err)
{
	if (value == NULL || (*value >= min && *value <= max))
		return STATUS_OK;
	return fail_field(err, field, "found %lld, allowed are whole numbers from %lld to %lld",
			  (long long)*value, (long long)min, (long long)max);
}

static enum status decode_certificate(const char *text, struct buffer *der, struct error *err)
{
	struct buffer bytes;
	struct certificate *certificate = NULL;
	buffer_init(&bytes, CERTIFICATE_MAX);
	enum status status = base64_decode(text, &bytes, NULL);
	if (status != STATUS_OK)
		status = fail_field(err, STORE_FIELD "encryptionCertBase64",
				    "found text that is not base64; send the DER bytes of a .cer "
				    "file in base64");
	if (status == STATUS_OK)
		status = certificate_parse(bytes.data, bytes.length,
					   STORE_FIELD "encryptionCertBase64", &certificate, err);
	if (status == STATUS_OK)
		status = buffer_append(der, certificate->der.data, certificate->der.length, err);
	certificate_free(certificate);
	buffer_done(&bytes);
	return status;
}

enum status backup_check_user_name(const char *field, const char *user_name, struct error *err)
{
	if (user_name == NULL || (text_is_printable_utf8(user_name) && strlen(user_name) <= 256))
		return STATUS_OK;
	return fail_field(
		err, field,
		"found control characters, text that is not UTF-8 or more than 256 bytes; "
		"allowed is DOMAIN\\user, user@domain or a bare name");
}

static bool is_told(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool is_default(const int64_t *value, int64_t expected)
{
	return value == NULL || *value == expected;
}

static bool has_share_member(const struct backup_location_update *update)
{
	return is_told(update->path) || is_told(update->user_name) || is_told(update->password);
}

bool backup_location_is_blank(const struct backup_location_update *update)
{
	return !has_share_member(update) && !is_told(update->certificate_base64) &&
	       !is_told(update->blob_url) && !is_told(update->blob_key) &&
	       is_default(update->frequency_hours, DB_LOCATION_FREQUENCY_HOURS) &&
	       is_default(update->retention_days, DB_LOCATION_RETENTION_DAYS) &&
	       update->scheduler_enabled == NULL;
}

/* An account's server and a container's name; a query would be a signature, which is a secret. */
static bool is_container(const char *url)
{
	const char *server = url + sizeof BLOB_SCHEME - 1;
	if (!text_is_printable_utf8(url) || !text_starts_with(url, BLOB_SCHEME))
		return false;
	size_t length = strcspn(server, "/?#@\\ ");
	return length > 0 && server[length] == '/' && server[length + 1] != '\0' &&
	       strpbrk(server + length + 1, "?#\\ ") == NULL;
}

static enum status check_blob(const struct backup_location_update *update, struct error *err)
{
	if (!is_told(update->blob_url))
		return !is_told(update->blob_key)
			       ? STATUS_OK
			       : fail_field(err, STORE_FIELD "blobStorageUrl",
					    "missing; a blobStorageKey needs its container");
	if (!is_container(update->blob_url))
		return fail_field(err, STORE_FIELD "blobStorageUrl",
				  "found no address of a container; allowed is "
				  "https://account.server/container without a query");
	if (has_share_member(update))
		return fail_field(err, STORE_FIELD "blobStorageUrl",
				  "found beside path, userName or password; backups go either to a "
				  "share or to a container, name one of them");
	if (update->blob_key != NULL && !text_is_printable_utf8(update->blob_key))
		return fail_field(err, STORE_FIELD "blobStorageKey",
				  "found control characters or text that is not UTF-8; allowed is "
				  "the account's key");
	return STATUS_OK;
}

/* Who replaces everything by a single setting wanted to change that setting. */
static enum status check_place(const struct backup_location_update *update, struct error *err)
{
	if (update->manner != BACKUP_LOCATION_REPLACE || is_told(update->path) ||
	    is_told(update->blob_url) || backup_location_is_blank(update))
		return STATUS_OK;
	return fail_field(err, STORE_FIELD "path",
			  "missing; this request replaces all settings, and these name no share. "
			  "PATCH changes single settings, and a PUT of none clears the location");
}

static enum status check_numbers(const struct backup_location_update *update, struct error *err)
{
	enum status status =
		check_number(STORE_FIELD "backupFrequencyInHours", update->frequency_hours,
			     BACKUP_FREQUENCY_MIN, BACKUP_FREQUENCY_MAX, err);
	if (status == STATUS_OK)
		status = check_number(STORE_FIELD "backupRetentionPeriodInDays",
				      update->retention_days, BACKUP_RETENTION_MIN,
				      BACKUP_RETENTION_MAX, err);
	return status;
}

enum status backup_location_check(const struct backup_location_update *update, struct buffer *der,
				  struct error *err)
{
	enum status status = STATUS_OK;
	struct share_address address;
	if (is_told(update->path))
		status = share_address_parse(update->path, STORE_FIELD "path", &address, err);
	if (status == STATUS_OK)
		status = backup_check_user_name(STORE_FIELD "userName", update->user_name, err);
	if (status == STATUS_OK)
		status = check_blob(update, err);
	if (status == STATUS_OK)
		status = check_numbers(update, err);
	if (status == STATUS_OK && is_told(update->certificate_base64))
		status = decode_certificate(update->certificate_base64, der, err);
	return status == STATUS_OK ? check_place(update, err) : status;
}
