/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a locationUpdate job: written when it is queued, read when it runs. */
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

/* STATUS_INVALID names @field. NULL is fine. */
MUST_CHECK enum status backup_check_user_name(const char *field, const char *user_name,
					      struct error *err);

/* --- backup_parameters.c: NULL and absent change nothing --- */
MUST_CHECK enum status backup_parameter_put_text(json_t *object, const char *name,
						 const char *value, struct error *err);
/* Sealed, as PARAMETER_PASSWORD. */
MUST_CHECK enum status backup_parameter_put_password(struct backup_service *service, json_t *object,
						     const char *password, struct error *err);
/* Replaces an owned string by a copy of what the parameters hold under @name. */
MUST_CHECK enum status backup_parameter_take_text(const json_t *parameters, const char *name,
						  char **value, struct error *err);
MUST_CHECK enum status backup_parameter_take_bytes(const json_t *parameters, const char *name,
						   struct buffer *value, struct error *err);

#endif
