/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to the system's log. */
#include <syslog.h>

#include "infrabackup/audit.h"

void audit_to_syslog(const char *line)
{
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", line);
}
