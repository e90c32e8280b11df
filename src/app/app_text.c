/* SPDX-License-Identifier: Apache-2.0 */
/* Figures and times as people read them. */
#include <stdio.h>

#include "app_private.h"

const char *app_bytes_text(uint64_t bytes, char text[32])
{
	return capacity_text(bytes, text);
}

const char *app_time_text(int64_t time, char text[CLOCK_TEXT_SIZE])
{
	/* Whole seconds: a table is no log. */
	if (time > 0)
		return clock_text(time - time % 1000, text);
	(void)snprintf(text, CLOCK_TEXT_SIZE, "-");
	return text;
}

const char *app_json_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && text[0] != '\0' ? text : "-";
}

const char *app_seconds_text(const char *time, char text[CLOCK_TEXT_SIZE])
{
	int64_t value = 0;
	return clock_parse(time, &value, NULL) == STATUS_OK ? app_time_text(value, text) : "-";
}
