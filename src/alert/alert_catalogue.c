/* SPDX-License-Identifier: Apache-2.0 */
/* The faults: their rules, and their texts out of the catalogue. */
#include <string.h>

#include "alert_private.h"

#define TOPIC_BACKUP "newestBackup"
#define TOPIC_CERTIFICATE "certificate"

static const char STEP[] = "read the catalogue of alerts";

const struct alert_rule alert_rules[ALERT_FAULT_COUNT] = {
	[ALERT_BACKUP_FAILED_SHARE_FULL] = { "BackupFailedShareOutOfCapacityFault", TOPIC_BACKUP,
					     false },
	[ALERT_BACKUP_FAILED_SHARE_CONNECTION] = { "BackupFailedShareConnectionFault", TOPIC_BACKUP,
						   false },
	[ALERT_BACKUP_FAILED_SHARE_PATH] = { "BackupFailedSharePathInvalidFault", TOPIC_BACKUP,
					     false },
	[ALERT_BACKUP_FAILED_SHARE_AUTHENTICATION] = { "BackupFailedShareAuthenticationFault",
						       TOPIC_BACKUP, false },
	[ALERT_BACKUP_FAILED_SHARE_NOT_ACCESSIBLE] = { "BackupFailedShareNotAccessibleGeneralFault",
						       TOPIC_BACKUP, false },
	[ALERT_BACKUP_FAILED_SHARE_READ_WRITE] = { "BackupFailedShareReadWriteFault", TOPIC_BACKUP,
						   false },
	[ALERT_BACKUP_FAILED_SHARE_UPLOAD] = { "BackupFailedShareUploadDataFault", TOPIC_BACKUP,
					       false },
	[ALERT_BACKUP_FAILED_SHARE_FOREIGN] = { "BackupFailedShareForeignFault", TOPIC_BACKUP,
						false },
	[ALERT_BACKUP_FAILED_DATA_DAMAGED] = { "BackupFailedDataDamagedFault", TOPIC_BACKUP,
					       false },
	[ALERT_BACKUP_FAILED_GENERAL] = { "BackupFailedGeneralFault", TOPIC_BACKUP, false },
	[ALERT_BACKUP_PARTIAL] = { "BackupPartialSucceededFault", TOPIC_BACKUP, false },
	[ALERT_DELETION_FAILED] = { "BackupDeletionFailedFault", "deletion", false },
	[ALERT_DATA_DAMAGED] = { "BackupDataDamagedFault", "damage", false },
	[ALERT_NOT_CONFIGURED] = { "BackupShareNotConfiguredFault", "configuration", false },
	[ALERT_SCHEDULER_PAUSED] = { "BackupSchedulerPausedFault", "scheduler", false },
	[ALERT_SKIPPED] = { "BackupSkippedWithFailedOperationFault", "skipped", true },
	[ALERT_SHARE_ALMOST_FULL] = { "ExternalShareAlmostFullFault", "capacity", false },
	[ALERT_KEY_DEPRECATED] = { "KeyBasedEncryptionDeprecatedFault", "encryptionKey", false },
	[ALERT_NO_GOOD_BACKUP] = { "NoGoodBackupFault", "noGoodBackup", false },
	[ALERT_CERTIFICATE_EXPIRES] = { "EncryptionCertificateExpiresFault", TOPIC_CERTIFICATE,
					false },
	[ALERT_CERTIFICATE_EXPIRED] = { "EncryptionCertificateExpiredFault", TOPIC_CERTIFICATE,
					false },
};

const char *alert_severity_name(enum alert_severity severity)
{
	return severity == ALERT_CRITICAL ? "Critical" : "Warning";
}

const char *alert_fault_name(enum alert_fault fault)
{
	return alert_rules[fault].name;
}

bool alert_fault_from_name(const char *name, enum alert_fault *out)
{
	for (size_t i = 0; i < ALERT_FAULT_COUNT; i++)
		if (strcmp(alert_rules[i].name, name) == 0) {
			*out = (enum alert_fault)i;
			return true;
		}
	return false;
}

static enum status read_texts(const json_t *array, const char *where, struct alert_texts *out,
			      struct error *err)
{
	const json_t *item;
	size_t i;
	if (json_array_size(array) > ALERT_TEXTS_MAX)
		return fail(err, STATUS_INTEGRITY, STEP, where, "more than %d texts in a list",
			    ALERT_TEXTS_MAX);
	json_array_foreach(array, i, item)
	{
		const char *text = json_string_value(item);
		if (text == NULL)
			return fail(err, STATUS_INTEGRITY, STEP, where, "a list of texts holds %s",
				    "something else");
		out->items[out->count++] = text;
	}
	return STATUS_OK;
}

static enum status read_entry(const json_t *json, struct alert_entry entries[ALERT_FAULT_COUNT],
			      struct error *err)
{
	static const char *const severities[] = { "Warning", "Critical", NULL };
	const char *name = NULL, *severity = NULL;
	json_t *evidence = NULL, *description = NULL, *remediation = NULL;
	struct alert_entry entry = { 0 };
	enum alert_fault fault = ALERT_FAULT_COUNT;
	const struct json_field fields[] = {
		{ .name = "name",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &name },
		{ .name = "severity",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &severity,
		  .allowed = severities },
		{ .name = "title",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &entry.title },
		{ .name = "evidence",
		  .type = JSON_FIELD_ARRAY,
		  .required = true,
		  .destination = &evidence },
		{ .name = "description",
		  .type = JSON_FIELD_ARRAY,
		  .required = true,
		  .destination = &description },
		{ .name = "remediation",
		  .type = JSON_FIELD_ARRAY,
		  .required = true,
		  .destination = &remediation },
		{ .name = "closes",
		  .type = JSON_FIELD_STRING,
		  .required = true,
		  .destination = &entry.closes },
	};
	enum status status = json_read_fields(json, "$.faults[]", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);
	if (status == STATUS_OK && !alert_fault_from_name(name, &fault))
		status = fail(err, STATUS_INTEGRITY, STEP, name, "the program has no such fault");
	if (status == STATUS_OK && entries[fault].title != NULL)
		status = fail(err, STATUS_INTEGRITY, STEP, name, "it is there twice");
	if (status == STATUS_OK)
		status = read_texts(evidence, name, &entry.evidence, err);
	if (status == STATUS_OK)
		status = read_texts(description, name, &entry.description, err);
	if (status == STATUS_OK)
		status = read_texts(remediation, name, &entry.remediation, err);
	if (status != STATUS_OK)
		return status;
	entry.severity =
		strcmp(severity, severities[ALERT_CRITICAL]) == 0 ? ALERT_CRITICAL : ALERT_WARNING;
	entries[fault] = entry;
	return STATUS_OK;
}

enum status alert_catalogue_read(const json_t *document,
				 struct alert_entry entries[ALERT_FAULT_COUNT], struct error *err)
{
	const json_t *item;
	size_t i;
	enum status status = STATUS_OK;
	json_array_foreach(json_object_get(document, "faults"), i, item)
	{
		status = read_entry(item, entries, err);
		if (status != STATUS_OK)
			return status;
	}
	for (i = 0; i < ALERT_FAULT_COUNT; i++)
		if (entries[i].title == NULL)
			return fail(err, STATUS_INTEGRITY, STEP, alert_rules[i].name,
				    "it is not in the catalogue");
	return STATUS_OK;
}

enum status alert_book_new(const char *location, const struct clock *clock, struct alert_book **out,
			   struct error *err)
{
	struct alert_book *book = calloc(1, sizeof *book);
	if (book == NULL)
		return fail_memory(err, STEP);
	book->location = location;
	book->clock = clock;
	enum status status = json_parse(alert_catalogue_data, strlen(alert_catalogue_data),
					&book->document, err);
	if (status == STATUS_OK)
		status = alert_catalogue_read(book->document, book->entries, err);
	if (status == STATUS_OK)
		*out = book;
	else
		alert_book_free(book);
	return status;
}

void alert_book_free(struct alert_book *book)
{
	if (book == NULL)
		return;
	json_decref(book->document);
	free(book);
}
