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

#endif
