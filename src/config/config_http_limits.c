/* SPDX-License-Identifier: Apache-2.0 */
/* http.limits: how much clients may ask of the service. */
#include <stddef.h>

#include "config_private.h"

struct config_limit {
	const char *name;
	size_t offset; /* of an unsigned in the section */
	int64_t standard, min, max;
};

#define LIMIT(member) offsetof(__typeof__(((struct config *)NULL)->http.limits), member)

static const struct config_limit limits[] = {
	{ "connections", LIMIT(connections), 512, 4, 65536 },
	{ "connectionsPerAddress", LIMIT(connections_per_address), 256, 1, 65536 },
	{ "idleSeconds", LIMIT(idle_seconds), 30, 1, 3600 },
	{ "requestSeconds", LIMIT(request_seconds), 60, 1, 3600 },
	{ "readsPerMinute", LIMIT(reads_per_minute), 12000, 0, 10000000 },
	{ "writesPerMinute", LIMIT(writes_per_minute), 1200, 0, 10000000 },
	{ "failedAuthenticationsPerMinute", LIMIT(failed_authentications_per_minute), 600, 0,
	  10000000 },
};

enum status config_read_http_limits(const json_t *json, struct config *config, struct error *err)
{
	int64_t values[ARRAY_LENGTH(limits)];
	struct json_field fields[ARRAY_LENGTH(limits)];
	enum status status = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
		values[i] = limits[i].standard;
		fields[i] = (struct json_field) { .name = limits[i].name,
						  .type = JSON_FIELD_INTEGER,
						  .destination = &values[i],
						  .min = limits[i].min,
						  .max = limits[i].max };
	}
	if (json != NULL)
		status = json_read_fields(json, "$.http.limits", fields, ARRAY_LENGTH(fields),
					  JSON_UNKNOWN_REFUSE, false, err);
	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++)
		*(unsigned *)(void *)((char *)&config->http.limits + limits[i].offset) =
			(unsigned)values[i];
	return status;
}
