/* SPDX-License-Identifier: Apache-2.0 */
/* The section of the audit log. */
#include "infrabackup/config.h"

#include "config_private.h"

#define AUDIT_ROWS_MIN 1000
#define AUDIT_ROWS_MAX 10000000
#define AUDIT_DAYS_MAX 36500

enum status config_read_audit(const json_t *json, struct config *config, struct error *err)
{
	int64_t rows = 100000, days = 400;
	const struct json_field fields[] = {
		{ "syslog", JSON_FIELD_BOOLEAN, false, &config->audit.to_syslog, NULL, 0, 0, NULL },
		{ "maxRows", JSON_FIELD_INTEGER, false, &rows, NULL, AUDIT_ROWS_MIN, AUDIT_ROWS_MAX,
		  NULL },
		{ "keepDays", JSON_FIELD_INTEGER, false, &days, NULL, 1, AUDIT_DAYS_MAX, NULL },
	};
	enum status status = STATUS_OK;

	if (json != NULL)
		status = json_read_fields(json, "$.audit", fields, ARRAY_LENGTH(fields),
					  JSON_UNKNOWN_REFUSE, false, err);
	config->audit.max_rows = rows;
	config->audit.max_age = days * 24 * 60 * 60 * 1000;
	return status;
}
