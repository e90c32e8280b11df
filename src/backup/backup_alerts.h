/* SPDX-License-Identifier: Apache-2.0 */
/* From what is in the database to the alerts that should be open: the judgements without the
 * database. */
#ifndef BACKUP_ALERTS_H
#define BACKUP_ALERTS_H

#include "backup_private.h"

/* The one table from how a backup ended to its alert. @step: error_step of the job, may be NULL. */
enum alert_fault backup_alert_fault(enum status status, const char *step);

#define BACKUP_CERTIFICATE_WARNING_MS (30 * 24 * 60 * 60 * 1000LL)

#endif
