/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a locationUpdate job: written when it is queued, read when it runs. An empty text
 * stands for what there shall be none of. */
#ifndef BACKUP_SUBMIT_H
#define BACKUP_SUBMIT_H

#include "backup_private.h"

#define PARAMETER_PATH "path"
#define PARAMETER_USER_NAME "userName"
#define PARAMETER_PASSWORD "passwordSealed"
#define PARAMETER_CERTIFICATE "certificateDer"
#define PARAMETER_FREQUENCY "backupFrequencyInHours"
#define PARAMETER_RETENTION "backupRetentionPeriodInDays"
#define PARAMETER_SCHEDULER "isBackupSchedulerEnabled"
#define PARAMETER_BLOB_URL "blobStorageUrl"
/* absent: what is not told stays as it is */
#define PARAMETER_MANNER "manner"
#define MANNER_REPLACE "replace"
#define MANNER_CLEAR "clear"

/* STATUS_INVALID names @field. NULL is fine. */
MUST_CHECK enum status backup_check_user_name(const char *field, const char *user_name,
					      struct error *err);

/* --- backup_location_check.c --- */
/* What backup_location_submit() refuses; @der becomes the certificate's, empty when there is none.
 */
MUST_CHECK enum status backup_location_check(const struct backup_location_update *update,
					     struct buffer *der, struct error *err);
/* An update that tells nothing but defaults, which is how a location is read that has none. */
bool backup_location_is_blank(const struct backup_location_update *update);

/* --- backup_location_merge.c --- */
/* What @parameters make of the stored @row. A row without a path needs no test of a share. */
MUST_CHECK enum status backup_location_merge(struct backup_service *service,
					     const json_t *parameters, struct db_location *row,
					     struct error *err);

/* --- backup_parameters.c: NULL and absent change nothing --- */
MUST_CHECK enum status backup_parameter_put_text(json_t *object, const char *name,
						 const char *value, struct error *err);
/* Sealed, as PARAMETER_PASSWORD. */
MUST_CHECK enum status backup_parameter_put_password(struct backup_service *service, json_t *object,
						     const char *password, struct error *err);
/* Replaces an owned string by a copy of what the parameters hold under @name; empty: by NULL. */
MUST_CHECK enum status backup_parameter_take_text(const json_t *parameters, const char *name,
						  char **value, struct error *err);
MUST_CHECK enum status backup_parameter_take_bytes(const json_t *parameters, const char *name,
						   struct buffer *value, struct error *err);

#endif
